#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""test-isa-rom.py TESSERA: the BIOS of the presets runs the code of option ROMs that are on cards of the ISA bus."""
import os
import subprocess
import sys
import tempfile
import unittest

TESSERA = sys.argv[1]


def image(code):
    """An option ROM of one block: 55h AAh, its length in blocks, code at offset 3, and a last byte that makes the sum 0."""
    rom = bytearray(b"\x55\xaa\x01" + code)
    rom += bytes(512 - len(rom))
    rom[511] = -sum(rom) % 256
    return bytes(rom)


def write(port, value):
    """mov dx, port; mov al, value; out dx, al"""
    return b"\xba" + port.to_bytes(2, "little") + b"\xb0" + bytes([value]) + b"\xee"


RETURN = b"\xcb"  # retf
CONSOLE, EXIT = 0xe9, 0xf4


class IsaRom(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)

    def path(self, name, data=None):
        path = os.path.join(self.folder.name, name)
        if data is not None:
            with open(path, "wb") as file:
                file.write(data)
        return path

    def run_machine(self, machine, *arguments):
        return subprocess.run([TESSERA, "run", machine, "--memory", "16M", "--ui", "none", "--debug-exit", f"port={EXIT}",
                               "--debugcon", f"file:{self.path('console')},port={CONSOLE}", "--timeout", "180", *arguments],
                              capture_output=True, text=True, check=False)

    def test_the_bios_runs_them(self):
        first = self.path("first.rom", image(write(CONSOLE, 0x81) + RETURN))
        second = self.path("second.rom", image(write(CONSOLE, 0x82) + write(EXIT, 0x15) + RETURN))
        for machine in ("isapc", "pc"):
            with self.subTest(machine):
                self.path("console", b"")
                done = self.run_machine(machine, "--add", f"rom1=isa-rom,file={second}",
                                        "--add", f"rom0=isa-rom,file={first},resource.rom.base=0xcc000")
                self.assertEqual(done.returncode, 0x15 << 1 | 1, done.stderr)
                with open(self.path("console"), "rb") as file:
                    said = [byte for byte in file.read() if byte > 0x7f]
                self.assertEqual(said, [0x81, 0x82])  # in the order of their addresses

    def test_names_what_is_wrong(self):
        rom = self.path("a.rom", image(RETURN))
        no_rom = self.path("b.rom", b"MZ" + bytes(600))
        for settings, expected in ((f"file={rom},resource.rom.base=0xe0000", "set resource.rom.base"),
                                   (f"file={no_rom}", "no option ROM"),
                                   (f"file={self.path('none')}", "none")):
            with self.subTest(expected):
                done = self.run_machine("isapc", "--add", f"rom0=isa-rom,{settings}")
                self.assertNotEqual(done.returncode, 0)
                self.assertIn("rom0", done.stderr)
                self.assertIn(expected, done.stderr)


unittest.main(argv=sys.argv[:1])
