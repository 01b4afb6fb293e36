// ends: sum
import { Device } from "tessera";
import { ANSWER } from "./helper.js";

export default class Bad extends Device {
	attach() {
		this.host.claim("regs", () => this.read());
	}

	read() {
		return ANSWER;
	}
}
