// says: bad.js:11: in read: InternalError: too much recursion
// ends: ones
import { Device } from "tessera";

export default class Bad extends Device {
	attach() {
		this.host.claim("regs", () => this.read());
	}

	read() {
		return this.read();
	}
}
