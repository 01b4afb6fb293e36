// says: 'line' is connected to tessera.chardev/1, and not to tessera.net/1
// ends: usage
import { Device } from "tessera";

export default class Bad extends Device {
	realize() {
		this.host.net("line", () => {});
	}
}
