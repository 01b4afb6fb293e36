// says: a device's file has to export a class that extends Device as its default
// ends: refused
import { Device } from "tessera";

export const nothing = 1;
