#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The device on a fake host: no machine, no guest."""
import os
import unittest

from tessera_fake import Machine

MANIFEST = os.path.join(os.path.dirname(os.path.abspath(__file__)), "example-device.plugin")
PORT = 0x310  # as in the manifest


class ExampleDeviceTest(unittest.TestCase):
    def test_counts_down_and_interrupts(self):
        with Machine() as machine:
            device = machine.add(MANIFEST)
            machine.write_port(PORT, 500, 4)
            machine.advance(100_000)
            self.assertEqual(machine.read_port(PORT, 4), 400)
            self.assertTrue(device.round_trip())
            machine.advance(399_999)
            self.assertEqual(machine.irq("irq"), 0)
            machine.advance(1)
            self.assertEqual(machine.irq("irq"), 1)
            self.assertEqual(machine.read_port(PORT + 4, 4), 1)
            self.assertTrue(device.round_trip())
            self.assertEqual(machine.irq("irq"), 1)
            machine.write_port(PORT + 4, 1, 4)
            self.assertEqual(machine.irq("irq"), 0)

    def test_counts_years_after_power_on(self):
        with Machine() as machine:
            device = machine.add(MANIFEST)
            machine.advance(1 << 60)
            machine.write_port(PORT, 500, 4)
            machine.advance(100_000)
            self.assertTrue(device.round_trip())
            self.assertEqual(machine.read_port(PORT, 4), 400)
            machine.advance(400_000)
            self.assertEqual(machine.irq("irq"), 1)
            self.assertEqual(machine.log_count(), 0)

    def test_the_limit_holds(self):
        with Machine() as machine:
            machine.add(MANIFEST, limit=1000)
            machine.write_port(PORT, 0xFFFFFFFF, 4)
            self.assertEqual(machine.read_port(PORT, 4), 1000)

    def test_random_accesses_are_harmless(self):
        with Machine() as machine:
            machine.add(MANIFEST)
            machine.fuzz(1, 20000)
            self.assertEqual(machine.log_count(), 0)


if __name__ == "__main__":
    unittest.main()
