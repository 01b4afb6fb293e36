# says: dev0: bad 1.2.3: bad.py:18: in work: ZeroDivisionError
# ends: sum
import tessera


class Bad(tessera.Device):
    def attach(self):
        self.answer = 0
        self.host.claim("regs", self.read)

    def read(self, offset, width):
        self.host.submit(self.work, self.done)
        self.host.drain()
        return self.answer

    @staticmethod
    def work():
        return 1 // 0

    def done(self, result):
        self.answer = 21 if result is None else 0
