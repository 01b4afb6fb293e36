// SPDX-License-Identifier: LGPL-2.1-or-later
/* The PC16550D's registers (data sheet, section 8) and what they do. The card around it sends, receives and has the interrupt. */
import { StateError } from "tessera";

// Offsets; the divisor takes the first two while DLAB is set (8.3).
const RBR = 0, THR = 0, DLL = 0, IER = 1, DLM = 1, IIR = 2, FCR = 2, LCR = 3, MCR = 4, LSR = 5, MSR = 6, SCR = 7;

const IER_ERBFI = 1, IER_ETBEI = 2, IER_ELSI = 4, IER_EDSSI = 8, IER_BITS = 0x0F; // 8.7
const IIR_NONE = 1, IIR_MODEM = 0, IIR_THRE = 2, IIR_DATA = 4, IIR_LINE = 6, IIR_TIMEOUT = 0x0C, IIR_FIFOS = 0xC0; // 8.6
const FCR_ENABLE = 1, FCR_RESET_RX = 2, FCR_KEPT = 0xC9; // 8.5
const LCR_DLAB = 0x80;
const MCR_DTR = 1, MCR_RTS = 2, MCR_OUT1 = 4, MCR_OUT2 = 8, MCR_LOOP = 0x10, MCR_BITS = 0x1F; // 8.8
const LSR_DR = 1, LSR_OE = 2, LSR_THRE = 0x20, LSR_TEMT = 0x40; // 8.4
const MSR_TERI = 4, MSR_CTS = 0x10, MSR_DSR = 0x20, MSR_RI = 0x40, MSR_DCD = 0x80; // 8.9
const DEPTH = 16, TRIGGERS = [1, 4, 8, 14];

const REGISTERS = ["ier", "fcr", "lcr", "mcr", "scr", "dll", "dlm", "lines", "deltas"];

export class Uart {
	/* card: send(byte), interrupt(level), room(): there is room again for what is received. */
	constructor(card) {
		this.card = card;
		this.is_connected = false;
		this.level = false; // of the interrupt
		this.clear();
	}

	clear() {
		for (const name of REGISTERS)
			this[name] = 0;
		this.received = [];
		this.has_overrun = false;
		this.thre_pending = false;
	}

	/* Whether there is somebody at the other end, who then is ready. */
	connect(is_connected) {
		this.is_connected = is_connected;
		this.lines = this.modem_lines();
	}

	/* Master reset (table I). The divisor and the scratch register keep their values. */
	reset() {
		const { scr, dll, dlm } = this;

		this.clear();
		Object.assign(this, { scr, dll, dlm, lines: this.modem_lines(), level: null });
		this.update();
	}

	// -- Interrupts

	get has_fifos() {
		return (this.fcr & FCR_ENABLE) !== 0;
	}

	/* The pending interrupt of the highest priority (table III). The time-out of the FIFO is over at once. */
	cause() {
		const trigger = this.has_fifos ? TRIGGERS[this.fcr >> 6] : 1;

		if (this.ier & IER_ELSI && this.has_overrun)
			return IIR_LINE;
		if (this.ier & IER_ERBFI && this.received.length)
			return this.received.length >= trigger ? IIR_DATA : IIR_TIMEOUT;
		if (this.ier & IER_ETBEI && this.thre_pending)
			return IIR_THRE;
		return this.ier & IER_EDSSI && this.deltas ? IIR_MODEM : IIR_NONE;
	}

	update() {
		const level = this.cause() !== IIR_NONE;

		if (level !== this.level)
			this.card.interrupt(level);
		this.level = level;
	}

	// -- The modem's lines. In the loop, outputs are inputs (8.8, bit 4).

	modem_lines() {
		if (!(this.mcr & MCR_LOOP))
			return this.is_connected ? MSR_CTS | MSR_DSR | MSR_DCD : 0;
		return (this.mcr & MCR_RTS ? MSR_CTS : 0) | (this.mcr & MCR_DTR ? MSR_DSR : 0) | (this.mcr & MCR_OUT1 ? MSR_RI : 0) |
			(this.mcr & MCR_OUT2 ? MSR_DCD : 0);
	}

	/* The ring indicator counts when it falls (TERI), the others at each change. */
	update_lines() {
		const now = this.modem_lines(), changed = now ^ this.lines;

		this.deltas |= (changed & ~MSR_RI) >> 4 | (changed & MSR_RI & this.lines ? MSR_TERI : 0);
		this.lines = now;
	}

	// -- Data

	/* How many bytes can be received now. */
	get free() {
		return this.mcr & MCR_LOOP ? 0 : (this.has_fifos ? DEPTH : 1) - this.received.length;
	}

	receive(bytes) {
		const space = (this.has_fifos ? DEPTH : 1) - this.received.length;

		this.received.push(...bytes.subarray(0, space));
		this.has_overrun ||= bytes.length > space;
		this.update();
	}

	/* What the other end does not take is lost, as on a line without a handshake. */
	transmit(byte) {
		if (this.mcr & MCR_LOOP)
			this.receive(Uint8Array.of(byte));
		else
			this.card.send(byte);
		this.thre_pending = true;
	}

	take() {
		const byte = this.received.shift() ?? 0;

		this.card.room();
		return byte;
	}

	// -- Registers

	read(offset) {
		const value = this.read_register(offset);

		this.update();
		return value;
	}

	read_register(offset) {
		switch (offset) {
		case RBR:
			return this.lcr & LCR_DLAB ? this.dll : this.take();
		case IER:
			return this.lcr & LCR_DLAB ? this.dlm : this.ier;
		case IIR:
			return this.identify();
		case LCR:
			return this.lcr;
		case MCR:
			return this.mcr;
		case LSR:
			return this.line_status();
		case MSR:
			return this.modem_status();
		default:
			return this.scr;
		}
	}

	/* Reading it clears the transmitter's interrupt, if it is that which it names (table III). */
	identify() {
		const cause = this.cause();

		if (cause === IIR_THRE)
			this.thre_pending = false;
		return cause | (this.has_fifos ? IIR_FIFOS : 0);
	}

	line_status() {
		const status = LSR_THRE | LSR_TEMT | (this.received.length ? LSR_DR : 0) | (this.has_overrun ? LSR_OE : 0);

		this.has_overrun = false;
		return status;
	}

	modem_status() {
		const status = this.lines | this.deltas;

		this.deltas = 0;
		return status;
	}

	write(offset, value) {
		this.write_register(offset, value);
		this.update();
	}

	write_register(offset, value) {
		if (this.lcr & LCR_DLAB && (offset === DLL || offset === DLM))
			this[offset === DLL ? "dll" : "dlm"] = value;
		else if (offset === THR)
			this.transmit(value);
		else if (offset === IER)
			this.enable(value & IER_BITS);
		else if (offset === FCR)
			this.control_fifos(value);
		else if (offset === LCR)
			this.lcr = value;
		else if (offset === MCR)
			this.control_modem(value & MCR_BITS);
		else if (offset === SCR)
			this.scr = value;
	}

	/* The transmitter is always empty, which its interrupt reports as soon as it is enabled (8.7). */
	enable(value) {
		if (value & ~this.ier & IER_ETBEI)
			this.thre_pending = true;
		this.ier = value;
	}

	/* Turning the FIFOs on or off empties them (8.5, bit 0). */
	control_fifos(value) {
		if ((value ^ this.fcr) & FCR_ENABLE || value & FCR_RESET_RX) {
			this.received = [];
			this.card.room();
		}
		this.fcr = value & FCR_ENABLE ? value & FCR_KEPT : 0;
	}

	control_modem(value) {
		const was_looped = this.mcr & MCR_LOOP;

		this.mcr = value;
		this.update_lines();
		if (was_looped && !(value & MCR_LOOP))
			this.card.room();
	}

	// -- State

	save(out) {
		for (const name of REGISTERS)
			out.u8(name, this[name]);
		out.bool("overrun", this.has_overrun);
		out.bool("thre_pending", this.thre_pending);
		out.bytes("received", Uint8Array.from(this.received));
	}

	load(state) {
		const values = REGISTERS.map(name => [name, state.u8(name)]);
		const has_overrun = state.bool("overrun"), thre_pending = state.bool("thre_pending");
		const received = Array.from(state.bytes("received", DEPTH));

		if (values.some(([name, value]) => name === "mcr" && value & ~MCR_BITS))
			throw new StateError("the saved state is damaged: bits of the MCR are set that it has not");
		Object.assign(this, Object.fromEntries(values), { has_overrun, thre_pending, received, level: null });
		this.update();
	}
}
