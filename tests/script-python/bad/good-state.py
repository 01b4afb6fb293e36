# ends: sum
import tessera


class Bad(tessera.Device):
    STATE = {"small": "u8"}

    def attach(self):
        self.small = 255
        self.host.claim("regs", self.read)

    def read(self, offset, width):
        return 21
