/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * One device of the PC's front (FUZZ_UART_16550A, FUZZ_I8042 or FUZZ_VGA), driven by the input:
 * operations of up to eight bytes on its ports and memory, the user's keys and mouse, time,
 * pictures, saved states with some bytes changed.
 */
#include <string.h>

#include <fake-host.h>

struct input {
	const uint8_t *at, *end;
};

static uint32_t take(struct input *in, unsigned bytes)
{
	uint32_t value = 0;

	for (unsigned i = 0; i < bytes && in->at < in->end; i++)
		value |= (uint32_t)*in->at++ << i * 8;
	return value;
}

#if defined(FUZZ_UART_16550A)
#define DEVICE "uart-16550a"
static const uint16_t ports[] = { 0x3f8, 0x3f9, 0x3fa, 0x3fb, 0x3fc, 0x3fd, 0x3fe, 0x3ff };
static const struct fake_row rows[] = { { "paced", "true" }, { NULL, NULL } };
#elif defined(FUZZ_I8042)
#define DEVICE "i8042"
static const uint16_t ports[] = { 0x60, 0x64 };
static const struct fake_row rows[] = { { NULL, NULL } };
#else
#define DEVICE "vga"
static const uint16_t ports[] = {
	0x3c0, 0x3c2, 0x3c4, 0x3c5, 0x3c6, 0x3c7, 0x3c8, 0x3c9, 0x3ce,
	0x3cf, 0x3d4, 0x3d5, 0x3da, 0x1ce, 0x1cf, 0x3b4, 0x3b5,
};
static const struct fake_row rows[] = { { "vram", "1048576" },
					{ "registers", "true" },
					{ NULL, NULL } };
#define HAS_SCREEN
#endif

static void *device;

/* -- the serial line's other end */
static size_t line_write(void *self, const uint8_t *bytes, size_t length)
{
	return *(bool *)self ? 0 : length;
}

static const struct tsr_chardev_port *port;

static void line_connect(void *self, const struct tsr_chardev_port *device_port)
{
	port = device_port;
}

static void line_ready(void *self)
{
}

static const struct tsr_chardev line = {
	.size = sizeof(line),
	.connect = line_connect,
	.write = line_write,
	.ready = line_ready,
};

static void line_types(struct input *in)
{
	uint8_t bytes[16];
	size_t room = port ? port->room(port->to) : 0;

	memset(bytes, (int)take(in, 1), sizeof(bytes));
	if (room)
		port->receive(port->to, bytes, room < sizeof(bytes) ? room : sizeof(bytes));
}

/* -- operations */

static uint16_t some_port(struct input *in)
{
	return ports[take(in, 1) % (sizeof(ports) / sizeof(ports[0]))];
}

static void save_change_load(struct input *in)
{
	struct fake_state *state = fake_device_save(device);
	struct tsr_error error;
	uint32_t seed = take(in, 1);

	if (seed)
		fake_state_scramble(state, seed);
	fake_device_load(device, state, 1, &error);
	fake_state_free(state);
}

static void look_at_screen(void)
{
#ifdef HAS_SCREEN
	unsigned width, height;
	size_t stride;
	char text[64];

	fake_display_refresh(false, &width, &height, &stride);
	fake_display_text(text, sizeof(text));
#endif
}

static void touch_memory(struct input *in, bool write)
{
#ifdef HAS_SCREEN
	uint32_t place = take(in, 3), base = place & 0x800000 ? 0xe0000000 : 0xa0000;
	unsigned width = 1u << (place >> 20 & 3);

	place &= base == 0xa0000 ? 0x1ffff : 0xfffff;
	place &= ~(width - 1);
	if (write)
		fake_mmio_write(base + place, take(in, 4), width);
	else
		fake_mmio_read(base + place, width);
#endif
}

static void step(struct input *in, bool *line_full)
{
	uint8_t op = (uint8_t)take(in, 1);

	switch (op & 15) {
	case 0:
	case 1:
	case 2:
	case 3:
	case 4:
		fake_port_write(some_port(in), take(in, 1), 1);
		break;
	case 5:
		fake_port_write(some_port(in), take(in, 2), 2);
		break;
	case 6:
	case 7:
		fake_port_read(some_port(in), op & 0x10 ? 2 : 1);
		break;
	case 8:
		touch_memory(in, op & 0x10);
		break;
	case 9:
		look_at_screen();
		break;
	case 10:
		fake_clock_advance((uint64_t)take(in, 2) << (op >> 4));
		break;
	case 11:
		fake_key(take(in, 1), op & 0x10);
		break;
	case 12:
		fake_pointer((int)take(in, 4), (int)take(in, 4), (int8_t)take(in, 1), op >> 4);
		break;
	case 13:
		line_types(in);
		break;
	case 14:
		*line_full = op & 0x10;
		break;
	case 15:
		if (op & 0x10)
			save_change_load(in);
		else
			fake_device_reset(device,
					  op >> 5 & 1 ? TSR_RESET_HARD : TSR_RESET_POWER_ON);
		break;
	}
}

/* The machine is made once: each input starts with a reset, and at a later time. */
static void make_device(bool *line_full)
{
	fake_start();
	fake_connect("backend", &line, line_full);
	device = fake_device_new(NULL, DEVICE, rows);
#ifdef HAS_SCREEN
	fake_pci_enable(fake_pci_of(device));
#endif
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = { data, data + size };
	static bool line_full;

	if (!device)
		make_device(&line_full);
	line_full = false;
	fake_device_reset(device, TSR_RESET_POWER_ON);
	while (in.at < in.end)
		step(&in, &line_full);
	look_at_screen();
	return 0;
}
