/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The slow path of a memory access.
 * - Plain memory: the MMU has entered the page into its table, and translated code resumes with the
 * addend.
 * - A read of device memory, or of an operand that crosses a page: the instruction works on a copy.
 * - A write to a traced page, to device memory or across pages: if the instruction is a store and
 * nothing else, it is done here, and translated code stores to a copy that nobody reads (to resume
 * behind the store would cost a return that the host predicts wrongly); other instructions are left
 * to the interpreter. Every page that will be written is requested before anything is written, so
 * that a fault finds the state as it was before the instruction.
 */
#include <string.h>

#include "code/cache.h"
#include "code/flags.h"
#include "code/samples.h"
#include "runtime/device.h"
#include "runtime/fp-pointers.h"
#include "runtime/miss.h"
#include "runtime/outcome.h"
#include "runtime/unchecked.h"

static enum tsr_mmu_view view(const struct tsr_bt *bt)
{
	return bt->mode.word & BT_MODE_USER ? TSR_VIEW_USER : TSR_VIEW_SUPERVISOR;
}

static struct bt_outcome leave_with_fault(struct tsr_bt *bt, const struct bt_site *s, uint32_t gla,
					  uint32_t error_code)
{
	bt->run.fault = (struct tsr_x86_fault){ .vector = TSR_VECTOR_PF,
						.has_error_code = true,
						.error_code = error_code,
						.cr2 = gla };
	bt->state.eip = bt_site_eip(bt, s);
	bt_leave_ahead(bt, s, false);
	tsr_bt_flags_recover(bt, s);
	tsr_bt_fp_before(bt, s);
	bt->hot.exit_value = BT_NONE;
	return bt_leave(bt, s->access & BT_EXACT ? BT_EXIT_BAIL : BT_EXIT_FAULT);
}

/* The instruction is done at that host address of the operand. */
static struct bt_outcome access_by(const uint8_t *host, uint32_t gla)
{
	return bt_go_on_with((uint64_t)(uintptr_t)host - gla);
}

/* The operand, in parts that lie within a page each. Not in the state of translated code: devices
 * may call back. */
struct part {
	struct tsr_mmu_result at;
	uint32_t length;
};
struct operand {
	struct part part[2];
	unsigned parts;
};

/* False: a fault; its error code is in part->at. */
static inline bool open_part(struct tsr_bt *bt, struct part *part, uint32_t gla, uint32_t length,
			     unsigned access)
{
	enum tsr_mmu_access a = access & BT_WRITE ? TSR_ACCESS_WRITE : TSR_ACCESS_READ;

	part->length = length;
	return bt->board.mmu->fill(bt->board.mmu_self, bt->board.vcpu, view(bt), gla, a,
				   &part->at) != TSR_MMU_FAULT;
}

static unsigned device_width(uint32_t length)
{
	return length >= 8 ? 8 : length >= 4 ? 4 : length >= 2 ? 2 : 1;
}

/* Moves of a constant number of bytes are one instruction each. */
static void put(uint8_t *to, uint64_t value, unsigned width)
{
	switch (width) {
	case 1:
		memcpy(to, &value, 1);
		break;
	case 2:
		memcpy(to, &value, 2);
		break;
	case 4:
		memcpy(to, &value, 4);
		break;
	default:
		memcpy(to, &value, 8);
		break;
	}
}

static void device_read(struct tsr_bt *bt, tsr_gpa gpa, uint8_t *to, uint32_t length)
{
	while (length) {
		unsigned width = device_width(length);

		put(to, bt->board.phys->read(bt->board.host, gpa, width), width);
		to += width;
		gpa += width;
		length -= width;
	}
}

/* The lowest bytes of the value: a store has four at most. */
static void device_write(struct tsr_bt *bt, tsr_gpa gpa, uint32_t value, uint32_t length)
{
	while (length) {
		unsigned width = device_width(length);
		uint32_t mask = width < 4 ? (1u << 8 * width) - 1 : UINT32_MAX;

		bt->board.phys->write(bt->board.host, gpa, value & mask, width);
		if (width == length)
			break;
		value >>= 8 * width;
		gpa += width;
		length -= width;
	}
}

static void read_part(struct tsr_bt *bt, const struct bt_site *s, const struct part *part,
		      uint8_t *to)
{
	bool loaded;

	if (part->at.kind != TSR_MMU_IO) {
		memcpy(to, part->at.host, part->length);
		return;
	}
	loaded = tsr_bt_device_begin(bt, s);
	device_read(bt, part->at.gpa, to, part->length);
	tsr_bt_device_end(bt, loaded);
}

static void write_part(struct tsr_bt *bt, const struct bt_site *s, const struct part *part,
		       uint32_t value)
{
	bool loaded;

	if (part->at.kind == TSR_MMU_IO) {
		loaded = tsr_bt_device_begin(bt, s);
		device_write(bt, part->at.gpa, value, part->length);
		tsr_bt_device_end(bt, loaded);
		return;
	}
	memcpy(part->at.host, &value, part->length);
	if (part->at.kind == TSR_MMU_TRACED)
		bt->board.mmu->written(bt->board.mmu_self, part->at.gpa, part->length);
}

/* The running block, or something it depends on, was invalidated: it must be left at the next
 * instruction. Its code there is overwritten with a jump out. */
static void leave_at_next(struct tsr_bt *bt, const struct bt_site *s)
{
	const struct bt_block *b = &bt->cache.blocks[s->block];

	if (s->insn + 1u >= b->insns)
		return; /* the last one: its exits are not linked any more */
	tsr_bt_fp_after(bt, s);
	tsr_bt_cache_divert(bt, b->host + bt_insn_host(bt, b, s->insn + 1u));
	tsr_bt_cache_serialize(bt);
	bt->stats.left_behind++;
}

static void leave_if_stale(struct tsr_bt *bt, const struct bt_site *s)
{
	if (!bt->cache.blocks[s->block].valid)
		leave_at_next(bt, s);
}

/* The instruction reads a copy. */
static struct bt_outcome read_copy(struct tsr_bt *bt, uint32_t gla, const struct bt_site *s,
				   const struct operand *o)
{
	uint8_t *to = bt->hot.bounce;

	bt->stats.bounces++;
	for (unsigned i = 0; i < o->parts; i++) {
		read_part(bt, s, &o->part[i], to);
		to += o->part[i].length;
	}
	if (!bt->cache.blocks[s->block].valid)
		tsr_bt_flags_recover(bt, s); /* the code has changed, and may read them */
	leave_if_stale(bt, s);
	return access_by(bt->hot.bounce, gla);
}

/* A page that a live group writes to was taken out of the table: the pointer must not be used any
 * more. */
static bool has_stale_group(const struct tsr_bt *bt, const struct bt_site *s)
{
	const struct bt_site_more *m = bt_site_more(bt, s);

	for (unsigned i = 0; i < 2; i++) {
		uint32_t gla;
		uint64_t entry;

		if (!m->group_base[i])
			continue;
		gla = bt->state.gpr[m->group_base[i] - 1] + (uint32_t)m->group_offset[i];
		memcpy(&entry,
		       bt->hot.view_base + bt->board.layout->write_table +
			       (size_t)(gla >> TSR_PAGE_SHIFT) * 8,
		       sizeof(entry));
		if (!entry)
			return true;
	}
	return false;
}

static inline bool groups_stale(const struct tsr_bt *bt, const struct bt_site *s)
{
	return s->more && has_stale_group(bt, s);
}

/* The interpreter does the instruction this time. */
static struct bt_outcome leave_for_one(struct tsr_bt *bt, const struct bt_site *s)
{
	tsr_bt_flags_recover(bt, s);
	tsr_bt_fp_before(bt, s);
	return bt_leave_to_interpreter(bt, s);
}

static struct bt_outcome group_failed(struct tsr_bt *bt, const struct bt_site *s)
{
	struct bt_block *b = &bt->cache.blocks[s->block];
	uint8_t *failures = bt_group_failures(bt, b->gpa);

	bt->stats.group_failures++;
	if (*failures < BT_GROUP_LIMIT && ++*failures == BT_GROUP_LIMIT && b->valid)
		tsr_bt_cache_invalidate(bt, b);
	return leave_for_one(bt, s);
}

/* A group's look-up: the page of its first access decides; all of it must lie there, in plain
 * memory. */
static struct bt_outcome group_miss(struct tsr_bt *bt, uint32_t gla, const struct bt_site *s)
{
	struct part part;
	uint32_t first = gla + (uint32_t)bt_site_more(bt, s)->first;

	if ((gla & TSR_PAGE_MASK) + s->size > TSR_PAGE_SIZE)
		return group_failed(bt, s);
	if (!open_part(bt, &part, first, 1, s->access))
		return leave_with_fault(bt, s, first, part.at.error_code);
	if (part.at.kind != TSR_MMU_RAM)
		return group_failed(bt, s);
	if (groups_stale(bt, s))
		return leave_for_one(bt, s);
	return access_by(part.at.host, first);
}

/* Can translated code make the access to that part? What is too long for the copy, or must be
 * exact, cannot be a device's; with a budget nothing can. */
static inline bool can_access(const struct tsr_bt *bt, const struct bt_site *s,
			      const struct part *part)
{
	bool is_long = s->size > sizeof(bt->hot.bounce), exact = s->access & BT_EXACT;

	if (part->at.kind == TSR_MMU_IO)
		return !is_long && !exact && !bt->budget.counted;
	return !(part->at.kind == TSR_MMU_TRACED && is_long && exact);
}

static uint32_t stored_value(const struct tsr_bt *bt, const struct bt_site *s)
{
	switch (s->store) {
	case BT_STORE_GPR:
	case BT_STORE_EXCHANGE:
		return bt->state.gpr[s->store_value];
	case BT_STORE_HIGH:
		return bt->state.gpr[s->store_value] >> 8;
	case BT_STORE_R11:
		return (uint32_t)bt->hot.saved_r11;
	case BT_STORE_EIP:
		return s->store_value + bt->hot.shift;
	default:
		return s->store_value;
	}
}

/* Flags that were dead: the code has changed, and may read them. */
static void keep_flags(struct tsr_bt *bt, const struct bt_site *s)
{
	uint16_t now = bt->hot.flags_ax, kept = bt_site_more(bt, s)->flags_kept;

	tsr_bt_flags_recover(bt, s);
	bt->hot.flags_ax = (bt->hot.flags_ax & kept) | (now & ~kept);
}

/* The store is done here, and once more in the copy. Code is left at the next instruction if the
 * block is not what it was. */
static struct bt_outcome store(struct tsr_bt *bt, const struct bt_site *s, uint32_t gla,
			       const struct operand *o)
{
	uint32_t value = stored_value(bt, s);

	bt->stats.commits++;
	if (s->store == BT_STORE_EXCHANGE)
		memcpy(bt->hot.bounce, o->part[0].at.host, s->size);
	write_part(bt, s, &o->part[0], value);
	if (o->parts == 2)
		write_part(bt, s, &o->part[1], value >> 8 * o->part[0].length);
	if (groups_stale(bt, s) && bt->cache.blocks[s->block].valid)
		tsr_bt_cache_invalidate(bt, &bt->cache.blocks[s->block]);
	tsr_bt_cache_untrace(bt);
	if (bt_site_more(bt, s)->flags_kept && !bt->cache.blocks[s->block].valid)
		keep_flags(bt, s);
	leave_if_stale(bt, s);
	return access_by(bt->hot.bounce, gla);
}

/* An exchange that must be one step for devices, or has two parts, is not made here. */
static inline bool can_store(const struct bt_site *s, const struct operand *o)
{
	if (s->store == BT_STORE_EXCHANGE)
		return o->parts == 1 && o->part[0].at.kind == TSR_MMU_TRACED;
	return s->store != BT_STORE_OTHER;
}

/* All parts are open. */
static inline struct bt_outcome access_opened(struct tsr_bt *bt, const struct bt_site *s,
					      uint32_t gla, const struct operand *o)
{
	enum tsr_mmu_kind kind = o->part[0].at.kind;
	bool one = o->parts == 1;

	if (one && kind != TSR_MMU_IO && !(s->access & BT_WRITE && kind == TSR_MMU_TRACED)) {
		tsr_bt_unchecked_filled(bt, gla);
		return access_by(o->part[0].at.host, gla);
	}
	if (!(s->access & BT_WRITE))
		return read_copy(bt, gla, s, o);
	return can_store(s, o) ? store(bt, s, gla, o) : leave_for_one(bt, s);
}

/* One check of many comes here although its page may be in the table. A block that has come often
 * is translated again, with inline checks, when it is entered next. */
static void take_sample(struct tsr_bt *bt, const struct bt_site *s)
{
	struct bt_block *b = &bt->cache.blocks[s->block];
	uint8_t *heat = bt_heat(bt, b->gpa);

	bt->hot.until_sample = BT_SAMPLE_EVERY;
	bt->stats.samples++;
	if (b->hot || !b->valid || bt->options.checks != BT_CHECKS_AUTO)
		return;
	if (*heat < BT_HOT)
		++*heat;
	if (b->shared)
		tsr_bt_samples_note(bt);
	if (*heat < BT_HOT || (b->shared && bt_is_young(bt)))
		return;
	tsr_bt_samples_want(bt, bt_block_eip(bt, b));
	tsr_bt_cache_invalidate(bt, b);
}

/* The access at `gla` is not in the MMU's table. `address`: where it returns, the lower half. */
struct bt_outcome tsr_bt_miss(struct tsr_bt *bt, uint32_t gla, uint32_t address)
{
	const struct bt_site *s =
		tsr_bt_cache_site_at(bt, address - (uint32_t)(uintptr_t)bt->cache.rx);
	uint32_t first = TSR_PAGE_SIZE - (gla & TSR_PAGE_MASK);
	struct operand o;

	if (!bt->hot.until_sample)
		take_sample(bt, s);
	bt->stats.misses++;
	if (s->group)
		return group_miss(bt, gla, s);
	if (first >= s->size)
		first = s->size;
	else if (s->access & BT_EXACT)
		return leave_with_fault(bt, s, gla, 0);
	/* #GP comes before the page is looked at: what must be aligned, FXSAVE and FXRSTOR */
	if ((s->aligned || s->size > sizeof(bt->hot.bounce)) && gla & 15)
		return leave_for_one(bt, s);
	o.parts = first == s->size ? 1 : 2;
	if (!open_part(bt, &o.part[0], gla, first, s->access))
		return leave_with_fault(bt, s, gla, o.part[0].at.error_code);
	if (groups_stale(bt, s) || !can_access(bt, s, &o.part[0]) ||
	    (o.parts == 2 && s->size > sizeof(bt->hot.bounce)))
		return leave_for_one(bt, s);
	if (o.parts == 1)
		return access_opened(bt, s, gla, &o);
	if (!open_part(bt, &o.part[1], gla + first, s->size - first, s->access))
		return leave_with_fault(bt, s, gla + first, o.part[1].at.error_code);
	return can_access(bt, s, &o.part[1]) ? access_opened(bt, s, gla, &o) : leave_for_one(bt, s);
}
