/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The raw back end with layers above its image: what is written where, and what is left of it when
 * the process or the host ends at the wrong moment. */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <tessera/draft/disk-layer.h>

#include "bench.h"
#include "fault.h"

/* The path of the layer whose id is all of one byte. */
static const char *layer_path(uint8_t byte)
{
	static char paths[4][160];
	static unsigned next;
	char *path = paths[next++ % 4], name[TSR_LAYER_NAME];
	uint8_t id[TSR_LAYER_ID];

	memset(id, byte, sizeof(id));
	tsr_layer_name(id, name);
	snprintf(path, sizeof(paths[0]), "%s/%s", folder, name);
	return path;
}

static void make_layer(uint8_t byte, uint8_t parent, uint64_t disk_size)
{
	struct tsr_layer_head head = { .version = TSR_LAYER_VERSION, .disk_size = disk_size };
	int fd;

	unlink(layer_path(byte));
	fd = open(layer_path(byte), O_RDWR | O_CREAT | O_TRUNC, 0600);
	memcpy(head.magic, TSR_LAYER_MAGIC, sizeof(head.magic));
	memset(head.id, byte, sizeof(head.id));
	memset(head.parent, parent, sizeof(head.parent));
	CU_ASSERT_EQUAL_FATAL(pwrite(fd, &head, sizeof(head), 0), (ssize_t)sizeof(head));
	CU_ASSERT_EQUAL_FATAL(ftruncate(fd, (off_t)tsr_layer_map_of(disk_size).file_size), 0);
	close(fd);
}

static bool open_layer(const char *layer, const char *mode, struct tsr_error *error)
{
	disk = fake_device_try(NULL, "blk-raw",
			       (struct fake_row[]){ { "file", image },
						    { "layer", layer },
						    { "mode", mode },
						    { "read-only", "false" },
						    { "format", "auto" },
						    { NULL, NULL } },
			       error);
	if (disk)
		block = fake_device_interface(disk, TSR_BLOCK);
	return disk != NULL;
}

static void start_layered(const char *mode)
{
	fake_start();
	unlink(image);
	fill(image, LENGTH);
	make_layer(1, 0, LENGTH);
	CU_ASSERT_FATAL(open_layer(layer_path(1), mode, NULL));
}

static void reopen(uint8_t top)
{
	fake_finish();
	fake_start();
	CU_ASSERT_FATAL(open_layer(layer_path(top), "persistent", NULL));
}

static void write_at(uint64_t offset, uint8_t value, uint64_t length)
{
	static uint8_t bytes[65536];

	memset(bytes, value, length);
	CU_ASSERT_EQUAL(request(TSR_BLOCK_WRITE, offset, bytes, length), TSR_BLOCK_OK);
}

/* The sector's bytes are all `value`; -1: those of the image. */
static void expect_at(uint64_t offset, int value)
{
	uint8_t bytes[512];

	CU_ASSERT_EQUAL(request(TSR_BLOCK_READ, offset, bytes, 512), TSR_BLOCK_OK);
	if (value < 0) {
		CU_ASSERT(as_filled(bytes, offset, 512));
		return;
	}
	for (unsigned i = 0; i < 512; i++)
		CU_ASSERT_EQUAL_FATAL(bytes[i], (uint8_t)value);
}

static void writes_go_to_the_top(void)
{
	uint8_t bytes[4096];
	uint64_t before;

	start_layered("persistent");
	before = hash(image);
	write_at(1024, 7, 512);
	write_at(LENGTH - 4096, 8, 4096);
	CU_ASSERT_EQUAL(request(TSR_BLOCK_READ, 0, bytes, 4096), TSR_BLOCK_OK);
	CU_ASSERT(as_filled(bytes, 0, 1024) && as_filled(bytes + 1536, 1536, 2560));
	CU_ASSERT_EQUAL(bytes[1024], 7);
	CU_ASSERT_EQUAL(hash(image), before);
	reopen(1); /* closed in good order, never flushed */
	expect_at(1024, 7);
	expect_at(1536, -1);
	expect_at(LENGTH - 512, 8);
	fake_finish();
}

static void a_sector_is_the_topmost(void)
{
	start_layered("persistent");
	write_at(0, 1, 1536);
	fake_finish();
	make_layer(2, 1, LENGTH);
	fake_start();
	CU_ASSERT_FATAL(open_layer(layer_path(2), "persistent", NULL));
	write_at(512, 2, 512);
	expect_at(0, 1);
	expect_at(512, 2);
	expect_at(1024, 1);
	expect_at(1536, -1);
	fake_finish();
	fake_start(); /* the lower one, too, is as it was */
	CU_ASSERT_FATAL(open_layer(layer_path(1), "persistent", NULL));
	expect_at(512, 1);
	fake_finish();
}

static void copy(const char *from, const char *to)
{
	char command[400];

	snprintf(command, sizeof(command), "cp --sparse=always %s %s", from, to);
	CU_ASSERT_EQUAL_FATAL(system(command), 0);
}

static void write_file(const char *path, uint64_t offset, const void *from, size_t length)
{
	int fd = open(path, O_WRONLY);

	CU_ASSERT_EQUAL(pwrite(fd, from, length, (off_t)offset), (ssize_t)length);
	close(fd);
}

/* The file as it is now, seen by the next process. `power`: the host loses its power, and what was
 * not flushed of the sectors, but not of the bits. */
static void crash(bool power, uint64_t lost_sector)
{
	static const uint8_t zeros[512];
	const struct tsr_layer_use elsewhen = { .in_use = 1, .boot = "another boot" };
	char saved[160];

	snprintf(saved, sizeof(saved), "%s/saved", folder);
	copy(layer_path(1), saved);
	fake_finish();
	copy(saved, layer_path(1));
	if (power) {
		write_file(layer_path(1), tsr_layer_map_of(LENGTH).data_at + lost_sector, zeros,
			   512);
		write_file(layer_path(1), TSR_LAYER_USE, &elsewhen, sizeof(elsewhen));
	}
	fake_start();
	CU_ASSERT_FATAL(open_layer(layer_path(1), "persistent", NULL));
}

static void a_killed_process_loses_nothing(void)
{
	start_layered("persistent");
	write_at(512, 3, 512);
	crash(false, 0);
	expect_at(512, 3);
	request(TSR_BLOCK_FLUSH, 0, NULL, 0); /* what the killed one did not flush */
	crash(true, 8192);
	expect_at(512, 3);
	fake_finish();
}

static void lost_power_loses_only_what_was_not_flushed(void)
{
	start_layered("persistent");
	write_at(512, 3, 512);
	CU_ASSERT_EQUAL(request(TSR_BLOCK_FLUSH, 0, NULL, 0), TSR_BLOCK_OK);
	write_at(1024, 4, 512);
	crash(true, 1024);
	expect_at(512, 3);
	expect_at(1024, -1); /* neither zeros nor half of it */
	write_at(2048, 5, 512);
	crash(false, 0); /* the bits were put right when it was opened */
	expect_at(1024, -1);
	expect_at(2048, 5);
	fake_finish();
}

static void a_failed_flush_leaves_the_stable_bits(void)
{
	uint8_t bits[4096];
	int fd;

	start_layered("persistent");
	write_at(512, 3, 512);
	fault_set(layer_path(1), "sync EIO once");
	CU_ASSERT_EQUAL(request(TSR_BLOCK_FLUSH, 0, NULL, 0), TSR_BLOCK_IO_ERROR);
	fault_set(NULL, NULL);
	CU_ASSERT_EQUAL(request(TSR_BLOCK_FLUSH, 0, NULL, 0), TSR_BLOCK_IO_ERROR);
	fd = open(layer_path(1), O_RDONLY);
	CU_ASSERT_EQUAL(pread(fd, bits, 4096, (off_t)tsr_layer_map_of(LENGTH).stable_at), 4096);
	CU_ASSERT_EQUAL(bits[0], 0);
	CU_ASSERT_EQUAL(pread(fd, bits, 4096, TSR_LAYER_BITS), 4096);
	CU_ASSERT_EQUAL(bits[0], 2);
	close(fd);
	fake_finish();
}

static void what_cannot_be_written_is_an_error(void)
{
	static uint8_t bytes[512];

	start_layered("persistent");
	fault_set(layer_path(1), "write ENOSPC");
	CU_ASSERT_EQUAL(request(TSR_BLOCK_WRITE, 512, bytes, 512), TSR_BLOCK_IO_ERROR);
	fault_set(NULL, NULL);
	expect_at(512, -1);
	fake_finish();
}

static void a_nonpersistent_medium_leaves_layers(void)
{
	uint64_t before;

	start_layered("persistent");
	write_at(512, 3, 512);
	fake_finish();
	before = hash(layer_path(1));
	fake_start();
	CU_ASSERT_FATAL(open_layer(layer_path(1), "nonpersistent", NULL));
	write_at(1024, 4, 512);
	expect_at(512, 3);
	expect_at(1024, 4);
	expect_at(2048, -1);
	fake_finish();
	CU_ASSERT_EQUAL(hash(layer_path(1)), before);
}

/* -- Snapshots of a running machine */

static bool is_loaded(struct fake_state *s)
{
	struct tsr_error refusal = { 0 };

	return fake_state_give(s, 2, block->recognize, disk, &refusal);
}

static void a_layer_is_pushed(void)
{
	struct fake_state *s;

	start("persistent");
	write_at(512, 3, 512);
	s = fake_state_of(block->seal, disk);
	make_layer(1, 0, LENGTH);
	CU_ASSERT(fake_device_set(disk, "layer", layer_path(1), NULL));
	CU_ASSERT(is_loaded(s)); /* the top is empty */
	write_at(1024, 4, 512);
	CU_ASSERT_FALSE(is_loaded(s));
	expect_at(512, 3);
	fake_finish();
	fake_start(); /* the image is as it was then */
	make_layer(1, 0, LENGTH);
	CU_ASSERT_FATAL(open_layer(layer_path(1), "persistent", NULL));
	expect_at(512, 3);
	expect_at(1024, -1);
	CU_ASSERT(is_loaded(s));
	fake_state_free(s);
	fake_finish();
}

static void an_empty_top_is_taken_away(void)
{
	struct tsr_error error = { 0 };

	start_layered("persistent");
	write_at(512, 3, 512);
	make_layer(2, 1, LENGTH);
	CU_ASSERT(fake_device_set(disk, "layer", layer_path(2), NULL));
	CU_ASSERT(fake_device_set(disk, "layer", layer_path(1), NULL));
	write_at(1024, 4, 512);
	CU_ASSERT(fake_device_set(disk, "layer", layer_path(2), NULL));
	write_at(1024, 5, 512);
	CU_ASSERT_FALSE(fake_device_set(disk, "layer", layer_path(1), &error));
	expect_at(1024, 5);
	reopen(1);
	expect_at(512, 3);
	expect_at(1024, 4);
	fake_finish();
}

/* -- What cannot be used */

static void put_byte(uint8_t layer, uint64_t offset, uint8_t value)
{
	write_file(layer_path(layer), offset, &value, 1);
}

static void truncate_layer(void)
{
	CU_ASSERT_EQUAL(truncate(layer_path(1), 70000), 0);
}

static void break_magic(void)
{
	put_byte(1, 0, 'X');
}

static void other_version(void)
{
	put_byte(1, offsetof(struct tsr_layer_head, version), 2);
}

static void other_size(void)
{
	make_layer(1, 0, 2 * LENGTH);
}

static void no_parent(void)
{
	make_layer(1, 9, LENGTH);
}

static void own_parent(void)
{
	make_layer(1, 1, LENGTH);
}

static void other_id(void)
{
	make_layer(2, 0, LENGTH);
	put_byte(2, offsetof(struct tsr_layer_head, id), 7);
	make_layer(1, 2, LENGTH);
}

static void bad_layers_are_refused(void)
{
	static const struct {
		void (*harm)(void);
		const char *message;
	} rows[] = {
		{ truncate_layer, "is not a layer of a disk" },
		{ break_magic, "is not a layer of a disk" },
		{ other_version, "is of another version" },
		{ other_size, "the snapshots are of an image of 2097152 bytes" },
		{ no_parent, "No such file" },
		{ own_parent, "in use by another machine" },
		{ other_id, "is not the layer that its name says" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct tsr_error error = { 0 };

		fake_start();
		unlink(image);
		fill(image, LENGTH);
		make_layer(1, 0, LENGTH);
		rows[i].harm();
		CU_ASSERT_FALSE(open_layer(layer_path(1), "persistent", &error));
		if (!strstr(error.message, rows[i].message))
			CU_FAIL(error.message);
		fake_finish();
	}
}

static void a_layer_is_no_image(void)
{
	struct tsr_error error = { 0 };

	fake_start();
	make_layer(1, 0, LENGTH);
	CU_ASSERT_FALSE(open_with(layer_path(1), "persistent", "false", "auto", &error));
	CU_ASSERT_PTR_NOT_NULL(strstr(error.message, "is in layer (of a snapshot) format"));
	fake_finish();
}

static void other_layers_are_not_pushed(void)
{
	struct tsr_error error = { 0 };

	start_layered("persistent");
	make_layer(2, 0, LENGTH); /* above the image, which is not the top */
	CU_ASSERT_FALSE(fake_device_set(disk, "layer", layer_path(2), &error));
	CU_ASSERT_PTR_NOT_NULL(strstr(error.message, "is not an empty one"));
	write_at(512, 3, 512);
	expect_at(512, 3);
	fake_finish();
}

static const CU_TestInfo tests[] = {
	{ "writes go to the top", writes_go_to_the_top },
	{ "a sector is the topmost one", a_sector_is_the_topmost },
	{ "a killed process loses nothing", a_killed_process_loses_nothing },
	{ "lost power loses only what was not flushed",
	  lost_power_loses_only_what_was_not_flushed },
	{ "a failed flush leaves the stable bits", a_failed_flush_leaves_the_stable_bits },
	{ "what cannot be written is an error", what_cannot_be_written_is_an_error },
	{ "a nonpersistent medium leaves layers", a_nonpersistent_medium_leaves_layers },
	{ "a layer is pushed", a_layer_is_pushed },
	{ "an empty top is taken away", an_empty_top_is_taken_away },
	{ "bad layers are refused", bad_layers_are_refused },
	{ "a layer is no image", a_layer_is_no_image },
	{ "other layers are not pushed", other_layers_are_not_pushed },
	CU_TEST_INFO_NULL,
};

int main(void)
{
	return bench_run("blk-raw-layers", tests);
}
