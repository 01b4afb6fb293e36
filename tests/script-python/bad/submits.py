# ends: sum
import threading

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
        return sum(range(7)) if threading.get_ident() else 0

    def done(self, result):
        self.answer = result
