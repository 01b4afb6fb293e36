/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Links: a direct exit of a block is a CALL of the runtime, which becomes a JMP to the block that
 * it leads to when it is first taken; from a hot block to another page it has a guard and is linked
 * for one tag. Blocks for one address and shared ones are linked by a passage.
 */
#include "code/links.h"
#include "code/emit.h"
#include "code/places.h"

#define PASSAGE_MAX 32 /* bytes */

/* Where the call of an exit returns. */
static uint32_t exit_return(const struct bt_exit *x)
{
	return !x->guard && x->stub ? x->patch + x->stub + BT_DIVERT : x->patch + 4;
}

/* The guard lets the current tag through to that place. Other tags call the runtime, or go on to
 * the jump cache if the exit was linked often. */
static void patch_guarded(struct tsr_bt *bt, const struct bt_exit *x, uint32_t target)
{
	bool often = target && x->links >= BT_RELINKS;
	uint32_t key = target ? 0 - bt->mode.tag : 0;

	memcpy(bt->cache.rw + x->patch - x->guard, &key, sizeof(key));
	bt->cache.rw[x->patch - 1] = often ? OP_JMP_JZ : OP_CALL;
	bt_patch(bt, x->patch, often ? bt->rt.jump : bt->rt.chain);
	if (target)
		bt_patch(bt, x->patch + x->landing, target);
}

/* A JMP to that place in the cache; 0: the CALL of the runtime again. */
static void patch_exit(struct tsr_bt *bt, const struct bt_exit *x, uint32_t target)
{
	if (x->guard) {
		patch_guarded(bt, x, target);
		return;
	}
	if (!x->stub)
		bt->cache.rw[x->patch - 1] = target ? OP_JMP_JZ : OP_CALL;
	bt_patch(bt, x->patch, target ? target : x->stub ? x->patch + x->stub : bt->rt.chain);
}

/* The exit whose call returns there. */
uint32_t tsr_bt_exit_at(struct tsr_bt *bt, uint32_t host)
{
	const struct bt_block *b = tsr_bt_cache_block_at(bt, host - 1);
	uint32_t i = b->exits;

	while (i + 1 < b->exits + b->exit_count && exit_return(&bt->cache.exits[i]) != host)
		i++;
	return i;
}

static uint32_t guard_key(const struct tsr_bt *bt, const struct bt_exit *x)
{
	uint32_t key;

	memcpy(&key, bt->cache.rw + x->patch - x->guard, sizeof(key));
	return key;
}

/* The block that a linked exit leads to, directly or by a passage. */
static struct bt_block *target_of(struct tsr_bt *bt, const struct bt_exit *x)
{
	uint32_t at = x->patch + (x->guard ? x->landing : 0u), rel, index;
	struct bt_block *b;

	memcpy(&rel, bt->cache.rw + at, sizeof(rel));
	b = tsr_bt_cache_block_at(bt, at + 4 + rel);
	if (b->host == at + 4 + rel)
		return b;
	memcpy(&index, bt->cache.rw + at + rel, sizeof(index));
	return &bt->cache.blocks[index];
}

/* A passage from code at one address to code that several share, or back: the index of the block
 * that it leads to, and behind that its code, to which the exit jumps.
 *
 *	to a shared block:	mov dword [shift], of the block's page
 *				jmp block
 *	from a shared block:	mov r8d, [shift]
 *				lea r8d, [r8 + EIP]
 *				jmp jump cache		; another address space has another block
 *
 * Returns 0 if there is no room. */
static uint32_t make_passage(struct tsr_bt *bt, const struct bt_exit *x, const struct bt_block *to)
{
	uint32_t start = bt->cache.used, code;
	struct emitter e = { .base = bt->cache.rw,
			     .p = bt->cache.rw + start,
			     .end = bt->cache.rw + start + PASSAGE_MAX };

	if (bt->cache.size - start <= BT_BLOCK_HOST_MAX)
		return 0;
	emit_u32(&e, bt_block_index(bt, to));
	code = emit_here(&e);
	if (to->shared) {
		emit_store_imm(&e, BT_AT(offsetof(struct tsr_bt, hot.shift)), bt->hot.shift);
		emit_jmp(&e, to->host);
	} else {
		emit_load(&e, R8, BT_AT(offsetof(struct tsr_bt, hot.shift)));
		emit_lea(&e, R8, HOST_MEM(R8, (int32_t)x->eip));
		emit_jmp(&e, bt->rt.jump);
	}
	bt->cache.used = (emit_here(&e) + 15) & ~15u;
	tsr_bt_cache_stretch(bt, start, bt->cache.block_count - 1);
	bt->stats.passages++;
	return code;
}

/* It stays in its target's list. */
static void unlink_exit(struct tsr_bt *bt, struct bt_exit *x)
{
	if (!x->linked)
		return;
	x->linked = 0;
	patch_exit(bt, x, 0);
}

/* The list without those that are not linked any more. */
static void incoming_tidy(struct tsr_bt *bt, struct bt_block *b)
{
	uint32_t *at = &b->incoming;

	while (*at != BT_NONE) {
		struct bt_exit *x = &bt->cache.exits[*at];

		if (x->linked)
			at = &x->next;
		else
			*at = x->next;
	}
}

static void incoming_enter(struct tsr_bt *bt, uint32_t exit, struct bt_block *target)
{
	struct bt_exit *x = &bt->cache.exits[exit];

	if (x->linked && target_of(bt, x) == target)
		return;
	if (x->linked) {
		struct bt_block *old = target_of(bt, x);

		x->linked = 0;
		incoming_tidy(bt, old);
	}
	x->linked = 1;
	x->next = target->incoming;
	target->incoming = exit;
}

/* Exits of blocks that are invalid stay as they are: none of them is linked again, so each is in
 * one list at most. */
void tsr_bt_link(struct tsr_bt *bt, uint32_t exit, struct bt_block *target)
{
	struct bt_exit *x = &bt->cache.exits[exit];
	bool other_tag = x->guard && guard_key(bt, x) != 0 - bt->mode.tag;
	const struct bt_block *from = tsr_bt_cache_block_at(bt, x->patch);
	uint32_t to = target->host;

	if (!from->valid || (x->linked && !other_tag))
		return;
	if (from->shared != target->shared)
		to = make_passage(bt, x, target);
	if (!to || (from->shared && from->gpa >> TSR_PAGE_SHIFT != target->gpa >> TSR_PAGE_SHIFT))
		return;
	if (other_tag)
		x->links = (x->links + (x->links < BT_RELINKS)) & 15;
	incoming_enter(bt, exit, target);
	patch_exit(bt, x, to);
	tsr_bt_cache_serialize(bt);
}

static void unlink_incoming(struct tsr_bt *bt, struct bt_block *b)
{
	for (uint32_t i = b->incoming; i != BT_NONE; i = bt->cache.exits[i].next)
		unlink_exit(bt, &bt->cache.exits[i]);
	b->incoming = BT_NONE;
}

static void unlink_outgoing(struct tsr_bt *bt, const struct bt_block *b)
{
	for (uint32_t i = b->exits; i < b->exits + b->exit_count; i++)
		unlink_exit(bt, &bt->cache.exits[i]);
}

/* Tags start again: a guard would let another through than it was linked for. */
void tsr_bt_links_cut_guarded(struct tsr_bt *bt)
{
	for (uint32_t i = 0; i < bt->cache.exit_count; i++)
		if (bt->cache.exits[i].guard)
			unlink_exit(bt, &bt->cache.exits[i]);
	for (uint32_t i = 0; i < bt->cache.block_count; i++)
		incoming_tidy(bt, &bt->cache.blocks[i]);
	tsr_bt_cache_serialize(bt);
}

/* A RET that comes back into the block goes on to the jump cache, which finds the block at r8d. */
static void close_arrivals(struct tsr_bt *bt, const struct bt_block *b)
{
	for (uint32_t i = b->exits; i < b->exits + b->exit_count; i++) {
		uint32_t at = bt->cache.exits[i].patch + 4;

		if (!bt->cache.exits[i].arrival)
			continue;
		bt->cache.rw[at] = OP_JMP_JZ;
		bt_patch(bt, at + 1, bt->rt.jump);
	}
}

/* Nothing leads to the block any more, nor from it to others. */
void tsr_bt_links_cut(struct tsr_bt *bt, struct bt_block *b)
{
	unlink_incoming(bt, b);
	unlink_outgoing(bt, b);
	close_arrivals(bt, b);
}
