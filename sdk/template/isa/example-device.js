// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * An example device: two 32-bit registers in port space.
 *   +0  COUNT   write: start counting down from that many microseconds; read: microseconds left
 *   +4  STATUS  bit 0: expired and not yet acknowledged; write 1 to acknowledge
 * The line "irq" is high while STATUS bit 0 is set.
 *
 * It shows what every device needs: time from the machine's clock, resources and properties from the manifest, state saved by name. Each
 * device runs the file anew, so any number of them can exist.
 */
import { Device, SOFT } from "tessera";

const NS_PER_US = 1000n;
const COUNT = 0, STATUS = 4;

export default class ExampleDevice extends Device {
	// What the guest can observe, and how it is saved. `deadline`: guest time at zero, 0: not counting.
	static STATE = { deadline: "u64", expired: "bool" };

	// -- life cycle

	attach() {
		this.limit = this.host.get_int("limit");
		this.irq = this.host.irq("irq");
		this.timer = this.host.timer(() => this.on_expired());
		// the core splits and joins accesses of other widths
		this.host.claim("regs", offset => this.read(offset), (offset, value) => this.write(offset, value), 4);
		this.clear();
	}

	clear() {
		this.deadline = 0;
		this.expired = false;
	}

	reset(kind) {
		if (kind === SOFT)
			return;
		this.clear();
		this.timer.cancel();
		this.irq.set(false);
	}

	load(state) {
		super.load(state);
		this.timer.cancel();
		if (this.deadline)
			this.timer.arm(this.deadline);
		this.irq.set(this.expired);
	}

	// -- registers

	/* Guest time in ns: after 104 days more than a Number can count. */
	now() {
		return BigInt(this.host.now());
	}

	read(offset) {
		if (offset === STATUS)
			return this.expired;
		const left = BigInt(this.deadline) - this.now();

		return left > 0n ? left / NS_PER_US : 0;
	}

	write(offset, value) {
		if (offset === COUNT) {
			this.deadline = this.now() + BigInt(Math.min(value, this.limit)) * NS_PER_US;
			this.timer.arm(this.deadline);
		} else if (value & 1) {
			this.expired = false;
			this.irq.set(false);
		}
	}

	on_expired() {
		this.deadline = 0;
		this.expired = true;
		this.irq.set(true);
	}
}
