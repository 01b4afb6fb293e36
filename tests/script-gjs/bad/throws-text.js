// says: bad.js:11: in read: it threw no error at all
// ends: ones
import { Device } from "tessera";

export default class Bad extends Device {
	attach() {
		this.host.claim("regs", () => this.read());
	}

	read() {
		throw "no error at all";
	}
}
