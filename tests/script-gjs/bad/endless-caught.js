// says: bad.js:16: in read: Error: after Overdue
// ends: ones
import { Device } from "tessera";

export default class Bad extends Device {
	attach() {
		this.host.claim("regs", () => this.read());
	}

	read() {
		try {
			for (;;);
		} catch (error) {
			this.error = error;
		}
		throw new Error(`after ${this.error.name}`);
	}
}
