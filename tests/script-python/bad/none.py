# ends: sum
import tessera


class Bad(tessera.Device):
    def attach(self):
        self.host.claim("regs", self.read, self.write)

    def read(self, offset, width):
        return 21

    def write(self, offset, value, width):
        pass
