# SPDX-License-Identifier: LGPL-2.1-or-later
"""A device for script-costs: a register of one byte at +0, and its own measurements, which begin when 1 is written to +4."""
import time

import tessera

CALLS = 200000


class Costs(tessera.Device):
    STATE = {"value": "u8"}

    def attach(self):
        self.value = 0
        self.host.claim("regs", self.read, self.write)
        self.irq = self.host.irq("irq")
        self.timer = self.host.timer(lambda deadline: None)

    def read(self, offset, width):
        return self.value

    def write(self, offset, value, width):
        if offset == 0:
            self.value = value
        else:
            self.measure()

    def measure(self):
        host, irq, timer = self.host, self.irq, self.timer
        small, frame = bytes(64), bytes(1514)
        lines = []
        for name, call in (("nothing", lambda: None), ("irq.set", lambda: irq.set(1)), ("now", host.now), ("timer.arm", lambda: timer.arm(1 << 40)),
                           ("dma_read of 64 bytes", lambda: host.dma_read(0x1000, 64)),
                           ("dma_read of 1514 bytes", lambda: host.dma_read(0x1000, 1514)),
                           ("dma_write of 64 bytes", lambda: host.dma_write(0x1000, small)),
                           ("dma_write of 1514 bytes", lambda: host.dma_write(0x1000, frame))):
            begin = time.thread_time_ns()
            for _ in range(CALLS):
                call()
            lines.append(f"{name} {(time.thread_time_ns() - begin) / CALLS:.0f} ns")
        host.log(tessera.WARNING, ", ".join(lines))
