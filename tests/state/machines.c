/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The machines that are compared, a row each: the devices, what they are connected to, and what
 * their drivers do that random accesses would hardly find.
 */
#include "machines.h"
#include "surroundings.h"

#include <string.h>

#include <tessera/draft/ide.h>
#include <tessera/draft/interrupts.h>
#include <tessera/draft/isa-forward.h>
#include <tessera/draft/pci-host.h>

static void *device;

static void start_nothing(void)
{
}

#define MAKE(function, id, ...) \
	static void function(void) \
	{ \
		device = compare_make(id, (struct fake_row[]){ __VA_ARGS__{ NULL, NULL } }); \
	}

/* -- Devices that stand alone */

MAKE(make_pit, "pit-8254", )
MAKE(make_rtc, "rtc-mc146818", )
MAKE(make_fw_cfg, "fw-cfg", )
MAKE(make_debug_exit, "debug-exit", )
MAKE(make_i8042, "i8042", )

static void type_and_point(uint64_t *seed)
{
	unsigned code = (unsigned)(fake_random(seed) % 128),
		 kind = (unsigned)(fake_random(seed) % 4);
	int dx = (int)(fake_random(seed) % 64) - 32, dy = (int)(fake_random(seed) % 64) - 32;

	if (kind < 2)
		fake_key(code, kind);
	else
		fake_pointer(dx, dy, kind == 3 ? 1 : 0, code & 7);
	compare_log(LOG_STIMULUS, kind, code, 0);
}

static void make_pm(void)
{
	device = compare_make("piix4-pm",
			      (struct fake_row[]){ { "address", "01.3" }, { NULL, NULL } });
	fake_pci_write(1 << 3 | 3, 0x40, 0x601, 4);
	fake_pci_write(1 << 3 | 3, 0x80, 1, 1);
	fake_pci_write(1 << 3 | 3, 0x90, 0x701, 4);
	fake_pci_write(1 << 3 | 3, 0xd2, 0x09, 1);
}

static void press_power_button(uint64_t *seed)
{
	struct tsr_error error;

	compare_log(LOG_STIMULUS, 0, 0, fake_device_set(device, "power-button", "true", &error));
}

MAKE(make_board_rom, "board-rom", { "writable", "true" }, )

/* -- Interrupt controller and bridges */

static uint8_t input_levels[256];

static void inputs_start(void)
{
	memset(input_levels, 0, sizeof(input_levels));
}

static void change_input(uint64_t *seed)
{
	const struct tsr_irq_inputs *inputs = fake_device_interface(device, TSR_IRQ_INPUTS);
	unsigned input = (unsigned)(fake_random(seed) % inputs->count);

	input_levels[input] ^= 1;
	inputs->set(device, input, input_levels[input]);
	compare_log(LOG_STIMULUS, 0, input, input_levels[input]);
}

MAKE(make_pic, "pic-8259", )

/* ICW1-ICW4, so that random accesses meet an initialised pair. */
static void program_pic(uint64_t *seed)
{
	static const uint16_t ports[] = {
		0x20, 0x21, 0x21, 0x21, 0xa0, 0xa1, 0xa1, 0xa1, 0x21, 0xa1
	};
	const uint8_t values[] = { 0x11 | (fake_random(seed) & 0x0a),
				   8,
				   4,
				   1,
				   0x11,
				   0x70,
				   2,
				   1,
				   (uint8_t)fake_random(seed),
				   (uint8_t)fake_random(seed) };

	for (size_t i = 0; i < sizeof(values); i++)
		fake_port_write(ports[i], values[i], 1);
}

static void interrupt(uint64_t *seed)
{
	const struct tsr_intack *intack = fake_device_interface(device, TSR_INTACK);
	unsigned choice = (unsigned)(fake_random(seed) % 32);

	if (choice == 0)
		program_pic(seed);
	else if (choice < 12 && fake_irq_level("int"))
		compare_log(LOG_STIMULUS, 1, 0, (uint64_t)intack->acknowledge(device));
	else
		change_input(seed);
}

MAKE(make_isa, "piix3-isa", { "address", "01.0" }, )

static void bridge_inputs(uint64_t *seed)
{
	static uint8_t *const pins = input_levels + 128;
	const struct tsr_pci_router *router = fake_device_interface(device, TSR_PCI_ROUTER);
	unsigned pin = (unsigned)(fake_random(seed) % 128);

	if (fake_random(seed) % 4 == 0) {
		change_input(seed);
		return;
	}
	pins[pin] ^= 1;
	router->set(device, pin / 4, pin % 4, pins[pin]);
	compare_log(LOG_STIMULUS, 2, pin, pins[pin]);
}

static void make_bridges(void)
{
	void *isa = compare_make("piix3-isa",
				 (struct fake_row[]){ { "address", "01.0" }, { NULL, NULL } });

	fake_connect("isa", fake_device_interface(isa, TSR_ISA_FORWARD), isa);
	device = compare_make("i440fx",
			      (struct fake_row[]){ { "address", "00.0" }, { NULL, NULL } });
}

/* -- Serial line and debug console */

static void make_uart(void)
{
	fake_connect("backend", &serial_table, NULL);
	device = compare_make("uart-16550a", NULL);
}

static void make_paced_uart(void)
{
	fake_connect("backend", &serial_table, NULL);
	device = compare_make("uart-16550a", (struct fake_row[]){ { "paced", "true" },
								  { "out2-gate", "true" },
								  { NULL, NULL } });
}

static void make_debugcon(void)
{
	fake_connect("backend", &serial_table, NULL);
	device = compare_make("debugcon", NULL);
}

/* -- Display */

static void make_vga(void)
{
	device = compare_make("vga", (struct fake_row[]){ { "vram", "1M" }, { NULL, NULL } });
	fake_pci_enable(fake_pci_of(device));
}

static void make_isa_vga(void)
{
	device = compare_make(
		"vga", (struct fake_row[]){ { "vram", "1M" }, { "bus", "isa" }, { NULL, NULL } });
}

static void look(uint64_t *seed)
{
	unsigned width, height;
	size_t stride;
	uint64_t sum = 0;

	if (fake_random(seed) % 8)
		return;
	const uint32_t *pixels = fake_display_refresh(false, &width, &height, &stride);
	for (size_t i = 0; pixels && i < (size_t)height * stride / 4; i++)
		sum = sum * 31 + pixels[i];
	compare_log(LOG_STIMULUS, 0, (uint64_t)width << 16 | height, sum);
}

/* -- Network */

static void make_pcnet(void)
{
	fake_connect("backend", &net_table, NULL);
	device = compare_make("pcnet", (struct fake_row[]){ { "address", "03.0" },
							    { "mac", "52:54:00:12:34:56" },
							    { NULL, NULL } });
	fake_pci_enable(fake_pci_of(device));
}

#define INIT_BLOCK 0x100000u
#define RINGS 0x101000u
#define BUFFERS 0x110000u

static void put32(uint32_t at, uint32_t value)
{
	memcpy(fake_ram(at), &value, 4);
}

static void set_csr(unsigned number, uint32_t value)
{
	uint16_t base = (uint16_t)fake_pci_bar(fake_pci_of(device), 0);

	fake_port_write(base + 0x12, number, 2);
	fake_port_write(base + 0x10, value, 2);
}

/* A driver's start with 32-bit structures: initialisation block, rings of four, INIT and STRT. */
static void start_nic(uint64_t *seed)
{
	uint16_t base;

	fake_pci_enable(fake_pci_of(device));
	base = (uint16_t)fake_pci_bar(fake_pci_of(device), 0);
	fake_port_read(base + 0x14, 2); /* reset */
	fake_port_write(base + 0x12, 20, 2);
	fake_port_write(base + 0x16, 2, 2);
	put32(INIT_BLOCK, 2 << 28 | 2 << 20 | (fake_random(seed) % 4 ? 0 : 0x8000));
	for (unsigned i = 1; i < 5; i++)
		put32(INIT_BLOCK + 4 * i, i == 1 ? 0x12005452 : 0xffffffff);
	put32(INIT_BLOCK + 20, RINGS);
	put32(INIT_BLOCK + 24, RINGS + 0x800);
	set_csr(1, INIT_BLOCK & 0xffff);
	set_csr(2, INIT_BLOCK >> 16);
	set_csr(0, 0x43);
}

static void own_descriptor(uint64_t *seed)
{
	unsigned n = (unsigned)(fake_random(seed) % 8),
		 length = 64 + (unsigned)(fake_random(seed) % 1400);
	uint32_t at = RINGS + (n & 4 ? 0x800 : 0) + (n & 3) * 16;

	put32(at, BUFFERS + n * 2048);
	put32(at + 8, 0);
	put32(at + 4, 0x8300f000 | (0x1000 - length));
	put32(BUFFERS + n * 2048, (uint32_t)fake_random(seed));
	if (n & 4)
		set_csr(0, 0x48); /* TDMD */
}

static void drive_nic(uint64_t *seed)
{
	unsigned choice = (unsigned)(fake_random(seed) % 32);

	if (choice == 0)
		start_nic(seed);
	else if (choice < 20)
		own_descriptor(seed);
	else
		net_stimulate(seed);
}

/* -- IDE */

static void *add_drive(const char *id, const char *place, struct medium *m)
{
	void *drive;

	fake_connect("medium", &medium_table, m);
	drive = compare_make(id, NULL);
	fake_connect(place, fake_device_interface(drive, TSR_IDE_DRIVE), drive);
	return drive;
}

static void make_piix3_ide(void)
{
	add_drive("ata-disk", "primary-master", &media[DISK]);
	add_drive("atapi-cdrom", "primary-slave", &media[DISC]);
	device = compare_make("piix3-ide",
			      (struct fake_row[]){ { "address", "01.1" }, { NULL, NULL } });
	fake_pci_enable(fake_pci_of(device));
	fake_pci_write(fake_pci_of(device), 0x40, 0x80008000, 4);
}

static void make_isa_ide(void)
{
	add_drive("ata-disk", "master", &media[DISK]);
	add_drive("ata-disk", "slave", &media[SECOND_DISK]);
	device = compare_make("isa-ide", NULL);
}

/* A command that drivers use, to one of the drives, with an address on the medium. */
static void command_drive(uint64_t *seed)
{
	static const uint8_t commands[] = { 0x20, 0x30, 0xc4, 0xc5, 0xc6, 0xec, 0xa1,
					    0xa0, 0xef, 0xe7, 0x24, 0x34, 0xc8, 0xca,
					    0x40, 0x90, 0xe5, 0xf8, 0x27, 0xe1, 0x08 };
	uint8_t code = commands[fake_random(seed) % sizeof(commands)];
	const uint8_t registers[] = { 0,
				      (uint8_t)(1 + fake_random(seed) % 4),
				      (uint8_t)fake_random(seed),
				      (uint8_t)(fake_random(seed) % 9),
				      0,
				      (uint8_t)(0xe0 | (fake_random(seed) & 0x10)),
				      code };

	for (unsigned i = 0; i < sizeof(registers); i++)
		fake_port_write((uint16_t)(0x1f1 + i), registers[i], 1);
	compare_log(LOG_STIMULUS, 3, code, fake_port_read(0x3f6, 1));
}

/* Words of the data phase that may be under way; a packet when one is asked for. */
static void move_data(uint64_t *seed)
{
	static const uint8_t packets[][12] = { { 0x28, 0, 0, 0, 0, 5, 0, 0, 2 },
					       { 0x00 },
					       { 0x03, 0, 0, 0, 18 },
					       { 0x25 },
					       { 0x43, 0, 0, 0, 0, 0, 0, 0, 20 },
					       { 0x12, 0, 0, 0, 36 } };
	const uint8_t *packet = packets[fake_random(seed) % 6];
	unsigned words = (unsigned)(fake_random(seed) % 300);

	if ((fake_port_read(0x1f2, 1) & 3) == 1 && fake_port_read(0x3f6, 1) & 8) {
		for (unsigned i = 0; i < 12; i += 2)
			fake_port_write(0x1f0, packet[i] | packet[i + 1] << 8, 2);
		return;
	}
	for (unsigned i = 0; i < words && fake_port_read(0x3f6, 1) & 8; i++)
		compare_log(LOG_PORT_READ, 2, 0x1f0, fake_port_read(0x1f0, 2));
}

static void write_data(uint64_t *seed)
{
	for (unsigned i = 0; i < 256 && fake_port_read(0x3f6, 1) & 8; i++)
		fake_port_write(0x1f0, (uint32_t)fake_random(seed), 2);
}

static void drive_ide(uint64_t *seed)
{
	switch (fake_random(seed) % 8) {
	case 0:
	case 1:
		command_drive(seed);
		break;
	case 2:
	case 3:
		move_data(seed);
		break;
	case 4:
		write_data(seed);
		break;
	default:
		media_stimulate(seed);
		break;
	}
}

/* clang-format off */
const struct compare_machine compare_machines[] = {
	{ .name = "pit-8254", .devices = { "pit-8254" }, .start = start_nothing, .make = make_pit },
	{ .name = "rtc-mc146818", .devices = { "rtc-mc146818" }, .start = start_nothing, .make = make_rtc },
	{ .name = "pic-8259", .devices = { "pic-8259" }, .start = inputs_start, .make = make_pic, .stimulate = interrupt },
	{ .name = "uart-16550a", .devices = { "uart-16550a" }, .start = serial_start, .make = make_uart,
	  .stimulate = serial_stimulate },
	{ .name = "uart-16550a-paced", .devices = { "uart-16550a" }, .start = serial_start, .make = make_paced_uart,
	  .stimulate = serial_stimulate },
	{ .name = "debugcon", .devices = { "debugcon" }, .start = serial_start, .make = make_debugcon,
	  .stimulate = serial_stimulate },
	{ .name = "debug-exit", .devices = { "debug-exit" }, .start = start_nothing, .make = make_debug_exit },
	{ .name = "board-rom", .devices = { "board-rom" }, .start = start_nothing, .make = make_board_rom },
	{ .name = "fw-cfg", .devices = { "fw-cfg" }, .start = start_nothing, .make = make_fw_cfg },
	{ .name = "i440fx", .devices = { "i440fx", "piix3-isa" }, .start = start_nothing, .make = make_bridges },
	{ .name = "piix3-isa", .devices = { "piix3-isa" }, .start = inputs_start, .make = make_isa, .stimulate = bridge_inputs },
	{ .name = "piix4-pm", .devices = { "piix4-pm" }, .start = start_nothing, .make = make_pm, .stimulate = press_power_button },
	{ .name = "i8042", .devices = { "i8042" }, .start = start_nothing, .make = make_i8042, .stimulate = type_and_point },
	{ .name = "vga", .devices = { "vga" }, .start = start_nothing, .make = make_vga, .stimulate = look },
	{ .name = "vga-isa", .devices = { "vga" }, .start = start_nothing, .make = make_isa_vga, .stimulate = look },
	{ .name = "pcnet", .devices = { "pcnet" }, .start = net_start, .make = make_pcnet, .stimulate = drive_nic },
	{ .name = "piix3-ide", .devices = { "piix3-ide", "ata-disk", "atapi-cdrom" }, .start = media_start,
	  .make = make_piix3_ide, .stimulate = drive_ide, .settle = media_settle },
	{ .name = "isa-ide", .devices = { "isa-ide", "ata-disk" }, .start = media_start, .make = make_isa_ide,
	  .stimulate = drive_ide, .settle = media_settle },
};
/* clang-format on */

const unsigned compare_machine_count = sizeof(compare_machines) / sizeof(compare_machines[0]);
