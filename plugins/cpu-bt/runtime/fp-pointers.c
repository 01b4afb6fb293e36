/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The x87's last-instruction pointers: FIP, FCS, FOP of the last non-control instruction, FDP and
 * FDS of the last memory operand (SDM volume 1, 8.1.8 and 8.1.9). The host's own cannot serve:
 * they are addresses of translated code, and AMD's processors save them only with an exception
 * pending. MMX instructions leave them alone (9.5.1, 9.6.2).
 *
 * Each such instruction has a site, a row that says what it would leave. Translated code stores
 * the site's number, and the operand's offset, which only the registers know: not after each
 * instruction, but once before the block ends, or before the operand's registers change. Code that
 * leaves the block earlier knows from its own row which sites have not been noted yet: stubs store
 * them, slow paths in C take them from struct bt_site. tsr_bt_fp_commit makes the architectural
 * fields from them before they are read, or before a segment register changes.
 *
 *   fldl (%esi)     ; site 1: code 1, data 1 pending
 *   faddl 8(%esi)   ; site 2: code 2, data 2 pending; what misses here has noted site 1
 *   fxch            ; site 3: code 3, data 2 pending
 *   add $16, %esi   ; before it: fp_data = 2, fp_data_offset = esi + 8
 *   jmp             ; before it: fp_code = 3
 */
#include <string.h>

#include <tessera/draft/x86-facts.h>

#include "code/emit.h"
#include "runtime/fp-pointers.h"

static void note_data(struct tsr_bt *bt, uint32_t site)
{
	const struct bt_fp_site *s = &bt->cache.fp_sites[site];
	uint32_t offset = (uint32_t)s->disp;

	if (s->base != NOREG)
		offset += bt->state.gpr[s->base];
	if (s->index != NOREG)
		offset += bt->state.gpr[s->index] << s->scale;
	bt->hot.fp_data = site;
	bt->hot.fp_data_offset = s->addr16 ? (uint16_t)offset : offset;
}

/* The block is left, or might be, before the instruction of that site. */
void tsr_bt_fp_before(struct tsr_bt *bt, const struct bt_site *s)
{
	const struct bt_site_more *m = bt_site_more(bt, s);

	if (m->fp_code)
		bt->hot.fp_code = m->fp_code;
	if (m->fp_data)
		note_data(bt, m->fp_data);
}

/* The block will be left after the instruction of that site. */
void tsr_bt_fp_after(struct tsr_bt *bt, const struct bt_site *s)
{
	uint32_t own = bt_site_more(bt, s)->fp_own;

	tsr_bt_fp_before(bt, s);
	if (!own)
		return;
	bt->hot.fp_code = own;
	if (bt->cache.fp_sites[own].memory)
		note_data(bt, own);
}

static void put16(struct tsr_bt *bt, size_t at, uint16_t value)
{
	memcpy(bt->state.fx + at, &value, sizeof(value));
}

static void put32(struct tsr_bt *bt, size_t at, uint32_t value)
{
	memcpy(bt->state.fx + at, &value, sizeof(value));
}

void tsr_bt_fp_commit(struct tsr_bt *bt)
{
	const struct bt_fp_site *code = &bt->cache.fp_sites[bt->hot.fp_code],
				*data = &bt->cache.fp_sites[bt->hot.fp_data];

	if (bt->hot.fp_code) {
		put16(bt, offsetof(struct tsr_x86_fx, fop), code->clear ? 0 : code->fop);
		put32(bt, offsetof(struct tsr_x86_fx, fip), code->clear ? 0 : code->eip);
		put32(bt, offsetof(struct tsr_x86_fx, fcs),
		      code->clear ? 0 : bt->state.segment[TSR_CS].selector);
	}
	if (bt->hot.fp_data) {
		put32(bt, offsetof(struct tsr_x86_fx, fdp),
		      data->clear ? 0 : bt->hot.fp_data_offset);
		put32(bt, offsetof(struct tsr_x86_fx, fds),
		      data->clear ? 0 : bt->state.segment[data->segment].selector);
	}
	bt->hot.fp_code = bt->hot.fp_data = 0;
}
