/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The raw back end: requests, faults of the host, media, overlays. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <tessera/draft/files.h>

#include "bench.h"
#include "fault.h"

static void reads_and_writes(void)
{
	uint8_t b[4096];

	start("persistent");
	CU_ASSERT_EQUAL(info().length, LENGTH);
	CU_ASSERT(info().present && !info().read_only);
	CU_ASSERT_EQUAL(request(TSR_BLOCK_READ, 8192, b, 4096), TSR_BLOCK_OK);
	CU_ASSERT(as_filled(b, 8192, 4096));
	memset(b, 1, sizeof(b));
	CU_ASSERT_EQUAL(request(TSR_BLOCK_WRITE, 512, b, 1024), TSR_BLOCK_OK);
	CU_ASSERT_EQUAL(request(TSR_BLOCK_FLUSH, 0, NULL, 0), TSR_BLOCK_OK);
	CU_ASSERT_EQUAL(request(TSR_BLOCK_READ, 0, b, 4096), TSR_BLOCK_OK);
	CU_ASSERT(as_filled(b, 0, 512) && b[512] == 1 && b[1535] == 1 &&
		  as_filled(b + 1536, 1536, 2560));
	CU_ASSERT_EQUAL(request(TSR_BLOCK_DISCARD, 0, NULL, 4096), TSR_BLOCK_OK);
	fake_finish();
}

static struct tsr_block_request submitted(enum tsr_block_op op, uint64_t offset, void *buffer)
{
	return (struct tsr_block_request){ .size = sizeof(struct tsr_block_request),
					   .op = op,
					   .offset = offset,
					   .length = 512,
					   .buffer = buffer,
					   .done = on_done };
}

/* While the host does not answer, a request is ended by an error and its memory is left alone. */
static void requests_are_given_up(void)
{
	struct tsr_block_request r, second;
	uint8_t b[512];

	start("persistent");
	fault_set(image, "read slow=0"); /* none of it is in the host's memory */
	memset(b, 0x55, sizeof(b));
	r = submitted(TSR_BLOCK_READ, 8192, b);
	completions = 0;
	block->submit(disk, &r);
	block->drain(disk);
	CU_ASSERT(completions == 1 && last == TSR_BLOCK_IO_ERROR);
	CU_ASSERT_EQUAL(fake_workers_pending(), 1);
	second = submitted(TSR_BLOCK_READ, 8192, b);
	block->submit(disk, &second);
	CU_ASSERT_EQUAL(fake_workers_pending(), 1); /* it waits for the first */
	block->drain(disk);
	CU_ASSERT(completions == 2 && last == TSR_BLOCK_IO_ERROR);
	fake_workers_run();
	CU_ASSERT_EQUAL(completions, 2);
	CU_ASSERT(b[0] == 0x55 && b[511] == 0x55);
	fault_set(NULL, NULL);
	CU_ASSERT_EQUAL(request(TSR_BLOCK_READ, 8192, b, 512), TSR_BLOCK_OK);
	CU_ASSERT(as_filled(b, 8192, 512));
	fake_finish();
}

static void later_requests_wait_for_those_given_up(void)
{
	struct tsr_block_request first, second, third;
	uint8_t old[512], new[512], b[512];

	start("persistent");
	memset(old, 1, sizeof(old));
	memset(new, 2, sizeof(new));
	first = submitted(TSR_BLOCK_WRITE, 0, old);
	second = submitted(TSR_BLOCK_WRITE, 0, new);
	third = submitted(TSR_BLOCK_READ, 0, b);
	completions = 0;
	block->submit(disk, &first);
	block->drain(disk);
	block->submit(disk, &second);
	block->submit(disk, &third);
	CU_ASSERT_EQUAL(fake_workers_pending(), 1);
	fake_workers_run();
	CU_ASSERT(completions == 3 && last == TSR_BLOCK_OK);
	CU_ASSERT_EQUAL(request(TSR_BLOCK_READ, 0, b, 512), TSR_BLOCK_OK);
	CU_ASSERT(b[0] == 2 && b[511] == 2);
	fake_finish();
}

/* What the host has in memory is read without a worker, but not ahead of a write. */
static void an_overlay_keeps_the_order(void)
{
	struct tsr_block_request write, read;
	uint8_t new[512], b[512];

	start("nonpersistent");
	memset(new, 3, sizeof(new));
	write = submitted(TSR_BLOCK_WRITE, 1024, new);
	read = submitted(TSR_BLOCK_READ, 1024, b);
	completions = 0;
	block->submit(disk, &write);
	block->submit(disk, &read);
	fake_workers_run();
	CU_ASSERT(completions == 2 && last == TSR_BLOCK_OK);
	CU_ASSERT(b[0] == 3 && b[511] == 3);
	fake_finish();
}

/* Neither what was written nor the file is in the host's memory. */
static void an_overlay_is_read_by_a_worker(void)
{
	struct tsr_block_request r;
	uint8_t b[512];

	for (unsigned written = 0; written < 2; written++) {
		start("nonpersistent");
		memset(b, 4, sizeof(b));
		if (written)
			CU_ASSERT_EQUAL(request(TSR_BLOCK_WRITE, 1024, b, 512), TSR_BLOCK_OK);
		memset(b, 0x55, sizeof(b));
		fault_set("*", "read slow=0");
		r = submitted(TSR_BLOCK_READ, 1024, b);
		completions = 0;
		block->submit(disk, &r);
		CU_ASSERT(b[0] == 0x55 && b[511] == 0x55);
		fake_workers_run();
		fault_set(NULL, NULL);
		CU_ASSERT(completions == 1 && last == TSR_BLOCK_OK);
		CU_ASSERT(written ? b[0] == 4 && b[511] == 4 : as_filled(b, 1024, 512));
		fake_finish();
	}
}

/* Past the limit of `ulimit -f` a write fails as on a broken disk; what lies below is still
 * written. The kernel sends SIGXFSZ with it, which must not end the machine. */
static void writes_beyond_the_file_size_limit(void)
{
	static const char *const modes[] = { "persistent", "nonpersistent" };
	struct rlimit old, limit;
	static uint8_t b[8192];

	getrlimit(RLIMIT_FSIZE, &old);
	for (unsigned m = 0; m < 2; m++) {
		start(modes[m]);
		limit = (struct rlimit){ LENGTH / 2, old.rlim_max };
		setrlimit(RLIMIT_FSIZE, &limit);
		memset(b, 0x33, sizeof(b));
		CU_ASSERT_EQUAL(request(TSR_BLOCK_WRITE, LENGTH / 2 - 4096, b, 4096), TSR_BLOCK_OK);
		CU_ASSERT_EQUAL(request(TSR_BLOCK_WRITE, LENGTH / 2, b, 512), TSR_BLOCK_IO_ERROR);
		CU_ASSERT_EQUAL(request(TSR_BLOCK_WRITE, LENGTH / 2 - 4096, b, 8192),
				TSR_BLOCK_IO_ERROR);
		CU_ASSERT_EQUAL(request(TSR_BLOCK_READ, LENGTH / 2 - 4096, b, 8192), TSR_BLOCK_OK);
		CU_ASSERT(b[0] == 0x33 && b[4095] == 0x33 && as_filled(b + 4096, LENGTH / 2, 4096));
		CU_ASSERT_EQUAL(fake_requests()->events, 1);
		CU_ASSERT_STRING_EQUAL(fake_requests()->event, "fault");
		CU_ASSERT_PTR_NOT_NULL(
			strstr(fake_requests()->detail, ": writing: File too large"));
		setrlimit(RLIMIT_FSIZE, &old);
		CU_ASSERT_EQUAL(request(TSR_BLOCK_WRITE, LENGTH / 2, b, 512), TSR_BLOCK_OK);
		fake_finish();
	}
}

/* -- Faults of the host's disk */

/* The host may drop the pages that it could not write and report success from then on. */
static void a_failed_flush_is_not_forgotten(void)
{
	uint8_t b[512] = { 1 };

	start("persistent");
	fault_set(image, "sync EIO once");
	CU_ASSERT_EQUAL(request(TSR_BLOCK_WRITE, 0, b, 512), TSR_BLOCK_OK);
	CU_ASSERT_EQUAL(request(TSR_BLOCK_FLUSH, 0, NULL, 0), TSR_BLOCK_IO_ERROR);
	CU_ASSERT_EQUAL(fake_requests()->events, 1);
	CU_ASSERT_STRING_EQUAL(fake_requests()->event, "fault");
	CU_ASSERT_PTR_NOT_NULL(strstr(fake_requests()->detail, ": flushing: Input/output error"));
	CU_ASSERT_EQUAL(request(TSR_BLOCK_FLUSH, 0, NULL, 0), TSR_BLOCK_IO_ERROR);
	CU_ASSERT_EQUAL(request(TSR_BLOCK_WRITE, 0, b, 512), TSR_BLOCK_OK);
	CU_ASSERT_EQUAL(request(TSR_BLOCK_FLUSH, 0, NULL, 0), TSR_BLOCK_IO_ERROR);
	CU_ASSERT(block->eject(disk, true) && block->eject(disk, false));
	CU_ASSERT_EQUAL(request(TSR_BLOCK_FLUSH, 0, NULL, 0), TSR_BLOCK_IO_ERROR);
	fake_device_reset(disk, TSR_RESET_POWER_ON);
	CU_ASSERT_EQUAL(request(TSR_BLOCK_FLUSH, 0, NULL, 0), TSR_BLOCK_IO_ERROR);
	CU_ASSERT(fake_device_set(disk, "file", "", NULL));
	CU_ASSERT(fake_device_set(disk, "file", image, NULL));
	CU_ASSERT_EQUAL(request(TSR_BLOCK_FLUSH, 0, NULL, 0), TSR_BLOCK_OK);
	fault_set(NULL, NULL);
	fake_finish();
}

/* A fault of another kind that came before does not hide it. */
static void a_failed_flush_is_told_once(void)
{
	uint8_t b[512] = { 1 };

	start("persistent");
	fault_set(image, "write ENOSPC;sync EIO");
	for (unsigned i = 0; i < 3; i++)
		CU_ASSERT_EQUAL(request(TSR_BLOCK_WRITE, 0, b, 512), TSR_BLOCK_IO_ERROR);
	CU_ASSERT_EQUAL(fake_requests()->events, 1);
	for (unsigned i = 0; i < 3; i++)
		CU_ASSERT_EQUAL(request(TSR_BLOCK_FLUSH, 0, NULL, 0), TSR_BLOCK_IO_ERROR);
	CU_ASSERT_EQUAL(fake_requests()->events, 2);
	CU_ASSERT_PTR_NOT_NULL(strstr(fake_requests()->detail, ": flushing: "));
	CU_ASSERT(block->eject(disk, true) && block->eject(disk, false));
	CU_ASSERT_EQUAL(request(TSR_BLOCK_FLUSH, 0, NULL, 0), TSR_BLOCK_IO_ERROR);
	CU_ASSERT_STRING_EQUAL(fake_requests()->event, "media-changed");
	fault_set(NULL, NULL);
	fake_finish();
}

/* The property `fault` is for those who come after the event. A failed flush, which lasts, stays
 * in it. */
static void the_fault_can_be_read(void)
{
	uint8_t b[512] = { 1 };

	start("persistent");
	CU_ASSERT_STRING_EQUAL(fake_device_get(disk, "fault"), "");
	fault_set(image, "write ENOSPC;sync EIO;read EIO");
	request(TSR_BLOCK_WRITE, 0, b, 512);
	CU_ASSERT_PTR_NOT_NULL(strstr(fake_device_get(disk, "fault"), ": writing: No space left"));
	request(TSR_BLOCK_FLUSH, 0, NULL, 0);
	CU_ASSERT_PTR_NOT_NULL(strstr(fake_device_get(disk, "fault"), ": flushing: "));
	request(TSR_BLOCK_READ, 0, b, 512);
	CU_ASSERT_PTR_NOT_NULL(strstr(fake_requests()->detail, ": reading: "));
	CU_ASSERT_PTR_NOT_NULL(strstr(fake_device_get(disk, "fault"), ": flushing: "));
	fault_set(NULL, NULL);
	CU_ASSERT(fake_device_set(disk, "file", "", NULL));
	CU_ASSERT_STRING_EQUAL(fake_device_get(disk, "fault"), "");
	fake_finish();
}

/* What lay beyond the new end is lost, not zero; and a write there would make it zeros. */
static void a_truncated_image_is_an_error(void)
{
	static const char *const modes[] = { "persistent", "nonpersistent" };
	static uint8_t b[8192];

	for (unsigned m = 0; m < 2; m++) {
		start(modes[m]);
		CU_ASSERT_EQUAL(truncate(image, LENGTH / 2 + 100), 0);
		CU_ASSERT_EQUAL(request(TSR_BLOCK_READ, LENGTH / 2 - 512, b, 512), TSR_BLOCK_OK);
		CU_ASSERT_EQUAL(request(TSR_BLOCK_READ, LENGTH / 2, b, 512), TSR_BLOCK_IO_ERROR);
		CU_ASSERT_EQUAL(request(TSR_BLOCK_READ, LENGTH / 2 - 4096, b, 8192),
				TSR_BLOCK_IO_ERROR);
		CU_ASSERT_EQUAL(request(TSR_BLOCK_READ, LENGTH - 512, b, 512), TSR_BLOCK_IO_ERROR);
		CU_ASSERT_EQUAL(fake_requests()->events, 1);
		CU_ASSERT_STRING_EQUAL(fake_requests()->event, "fault");
		CU_ASSERT_PTR_NOT_NULL(strstr(fake_requests()->detail,
					      ": reading: the file is shorter than when it was"));
		fake_finish();
	}
}

static void a_write_does_not_hide_a_truncation(void)
{
	uint8_t b[512] = { 1 };

	start("persistent");
	CU_ASSERT_EQUAL(truncate(image, LENGTH / 2), 0);
	CU_ASSERT_EQUAL(request(TSR_BLOCK_WRITE, LENGTH - 512, b, 512), TSR_BLOCK_IO_ERROR);
	CU_ASSERT_EQUAL(fake_requests()->events, 1);
	CU_ASSERT_EQUAL(request(TSR_BLOCK_READ, LENGTH - 1024, b, 512), TSR_BLOCK_IO_ERROR);
	fake_finish();
}

static void short_transfers_are_continued(void)
{
	static const char *const modes[] = { "persistent", "nonpersistent" };
	static uint8_t b[8192];

	for (unsigned m = 0; m < 2; m++) {
		start(modes[m]);
		fault_set(m ? "*" : image, "read short;write short");
		CU_ASSERT_EQUAL(request(TSR_BLOCK_READ, 4096, b, 8192), TSR_BLOCK_OK);
		CU_ASSERT(as_filled(b, 4096, 8192));
		CU_ASSERT_EQUAL(request(TSR_BLOCK_WRITE, 65536, b, 8192), TSR_BLOCK_OK);
		fault_set(NULL, NULL);
		memset(b, 0, sizeof(b));
		CU_ASSERT_EQUAL(request(TSR_BLOCK_READ, 65536, b, 8192), TSR_BLOCK_OK);
		CU_ASSERT(as_filled(b, 4096, 8192));
		fake_finish();
	}
}

/* A state without some of the changes would be refused when it is loaded: too late. */
static void an_overlay_that_cannot_be_read_is_not_saved(void)
{
	uint8_t b[512] = { 1 };
	struct fake_state *s;

	start("nonpersistent");
	CU_ASSERT_EQUAL(request(TSR_BLOCK_WRITE, 512, b, 512), TSR_BLOCK_OK);
	fault_set("*/#*", "read EIO once"); /* the file without a name */
	s = fake_device_save(disk);
	CU_ASSERT(fake_state_remove(s, "overlay/" TSR_STATE_FAILURE));
	fake_state_free(s);
	s = fake_device_save(disk);
	CU_ASSERT_FALSE(fake_state_remove(s, "overlay/" TSR_STATE_FAILURE));
	fake_state_free(s);
	fault_set(NULL, NULL);
	fake_finish();
}

static void segments(void)
{
	static const char *const modes[] = { "persistent", "nonpersistent" };
	uint8_t b[3][1024];

	for (unsigned m = 0; m < 2; m++) {
		struct tsr_block_segment pieces[3] = { { b[0], 2 }, { b[1], 1000 }, { b[2], 22 } };
		struct tsr_block_request r = { .size = sizeof(struct tsr_block_request),
					       .op = TSR_BLOCK_READ,
					       .offset = 1024,
					       .length = 1024,
					       .segments = pieces,
					       .segment_count = 3,
					       .done = on_done };

		start(modes[m]);
		block->submit(disk, &r);
		fake_workers_run();
		CU_ASSERT(as_filled(b[0], 1024, 2) && as_filled(b[1], 1026, 1000) &&
			  as_filled(b[2], 2026, 22));
		memset(b, 9, sizeof(b));
		r.op = TSR_BLOCK_WRITE;
		block->submit(disk, &r);
		fake_workers_run();
		CU_ASSERT_EQUAL(request(TSR_BLOCK_READ, 1024, b, 1024), TSR_BLOCK_OK);
		CU_ASSERT(b[0][0] == 9 && b[0][1023] == 9);
		fake_finish();
	}
}

/* A drive whose segments are not as long as its request would otherwise write past the overlay. */
static void segments_must_fit(void)
{
	static const char *const modes[] = { "persistent", "nonpersistent" };
	static uint8_t b[8192];

	for (unsigned m = 0; m < 2; m++) {
		start(modes[m]);
		for (unsigned row = 0; row < 3; row++) {
			static const uint64_t lengths[3][2] = { { 512, 1024 },
								{ 512, 0 },
								{ 0, UINT64_MAX } };
			struct tsr_block_segment pieces[2] = { { b, lengths[row][0] },
							       { b, lengths[row][1] } };
			struct tsr_block_request r = { .size = sizeof(struct tsr_block_request),
						       .op = TSR_BLOCK_WRITE,
						       .offset = LENGTH - 1024,
						       .length = 1024,
						       .segments = pieces,
						       .segment_count = 2,
						       .done = on_done };

			block->submit(disk, &r);
			fake_workers_run();
			CU_ASSERT_EQUAL(last, TSR_BLOCK_OUT_OF_RANGE);
		}
		fake_finish();
	}
}

static void range_is_checked(void)
{
	uint8_t b[1024];

	start("persistent");
	CU_ASSERT_EQUAL(request(TSR_BLOCK_READ, LENGTH - 512, b, 1024), TSR_BLOCK_OUT_OF_RANGE);
	CU_ASSERT_EQUAL(request(TSR_BLOCK_WRITE, UINT64_MAX - 511, b, 512), TSR_BLOCK_OUT_OF_RANGE);
	CU_ASSERT_EQUAL(request(TSR_BLOCK_READ, 1, b, 512), TSR_BLOCK_OUT_OF_RANGE);
	CU_ASSERT_EQUAL(request(TSR_BLOCK_READ, LENGTH - 512, b, 512), TSR_BLOCK_OK);
	fake_finish();
}

static void nonpersistent_leaves_the_file_alone(void)
{
	uint64_t seed = 5, before;
	uint8_t *shadow = malloc(LENGTH), b[16384];

	start("nonpersistent");
	before = hash(image);
	chmod(image, 0444);
	block->info(disk, &(struct tsr_block_info){ .size = sizeof(struct tsr_block_info) });
	CU_ASSERT_EQUAL(request(TSR_BLOCK_READ, 0, shadow, LENGTH), TSR_BLOCK_OK);
	for (unsigned i = 0; i < 2000; i++) {
		uint64_t r = fake_random(&seed);
		uint64_t length = (r % 32 + 1) * 512,
			 at = (r >> 8) % ((LENGTH - length) / 512) * 512;

		if (r & 0x80) {
			memset(b, (int)(r >> 40), length);
			memcpy(shadow + at, b, length);
			CU_ASSERT_EQUAL(request(TSR_BLOCK_WRITE, at, b, length), TSR_BLOCK_OK);
		} else {
			CU_ASSERT_EQUAL(request(TSR_BLOCK_READ, at, b, length), TSR_BLOCK_OK);
			CU_ASSERT(!memcmp(b, shadow + at, length));
		}
	}
	CU_ASSERT_EQUAL(request(TSR_BLOCK_FLUSH, 0, NULL, 0), TSR_BLOCK_OK);
	CU_ASSERT_EQUAL(hash(image), before);
	fake_finish();
	CU_ASSERT_EQUAL(hash(image), before);
	chmod(image, 0644);
	free(shadow);
}

static void read_only(void)
{
	uint8_t b[512] = { 0 };
	uint64_t before;

	fake_start();
	fill(image, LENGTH);
	before = hash(image);
	CU_ASSERT_FATAL(open_with(image, "persistent", "true", "auto", NULL));
	CU_ASSERT(info().read_only);
	CU_ASSERT_EQUAL(request(TSR_BLOCK_WRITE, 0, b, 512), TSR_BLOCK_READ_ONLY);
	CU_ASSERT_EQUAL(request(TSR_BLOCK_DISCARD, 0, NULL, 512), TSR_BLOCK_READ_ONLY);
	fake_finish();
	CU_ASSERT_EQUAL(hash(image), before);
}

static void odd_size(void)
{
	uint8_t b[512];
	struct stat st;

	fake_start();
	fill(image, 1000);
	CU_ASSERT_FATAL(open_with(image, "persistent", "false", "auto", NULL));
	CU_ASSERT_EQUAL(info().length, 1024);
	CU_ASSERT_EQUAL(request(TSR_BLOCK_READ, 512, b, 512), TSR_BLOCK_OK);
	CU_ASSERT(as_filled(b, 512, 488) && b[488] == 0 && b[511] == 0);
	stat(image, &st);
	CU_ASSERT_EQUAL(st.st_size, 1000);
	CU_ASSERT_EQUAL(request(TSR_BLOCK_WRITE, 512, b, 512), TSR_BLOCK_OK);
	stat(image, &st);
	CU_ASSERT_EQUAL(st.st_size, 1024);
	fake_finish();
	fake_start();
	fill(image, 1000);
	CU_ASSERT_FATAL(open_with(image, "nonpersistent", "false", "auto", NULL));
	CU_ASSERT_EQUAL(request(TSR_BLOCK_READ, 512, b, 512), TSR_BLOCK_OK);
	CU_ASSERT(as_filled(b, 512, 488) && b[488] == 0 && b[511] == 0);
	fake_finish();
}

static void second_writer_is_refused(void)
{
	struct tsr_error error = { 0 };
	void *first;

	start("persistent");
	first = disk;
	CU_ASSERT_FALSE(open_with(image, "persistent", "false", "auto", &error));
	CU_ASSERT_EQUAL(error.code, TSR_ERROR_CONFLICT);
	CU_ASSERT_PTR_NOT_NULL(strstr(error.message, "in use"));
	CU_ASSERT_FALSE(open_with(image, "nonpersistent", "false", "auto", &error));
	fake_device_delete(first);
	CU_ASSERT(open_with(image, "nonpersistent", "false", "auto", &error));
	CU_ASSERT(open_with(image, "persistent", "true", "auto", &error)); /* readers get along */
	CU_ASSERT_FALSE(open_with(image, "persistent", "false", "auto", &error));
	fake_finish();
}

static void clear_errors(void)
{
	static const struct {
		const char *file, *content, *format, *says;
	} rows[] = {
		{ "missing.img", NULL, "auto", "No such file" },
		{ "empty.img", "", "auto", "is empty" },
		{ ".", NULL, "auto", "irectory" },
		{ "/dev/null", NULL, "auto", "neither a file nor a block device" },
		{ "a.qcow2", "QFI\xfb\001\002", "auto", "qcow2" },
		{ "a.vmdk", "KDMV\001", "auto", "VMDK" },
		{ "b.img", "xx", "qcow2", "only raw" },
	};

	fake_start();
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct tsr_error error = { 0 };
		char path[128];

		snprintf(path, sizeof(path), "%s%s%s", rows[i].file[0] == '/' ? "" : folder,
			 rows[i].file[0] == '/' ? "" : "/", rows[i].file);
		if (rows[i].content) {
			FILE *f = fopen(path, "wb");

			fputs(rows[i].content, f);
			fclose(f);
		}
		CU_ASSERT_FALSE(open_with(path, "persistent", "false", rows[i].format, &error));
		CU_ASSERT_PTR_NOT_NULL(strstr(error.message, rows[i].says));
		if (!strstr(error.message, rows[i].says))
			printf("%s: %s\n", rows[i].file, error.message);
	}
	CU_ASSERT_EQUAL(access("missing.img", F_OK), -1);
	fake_finish();
}

static void media_change(void)
{
	struct tsr_error error = { 0 };
	char other[128];
	uint8_t b[512];

	snprintf(other, sizeof(other), "%s/other.img", folder);
	fill(other, 4096);
	start("persistent");
	CU_ASSERT(fake_device_set(disk, "file", other, &error));
	CU_ASSERT_EQUAL(info().length, 4096);
	CU_ASSERT_EQUAL(changes, 1);
	CU_ASSERT(fake_device_set(disk, "file", "", &error));
	CU_ASSERT_FALSE(info().present);
	CU_ASSERT_EQUAL(request(TSR_BLOCK_READ, 0, b, 512), TSR_BLOCK_NO_MEDIUM);
	CU_ASSERT_FALSE(fake_device_set(disk, "file", "/nonexistent", &error));
	CU_ASSERT(fake_device_set(disk, "file", image, &error));
	block->lock(disk, true);
	CU_ASSERT_FALSE(fake_device_set(disk, "file", other, &error));
	CU_ASSERT_PTR_NOT_NULL(strstr(error.message, "locked"));
	CU_ASSERT_FALSE(block->eject(disk, true));
	block->lock(disk, false);
	CU_ASSERT(block->eject(disk, true));
	CU_ASSERT_FALSE(info().present);
	CU_ASSERT(block->eject(disk, false));
	CU_ASSERT(info().present);
	CU_ASSERT_EQUAL(info().length, LENGTH);
	fake_finish();
}

/* -- Media that were opened by somebody else: their paths cannot be opened here. */

static int passed = -1;
static int kept = -2; /* by number; the fake host keeps none */

static int take_passed(const struct tsr_host *host, const char *property)
{
	CU_ASSERT_STRING_EQUAL(property, "file");
	return passed < 0 ? -1 : fcntl(passed, F_DUPFD_CLOEXEC, 3);
}

static void note_kept(const struct tsr_host *host, const char *property, int fd)
{
	CU_ASSERT_STRING_EQUAL(property, "file");
	kept = fd;
}

static const struct tsr_files files = { .size = sizeof(files),
					.take = take_passed,
					.keep = note_kept };

static void start_empty(void)
{
	fake_start();
	fake_host_table(TSR_FILES, &files);
	fill(image, LENGTH);
	CU_ASSERT_FATAL(open_with("", "persistent", "false", "auto", NULL));
}

static bool insert_passed(const char *file, const char *name, int flags, struct tsr_error *error)
{
	bool good;

	passed = open(file, flags | O_CLOEXEC);
	CU_ASSERT_FATAL(passed >= 0);
	good = fake_device_set(disk, "file", name, error);
	close(passed);
	passed = -1;
	return good;
}

static void a_passed_medium(void)
{
	struct tsr_error error = { 0 };
	uint8_t b[512] = { 0xa5 }, back = 0;
	int fd;

	start_empty();
	CU_ASSERT(insert_passed(image, "/elsewhere/disk.img", O_RDWR, &error));
	CU_ASSERT_EQUAL(info().length, LENGTH);
	CU_ASSERT_EQUAL(request(TSR_BLOCK_WRITE, 512, b, 512), TSR_BLOCK_OK);
	CU_ASSERT(fake_device_set(disk, "file", "", &error));
	fd = open(image, O_RDONLY);
	CU_ASSERT_EQUAL(pread(fd, &back, 1, 512), 1);
	CU_ASSERT_EQUAL(back, 0xa5);
	close(fd);
	/* What cannot write is no medium to write to. */
	CU_ASSERT_FALSE(insert_passed(image, "/elsewhere/disk.img", O_RDONLY, &error));
	CU_ASSERT_PTR_NOT_NULL(strstr(error.message, "for reading only"));
	CU_ASSERT_FALSE(info().present);
	/* A name without a descriptor is still a path. */
	CU_ASSERT_FALSE(fake_device_set(disk, "file", "/elsewhere/disk.img", &error));
	fake_finish();
}

/* The core has the file for a later version while it is open, and no longer. */
static void a_kept_medium(void)
{
	struct tsr_error error = { 0 };
	struct stat there, here = { 0 };

	start_empty();
	CU_ASSERT_EQUAL(kept, -1);
	CU_ASSERT(fake_device_set(disk, "file", image, &error));
	CU_ASSERT_FALSE(stat(image, &there));
	CU_ASSERT_FALSE(fstat(kept, &here));
	CU_ASSERT_EQUAL(here.st_ino, there.st_ino);
	CU_ASSERT(fake_device_set(disk, "file", "", &error));
	CU_ASSERT_EQUAL(kept, -1);
	fake_finish();
}

static unsigned count_descriptors(void)
{
	unsigned n = 0;

	for (int fd = 0; fd < 256; fd++)
		n += fcntl(fd, F_GETFD) >= 0;
	return n;
}

static void passed_descriptors_are_closed(void)
{
	unsigned before;

	start_empty();
	before = count_descriptors();
	insert_passed(image, "", O_RDWR, NULL);
	insert_passed(image, "/a", O_RDONLY, NULL);
	insert_passed("/dev/null", "/a", O_RDWR, NULL);
	CU_ASSERT(insert_passed(image, "/a", O_RDWR, NULL));
	CU_ASSERT(fake_device_set(disk, "file", "", NULL));
	CU_ASSERT_EQUAL(count_descriptors(), before);
	fake_finish();
}

/* A drive of other headers: what it asks for beyond these is refused, and what it has no room for
 * is not written. */
static void requests_of_other_headers(void)
{
	uint8_t b[512];
	struct tsr_block_request r = { .size = sizeof(r),
				       .flags = 1,
				       .op = TSR_BLOCK_READ,
				       .length = 512,
				       .buffer = b,
				       .done = on_done };
	struct tsr_block_info i = { .size = TSR_SIZE_TO(struct tsr_block_info, generation) };

	start("persistent");
	block->submit(disk, &r);
	fake_workers_run();
	CU_ASSERT_EQUAL(last, TSR_BLOCK_UNSUPPORTED);
	r.flags = 0;
	r.size = TSR_SIZE_TO(struct tsr_block_request, length);
	block->submit(disk, &r);
	fake_workers_run();
	CU_ASSERT_EQUAL(last, TSR_BLOCK_UNSUPPORTED);
	CU_ASSERT_EQUAL(request((enum tsr_block_op)(TSR_BLOCK_DISCARD + 1), 0, b, 512),
			TSR_BLOCK_UNSUPPORTED);
	block->info(disk, &i);
	CU_ASSERT(!i.present && !i.length);
	i.size = sizeof(i) + 8;
	block->info(disk, &i);
	CU_ASSERT(i.present && i.length == LENGTH && i.size == sizeof(i) + 8);
	fake_finish();
}

/* The medium that a request was for stays until the request is done. */
static void change_under_a_request(void)
{
	uint8_t b[512];
	struct tsr_block_request r = { .size = sizeof(struct tsr_block_request),
				       .op = TSR_BLOCK_READ,
				       .length = 512,
				       .buffer = b,
				       .done = on_done };

	start("persistent");
	block->submit(disk, &r);
	CU_ASSERT(fake_device_set(disk, "file", "", NULL));
	fake_workers_run();
	CU_ASSERT_EQUAL(last, TSR_BLOCK_OK);
	CU_ASSERT(as_filled(b, 0, 512));
	fake_finish();
}

static void state_of_an_overlay(void)
{
	struct fake_state *s;
	struct tsr_error error;
	uint8_t b[2048], c[2048];

	start("nonpersistent");
	memset(b, 3, sizeof(b));
	request(TSR_BLOCK_WRITE, 0, b, 512);
	request(TSR_BLOCK_WRITE, 10240, b, 2048);
	request(TSR_BLOCK_WRITE, LENGTH - 512, b, 512);
	s = fake_device_save(disk);
	memset(c, 4, sizeof(c));
	request(TSR_BLOCK_WRITE, 0, c, 2048);
	CU_ASSERT(fake_device_load(disk, s, 1, &error));
	request(TSR_BLOCK_READ, 0, c, 2048);
	CU_ASSERT(!memcmp(c, b, 512) && as_filled(c + 512, 512, 1536));
	request(TSR_BLOCK_READ, 10240, c, 2048);
	CU_ASSERT(!memcmp(c, b, 2048));
	request(TSR_BLOCK_READ, LENGTH - 512, c, 512);
	CU_ASSERT(!memcmp(c, b, 512));
	CU_ASSERT(fake_device_round_trip(disk));
	fake_state_free(s);
	fake_finish();
}

static void state_of_another_medium(void)
{
	struct fake_state *s;
	struct tsr_error error;
	char other[128];

	snprintf(other, sizeof(other), "%s/other.img", folder);
	fill(other, 4096);
	start("persistent");
	CU_ASSERT(fake_device_round_trip(disk));
	s = fake_device_save(disk);
	CU_ASSERT(fake_device_set(disk, "file", other, &error));
	CU_ASSERT_FALSE(fake_device_load(disk, s, 1, &error));
	CU_ASSERT_PTR_NOT_NULL(strstr(error.message, "image"));
	CU_ASSERT_EQUAL(info().length, 4096);
	fake_state_free(s);
	fake_finish();
}

static void state_scrambled(void)
{
	for (uint64_t seed = 1; seed < 100; seed++) {
		struct fake_state *s;
		struct tsr_error error;
		uint8_t b[512] = { 1 };

		start("nonpersistent");
		request(TSR_BLOCK_WRITE, 512 * (seed % 64), b, 512);
		s = fake_device_save(disk);
		fake_state_scramble(s, seed);
		fake_device_load(disk, s, 1, &error);
		fake_state_free(s);
		fake_finish();
	}
}

int main(void)
{
	static const CU_TestInfo tests[] = {
		{ "reads and writes", reads_and_writes },
		{ "an overlay keeps the order", an_overlay_keeps_the_order },
		{ "an overlay is read by a worker", an_overlay_is_read_by_a_worker },
		{ "writes beyond the file size limit", writes_beyond_the_file_size_limit },
		{ "a failed flush is not forgotten", a_failed_flush_is_not_forgotten },
		{ "a failed flush is told once", a_failed_flush_is_told_once },
		{ "the fault can be read", the_fault_can_be_read },
		{ "a truncated image is an error", a_truncated_image_is_an_error },
		{ "a write does not hide a truncation", a_write_does_not_hide_a_truncation },
		{ "short transfers are continued", short_transfers_are_continued },
		{ "an overlay that cannot be read is not saved",
		  an_overlay_that_cannot_be_read_is_not_saved },
		{ "segments", segments },
		{ "segments must fit", segments_must_fit },
		{ "range is checked", range_is_checked },
		{ "nonpersistent leaves the file alone", nonpersistent_leaves_the_file_alone },
		{ "read-only", read_only },
		{ "odd size", odd_size },
		{ "second writer is refused", second_writer_is_refused },
		{ "clear errors", clear_errors },
		{ "media change", media_change },
		{ "a passed medium", a_passed_medium },
		{ "a kept medium", a_kept_medium },
		{ "passed descriptors are closed", passed_descriptors_are_closed },
		{ "change under a request", change_under_a_request },
		{ "requests of other headers", requests_of_other_headers },
		{ "state of an overlay", state_of_an_overlay },
		{ "state of another medium", state_of_another_medium },
		{ "state scrambled", state_scrambled },
		UNIT_ROW(requests_are_given_up),
		UNIT_ROW(later_requests_wait_for_those_given_up),
		CU_TEST_INFO_NULL,
	};

	return bench_run("blk-raw", tests);
}
