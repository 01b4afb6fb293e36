/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The UART's wiring: ports, interrupt line, back end, timers, saved state. */
#include <string.h>

#include "uart.h"

static uint64_t on_port_read(void *self, uint64_t offset, unsigned width)
{
	return uart_read(self, (unsigned)offset);
}

static void on_port_write(void *self, uint64_t offset, uint64_t value, unsigned width)
{
	uart_write(self, (unsigned)offset, (uint8_t)value);
}

static const struct tsr_io_ops port_ops = {
	.size = sizeof(port_ops),
	.widths = 1,
	.read = on_port_read,
	.write = on_port_write,
};

static size_t on_backend_room(void *to)
{
	return uart_receive_room(to);
}

static void on_backend_receive(void *to, const uint8_t *bytes, size_t length)
{
	uart_receive(to, bytes, length);
}

static void on_tx_timer(void *self, uint64_t deadline_ns)
{
	uart_on_tx_time(self);
}

static void on_rx_timer(void *self, uint64_t deadline_ns)
{
	uart_on_rx_time(self);
}

static void on_timeout_timer(void *self, uint64_t deadline_ns)
{
	uart_on_timeout(self);
}

static bool attach(void *self, const struct tsr_host *host, struct tsr_error *error)
{
	struct uart *u = self;
	const struct tsr_io *io = host->get(host, TSR_IO);
	const struct tsr_irq_table *irqs = host->get(host, TSR_IRQ);
	const struct tsr_properties *properties = host->get(host, TSR_PROPERTIES);
	const struct tsr_bus *bus = host->get(host, TSR_BUS);

	u->host = host;
	u->clock = host->get(host, TSR_CLOCK);
	u->tx_timer = u->clock->timer_new(host, on_tx_timer, u);
	u->rx_timer = u->clock->timer_new(host, on_rx_timer, u);
	u->timeout_timer = u->clock->timer_new(host, on_timeout_timer, u);
	u->irq = irqs->get(host, "irq");
	u->paced = properties->get_bool(host, "paced");
	u->out2_gate = properties->get_bool(host, "out2-gate");
	if (!bus->get(host, "backend", &u->backend))
		u->backend = (struct tsr_interface){ NULL, NULL };
	return io->claim(host, "regs", &port_ops, u, error) != NULL;
}

static bool realize(void *self, struct tsr_error *error)
{
	struct uart *u = self;
	const struct tsr_chardev *backend = u->backend.table;

	u->port = (struct tsr_chardev_port){
		.size = sizeof(u->port),
		.to = u,
		.room = on_backend_room,
		.receive = on_backend_receive,
	};
	if (backend)
		backend->connect(u->backend.self, &u->port);
	return true;
}

static void reset(void *self, enum tsr_reset kind)
{
	if (kind != TSR_RESET_SOFT)
		uart_reset(self, kind == TSR_RESET_POWER_ON);
}

/* -- State */

#define UART_BYTES(X) X(ier) X(fcr) X(lcr) X(mcr) X(msr) X(scr) X(shift)
#define UART_BOOLS(X) X(overrun) X(thre_pending) X(timeout_pending) X(shifting)
#define UART_TIMES(X) X(tx_deadline) X(timeout_deadline) X(rx_next)

static void save_fifo(struct tsr_state_writer *out, const char *name, const struct uart_fifo *f)
{
	uint8_t bytes[UART_FIFO_SIZE], flags[UART_FIFO_SIZE];

	for (unsigned i = 0; i < f->count; i++) {
		bytes[i] = f->bytes[(f->first + i) % UART_FIFO_SIZE];
		flags[i] = f->flags[(f->first + i) % UART_FIFO_SIZE];
	}
	out->ops->begin(out, name);
	tsr_state_put_bytes(out, "bytes", bytes, f->count);
	tsr_state_put_bytes(out, "flags", flags, f->count);
	out->ops->end(out);
}

static bool load_fifo(struct tsr_state_reader *in, const char *name, struct uart_fifo *f,
		      unsigned depth)
{
	int64_t count;
	bool ok;

	if (!in->ops->begin(in, name))
		return false;
	count = in->ops->length(in, "bytes");
	ok = count >= 0 && count <= depth &&
	     tsr_state_get_bytes(in, "bytes", f->bytes, (size_t)count) &&
	     tsr_state_get_bytes(in, "flags", f->flags, (size_t)count);
	f->first = 0;
	f->count = ok ? (unsigned)count : 0;
	in->ops->end(in);
	return ok;
}

static void save(void *self, struct tsr_state_writer *out)
{
	struct uart *u = self;

#define X(name) tsr_state_put_u8(out, #name, u->name);
	UART_BYTES(X)
#undef X
#define X(name) tsr_state_put_bool(out, #name, u->name);
	UART_BOOLS(X)
#undef X
#define X(name) tsr_state_put_u64(out, #name, u->name);
	UART_TIMES(X)
#undef X
	tsr_state_put_u16(out, "divisor", u->divisor);
	tsr_state_put_u8(out, "rbr", u->rbr);
	save_fifo(out, "rx", &u->rx);
	save_fifo(out, "tx", &u->tx);
}

static void rearm(struct uart *u)
{
	if (u->tx_deadline)
		u->clock->arm(u->tx_timer, u->tx_deadline);
	if (u->timeout_deadline)
		u->clock->arm(u->timeout_timer, u->timeout_deadline);
	if (u->paced && u->rx_next)
		u->clock->arm(u->rx_timer, u->rx_next);
}

static bool load(void *self, struct tsr_state_reader *in, struct tsr_error *error)
{
	struct uart *u = self;
	bool ok = true;

	uart_reset(u, true);
#define X(name) ok = ok && tsr_state_get_u8(in, #name, &u->name);
	UART_BYTES(X)
#undef X
#define X(name) ok = ok && tsr_state_get_bool(in, #name, &u->name);
	UART_BOOLS(X)
#undef X
#define X(name) ok = ok && tsr_state_get_u64(in, #name, &u->name);
	UART_TIMES(X)
#undef X
	ok = ok && tsr_state_get_u16(in, "divisor", &u->divisor);
	ok = ok && load_fifo(in, "rx", &u->rx, uart_fifo_depth(u)) &&
	     load_fifo(in, "tx", &u->tx, uart_fifo_depth(u));
	if (!ok)
		return tsr_state_damaged(error, "registers or FIFOs of the serial port");
	tsr_state_get_u8(in, "rbr", &u->rbr); /* older versions do not save it */
	rearm(u);
	uart_update_irq(u);
	return true;
}

static const struct tsr_device_class device_class = {
	.size = sizeof(device_class),
	.instance_size = sizeof(struct uart),
	.attach = attach,
	.realize = realize,
	.reset = reset,
	.save = save,
	.load = load,
};

TSR_DEVICE_PLUGIN(device_class);
