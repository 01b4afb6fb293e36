# SPDX-License-Identifier: LGPL-2.1-or-later
"""The twin of placement.c in Python."""
import tessera

MEMORY = 0x1000


class Placement(tessera.Device):
    STATE = {"value": "u8"}

    def attach(self):
        self.value = 0
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
        self.works[offset]()
