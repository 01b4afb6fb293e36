/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The VGA's ports: sequencer, CRT controller, graphics controller, attribute controller, DAC,
 * general registers.
 * Source: IBM VGA/XGA Technical Reference Manual (1992), chapter 2.
 * Gaps: the vertical retrace interrupt; the monitor sense bit always says "colour"; feature control
 * has no effect.
 */
#include <string.h>

#include "vga.h"

/* Bits that exist; the others read 0. */
static const uint8_t seq_mask[SEQ_COUNT] = { 0x03, 0x3d, 0x0f, 0x3f, 0x0e };
const uint8_t vga_gr_mask[GR_COUNT] = { 0x0f, 0x0f, 0x0f, 0x1f, 0x03, 0x7b, 0x0f, 0x0f, 0xff };
static const uint8_t attr_mask[AR_COUNT] = {
	0x3f, 0x3f, 0x3f, 0x3f, 0x3f, 0x3f, 0x3f, 0x3f, 0x3f, 0x3f, 0x3f,
	0x3f, 0x3f, 0x3f, 0x3f, 0x3f, 0xef, 0xff, 0x3f, 0x0f, 0x0f,
};

/* -- CRT controller */

static uint8_t crtc_read(const struct vga *v)
{
	return v->crtc_index < CR_COUNT ? v->crtc[v->crtc_index] : 0;
}

static void crtc_write(struct vga *v, uint8_t value)
{
	unsigned index = v->crtc_index;
	bool protect = v->crtc[CR_VRETRACE_END] & 0x80;

	if (index >= CR_COUNT)
		return;
	if (protect && index == CR_OVERFLOW)
		/* the line compare bit is free */
		v->crtc[index] = (v->crtc[index] & ~0x10) | (value & 0x10);
	else if (!protect || index > CR_OVERFLOW)
		v->crtc[index] = value;
}

/* -- Attribute controller: one port for index and data */

static uint8_t attr_read(const struct vga *v)
{
	unsigned index = v->attr_index & 0x1f;

	return index < AR_COUNT ? v->attr[index] : 0;
}

static void attr_write(struct vga *v, uint8_t value)
{
	unsigned index = v->attr_index & 0x1f;

	v->attr_data = !v->attr_data;
	if (v->attr_data)
		v->attr_index = value & 0x3f;
	else if (index < AR_COUNT && (index >= AR_MODE || !(v->attr_index & 0x20)))
		v->attr[index] = value & attr_mask[index];
}

/* -- DAC */

static uint8_t dac_mask(const struct vga *v)
{
	return v->vbe[VBE_ENABLE] & VBE_8BIT_DAC ? 0xff : 0x3f;
}

static uint8_t dac_read(struct vga *v)
{
	uint8_t value = v->dac[v->dac_index][v->dac_component];

	if (++v->dac_component == 3) {
		v->dac_component = 0;
		v->dac_index++;
	}
	return value & dac_mask(v);
}

static void dac_write(struct vga *v, uint8_t value)
{
	v->dac_latch[v->dac_component] = value & dac_mask(v);
	if (++v->dac_component < 3)
		return;
	memcpy(v->dac[v->dac_index++], v->dac_latch, 3);
	v->dac_component = 0;
}

static void dac_set_index(struct vga *v, uint8_t index, bool reading)
{
	v->dac_index = index;
	v->dac_component = 0;
	v->dac_reading = reading ? 3 : 0;
}

/* -- Ports */

/* The CRTC and status 1 answer at 3Bx or 3Dx, as the miscellaneous register says. */
static bool is_other_half(const struct vga *v, unsigned port)
{
	return (port >= 0x3b0 && port <= 0x3bf && v->misc & 1) ||
	       (port >= 0x3d0 && port <= 0x3df && !(v->misc & 1));
}

uint8_t vga_port_read(struct vga *v, unsigned port)
{
	if (port == 0x3ba || port == 0x3da)
		/* at either address: SeaBIOS's VGA BIOS uses 3DA in monochrome modes too */
		v->attr_data = false;
	if (is_other_half(v, port))
		return 0xff;
	switch (port) {
	case 0x3c0:
		return v->attr_index;
	case 0x3c1:
		return attr_read(v);
	case 0x3c2:
		return 0x10;
	case 0x3c3:
		return 0x01;
	case 0x3c4:
		return v->seq_index;
	case 0x3c5:
		return v->seq_index < SEQ_COUNT ? v->seq[v->seq_index] : 0;
	case 0x3c6:
		return v->pel_mask;
	case 0x3c7:
		return v->dac_reading;
	case 0x3c8:
		return v->dac_index;
	case 0x3c9:
		return dac_read(v);
	case 0x3ca:
		return v->feature;
	case 0x3cc:
		return v->misc;
	case 0x3ce:
		return v->gr_index;
	case 0x3cf:
		return v->gr_index < GR_COUNT ? v->gr[v->gr_index] : 0;
	case 0x3b4:
	case 0x3d4:
		return v->crtc_index;
	case 0x3b5:
	case 0x3d5:
		return crtc_read(v);
	case 0x3ba:
	case 0x3da:
		return vga_retrace_status(v);
	default:
		return 0xff;
	}
}

static void seq_write(struct vga *v, uint8_t value)
{
	if (v->seq_index < SEQ_COUNT)
		v->seq[v->seq_index] = value & seq_mask[v->seq_index];
	vga_update_window(v);
}

static void gr_write(struct vga *v, uint8_t value)
{
	if (v->gr_index < GR_COUNT)
		v->gr[v->gr_index] = value & vga_gr_mask[v->gr_index];
	vga_update_window(v);
}

void vga_port_write(struct vga *v, unsigned port, uint8_t value)
{
	if (is_other_half(v, port))
		return;
	switch (port) {
	case 0x3c0:
		attr_write(v, value);
		break;
	case 0x3c2:
		v->misc = value & 0xef;
		break;
	case 0x3c4:
		v->seq_index = value & 0x07;
		break;
	case 0x3c5:
		seq_write(v, value);
		break;
	case 0x3c6:
		v->pel_mask = value;
		break;
	case 0x3c7:
		dac_set_index(v, value, true);
		break;
	case 0x3c8:
		dac_set_index(v, value, false);
		break;
	case 0x3c9:
		dac_write(v, value);
		break;
	case 0x3ce:
		v->gr_index = value & 0x0f;
		break;
	case 0x3cf:
		gr_write(v, value);
		break;
	case 0x3b4:
	case 0x3d4:
		v->crtc_index = value & 0x3f;
		break;
	case 0x3b5:
	case 0x3d5:
		crtc_write(v, value);
		break;
	case 0x3ba:
	case 0x3da:
		v->feature = value & 0x0b;
		break;
	default:
		break;
	}
}

void vga_reset_registers(struct vga *v)
{
	v->misc = v->feature = 0;
	v->seq_index = v->crtc_index = v->gr_index = v->attr_index = 0;
	v->attr_data = false;
	memset(v->seq, 0, sizeof(v->seq));
	memset(v->crtc, 0, sizeof(v->crtc));
	memset(v->gr, 0, sizeof(v->gr));
	memset(v->attr, 0, sizeof(v->attr));
	memset(v->dac, 0, sizeof(v->dac));
	memset(v->dac_latch, 0, sizeof(v->dac_latch));
	v->seq[SEQ_MEMORY] = 0x02; /* all 256 KiB */
	v->gr[GR_BIT_MASK] = 0xff;
	v->pel_mask = 0xff;
	v->dac_index = v->dac_component = v->dac_reading = 0;
	v->latch = 0;
	v->plain_bytes = 0;
}
