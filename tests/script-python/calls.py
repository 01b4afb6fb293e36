# SPDX-License-Identifier: LGPL-2.1-or-later
"""A device that calls all that its host has, for test-calls.py. The guest writes a command to its port, and reads a result."""
import threading

import tessera


class Calls(tessera.Device):
    STATE = {"result": "u64", "text": "bytes", "mac": "bytes:6", "flag": "bool", "small": "u8", "middle": "u16", "large": "u32"}

    def attach(self):
        host = self.host
        self.result, self.text, self.mac, self.flag, self.small, self.middle, self.large = 0, b"abc", bytes(6), True, 0xAB, 0xABCD, 0xABCDEF01
        self.level = host.get_int("level")
        host.on_change("level", self.on_level)
        host.claim("regs", self.read, self.write, widths=4)
        self.registers = host.claim("mmio", lambda offset, width: offset << 8 | width, None, widths=1 | 2 | 4 | 8)
        self.ports = host.claim_ports("moved", 0x400, 4, self.read_moved)
        self.window = host.map_io("window", 0xD0000, 4096, lambda offset, width: 0x5A, widths=1)
        self.memory = host.map("memory", 0xE0000, 4096)
        self.memory.memory[0:4] = b"TSR1"
        self.irq = host.irq("irq")
        self.timer = host.timer(self.on_timer)
        self.pci = host.pci_add(vendor=0x1234, device=0x5678, class_code=0xFF0000, revision=9, interrupt_pin=2, subsystem_vendor=0x1111,
                                subsystem=0x2222, config_written=self.on_config_written, config_read=self.on_config_read)
        self.pci.config_bits(0x40, 1, 0xFF)
        self.pci.rom(b"\x55\xaa" + bytes(510))
        self.bar = self.pci.bar_memory(2, 4096, prefetchable=True)
        self.chardev = None
        self.received = b""
        self.written = []

    def realize(self):
        self.chardev = self.host.chardev("serial", self.receive, lambda: 4)

    def detach(self):
        self.host.log(tessera.WARNING, "detached")

    def receive(self, data):
        self.received += data

    def on_level(self, name):
        value = self.host.get_int(name)
        if value == 13:
            raise tessera.Invalid("13 is not lucky")
        self.level = value

    def on_timer(self, deadline):
        self.result = deadline
        self.irq.set(1)

    def on_config_written(self, offset, width):
        self.written.append((offset, width))

    def on_config_read(self, offset, width):
        if offset == 0x44:
            self.pci.config_set(0x44, 1, 0x77)

    def read(self, offset, width):
        return self.result >> 8 * offset & 0xFFFFFFFF

    def read_moved(self, offset, width):
        return 0x30 + offset

    def write(self, offset, value, width):
        self.result = getattr(self, f"do{value & 0xFFFF}")()

    # -- commands

    def do1(self):
        data = self.host.dma_read(0x1000, 16)
        return int(self.host.dma_write(0x2000, bytes(reversed(data)))) + (self.host.dma_read(1 << 40, 4) is None)

    def do2(self):
        self.timer.arm(self.host.now() + 5000)
        return self.host.wall()

    def do3(self):
        self.irq.set(0)
        self.timer.arm(1 << 60)
        self.timer.cancel()
        return len(self.host.random(10))

    def do4(self):
        self.ports.enable(True)
        self.ports.move(0x500)
        self.registers.enable(False)
        self.window.move(0xD8000)
        return 0

    def do5(self):
        """Work on another thread, without the lock."""
        self.host.submit(lambda: threading.current_thread() is threading.main_thread() and self.where(), self.done)
        return 0

    @staticmethod
    def where():
        return 4711

    def done(self, result):
        self.result = result

    def do6(self):
        return self.chardev.write(b"hello") + len(self.received)

    def do7(self):
        self.host.emit("greeting", "from a script")
        self.host.set("status", "ok")
        self.host.set("count", 3)
        self.host.reset_machine(tessera.HARD)
        self.host.stop_machine(3, "enough")
        self.host.power_off()
        return 0

    def do8(self):
        self.pci.set_intx(True)
        self.bar[4092:] = b"last"
        return self.pci.address << 16 | len(self.written)

    def do9(self):
        """Beyond its ends, and of wrong types: each is an error of Python."""
        wrong = 0
        for call in (lambda: self.bar[4096], lambda: self.bar.__setitem__(slice(0, 4), b"x"), lambda: self.bar[0:4:2],
                     lambda: self.host.dma_read(0, 1 << 40), lambda: self.host.dma_read(0), lambda: self.host.dma_write(0, "text"),
                     lambda: self.timer.arm(-1), lambda: self.host.log(9, "x"), lambda: self.host.claim("regs"), lambda: self.host.get_int(5),
                     lambda: self.host.submit(1, 2), lambda: self.host.net("serial", print), lambda: type(self.host)(),
                     lambda: self.timer.arm("soon"), lambda: self.pci.bar_io(0, 8)):
            try:
                call()
            except (TypeError, ValueError, IndexError, RuntimeError, OverflowError):
                wrong += 1
        return wrong
