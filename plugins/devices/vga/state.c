/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Saved state: registers by name, and video memory up to its last byte that is not zero. */
#include <string.h>

#include "vga.h"

/* clang-format off */
#define VGA_U8(X) \
	X(misc) X(feature) X(seq_index) X(crtc_index) X(gr_index) X(attr_index) \
	X(pel_mask) X(dac_index) X(dac_component) X(dac_reading)
/* clang-format on */
#define VGA_ARRAYS(X) X(seq) X(crtc) X(gr) X(attr) X(dac_latch) X(dac)

static size_t used_length(const struct vga *v)
{
	size_t length = v->vram_size;

	while (length >= 8 && !memcmp(v->vram + length - 8, "\0\0\0\0\0\0\0\0", 8))
		length -= 8;
	return length;
}

void vga_save(void *self, struct tsr_state_writer *out)
{
	struct vga *v = self;

#define X(name) tsr_state_put_u8(out, #name, v->name);
	VGA_U8(X)
#undef X
#define X(name) tsr_state_put_bytes(out, #name, v->name, sizeof(v->name));
	VGA_ARRAYS(X)
#undef X
	tsr_state_put_bool(out, "attr_data", v->attr_data);
	tsr_state_put_u32(out, "latch", v->latch);
	tsr_state_put_bool(out, "latch_lost", v->latch_lost);
	tsr_state_put_u32(out, "plain_bytes", v->plain_bytes);
	tsr_state_put_bool(out, "is_chained", v->is_chained);
	tsr_state_put_u32(out, "endian", v->endian);
	tsr_state_put_u16(out, "vbe_index", v->vbe_index);
	out->ops->begin(out, "vbe");
	for (unsigned i = 0; i < VBE_COUNT; i++)
		tsr_state_put_u16(out, (char[]){ (char)('a' + i), 0 }, v->vbe[i]);
	out->ops->end(out);
	tsr_state_put_u32(out, "vram_size", v->vram_size);
	tsr_state_put_bytes(out, "vram", v->vram, used_length(v));
}

static bool load_vbe(struct vga *v, struct tsr_state_reader *in)
{
	uint16_t saved[VBE_COUNT];
	bool ok = in->ops->begin(in, "vbe");

	for (unsigned i = 0; ok && i < VBE_COUNT; i++)
		ok = tsr_state_get_u16(in, (char[]){ (char)('a' + i), 0 }, &saved[i]);
	if (!ok)
		return false;
	in->ops->end(in);
	memset(v->vbe, 0, sizeof(v->vbe));
	vbe_write(v, VBE_ID, saved[VBE_ID]);
	for (unsigned i = VBE_XRES; i <= VBE_BPP; i++)
		v->vbe[i] = saved[i];
	vbe_write(v, VBE_ENABLE, saved[VBE_ENABLE] | VBE_NOCLEAR);
	v->vbe[VBE_ENABLE] = saved[VBE_ENABLE];
	if (vbe_is_on(v))
		for (unsigned i = VBE_BANK; i < VBE_MEMORY; i++)
			vbe_write(v, i, saved[i]);
	else
		memcpy(v->vbe + VBE_BANK, saved + VBE_BANK,
		       (VBE_MEMORY - VBE_BANK) * sizeof(saved[0]));
	return true;
}

/*
 * What older versions do not save: they mapped the window as soon as chain 4 passed bytes
 * unchanged. The registers are there; video memory comes after.
 */
static void load_window(struct vga *v, struct tsr_state_reader *in)
{
	uint32_t count = UINT32_MAX;
	bool lost = false;

	for (unsigned i = 0; i < GR_COUNT; i++)
		v->gr[i] &= vga_gr_mask[i];
	v->seq[SEQ_MAP_MASK] &= 0x0f;
	tsr_state_get_u32(in, "plain_bytes", &count);
	tsr_state_get_bool(in, "latch_lost", &lost);
	vga_update_window(v);
	vga_set_plain_bytes(v, count);
	vga_update_window(v);
	v->latch_lost = lost;
}

/* Older versions had video memory in the other order in every mode with chain 4. */
static void load_order(struct vga *v, struct tsr_state_reader *in)
{
	bool chained = v->seq[SEQ_MEMORY] & SEQ_MEMORY_CHAIN4 && !vbe_is_on(v);

	tsr_state_get_bool(in, "is_chained", &chained);
	v->is_chained = chained;
	vga_update_window(v);
}

static bool load_vram(struct vga *v, struct tsr_state_reader *in, struct tsr_error *error)
{
	int64_t length = in->ops->length(in, "vram");
	uint32_t size;

	if (!tsr_state_get_u32(in, "vram_size", &size) || size != v->vram_size)
		return tsr_error_set(
			error, TSR_ERROR_INVALID,
			"the saved video adapter has another size of memory; set vram to it");
	if (length < 0 || length > v->vram_size ||
	    !tsr_state_get_bytes(in, "vram", v->vram, (size_t)length))
		return false;
	memset(v->vram + length, 0, v->vram_size - (size_t)length);
	load_order(v, in);
	return true;
}

bool vga_load(void *self, struct tsr_state_reader *in, struct tsr_error *error)
{
	struct vga *v = self;
	bool ok = true;

	tsr_state_damaged(error, "registers or memory of the video adapter");
#define X(name) ok = ok && tsr_state_get_u8(in, #name, &v->name);
	VGA_U8(X)
#undef X
#define X(name) ok = ok && tsr_state_get_bytes(in, #name, v->name, sizeof(v->name));
	VGA_ARRAYS(X)
#undef X
	ok = ok && tsr_state_get_bool(in, "attr_data", &v->attr_data) &&
	     tsr_state_get_u32(in, "latch", &v->latch) &&
	     tsr_state_get_u32(in, "endian", &v->endian) &&
	     tsr_state_get_u16(in, "vbe_index", &v->vbe_index) && v->dac_component < 3 &&
	     load_vbe(v, in);
	load_window(v, in);
	ok = ok && load_vram(v, in, error);
	v->dac_component %= 3;
	v->stale = true;
	return ok;
}
