// says: bad.js:7: in attach: TypeError: claim is given 1 where a function is needed
// ends: refused
import { Device } from "tessera";

export default class Bad extends Device {
	attach() {
		this.host.claim("regs", 1, 2);
	}
}
