// says: bad 1.2.3: 
// says: mport
// ends: sum
import { Device } from "tessera";

export default class Bad extends Device {
	attach() {
		this.host.claim("regs", () => this.read());
	}

	read() {
		import("./helper.js");
		return 21;
	}
}
