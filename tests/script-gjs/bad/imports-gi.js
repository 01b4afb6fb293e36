// says: gi://GLib cannot be imported; a device imports "tessera" and files beside it, such as "./registers.js"
// ends: refused
import { Device } from "tessera";
import GLib from "gi://GLib";

export default class Bad extends Device {
}
