// ends: sum
import { Device } from "tessera";

export default class Bad extends Device {
	static STATE = { small: "u16" };

	attach() {
		this.small = 0;
		this.host.claim("regs", () => 21);
	}
}
