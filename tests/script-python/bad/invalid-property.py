# says: dev0: bad 1.2.3: bad.py:8: in attach: Invalid: number=7 is odd
# ends: usage
import tessera


class Bad(tessera.Device):
    def attach(self):
        raise tessera.Invalid(f"number={self.host.get_int('number')} is odd")
