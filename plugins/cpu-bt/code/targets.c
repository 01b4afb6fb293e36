/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Maps from EIP to code, for the indirect jumps of hot blocks: four bytes for each of the 2^32
 * addresses, which are the offset in the code cache of the block there, under the map's tag. So a
 * look-up is one load. At offset 0 stands the way on to the jump cache (runtime/runtime.c): it is
 * what the memory of a map says that nobody has written to.
 *
 * What a map says is what the jump cache would say of the same tag and EIP, and it is forgotten
 * where the jump cache is cleared: when the code cache is flushed and when the tags' numbers start
 * again. A block that is invalid has a way out at its start. One map is always empty: that of tags
 * without one. A request to leave changes a byte of the current map's address, which leads to the
 * same place in a region that is always empty.
 *
 * Host memory is taken only for the pages of a map that are written, one for each KiB of code that
 * indirect jumps lead to. Their number is bounded, and so is that of the maps: a tag gets the
 * oldest one when its jumps have found nothing often enough.
 */
#define _GNU_SOURCE
#include <sys/mman.h>
#include <sys/resource.h>

#include "code/targets.h"

#define ADDRESSES_MIN (4ull << 40) /* with a lower limit on addresses (RLIMIT_AS) no maps */
#define MAP_SIZE ((size_t)4 << 32)
#define MAP_PAGES (MAP_SIZE / TSR_PAGE_SIZE)
#define BITS_SIZE (MAP_PAGES / 8) /* behind a map: one for each page that is written */
#define STRIDE ((size_t)5 << 32)
#define REGION (BT_TARGET_MAPS * STRIDE + MAP_SIZE)
#define AWAY ((size_t)1 << 8 * BT_TARGETS_REQUEST) /* from a map to what stands for it */
_Static_assert(MAP_SIZE + BITS_SIZE <= STRIDE && REGION <= AWAY, "");
#define PAGES_MAX 2048u   /* of all maps: 8 MiB */
#define GRANT_AFTER 1024u /* jumps that have found nothing */
#define PAGE_OF(eip) ((eip) / (TSR_PAGE_SIZE / sizeof(uint32_t)))

static uint8_t *map_at(const struct tsr_bt *bt, unsigned slot)
{
	return bt->targets.region + slot * STRIDE;
}

static const uint32_t *empty_map(const struct tsr_bt *bt)
{
	return (const uint32_t *)map_at(bt, BT_TARGET_MAPS);
}

/* The maps' region at a multiple of AWAY, and one of its size that far behind it; no access. */
static uint8_t *reserve(void)
{
	const size_t size = 2 * AWAY + REGION;
	uint8_t *p =
		mmap(NULL, size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	uint8_t *region;

	if (p == MAP_FAILED)
		return NULL;
	region = (uint8_t *)(((uintptr_t)p + AWAY - 1) & ~(AWAY - 1));
	if (region > p)
		munmap(p, (size_t)(region - p));
	munmap(region + REGION, AWAY - REGION);
	if (region < p + AWAY)
		munmap(region + AWAY + REGION, (size_t)(p + AWAY - region));
	return region;
}

static bool allow(uint8_t *region)
{
	return !mprotect(region, BT_TARGET_MAPS * STRIDE, PROT_READ | PROT_WRITE) &&
	       !mprotect(region + BT_TARGET_MAPS * STRIDE, MAP_SIZE, PROT_READ) &&
	       !mprotect(region + AWAY, REGION, PROT_READ);
}

/* Without memory for it, hot blocks look into the jump cache themselves. */
void tsr_bt_targets_init(struct tsr_bt *bt)
{
	struct rlimit limit;

	if (!bt->options.targets || getrlimit(RLIMIT_AS, &limit) || limit.rlim_cur < ADDRESSES_MIN)
		return;
	bt->targets.region = reserve();
	if (!bt->targets.region)
		return;
	if (!allow(bt->targets.region)) {
		tsr_bt_targets_finish(bt);
		return;
	}
	for (unsigned away = 0; away < 2; away++) {
		madvise(bt->targets.region + away * AWAY, REGION, MADV_NOHUGEPAGE);
		madvise(bt->targets.region + away * AWAY, REGION, MADV_DONTDUMP);
	}
	bt->hot.no_targets = bt->hot.targets = bt->targets.current = empty_map(bt);
	bt->targets.here = bt->hot.targets_bytes[BT_TARGETS_REQUEST];
	bt->targets.away = (uint8_t)(bt->targets.here + 1);
	bt->hot.until_target = bt->options.targets;
}

void tsr_bt_targets_finish(struct tsr_bt *bt)
{
	if (bt->targets.region)
		for (unsigned away = 0; away < 2; away++)
			munmap(bt->targets.region + away * AWAY, REGION);
	bt->targets.region = NULL;
}

const uint32_t *tsr_bt_targets_of(const struct tsr_bt *bt, uint32_t tag)
{
	unsigned slot = bt->targets.slot[tag % BT_TARGET_TAGS];

	return bt->targets.tag[slot] == tag ? (const uint32_t *)map_at(bt, slot)
					    : bt->hot.no_targets;
}

static void empty(struct tsr_bt *bt, unsigned slot)
{
	if (!bt->targets.tag[slot])
		return;
	madvise(map_at(bt, slot), STRIDE, MADV_DONTNEED);
	bt->targets.pages -= bt->targets.pages_of[slot];
	bt->targets.pages_of[slot] = 0;
	bt->targets.tag[slot] = 0;
	bt->stats.targets_emptied++;
}

void tsr_bt_targets_reset(struct tsr_bt *bt)
{
	bt_crossings_forget(bt);
	if (!bt->targets.region)
		return;
	bt_set_targets(bt, bt->hot.no_targets);
	for (unsigned i = 0; i < BT_TARGET_MAPS; i++)
		empty(bt, i);
}

/* Has the tag looked in vain often enough? targets=1 is for those who look for faults. */
static bool deserves_map(struct tsr_bt *bt)
{
	uint16_t *misses = &bt->targets.misses[bt->mode.tag % BT_TARGET_TAGS];
	uint32_t sum = *misses + bt->options.targets;

	*misses = sum < GRANT_AFTER ? (uint16_t)sum : 0;
	return sum >= GRANT_AFTER || bt->options.targets == 1;
}

static bool grant(struct tsr_bt *bt)
{
	unsigned slot = bt->targets.oldest;

	if (!deserves_map(bt))
		return false;
	bt_crossings_forget(bt);
	bt->targets.oldest = (slot + 1) % BT_TARGET_MAPS;
	empty(bt, slot);
	bt->targets.tag[slot] = bt->mode.tag;
	bt->targets.slot[bt->mode.tag % BT_TARGET_TAGS] = (uint8_t)slot;
	return true;
}

/* The byte with the bit of EIP's page of the map, and that bit. */
static uint8_t *written_byte(const struct tsr_bt *bt, unsigned slot, uint32_t eip, uint8_t *bit)
{
	*bit = (uint8_t)(1 << PAGE_OF(eip) % 8);
	return map_at(bt, slot) + MAP_SIZE + PAGE_OF(eip) / 8;
}

static void put(struct tsr_bt *bt, unsigned slot, uint32_t eip, uint32_t host)
{
	uint8_t bit, *written = written_byte(bt, slot, eip, &bit);

	if (!(*written & bit)) {
		*written |= bit;
		bt->targets.pages++;
		bt->targets.pages_of[slot]++;
	}
	((uint32_t *)map_at(bt, slot))[eip] = host;
	bt->stats.targets++;
}

void tsr_bt_targets_put(struct tsr_bt *bt, uint32_t eip, const struct bt_block *b)
{
	if (bt->targets.pages >= PAGES_MAX)
		tsr_bt_targets_reset(bt);
	if (tsr_bt_targets_of(bt, bt->mode.tag) != bt->hot.no_targets || grant(bt))
		put(bt, bt->targets.slot[bt->mode.tag % BT_TARGET_TAGS], eip, b->host);
}

/* A block that is noted has a successor: jumps need not go by the way out at its start. */
void tsr_bt_targets_renew(struct tsr_bt *bt, uint32_t eip, const struct bt_block *b)
{
	unsigned slot = bt->targets.slot[bt->mode.tag % BT_TARGET_TAGS];
	uint8_t bit, *written;
	uint32_t *entry;

	if (bt->targets.tag[slot] != bt->mode.tag)
		return;
	written = written_byte(bt, slot, eip, &bit);
	entry = (uint32_t *)map_at(bt, slot) + eip;
	if (*written & bit && *entry)
		*entry = b->shared ? 0 : b->host;
}
