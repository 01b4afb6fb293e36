// says: bad.js:11: in read: Failed: claim is for attach and realize, not for a running machine
// ends: ones
import { Device } from "tessera";

export default class Bad extends Device {
	attach() {
		this.host.claim("regs", () => this.read());
	}

	read() {
		this.host.claim("regs", null);
		return 21;
	}
}
