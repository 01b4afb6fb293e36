/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The guest's x87, MMX and SSE state in the host's unit. Loaded by translated code (runtime.c), stored here before anybody
 * else's floating point may run. Only what cannot raise a signal on the host is loaded: x87 code with an exception unmasked
 * looks behind each instruction whether it is pending now, and leaves before another would wait for it (lower-fp.c); with
 * a SIMD exception unmasked, SSE is the interpreter's, and MXCSR stays out of the unit. xmm0-7 are in the state already: every bridge to C puts them there.
 * The last instruction's pointers are not the host's: fp-pointers.c keeps them.
 */
#include <string.h>

#include "bt.h"

/* Offsets in the FXSAVE image, SDM volume 1, 10.5.1. The MXCSR mask behind MXCSR stays the guest's. */
enum { POINTERS = 6, MXCSR = 24, ST0 = 32, XMM0 = 160 };

/* What the unit is loaded with in that mode: enum bt_fp_loaded. */
uint32_t tsr_bt_fp_load_kind(uint32_t mode)
{
	return BT_FP_LOADED | (mode & BT_MODE_SSE ? 0 : BT_FP_X87_ONLY) | (mode & BT_MODE_X87_UNMASKED ? BT_FP_UNMASKED : 0);
}

void tsr_bt_fp_unload(struct tsr_bt *bt)
{
	uint8_t image[512] __attribute__((aligned(16)));

	tsr_bt_fp_commit(bt);
	if (!bt->fp_loaded)
		return;
	__asm__ volatile("fxsave %0" : "=m"(image));
	__asm__ volatile("fninit\n\tldmxcsr %0" : : "m"(bt->host_mxcsr));
	memcpy(bt->state.fx, image, POINTERS);
	if (!(bt->fp_loaded & BT_FP_X87_ONLY))
		memcpy(bt->state.fx + MXCSR, image + MXCSR, 4);
	memcpy(bt->state.fx + ST0, image + ST0, XMM0 - ST0);
	bt->fp_loaded = 0;
	bt->stats.fp_unloads++;
}

/* Undoes an unload in the middle of a block, whose code takes for granted what it loaded. */
void tsr_bt_fp_reload(struct tsr_bt *bt)
{
	__asm__ volatile("fxrstor %0" : : "m"(bt->state.fx));
	bt->fp_loaded = tsr_bt_fp_load_kind(bt->mode);
	if (bt->fp_loaded & BT_FP_X87_ONLY)
		__asm__ volatile("ldmxcsr %0" : : "m"(bt->host_mxcsr));
}
