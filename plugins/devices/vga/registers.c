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
static const uint8_t misc_mask = 0xef, feature_mask = 0x0b;
static const uint8_t seq_mask[SEQ_COUNT] = { 0x03, 0x3d, 0x0f, 0x3f, 0x0e };
const uint8_t vga_gr_mask[GR_COUNT] = { 0x0f, 0x0f, 0x0f, 0x1f, 0x03, 0x7b, 0x0f, 0x0f, 0xff };
static const uint8_t attr_mask[AR_COUNT] = {
	0x3f, 0x3f, 0x3f, 0x3f, 0x3f, 0x3f, 0x3f, 0x3f, 0x3f, 0x3f, 0x3f,
	0x3f, 0x3f, 0x3f, 0x3f, 0x3f, 0xef, 0xff, 0x3f, 0x0f, 0x0f,
};

enum { DAC_6_BITS = 0x3f, DAC_8_BITS = 0xff, DAC_STATE_READING = 3 };

/* -- CRT controller */

static uint8_t crtc_read(const struct vga *v)
{
	return v->crtc_index < CR_COUNT ? v->crtc[v->crtc_index] : 0;
}

static void crtc_write(struct vga *v, uint8_t value)
{
	unsigned index = v->crtc_index;
	bool protect = v->crtc[CR_VRETRACE_END] & CR_VRETRACE_END_PROTECT;

	if (index >= CR_COUNT)
		return;
	if (protect && index == CR_OVERFLOW)
		/* the line compare bit is free */
		v->crtc[index] = (v->crtc[index] & ~CR_OVERFLOW_LINE_COMPARE) |
				 (value & CR_OVERFLOW_LINE_COMPARE);
	else if (!protect || index > CR_OVERFLOW)
		v->crtc[index] = value;
}

/* -- Attribute controller: one port for index and data */

static uint8_t attr_read(const struct vga *v)
{
	unsigned index = v->attr_index & AR_INDEX;

	return index < AR_COUNT ? v->attr[index] : 0;
}

static void attr_write(struct vga *v, uint8_t value)
{
	unsigned index = v->attr_index & AR_INDEX;

	v->attr_data = !v->attr_data;
	if (v->attr_data)
		v->attr_index = value & (AR_INDEX_DISPLAY | AR_INDEX);
	else if (index < AR_COUNT && (index >= AR_MODE || !(v->attr_index & AR_INDEX_DISPLAY)))
		v->attr[index] = value & attr_mask[index];
}

/* -- DAC */

static uint8_t dac_mask(const struct vga *v)
{
	return v->vbe[VBE_ENABLE] & VBE_8BIT_DAC ? DAC_8_BITS : DAC_6_BITS;
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
	v->dac_reading = reading ? DAC_STATE_READING : 0;
}

/* -- Ports */

/* The CRTC and status 1 answer at 3Bx or 3Dx, as the miscellaneous register says. */
static bool is_other_half(const struct vga *v, unsigned port)
{
	return (port >= 0x3b0 && port <= 0x3bf && v->misc & MISC_COLOR) ||
	       (port >= 0x3d0 && port <= 0x3df && !(v->misc & MISC_COLOR));
}

uint8_t vga_port_read(struct vga *v, unsigned port)
{
	if (port == PORT_STATUS_1_MONO || port == PORT_STATUS_1)
		/* at either address: SeaBIOS's VGA BIOS uses 3DA in monochrome modes too */
		v->attr_data = false;
	if (is_other_half(v, port))
		return 0xff;
	switch (port) {
	case PORT_ATTRIBUTE:
		return v->attr_index;
	case PORT_ATTRIBUTE_READ:
		return attr_read(v);
	case PORT_STATUS_0:
		return STATUS_0_SENSE;
	case PORT_ENABLE:
		return 0x01; /* the adapter is enabled */
	case PORT_SEQUENCER_INDEX:
		return v->seq_index;
	case PORT_SEQUENCER_DATA:
		return v->seq_index < SEQ_COUNT ? v->seq[v->seq_index] : 0;
	case PORT_PEL_MASK:
		return v->pel_mask;
	case PORT_DAC_STATE:
		return v->dac_reading;
	case PORT_DAC_INDEX:
		return v->dac_index;
	case PORT_DAC_DATA:
		return dac_read(v);
	case PORT_FEATURE_READ:
		return v->feature;
	case PORT_MISC_READ:
		return v->misc;
	case PORT_GRAPHICS_INDEX:
		return v->gr_index;
	case PORT_GRAPHICS_DATA:
		return v->gr_index < GR_COUNT ? v->gr[v->gr_index] : 0;
	case PORT_CRTC_INDEX_MONO:
	case PORT_CRTC_INDEX:
		return v->crtc_index;
	case PORT_CRTC_DATA_MONO:
	case PORT_CRTC_DATA:
		return crtc_read(v);
	case PORT_STATUS_1_MONO:
	case PORT_STATUS_1:
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
	case PORT_ATTRIBUTE:
		attr_write(v, value);
		break;
	case PORT_STATUS_0:
		v->misc = value & misc_mask;
		break;
	case PORT_SEQUENCER_INDEX:
		v->seq_index = value & 0x07;
		break;
	case PORT_SEQUENCER_DATA:
		seq_write(v, value);
		break;
	case PORT_PEL_MASK:
		v->pel_mask = value;
		break;
	case PORT_DAC_STATE:
		dac_set_index(v, value, true);
		break;
	case PORT_DAC_INDEX:
		dac_set_index(v, value, false);
		break;
	case PORT_DAC_DATA:
		dac_write(v, value);
		break;
	case PORT_GRAPHICS_INDEX:
		v->gr_index = value & 0x0f;
		break;
	case PORT_GRAPHICS_DATA:
		gr_write(v, value);
		break;
	case PORT_CRTC_INDEX_MONO:
	case PORT_CRTC_INDEX:
		v->crtc_index = value & 0x3f;
		break;
	case PORT_CRTC_DATA_MONO:
	case PORT_CRTC_DATA:
		crtc_write(v, value);
		break;
	case PORT_STATUS_1_MONO:
	case PORT_STATUS_1:
		v->feature = value & feature_mask;
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
	v->seq[SEQ_MEMORY] = SEQ_MEMORY_EXTENDED;
	v->gr[GR_BIT_MASK] = 0xff;
	v->pel_mask = 0xff;
	v->dac_index = v->dac_component = v->dac_reading = 0;
	v->latch = 0;
	v->plain_bytes = 0;
}
