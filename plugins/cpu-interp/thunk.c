/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * One-instruction functions for the host's floating-point unit, made on demand and found again by their bytes. Two mappings of
 * one memfd: the writable one is never executable.
 */
#define _GNU_SOURCE
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "thunk.h"

#define THUNK_BYTES 16u
#define THUNK_COUNT 4096u
#define THUNK_RESERVE 128u
#define POOL_BYTES ((size_t)THUNK_BYTES * THUNK_COUNT)
#define RET 0xc3

struct thunk_pool {
	uint8_t *write, *run;
	uint32_t used;
	uint16_t slot[2 * THUNK_COUNT]; /* hash table: index + 1 of a thunk */
};

static struct thunk_pool *pool_new(void)
{
	struct thunk_pool *pool = calloc(1, sizeof(*pool));
	int fd = memfd_create("tessera-thunks", MFD_CLOEXEC);

	if (!pool || fd < 0 || ftruncate(fd, (off_t)POOL_BYTES) < 0)
		goto fail;
	pool->write = mmap(NULL, POOL_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	pool->run = mmap(NULL, POOL_BYTES, PROT_READ | PROT_EXEC, MAP_SHARED, fd, 0);
	if (pool->write == MAP_FAILED || pool->run == MAP_FAILED)
		goto fail_map;
	close(fd);
	return pool;
fail_map:
	if (pool->write != MAP_FAILED)
		munmap(pool->write, POOL_BYTES);
	if (pool->run != MAP_FAILED)
		munmap(pool->run, POOL_BYTES);
fail:
	if (fd >= 0)
		close(fd);
	free(pool);
	return NULL;
}

bool thunk_init(cpu *c)
{
	c->thunks = pool_new();
	return c->thunks;
}

void thunk_finish(cpu *c)
{
	if (!c->thunks)
		return;
	munmap(c->thunks->write, POOL_BYTES);
	munmap(c->thunks->run, POOL_BYTES);
	free(c->thunks);
	c->thunks = NULL;
}

static uint32_t hash(const uint8_t bytes[THUNK_BYTES])
{
	uint64_t a;

	memcpy(&a, bytes, 8);
	return (uint32_t)(a * 0x9e3779b97f4a7c15u >> 40);
}

/* A full pool starts again, and the decoded instructions that point into it go too. What instructions of fixed bytes ask for
 * while they run (fpu-env.c) fits into the reserve. */
void thunk_reserve(cpu *c)
{
	struct thunk_pool *pool = c->thunks;

	if (pool->used + THUNK_RESERVE <= THUNK_COUNT)
		return;
	pool->used = 0;
	memset(pool->slot, 0, sizeof(pool->slot));
	decode_flush(c);
}

const void *thunk_get(cpu *c, const uint8_t *instruction, unsigned length)
{
	struct thunk_pool *pool = c->thunks;
	uint8_t bytes[THUNK_BYTES];
	uint32_t at;

	memset(bytes, RET, sizeof(bytes));
	if (length) /* none: a thunk that only returns */
		memcpy(bytes, instruction, length);
	for (at = hash(bytes) % (2 * THUNK_COUNT); pool->slot[at]; at = (at + 1) % (2 * THUNK_COUNT)) {
		uint32_t n = pool->slot[at] - 1u;

		if (!memcmp(pool->write + n * THUNK_BYTES, bytes, THUNK_BYTES))
			return pool->run + n * THUNK_BYTES;
	}
	memcpy(pool->write + pool->used * THUNK_BYTES, bytes, THUNK_BYTES);
	pool->slot[at] = (uint16_t)(pool->used + 1);
	return pool->run + pool->used++ * THUNK_BYTES;
}
