# says: dev0: bad 1.2.3: bad.py:8: in attach: ZeroDivisionError
# ends: refused
import tessera


class Bad(tessera.Device):
    def attach(self):
        return 1 // (self.host.get_int("number") - 7)
