// ends: sum
// The compilers of JavaScript stay off: they would write code while the machine runs, which the jail ends the process for.
import { Device } from "tessera";

export default class Bad extends Device {
	attach() {
		this.host.claim("regs", () => this.read());
	}

	read() {
		let sum = 0;

		for (let i = 0; i < 20000; i++)
			sum = (sum * 31 + i) | 0;
		for (let i = 0; i < 200; i++)
			sum += /^(a|b)*c{2,}$/u.test("ab".repeat(50) + i) ? 1 : 0;
		for (let i = 0; i < 20; i++)
			this.garbage = Array.from({ length: 5000 }, (_, j) => ({ text: `${i}-${j}` }));
		return sum === 0 ? 0 : 21;
	}
}
