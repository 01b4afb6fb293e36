// says: bad 1.2.3: bad.js:5: SyntaxError: 
// ends: refused
import { Device } from "tessera";

export default class Bad extends Device {{
}
