#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""A disk controller with isolation=process (mover.c), whose guest (mover.S) writes, reads and compares, while the controller's process is
killed: at each point of a command, and at any moment. What the disk has then is what the guest wrote last. Arguments: rig.py."""

import os
import signal
import struct
import sys
import unittest

from rig import IsolationCase

ISOLATED = ("--set", "mover0.isolation=process")
SECTOR = 512
MEDIUM = 1024 * SECTOR  # mover.S: places of 768, and 256 sectors at most
POINTS = 5  # of a command at which it dies in turn
UNDER_WAY = 5  # is reached only if the guest asks before the command has ended


def contents(rounds):
    """What mover.S has written."""
    medium = bytearray(MEDIUM)
    for number in range(rounds):
        at, sectors = number * 61 % 768 * SECTOR, (number * 37 & 255) + 1
        words = ((number * 0x3D4B + i * 0x9E37) & 0xFFFF for i in range(sectors * SECTOR // 2))
        medium[at:at + sectors * SECTOR] = struct.pack(f"<{sectors * SECTOR // 2}H", *words)
    return bytes(medium)


def points(rounds):
    """At which points it dies in mode 'd', except in aborted commands, which all die."""
    return [(number + command) % POINTS + 1 for number in range(rounds) for command in (0, 2)]


class DisksTest(IsolationCase):
    def begin(self, mode, rounds, *options, medium=None):
        self.medium = os.path.join(self.folder, "medium")
        with open(self.medium, "wb") as file:
            file.truncate(MEDIUM)
        machine = self.start("--add", f"medium1={medium or f'blk-raw,file={self.medium}'}",
                             "--add", "mover0=mover,connect.medium=medium1", *options)
        machine.write(mode + bytes([rounds]))
        return machine

    def hear(self, machine, length):
        """So many characters, each of which may take as long as a host that is busy needs."""
        return b"".join(machine.read(1) for _ in range(length))

    def check_medium(self, rounds):
        with open(self.medium, "rb") as file:
            found = file.read()
        wanted = contents(rounds)
        differ = [number for number in range(MEDIUM // SECTOR)
                  if found[number * SECTOR:(number + 1) * SECTOR] != wanted[number * SECTOR:(number + 1) * SECTOR]]
        self.assertEqual(differ, [], "sectors that are not as the guest wrote them last")

    def test_it_works_when_it_is_not_isolated(self):
        machine = self.begin(b"r", 24)
        self.assertEqual(self.hear(machine, 26), b"." * 24 + b"e\0")
        self.check_medium(24)

    def test_it_works_when_it_is_isolated(self):
        machine = self.begin(b"r", 24, *ISOLATED)
        self.assertEqual(self.hear(machine, 26), b"." * 24 + b"e\0")
        self.assertEqual(len(machine.processes("mover0")[1]), 1)
        self.check_medium(24)

    def test_what_is_aborted_is_given_up(self):
        machine = self.begin(b"r", 24, *ISOLATED, medium="late")
        self.assertEqual(self.hear(machine, 26), b"." * 24 + b"e\0")

    def die_at_each_point(self, medium=None):
        rounds = 24  # fewer than 60 ends, after which it would be left
        machine = self.begin(b"d", rounds, *ISOLATED, medium=medium)
        self.assertEqual(self.hear(machine, rounds + 1), b"." * rounds + b"e")
        deaths = machine.read(1)[0]
        reached, all_points = sum(point != UNDER_WAY for point in points(rounds)), len(points(rounds))
        aborted = (rounds + 3) // 4
        self.assertTrue(reached + aborted <= deaths <= all_points + aborted, deaths)
        return rounds

    def test_nothing_is_lost_at_any_point_of_a_command(self):
        self.check_medium(self.die_at_each_point())

    def test_what_is_under_way_is_given_up_and_made_again(self):
        self.die_at_each_point("late")

    def test_nothing_is_lost_when_it_is_killed_meanwhile(self):
        rounds = 100
        machine = self.begin(b"r", rounds, *ISOLATED)
        heard = b""
        for _ in range(20):
            heard += machine.read(4)
            machine.end_device("mover0")
        heard += self.hear(machine, rounds - len(heard) + 2)
        self.assertEqual(heard, b"." * rounds + b"e\0")
        self.check_medium(rounds)

    def insert(self, machine, sectors):
        """Puts another medium in; what the machine answers."""
        other = os.path.join(self.folder, f"medium-{sectors}")
        with open(other, "wb") as file:
            file.truncate(sectors * SECTOR)
        return machine.ask("insert", "medium1", other)

    def sectors(self, machine):
        return int(machine.ctl("get", "mover0.sectors"))

    def test_media_change_only_when_its_door_is_open(self):
        machine = self.begin(b"r", 1, *ISOLATED)
        self.assertEqual(machine.read(3), b".e\0")
        self.assertIn("the guest has locked the medium", self.insert(machine, 100))
        machine.ctl("set", "mover0.door=open")
        self.assertEqual(self.insert(machine, 101), "")
        self.assertEqual(self.sectors(machine), 101)
        self.assertIn("with the state of its last call", machine.kill_device(name="mover0"))
        self.assertEqual(self.insert(machine, 102), "")
        self.assertEqual(self.sectors(machine), 102)
        machine.ctl("set", "mover0.door=out")
        self.assertEqual(self.sectors(machine), 0)
        machine.ctl("set", "mover0.door=locked")
        self.assertIn("with the state of its last call", machine.kill_device(name="mover0"))
        machine.ctl("set", "mover0.door=in")
        self.assertEqual(self.sectors(machine), 102)
        self.assertIn("the guest has locked the medium", self.insert(machine, 103))
        machine.ctl("set", "mover0.door=open")
        while "as after a reset" not in machine.kill_device(signal.SIGSEGV, "mover0"):  # with the third within a minute
            self.assertEqual(self.sectors(machine), 102)
        self.assertIn("the guest has locked the medium", self.insert(machine, 104))


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=2)
