# says: bad.py:9: in attach: Conflict
# ends: refused
import tessera


class Bad(tessera.Device):
    def attach(self):
        self.host.claim("regs", None, None)
        self.host.claim("regs", None, None)
