/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The firmware configuration device: the BIOS selects an item by number and reads it byte by byte,
 * or by DMA with a control structure in guest memory. SeaBIOS and U-Boot learn the machine from it,
 * and option ROMs the kernel they start.
 *
 * Items are made at attach, those of other cards at realize, and stay; the guest can write none.
 * Reads past an item's end, or of an absent item, give zeros.
 *
 * A long DMA is done in slices, since the machine stands while one is done: the specification
 * leaves it open when a request is done, and software polls the control word.
 *
 * Source: QEMU's docs/specs/fw_cfg (the interface's only document).
 * Gaps: writable items.
 */
#include <stdlib.h>
#include <string.h>

#include <tessera/draft/option-rom.h>

#include "../firmware-common/firmware.h"
#include "acpi.h"
#include "items.h"
#include "linux.h"
#include "pir.h"
#include "smbios.h"

enum { PORT_SELECTOR = 0, PORT_DATA = 1, DMA_HIGH = 0, DMA_LOW = 4 };
enum {
	CONTROL_ERROR = 1,
	CONTROL_READ = 2,
	CONTROL_SKIP = 4,
	CONTROL_SELECT = 8,
	CONTROL_WRITE = 16,
	CONTROL_BYTES = 16,
};
enum { ID_TRADITIONAL = 1, ID_DMA = 2, E820_RAM = 1, E820_ENTRY = 20 };
#define KEY_MASK 0xbfffu /* bit 14 requests writing */
#define FOUR_GIB 0x100000000ull
#define SLICE (256u << 10) /* bytes of DMA at a time */
#define SLICE_NS 100000    /* from one slice to the next */
#define MAX_USER_FILE (64u << 20)
#define MAX_VGA_BIOS (256u << 10)
/* From so many possible processors on, SeaBIOS makes neither MP table nor PCI routing table. */
#define NO_MP_TABLE 256

static const uint8_t dma_signature[8] = { 'Q', 'E', 'M', 'U', ' ', 'C', 'F', 'G' };

/* The rest of a DMA that reads an item. */
struct transfer {
	tsr_gpa request; /* the control structure */
	tsr_gpa to;
	uint32_t left;     /* bytes; 0: there is none */
	uint64_t deadline; /* of the next slice */
};

struct fw_cfg {
	const struct tsr_host *host;
	const struct tsr_dma *dma;
	const struct tsr_clock *clock;
	const struct tsr_memory *memory;
	const struct tsr_properties *properties;
	struct fw_cfg_items items;
	const struct fw_cfg_item *current; /* NULL: an item that is not there */
	uint16_t selected;                 /* its number */
	uint32_t offset;                   /* bytes read of it */
	uint32_t dma_high;                 /* upper half of the control structure's address */
	struct transfer transfer;
	struct tsr_timer *timer; /* for the transfer's next slice */
};

/* -- Reading items */

static void select_item(struct fw_cfg *s, uint16_t key)
{
	s->selected = key & KEY_MASK;
	s->current = items_find(&s->items, s->selected);
	s->offset = 0;
}

static uint32_t left(const struct fw_cfg *s)
{
	return s->current && s->offset < s->current->length ? s->current->length - s->offset : 0;
}

static uint8_t next_byte(struct fw_cfg *s)
{
	return left(s) ? s->current->bytes[s->offset++] : 0;
}

static uint64_t port_read(void *self, uint64_t offset, unsigned width)
{
	struct fw_cfg *s = self;

	return offset == PORT_DATA ? next_byte(s) : width == 2 ? (uint64_t)next_byte(s) << 8 : 0;
}

static void port_write(void *self, uint64_t offset, uint64_t value, unsigned width)
{
	if (offset == PORT_SELECTOR && width == 2)
		select_item(self, (uint16_t)value);
}

/* -- DMA */

/* Zeros after an item's end. Stops where there is no memory. */
static bool dma_zeros(struct fw_cfg *s, tsr_gpa to, uint32_t length)
{
	static const uint8_t zeros[TSR_PAGE_SIZE];

	while (length) {
		uint32_t run = length < sizeof(zeros) ? length : (uint32_t)sizeof(zeros);

		if (!s->dma->write(s->host, to, zeros, run))
			return false;
		to += run;
		length -= run;
	}
	return true;
}

static bool dma_read_item(struct fw_cfg *s, tsr_gpa to, uint32_t length)
{
	uint32_t run = length < left(s) ? length : left(s);

	if (run && !s->dma->write(s->host, to, s->current->bytes + s->offset, run))
		return false;
	s->offset += run;
	return dma_zeros(s, to + run, length - run);
}

static void dma_finish(struct fw_cfg *s, bool ok)
{
	uint8_t result[4];

	s->transfer.left = 0;
	put_be(result, ok ? 0 : CONTROL_ERROR, sizeof(result));
	s->dma->write(s->host, s->transfer.request, result, sizeof(result));
}

static void dma_cancel(struct fw_cfg *s)
{
	s->transfer.left = 0;
	s->clock->cancel(s->timer);
}

static void dma_slice(struct fw_cfg *s)
{
	struct transfer *t = &s->transfer;
	uint32_t run = t->left < SLICE ? t->left : SLICE;
	bool ok = dma_read_item(s, t->to, run);

	t->to += run;
	t->left -= run;
	if (!ok || !t->left) {
		dma_finish(s, ok);
		return;
	}
	t->deadline = s->clock->now(s->host) + SLICE_NS;
	s->clock->arm(s->timer, t->deadline);
}

static void on_timer(void *self, uint64_t deadline_ns)
{
	struct fw_cfg *s = self;

	if (s->transfer.left)
		dma_slice(s);
}

/* Takes the place of a request that is not done. */
static void dma_start(struct fw_cfg *s, tsr_gpa at)
{
	uint8_t request[CONTROL_BYTES];
	uint32_t control, length;

	dma_cancel(s);
	if (!s->dma->read(s->host, at, request, sizeof(request)))
		return;
	control = (uint32_t)get_be(request, 4);
	length = (uint32_t)get_be(request + 4, 4);
	s->transfer = (struct transfer){ .request = at, .to = get_be(request + 8, 8) };
	if (control & CONTROL_SELECT)
		select_item(s, (uint16_t)(control >> 16));
	if (control & CONTROL_READ) {
		s->transfer.left = length;
		dma_slice(s);
		return;
	}
	if (control & CONTROL_SKIP)
		s->offset += length < left(s) ? length : left(s);
	dma_finish(s, !(control & CONTROL_WRITE));
}

static uint64_t dma_register_read(void *self, uint64_t offset, unsigned width)
{
	uint64_t value = 0;

	for (unsigned i = 0; i < width; i++)
		value |= (uint64_t)dma_signature[(offset + i) & 7] << (8 * i);
	return value;
}

/* Big-endian; writing the lower half starts. */
static void dma_register_write(void *self, uint64_t offset, uint64_t value, unsigned width)
{
	struct fw_cfg *s = self;
	uint32_t half = __builtin_bswap32((uint32_t)value);

	if (width != 4)
		return;
	if (offset == DMA_HIGH) {
		s->dma_high = half;
	} else if (offset == DMA_LOW) {
		tsr_gpa at = (tsr_gpa)s->dma_high << 32 | half;
		s->dma_high = 0;
		dma_start(s, at);
	}
}

static const struct tsr_io_ops port_ops = {
	.size = sizeof(port_ops),
	.widths = 1 | 2,
	.read = port_read,
	.write = port_write,
};
static const struct tsr_io_ops dma_ops = {
	.size = sizeof(dma_ops),
	.widths = 1 | 2 | 4,
	.read = dma_register_read,
	.write = dma_register_write,
};

/* -- What the items say */

static bool add_legacy_items(struct fw_cfg *s)
{
	struct fw_cfg_items *items = &s->items;
	static const uint8_t uuid[16], numa[16];
	bool mp_table = s->properties->get_bool(s->host, "mp-table");

	return items_add(items, FW_CFG_SIGNATURE, "QEMU", 4) &&
	       items_add_u32(items, FW_CFG_ID, ID_TRADITIONAL | ID_DMA) &&
	       items_add(items, FW_CFG_UUID, uuid, sizeof(uuid)) &&
	       items_add_u64(items, FW_CFG_RAM_SIZE, s->memory->ram_size(s->host)) &&
	       items_add_u16(items, FW_CFG_NOGRAPHIC, 0) &&
	       items_add_u16(items, FW_CFG_NB_CPUS, 1) &&
	       items_add_u16(items, FW_CFG_MAX_CPUS, mp_table ? 1 : NO_MP_TABLE) &&
	       items_add_u16(items, FW_CFG_BOOT_DEVICE, 'c') &&
	       items_add(items, FW_CFG_NUMA, numa, sizeof(numa)) &&
	       items_add_u16(items, FW_CFG_BOOT_MENU,
			     s->properties->get_bool(s->host, "boot-menu"));
}

static bool add_e820(struct fw_cfg *s)
{
	uint64_t below = s->memory->ram_below_4g(s->host),
		 above = s->memory->ram_size(s->host) - below;
	uint8_t map[2 * E820_ENTRY];

	put_le(map, 0, 8);
	put_le(map + 8, below, 8);
	put_le(map + 16, E820_RAM, 4);
	put_le(map + E820_ENTRY, FOUR_GIB, 8);
	put_le(map + E820_ENTRY + 8, above, 8);
	put_le(map + E820_ENTRY + 16, E820_RAM, 4);
	return items_add_file(&s->items, "etc/e820", map, above ? sizeof(map) : E820_ENTRY);
}

/* Integers that SeaBIOS looks for by a file's name; absent where the property has its `absent`
 * value. */
static const struct {
	const char *property, *file;
	int64_t absent;
	uint8_t width;
} integer_files[] = {
	{ "boot-fail-wait", "etc/boot-fail-wait", INT64_MIN, 4 },
	{ "boot-menu-wait", "etc/boot-menu-wait", -1, 4 },
	{ "sercon-port", "etc/sercon-port", 0, 2 },
};

static bool add_integer_files(struct fw_cfg *s)
{
	uint8_t bytes[8];

	for (size_t i = 0; i < sizeof(integer_files) / sizeof(integer_files[0]); i++) {
		int64_t value = s->properties->get_int(s->host, integer_files[i].property);

		put_le(bytes, (uint64_t)value, integer_files[i].width);
		if (value != integer_files[i].absent &&
		    !items_add_file(&s->items, integer_files[i].file, bytes,
				    integer_files[i].width))
			return false;
	}
	return true;
}

/* "bootorder": one device path a line, the direct boot's ROM first. */
static bool add_boot_order(struct fw_cfg *s, bool direct)
{
	const char *order = s->properties->get_string(s->host, "bootorder");
	static const char rom[] = "/rom@" LINUX_ROM_NAME "\n";
	size_t length = (direct ? strlen(rom) : 0) + strlen(order) + 2;
	char *text;
	bool ok;

	if (!direct && !*order)
		return true;
	text = malloc(length);
	if (!text)
		return false;
	snprintf(text, length, "%s%s%s", direct ? rom : "", order, *order ? "\n" : "");
	for (char *at = text; *at; at++)
		*at = *at == ';' ? '\n' : *at;
	ok = items_add_file(&s->items, "bootorder", text, strlen(text) + 1);
	free(text);
	return ok;
}

/* One "NAME=FILE" of the property `files`. */
static bool add_user_file(struct fw_cfg *s, const char *text, size_t length,
			  struct tsr_error *error)
{
	const char *equals = memchr(text, '=', length);
	size_t name_length = equals ? (size_t)(equals - text) : 0, size;
	char name[FW_CFG_FILE_NAME], path[4096];
	uint8_t *bytes;
	bool ok;

	if (name_length == 0 || name_length >= sizeof(name) ||
	    length - name_length - 1 >= sizeof(path))
		return tsr_error_set(
			error, TSR_ERROR_INVALID,
			"files: \"%.*s\" is not NAME=FILE with a name of at most %zu characters",
			(int)length, text, sizeof(name) - 1);
	snprintf(name, sizeof(name), "%.*s", (int)name_length, text);
	snprintf(path, sizeof(path), "%.*s", (int)(length - name_length - 1), equals + 1);
	bytes = items_read_host_file("firmware configuration file", path, MAX_USER_FILE, &size,
				     error);
	if (!bytes)
		return false;
	ok = items_add_file(&s->items, name, bytes, size);
	free(bytes);
	return ok || tsr_error_set(error, TSR_ERROR_FAILED, "files: no room for %s", name);
}

static bool add_user_files(struct fw_cfg *s, struct tsr_error *error)
{
	for (const char *at = s->properties->get_string(s->host, "files"); *at;) {
		size_t length = strcspn(at, ";");

		if (length && !add_user_file(s, at, length, error))
			return false;
		at += length + (at[length] == ';');
	}
	return true;
}

/* SeaBIOS loads the video BIOS of a card that is not on PCI from here, not from C0000h. */
static bool add_vga_bios(struct fw_cfg *s, struct tsr_error *error)
{
	const char *name = s->properties->get_string(s->host, "vga-bios");
	char path[FIRMWARE_PATH], item[FW_CFG_FILE_NAME];
	FILE *file = *name ? firmware_open(name, path) : NULL;
	uint8_t *bytes;
	size_t length;
	bool ok;

	if (!file)
		return true; /* the screen stays dark; the adapter says so */
	bytes = items_read_stream(file, "video BIOS", path, MAX_VGA_BIOS, &length, error);
	fclose(file);
	if (!bytes)
		return false;
	snprintf(item, sizeof(item), "vgaroms/%.*s", (int)sizeof(item) - 9, name);
	ok = items_add_file(&s->items, item, bytes, length);
	free(bytes);
	return ok || tsr_error_set(error, TSR_ERROR_FAILED, "no memory for the video BIOS");
}

/* Tables that the loader's script puts into memory. */
static bool add_tables(struct fw_cfg *s, struct tsr_error *error)
{
	struct acpi_machine machine = {
		.ram_below_4g = s->memory->ram_below_4g(s->host),
		.devices = s->properties->get_string(s->host, "acpi-devices"),
	};
	bool pir = s->properties->get_bool(s->host, "pir-table") &&
		   !s->properties->get_bool(s->host, "mp-table"); /* then there is the BIOS' own */
	struct loader loader = { .entries = 0 };

	if (s->properties->get_bool(s->host, "acpi") &&
	    !acpi_add(&s->items, &loader, &machine, error))
		return false;
	return ((!pir || pir_add(&s->items, &loader)) && loader_add(&loader, &s->items)) ||
	       tsr_error_set(error, TSR_ERROR_FAILED, "no memory for the firmware's tables");
}

static bool add_smbios(struct fw_cfg *s, struct tsr_error *error)
{
	uint64_t below = s->memory->ram_below_4g(s->host);
	struct smbios_machine machine = {
		.manufacturer = s->properties->get_string(s->host, "manufacturer"),
		.product = s->properties->get_string(s->host, "product"),
		.ram_below_4g = below,
		.ram_above_4g = s->memory->ram_size(s->host) - below,
	};

	return smbios_add(&s->items, &machine, error);
}

static bool add_kernel(struct fw_cfg *s, bool direct, struct tsr_error *error)
{
	struct linux_boot boot = {
		.kernel = s->properties->get_string(s->host, "kernel"),
		.initrd = s->properties->get_string(s->host, "initrd"),
		.append = s->properties->get_string(s->host, "append"),
		.ram = s->memory->ram_below_4g(s->host),
	};

	if (direct)
		return linux_add(&s->items, &boot, error);
	if (*boot.initrd || *boot.append)
		return tsr_error_set(error, TSR_ERROR_INVALID,
				     "%s is of no use without a kernel: give --kernel FILE too",
				     *boot.initrd ? "an initial RAM disk"
						  : "a kernel command line");
	return true;
}

/*
 * SeaBIOS runs the ROMs of ISA cards from here; it does not look for them in memory. It begins with
 * the last file, so the one at the lowest address comes last, as it is the first that a BIOS finds
 * that looks.
 */
static bool add_option_roms(struct fw_cfg *s)
{
	const struct tsr_option_rom *roms = s->host->get(s->host, TSR_OPTION_ROM);
	struct tsr_option_rom_image image = { .size = sizeof(image) };
	unsigned count = 0;
	bool ok = true;

	while (roms && roms->get(s->host, count, &image))
		count++;
	while (ok && count--) {
		char item[FW_CFG_FILE_NAME];

		roms->get(s->host, count, &image);
		snprintf(item, sizeof(item), "genroms/%.20s.%.20s", image.instance, image.name);
		ok = items_add_file(&s->items, item, image.bytes, image.length);
	}
	return ok;
}

static bool add_items(struct fw_cfg *s, struct tsr_error *error)
{
	bool direct = *s->properties->get_string(s->host, "kernel");

	if (!add_kernel(s, direct, error) || !add_tables(s, error) || !add_smbios(s, error) ||
	    !add_vga_bios(s, error) || !add_user_files(s, error))
		return false;
	if (!add_legacy_items(s) || !add_e820(s) || !add_integer_files(s) ||
	    !add_boot_order(s, direct))
		return tsr_error_set(error, TSR_ERROR_FAILED,
				     "no memory for the firmware configuration");
	return true;
}

/* -- Life cycle */

static void fw_cfg_reset(void *self, enum tsr_reset kind)
{
	struct fw_cfg *s = self;

	if (kind == TSR_RESET_SOFT)
		return;
	select_item(s, FW_CFG_SIGNATURE);
	s->dma_high = 0;
	dma_cancel(s);
}

static bool fw_cfg_attach(void *self, const struct tsr_host *host, struct tsr_error *error)
{
	struct fw_cfg *s = self;
	const struct tsr_io *io = host->get(host, TSR_IO);

	s->host = host;
	s->dma = host->get(host, TSR_DMA);
	s->clock = host->get(host, TSR_CLOCK);
	s->timer = s->clock->timer_new(host, on_timer, s);
	s->memory = host->get(host, TSR_MEMORY);
	s->properties = host->get(host, TSR_PROPERTIES);
	return add_items(s, error) && io->claim(host, "ports", &port_ops, s, error) &&
	       io->claim(host, "dma", &dma_ops, s, error);
}

/* Only now all cards have their ROMs. */
static bool fw_cfg_realize(void *self, struct tsr_error *error)
{
	struct fw_cfg *s = self;

	if (!add_option_roms(s) || !items_add_directory(&s->items))
		return tsr_error_set(error, TSR_ERROR_FAILED,
				     "no memory for the firmware configuration");
	/* A version that takes another one's place has been loaded before. */
	s->current = items_find(&s->items, s->selected);
	return true;
}

static void fw_cfg_detach(void *self)
{
	items_finish(&((struct fw_cfg *)self)->items);
}

static void fw_cfg_save(void *self, struct tsr_state_writer *out)
{
	struct fw_cfg *s = self;

	tsr_state_put_u16(out, "selected", s->selected);
	tsr_state_put_u32(out, "offset", s->offset);
	tsr_state_put_u32(out, "dma-high", s->dma_high);
	tsr_state_put_u64(out, "dma-request", s->transfer.request);
	tsr_state_put_u64(out, "dma-to", s->transfer.to);
	tsr_state_put_u32(out, "dma-left", s->transfer.left);
	tsr_state_put_u64(out, "dma-deadline", s->transfer.deadline);
}

static bool load_transfer(struct fw_cfg *s, struct tsr_state_reader *in)
{
	dma_cancel(s);
	if (!tsr_state_get_u32(in, "dma-left", &s->transfer.left))
		return true; /* version 1 */
	if (!tsr_state_get_u64(in, "dma-request", &s->transfer.request) ||
	    !tsr_state_get_u64(in, "dma-to", &s->transfer.to) ||
	    !tsr_state_get_u64(in, "dma-deadline", &s->transfer.deadline))
		return false;
	if (s->transfer.left)
		s->clock->arm(s->timer, s->transfer.deadline);
	return true;
}

static bool fw_cfg_load(void *self, struct tsr_state_reader *in, struct tsr_error *error)
{
	struct fw_cfg *s = self;
	uint16_t selected;
	uint32_t offset;

	if (!tsr_state_get_u16(in, "selected", &selected) ||
	    !tsr_state_get_u32(in, "offset", &offset) ||
	    !tsr_state_get_u32(in, "dma-high", &s->dma_high) || !load_transfer(s, in))
		return tsr_state_damaged(error, "registers of fw_cfg");
	select_item(s, selected);
	s->offset = offset;
	return true;
}

static const struct tsr_device_class fw_cfg_class = {
	.size = sizeof(fw_cfg_class),
	.instance_size = sizeof(struct fw_cfg),
	.attach = fw_cfg_attach,
	.realize = fw_cfg_realize,
	.detach = fw_cfg_detach,
	.reset = fw_cfg_reset,
	.save = fw_cfg_save,
	.load = fw_cfg_load,
};

TSR_DEVICE_PLUGIN(fw_cfg_class);
