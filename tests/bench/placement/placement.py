# SPDX-License-Identifier: LGPL-2.1-or-later
"""The twin of placement.c in Python."""
import statistics
import time

import tessera

KINDS, REPORT, MEMORY = 6, 255, 0x1000


class Placement(tessera.Device):
    STATE = {"value": "u8"}

    def attach(self):
        self.value = self.kind = self.begin = 0
        self.ns = [[] for _ in range(KINDS)]
        self.frame = bytes(12) + b"\x88\xb5" + bytes(1500)
        self.host.claim("regs", self.read, self.write)
        self.irq = self.host.irq("irq")
        self.works = (self.nothing, self.nothing, self.interrupt, self.dma_short, self.dma_long, self.send)

    def realize(self):
        self.net = self.host.net("backend", lambda frame: None, lambda: True)

    def nothing(self):
        pass

    def interrupt(self):
        self.irq.set(1)
        self.irq.set(0)

    def dma_short(self):
        self.host.dma_write(MEMORY, self.host.dma_read(MEMORY, 64))

    def dma_long(self):
        self.host.dma_write(MEMORY, self.host.dma_read(MEMORY, 1514))

    def send(self):
        self.net.send(self.frame)

    def read(self, offset, width):
        return self.value

    def write(self, offset, value, width):
        self.value = value
        if offset < 6:
            self.works[offset]()
        elif offset == 7:
            self.ns[self.kind].append((time.monotonic_ns() - self.begin) / (value * 256))
        elif value == REPORT:
            self.host.log(tessera.WARNING, "costs " + " ".join(f"{min(ns):.1f}/{statistics.median(ns):.1f}" for ns in self.ns))
        else:
            self.kind = value
            self.begin = time.monotonic_ns()
