// says: dev0: bad 1.2.3: bad.js:11: in read: TypeError: 
// ends: ones
import { Device } from "tessera";

export default class Bad extends Device {
	attach() {
		this.host.claim("regs", this.read, this.write);
	}

	read(offset, width) {
		return [][offset].nothing;
	}

	write(offset, value, width) {}
}
