// says: : in read: Overdue: it has not returned for too long, and was ended
// ends: ones
import { Device } from "tessera";

export default class Bad extends Device {
	attach() {
		this.host.claim("regs", () => this.read());
	}

	read() {
		for (;;)
			this.host.now();
	}
}
