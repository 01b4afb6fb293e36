// says: dev0: bad 1.2.3: bad.js:7: in attach: Invalid: number=7 is odd
// ends: usage
import { Device, Invalid } from "tessera";

export default class Bad extends Device {
	attach() {
		throw new Invalid(`number=${this.host.get_int("number")} is odd`);
	}
}
