// says: dev0: bad 1.2.3: bad.js:7: in attach: Overdue: it has not returned for too long, and was ended
// ends: refused
import { Device } from "tessera";

export default class Bad extends Device {
	attach() {
		for (;;);
	}
}
