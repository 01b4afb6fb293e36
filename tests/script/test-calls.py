#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""All calls of a script into its host, and of the host into a script, on the fake host. Argument: calls.plugin of the language."""
import sys
import unittest

from tessera_fake import Machine, Refused, Serial

MANIFEST = sys.argv[1]
PORT = 0x310


class Calls(unittest.TestCase):
    def setUp(self):
        self.machine = Machine()
        self.addCleanup(self.machine.__exit__)
        self.serial = self.machine.connect("serial", Serial())
        self.device = self.machine.add(MANIFEST)
        self.device.enable()

    def tearDown(self):
        self.assertEqual((self.machine.log_count(), self.machine.last_event[0] == "fault"), (0, False), self.machine.last_event)

    def do(self, number):
        self.machine.write_port(PORT, number, 4)
        return self.result()

    def result(self):
        return self.machine.read_port(PORT, 4) | self.machine.read_port(PORT + 4, 4) << 32

    def test_dma(self):
        self.machine.write_ram(0x1000, bytes(range(16)))
        self.assertEqual(self.do(1), 2)
        self.assertEqual(self.machine.read_ram(0x2000, 16), bytes(reversed(range(16))))

    def test_timers_lines_and_time(self):
        self.assertEqual(self.do(2), 946684800)
        self.machine.advance(4999)
        self.assertEqual(self.machine.irq("irq"), 0)
        self.machine.advance(1)
        self.assertEqual((self.machine.irq("irq"), self.result()), (1, 5000))
        self.assertEqual((self.do(3), self.machine.irq("irq")), (10, 0))

    def test_regions(self):
        self.assertEqual(self.machine.read_memory(0xFE000004, 8), 0x408)
        self.assertEqual(self.machine.read_memory(0xD0123, 1), 0x5A)
        self.assertEqual(self.machine.read_memory(0xE0000, 4), int.from_bytes(b"TSR1", "little"))
        self.do(4)
        self.assertEqual(self.machine.read_port(0x501, 1), 0x31)
        self.assertEqual(self.machine.read_memory(0xFE000004, 4), 0xFFFFFFFF)
        self.assertEqual((self.machine.read_memory(0xD8000, 1), self.machine.read_memory(0xD0000, 1)), (0x5A, 0))

    @unittest.skipIf("script-gjs" in MANIFEST, "JavaScript has one thread")
    def test_work(self):
        self.do(5)
        self.machine.run_work()
        self.assertEqual(self.result(), 4711)

    def test_a_byte_stream(self):
        self.assertEqual(self.serial.deliver(b"0123456"), 4)
        self.assertEqual((self.do(6), self.serial.written), (5 + 4, b"hello"))

    def test_properties(self):
        self.device.set("level", 12)
        with self.assertRaisesRegex(Refused, r"calls\.(py|js):\d+: in on_level: Invalid: 13 is not lucky"):
            self.device.set("level", 13)
        self.assertEqual(self.device.get("level"), "12")

    def test_events_and_power(self):
        self.do(7)
        asked = self.machine.requests
        self.assertEqual(self.machine.last_event, ("greeting", "from a script"))
        self.assertEqual((asked.power_offs, asked.resets, asked.reset_kind, asked.stops, asked.exit_status), (1, 1, 1, 1, 3))
        self.assertEqual((self.device.get("status"), self.device.get("count")), ("ok", "3"))

    def test_pci(self):
        before = self.do(8)
        self.assertEqual((before >> 16, self.device.intx), (self.device.bdf, 1))
        self.device.write_config(0x40, 0x5A, 1)
        self.assertEqual(self.device.read_config(0x40, 1), 0x5A)
        self.assertEqual(self.do(8), before + 1)
        self.assertEqual(self.device.read_config(0x44, 1), 0x77)
        self.assertEqual((self.device.read_config(8, 1), self.device.read_config(0x3D, 1)), (9, 2))
        self.assertEqual(self.device.read_config(0x2C, 4), 0x22221111)
        self.assertEqual(self.machine.read_memory(self.device.bar(2) + 4092, 4), int.from_bytes(b"last", "little"))

    def test_wrong_calls_are_errors_of_the_language(self):
        self.assertEqual(self.do(9), 15)

    def test_state(self):
        self.assertTrue(self.device.round_trip())
        for path in ("text", "mac", "flag", "large"):
            state = self.device.save()
            self.assertTrue(state.remove(path))
            with self.assertRaisesRegex(Refused, f'damaged: the field "{path}" is missing'):
                self.device.load(state)

    def test_a_device_that_is_gone_has_been_told(self):
        self.device.delete()
        self.assertTrue(self.machine.log_contains("detached"))


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1] + sys.argv[2:])
