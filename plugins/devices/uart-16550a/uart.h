/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The PC16550D's registers and FIFOs, and what the chip is connected to. */
#ifndef UART_H
#define UART_H

#include <tessera/tessera.h>

#define UART_FIFO_SIZE 16u
#define UART_CLOCK_HZ 1843200u

/* Register offsets (data sheet, table II). */
enum uart_register {
	UART_DATA, /* RBR, THR; DLL with DLAB */
	UART_IER,  /* DLM with DLAB */
	UART_IIR,  /* FCR on write */
	UART_LCR,
	UART_MCR,
	UART_LSR,
	UART_MSR,
	UART_SCR,
};

enum {
	IER_DATA = 1,
	IER_THRE = 2,
	IER_LINE = 4,
	IER_MODEM = 8,

	IIR_NONE = 1,
	IIR_MODEM = 0,
	IIR_THRE = 2,
	IIR_DATA = 4,
	IIR_LINE = 6,
	IIR_TIMEOUT = 12,
	IIR_FIFOS = 0xc0,

	FCR_ENABLE = 1,
	FCR_CLEAR_RX = 2,
	FCR_CLEAR_TX = 4,
	FCR_DMA = 8,
	FCR_TRIGGER = 0xc0,

	LCR_STOP = 4,
	LCR_PARITY = 8,
	LCR_BREAK = 0x40,
	LCR_DLAB = 0x80,

	MCR_DTR = 1,
	MCR_RTS = 2,
	MCR_OUT1 = 4,
	MCR_OUT2 = 8,
	MCR_LOOP = 16,

	LSR_DATA = 1,
	LSR_OVERRUN = 2,
	LSR_PARITY = 4,
	LSR_FRAMING = 8,
	LSR_BREAK = 16,
	LSR_THRE = 32,
	LSR_TEMT = 64,
	LSR_FIFO_ERROR = 128,

	MSR_DCTS = 1,
	MSR_DDSR = 2,
	MSR_TERI = 4,
	MSR_DDCD = 8,
	MSR_CTS = 16,
	MSR_DSR = 32,
	MSR_RI = 64,
	MSR_DCD = 128,
};

struct uart_fifo {
	uint8_t bytes[UART_FIFO_SIZE];
	uint8_t flags[UART_FIFO_SIZE]; /* LSR error bits that came with the byte */
	unsigned first, count;
};

struct uart {
	const struct tsr_host *host;
	const struct tsr_clock *clock;
	const struct tsr_irq *irq;
	struct tsr_interface backend; /* struct tsr_chardev; table NULL: nothing is plugged in */
	struct tsr_chardev_port port;
	struct tsr_timer *tx_timer, *rx_timer, *timeout_timer;
	bool paced, out2_gate;

	uint8_t ier, fcr, lcr, mcr, msr, scr;
	uint8_t rbr; /* the last character that was read: what an empty receiver shows */
	uint16_t divisor;
	struct uart_fifo rx, tx;
	bool overrun;
	bool thre_pending;    /* THR became empty and the guest has not read it from IIR */
	bool timeout_pending; /* character time-out indication */
	bool shifting;        /* a character is in the transmit shift register */
	uint8_t shift;
	uint64_t tx_deadline, timeout_deadline; /* ns; 0: not running */
	uint64_t rx_next; /* ns: a paced line delivers its next character no earlier */
};

void uart_reset(struct uart *u, bool power_on);
uint8_t uart_read(struct uart *u, unsigned offset);
void uart_write(struct uart *u, unsigned offset, uint8_t value);
void uart_update_irq(struct uart *u);
uint64_t uart_character_ns(const struct uart *u);
unsigned uart_fifo_depth(const struct uart *u); /* 1 in 16450 mode */

/* The line's other end. */
size_t uart_receive_room(struct uart *u);
void uart_receive(struct uart *u, const uint8_t *bytes, size_t length);

/* Timers. */
void uart_on_tx_time(struct uart *u);
void uart_on_rx_time(struct uart *u);
void uart_on_timeout(struct uart *u);

#endif
