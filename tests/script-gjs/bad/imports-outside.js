// says: ../../bad.js cannot be imported
// ends: refused
import { Device } from "tessera";
import "./../../bad.js";

export default class Bad extends Device {
}
