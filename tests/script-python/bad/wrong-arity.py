# says: dev0: bad 1.2.3: bad.py:10: in read: TypeError: Bad.read() takes 1 positional argument but 3 were given
# ends: ones
import tessera


class Bad(tessera.Device):
    def attach(self):
        self.host.claim("regs", self.read)

    def read(self):
        return 21
