// says: the file nothing.js cannot be read: No such file or directory
// ends: refused
import { Device } from "tessera";
import "./nothing.js";

export default class Bad extends Device {
}
