# says: dev0: bad 1.2.3: bad.py:10: in read: TypeError: it returned str, not a number
# ends: ones
import tessera


class Bad(tessera.Device):
    def attach(self):
        self.host.claim("regs", self.read)

    def read(self, offset, width):
        return "21"
