# SPDX-License-Identifier: LGPL-2.1-or-later
"""
An example PCI device, which adds up bytes of guest memory. BAR 0 has 16 bytes of memory:
  +0  ADDRESS  guest physical address of the bytes
  +4  LENGTH   how many; writing it starts the work, at most 64 KiB
  +8  SUM      of the bytes, modulo 2^32, when STATUS says DONE
  +c  STATUS   bit 0 BUSY, bit 1 DONE, bit 2 FAULT (DMA failed); write 1 to clear bits 1 and 2
INTA# is active while STATUS has DONE or FAULT.

It shows what every PCI device needs: a function with a BAR, DMA that obeys the bus-master bit, time from the machine's clock, and state
saved by name. Each device runs the file anew, so any number of them can exist.
"""
import tessera

# Not assigned to anybody: use the numbers that the PCI-SIG gave you.
VENDOR, DEVICE = 0x5453, 0x0001
CLASS_OTHER = 0xFF0000  # fits into no other class: PCI 2.1, appendix D

BAR_BYTES = 16
LENGTH_MAX = 65536
NS_PER_US = 1000

ADDRESS, LENGTH, SUM, STATUS = 0, 4, 8, 12
BUSY, DONE, FAULT = 1, 2, 4


class ExampleDevice(tessera.Device):
    # What the guest can observe, and how it is saved. `deadline`: guest time at which the work is done, while BUSY.
    STATE = {"address": "u32", "length": "u32", "sum": "u32", "status": "u32", "deadline": "u64"}

    # -- life cycle

    def attach(self):
        self.speed = self.host.get_int("speed")  # bytes in a microsecond
        self.timer = self.host.timer(self.on_expired)
        self.pci = self.host.pci_add(vendor=VENDOR, device=DEVICE, class_code=CLASS_OTHER, revision=1, interrupt_pin=1)
        # the core splits and joins accesses of other widths
        self.pci.bar_mmio(0, BAR_BYTES, self.read, self.write, widths=4)
        self.address = self.length = self.sum = self.status = self.deadline = 0

    def reset(self, kind):
        if kind == tessera.SOFT:
            return
        self.address = self.length = self.sum = self.status = self.deadline = 0
        self.timer.cancel()
        self.update_intx()

    def load(self, state):
        if state.u32("length") > LENGTH_MAX:
            raise tessera.StateError("the saved state is damaged: LENGTH")
        super().load(state)
        self.timer.cancel()
        if self.status & BUSY:
            self.timer.arm(self.deadline)
        self.update_intx()

    def update_intx(self):
        self.pci.set_intx(self.status & (DONE | FAULT) != 0)

    # -- the work, when its time is over

    def on_expired(self, deadline):  # pylint: disable=unused-argument
        data = self.pci.dma_read(self.address, self.length)  # None: no memory there, or the function is no bus master
        self.sum = sum(data or b"") & 0xFFFFFFFF
        self.status = FAULT if data is None else DONE
        self.update_intx()

    # -- registers

    def read(self, offset, width):  # pylint: disable=unused-argument
        return {ADDRESS: self.address, LENGTH: self.length, SUM: self.sum, STATUS: self.status}.get(offset, 0)

    def write(self, offset, value, width):  # pylint: disable=unused-argument
        if offset == ADDRESS and not self.status & BUSY:
            self.address = value
        elif offset == LENGTH and not self.status & BUSY:
            self.length = min(value, LENGTH_MAX)
            self.status = BUSY
            self.deadline = self.host.now() + self.length * NS_PER_US // self.speed
            self.timer.arm(self.deadline)
            self.update_intx()
        elif offset == STATUS:
            self.status &= ~(value & (DONE | FAULT))
            self.update_intx()
