#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The device on a fake host: no machine, no guest."""
import os
import unittest

from tessera_fake import Machine, Refused

MANIFEST = os.path.join(os.path.dirname(os.path.abspath(__file__)), "example-device.plugin")
ADDRESS, LENGTH, SUM, STATUS = 0, 4, 8, 12


class ExampleDeviceTest(unittest.TestCase):
    def start(self, machine, **properties):
        self.device = machine.add(MANIFEST, **properties)
        self.device.enable()
        self.bar = self.device.bar(0)

    def test_adds_up_and_interrupts(self):
        with Machine() as machine:
            self.start(machine)
            machine.write_ram(0x5000, bytes(range(200)))
            machine.write_memory(self.bar + ADDRESS, 0x5000, 4)
            machine.write_memory(self.bar + LENGTH, 200, 4)
            self.assertEqual(machine.read_memory(self.bar + STATUS, 4), 1)
            self.assertTrue(self.device.round_trip())
            self.device.enable()  # that has reset the function
            machine.advance(2000)
            self.assertEqual(machine.read_memory(self.bar + STATUS, 4), 2)
            self.assertEqual(machine.read_memory(self.bar + SUM, 4), sum(range(200)))
            self.assertEqual(self.device.intx, 1)
            self.assertTrue(self.device.round_trip())
            self.device.enable()
            self.assertEqual(self.device.intx, 1)
            machine.write_memory(self.bar + STATUS, 2, 4)
            self.assertEqual(self.device.intx, 0)

    def test_adds_up_years_after_power_on(self):
        with Machine() as machine:
            self.start(machine)
            machine.advance(1 << 60)
            machine.write_ram(0x5000, bytes(range(200)))
            machine.write_memory(self.bar + ADDRESS, 0x5000, 4)
            machine.write_memory(self.bar + LENGTH, 200, 4)
            self.assertTrue(self.device.round_trip())
            self.device.enable()  # that has reset the function
            machine.advance(1999)
            self.assertEqual(machine.read_memory(self.bar + STATUS, 4), 1)
            machine.advance(1)
            self.assertEqual(machine.read_memory(self.bar + STATUS, 4), 2)
            self.assertEqual(machine.read_memory(self.bar + SUM, 4), sum(range(200)))
            self.assertEqual(machine.log_count(), 0)

    def test_without_bus_mastering_it_faults(self):
        with Machine() as machine:
            self.start(machine)
            self.device.write_config(4, 2, 2)  # memory, no bus master
            machine.write_memory(self.bar + LENGTH, 4, 4)
            machine.advance(2000)
            self.assertEqual(machine.read_memory(self.bar + STATUS, 4), 4)

    def test_a_damaged_state_is_refused(self):
        with Machine() as machine:
            self.start(machine)
            state = self.device.save()
            state.set("length", 0x10001)
            self.assertRaises(Refused, self.device.load, state)

    def test_random_accesses_are_harmless(self):
        with Machine() as machine:
            self.start(machine)
            machine.fuzz(1, 20000)
            self.assertEqual(machine.log_count(), 0)


if __name__ == "__main__":
    unittest.main()
