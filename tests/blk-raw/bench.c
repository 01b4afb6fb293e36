/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See bench.h. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench.h"

char folder[64], image[96];
const struct tsr_block *block;
void *disk;
enum tsr_block_status last;
unsigned completions, changes;

void fill(const char *path, size_t length)
{
	FILE *f = fopen(path, "wb");

	for (size_t i = 0; i < length; i++)
		fputc((int)(i * 7 + (i >> 9)) & 0xff, f);
	fclose(f);
}

uint64_t hash(const char *path)
{
	uint64_t h = 14695981039346656037u;
	FILE *f = fopen(path, "rb");
	int c;

	while ((c = fgetc(f)) != EOF)
		h = (h ^ (unsigned)c) * 1099511628211u;
	fclose(f);
	return h;
}

static void on_changed(void *user)
{
	changes++;
}

bool open_with(const char *file, const char *mode, const char *read_only, const char *format,
	       struct tsr_error *error)
{
	disk = fake_device_try(NULL, "blk-raw",
			       (struct fake_row[]){ { "file", file },
						    { "mode", mode },
						    { "read-only", read_only },
						    { "format", format },
						    { NULL, NULL } },
			       error);
	if (!disk)
		return false;
	block = fake_device_interface(disk, TSR_BLOCK);
	block->listen(disk, on_changed, NULL);
	changes = 0;
	return true;
}

void start(const char *mode)
{
	fake_start();
	unlink(image); /* its extended attributes, too */
	fill(image, LENGTH);
	CU_ASSERT_FATAL(open_with(image, mode, "false", "auto", NULL));
}

void on_done(struct tsr_block_request *request, enum tsr_block_status status)
{
	completions++;
	last = status;
}

enum tsr_block_status request(enum tsr_block_op op, uint64_t offset, void *buffer, uint64_t length)
{
	struct tsr_block_request r = { .size = sizeof(struct tsr_block_request),
				       .op = op,
				       .offset = offset,
				       .length = length,
				       .buffer = buffer,
				       .done = on_done };

	completions = 0;
	block->submit(disk, &r);
	CU_ASSERT_EQUAL(completions, 0); /* never from inside submit */
	fake_workers_run();
	CU_ASSERT_EQUAL(completions, 1);
	return last;
}

struct tsr_block_info info(void)
{
	struct tsr_block_info i = { .size = sizeof(i) };

	block->info(disk, &i);
	return i;
}

bool as_filled(const uint8_t *bytes, size_t offset, size_t length)
{
	for (size_t i = 0; i < length; i++)
		if (bytes[i] != (uint8_t)((offset + i) * 7 + ((offset + i) >> 9)))
			return false;
	return true;
}

int bench_run(const char *name, const CU_TestInfo *tests)
{
	char command[128];
	int status;

	strcpy(folder, "/tmp/test-blk-raw-XXXXXX");
	if (!mkdtemp(folder))
		return 1;
	snprintf(image, sizeof(image), "%s/image.img", folder);
	status = unit_run(name, tests);
	snprintf(command, sizeof(command), "rm -rf %s", folder);
	return status || system(command) ? 1 : 0;
}
