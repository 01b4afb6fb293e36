// says: bad 1.2.3: bad.js:12: in read: RangeError: later
// ends: sum
import { Device } from "tessera";

export default class Bad extends Device {
	attach() {
		this.host.claim("regs", () => this.read());
	}

	read() {
		(async () => {
			throw new RangeError("later");
		})();
		return 21;
	}
}
