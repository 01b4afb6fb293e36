/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * One-instruction functions for the host's floating-point unit, made on demand and found by their
 * bytes. There are two mappings of one memfd: the writable one is never executable.
 */
#define _GNU_SOURCE
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "thunk.h"

#define THUNK_BYTES 16u
#define THUNK_COUNT 4096u
#define POOL_BYTES ((size_t)THUNK_BYTES * THUNK_COUNT)
#define RET 0xc3

struct thunk_pool {
	uint8_t *write, *run;
	uint32_t used;
	uint16_t slot[2 * THUNK_COUNT]; /* hash table: index + 1 of a thunk; never more than half
					   full */
};
_Static_assert(THUNK_COUNT < UINT16_MAX, "slots hold an index + 1");

#define STORE_MM(n) \
	{ \
		0x0f, 0x7f, (n) << 3 | 7 \
	} /* MOVQ mem, mmN */
/* clang-format off */
static const struct {
	uint8_t length, bytes[3];
} fixed[THUNK_FIXED] = {
	[THUNK_NOTHING] = { 0 },
	[THUNK_FNSTENV] = { 2, { 0xd9, 0x37 } },
	[THUNK_FLDENV] = { 2, { 0xd9, 0x27 } },
	[THUNK_FNINIT] = { 2, { 0xdb, 0xe3 } },
	[THUNK_STORE_MM0] = { 3, STORE_MM(0) }, { 3, STORE_MM(1) }, { 3, STORE_MM(2) }, { 3, STORE_MM(3) },
	{ 3, STORE_MM(4) }, { 3, STORE_MM(5) }, { 3, STORE_MM(6) }, { 3, STORE_MM(7) },
};
/* clang-format on */

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

/* Empty but for the fixed thunks, each in its own place. */
static void pool_start(cpu *c)
{
	c->thunks->used = 0;
	memset(c->thunks->slot, 0, sizeof(c->thunks->slot));
	for (unsigned i = 0; i < THUNK_FIXED; i++)
		thunk_get(c, fixed[i].bytes, fixed[i].length);
}

bool thunk_init(cpu *c)
{
	c->thunks = pool_new();
	if (c->thunks)
		pool_start(c);
	return c->thunks;
}

bool thunk_reserve(cpu *c)
{
	if (c->thunks->used < THUNK_COUNT)
		return true;
	pool_start(c);
	return false;
}

const void *thunk_fixed(const cpu *c, enum thunk_fixed which)
{
	return c->thunks->run + which * THUNK_BYTES;
}

const void *thunk_get(cpu *c, const uint8_t *instruction, unsigned length)
{
	struct thunk_pool *pool = c->thunks;
	uint8_t bytes[THUNK_BYTES];
	uint32_t at;

	if (length >= THUNK_BYTES)
		return NULL;
	memset(bytes, RET, sizeof(bytes));
	memcpy(bytes, instruction, length);
	for (at = hash(bytes) % (2 * THUNK_COUNT); pool->slot[at];
	     at = (at + 1) % (2 * THUNK_COUNT)) {
		uint32_t n = pool->slot[at] - 1u;

		if (!memcmp(pool->write + n * THUNK_BYTES, bytes, THUNK_BYTES))
			return pool->run + n * THUNK_BYTES;
	}
	if (pool->used == THUNK_COUNT)
		return NULL;
	memcpy(pool->write + pool->used * THUNK_BYTES, bytes, THUNK_BYTES);
	pool->slot[at] = (uint16_t)(pool->used + 1);
	return pool->run + pool->used++ * THUNK_BYTES;
}
