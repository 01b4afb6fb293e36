# says: RuntimeError: irq.set is called on a thread of the script's own, which does not hold the machine's lock; use host.submit
# ends: ones
import threading

import tessera


class Bad(tessera.Device):
    def attach(self):
        self.irq = self.host.irq("irq")
        self.host.claim("regs", self.read)
        self.why = None
        thread = threading.Thread(target=self.work)
        thread.start()
        thread.join()

    def work(self):
        try:
            self.irq.set(1)
        except RuntimeError as error:
            self.why = error

    def read(self, offset, width):
        raise self.why
