/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The National Semiconductor PC16550D universal asynchronous receiver/transmitter with FIFOs.
 *
 * Source: PC16550D data sheet (TL/C/8652), section 8. With out2-gate the interrupt pin is gated by
 * OUT2 as on the IBM PC/AT's serial adapter. An unpaced line (the default) moves characters as fast
 * as the back end takes them, which looks like a very fast line to the guest; a paced one takes
 * start + data + parity + stop bits at the divisor's rate for each. Gaps: no DMA mode pins (bit 3
 * of FCR is kept but has no effect); parity and framing errors never occur on a host's stream.
 */
#include "uart.h"

/* -- FIFOs; in 16450 mode they are one character deep */

unsigned uart_fifo_depth(const struct uart *u)
{
	return u->fcr & FCR_ENABLE ? UART_FIFO_SIZE : 1;
}

static void fifo_clear(struct uart_fifo *f)
{
	f->first = f->count = 0;
}

static void fifo_push(struct uart_fifo *f, uint8_t byte, uint8_t flags)
{
	unsigned at = (f->first + f->count++) % UART_FIFO_SIZE;

	f->bytes[at] = byte;
	f->flags[at] = flags;
}

static uint8_t fifo_pop(struct uart_fifo *f)
{
	uint8_t byte = f->bytes[f->first];

	f->first = (f->first + 1) % UART_FIFO_SIZE;
	f->count--;
	return byte;
}

static bool fifo_has_errors(const struct uart_fifo *f)
{
	for (unsigned i = 0; i < f->count; i++)
		if (f->flags[(f->first + i) % UART_FIFO_SIZE])
			return true;
	return false;
}

/* -- Line status and interrupts */

static uint8_t line_status(const struct uart *u)
{
	uint8_t lsr = 0;

	if (u->rx.count)
		lsr |= LSR_DATA | u->rx.flags[u->rx.first];
	if (u->overrun)
		lsr |= LSR_OVERRUN;
	if (!u->tx.count)
		lsr |= LSR_THRE;
	if (!u->tx.count && !u->shifting)
		lsr |= LSR_TEMT;
	if (u->fcr & FCR_ENABLE && fifo_has_errors(&u->rx))
		lsr |= LSR_FIFO_ERROR;
	return lsr;
}

static unsigned rx_trigger(const struct uart *u)
{
	static const uint8_t levels[4] = { 1, 4, 8, 14 };

	return u->fcr & FCR_ENABLE ? levels[u->fcr >> 6] : 1;
}

/* The highest pending interrupt (data sheet, table IV). */
static uint8_t interrupt_id(const struct uart *u)
{
	if (u->ier & IER_LINE &&
	    line_status(u) & (LSR_OVERRUN | LSR_PARITY | LSR_FRAMING | LSR_BREAK))
		return IIR_LINE;
	if (u->ier & IER_DATA && u->rx.count >= rx_trigger(u))
		return IIR_DATA;
	if (u->ier & IER_DATA && u->timeout_pending)
		return IIR_TIMEOUT;
	if (u->ier & IER_THRE && u->thre_pending)
		return IIR_THRE;
	if (u->ier & IER_MODEM && u->msr & 0x0f)
		return IIR_MODEM;
	return IIR_NONE;
}

void uart_update_irq(struct uart *u)
{
	bool gate = !u->out2_gate || (u->mcr & (MCR_OUT2 | MCR_LOOP)) == MCR_OUT2;

	tsr_irq_set(u->irq, gate && interrupt_id(u) != IIR_NONE);
}

/* -- Time */

/*
 * Start, 5-8 data, parity, 1-2 stop bits (1.5 counts as 2) at clock / 16 / divisor. Divisor 0 works
 * as 1.
 */
uint64_t uart_character_ns(const struct uart *u)
{
	unsigned bits =
		1 + 5 + (u->lcr & 3) + (u->lcr & LCR_PARITY ? 1 : 0) + (u->lcr & LCR_STOP ? 2 : 1);
	unsigned divisor = u->divisor ? u->divisor : 1;

	return tsr_muldiv(16ull * divisor * bits, 1000000000, UART_CLOCK_HZ);
}

/*
 * Four character times without a character in or out, with some waiting, raise the time-out
 * indication.
 */
static void restart_timeout(struct uart *u)
{
	u->timeout_pending = false;
	if (u->fcr & FCR_ENABLE && u->rx.count) {
		u->timeout_deadline = u->clock->now(u->host) + 4 * uart_character_ns(u);
		u->clock->arm(u->timeout_timer, u->timeout_deadline);
	} else if (u->timeout_deadline) {
		u->timeout_deadline = 0;
		u->clock->cancel(u->timeout_timer);
	}
}

void uart_on_timeout(struct uart *u)
{
	u->timeout_deadline = 0;
	u->timeout_pending = u->rx.count > 0;
	uart_update_irq(u);
}

/* -- Receiver */

static void receive_one(struct uart *u, uint8_t byte, uint8_t flags)
{
	static const uint8_t masks[4] = { 0x1f, 0x3f, 0x7f, 0xff };

	byte &= masks[u->lcr & 3];
	if (u->rx.count < uart_fifo_depth(u)) {
		fifo_push(&u->rx, byte, flags);
	} else {
		u->overrun = true;
		/* the 16450's buffer is overwritten, a full FIFO keeps what it has */
		if (!(u->fcr & FCR_ENABLE)) {
			fifo_clear(&u->rx);
			fifo_push(&u->rx, byte, flags);
		}
	}
	restart_timeout(u);
}

size_t uart_receive_room(struct uart *u)
{
	size_t room = uart_fifo_depth(u) - u->rx.count;

	if (u->mcr & MCR_LOOP)
		return 0;
	if (!u->paced || !room)
		return room;
	return u->clock->now(u->host) >= u->rx_next;
}

void uart_receive(struct uart *u, const uint8_t *bytes, size_t length)
{
	for (size_t i = 0; i < length; i++)
		receive_one(u, bytes[i], 0);
	if (u->paced) {
		u->rx_next = u->clock->now(u->host) + uart_character_ns(u);
		u->clock->arm(u->rx_timer, u->rx_next);
	}
	uart_update_irq(u);
}

static void ask_for_more(struct uart *u)
{
	const struct tsr_chardev *backend = u->backend.table;

	if (backend && !(u->mcr & MCR_LOOP))
		backend->ready(u->backend.self);
}

void uart_on_rx_time(struct uart *u)
{
	ask_for_more(u);
}

static uint8_t read_data(struct uart *u)
{
	if (u->rx.count) {
		u->rbr = fifo_pop(&u->rx);
		restart_timeout(u);
		if (!u->rx.count)
			ask_for_more(u);
		uart_update_irq(u);
	}
	return u->rbr;
}

/* -- Transmitter */

/* false: the host side is full. */
static bool send_character(struct uart *u, uint8_t byte)
{
	const struct tsr_chardev *backend = u->backend.table;

	if (u->mcr & MCR_LOOP) {
		receive_one(u, byte, 0);
		return true;
	}
	if (!backend || u->lcr & LCR_BREAK)
		return true; /* a line in break carries no characters */
	return backend->write(u->backend.self, &byte, 1) == 1;
}

static void wait_for_tx(struct uart *u)
{
	u->tx_deadline = u->clock->now(u->host) + uart_character_ns(u);
	u->clock->arm(u->tx_timer, u->tx_deadline);
}

/* Moves characters from the FIFO through the shift register to the line. */
static void transmit(struct uart *u)
{
	while (!u->tx_deadline && (u->shifting || u->tx.count)) {
		if (!u->shifting) {
			u->shift = fifo_pop(&u->tx);
			u->shifting = true;
			u->thre_pending = u->tx.count == 0;
			if (u->paced)
				wait_for_tx(u);
		} else if (send_character(u, u->shift)) {
			u->shifting = false;
		} else {
			wait_for_tx(u);
		}
	}
	uart_update_irq(u);
}

void uart_on_tx_time(struct uart *u)
{
	u->tx_deadline = 0;
	if (u->shifting) {
		if (!send_character(u, u->shift)) {
			wait_for_tx(u);
			return;
		}
		u->shifting = false;
	}
	transmit(u);
}

static void write_data(struct uart *u, uint8_t byte)
{
	u->thre_pending = false;
	if (u->tx.count < uart_fifo_depth(u)) {
		fifo_push(&u->tx, byte, 0);
		/* the holding register is overwritten; a full FIFO drops */
	} else if (!(u->fcr & FCR_ENABLE)) {
		fifo_clear(&u->tx);
		fifo_push(&u->tx, byte, 0);
	}
	transmit(u);
}

/* -- Modem control and status */

static uint8_t modem_inputs(const struct uart *u)
{
	if (!(u->mcr & MCR_LOOP))
		return u->backend.table ? MSR_CTS | MSR_DSR | MSR_DCD : 0;
	return (u->mcr & MCR_RTS ? MSR_CTS : 0) | (u->mcr & MCR_DTR ? MSR_DSR : 0) |
	       (u->mcr & MCR_OUT1 ? MSR_RI : 0) | (u->mcr & MCR_OUT2 ? MSR_DCD : 0);
}

static void update_modem_status(struct uart *u)
{
	uint8_t inputs = modem_inputs(u);
	uint8_t changed = (u->msr ^ inputs) & 0xf0;
	uint8_t delta = (changed & (MSR_CTS | MSR_DSR | MSR_DCD)) >> 4;

	if (changed & MSR_RI && !(inputs & MSR_RI)) /* only the trailing edge of RI */
		delta |= MSR_TERI;
	u->msr = inputs | (u->msr & 0x0f) | delta;
}

static void write_mcr(struct uart *u, uint8_t value)
{
	bool was_loop = u->mcr & MCR_LOOP;

	u->mcr = value & 0x1f;
	update_modem_status(u);
	uart_update_irq(u);
	if (was_loop && !(u->mcr & MCR_LOOP))
		ask_for_more(u);
}

static void write_lcr(struct uart *u, uint8_t value)
{
	bool starts_break = value & LCR_BREAK && !(u->lcr & LCR_BREAK);

	u->lcr = value;
	if (starts_break && u->mcr & MCR_LOOP) {
		receive_one(u, 0, LSR_BREAK | LSR_FRAMING);
		uart_update_irq(u);
	}
}

/* -- The other registers */

static void write_fcr(struct uart *u, uint8_t value)
{
	bool toggled = (value ^ u->fcr) & FCR_ENABLE;

	if (toggled || value & FCR_CLEAR_RX) {
		fifo_clear(&u->rx);
		restart_timeout(u);
	}
	if ((toggled || value & FCR_CLEAR_TX) && u->tx.count) {
		fifo_clear(&u->tx);
		u->thre_pending = true;
	}
	u->fcr = value & FCR_ENABLE ? value & (FCR_ENABLE | FCR_DMA | FCR_TRIGGER) : 0;
	uart_update_irq(u);
	if (!u->rx.count)
		ask_for_more(u);
}

static void write_ier(struct uart *u, uint8_t value)
{
	if (value & ~u->ier & IER_THRE && !u->tx.count)
		u->thre_pending = true;
	u->ier = value & 0x0f;
	uart_update_irq(u);
}

static uint8_t read_iir(struct uart *u)
{
	uint8_t id = interrupt_id(u);

	if (id == IIR_THRE) {
		u->thre_pending = false;
		uart_update_irq(u);
	}
	return id | (u->fcr & FCR_ENABLE ? IIR_FIFOS : 0);
}

static uint8_t read_lsr(struct uart *u)
{
	uint8_t lsr = line_status(u);

	u->overrun = false;
	if (u->rx.count)
		u->rx.flags[u->rx.first] = 0;
	uart_update_irq(u);
	return lsr;
}

static uint8_t read_msr(struct uart *u)
{
	uint8_t msr = u->msr;

	u->msr &= 0xf0;
	uart_update_irq(u);
	return msr;
}

static uint8_t read_latch(struct uart *u, unsigned offset)
{
	return offset == UART_DATA ? u->divisor & 0xff : u->divisor >> 8;
}

static void write_latch(struct uart *u, unsigned offset, uint8_t value)
{
	if (offset == UART_DATA)
		u->divisor = (u->divisor & 0xff00) | value;
	else
		u->divisor = (u->divisor & 0x00ff) | value << 8;
}

uint8_t uart_read(struct uart *u, unsigned offset)
{
	if (u->lcr & LCR_DLAB && offset <= UART_IER)
		return read_latch(u, offset);
	switch (offset & 7) {
	case UART_DATA:
		return read_data(u);
	case UART_IER:
		return u->ier;
	case UART_IIR:
		return read_iir(u);
	case UART_LCR:
		return u->lcr;
	case UART_MCR:
		return u->mcr;
	case UART_LSR:
		return read_lsr(u);
	case UART_MSR:
		return read_msr(u);
	default:
		return u->scr;
	}
}

void uart_write(struct uart *u, unsigned offset, uint8_t value)
{
	if (u->lcr & LCR_DLAB && offset <= UART_IER) {
		write_latch(u, offset, value);
		return;
	}
	switch (offset & 7) {
	case UART_DATA:
		write_data(u, value);
		break;
	case UART_IER:
		write_ier(u, value);
		break;
	case UART_IIR:
		write_fcr(u, value);
		break;
	case UART_LCR:
		write_lcr(u, value);
		break;
	case UART_MCR:
		write_mcr(u, value);
		break;
	case UART_SCR:
		u->scr = value;
		break;
	default: /* LSR and MSR: writes are for factory tests (data sheet, 8.4) */
		break;
	}
}

/*
 * Table I: master reset leaves the divisor latches and the scratch register alone; power-on finds
 * them undefined.
 */
void uart_reset(struct uart *u, bool power_on)
{
	u->clock->cancel(u->tx_timer);
	u->clock->cancel(u->rx_timer);
	u->clock->cancel(u->timeout_timer);
	u->ier = u->fcr = u->lcr = u->mcr = 0;
	fifo_clear(&u->rx);
	fifo_clear(&u->tx);
	u->overrun = u->thre_pending = u->timeout_pending = u->shifting = false;
	u->tx_deadline = u->timeout_deadline = u->rx_next = 0;
	if (power_on) {
		u->divisor = 12; /* 9600 */
		u->scr = u->rbr = 0;
	}
	u->msr = modem_inputs(u);
	uart_update_irq(u);
}
