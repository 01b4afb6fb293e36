# says: bad.py:8: in attach: TypeError: int is given where a function, or None, is needed
# ends: refused
import tessera


class Bad(tessera.Device):
    def attach(self):
        self.host.claim("regs", 1, 2)
