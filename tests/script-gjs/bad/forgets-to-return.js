// says: TypeError: it returned undefined, not a number
// ends: ones
import { Device } from "tessera";

export default class Bad extends Device {
	attach() {
		this.host.claim("regs", () => this.read());
	}

	read() {
		this.host.now();
	}
}
