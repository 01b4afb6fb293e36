// says: bad.js:12: in read: Overdue: it has not returned for too long, and was ended
// ends: sum
import { Device } from "tessera";

export default class Bad extends Device {
	attach() {
		this.host.claim("regs", () => this.read());
	}

	read() {
		Promise.resolve().then(() => {
			for (;;);
		});
		return 21;
	}
}
