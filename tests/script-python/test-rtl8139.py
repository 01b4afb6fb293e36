#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The RTL8139 on the fake host. Argument: its manifest. Sections are those of the RTL8139C(L) data sheet."""
import sys
import unittest
import zlib

from tessera_fake import Machine, Net, Refused

MANIFEST = sys.argv[1]
MAC = bytes.fromhex("525400123456")
TSD0, TSAD0, RBSTART, CR, CAPR, CBR, IMR, ISR, TCR, RCR, TCTR, MPC = 0x10, 0x20, 0x30, 0x37, 0x38, 0x3A, 0x3C, 0x3E, 0x40, 0x44, 0x48, 0x4C
CR9346, CONFIG1, TIMERINT, MSR, TSAD, BMSR = 0x50, 0x52, 0x54, 0x58, 0x60, 0x64
OWN, TOK = 1 << 13, 1 << 15
RING, BUFFER = 0x100000, 0x80000
BROADCAST = b"\xff" * 6 + b"\x02" * 6 + b"\x08\x00"


class CardTestCase(unittest.TestCase):
    def setUp(self):
        self.machine = Machine()
        self.addCleanup(self.machine.__exit__)
        self.net = self.machine.connect("backend", Net())
        self.card = self.machine.add(MANIFEST, mac="52:54:00:12:34:56")
        self.enable()

    def enable(self):
        self.card.enable()
        self.base = self.card.bar(0)

    def get(self, offset, width):
        return self.machine.read_port(self.base + offset, width)

    def put(self, offset, value, width):
        self.machine.write_port(self.base + offset, value, width)

    def start(self, rcr=0x0F):
        """Receiver and transmitter, a ring of 8 KiB."""
        self.put(RBSTART, RING, 4)
        self.put(CR, 0x0C, 1)
        self.put(RCR, rcr, 4)
        self.put(IMR, 0xFFFF, 2)

    def send(self, number, frame):
        self.machine.write_ram(BUFFER, frame)
        self.put(TSAD0 + 4 * number, BUFFER, 4)
        self.put(TSD0 + 4 * number, len(frame), 4)

    def packet(self, offset):
        """The status and the bytes of a received packet (5.1)."""
        header = self.machine.read_ram(RING + offset, 4)
        length = int.from_bytes(header[2:], "little")
        data = self.machine.read_ram(RING + offset + 4, length)
        return int.from_bytes(header[:2], "little"), data[:-4], data[-4:]


class Card(CardTestCase):
    def test_identifies_itself(self):
        self.assertEqual(self.card.read_config(0, 4), 0x813910EC)
        self.assertEqual(bytes(self.get(i, 1) for i in range(6)), MAC)
        self.assertEqual(self.get(TCR, 4) & 0x7CC00000, 0x74000000)
        self.assertEqual(self.machine.read_memory(self.card.bar(1), 4), int.from_bytes(MAC[:4], "little"))

    def test_sends_in_the_order_of_the_descriptors(self):
        self.start()
        frames = [bytes([i]) * 14 + bytes(range(60)) for i in range(5)]
        for i, frame in enumerate(frames):
            self.send(i & 3, frame)
        self.assertEqual(self.net.sent, frames)
        self.assertEqual(self.get(TSD0, 4) & (OWN | TOK), OWN | TOK)
        self.assertEqual(self.get(TSAD, 2), 0xF00F)  # 5.17
        self.assertEqual(self.get(ISR, 2), 4)
        self.assertEqual(self.card.intx, 1)
        self.put(ISR, 4, 2)
        self.assertEqual((self.get(ISR, 2), self.card.intx), (0, 0))

    def test_short_frames_are_padded(self):
        self.start()
        self.send(0, bytes(range(20)))
        self.assertEqual(self.net.sent, [bytes(range(20)) + bytes(40)])

    def test_sends_nothing_without_being_a_bus_master(self):
        self.start()
        self.card.write_config(4, 1, 2)
        self.send(0, bytes(64))
        self.assertEqual(self.net.sent, [])
        self.assertTrue(self.get(ISR, 2) & 0x8000)

    def test_receives_with_a_header_and_a_checksum(self):
        self.start()
        frame = MAC + b"\x02" * 6 + b"\x08\x00" + bytes(range(100))
        self.assertEqual(self.get(CR, 1) & 1, 1)
        self.assertTrue(self.net.deliver(frame))
        self.assertEqual(self.get(CR, 1) & 1, 0)
        status, data, check = self.packet(0)
        self.assertEqual((status, data, check), (0x4001, frame, zlib.crc32(frame).to_bytes(4, "little")))
        self.assertEqual(self.get(CBR, 2), 4 + 114 + 4 + 2)  # packets begin at multiples of 4
        self.put(CAPR, self.get(CBR, 2) - 16, 2)
        self.assertEqual(self.get(CR, 1) & 1, 1)

    def test_filters_by_address(self):
        other, group = b"\x52\x54\x00\x99\x99\x99" + bytes(60), b"\x01\x00\x5e\x00\x00\x01" + bytes(60)
        for rcr, frame, taken in ((0x02, MAC + bytes(60), True), (0x00, MAC + bytes(60), False), (0x02, other, False), (0x01, other, True),
                                  (0x08, BROADCAST + bytes(60), True), (0x06, BROADCAST + bytes(60), False), (0x04, group, False)):
            with self.subTest(rcr=rcr, frame=frame[:6]):
                self.put(CR, 0x10, 1)
                self.start(rcr)
                self.net.deliver(frame)
                self.assertEqual(self.get(CR, 1) & 1, 0 if taken else 1)

    def test_takes_groups_by_their_hash(self):
        """224.0.0.1 has the hash 31 in Linux's drivers (ether_crc(6, address) >> 26)."""
        self.start(0x04)
        self.put(0x08, 0x80000000, 4)
        self.net.deliver(b"\x01\x00\x5e\x00\x00\x01" + bytes(60))
        self.assertEqual(self.packet(0)[0], 0x8001)

    def test_packets_go_around_the_ring(self):
        for rcr, wraps in ((0x0F, True), (0x8F, False)):
            with self.subTest(rcr=rcr):
                self.put(CR, 0x10, 1)
                self.start(rcr)
                frame, at = BROADCAST + bytes(range(250)) * 5, 0
                for _ in range(6):
                    at = self.get(CBR, 2)
                    self.assertTrue(self.net.deliver(frame))
                    self.put(CAPR, self.get(CBR, 2) - 16 & 0xFFFF, 2)
                self.assertTrue(self.net.deliver(frame))
                at = self.get(CBR, 2)
                self.assertLess(at, 1024)
                last = (at - (4 + len(frame) + 4)) % 8192
                ring = self.machine.read_ram(RING, 8192 + 1536)
                whole = (ring[:8192] * 2 if wraps else ring)[last + 4:last + 4 + len(frame)]
                self.assertEqual(whole, frame)

    def test_a_full_ring_lets_frames_wait_and_says_so_again(self):
        self.start()
        frame = BROADCAST + bytes(1400)
        while self.net.deliver(frame):
            self.put(ISR, 0xFFFF, 2)
        self.assertEqual(self.get(ISR, 2), 0)
        self.machine.advance(1_000_000)
        self.assertEqual(self.get(ISR, 2), 0x10)  # 5.6, RXOVW
        self.put(ISR, 0x10, 2)
        self.machine.advance(1_000_000)
        self.assertEqual(self.get(ISR, 2), 0x10)
        self.assertTrue(self.card.round_trip())

    def test_what_comes_all_the_same_is_counted_as_missed(self):
        self.start()
        frame = BROADCAST + bytes(1400)
        while self.net.deliver(frame):
            pass
        for _ in range(2):
            self.net.port.receive(self.net.port.to, frame, len(frame))
        self.assertEqual(self.get(MPC, 4), 2)
        self.put(MPC, 5, 4)
        self.assertEqual(self.get(MPC, 4), 0)

    def test_the_cable(self):
        self.assertTrue(self.get(BMSR, 2) & 4)
        self.net.plug(False)
        self.assertEqual((self.get(BMSR, 2) & 4, self.get(MSR, 1) & 4, self.get(ISR, 2)), (0, 4, 0x20))

    def test_the_timer(self):
        self.put(IMR, 0x4000, 2)
        self.put(TCTR, 0, 4)
        self.put(TIMERINT, 1000, 4)
        self.machine.advance(29_990)
        self.assertEqual((self.get(ISR, 2), self.get(TCTR, 4)), (0, 999))
        self.machine.advance(10)
        self.assertEqual((self.get(ISR, 2), self.card.intx), (0x4000, 1))

    def test_configuration_is_locked(self):
        self.put(CONFIG1, 0xFF, 1)
        self.assertEqual(self.get(CONFIG1, 1), 0x0C)
        self.put(CR9346, 0xC0, 1)
        self.put(CONFIG1, 0xFF, 1)
        self.assertEqual(self.get(CONFIG1, 1), 0xFF)

    def test_loopback(self):
        self.start()
        self.put(TCR, 3 << 17, 4)
        self.send(0, BROADCAST + bytes(60))
        self.assertEqual((self.net.sent, self.packet(0)[1]), ([], BROADCAST + bytes(60)))

    def test_wrong_addresses_are_refused(self):
        for mac in ("zz", "53:54:00:12:34:56", "525400123456", "52:54:00:12:34"):
            with self.subTest(mac=mac):
                with self.assertRaisesRegex(Refused, "is not a station address"):
                    self.machine.add(MANIFEST, mac=mac)

    def test_state_in_the_middle_of_all(self):
        self.start()
        self.net.deliver(BROADCAST + bytes(200))
        self.send(0, bytes(64))
        self.put(TIMERINT, 5000, 4)
        self.assertTrue(self.card.round_trip())
        state = self.card.save()
        for path in ("next_descriptor", "tsd3", "eeprom/count"):
            with self.subTest(path=path):
                broken = self.card.save()
                self.assertTrue(broken.remove(path))
                with self.assertRaisesRegex(Refused, "damaged: the field"):
                    self.card.load(broken)
        self.card.load(state)

    def test_random_accesses_are_harmless(self):
        self.machine.fuzz(1, 20000)
        self.assertEqual((self.machine.log_count(), self.machine.last_event), (0, ("", "")))


class Eeprom(CardTestCase):
    """9346CR (5.9), with Microchip's table 1-3 of instructions."""

    def clock(self, bit):
        self.put(CR9346, 0x88 | bit << 1, 1)
        self.put(CR9346, 0x8C | bit << 1, 1)
        return self.get(CR9346, 1) & 1

    def instruct(self, bits):
        self.put(CR9346, 0x80, 1)
        self.put(CR9346, 0x88, 1)
        return [self.clock(int(bit)) for bit in bits]

    def word(self, address):
        self.assertEqual(self.instruct(f"110{address:06b}")[-1], 0)  # a 0 before the data
        return int("".join(str(self.clock(0)) for _ in range(16)), 2)

    def test_has_the_id_and_the_address(self):
        self.assertEqual(self.word(0), 0x8129)
        self.assertEqual(b"".join(self.word(i).to_bytes(2, "little") for i in (7, 8, 9)), MAC)

    def test_words_follow_each_other(self):
        self.word(7)
        self.assertEqual(int("".join(str(self.clock(0)) for _ in range(16)), 2), 0x1200)

    def test_writes_only_when_it_may(self):
        self.instruct(f"101{20:06b}" + f"{0x1234:016b}")
        self.assertEqual(self.word(20), 0)
        self.instruct("100110000")
        self.instruct(f"101{20:06b}" + f"{0x1234:016b}")
        self.assertEqual(self.word(20), 0x1234)
        self.instruct(f"111{20:06b}")
        self.assertEqual(self.word(20), 0xFFFF)
        self.instruct("100000000")
        self.instruct(f"101{20:06b}" + f"{0x1234:016b}")
        self.assertEqual(self.word(20), 0xFFFF)

    def test_state_in_the_middle_of_a_read(self):
        self.instruct(f"110{7:06b}")
        first = [self.clock(0) for _ in range(5)]
        self.assertTrue(self.card.round_trip())
        self.enable()
        rest = [self.clock(0) for _ in range(11)]
        self.assertEqual(int("".join(map(str, first + rest)), 2), 0x5452)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1] + sys.argv[2:])
