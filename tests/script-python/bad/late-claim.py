# says: bad.py:11: in read: RuntimeError: claim is for attach and realize, not for a running machine
# ends: ones
import tessera


class Bad(tessera.Device):
    def attach(self):
        self.host.claim("regs", self.read)

    def read(self, offset, width):
        self.host.claim("regs", None)
        return 21
