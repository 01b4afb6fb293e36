# says: bad.py:11: in read: PermissionError: [Errno 13] Permission denied: '/etc/passwd'
# ends: ones
import tessera


class Bad(tessera.Device):
    def attach(self):
        self.host.claim("regs", self.read)

    def read(self, offset, width):
        with open("/etc/passwd", "rb") as file:
            return file.read(1)[0]
