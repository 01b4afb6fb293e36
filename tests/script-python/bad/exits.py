# says: dev0: bad 1.2.3: bad.py:13: in read: SystemExit: 3
# ends: ones
import sys

import tessera


class Bad(tessera.Device):
    def attach(self):
        self.host.claim("regs", self.read)

    def read(self, offset, width):
        sys.exit(3)
