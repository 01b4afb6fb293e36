// SPDX-License-Identifier: LGPL-2.1-or-later
/* The twin of placement.c in JavaScript. */
import { Device } from "tessera";

const MEMORY = 0x1000;

export default class Placement extends Device {
	static STATE = { value: "u8" };

	attach() {
		const copy = length => this.host.dma_write(MEMORY, this.host.dma_read(MEMORY, length));

		this.value = 0;
		this.frame = new Uint8Array(1514);
		this.frame.set([0x88, 0xb5], 12);
		this.host.claim("regs", () => this.value, (offset, value) => this.write(offset, value), 1);
		this.irq = this.host.irq("irq");
		this.works = [() => {}, () => {}, () => this.interrupt(), () => copy(64), () => copy(1514), () => this.net.send(this.frame)];
	}

	realize() {
		this.net = this.host.net("backend", () => {}, () => true);
	}

	interrupt() {
		this.irq.set(1);
		this.irq.set(0);
	}

	write(offset, value) {
		this.value = value;
		this.works[offset]();
	}
}
