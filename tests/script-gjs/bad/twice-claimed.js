// says: bad.js:8: in attach: Conflict
// ends: refused
import { Device } from "tessera";

export default class Bad extends Device {
	attach() {
		this.host.claim("regs");
		this.host.claim("regs");
	}
}
