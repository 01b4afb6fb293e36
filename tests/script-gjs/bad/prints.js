// ends: sum
import { Device } from "tessera";

export default class Bad extends Device {
	attach() {
		this.host.claim("regs", () => this.read());
	}

	read() {
		print("a line for the log");
		return 21;
	}
}
