// says: bad.js:11: in read: Unsupported: setTimeout needs a main loop, which a device has not; use host.timer
// ends: ones
import { Device } from "tessera";

export default class Bad extends Device {
	attach() {
		this.host.claim("regs", () => this.read());
	}

	read() {
		setTimeout(() => {}, 10);
		return 21;
	}
}
