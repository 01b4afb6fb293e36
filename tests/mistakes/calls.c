/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Calls of host tables that the SDK's headers forbid. A true return value means that the plugin
 * does not care what came of its call. */
#include <string.h>
#include <unistd.h>

#include <tessera/display.h>
#include <tessera/draft/shadow-ram.h>
#include <tessera/input.h>
#include <tessera/pci.h>

#include "bad.h"

static const struct tsr_io_ops ops = { .size = sizeof(ops), .widths = 1 };
static const struct tsr_io_ops no_widths = { .size = sizeof(ops) };

static bool unknown_property(struct bad *bad, struct tsr_error *error)
{
	return *bad->properties->get_string(bad->host, "colour") == 0;
}

static bool changed(void *self, const char *name, struct tsr_error *error)
{
	return true;
}

static bool unknown_listener(struct bad *bad, struct tsr_error *error)
{
	bad->properties->on_change(bad->host, "colour", changed, bad);
	return true;
}

static bool unknown_status(struct bad *bad, struct tsr_error *error)
{
	bad->properties->set_int(bad->host, "colour", 1);
	return true;
}

static bool no_handlers(struct bad *bad, struct tsr_error *error)
{
	bad->io->claim_ports(bad->host, "more", 0x100, 8, NULL, bad, error);
	return true;
}

static bool no_such_width(struct bad *bad, struct tsr_error *error)
{
	bad->io->claim_ports(bad->host, "more", 0x100, 8, &no_widths, bad, error);
	return true;
}

static bool too_many_ports(struct bad *bad, struct tsr_error *error)
{
	bad->io->claim_ports(bad->host, "more", 0xfff0, 100, &ops, bad, error);
	return true;
}

static struct tsr_region *map(struct bad *bad, tsr_gpa base, uint64_t length,
			      struct tsr_error *error)
{
	uint8_t *bytes;

	return bad->memory->map(bad->host, "more", base, length, TSR_PRIORITY_MMIO, 0, &bytes,
				error);
}

static bool map_odd_length(struct bad *bad, struct tsr_error *error)
{
	map(bad, 0xf0000000, 100, error);
	return true;
}

static bool map_too_much(struct bad *bad, struct tsr_error *error)
{
	map(bad, 0xf0000000, 1ull << 60, error);
	return true;
}

static bool map_around_the_end(struct bad *bad, struct tsr_error *error)
{
	map(bad, 0ull - 4096, 8192, error);
	return true;
}

static bool alias_of_nothing(struct bad *bad, struct tsr_error *error)
{
	bad->memory->alias(bad->host, "more", 0xf0000000, 4096, TSR_PRIORITY_MMIO, 0, NULL, 0,
			   error);
	return true;
}

static bool alias_beyond_the_end(struct bad *bad, struct tsr_error *error)
{
	struct tsr_region *region = map(bad, 0xf0000000, 4096, error);

	bad->memory->alias(bad->host, "again", 0xf1000000, 8192, TSR_PRIORITY_MMIO, 0, region, 0,
			   error);
	return true;
}

static bool no_dirty_log(struct bad *bad, struct tsr_error *error)
{
	uint8_t bitmap[8];

	bad->memory->fetch_dirty(map(bad, 0xf0000000, 4096, error), 0, 1, bitmap);
	return true;
}

static bool shadow_odd(struct bad *bad, struct tsr_error *error)
{
	const struct tsr_shadow_ram *shadow_ram = bad->host->get(bad->host, TSR_SHADOW_RAM);

	shadow_ram->set(bad->host, 0xc0001, 100, true, true);
	return true;
}

static bool add_bars(struct bad *bad, unsigned bar, uint32_t length, unsigned count,
		     struct tsr_error *error)
{
	const struct tsr_pci *pci = bad->host->get(bad->host, TSR_PCI);

	for (unsigned i = 0; i < count; i++)
		pci->bar_io(bad->function, bar, TSR_PCI_BAR_IO, length, &ops, bad, error);
	return true;
}

static bool bar_twice(struct bad *bad, struct tsr_error *error)
{
	return add_bars(bad, 2, 32, 2, error);
}

static bool bar_length_48(struct bad *bad, struct tsr_error *error)
{
	return add_bars(bad, 0, 48, 1, error);
}

static bool bar_length_0(struct bad *bad, struct tsr_error *error)
{
	return add_bars(bad, 0, 0, 1, error);
}

static bool bar_9(struct bad *bad, struct tsr_error *error)
{
	return add_bars(bad, 9, 32, 1, error);
}

static bool small_memory_bar(struct bad *bad, struct tsr_error *error)
{
	const struct tsr_pci *pci = bad->host->get(bad->host, TSR_PCI);
	uint8_t *bytes;

	pci->bar_memory(bad->function, 0, 1024, false, 0, &bytes, NULL, error);
	return true;
}

static bool unknown_line(struct bad *bad, struct tsr_error *error)
{
	const struct tsr_irq_table *irq = bad->host->get(bad->host, TSR_IRQ);

	tsr_irq_set(irq->get(bad->host, "irq"), 1);
	return true;
}

static bool display_without_refresh(struct bad *bad, struct tsr_error *error)
{
	const struct tsr_display_table *displays = bad->host->get(bad->host, TSR_DISPLAY);
	static const struct tsr_display_ops empty = { .size = sizeof(empty) };

	displays->add(bad->host, &empty, bad);
	return true;
}

static void refresh(void *self, bool full)
{
}

static bool picture_of_nothing(struct bad *bad, struct tsr_error *error)
{
	const struct tsr_display_table *displays = bad->host->get(bad->host, TSR_DISPLAY);
	static const struct tsr_display_ops display = { .size = sizeof(display),
							.refresh = refresh };
	size_t stride;

	return !displays->resize(displays->add(bad->host, &display, bad), 0, 100000, &stride);
}

static bool input_of_nothing(struct bad *bad, struct tsr_error *error)
{
	const struct tsr_input *input = bad->host->get(bad->host, TSR_INPUT);

	input->add(bad->host, NULL, bad);
	return true;
}

static void ready(void *self, short revents)
{
}

static bool watch_what_is_closed(struct bad *bad, struct tsr_error *error)
{
	bad->worker->watch(bad->host, 1000000, 1, ready, bad);
	return true;
}

static bool unwatch_what_is_not(struct bad *bad, struct tsr_error *error)
{
	bad->worker->unwatch(bad->host, 77);
	return true;
}

static bool unknown_event(struct bad *bad, struct tsr_error *error)
{
	const struct tsr_bus *bus = bad->host->get(bad->host, TSR_BUS);

	bus->emit(bad->host, NULL, "detail");
	return true;
}

static bool unknown_reset(struct bad *bad, struct tsr_error *error)
{
	const struct tsr_machine_table *machine = bad->host->get(bad->host, TSR_MACHINE);

	machine->reset(bad->host, 77);
	return true;
}

static bool unknown_status_of_stop(struct bad *bad, struct tsr_error *error)
{
	const struct tsr_machine_table *machine = bad->host->get(bad->host, TSR_MACHINE);

	machine->stop(bad->host, 999, "\033[31mred\033[0m");
	return true;
}

/* As far as it is let, its table is the interrupt router's, and leads nowhere. */
static bool any_interface(struct bad *bad, struct tsr_error *error)
{
	const struct tsr_pci *pci = bad->host->get(bad->host, TSR_PCI);

	pci->set_intx(bad->function, 1);
	return true;
}

static bool write_behind(struct bad *bad, struct tsr_error *error)
{
	volatile char *end = (char *)bad + sizeof(*bad);

	for (unsigned i = 0; i < 40; i++)
		end[i] = 0;
	return true;
}

static bool emit(struct bad *bad, struct tsr_error *error)
{
	const struct tsr_bus *bus = bad->host->get(bad->host, TSR_BUS);

	bus->emit(bad->host, "farewell", "\xff\xfe");
	return true;
}

const struct mistake calls[] = {
	{ "unknown-property", ATTACH, unknown_property },
	{ "unknown-property-in-write", WRITE, unknown_property },
	{ "unknown-listener", ATTACH, unknown_listener },
	{ "unknown-status", ATTACH, unknown_status },
	{ "no-handlers", ATTACH, no_handlers },
	{ "no-such-width", ATTACH, no_such_width },
	{ "too-many-ports", ATTACH, too_many_ports },
	{ "map-odd-length", ATTACH, map_odd_length },
	{ "map-too-much", REALIZE, map_too_much },
	{ "map-around-the-end", ATTACH, map_around_the_end },
	{ "alias-of-nothing", ATTACH, alias_of_nothing },
	{ "alias-beyond-the-end", ATTACH, alias_beyond_the_end },
	{ "no-dirty-log", ATTACH, no_dirty_log },
	{ "shadow-odd", ATTACH, shadow_odd },
	{ "shadow-odd-in-write", WRITE, shadow_odd },
	{ "bar-twice", ATTACH, bar_twice },
	{ "bar-length-48", ATTACH, bar_length_48 },
	{ "bar-length-0", ATTACH, bar_length_0 },
	{ "bar-9", ATTACH, bar_9 },
	{ "small-memory-bar", ATTACH, small_memory_bar },
	{ "unknown-line", ATTACH, unknown_line },
	{ "display-without-refresh", ATTACH, display_without_refresh },
	{ "picture-of-nothing", REALIZE, picture_of_nothing },
	{ "input-of-nothing", ATTACH, input_of_nothing },
	{ "watch-what-is-closed", ATTACH, watch_what_is_closed },
	{ "unwatch-what-is-not", WRITE, unwatch_what_is_not },
	{ "unknown-event", ATTACH, unknown_event },
	{ "unknown-reset", WRITE, unknown_reset },
	{ "unknown-status-of-stop", WRITE, unknown_status_of_stop },
	{ ANY_INTERFACE, WRITE, any_interface },
	{ "write-behind", ATTACH, write_behind },
	{ "write-behind-in-write", WRITE, write_behind },
	{ "emit-in-detach", DETACH, emit },
	{ NULL, 0, NULL },
};
