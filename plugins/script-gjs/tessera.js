// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The module "tessera" of devices that are written in JavaScript: what a script imports. The plugin script-gjs loads it from its own
 * folder; JAVASCRIPT-DEVICES.md is its guide. Methods have the names that they have in C and in Python.
 *
 * A script exports one class that extends Device as its default. All of its methods, and all functions that it hands to its host, are
 * called with the machine's lock held, so they are short and never wait.
 */

const native = globalThis.__tessera; // the plugin's: native.NAME(number of the device, arguments…)

// The kinds of reset (enum tsr_reset of tessera/device.h), the levels of the log and the flags and priorities of regions (host.h).
export const POWER_ON = 0, HARD = 1, SOFT = 2;
export const ERROR = 0, WARNING = 1, INFO = 2, DEBUG = 3;
export const ROM = 1, DIRTY_LOG = 2, DISABLED = 4;
export const PRIORITY_RAM = 0, PRIORITY_BOARD = 1, PRIORITY_MMIO = 5, PRIORITY_OVERLAY = 6, PRIORITY_BAR = 10;

/* Why something cannot be. Thrown in attach, realize, load and listeners of properties, it refuses with its text. */
export class Failed extends Error {
	get name() {
		return this.constructor.name;
	}

	get tessera_code() {
		return codes.reduce((code, kind, i) => this instanceof kind ? i + 1 : code, 1);
	}
}

export class Invalid extends Failed {} // a value of a property that is not allowed: wrong usage
export class NotFound extends Failed {} // there is no such file, plugin or interface
export class Unsupported extends Failed {} // known, but not possible here
export class HostError extends Failed {} // a file of the host cannot be used, or is not what it should be
export class VersionError extends Failed {} // versions that do not work together
export class Conflict extends Failed {} // another instance has the resource
export class StateError extends HostError {} // a saved state that cannot be loaded
class Overdue extends Failed {} // the script was ended

const codes = [Failed, Invalid, NotFound, Unsupported, HostError, VersionError, Conflict]; // enum tsr_error_code, from 1
const others = { 100: TypeError, 101: RangeError, 102: Overdue };

// For the plugin: an error of a code.
export function makeError(code, message) {
	return new (others[code] ?? codes[code - 1] ?? Failed)(message);
}

// -- What a host gives

class Region {
	#device;
	#number;
	#memory;

	constructor(device, number) {
		this.#device = device;
		this.#number = number;
	}

	/* Puts it at another port or address. */
	move(base) {
		native.move(this.#device, this.#number, base);
	}

	/* Shows or hides it. */
	enable(enabled) {
		native.enable(this.#device, this.#number, enabled);
	}

	/* The bytes of a region of memory, else null. */
	get memory() {
		this.#memory ??= native.memory(this.#device, this.#number);
		return this.#memory;
	}
}

class Line {
	#device;
	#number;

	constructor(device, number) {
		this.#device = device;
		this.#number = number;
	}

	set(level) {
		native["irq.set"](this.#device, this.#number, level);
	}
}

class Timer {
	#device;
	#number;

	constructor(device, number) {
		this.#device = device;
		this.#number = number;
	}

	/* Sets the deadline, in ns of guest time. */
	arm(deadline) {
		native["timer.arm"](this.#device, this.#number, deadline);
	}

	cancel() {
		native["timer.cancel"](this.#device, this.#number);
	}
}

class PciFunction {
	#device;
	#number;

	constructor(device, number) {
		this.#device = device;
		this.#number = number;
	}

	/* BARs with functions, in port and in memory space. */
	bar_io(bar, length, read, write, widths) {
		native.bar_io(this.#device, this.#number, bar, length, read, write, widths);
	}

	bar_mmio(bar, length, read, write, widths) {
		native.bar_mmio(this.#device, this.#number, bar, length, read, write, widths);
	}

	/* A BAR of memory: its bytes. */
	bar_memory(bar, length, prefetchable, flags) {
		return native.bar_memory(this.#device, this.#number, bar, length, prefetchable, flags);
	}

	rom(image) {
		native.rom(this.#device, this.#number, image);
	}

	set_intx(level) {
		native.set_intx(this.#device, this.#number, level);
	}

	/* Resets command, BARs and interrupt line. */
	reset() {
		native.reset(this.#device, this.#number);
	}

	/* Bytes of guest memory as a bus master, or null; whether bytes were written. */
	dma_read(address, length) {
		return native["pci.dma_read"](this.#device, this.#number, address, length);
	}

	dma_write(address, bytes) {
		return native["pci.dma_write"](this.#device, this.#number, address, bytes);
	}

	/* bus << 8 | device << 3 | function */
	get address() {
		return native.address(this.#device, this.#number);
	}

	/* A register of the configuration space, of 1, 2 or 4 bytes. */
	config_get(offset, width = 1) {
		return native.config_get(this.#device, this.#number, offset, width);
	}

	config_set(offset, width, value) {
		native.config_set(this.#device, this.#number, offset, width, value);
	}

	/* Which of its bits the guest writes, and which a written 1 clears. */
	config_bits(offset, width, writable, cleared = 0) {
		native.config_bits(this.#device, this.#number, offset, width, writable, cleared);
	}

	/* Adds a capability; returns its offset. */
	add_capability(id, length) {
		return native.add_capability(this.#device, this.#number, id, length);
	}
}

class Net {
	#device;
	#number;

	constructor(device, number) {
		this.#device = device;
		this.#number = number;
	}

	send(frame) {
		native["net.send"](this.#device, this.#number, frame);
	}

	/* The card can receive again. */
	ready() {
		native["net.ready"](this.#device, this.#number);
	}
}

class Chardev {
	#device;
	#number;

	constructor(device, number) {
		this.#device = device;
		this.#number = number;
	}

	/* How many of the bytes were taken. */
	write(bytes) {
		return native["chardev.write"](this.#device, this.#number, bytes);
	}

	/* The device has room again. */
	ready() {
		native["chardev.ready"](this.#device, this.#number);
	}
}

/* What a script has of its host. */
class Host {
	#device;
	#name;

	constructor(device, name) {
		this.#device = device;
		this.#name = name;
	}

	get name() {
		return this.#name;
	}

	get_string(name) {
		return native.get_string(this.#device, name);
	}

	/* The number of a property; of a size, bytes. */
	get_int(name) {
		return Number(BigInt.asIntN(64, BigInt(native.get_int(this.#device, name))));
	}

	get_bool(name) {
		return native.get_bool(this.#device, name);
	}

	set(name, value) {
		native.set(this.#device, name, value);
	}

	on_change(name, changed) {
		native.on_change(this.#device, name, changed);
	}

	/* Guest time in ns since power-on. */
	now() {
		return native.now(this.#device);
	}

	/* The guest's wall clock, seconds since 1970. */
	wall() {
		return native.wall(this.#device);
	}

	/* A timer that calls expired(deadline_ns). */
	timer(expired) {
		return new Timer(this.#device, native.timer(this.#device, expired));
	}

	/* Bytes of the machine's source. */
	random(count) {
		return native.random(this.#device, count);
	}

	log(level, text) {
		native.log(this.#device, level, text);
	}

	emit(event, detail) {
		native.emit(this.#device, event, detail);
	}

	power_off() {
		native.power_off(this.#device);
	}

	reset_machine(kind) {
		native.reset_machine(this.#device, kind);
	}

	stop_machine(status, why) {
		native.stop_machine(this.#device, status, why);
	}

	dma_read(address, length) {
		return native.dma_read(this.#device, address, length);
	}

	dma_write(address, bytes) {
		return native.dma_write(this.#device, address, bytes);
	}

	claim(name, read, write, widths) {
		return new Region(this.#device, native.claim(this.#device, name, read, write, widths));
	}

	claim_ports(name, base, length, read, write, widths) {
		return new Region(this.#device, native.claim_ports(this.#device, name, base, length, read, write, widths));
	}

	map_io(name, base, length, read, write, widths, priority, flags) {
		return new Region(this.#device, native.map_io(this.#device, name, base, length, read, write, widths, priority, flags));
	}

	map(name, base, length, priority, flags) {
		return new Region(this.#device, native.map(this.#device, name, base, length, priority, flags));
	}

	irq(name) {
		return new Line(this.#device, native.irq(this.#device, name));
	}

	pci_add({
		vendor, device, class_code, revision, interrupt_pin, subsystem_vendor, subsystem, header_type, config_written, config_read,
	}) {
		return new PciFunction(this.#device, native.pci_add(this.#device, vendor, device, class_code, revision, interrupt_pin,
			subsystem_vendor, subsystem, header_type, config_written, config_read));
	}

	/* The network that a need is connected to, or null. */
	net(need, receive, can_receive, link_changed) {
		const number = native.net(this.#device, need, can_receive, receive, link_changed);

		return number === null ? null : new Net(this.#device, number);
	}

	/* The byte stream of a need, or null. */
	chardev(need, receive, room) {
		const number = native.chardev(this.#device, need, room, receive);

		return number === null ? null : new Chardev(this.#device, number);
	}
}

// -- Saved states

function requireBits(name, value, bits) {
	const number = typeof value === "boolean" ? BigInt(value) : typeof value === "bigint" || Number.isSafeInteger(value) ? BigInt(value) : null;

	if (number === null)
		throw new TypeError(`field "${name}": ${value} is no whole number`);
	if (BigInt.asUintN(bits, number) !== number)
		throw new RangeError(`field "${name}": ${value} has more than ${bits} bits`);
	return number;
}

class StateWriter {
	#device;

	constructor(device) {
		this.#device = device;
	}

	u8(name, value) {
		native.put_number(this.#device, name, requireBits(name, value, 8), 1);
	}

	u16(name, value) {
		native.put_number(this.#device, name, requireBits(name, value, 16), 2);
	}

	u32(name, value) {
		native.put_number(this.#device, name, requireBits(name, value, 32), 4);
	}

	u64(name, value) {
		native.put_number(this.#device, name, requireBits(name, value, 64), 8);
	}

	bool(name, value) {
		native.put_number(this.#device, name, value ? 1 : 0, 1);
	}

	bytes(name, value) {
		native.put_bytes(this.#device, name, value);
	}

	/* The fields that follow, until end, are in a group. */
	begin(group) {
		native.put_begin(this.#device, group);
	}

	end() {
		native.put_end(this.#device);
	}
}

/* A field that is absent is an error, unless the call names a value for that case. */
class StateReader {
	#device;

	constructor(device) {
		this.#device = device;
	}

	#present(name, value, otherwise) {
		if (value !== null)
			return value;
		if (otherwise !== undefined)
			return otherwise;
		throw new StateError(`the saved state is damaged: the field "${name}" is missing, or of another type`);
	}

	u8(name, otherwise) {
		return this.#present(name, native.take_number(this.#device, name, 1), otherwise);
	}

	u16(name, otherwise) {
		return this.#present(name, native.take_number(this.#device, name, 2), otherwise);
	}

	u32(name, otherwise) {
		return this.#present(name, native.take_number(this.#device, name, 4), otherwise);
	}

	u64(name, otherwise) {
		return this.#present(name, native.take_number(this.#device, name, 8), otherwise);
	}

	bool(name, otherwise) {
		return Boolean(this.u8(name, otherwise));
	}

	/* At most so many bytes, which the caller names for a length that varies. */
	bytes(name, most = 0xFFFFFFFF, otherwise) {
		return this.#present(name, native.take_bytes(this.#device, name, most), otherwise);
	}

	/* Enters a group; false: there is none, and end is not called. */
	begin(group) {
		return native.take_begin(this.#device, group);
	}

	end() {
		native.take_end(this.#device);
	}

	/* The state version of whoever wrote it. */
	get version() {
		return native.state_version(this.#device);
	}
}

// -- Devices

/*
 * The base of a script's class. `host` is what the device has of its machine.
 *
 * STATE names the properties that the guest can observe, and how each is saved: "u8", "u16", "u32", "u64", "bool", "bytes" (of any length
 * up to 1 MiB), or "bytes:N" (exactly N). A device with more than that, such as arrays, overrides save and load.
 */
export class Device {
	static STATE = {};

	constructor(host) {
		this.host = host;
	}

	/* Claims what the manifest names, and reads properties. An exception refuses the machine. */
	attach() {}

	/* All devices are attached: connects to back ends. */
	realize() {}

	/* Releases what the device has outside of its host. */
	detach() {}

	/* To the state that the data sheet gives for this reset: POWER_ON, HARD, SOFT. */
	reset(kind) {} // eslint-disable-line no-unused-vars

	/* Writes all that the guest can observe. An exception refuses to save the machine. */
	save(out) {
		for (const [name, kind] of Object.entries(this.constructor.STATE))
			out[kind.split(":")[0]](name, this[name]);
	}

	/* Takes over a state. Nothing has changed if it throws StateError, because all is read before. */
	load(state) {
		const values = Object.entries(this.constructor.STATE).map(([name, kind]) => [name, readField(state, name, kind)]);

		for (const [name, value] of values)
			this[name] = value;
	}
}

function readField(state, name, kind) {
	const [type, exact] = kind.split(":");
	const value = type === "bytes" ? state.bytes(name, Number(exact ?? 1 << 20)) : state[type](name);

	if (exact !== undefined && value.length !== Number(exact))
		throw new StateError(`the saved state is damaged: the field "${name}" has ${value.length} bytes, not ${exact}`);
	return value;
}

// For the plugin: the device of a script, as C sees it.
export function makeDevice(names, number, name) {
	const kind = names.default;

	if (typeof kind !== "function" || !(kind.prototype instanceof Device))
		throw new Failed("a device's file has to export a class that extends Device as its default");
	const device = new kind(new Host(number, name));

	return {
		attach: () => device.attach(),
		realize: () => device.realize(),
		detach: () => device.detach(),
		reset: kind => device.reset(kind),
		save: () => device.save(new StateWriter(number)),
		load: () => device.load(new StateReader(number)),
	};
}

// -- What GJS has for programs that run in it. A device has no main loop, no standard output, and imports nothing of GObject's.

function refuse(name) {
	return () => {
		throw new Unsupported(`${name} needs a main loop, which a device has not; use host.timer`);
	};
}

function print(...texts) {
	const device = native.current(); // whose script runs

	if (device !== null)
		native.log(device, INFO, texts.map(String).join(" "));
}

function replace(name, value) {
	Object.defineProperty(globalThis, name, { value, writable: true });
}

replace("imports", undefined);
for (const name of ["setTimeout", "setInterval", "clearTimeout", "clearInterval"])
	replace(name, refuse(name));
for (const name of ["print", "printerr", "log", "logError"])
	replace(name, print);
