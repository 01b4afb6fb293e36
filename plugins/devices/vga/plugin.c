/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The adapter's wiring: ports, windows and framebuffer, PCI function or ISA card, video BIOS. BAR 0
 * is video memory, BAR 2 the registers as memory: 000 EDID, 400 ports 3C0-3DF, 500 VBE registers,
 * 600 extended registers (docs/specs/standard-vga.txt of QEMU, whose identifiers guests' drivers
 * look for).
 */
#include <stdlib.h>
#include <string.h>

#include "vga.h"

#define ENDIAN_LITTLE 0x1e1e1e1eu
#define ENDIAN_BIG 0xbebebebeu

/* -- Ports */

static uint64_t on_mono_read(void *self, uint64_t offset, unsigned width)
{
	return vga_port_read(self, 0x3b0 + (unsigned)offset);
}

static void on_mono_write(void *self, uint64_t offset, uint64_t value, unsigned width)
{
	vga_port_write(self, 0x3b0 + (unsigned)offset, (uint8_t)value);
}

static uint64_t on_port_read(void *self, uint64_t offset, unsigned width)
{
	return vga_port_read(self, 0x3c0 + (unsigned)offset);
}

static void on_port_write(void *self, uint64_t offset, uint64_t value, unsigned width)
{
	vga_port_write(self, 0x3c0 + (unsigned)offset, (uint8_t)value);
}

/* 1CE index, 1CF data; the data register answers at 1D0 too. */
static uint64_t on_vbe_read(void *self, uint64_t offset, unsigned width)
{
	struct vga *v = self;

	return offset ? vbe_read(v, v->vbe_index) : v->vbe_index;
}

static void on_vbe_write(void *self, uint64_t offset, uint64_t value, unsigned width)
{
	struct vga *v = self;

	if (offset)
		vbe_write(v, v->vbe_index, (uint16_t)value);
	else
		v->vbe_index = (uint16_t)value;
}

static const struct tsr_io_ops mono_ops = {
	.size = sizeof(mono_ops),
	.widths = 1,
	.read = on_mono_read,
	.write = on_mono_write,
};
static const struct tsr_io_ops port_ops = {
	.size = sizeof(port_ops),
	.widths = 1,
	.read = on_port_read,
	.write = on_port_write,
};
static const struct tsr_io_ops vbe_ops = {
	.size = sizeof(vbe_ops),
	.widths = 1 | 2,
	.read = on_vbe_read,
	.write = on_vbe_write,
};

/* -- The window at A0000 */

static uint64_t on_window_read(void *self, uint64_t offset, unsigned width)
{
	uint64_t value = 0;

	for (unsigned i = 0; i < width; i++)
		value |= (uint64_t)vga_window_read(self, (uint32_t)offset + i) << 8 * i;
	return value;
}

static void on_window_write(void *self, uint64_t offset, uint64_t value, unsigned width)
{
	for (unsigned i = 0; i < width; i++)
		vga_window_write(self, (uint32_t)offset + i, (uint8_t)(value >> 8 * i));
}

static const struct tsr_io_ops window_ops = {
	.size = sizeof(window_ops),
	.widths = 1 | 2 | 4 | 8,
	.read = on_window_read,
	.write = on_window_write,
};

/* -- BAR 2 */

static uint8_t read_byte_of_word(uint16_t word, unsigned offset)
{
	return (uint8_t)(word >> 8 * (offset & 1));
}

static uint64_t on_bar_read(void *self, uint64_t offset, unsigned width)
{
	struct vga *v = self;
	uint64_t value = 0;

	if (offset >= 0x500 && offset < 0x500 + 2 * VBE_COUNT)
		value = width == 1 ? read_byte_of_word(vbe_read(v, (unsigned)(offset - 0x500) / 2),
						       (unsigned)offset)
				   : vbe_read(v, (unsigned)(offset - 0x500) / 2);
	else if (offset >= 0x600 && offset < 0x604)
		value = 8u >> 8 * (offset & 3);
	else if (offset >= 0x604 && offset < 0x608)
		value = v->endian >> 8 * (offset & 3);
	else
		for (unsigned i = 0; i < width; i++) {
			uint64_t at = offset + i, byte = 0;

			if (at < sizeof(v->edid))
				byte = v->edid[at];
			else if (at >= 0x400 && at < 0x420)
				byte = vga_port_read(v, 0x3c0 + (unsigned)(at - 0x400));
			value |= byte << 8 * i;
		}
	return width == 4 ? (uint32_t)value : value & (width == 2 ? 0xffffu : 0xffu);
}

static void on_bar_write(void *self, uint64_t offset, uint64_t value, unsigned width)
{
	struct vga *v = self;

	if (offset >= 0x400 && offset < 0x420)
		for (unsigned i = 0; i < width && offset + i < 0x420; i++)
			vga_port_write(v, 0x3c0 + (unsigned)(offset + i - 0x400),
				       (uint8_t)(value >> 8 * i));
	else if (offset >= 0x500 && offset < 0x500 + 2 * VBE_COUNT && width > 1)
		vbe_write(v, (unsigned)(offset - 0x500) / 2, (uint16_t)value);
	else if (offset == 0x604 && width == 4 && (value == ENDIAN_LITTLE || value == ENDIAN_BIG))
		v->endian = (uint32_t)value; /* kept, but pixels are little-endian always */
}

static const struct tsr_io_ops bar_ops = {
	.size = sizeof(bar_ops),
	.widths = 1 | 2 | 4,
	.read = on_bar_read,
	.write = on_bar_write,
};

/* -- PCI card */

static bool add_pci_rom(struct vga *v, const char *path, struct tsr_error *error)
{
	uint8_t *image;
	size_t length;
	bool ok;

	if (!vga_load_rom(v, path, "vgabios-stdvga.bin", &image, &length, error))
		return false;
	ok = !image || v->pci->rom(v->function, image, length, error);
	free(image);
	return ok;
}

/*
 * The video BIOS reads the EDID there with segments of 4 GiB, which not every firmware gives it
 * (U-Boot does not).
 */
static bool add_pci_registers(struct vga *v, struct tsr_error *error)
{
	const struct tsr_properties *properties = v->host->get(v->host, TSR_PROPERTIES);

	return !properties->get_bool(v->host, "registers") ||
	       v->pci->bar_io(v->function, 2, TSR_PCI_BAR_MEMORY, TSR_PAGE_SIZE, &bar_ops, v,
			      error);
}

static bool attach_pci(struct vga *v, const char *rom, struct tsr_error *error)
{
	static const struct tsr_pci_id id = {
		.size = sizeof(id),
		.vendor = 0x1234,
		.device = 0x1111,
		.class_code = 0x030000,
		.revision = 2, /* BAR 2 has the extended registers */
		.subsystem_vendor = 0x1af4,
		.subsystem = 0x1100,
	};

	v->pci = v->host->get(v->host, TSR_PCI);
	if (!v->pci)
		return tsr_error_set(error, TSR_ERROR_INVALID,
				     "this machine has no PCI bus; set bus=isa");
	v->function = v->pci->add(v->host, &id, NULL, v, error);
	return v->function &&
	       v->pci->bar_memory(v->function, 0, v->vram_size, true, TSR_MEMORY_DIRTY_LOG,
				  &v->vram, &v->vram_region, error) &&
	       add_pci_registers(v, error) && add_pci_rom(v, rom, error);
}

/* -- ISA card: the framebuffer is at the address that the Bochs VBE BIOS expects */

static bool map_isa_rom(struct vga *v, const uint8_t *image, size_t length, struct tsr_error *error)
{
	size_t mapped = (length + TSR_PAGE_MASK) & ~(size_t)TSR_PAGE_MASK;
	uint8_t *bytes;

	if (mapped > 0x20000)
		return tsr_error_set(error, TSR_ERROR_IO,
				     "the video BIOS of an ISA card has at most 128 KiB");
	if (!v->memory->map(v->host, "rom", 0xc0000, mapped, TSR_PRIORITY_BAR, TSR_MEMORY_ROM,
			    &bytes, error))
		return false;
	memcpy(bytes, image, length);
	return true;
}

static bool attach_isa(struct vga *v, const char *rom, struct tsr_error *error)
{
	uint8_t *image;
	size_t length;
	bool ok;

	v->vram_region = v->memory->map(v->host, "vram", VGA_ISA_FRAMEBUFFER, v->vram_size,
					TSR_PRIORITY_BAR, TSR_MEMORY_DIRTY_LOG, &v->vram, error);
	if (!v->vram_region || !vga_load_rom(v, rom, "vgabios-isavga.bin", &image, &length, error))
		return false;
	ok = !image || map_isa_rom(v, image, length, error);
	free(image);
	return ok;
}

/* -- Life cycle */

static const struct tsr_display_ops display_ops = {
	.size = sizeof(display_ops),
	.refresh = vga_refresh,
	.text = vga_text,
};

static void get_tables(struct vga *v, const struct tsr_host *host)
{
	v->host = host;
	v->clock = host->get(host, TSR_CLOCK);
	v->memory = host->get(host, TSR_MEMORY);
	v->io = host->get(host, TSR_IO);
	v->log = host->get(host, TSR_LOG);
	v->displays = host->get(host, TSR_DISPLAY);
}

static bool map_windows(struct vga *v, struct tsr_error *error)
{
	v->window_region = v->memory->map_io(v->host, "window", VGA_WINDOW_BASE, VGA_WINDOW_SIZE,
					     TSR_PRIORITY_MMIO, 0, &window_ops, v, error);
	v->linear_region = v->memory->alias(v->host, "linear-window", VGA_WINDOW_BASE,
					    VGA_BANK_SIZE, TSR_PRIORITY_OVERLAY,
					    TSR_MEMORY_DISABLED, v->vram_region, 0, error);
	return v->window_region && v->linear_region;
}

static bool attach(void *self, const struct tsr_host *host, struct tsr_error *error)
{
	struct vga *v = self;
	const struct tsr_properties *properties = host->get(host, TSR_PROPERTIES);
	const char *rom = properties->get_string(host, "rom");
	bool isa = !strcmp(properties->get_string(host, "bus"), "isa");

	get_tables(v, host);
	v->vram_size = (uint32_t)properties->get_int(host, "vram");
	if (v->vram_size & (v->vram_size - 1) || v->vram_size < 1u << 20)
		return tsr_error_set(error, TSR_ERROR_INVALID,
				     "vram is a power of two from 1M to 256M");
	v->dirty = calloc(1, v->vram_size >> (TSR_PAGE_SHIFT + 3));
	v->scratch = malloc(VGA_LEGACY_MEMORY);
	if (!v->dirty || !v->scratch)
		return tsr_error_set(error, TSR_ERROR_FAILED, "no memory for the video adapter");
	vga_make_edid(v->edid, (unsigned)properties->get_int(host, "xres"),
		      (unsigned)properties->get_int(host, "yres"));
	if (!(isa ? attach_isa(v, rom, error) : attach_pci(v, rom, error)) ||
	    !map_windows(v, error))
		return false;
	v->display = v->displays->add(host, &display_ops, v);
	return v->io->claim(host, "mono", &mono_ops, v, error) &&
	       v->io->claim(host, "vga", &port_ops, v, error) &&
	       v->io->claim(host, "vbe", &vbe_ops, v, error);
}

static void detach(void *self)
{
	struct vga *v = self;

	free(v->dirty);
	free(v->scratch);
	free(v->cells);
}

static void reset(void *self, enum tsr_reset kind)
{
	struct vga *v = self;

	if (kind == TSR_RESET_SOFT)
		return;
	vga_reset_registers(v);
	memset(v->vbe, 0, sizeof(v->vbe));
	v->vbe[VBE_ID] = 0xb0c5;
	v->vbe_index = 0;
	v->endian = ENDIAN_LITTLE;
	if (kind == TSR_RESET_POWER_ON && v->used)
		memset(v->vram, 0, v->vram_size);
	v->used = true;
	v->stale = true;
	vga_update_window(v);
	v->latch_lost = false;
}

static const struct tsr_device_class device_class = {
	.size = sizeof(device_class),
	.instance_size = sizeof(struct vga),
	.attach = attach,
	.detach = detach,
	.reset = reset,
	.save = vga_save,
	.load = vga_load,
};

TSR_DEVICE_PLUGIN(device_class);
