/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * String instructions in C, called from translated code: page by page with the host's own string
 * instructions, so that overlapping copies and flags are what a processor makes of them. Requests
 * are checked between pages. What is not plain memory goes to the interpreter, which continues from
 * the registers as they are.
 */
#include <string.h>

#include "code/cache.h"
#include "code/calls.h"
#include "code/flags.h"
#include "runtime/outcome.h"
#include "runtime/requests.h"
#include "runtime/string-ops.h"

struct string_job {
	struct tsr_bt *bt;
	uint32_t word;
	unsigned size;
	bool down, addr16;
};

/* One side of the operation: where it is now. */
struct side {
	uint32_t *reg;
	unsigned segment;
	unsigned access;
	struct tsr_mmu_result result;
	enum tsr_mmu_kind kind;
};

static uint32_t reg_value(const struct string_job *j, const uint32_t *reg)
{
	return j->addr16 ? *reg & 0xffff : *reg;
}

static void reg_add(const struct string_job *j, uint32_t *reg, uint32_t by)
{
	*reg = j->addr16 ? (*reg & 0xffff0000) | ((*reg + by) & 0xffff) : *reg + by;
}

static bool table_look(struct tsr_bt *bt, struct side *s, uint32_t gla)
{
	int64_t table =
		s->access & BT_WRITE ? bt->board.layout->write_table : bt->board.layout->read_table;
	uint64_t entry;

	memcpy(&entry, bt->hot.view_base + table + (size_t)(gla >> TSR_PAGE_SHIFT) * 8,
	       sizeof(entry));
	s->result.host = (uint8_t *)(uintptr_t)(entry + gla);
	return entry != 0;
}

/* Elements from the register's address on that lie in one page and within the segment; 0: not even
 * one, or not plain memory. Sets side->result. */
static uint32_t side_open(const struct string_job *j, struct side *s, uint32_t want)
{
	struct tsr_bt *bt = j->bt;
	const struct tsr_x86_segment *seg = &bt->state.segment[s->segment];
	enum tsr_mmu_view view = bt->mode.word & BT_MODE_USER ? TSR_VIEW_USER : TSR_VIEW_SUPERVISOR;
	uint32_t offset = reg_value(j, s->reg), room, last = UINT32_MAX, gla;

	if (bt_segment_kind(bt->mode.word, s->segment) == BT_SEGMENT_SLOW ||
	    (s->segment == TSR_CS && s->access & BT_WRITE && !(bt->mode.word & BT_MODE_CS_WRITE)))
		return 0;
	if (bt_segment_kind(bt->mode.word, s->segment) == BT_SEGMENT_LIMITED)
		last = seg->limit;
	if (j->addr16 && last > 0xffff)
		last = 0xffff;
	if (offset > last || last - offset < j->size - 1)
		return 0;
	gla = seg->base + offset;
	room = TSR_PAGE_SIZE - (gla & TSR_PAGE_MASK);
	if (room < j->size)
		return 0;
	if (j->down) {
		room = (gla & TSR_PAGE_MASK) / j->size + 1;
		if (room > offset / j->size + 1)
			room = offset / j->size + 1;
	} else {
		if (room - 1 > last - offset)
			room = last - offset + 1;
		room /= j->size;
	}
	s->kind = table_look(bt, s, gla)
			  ? TSR_MMU_RAM
			  : bt->board.mmu->fill(bt->board.mmu_self, bt->board.vcpu, view, gla,
						s->access & BT_WRITE ? TSR_ACCESS_WRITE
								     : TSR_ACCESS_READ,
						&s->result);
	if (s->kind != TSR_MMU_RAM && s->kind != TSR_MMU_TRACED)
		return 0;
	return room < want ? room : want;
}

/* Reports to the MMU what was written to a traced page. */
static void side_written(const struct string_job *j, const struct side *s, uint32_t count)
{
	tsr_gpa first = s->result.gpa - (j->down ? (tsr_gpa)(count - 1) * j->size : 0);

	if (s->kind == TSR_MMU_TRACED)
		j->bt->board.mmu->written(j->bt->board.mmu_self, first, count * j->size);
}

static void side_advance(const struct string_job *j, struct side *s, uint32_t count)
{
	uint32_t by = count * j->size;

	reg_add(j, s->reg, j->down ? 0 - by : by);
}

#define HOST_STRING(insn, ...) \
	do { \
		if (j->down) \
			__asm__ volatile("std\n\t" insn "\n\tcld" : __VA_ARGS__); \
		else \
			__asm__ volatile(insn : __VA_ARGS__); \
	} while (0)

static void host_movs(const struct string_job *j, uint8_t *to, const uint8_t *from, uint64_t n)
{
	if (j->size == 1)
		HOST_STRING("rep movsb", "+D"(to), "+S"(from), "+c"(n) : : "memory", "cc");
	else if (j->size == 2)
		HOST_STRING("rep movsw", "+D"(to), "+S"(from), "+c"(n) : : "memory", "cc");
	else
		HOST_STRING("rep movsl", "+D"(to), "+S"(from), "+c"(n) : : "memory", "cc");
}

static void host_stos(const struct string_job *j, uint8_t *to, uint32_t value, uint64_t n)
{
	if (j->size == 1)
		HOST_STRING("rep stosb", "+D"(to), "+c"(n) : "a"(value) : "memory", "cc");
	else if (j->size == 2)
		HOST_STRING("rep stosw", "+D"(to), "+c"(n) : "a"(value) : "memory", "cc");
	else
		HOST_STRING("rep stosl", "+D"(to), "+c"(n) : "a"(value) : "memory", "cc");
}

/* Both return how many elements were looked at; *ax: flags of the last. */
#define HOST_SCAN(insn) \
	HOST_STRING(insn "\n\tlahf\n\tseto %%al", "+D"(to), "+c"(left), "+a"(a) \
		    : \
		    : "memory", "c" \
				"c")
static uint64_t host_scas(const struct string_job *j, const uint8_t *to, uint32_t value, uint64_t n,
			  uint16_t *ax)
{
	uint64_t left = n, a = value;
	bool until_equal = j->word & BT_STRING_REPNE;

	if (j->size == 1 && until_equal)
		HOST_SCAN("repne scasb");
	else if (j->size == 1)
		HOST_SCAN("repe scasb");
	else if (j->size == 2 && until_equal)
		HOST_SCAN("repne scasw");
	else if (j->size == 2)
		HOST_SCAN("repe scasw");
	else if (until_equal)
		HOST_SCAN("repne scasl");
	else
		HOST_SCAN("repe scasl");
	*ax = (uint16_t)a;
	return n - left;
}

#define HOST_COMPARE(insn) \
	HOST_STRING(insn "\n\tlahf\n\tseto %%al", "+D"(to), "+S"(from), "+c"(left), "=a"(a) \
		    : \
		    : "memory", "cc")
static uint64_t host_cmps(const struct string_job *j, const uint8_t *to, const uint8_t *from,
			  uint64_t n, uint16_t *ax)
{
	uint64_t left = n, a;
	bool until_equal = j->word & BT_STRING_REPNE;

	if (j->size == 1 && until_equal)
		HOST_COMPARE("repne cmpsb");
	else if (j->size == 1)
		HOST_COMPARE("repe cmpsb");
	else if (j->size == 2 && until_equal)
		HOST_COMPARE("repne cmpsw");
	else if (j->size == 2)
		HOST_COMPARE("repe cmpsw");
	else if (until_equal)
		HOST_COMPARE("repne cmpsl");
	else
		HOST_COMPARE("repe cmpsl");
	*ax = (uint16_t)a;
	return n - left;
}

static void host_lods(const struct string_job *j, const uint8_t *from, uint32_t n, uint32_t *eax)
{
	ptrdiff_t last = (ptrdiff_t)(n - 1) * (ptrdiff_t)j->size;

	memcpy(eax, j->down ? from - last : from + last, j->size);
}

/* Up to `want` elements, those of one page. Returns how many; 0: cannot. *stop: a comparison ended
 * it. */
static uint32_t string_chunk(struct string_job *j, uint32_t want, bool *stop)
{
	struct tsr_bt *bt = j->bt;
	uint32_t *gpr = bt->state.gpr;
	struct side si = { .reg = &gpr[TSR_ESI],
			   .segment = BT_STRING_SEGMENT(j->word),
			   .access = BT_READ };
	struct side di = { .reg = &gpr[TSR_EDI], .segment = TSR_ES, .access = BT_READ };
	unsigned op = BT_STRING_OP(j->word);
	uint32_t n = want;

	if (op == BT_MOVS || op == BT_STOS)
		di.access = BT_WRITE;
	if (op == BT_MOVS || op == BT_LODS || op == BT_CMPS)
		n = side_open(j, &si, n);
	if (n && op != BT_LODS)
		n = side_open(j, &di, n);
	if (!n)
		return 0;
	switch (op) {
	case BT_MOVS:
		host_movs(j, di.result.host, si.result.host, n);
		break;
	case BT_STOS:
		host_stos(j, di.result.host, gpr[TSR_EAX], n);
		break;
	case BT_LODS:
		host_lods(j, si.result.host, n, &gpr[TSR_EAX]);
		break;
	case BT_SCAS:
		n = (uint32_t)host_scas(j, di.result.host, gpr[TSR_EAX], n, &bt->hot.flags_ax);
		break;
	default:
		n = (uint32_t)host_cmps(j, di.result.host, si.result.host, n, &bt->hot.flags_ax);
		break;
	}
	if (op == BT_SCAS || op == BT_CMPS)
		*stop = !(flags_from_ax(bt->hot.flags_ax) & TSR_FLAG_ZF) ==
			!(j->word & BT_STRING_REPNE);
	if (op == BT_MOVS || op == BT_LODS || op == BT_CMPS)
		side_advance(j, &si, n);
	if (op != BT_LODS)
		side_advance(j, &di, n);
	if (di.access == BT_WRITE)
		side_written(j, &di, n);
	return n;
}

/* EIP: the instruction's, which is continued later, or the next. */
static struct bt_outcome leave(struct tsr_bt *bt, const struct bt_site *s, uint32_t eip)
{
	bt->state.eip = eip;
	bt_leave_ahead(bt, s, eip != bt_site_eip(bt, s));
	return bt_leave(bt, BT_EXIT_LOOKUP);
}

struct bt_outcome tsr_bt_string(struct tsr_bt *bt, uint32_t word, const struct bt_site *s)
{
	struct string_job j = { .bt = bt,
				.word = word,
				.size = BT_STRING_SIZE(word),
				.down = bt->state.eflags & TSR_FLAG_DF,
				.addr16 = word & BT_STRING_ADDR16 };
	bool rep = word & (BT_STRING_REP | BT_STRING_REPNE), stop = false;
	uint32_t *ecx = &bt->state.gpr[TSR_ECX];
	uint32_t n;

	bt->stats.strings++;
	while (!stop && (!rep || reg_value(&j, ecx))) {
		n = string_chunk(&j, rep ? reg_value(&j, ecx) : 1, &stop);
		if (!n)
			return bt_leave_to_interpreter(bt, s);
		if (rep)
			reg_add(&j, ecx, 0 - n);
		if (bt->cache.untrace_count)
			tsr_bt_cache_untrace(bt);
		if (!rep)
			break;
		if (!stop && reg_value(&j, ecx) && !bt->options.lockstep && tsr_bt_wanted(bt))
			return leave(bt, s, bt_site_eip(bt, s));
	}
	if (!bt->cache.blocks[s->block].valid)
		return leave(bt, s, bt_site_eip(bt, s) + BT_STRING_LENGTH(word));
	return bt_go_on();
}
