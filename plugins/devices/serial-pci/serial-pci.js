// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * A serial card on the PCI bus: one 16550A in the eight ports of BAR 0, which drivers find by its class (PCI Local Bus Specification 3.0,
 * appendix D: 07 00 02). Source: National Semiconductor PC16550D data sheet; its section numbers are named where they matter.
 *
 * Bytes are sent and received as fast as the host can; uart.js has the registers.
 */
import { Device, SOFT } from "tessera";
import { Uart } from "./uart.js";

export default class SerialCard extends Device {
	attach() {
		this.uart = new Uart({
			send: byte => this.line ? this.line.write(Uint8Array.of(byte)) === 1 : true,
			interrupt: level => this.pci.set_intx(level),
			room: () => this.line?.ready(),
		});
		this.pci = this.host.pci_add({
			vendor: 0x1234, device: 0x0550, class_code: 0x070002, subsystem_vendor: 0x1234, subsystem: 0x0550, interrupt_pin: 1,
		});
		this.pci.bar_io(0, 8, offset => this.uart.read(offset), (offset, value) => this.uart.write(offset, value), 1);
	}

	realize() {
		this.line = this.host.chardev("backend", bytes => this.uart.receive(bytes), () => this.uart.free);
		this.uart.connect(this.line !== null);
	}

	reset(kind) {
		if (kind === SOFT)
			return;
		this.pci.reset();
		this.uart.reset();
	}

	save(out) {
		this.uart.save(out);
	}

	load(state) {
		this.uart.load(state);
	}
}
