// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * An example PCI device, which adds up bytes of guest memory. BAR 0 has 16 bytes of memory:
 *   +0  ADDRESS  guest physical address of the bytes
 *   +4  LENGTH   how many; writing it starts the work, at most 64 KiB
 *   +8  SUM      of the bytes, when STATUS says DONE
 *   +c  STATUS   bit 0 BUSY, bit 1 DONE, bit 2 FAULT (DMA failed); write 1 to clear bits 1 and 2
 * INTA# is active while STATUS has DONE or FAULT.
 *
 * It shows what every PCI device needs: a function with a BAR, DMA that obeys the bus-master bit, time from the machine's clock, and state
 * saved by name. Each device runs the file anew, so any number of them can exist.
 */
import { Device, SOFT, StateError } from "tessera";

// Not assigned to anybody: use the numbers that the PCI-SIG gave you.
const VENDOR = 0x5453, DEVICE = 0x0001;
const CLASS_OTHER = 0xff0000; // fits into no other class: PCI 2.1, appendix D

const BAR_BYTES = 16;
const LENGTH_MAX = 65536;
const NS_PER_US = 1000;

const ADDRESS = 0, LENGTH = 4, SUM = 8, STATUS = 12;
const BUSY = 1, DONE = 2, FAULT = 4;

export default class ExampleDevice extends Device {
	// What the guest can observe, and how it is saved. `deadline`: guest time at which the work is done, while BUSY.
	static STATE = { address: "u32", length: "u32", sum: "u32", status: "u32", deadline: "u64" };

	// -- life cycle

	attach() {
		this.speed = this.host.get_int("speed"); // bytes in a microsecond
		this.timer = this.host.timer(() => this.on_expired());
		this.pci = this.host.pci_add({ vendor: VENDOR, device: DEVICE, class_code: CLASS_OTHER, revision: 1, interrupt_pin: 1 });
		// the core splits and joins accesses of other widths
		this.pci.bar_mmio(0, BAR_BYTES, offset => this.read(offset), (offset, value) => this.write(offset, value), 4);
		this.clear();
	}

	clear() {
		this.address = this.length = this.sum = this.status = this.deadline = 0;
	}

	reset(kind) {
		if (kind === SOFT)
			return;
		this.clear();
		this.timer.cancel();
		this.update_intx();
	}

	load(state) {
		if (state.u32("length") > LENGTH_MAX)
			throw new StateError("the saved state is damaged: LENGTH");
		super.load(state);
		this.timer.cancel();
		if (this.status & BUSY)
			this.timer.arm(this.deadline);
		this.update_intx();
	}

	update_intx() {
		this.pci.set_intx((this.status & (DONE | FAULT)) !== 0);
	}

	// -- the work, when its time is over

	on_expired() {
		const bytes = this.pci.dma_read(this.address, this.length); // null: no memory there, or the function is no bus master

		this.sum = bytes ? bytes.reduce((sum, byte) => sum + byte, 0) : 0;
		this.status = bytes ? DONE : FAULT;
		this.update_intx();
	}

	// -- registers

	read(offset) {
		switch (offset) {
		case ADDRESS:
			return this.address;
		case LENGTH:
			return this.length;
		case SUM:
			return this.sum;
		default:
			return this.status;
		}
	}

	write(offset, value) {
		if (offset === ADDRESS && !(this.status & BUSY)) {
			this.address = value;
		} else if (offset === LENGTH && !(this.status & BUSY)) {
			this.start(Math.min(value, LENGTH_MAX));
		} else if (offset === STATUS) {
			this.status &= ~(value & (DONE | FAULT));
			this.update_intx();
		}
	}

	/* Guest time in ns is more than a Number can count after 104 days. */
	start(length) {
		this.length = length;
		this.status = BUSY;
		this.deadline = BigInt(this.host.now()) + BigInt(length * NS_PER_US) / BigInt(this.speed);
		this.timer.arm(this.deadline);
		this.update_intx();
	}
}
