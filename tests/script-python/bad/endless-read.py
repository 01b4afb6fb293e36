# says: dev0: bad 1.2.3: bad.py:1
# says: : in read: Overdue: it has not returned for too long, and was ended
# ends: ones
import tessera


class Bad(tessera.Device):
    def attach(self):
        self.host.claim("regs", self.read)

    def read(self, offset, width):
        while True:
            pass
