/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Groups: several operands off the same register, the register unchanged or moved by known amounts
 * (push, pop, add), are checked once, as one span; the accesses use a host pointer. A group is made
 * by the first access that is followed by others, and is of that access's kind: a page is never
 * requested for writing before an instruction that writes. (A check in the window requests nothing,
 * so there it is for writing if any of them is.) The span may not cross a page; where it
 * does often, the block is translated again without groups (miss.c), unless it uses the window. A
 * group ends where its register changes in another way, at calls into C, and at the block's end. It
 * outlives slow paths of other accesses, which look whether its page is still in the table.
 */
#include <Zydis/Zydis.h>

#include "lower/bounded.h"
#include "lower/groups.h"
#include "lower/memory.h"
#include "lower/stack.h"

#define SPAN_MAX 192         /* bytes */
#define WINDOW_SPAN_MAX 2048 /* ... which may lie in two pages */

/* -- what an instruction does to memory and to a register */

struct access {
	struct bt_ea ea;
	unsigned size, access;
};

static unsigned accesses_of(const struct bt_tx *tx, const struct bt_insn *i, struct access out[2])
{
	unsigned n = 0, size = i->operand_size;

	if (i->memory && i->kind != BT_LEA && i->kind != BT_NOP && i->kind != BT_BIT)
		out[n++] = (struct access){ i->ea, i->memory_size, i->access };
	if (i->kind == BT_PUSH || i->kind == BT_CALL)
		out[n++] = (struct access){ tsr_bt_stack_ea(tx, -(int32_t)size), size, BT_WRITE };
	else if ((i->kind == BT_POP && !i->memory) || i->kind == BT_RET)
		out[n++] = (struct access){ tsr_bt_stack_ea(tx, 0), size, BT_READ };
	return n;
}

/* Calls C, which may change any mapping; or loads the register that holds the second group's
 * pointer. */
static bool is_barrier(const struct bt_insn *i)
{
	switch (i->kind) {
	case BT_STRING:
	case BT_IN:
	case BT_OUT:
	case BT_RDTSC:
	case BT_SEGMENT_LOAD:
	case BT_FXSAVE:
	case BT_FXRSTOR:
	case BT_FNSTENV:
	case BT_FLDENV:
	case BT_STI:
	case BT_POPF:
	case BT_FALLBACK:
		return true;
	default:
		return false;
	}
}

static bool uses_r11(const struct bt_insn *i)
{
	switch (i->kind) {
	case BT_PUSH:
	case BT_POP:
		return i->memory || i->opcode == OP_POP_ESP;
	case BT_LEAVE:
	case BT_DIV:
	case BT_BIT:
	case BT_FLDCW:
	case BT_LDMXCSR:
	case BT_FXSAVE:
	case BT_FXRSTOR:
	case BT_FNSTENV:
	case BT_FLDENV:
	case BT_PUSHF:
	case BT_SEGMENT_STORE:
		return true;
	case BT_CALL:
		return i->opcode != OP_CALL;
	default:
		return false;
	}
}

/* True: after the instruction the register is what it was plus *delta. */
static bool register_moved(const struct bt_tx *tx, const struct bt_insn *i, uint8_t reg,
			   int32_t *delta)
{
	bool own = i->has_modrm && !i->memory && (bt_modrm_rm(i)) == reg && i->operand_size == 4;

	*delta = 0;
	if (reg == TSR_ESP && tx_stack32(tx)) {
		if (i->kind == BT_PUSH || i->kind == BT_CALL || i->kind == BT_PUSHF ||
		    (i->kind == BT_SEGMENT_STORE && i->opcode != OP_MOV_EV_SW)) {
			*delta = -(int32_t)i->operand_size;
			return true;
		}
		if (i->kind == BT_POP &&
		    !(i->opcode == OP_POP_ESP || (i->opcode == OP_POP_EV && !i->memory))) {
			*delta = i->operand_size;
			return true;
		}
	}
	if (!(i->gpr_written >> reg & 1))
		return i->kind != BT_PUSHA && i->kind != BT_POPA && i->kind != BT_LEAVE;
	if (own && i->opcode == OP_ALU_EV_IB && bt_modrm_reg(i) == ALU_ADD)
		*delta = (int32_t)(int8_t)i->imm;
	else if (own && i->opcode == OP_ALU_EV_IB && bt_modrm_reg(i) == ALU_SUB)
		*delta = -(int8_t)i->imm;
	else if (own && i->opcode == OP_ALU_EV_IZ && bt_modrm_reg(i) == ALU_ADD)
		*delta = (int32_t)i->imm;
	else if (own && i->opcode == OP_ALU_EV_IZ && bt_modrm_reg(i) == ALU_SUB)
		*delta = (int32_t)(0u - i->imm);
	else if (own && i->opcode == OP_GROUP5 && bt_modrm_reg(i) <= GROUP5_DEC)
		*delta = bt_modrm_reg(i) == GROUP5_DEC ? -1 : 1;
	else if (i->kind == BT_LEA && i->operand_size == 4 && !i->ea.addr16 && i->ea.base == reg &&
		 i->ea.index == NOREG)
		*delta = i->ea.disp;
	else
		return false;
	return *delta >= -4096 && *delta <= 4096;
}

/* -- the groups of a translation */

/* Is it that address, with another displacement? */
static bool groupable(const struct bt_tx *tx, const struct bt_ea *ea, const struct bt_ea *group)
{
	return ea->base == group->base && ea->index == group->index &&
	       (ea->index == NOREG || ea->scale == group->scale) && !ea->addr16 &&
	       bt_segment_kind(tx->mode, ea->segment) == BT_SEGMENT_FLAT;
}

/* True: after the instruction the address is what it was plus *delta. */
static bool address_moved(const struct bt_tx *tx, const struct bt_insn *i, const struct bt_ea *ea,
			  int32_t *delta)
{
	int32_t of_index = 0;

	*delta = 0;
	if ((ea->base != NOREG && !register_moved(tx, i, ea->base, delta)) ||
	    (ea->index != NOREG && !register_moved(tx, i, ea->index, &of_index)))
		return false;
	*delta += of_index * (1 << ea->scale);
	return true;
}

/* The span of the accesses from the current instruction on that one check can serve. Returns how
 * many they are. */
static unsigned look_ahead(const struct bt_tx *tx, const struct bt_ea *ea, unsigned size,
			   bool *write, int32_t *low, int32_t *high)
{
	int32_t delta = 0, moved;
	unsigned count = 0;

	*low = ea->disp;
	if (ea->disp > INT32_MAX - (int32_t)size) {
		*high = INT32_MAX;
		return 0; /* an operand that wraps at 4 GiB is checked by itself */
	}
	*high = ea->disp + (int32_t)size;
	for (unsigned k = tx->index; k < tx->count; k++) {
		struct access a[2];
		unsigned n = accesses_of(tx, &tx->insns[k], a);

		if (is_barrier(&tx->insns[k]))
			break;
		for (unsigned j = 0; j < n; j++) {
			int64_t from = (int64_t)a[j].ea.disp + delta, to = from + a[j].size;

			if (!groupable(tx, &a[j].ea, ea) || a[j].size > 64 ||
			    (a[j].access & BT_WRITE && !*write && !tx->windowed))
				continue;
			if (from < INT32_MIN || to > INT32_MAX)
				continue;
			if ((to > *high ? to : *high) - (from < *low ? from : *low) >
			    (tx->windowed ? WINDOW_SPAN_MAX : SPAN_MAX))
				continue;
			*low = (int32_t)(from < *low ? from : *low);
			*high = (int32_t)(to > *high ? to : *high);
			*write |= a[j].access & BT_WRITE;
			count++;
		}
		if (tsr_bt_calls_on(tx, k) || !address_moved(tx, &tx->insns[k], ea, &moved))
			break;
		delta += moved;
	}
	return count;
}

struct group *tsr_bt_group_covering(struct bt_tx *tx, const struct bt_ea *ea, unsigned size,
				    unsigned access)
{
	for (unsigned i = 0; i < TX_GROUPS; i++) {
		struct group *g = &tx->groups[i];
		int64_t at = (int64_t)ea->disp + g->delta;

		if (g->used && groupable(tx, ea, &g->ea) && at >= g->low &&
		    at + (int32_t)size <= g->high && (g->write || !(access & BT_WRITE)))
			return g;
	}
	return NULL;
}

/* Would a group for the operand take the place of that one? Arrays at constant addresses have one
 * register, and are far from each other. */
static bool replaces(const struct bt_tx *tx, const struct bt_ea *ea, const struct group *g)
{
	int64_t at = (int64_t)ea->disp + g->delta, low = g->low, high = g->high;

	return g->used && groupable(tx, ea, &g->ea) &&
	       (!tx->windowed || (at > low - WINDOW_SPAN_MAX && at < high + WINDOW_SPAN_MAX));
}

/* Of the first `count`: that of the same address, one that is free, or the oldest. */
static struct group *group_free(struct bt_tx *tx, const struct bt_ea *ea, unsigned count)
{
	struct group *best = NULL;

	for (unsigned i = 0; i < count; i++) {
		struct group *g = &tx->groups[i];

		g->host = i ? R11 : R13;
		if (!tx->windowed && i && uses_r11(tx->insn))
			continue;
		if (replaces(tx, ea, g))
			return g;
		if (!best || (!g->used && best->used) ||
		    (g->used && best->used && g->age < best->age))
			best = g;
	}
	return best;
}

static struct group *group_make(struct bt_tx *tx, const struct bt_ea *ea, unsigned size,
				unsigned access)
{
	bool write = access & BT_WRITE;
	int32_t low, high;
	struct bt_ea from = *ea;
	struct bt_site *s;
	struct group *g;

	if (look_ahead(tx, ea, size, &write, &low, &high) < 2)
		return NULL;
	g = group_free(tx, ea, TX_POINTERS);
	g->used = false;
	from.disp = low;
	tsr_bt_linear(tx, &from, (unsigned)(high - low), access);
	s = tsr_bt_group_check(tx, (unsigned)(high - low), access);
	tx_part(tx, BT_PART_GROUP);
	tsr_bt_site_more(tx, s)->first = ea->disp - low;
	emit_lea64(&tx->e, g->host, HOST_SIB(R9, R8, 0, 0));
	*g = (struct group){ .used = true,
			     .write = access & BT_WRITE,
			     .ea = *ea,
			     .host = g->host,
			     .low = low,
			     .high = high,
			     .age = tx->index };
	return g;
}

struct group *tsr_bt_group_ahead(struct bt_tx *tx, const struct bt_ea *ea, unsigned size,
				 unsigned access)
{
	struct group *g = group_free(tx, ea, TX_GROUPS);
	int32_t low = ea->disp, high = ea->disp + (int32_t)size;
	bool write = access & BT_WRITE;

	if (tx->grouping && look_ahead(tx, ea, size, &write, &low, &high) < 2) {
		low = ea->disp;
		high = ea->disp + (int32_t)size;
		write = access & BT_WRITE;
	}
	*g = (struct group){
		.used = true, .write = write, .ea = *ea, .low = low, .high = high, .age = tx->index
	};
	return g;
}

bool tsr_bt_groups_full(const struct bt_tx *tx)
{
	for (unsigned i = 0; i < TX_GROUPS; i++)
		if (!tx->groups[i].used)
			return false;
	return true;
}

unsigned tsr_bt_operands(const struct bt_tx *tx, unsigned n)
{
	struct access a[2];

	return accesses_of(tx, &tx->insns[n], a);
}

bool tsr_bt_operand_steady(const struct bt_tx *tx, unsigned n, unsigned k, struct steady *out)
{
	struct access a[2];
	int64_t before = 0, step = 0;
	int32_t moved;

	accesses_of(tx, &tx->insns[n], a);
	tsr_bt_bounded(tx, n, &a[k].ea, &a[k].ea, &a[k].size);
	for (unsigned i = 0; i < tx->count; i++) {
		if (i == n)
			before = step;
		if (!address_moved(tx, &tx->insns[i], &a[k].ea, &moved))
			return false;
		step += moved;
	}
	*out = (struct steady){ a[k].ea, a[k].size, a[k].access, (int32_t)step };
	out->ea.disp = (int32_t)(a[k].ea.disp + before);
	return out->ea.disp == a[k].ea.disp + before;
}

int32_t tsr_bt_register_step(const struct bt_tx *tx, uint8_t reg)
{
	int32_t step = 0, moved;

	for (unsigned i = 0; i < tx->count; i++)
		if (register_moved(tx, &tx->insns[i], reg, &moved))
			step += moved;
	return step;
}

bool tsr_bt_group_operand(struct bt_tx *tx, const struct bt_ea *ea, unsigned size, unsigned access,
			  struct host_mem *out)
{
	struct group *g;

	if (!tx->grouping || tx->windowed || ea->base > TSR_EDI || ea->index != NOREG ||
	    !groupable(tx, ea, ea) || size > 64)
		return false;
	g = tsr_bt_group_covering(tx, ea, size, access);
	if (!g)
		g = group_make(tx, ea, size, access);
	if (!g)
		return false;
	tx_part(tx, BT_PART_ACCESS);
	*out = HOST_MEM(g->host, ea->disp + g->delta - g->low);
	return true;
}

void tsr_bt_groups_begin(struct bt_tx *tx)
{
	if (!tx->windowed && uses_r11(tx->insn))
		tx->groups[1].used = false;
	if (!is_barrier(tx->insn))
		return;
	tx->groups[0].used = tx->groups[1].used = false;
	tx_window_forget(tx);
}

void tsr_bt_groups_end(struct bt_tx *tx)
{
	int32_t delta;

	for (unsigned i = 0; i < TX_GROUPS; i++) {
		if (!tx->groups[i].used)
			continue;
		if (address_moved(tx, tx->insn, &tx->groups[i].ea, &delta))
			tx->groups[i].delta += delta;
		else
			tx->groups[i].used = false;
	}
}
