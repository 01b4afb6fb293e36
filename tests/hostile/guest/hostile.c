/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A guest that harms its host as well as it can, in one of the ways of the table below. The rig
 * writes the name of the way into the ROM (`orders`), which is for the whole machine `pc`.
 */
#include "hostile.h"

#define PIC_BASE 0x70

__asm__(".section .params, \"a\"\n .globl orders\norders:\n .ascii \"HOST\"\n .space 28\n .text\n");

static const struct {
	const char *name;
	void (*run)(void);
} storms[] = {
	{ "tray", storm_tray },
	{ "tray-interrupts", storm_tray_interrupts },
	{ "drive-resets", storm_drive_resets },
	{ "flushes", storm_flushes },
	{ "serial", storm_serial },
	{ "debug-ports", storm_debug_ports },
	{ "vga", storm_vga },
	{ "keyboard", storm_keyboard },
	{ "bars", storm_bars },
	{ "fw-cfg", storm_fw_cfg },
	{ "timers", storm_timers },
	{ "code", storm_code },
	{ "pages", storm_pages },
	{ "udp", storm_udp },
	{ "tcp", storm_tcp },
	{ "board-resets", storm_board_resets },
	{ "processor-resets", storm_processor_resets },
	{ "triple-faults", storm_triple_faults },
};

static unsigned rounds;
static void (*interrupt)(unsigned line);

void round_done(unsigned each)
{
	if (rounds == 0)
		print("ready\n");
	if (++rounds % each == 0)
		print(".");
}

static bool on_vector(struct frame *frame)
{
	unsigned line = frame->vector - PIC_BASE;

	if (line > 15)
		return false;
	interrupt(line);
	if (line > 7)
		outb(0xa0, 0x20);
	outb(0x20, 0x20);
	return true;
}

void start_interrupts(uint16_t mask, void (*on_interrupt)(unsigned line))
{
	const uint8_t pic[][2] = { { 0x20, 0x11 },
				   { 0x21, PIC_BASE },
				   { 0x21, 4 },
				   { 0x21, 1 },
				   { 0x21, (uint8_t)mask },
				   { 0xa0, 0x11 },
				   { 0xa1, PIC_BASE + 8 },
				   { 0xa1, 2 },
				   { 0xa1, 1 },
				   { 0xa1, (uint8_t)(mask >> 8) } };

	for (unsigned i = 0; i < sizeof(pic) / sizeof(*pic); i++)
		outb(pic[i][0], pic[i][1]);
	interrupt = on_interrupt;
	trap_hook = on_vector;
	__asm__ volatile("sti");
}

static bool is_ordered(const char *name)
{
	unsigned i = 0;

	while (name[i] && name[i] == orders.storm[i])
		i++;
	return name[i] == orders.storm[i];
}

void guest_main(void)
{
	for (unsigned i = 0; i < sizeof(storms) / sizeof(*storms); i++)
		if (is_ordered(storms[i].name))
			storms[i].run();
	check(false, "the storm", "is not in the table");
}
