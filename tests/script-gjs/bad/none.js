// ends: sum
import { Device } from "tessera";

export default class Bad extends Device {
	attach() {
		this.host.claim("regs", this.read, this.write);
	}

	read(offset, width) {
		return 20 + width;
	}

	write(offset, value, width) {}
}
