// says: dev0: bad 1.2.3: bad.js:8: in attach: TypeError: 
// says: nothing is undefined
// ends: refused
import { Device } from "tessera";

export default class Bad extends Device {
	attach() {
		this.host.get_int("number").nothing.here;
	}
}
