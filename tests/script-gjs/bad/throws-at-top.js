// says: dev0: bad 1.2.3: bad.js:5: RangeError: not today
// ends: refused
import { Device } from "tessera";

throw new RangeError("not today");

export default class Bad extends Device {
}
