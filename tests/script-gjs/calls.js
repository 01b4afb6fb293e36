// SPDX-License-Identifier: LGPL-2.1-or-later
// A device that calls all that its host has, for tests/script/test-calls.py. The guest writes a command to its port, and reads a result.
import { Device, HARD, Invalid, WARNING } from "tessera";

const bytes = text => Uint8Array.from(text, letter => letter.charCodeAt(0));

export default class Calls extends Device {
	static STATE = { result: "u64", text: "bytes", mac: "bytes:6", flag: "bool", small: "u8", middle: "u16", large: "u32" };

	attach() {
		const { host } = this;

		Object.assign(this, { result: 0, text: bytes("abc"), mac: new Uint8Array(6), flag: true, small: 0xAB, middle: 0xABCD, large: 0xABCDEF01 });
		this.level = host.get_int("level");
		host.on_change("level", name => this.on_level(name));
		host.claim("regs", offset => Number(BigInt(this.result) >> BigInt(8 * offset) & 0xFFFFFFFFn), (offset, value) => this.write(value), 4);
		this.registers = host.claim("mmio", (offset, width) => offset << 8 | width, null, 1 | 2 | 4 | 8);
		this.ports = host.claim_ports("moved", 0x400, 4, offset => 0x30 + offset);
		this.window = host.map_io("window", 0xD0000, 4096, () => 0x5A, null, 1);
		this.memory = host.map("memory", 0xE0000, 4096);
		this.memory.memory.set(bytes("TSR1"));
		this.irq = host.irq("irq");
		this.timer = host.timer(deadline => this.on_timer(deadline));
		this.pci = host.pci_add({
			vendor: 0x1234, device: 0x5678, class_code: 0xFF0000, revision: 9, interrupt_pin: 2, subsystem_vendor: 0x1111, subsystem: 0x2222,
			config_written: (...where) => this.written.push(where), config_read: offset => this.on_config_read(offset),
		});
		this.pci.config_bits(0x40, 1, 0xFF);
		this.pci.rom(Uint8Array.from({ length: 512 }, (_, i) => [0x55, 0xAA][i] ?? 0));
		this.bar = this.pci.bar_memory(2, 4096, true);
		this.received = 0;
		this.written = [];
	}

	realize() {
		this.chardev = this.host.chardev("serial", data => this.received += data.length, () => 4);
	}

	detach() {
		this.host.log(WARNING, "detached");
	}

	on_level(name) {
		const value = this.host.get_int(name);

		if (value === 13)
			throw new Invalid("13 is not lucky");
		this.level = value;
	}

	on_timer(deadline) {
		this.result = deadline;
		this.irq.set(1);
	}

	on_config_read(offset) {
		if (offset === 0x44)
			this.pci.config_set(0x44, 1, 0x77);
	}

	write(value) {
		this.result = this[`do${value & 0xFFFF}`]();
	}

	// -- commands

	do1() {
		const data = this.host.dma_read(0x1000, 16);

		return Number(this.host.dma_write(0x2000, data.reverse())) + Number(this.host.dma_read(2 ** 40, 4) === null);
	}

	do2() {
		this.timer.arm(this.host.now() + 5000);
		return this.host.wall();
	}

	do3() {
		this.irq.set(0);
		this.timer.arm(1n << 60n);
		this.timer.cancel();
		return this.host.random(10).length;
	}

	do4() {
		this.ports.enable(true);
		this.ports.move(0x500);
		this.registers.enable(false);
		this.window.move(0xD8000);
		return 0;
	}

	do6() {
		return this.chardev.write(bytes("hello")) + this.received;
	}

	do7() {
		this.host.emit("greeting", "from a script");
		this.host.set("status", "ok");
		this.host.set("count", 3);
		this.host.reset_machine(HARD);
		this.host.stop_machine(3, "enough");
		this.host.power_off();
		return 0;
	}

	do8() {
		this.pci.set_intx(true);
		this.bar.set(bytes("last"), 4092);
		return this.pci.address * 0x10000 + this.written.length;
	}

	/* Beyond its ends, and of wrong types: each is an error of JavaScript. */
	do9() {
		const { host } = this;
		const calls = [
			() => this.bar.set(bytes("xx"), 4095), () => host.dma_read(0, 2 ** 40), () => host.dma_read(0), () => host.dma_write(0, "text"),
			() => this.timer.arm(-1), () => this.timer.arm(0.5), () => this.timer.arm(NaN), () => this.timer.arm("soon"),
			() => host.log(9, "x"), () => host.claim("regs"), () => host.get_int(5), () => host.net("serial", print),
			() => new host.constructor().now(), () => this.pci.bar_io(0, 8), () => this.irq.set.call(this.timer, 1),
		];

		return calls.filter(call => {
			try {
				call();
			} catch (error) {
				return true;
			}
			return false;
		}).length;
	}
}
