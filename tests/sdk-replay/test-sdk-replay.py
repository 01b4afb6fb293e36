#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""
`tessera monitor --record` and `tessera sdk replay`. Arguments: build folder, C compiler, source folder. A ROM of a few instructions
uses a serial port; the port is recorded from the machine's first reset until the ROM ends the run, and replayed with the same plugin
and with one that has another bit in a register.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
import unittest

BUILD, COMPILER, SOURCE = sys.argv[1:4]
PROGRAM = os.path.join(BUILD, "bin", "tessera")
UART = os.path.join(SOURCE, "plugins", "devices", "uart-16550a")
BASE, EXIT = 0x3f8, 0xf4
DATA, IER, IIR, LCR, MCR, LSR, SCR = 0, 1, 2, 3, 4, 5, 7


def port(number):
    return b"\xba" + number.to_bytes(2, "little")  # mov dx, NUMBER


def write(number, value):
    return port(number) + bytes((0xb0, value, 0xee))  # mov al, VALUE; out dx, al


def read(number):
    return port(number) + b"\xec"  # in al, dx


def wait(number, mask):
    return port(number) + bytes((0xec, 0xa8, mask, 0x74, 0xfb))  # in al, dx; test al, MASK; jz


def rom():
    code = b"".join((
        write(BASE + LCR, 0x83), write(BASE + DATA, 1), write(BASE + IER, 0), write(BASE + LCR, 3),
        write(BASE + IIR, 7), write(BASE + MCR, 0x0b), write(BASE + SCR, 0x5a), read(BASE + SCR),
        write(BASE + IER, 2), read(BASE + IIR), write(BASE + DATA, ord("h")), wait(BASE + LSR, 0x20),
        write(BASE + DATA, ord("i")), wait(BASE + LSR, 0x40), read(BASE + IER), write(EXIT, 0), b"\xf4"))
    image = bytearray(b"\xff" * 65536)
    image[:len(code)] = code
    image[0xfff0:0xfff5] = b"\xea\x00\x00\x00\xf0"  # jmp F000:0000
    return bytes(image)


def listens(path):
    """Whether a socket is bound to the path and listens: the path exists a moment earlier."""
    with open("/proc/net/unix", encoding="utf-8", errors="replace") as sockets:
        return any(line.endswith(f" {path}\n") and int(line.split()[3], 16) & 0x10000 for line in sockets)


class Replay(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.mkdtemp(prefix="tessera-sdk-replay-")
        cls.plugin = os.path.join(BUILD, "plugins", "uart-16550a", "1.0.0", "uart-16550a.plugin")
        cls.file = cls.path("com1.rec")
        with open(cls.path("rom.bin"), "wb") as file:
            file.write(rom())
        cls.record("com1", cls.file)

    @classmethod
    def tearDownClass(cls):
        shutil.rmtree(cls.folder)

    @classmethod
    def path(cls, name):
        return os.path.join(cls.folder, name)

    @classmethod
    def record(cls, device, file):
        """Until the machine has ended."""
        socket = cls.path("socket")
        machine = subprocess.Popen([
            PROGRAM, "run", "pc", "--hold", "--ui", "none", "--nic", "none", "--memory", "16M", "--bios", cls.path("rom.bin"),
            "--serial", "file:" + cls.path("serial.txt"), "--debug-exit", f"port={EXIT}", "--control", "unix:" + socket, "--timeout",
            "120"], stdin=subprocess.DEVNULL)
        try:
            while not listens(socket):
                assert machine.poll() is None
                time.sleep(0.01)
            monitor = [PROGRAM, "monitor", socket, "--record", device, file, "--start"]
            done = subprocess.run(monitor, capture_output=True, text=True, timeout=120, check=False)
            assert done.returncode == 0 and "the machine ended" in done.stderr, done.stderr
            machine.wait(120)
        finally:
            machine.kill()
            machine.wait()

    def replay(self, plugin, *arguments, status):
        done = subprocess.run([PROGRAM, "sdk", "replay", plugin, *arguments], capture_output=True, text=True, timeout=120, check=False)
        self.assertEqual(done.returncode, status, done.stdout + done.stderr)
        return done.stderr if status == 2 else done.stdout

    def changed(self, before, after):
        """The manifest of a build whose source has other text in one place."""
        folder = tempfile.mkdtemp(dir=self.folder)
        for name in ("plugin.c", "uart.c", "uart.h"):
            with open(os.path.join(UART, name), encoding="utf-8") as file:
                text = file.read()
            if name == "uart.c":
                self.assertEqual(text.count(before), 1)
                text = text.replace(before, after)
            with open(os.path.join(folder, name), "w", encoding="utf-8") as file:
                file.write(text)
        subprocess.run([
            COMPILER, "-std=gnu17", "-O1", "-shared", "-fPIC", "-fvisibility=hidden", "-I" + os.path.join(SOURCE, "sdk", "include"),
            '-DPLUGIN_ID="uart-16550a"', '-DPLUGIN_VERSION="1.0.0"', "plugin.c", "uart.c", "-o", "uart-16550a.so"],
            cwd=folder, check=True)
        shutil.copy(self.plugin, folder)
        return os.path.join(folder, "uart-16550a.plugin")

    def test_the_same_plugin_does_the_same(self):
        result = json.loads(self.replay(self.plugin, self.file, "--json", status=0))
        self.assertEqual((result["plugin"], result["recorded_instance"], result["same"]), ("uart-16550a", "com1", True))
        self.assertGreater(result["events"], 30)
        self.assertIn("no difference", self.replay(self.plugin, self.file, status=0))
        with open(self.path("serial.txt"), encoding="ascii") as file:
            self.assertEqual(file.read(), "hi")

    def test_a_rebuilt_plugin_does_the_same(self):
        self.replay(self.changed("return u->ier;", "return u->ier | 0;"), self.file, status=0)

    def test_one_bit_of_a_register_is_found(self):
        plugin = self.changed("return u->ier;", "return u->ier | 0x10;")
        found = json.loads(self.replay(plugin, self.file, "--json", status=1))["difference"]
        self.assertEqual((found["during"], found["expected"], found["got"]),
                         ("read regs offset=0x1 width=0x1", "return value=0x2", "return value=0x12"))
        self.assertGreater(found["event"], found["during_event"])
        self.assertIn(f"event {found['event']},", self.replay(plugin, self.file, status=1))

    def test_a_line_that_is_not_raised_is_found(self):
        plugin = self.changed("u->ier = value & 0x0f;", "u->ier = value & 0x0d;")
        found = json.loads(self.replay(plugin, self.file, "--json", status=1))["difference"]
        self.assertEqual((found["expected"], found["got"]), ("line irq level=0x1", "return value=0x0"))

    def test_a_property_of_the_command_line_counts(self):
        self.replay(self.plugin, self.file, "--set", "fifo=false", status=1)

    def test_what_is_no_good_recording_is_said(self):
        with open(self.file, "rb") as file:
            good = file.read()
        for data, text in ((good[:-1], "cut off"), (good[:9], "no recording"), (b"", "no recording"),
                           (good[:8] + b"\x07" + good[9:], "its format is 7"),
                           (good[:-30] + bytes((good[-30] ^ 1,)) + good[-29:], "damaged"), (good + b"x", "damaged")):
            with open(self.path("bad.rec"), "wb") as file:
                file.write(data)
            self.assertIn(text, self.replay(self.plugin, self.path("bad.rec"), status=2))
        self.assertIn("cannot read", self.replay(self.plugin, self.path("none.rec"), status=2))

    def test_a_recording_of_another_plugin_is_refused(self):
        other = os.path.join(BUILD, "plugins", "pit-8254", "1.0.0", "pit-8254.plugin")
        self.assertIn("uart-16550a, not of pit-8254", self.replay(other, self.file, status=2))
        self.replay(self.plugin, status=2)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
