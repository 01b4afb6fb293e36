#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The serial card in JavaScript on the fake host. Argument: its manifest. Sections are those of the PC16550D data sheet."""
import ctypes
import sys
import unittest

from tessera_fake import Machine, Refused, Serial

MANIFEST = sys.argv[1]
RBR, IER, IIR, LCR, MCR, LSR, MSR, SCR = 0, 1, 2, 3, 4, 5, 6, 7
FCR, DLAB = IIR, 0x80


class CardTestCase(unittest.TestCase):
    def setUp(self):
        self.machine = Machine()
        self.addCleanup(self.machine.__exit__)
        self.line = self.machine.connect("backend", self.peer())
        self.card = self.machine.add(MANIFEST)
        self.enable()

    def enable(self):
        self.card.enable()
        self.base = self.card.bar(0)

    def tearDown(self):
        self.assertEqual(self.machine.log_count(), 0, self.machine.last_event)

    @staticmethod
    def peer():
        return Serial()

    def get(self, offset):
        return self.machine.read_port(self.base + offset, 1)

    def put(self, offset, value):
        self.machine.write_port(self.base + offset, value, 1)


class Card(CardTestCase):
    def test_is_found_by_its_class(self):
        self.assertEqual(self.card.read_config(8, 4) >> 8, 0x070002)
        self.assertEqual(self.get(LSR), 0x60)
        self.assertEqual(self.get(IIR), 0x01)

    def test_bytes_are_sent_and_the_transmitter_reports_it(self):
        self.put(IER, 2)
        self.assertEqual((self.card.intx, self.get(IIR), self.card.intx), (1, 0x02, 0))  # table III: reading IIR clears it
        for byte in b"hello":
            self.put(RBR, byte)
        self.assertEqual((self.line.written, self.card.intx), (b"hello", 1))

    def test_without_fifos_one_byte_is_received_at_a_time(self):
        self.put(IER, 1)
        self.assertEqual(self.line.deliver(b"ab"), 1)
        self.assertEqual((self.card.intx, self.get(IIR), self.get(RBR), self.card.intx), (1, 0x04, ord("a"), 0))

    def test_fifos_fill_to_the_trigger(self):
        self.put(FCR, 0x81)  # 8 bytes
        self.put(IER, 1)
        self.line.deliver(b"1234567")
        self.assertEqual(self.get(IIR), 0xCC)  # 8.6: the time-out
        self.line.deliver(b"89abcdefgh")
        self.assertEqual(self.get(IIR), 0xC4)
        self.assertEqual(bytes(self.get(RBR) for _ in range(16)), b"123456789abcdefg")
        self.assertEqual((self.get(LSR) & 1, self.card.intx), (0, 0))

    def test_an_overrun_in_the_loop(self):
        self.put(MCR, 0x10)
        self.put(IER, 4)
        self.put(RBR, 0x5A)
        self.put(RBR, 0x5B)
        self.assertEqual((self.get(IIR), self.get(LSR), self.get(LSR)), (0x06, 0x63, 0x61))
        self.assertEqual((self.get(RBR), self.line.written), (0x5A, b""))

    def test_modem_lines_in_the_loop(self):
        self.assertEqual(self.get(MSR), 0xB0)
        self.put(IER, 8)
        self.put(MCR, 0x1A)  # 8.8: RTS and OUT2
        self.assertEqual((self.get(IIR), self.get(MSR), self.get(MSR), self.card.intx), (0x00, 0x92, 0x90, 0))
        self.put(MCR, 0x14)
        self.get(MSR)
        self.put(MCR, 0x10)
        self.assertEqual(self.get(MSR), 0x04)  # 8.9: the trailing edge of the ring indicator

    def test_divisor_and_scratch(self):
        self.put(SCR, 0xA5)
        self.put(LCR, DLAB | 3)
        self.put(0, 12)
        self.put(1, 34)
        self.assertEqual((self.get(0), self.get(1)), (12, 34))
        self.card.reset(1)
        self.enable()
        self.assertEqual((self.get(LCR), self.get(SCR)), (0, 0xA5))

    def test_state(self):
        self.put(FCR, 0x41)
        self.put(IER, 1)
        self.put(LCR, 3)
        self.line.deliver(b"state")
        self.assertTrue(self.card.round_trip())
        state = self.card.save()
        self.assertTrue(state.remove("received"))
        with self.assertRaisesRegex(Refused, r'uart\.js:\d+: in load: StateError: .*the field "received" is missing'):
            self.card.load(state)
        state = self.card.save()
        self.assertTrue(state.set("mcr", 0xFF))
        with self.assertRaisesRegex(Refused, "bits of the MCR"):
            self.card.load(state)

    def test_two_cards_share_nothing(self):
        second = self.machine.add(MANIFEST)
        second.enable()
        self.put(SCR, 1)
        self.machine.write_port(second.bar(0) + SCR, 2, 1)
        self.assertEqual((self.get(SCR), self.machine.read_port(second.bar(0) + SCR, 1)), (1, 2))

    def test_the_main_loop_of_the_program_has_nothing_of_gjs(self):
        """A timeout of the default main loop would collect garbage on another thread than that of JavaScript."""
        glib = ctypes.CDLL("libglib-2.0.so.0")
        glib.g_main_context_default.restype = ctypes.c_void_p
        loop, priority, timeout = ctypes.c_void_p(glib.g_main_context_default()), ctypes.c_int(), ctypes.c_int()
        self.assertTrue(glib.g_main_context_acquire(loop))
        glib.g_main_context_prepare(loop, ctypes.byref(priority))
        glib.g_main_context_query(loop, 1 << 30, ctypes.byref(timeout), None, 0)
        glib.g_main_context_release(loop)
        self.assertEqual(timeout.value, -1)

    def test_random_accesses(self):
        for seed in range(3):
            self.machine.fuzz(seed, 3000)
            self.card.reset(0)


class Alone(CardTestCase):
    @staticmethod
    def peer():
        return None

    def test_nobody_at_the_other_end(self):
        self.assertEqual(self.get(MSR), 0)
        self.put(RBR, 1)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1] + sys.argv[2:])
