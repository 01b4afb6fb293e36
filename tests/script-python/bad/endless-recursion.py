# says: bad.py:11: in read: RecursionError: maximum recursion depth exceeded
# ends: ones
import tessera


class Bad(tessera.Device):
    def attach(self):
        self.host.claim("regs", self.read)

    def read(self, offset, width):
        return self.read(offset, width)
