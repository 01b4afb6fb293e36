/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The back end on a fake host: no machine, no guest. */
#include <fake-host.h>
#include <stdio.h>
#include <string.h>

static unsigned failures;

static void check(bool good, const char *what)
{
	printf("%s %s\n", good ? "ok    " : "FAILED", what);
	failures += !good;
}

/* -- A drive */

static enum tsr_block_status status;
static unsigned completed;

static void on_done(struct tsr_block_request *request, enum tsr_block_status result)
{
	status = result;
	completed++;
}

int main(void)
{
	uint8_t written[512], read[512] = { 0 };
	struct tsr_block_request request = { .size = sizeof(request),
					     .op = TSR_BLOCK_WRITE,
					     .offset = 1024,
					     .length = sizeof(written),
					     .buffer = written,
					     .done = on_done };
	struct tsr_block_info info = { .size = sizeof(info) };

	fake_start();
	void *device = fake_device_new(NULL, MANIFEST, NULL);
	const struct tsr_block *block = fake_device_interface(device, TSR_BLOCK);

	block->info(device, &info);
	check(info.present && info.length == 1 << 20, "a disk of 1 MiB");
	memset(written, 0x5a, sizeof(written));
	block->submit(device, &request);
	check(completed == 0, "a request does not complete from inside of submit");
	block->drain(device);
	check(completed == 1 && status == TSR_BLOCK_OK,
	      "it is written when the drive waits for it");
	check(fake_device_round_trip(device), "a state that is saved and loaded is the same");
	request.op = TSR_BLOCK_READ;
	request.buffer = read;
	block->submit(device, &request);
	fake_workers_run();
	check(memcmp(read, written, sizeof(read)) == 0, "what was written is read");
	request.offset = info.length;
	block->submit(device, &request);
	fake_workers_run();
	check(status == TSR_BLOCK_OUT_OF_RANGE, "nothing is behind the end");
	fake_finish();
	return failures ? 1 : 0;
}
