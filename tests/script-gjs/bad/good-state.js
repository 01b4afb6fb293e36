// ends: sum
import { Device } from "tessera";

export default class Bad extends Device {
	static STATE = { small: "u8" };

	attach() {
		this.small = 255;
		this.host.claim("regs", () => 21);
	}
}
