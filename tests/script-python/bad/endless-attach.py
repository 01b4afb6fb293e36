# says: dev0: bad 1.2.3: bad.py:
# says: : in attach: Overdue: it has not returned for too long, and was ended
# ends: refused
import tessera


class Bad(tessera.Device):
    def attach(self):
        while True:
            pass
