# ends: sum
import tessera


class Bad(tessera.Device):
    STATE = {"small": "u16"}

    def attach(self):
        self.small = 0
        self.host.claim("regs", self.read)

    def read(self, offset, width):
        return 21
