# says: dev0: bad 1.2.3: bad.py:11: in read: KeyError: 0
# ends: ones
import tessera


class Bad(tessera.Device):
    def attach(self):
        self.host.claim("regs", self.read, self.write)

    def read(self, offset, width):
        return {}[offset]

    def write(self, offset, value, width):
        pass
