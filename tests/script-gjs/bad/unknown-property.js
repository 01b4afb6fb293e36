// says: it asks for the property 'colour', which its manifest lacks
// ends: refused
import { Device } from "tessera";

export default class Bad extends Device {
	attach() {
		this.host.get_string("colour");
	}
}
