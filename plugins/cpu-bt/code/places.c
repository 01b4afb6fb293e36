/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What stands at a place in the code cache: its block, found by the stretch that it lies in, and in
 * that the instruction and the site. Tables are in the order of their code.
 */
#include "code/places.h"

/* Code from there up to what is used of the cache belongs to the block, or lies behind it. */
void tsr_bt_cache_stretch(struct tsr_bt *bt, uint32_t from, uint32_t index)
{
	for (uint32_t i = (from + BT_STRETCH - 1) / BT_STRETCH; i * BT_STRETCH < bt->cache.used;
	     i++)
		bt->cache.stretches[i] = index;
}

/* Code was changed through another mapping: serialize before it is fetched (SDM volume 3, 8.1.3).
 * IRET does, and costs little. */
void tsr_bt_cache_serialize(const struct tsr_bt *bt)
{
	__asm__ volatile("subq $128, %%rsp\n\t" /* the red zone */
			 "movq %%rsp, %%rax\n\t"
			 "pushq %%rcx\n\t"
			 "pushq %%rax\n\t"
			 "pushfq\n\t"
			 "pushq %%rdx\n\t"
			 "leaq 1f(%%rip), %%rax\n\t"
			 "pushq %%rax\n\t"
			 "iretq\n"
			 "1:\n\t"
			 "addq $128, %%rsp"
			 :
			 : "c"((uint64_t)bt->host_cpu.ss), "d"((uint64_t)bt->host_cpu.cs)
			 : "rax", "memory", "cc");
}

struct bt_block *tsr_bt_cache_block_at(struct tsr_bt *bt, uint32_t host)
{
	uint32_t i = bt->cache.stretches[host / BT_STRETCH];

	while (i + 1 < bt->cache.block_count && bt->cache.blocks[i + 1].host <= host)
		i++;
	return &bt->cache.blocks[i];
}

static uint32_t find_site(struct tsr_bt *bt, uint32_t host)
{
	const struct bt_block *b = tsr_bt_cache_block_at(bt, host - 1);
	uint32_t i = b->sites;

	while (i + 1 < b->sites + b->site_count && b->host + bt->cache.sites[i].host != host)
		i++;
	return i;
}

/* The instruction of the block whose host code is at that place: its index, and its EIP. */
unsigned tsr_bt_cache_insn_at(const struct tsr_bt *bt, const struct bt_block *b, uint32_t host,
			      uint32_t *eip)
{
	const uint16_t *rows = bt->cache.offsets + b->offsets;
	uint32_t at = b->host;
	unsigned n = 0;

	for (; n + 1u < b->insns; n++) {
		at += BT_OFFSET_STEP(rows[n]);
		if (at + BT_OFFSET_STEP(rows[n + 1]) > host)
			break;
	}
	*eip = bt_insn_eip(bt, b, n);
	return n;
}

/* The site that code returns to from its call. */
const struct bt_site *tsr_bt_cache_site_at(struct tsr_bt *bt, uint32_t host)
{
	struct bt_known_site *known = &bt->cache.known_sites[host % BT_KNOWN_SITES];

	if (known->host != host)
		*known = (struct bt_known_site){ host, find_site(bt, host) };
	return &bt->cache.sites[known->site];
}
