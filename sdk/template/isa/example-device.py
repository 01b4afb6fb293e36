# SPDX-License-Identifier: LGPL-2.1-or-later
"""
An example device: two 32-bit registers in port space.
  +0  COUNT   write: start counting down from that many microseconds; read: microseconds left
  +4  STATUS  bit 0: expired and not yet acknowledged; write 1 to acknowledge
The line "irq" is high while STATUS bit 0 is set.

It shows what every device needs: time from the machine's clock, resources and properties from the manifest, state saved by name. Each
device runs the file anew, so any number of them can exist.
"""
import tessera

NS_PER_US = 1000
COUNT, STATUS = 0, 4


class ExampleDevice(tessera.Device):
    # What the guest can observe, and how it is saved. `deadline`: guest time at zero, 0: not counting.
    STATE = {"deadline": "u64", "expired": "bool"}

    # -- life cycle

    def attach(self):
        self.limit = self.host.get_int("limit")
        self.irq = self.host.irq("irq")
        self.timer = self.host.timer(self.on_expired)
        # the core splits and joins accesses of other widths
        self.host.claim("regs", self.read, self.write, widths=4)
        self.deadline, self.expired = 0, False

    def reset(self, kind):
        if kind == tessera.SOFT:
            return
        self.deadline, self.expired = 0, False
        self.timer.cancel()
        self.irq.set(0)

    def load(self, state):
        super().load(state)
        self.timer.cancel()
        if self.deadline:
            self.timer.arm(self.deadline)
        self.irq.set(self.expired)

    # -- registers

    def read(self, offset, width):  # pylint: disable=unused-argument
        if offset == STATUS:
            return int(self.expired)
        return max(self.deadline - self.host.now(), 0) // NS_PER_US

    def write(self, offset, value, width):  # pylint: disable=unused-argument
        if offset == COUNT:
            self.deadline = self.host.now() + min(value, self.limit) * NS_PER_US
            self.timer.arm(self.deadline)
        elif value & 1:
            self.expired = False
            self.irq.set(0)

    def on_expired(self, deadline):  # pylint: disable=unused-argument
        self.deadline, self.expired = 0, True
        self.irq.set(1)
