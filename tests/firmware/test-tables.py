#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""
test-tables.py TESSERA DUMP: boots a sector that dumps memory on the real BIOS, and looks for tables as systems do: on 16-byte
boundaries, with the right checksum. Sources: MultiProcessor Specification 1.4, 4; PCI IRQ Routing Table Specification 1.0;
DSP0134 2.8.0, 5.2.1; ACPI 1.0b, 5.2.4.
"""
import os
import subprocess
import sys
import tempfile
import unittest

TESSERA, DUMP = sys.argv[1:3]
BASE, HIGH = 0x80000, 0xf0000


class Memory:
    def __init__(self, *options):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "memory")
            done = subprocess.run([TESSERA, "run", *options, "--disk", f"{DUMP},mode=nonpersistent", "--ui", "none",
                                   "--timeout", "60", "--debugcon", f"file:{path}", "--debug-exit", "port=0xf4"],
                                  capture_output=True, text=True, check=False)
            assert done.returncode == 1, f"status {done.returncode}: {done.stderr}"
            with open(path, "rb") as file:
                data = file.read()
        assert len(data) == 0x30000, f"{len(data)} bytes"
        self.parts = {BASE: data[:0x20000], HIGH: data[0x20000:]}

    def read(self, at, length):
        for base, part in self.parts.items():
            if base <= at and at + length <= base + len(part):
                return part[at - base:at - base + length]
        raise AssertionError(f"{at:x} is not in the dump")

    def has(self, text):
        return any(text in part for part in self.parts.values())

    def tables(self, signature, length):
        """Those with a checksum of 0 over as many bytes as `length` says."""
        found = []
        for part in self.parts.values():
            for at in range(0, len(part), 16):
                if part.startswith(signature, at):
                    table = part[at:at + length(part[at:at + 32])]
                    if sum(table) % 256 == 0:
                        found.append(table)
        return found

    def multiprocessor(self):
        return self.tables(b"_MP_", lambda head: 16 * head[8])

    def routing(self):
        return self.tables(b"$PIR", lambda head: word(head, 6))

    def smbios(self):
        return self.tables(b"_SM_", lambda head: head[5])

    def acpi(self):
        return self.tables(b"RSD PTR ", lambda head: 20)


def word(data, at):
    return int.from_bytes(data[at:at + 2], "little")


def structures(data):
    """(type, formatted area, strings) of each SMBIOS structure."""
    found = []
    while data:
        length = data[1]
        end = data.index(b"\0\0", length)
        found.append((data[0], data[:length], data[length:end].decode().split("\0") if end > length else []))
        data = data[end + 2:]
    return found


class TablesTest(unittest.TestCase):
    def check_smbios(self, memory):
        entry, = memory.smbios()
        self.assertEqual(entry[16:21], b"_DMI_")
        self.assertEqual(sum(entry[16:]) % 256, 0)
        found = structures(memory.read(int.from_bytes(entry[24:28], "little"), word(entry, 22)))
        self.assertEqual([s[0] for s in found], [0, 1, 3, 4, 16, 17, 19, 32, 127])
        self.assertEqual(len(found), word(entry, 28))
        self.assertEqual(found[1][2], ["Tessera", "PC (i440FX, PIIX3)"])
        self.assertEqual(len({word(s[1], 2) for s in found}), len(found), "handles")

    def check_routing(self, table, slots):
        """Each slot's first pin leads where the board's wiring has it."""
        self.assertEqual(table[8:10], b"\x00\x08")
        rows = [table[at:at + 16] for at in range(32, len(table), 16)]
        self.assertEqual([row[1] >> 3 for row in rows], slots)
        for row in rows[1:]:
            self.assertEqual(row[2], 0x60 + ((row[1] >> 3) - 1) % 4)

    def test_pc(self):
        memory = Memory()
        self.assertFalse(memory.has(b"_MP_"))
        self.assertFalse(memory.has(b"PCMP"))
        table, = memory.routing()
        self.check_routing(table, list(range(1, 32)))
        self.assertEqual(len(memory.acpi()), 1)
        self.check_smbios(memory)

    def test_pc_without_our_acpi_tables(self):
        memory = Memory("--set", "fwcfg0.acpi=false")
        self.assertFalse(memory.has(b"_MP_"))
        table, = memory.routing()
        self.check_routing(table, list(range(1, 32)))
        self.assertEqual(len(memory.acpi()), 1, "the BIOS' own")
        self.check_smbios(memory)

    def test_pc_with_mp_table(self):
        memory = Memory("--set", "fwcfg0.mp-table=true")
        self.assertEqual(len(memory.multiprocessor()), 1)
        table, = memory.routing()
        self.check_routing(table, list(range(1, 7)))
        self.check_smbios(memory)

    def test_many_disks_and_long_texts(self):
        """What else the BIOS keeps in its segment finds room."""
        disks = [o for _ in range(2) for o in ("--disk", f"{DUMP},mode=nonpersistent")]
        memory = Memory(*disks, "--nic", "user", "--nic", "user", "--set", "fwcfg0.manufacturer=" + 80 * "m")
        self.assertEqual(len(memory.routing()), 1)
        self.assertEqual(len(memory.acpi()), 1)
        self.assertEqual(len(memory.smbios()), 1)

    def test_isapc(self):
        memory = Memory("isapc")
        self.assertFalse(memory.has(b"_MP_"))
        self.assertEqual(memory.routing() + memory.acpi(), [])
        self.check_smbios(memory)


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0], *sys.argv[3:]], verbosity=2)
