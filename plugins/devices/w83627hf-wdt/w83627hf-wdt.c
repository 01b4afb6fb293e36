/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The watchdog timer of a Super I/O, Winbond W83627HF (data sheet: "Configuration Register",
 * compatible PnP; "Watch Dog Timer", logical device 8).
 */
#include <string.h>

#include <tessera/tessera.h>

enum port { INDEX = 0, DATA = 1 };
enum key { ENTER = 0x87, LEAVE = 0xaa };
enum mode { LOCKED, HALF_OPEN, OPEN }; /* how many of the two keys have come */

enum chip_register {
	CR_RESET = 0x02,
	CR_DEVICE = 0x07, /* the logical device that registers from 30h on are of */
	CR_ID = 0x20,
	CR_PINS = 0x2b,
};
enum { CHIP_ID = 0x52, PIN_IS_GPIO24 = 0x10, WATCHDOG_DEVICE = 8 };

enum watchdog_register { CR_ACTIVE = 0x30, CR_UNIT = 0xf5, CR_TIMEOUT = 0xf6, CR_STATUS = 0xf7 };
enum { UNIT_IS_MINUTES = 0x08, STATUS_FORCE = 0x20, STATUS_EXPIRED = 0x10 };

#define SECOND 1000000000ull

struct watchdog {
	const struct tsr_host *host;
	const struct tsr_clock *clock;
	const struct tsr_machine_table *machine;
	const struct tsr_bus *bus;
	struct tsr_timer *timer;
	bool resets;
	uint8_t mode, index, device;
	uint8_t pins, active, unit, timeout, status;
	uint64_t deadline; /* 0: it does not count */
};

/* -- The timer */

static uint64_t unit_ns(const struct watchdog *w)
{
	return w->unit & UNIT_IS_MINUTES ? 60 * SECOND : SECOND;
}

static void stop(struct watchdog *w)
{
	w->deadline = 0;
	w->clock->cancel(w->timer);
}

static void load(struct watchdog *w, uint8_t timeout)
{
	w->timeout = timeout;
	stop(w);
	if (!timeout || !(w->active & 1))
		return;
	w->deadline = w->clock->now(w->host) + timeout * unit_ns(w);
	w->clock->arm(w->timer, w->deadline);
}

/* What is left, rounded up: a counter that has just been loaded reads as it was written. */
static uint8_t count(const struct watchdog *w)
{
	uint64_t now = w->clock->now(w->host);

	if (!w->deadline)
		return w->active & 1 ? 0 : w->timeout;
	return now < w->deadline ? (uint8_t)((w->deadline - now + unit_ns(w) - 1) / unit_ns(w)) : 0;
}

/* The output WDTO# goes to the board's reset line, if the pin is not GPIO24. */
static void expire(struct watchdog *w)
{
	char detail[32];

	snprintf(detail, sizeof(detail), "%llu",
		 (unsigned long long)(w->timeout * unit_ns(w) / SECOND));
	stop(w);
	w->timeout = 0;
	w->status |= STATUS_EXPIRED;
	if (w->pins & PIN_IS_GPIO24)
		return;
	w->bus->emit(w->host, "watchdog", detail);
	if (w->resets)
		w->machine->reset(w->host, TSR_RESET_HARD);
}

static void on_timer(void *self, uint64_t deadline_ns)
{
	expire(self);
}

/* -- Registers */

static void write_status(struct watchdog *w, uint8_t value)
{
	uint8_t kept = w->status & value & STATUS_EXPIRED; /* a 0 clears it, a 1 does not set it */

	w->status = (uint8_t)((value & ~(STATUS_EXPIRED | STATUS_FORCE)) | kept);
	if (value & STATUS_FORCE)
		expire(w);
}

static uint8_t read_watchdog(const struct watchdog *w)
{
	switch (w->index) {
	case CR_ACTIVE:
		return w->active;
	case CR_UNIT:
		return w->unit;
	case CR_TIMEOUT:
		return count(w);
	case CR_STATUS:
		return w->status;
	default:
		return 0;
	}
}

static void write_watchdog(struct watchdog *w, uint8_t value)
{
	switch (w->index) {
	case CR_ACTIVE:
		w->active = value & 1;
		load(w, w->timeout);
		break;
	case CR_UNIT:
		w->unit = value;
		break;
	case CR_TIMEOUT:
		load(w, value);
		break;
	case CR_STATUS:
		write_status(w, value);
		break;
	default:
		break;
	}
}

/* What CR02 and the reset input do: the status stays. */
static void reset_registers(struct watchdog *w)
{
	stop(w);
	w->active = w->unit = w->timeout = 0;
	w->status &= STATUS_EXPIRED;
}

static uint8_t read_register(const struct watchdog *w)
{
	switch (w->index) {
	case CR_DEVICE:
		return w->device;
	case CR_ID:
		return CHIP_ID;
	case CR_PINS:
		return w->pins;
	default:
		return w->index >= CR_ACTIVE && w->device == WATCHDOG_DEVICE ? read_watchdog(w) : 0;
	}
}

static void write_register(struct watchdog *w, uint8_t value)
{
	switch (w->index) {
	case CR_RESET:
		if (value & 1)
			reset_registers(w);
		break;
	case CR_DEVICE:
		w->device = value;
		break;
	case CR_PINS:
		w->pins = value;
		break;
	default:
		if (w->index >= CR_ACTIVE && w->device == WATCHDOG_DEVICE)
			write_watchdog(w, value);
		break;
	}
}

/* -- Ports */

static void write_index(struct watchdog *w, uint8_t value)
{
	if (w->mode == OPEN && value != LEAVE)
		w->index = value;
	else if (w->mode == OPEN)
		w->mode = LOCKED;
	else
		w->mode = value == ENTER ? w->mode + 1 : LOCKED;
}

/* While the registers are locked, nothing answers. */
static uint64_t on_read(void *self, uint64_t offset, unsigned width)
{
	struct watchdog *w = self;

	return offset == DATA && w->mode == OPEN ? read_register(w) : 0xff;
}

static void on_write(void *self, uint64_t offset, uint64_t value, unsigned width)
{
	struct watchdog *w = self;

	if (offset == INDEX)
		write_index(w, (uint8_t)value);
	else if (w->mode == OPEN)
		write_register(w, (uint8_t)value);
}

/* -- Life cycle */

static bool attach(void *self, const struct tsr_host *host, struct tsr_error *error)
{
	static const struct tsr_io_ops ops = {
		.size = sizeof(ops), .widths = 1, .read = on_read, .write = on_write
	};
	struct watchdog *w = self;
	const struct tsr_properties *properties = host->get(host, TSR_PROPERTIES);
	const struct tsr_io *io = host->get(host, TSR_IO);

	w->host = host;
	w->clock = host->get(host, TSR_CLOCK);
	w->machine = host->get(host, TSR_MACHINE);
	w->bus = host->get(host, TSR_BUS);
	w->timer = w->clock->timer_new(host, on_timer, w);
	w->resets = strcmp(properties->get_string(host, "action"), "reset") == 0;
	return io->claim(host, "ports", &ops, w, error) != NULL;
}

static void reset(void *self, enum tsr_reset kind)
{
	struct watchdog *w = self;

	if (kind == TSR_RESET_SOFT)
		return;
	reset_registers(w);
	w->mode = w->index = w->device = w->pins = 0;
	if (kind == TSR_RESET_POWER_ON)
		w->status = 0;
}

static void save(void *self, struct tsr_state_writer *out)
{
	struct watchdog *w = self;

	tsr_state_put_u8(out, "mode", w->mode);
	tsr_state_put_u8(out, "index", w->index);
	tsr_state_put_u8(out, "device", w->device);
	tsr_state_put_u8(out, "pins", w->pins);
	tsr_state_put_u8(out, "active", w->active);
	tsr_state_put_u8(out, "unit", w->unit);
	tsr_state_put_u8(out, "timeout", w->timeout);
	tsr_state_put_u8(out, "status", w->status);
	tsr_state_put_u64(out, "deadline", w->deadline);
}

static bool load_state(void *self, struct tsr_state_reader *in, struct tsr_error *error)
{
	struct watchdog *w = self;

	if (!tsr_state_get_u8(in, "mode", &w->mode) || w->mode > OPEN ||
	    !tsr_state_get_u8(in, "index", &w->index) ||
	    !tsr_state_get_u8(in, "device", &w->device) ||
	    !tsr_state_get_u8(in, "pins", &w->pins) ||
	    !tsr_state_get_u8(in, "active", &w->active) ||
	    !tsr_state_get_u8(in, "unit", &w->unit) ||
	    !tsr_state_get_u8(in, "timeout", &w->timeout) ||
	    !tsr_state_get_u8(in, "status", &w->status) ||
	    !tsr_state_get_u64(in, "deadline", &w->deadline))
		return tsr_state_damaged(error, "registers of the watchdog");
	if (w->deadline)
		w->clock->arm(w->timer, w->deadline);
	else
		w->clock->cancel(w->timer);
	return true;
}

static const struct tsr_device_class watchdog_class = {
	.size = sizeof(watchdog_class),
	.instance_size = sizeof(struct watchdog),
	.attach = attach,
	.reset = reset,
	.save = save,
	.load = load_state,
};

TSR_DEVICE_PLUGIN(watchdog_class);
