# SPDX-License-Identifier: LGPL-2.1-or-later
"""A serial port in Python that is as much of a 16550A as echo.S needs. test-scripts.py makes versions of it, by other values of TWIST
and by what it puts in the place of the lines that say so."""
import tessera

TWIST = False  # letters that are sent change their case, which shows that this version runs
DATA, IER, LCR, LSR = 0, 1, 3, 5  # PC16550D data sheet, table II
DLAB, RECEIVED, SENT = 0x80, 0x01, 0x60
DEPTH = 16


class Port(tessera.Device):
    STATE = {"received": "bytes", "unsent": "bytes", "ier": "u8", "lcr": "u8"}

    def attach(self):
        # in attach
        self.irq = self.host.irq("irq")
        self.host.claim("regs", self.read, self.write)
        self.clear()

    def realize(self):
        # in realize
        self.line = self.host.chardev("backend", self.receive, lambda: DEPTH - len(self.received))

    def reset(self, kind):
        self.clear()
        self.irq.set(0)

    def load(self, state):
        # in load
        super().load(state)
        self.update()

    def clear(self):
        self.received = self.unsent = b""
        self.ier = self.lcr = 0

    def update(self):
        self.irq.set(bool(self.ier & RECEIVED and self.received))

    def receive(self, data):
        self.received += data
        self.update()

    def flush(self):
        self.unsent = self.unsent[self.line.write(self.unsent):] if self.unsent else b""

    def read(self, offset, width):  # pylint: disable=unused-argument
        self.flush()
        if offset == DATA and self.received and not self.lcr & DLAB:
            value, self.received = self.received[0], self.received[1:]
            self.update()
            self.line.ready()
            return value
        if offset == LSR:
            return (RECEIVED if self.received else 0) | (0 if self.unsent else SENT)
        return {IER: self.ier, LCR: self.lcr}.get(offset, 0)

    def write(self, offset, value, width):  # pylint: disable=unused-argument
        if offset == LCR:
            self.lcr = value
        elif self.lcr & DLAB:
            return
        elif offset == DATA:
            self.unsent += bytes([value]).swapcase() if TWIST else bytes([value])
            self.flush()
        elif offset == IER:
            self.ier = value
            self.update()
