/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Guest memory. Its file is mapped once the device has asked for the table of DMA. Where RAM lies
 * only the core knows, and it may change whenever the guest runs: so the core is asked, and the
 * runs that it names are used for the rest of the call that came from outside. What is no plain RAM
 * goes through the core.
 *
 * What is written is posted, so that it happens when the call is done, with all else that the call
 * leads to; what the call reads meanwhile has it already. What is mapped for writing is written at
 * once.
 */
#include <sys/mman.h>

#include "isolated/device-parts.h"

#define RUNS 4
#define RUN_LENGTH 65536

struct run {
	unsigned turn; /* of device.turn, in which it is true */
	bool for_write, is_mastered;
	tsr_gpa at;
	uint64_t length;
	uint8_t *bytes;
};
static struct run runs[RUNS];
static unsigned next_run;

/* What is written, and waits among the posts: device.writes of them. */
#define WRITES 128
struct write {
	tsr_gpa at;
	uint64_t length;
	const uint8_t *bytes;
};
static struct write writes[WRITES];

void device_map_ram(void)
{
	uint64_t size = device.ram_fd >= 0 ? device_ask_about(ISO_RAM_SIZE, 0, NULL) : 0;

	if (device.ram || !size)
		return;
	device.ram = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, device.ram_fd, 0);
	if (device.ram == MAP_FAILED)
		device.ram = NULL;
}

/* Asks for the run that begins with the page of `at`. */
static const struct run *ask_run(bool is_mastered, tsr_gpa at, bool for_write)
{
	struct run *run = &runs[next_run];
	struct iso_message m;

	m.head = (struct iso_head){ .what = ISO_DMA_MAP, .id = is_mastered };
	m.head.a[0] = at & ~(tsr_gpa)TSR_PAGE_MASK;
	m.head.a[1] = RUN_LENGTH;
	m.head.a[2] = for_write;
	device_ask(&m);
	if (!m.head.a[0])
		return NULL;
	next_run = (next_run + 1) % RUNS;
	*run = (struct run){ .turn = device.turn,
			     .for_write = for_write,
			     .is_mastered = is_mastered,
			     .at = at & ~(tsr_gpa)TSR_PAGE_MASK,
			     .length = m.head.a[1],
			     .bytes = device.ram + m.head.a[2] };
	return run;
}

static const struct run *known_run(bool is_mastered, tsr_gpa at, bool for_write)
{
	for (unsigned i = 0; i < RUNS; i++) {
		const struct run *run = &runs[i];

		if (run->turn == device.turn && run->for_write == for_write &&
		    run->is_mastered == is_mastered && at >= run->at && at - run->at < run->length)
			return run;
	}
	return NULL;
}

/* The bytes of guest memory from `at` on; *length is cut to the run's end. NULL: ask the core. */
static uint8_t *find(const struct tsr_host *host, tsr_gpa at, uint64_t *length, bool for_write)
{
	bool is_mastered = host == &device.dma_host;
	const struct run *run;

	if (!*length || !device.ram)
		return NULL;
	run = known_run(is_mastered, at, for_write);
	run = run ? run : ask_run(is_mastered, at, for_write);
	if (!run)
		return NULL;
	if (*length > run->length - (at - run->at))
		*length = run->length - (at - run->at);
	return run->bytes + (at - run->at);
}

static void post_written(tsr_gpa at, uint64_t length)
{
	device_post(&(struct iso_head){ .what = ISO_WRITTEN, .a = { at, length } }, NULL);
}

/* Writes that wait happen now. */
static void settle(void)
{
	if (device.writes)
		device_ask_about(ISO_FLUSH, 0, NULL);
}

static void post_write(const struct tsr_host *host, tsr_gpa at, const uint8_t *bytes,
		       uint64_t length)
{
	const struct iso_head head = { .what = ISO_DMA,
				       .id = host == &device.dma_host,
				       .length = (uint32_t)length,
				       .a = { at } };

	const uint8_t *copy;

	if (device.writes == WRITES)
		settle();
	copy = device_post(&head, bytes);
	writes[device.writes++] = (struct write){ at, length, copy };
}

/* What was read has what waits. */
static void overlay(tsr_gpa from, uint8_t *to, uint64_t length)
{
	for (unsigned i = 0; i < device.writes; i++) {
		const struct write *w = &writes[i];
		tsr_gpa begin = w->at > from ? w->at : from;
		tsr_gpa end = w->at + w->length < from + length ? w->at + w->length : from + length;

		if (begin < end)
			memcpy(to + (begin - from), w->bytes + (begin - w->at), end - begin);
	}
}

static bool read_by_core(const struct tsr_host *host, tsr_gpa from, void *to, uint64_t length)
{
	struct iso_message m;

	m.head = (struct iso_head){ .what = ISO_DMA_READ, .id = host == &device.dma_host };
	m.head.a[0] = from;
	m.head.a[1] = length;
	device_ask(&m);
	memcpy(to, m.data, m.head.length);
	return m.head.a[0];
}

static bool write_by_core(const struct tsr_host *host, tsr_gpa to, const void *from,
			  uint64_t length)
{
	struct iso_message m;

	m.head = (struct iso_head){ .what = ISO_DMA_WRITE,
				    .id = host == &device.dma_host,
				    .length = (uint32_t)length };
	m.head.a[0] = to;
	memcpy(m.data, from, length);
	device_ask(&m);
	return m.head.a[0];
}

static bool dma_read(const struct tsr_host *host, tsr_gpa from, void *to, uint64_t length)
{
	uint8_t *at = to;
	bool good = true;

	while (length) {
		uint64_t part = length < ISO_DATA ? length : ISO_DATA;
		const uint8_t *bytes = find(host, from, &part, false);

		if (bytes)
			memcpy(at, bytes, part);
		else
			good &= read_by_core(host, from, at, part);
		overlay(from, at, part);
		from += part;
		at += part;
		length -= part;
	}
	return good;
}

static bool dma_write(const struct tsr_host *host, tsr_gpa to, const void *from, uint64_t length)
{
	const uint8_t *at = from;
	bool good = true;

	while (length) {
		uint64_t part = length < ISO_DATA ? length : ISO_DATA;
		const uint8_t *bytes = find(host, to, &part, true);

		if (bytes)
			post_write(host, to, at, part);
		else
			good &= write_by_core(host, to, at, part);
		to += part;
		at += part;
		length -= part;
	}
	return good;
}

static void *dma_map(const struct tsr_host *host, tsr_gpa at, uint64_t *length, bool for_write)
{
	settle();
	return find(host, at, length, for_write);
}

static void dma_written(const struct tsr_host *host, tsr_gpa at, uint64_t length)
{
	post_written(at, length);
}

static void dma_unmap(const struct tsr_host *host, tsr_gpa at, uint64_t length, bool is_written)
{
	if (is_written)
		post_written(at, length);
}

const struct tsr_dma device_dma = { .size = sizeof(device_dma),
				    .read = dma_read,
				    .write = dma_write,
				    .map = dma_map,
				    .written = dma_written,
				    .unmap = dma_unmap };
