/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The guest's x87, MMX and SSE state in the host's unit. Translated code loads it (runtime.c); it
 * is stored here before any other floating-point code of the process may run. Only state that
 * cannot raise a signal on the host is loaded:
 * - x87 code with an exception unmasked checks after each instruction whether it is pending now,
 *   and leaves before another instruction would wait for it (lower/lower-fp.c);
 * - with a SIMD exception unmasked, the host masks it, and an instruction that raised its flag is
 *   undone and left to the interpreter;
 * - with underflow unmasked, SSE is left to the interpreter, and MXCSR stays out of the unit.
 * xmm0-7 are in the state already: every bridge to C puts them there. The last instruction's
 * pointers are not the host's: fp-pointers.c keeps them.
 */
#include <string.h>

#include <tessera/draft/x86-facts.h>

#include "code/calls.h"
#include "code/decode.h"
#include "runtime/fp-pointers.h"
#include "runtime/fp.h"
#include "runtime/mode.h"
#include "runtime/outcome.h"

/* Offsets in the FXSAVE image. The mask after MXCSR stays the guest's. */
enum {
	MXCSR = offsetof(struct tsr_x86_fx, mxcsr),
	MASK = offsetof(struct tsr_x86_fx, mxcsr_mask),
	ST0 = offsetof(struct tsr_x86_fx, st),
	XMM0 = offsetof(struct tsr_x86_fx, xmm),
};

void tsr_bt_fp_unload(struct tsr_bt *bt)
{
	uint8_t image[sizeof(struct tsr_x86_fx)] __attribute__((aligned(16)));

	tsr_bt_fp_commit(bt);
	if (!bt->hot.fp_loaded)
		return;
	__asm__ volatile("fxsave %0" : "=m"(image));
	__asm__ volatile("fninit\n\tldmxcsr %0" : : "m"(bt->hot.host_mxcsr));
	memcpy(bt->state.fx, image, TSR_FX_POINTERS);
	if (bt->hot.fp_loaded & BT_FP_SSE_UNMASKED)
		bt->state.fx[MXCSR] |= image[MXCSR] & TSR_MXCSR_FLAGS;
	else if (!(bt->hot.fp_loaded & BT_FP_X87_ONLY))
		memcpy(bt->state.fx + MXCSR, image + MXCSR, 4);
	memcpy(bt->state.fx + ST0, image + ST0, XMM0 - ST0);
	bt->hot.fp_loaded = 0;
	bt->stats.fp_unloads++;
}

/* Undoes an unload in the middle of a block, whose code takes for granted what it loaded. */
void tsr_bt_fp_reload(struct tsr_bt *bt)
{
	__asm__ volatile("fxrstor %0" : : "m"(bt->state.fx));
	bt->hot.fp_loaded = bt_fp_load_kind(bt->mode.word);
	if (bt->hot.fp_loaded & BT_FP_X87_ONLY)
		__asm__ volatile("ldmxcsr %0" : : "m"(bt->hot.host_mxcsr));
	else if (bt->hot.fp_loaded & BT_FP_SSE_UNMASKED)
		__asm__ volatile("ldmxcsr %0" : : "m"(bt->hot.masked_mxcsr));
}

/* -- FXSAVE and FXRSTOR, SDM volume 2. The operand lies in one page of plain memory, at saved_r11;
 * CR0.EM and TS are clear. */

/* Bits of MXCSR that exist: DAZ came with SSE2. */
static uint32_t mxcsr_mask(const struct tsr_bt *bt)
{
	return bt->model.isa & BT_ISA_SSE2 ? TSR_MXCSR_KNOWN : TSR_MXCSR_KNOWN & ~TSR_MXCSR_DAZ;
}

struct bt_outcome tsr_bt_fxsave(struct tsr_bt *bt, uint32_t word, const struct bt_site *s)
{
	uint8_t *to = (uint8_t *)(uintptr_t)bt->hot.saved_r11;
	uint32_t mask = mxcsr_mask(bt);

	if (bt->hot.saved_r11 & 15)
		return bt_leave_to_interpreter(bt, s);
	tsr_bt_fp_unload(bt);
	memcpy(to, bt->state.fx, TSR_FX_WRITTEN);
	memcpy(to + MASK, &mask, sizeof(mask));
	return bt_go_on();
}

/* The host sorts out ES and reserved bits. Leaves the x87's state in the unit, with the host's
 * MXCSR. */
static void take_image(struct tsr_bt *bt, const uint8_t *from)
{
	uint8_t *fx = bt->state.fx;
	uint8_t image[sizeof(struct tsr_x86_fx)] __attribute__((aligned(16)));
	uint32_t mask = mxcsr_mask(bt);

	memcpy(image, from, TSR_FX_WRITTEN);
	memcpy(fx + TSR_FX_POINTERS, image + TSR_FX_POINTERS, ST0 - TSR_FX_POINTERS);
	memcpy(fx + XMM0, image + XMM0, TSR_FX_WRITTEN - XMM0);
	fx[offsetof(struct tsr_x86_fx, fop) + 1] &= TSR_FOP_MASK >> 8;
	memset(fx + offsetof(struct tsr_x86_fx, reserved2), 0, 2);
	memset(fx + offsetof(struct tsr_x86_fx, reserved3), 0, 2);
	memcpy(fx + MASK, &mask, sizeof(mask));
	memcpy(image + MXCSR, &bt->hot.host_mxcsr, 4);
	__asm__ volatile("fxrstor %0\n\tfxsave %0" : "+m"(image));
	memcpy(fx, image, TSR_FX_POINTERS);
	memcpy(fx + ST0, image + ST0, XMM0 - ST0);
}

/* Skips when the mode has changed. */
struct bt_outcome tsr_bt_fxrstor(struct tsr_bt *bt, uint32_t word, const struct bt_site *s)
{
	const uint8_t *from = (const uint8_t *)(uintptr_t)bt->hot.saved_r11;
	uint32_t mxcsr;

	memcpy(&mxcsr, from + MXCSR, sizeof(mxcsr));
	if (bt->hot.saved_r11 & 15 || mxcsr & ~mxcsr_mask(bt))
		return bt_leave_to_interpreter(bt, s);
	bt->hot.fp_code = bt->hot.fp_data = 0;
	bt->hot.fp_loaded = 0;
	take_image(bt, from);
	if (tsr_bt_mode(bt) == bt->mode.word && !(bt->mode.word & BT_MODE_SSE_UNMASKED)) {
		bt->hot.fp_loaded = bt_fp_load_kind(bt->mode.word);
		if (!(bt->hot.fp_loaded & BT_FP_X87_ONLY))
			__asm__ volatile("ldmxcsr %0" : : "m"(mxcsr));
		return bt_go_on();
	}
	__asm__ volatile("fninit");
	tsr_bt_retag(bt);
	return bt_skip_with(0);
}

/* -- FNSTENV and FLDENV, SDM volume 2, with the unit loaded and all exceptions masked. The layout
 * of 32-bit protected mode (volume 1, figure 8-9) is the host's own; only the pointers are not. */

struct environment {
	uint32_t fcw, fsw, ftw, fip, fcs_fop, fdp, fds;
};
_Static_assert(sizeof(struct environment) == BT_ENVIRONMENT, "the layout");

struct bt_outcome tsr_bt_fnstenv(struct tsr_bt *bt, uint32_t word, const struct bt_site *s)
{
	struct environment to;
	struct tsr_x86_fx fx;

	tsr_bt_fp_commit(bt);
	memcpy(&fx, bt->state.fx, ST0);
	__asm__ volatile("fnstenv %0" : "=m"(to));
	to.fip = fx.fip;
	to.fcs_fop = fx.fcs | (uint32_t)(fx.fop & TSR_FOP_MASK) << 16;
	to.fdp = fx.fdp;
	to.fds = fx.fds | 0xffff0000;
	memcpy((uint8_t *)(uintptr_t)bt->hot.saved_r11, &to, sizeof(to));
	return bt_go_on();
}

/* What unmasks an exception is the interpreter's: the mode would change. */
struct bt_outcome tsr_bt_fldenv(struct tsr_bt *bt, uint32_t word, const struct bt_site *s)
{
	struct environment from, host;
	struct tsr_x86_fx fx;

	memcpy(&from, (const uint8_t *)(uintptr_t)bt->hot.saved_r11, sizeof(from));
	if (~from.fcw & TSR_X87_EXCEPTIONS)
		return bt_leave_to_interpreter(bt, s);
	host = (struct environment){ .fcw = from.fcw & 0xffff,
				     .fsw = from.fsw & 0xffff,
				     .ftw = from.ftw & 0xffff };
	__asm__ volatile("fldenv %0" : : "m"(host));
	bt->hot.fp_code = bt->hot.fp_data = 0;
	memcpy(&fx, bt->state.fx, ST0);
	fx.fip = from.fip;
	fx.fcs = (uint16_t)from.fcs_fop;
	fx.fop = from.fcs_fop >> 16 & TSR_FOP_MASK;
	fx.fdp = from.fdp;
	fx.fds = (uint16_t)from.fds;
	memcpy(bt->state.fx, &fx, ST0);
	return bt_go_on();
}
