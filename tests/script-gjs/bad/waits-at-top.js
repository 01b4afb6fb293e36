// says: bad 1.2.3: Unsupported: a device's file cannot wait at its top level (await)
// ends: refused
import { Device } from "tessera";

await new Promise(() => {});

export default class Bad extends Device {
}
