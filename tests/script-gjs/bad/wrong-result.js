// says: dev0: bad 1.2.3: bad.js:10: in read: TypeError: it returned a text, not a number
// ends: ones
import { Device } from "tessera";

export default class Bad extends Device {
	attach() {
		this.host.claim("regs", this.read);
	}

	read(offset, width) {
		return "21";
	}
}
