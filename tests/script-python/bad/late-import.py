# says: bad.py:11: in read: ImportError: json is imported while the machine runs; import it at the script's top
# ends: ones
import tessera


class Bad(tessera.Device):
    def attach(self):
        self.host.claim("regs", self.read)

    def read(self, offset, width):
        import json
        return len(json.dumps(offset))
