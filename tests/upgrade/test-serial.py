#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Upgrades of the serial port of a running machine, whose guest sends back what it receives, by interrupts. Arguments: rig.py."""

import json
import os
import random
import sys
import unittest

from footprint import Footprint, growth_since
from rig import SECOND, SWAPS, UpgradeTest

WARM, COUNTED = 20, 60  # upgrades


class SerialTest(UpgradeTest):
    def setUp(self):
        super().setUp()
        self.first = self.plugins.versions("uart-16550a")[0]

    def swap(self, number):
        self.ctl("upgrade", "com1", self.first if number % 2 else SECOND)

    def swap_under_load(self):
        data = random.Random(1).randbytes(60 * SWAPS * 8)
        self.say_while(data.replace(b"\x1d", b"x"), self.swap)  # the terminal's way out

    def test_characters_survive_upgrades(self):
        self.start()
        self.say(b"before")
        self.assertIn("installed: " + self.first, self.ctl("upgrade", "com1", SECOND, status=1))
        self.plugins.install("uart-16550a", SECOND)
        self.swap_under_load()
        self.say(b"after")
        now = self.first if SWAPS % 2 == 0 else SECOND
        self.assertEqual(json.loads(self.ctl("status", "--json"))["plugins"]["com1"], f"uart-16550a {now}")

    def test_a_paced_line_keeps_its_time(self):
        self.start("--set", "com1.paced=true")
        self.plugins.install("uart-16550a", SECOND)
        self.swap_under_load()

    def swap_idle(self, count):
        for number in range(count):
            self.swap(number)

    @unittest.skipUnless(os.environ.get("TESSERA_SANITIZE", "OFF") == "OFF", "a sanitizer has a heap of its own, which keeps what is freed")
    def test_upgrades_leave_nothing_behind(self):
        """The guest does nothing, so the process grows by what upgrades leave, and by nothing else."""
        self.start()
        self.plugins.install("uart-16550a", SECOND)
        self.swap_idle(WARM)
        before = Footprint(self.process.pid)
        self.swap_idle(COUNTED)
        self.assertEqual(growth_since(before, self.process.pid, COUNTED, 64), "")
        self.say(b"still here")

    def test_what_cannot_take_the_place_leaves_it(self):
        self.start()
        wrong = [("8.0.0", "it crashed in attach (Segmentation fault)"),
                 ("8.0.1", "it crashed in load (Segmentation fault)"),
                 ("8.0.2", "it ended the process in attach"),
                 ("8.0.4", "the saved state is damaged: the whole of it"),
                 ("8.0.5", "the host has no such port"),
                 ("8.0.6", "it does not connect to what 'backend' is connected to"),
                 ("8.1.0", "its state has version 1, and uart-16550a 8.1.0 loads 77 to 77; choose a version that loads it")]
        for version, why in wrong:
            self.plugins.install("uart-16550a", version)
            with self.subTest(version):
                said = self.ctl("upgrade", "com1", version, status=1)
                self.assertIn(f"com1 stays uart-16550a {self.first}", said)
                self.assertIn(why, said)
                self.say(b"still here, " + version.encode())
        self.assertIn("it has that version already", self.ctl("upgrade", "com1", self.first, status=1))
        self.assertIn("no instance 'com9'", self.ctl("upgrade", "com9", self.first, status=1))

    def test_what_does_not_return_leaves_it(self):
        self.start()
        self.plugins.install("uart-16550a", "8.0.3")
        said = self.ctl("upgrade", "com1", "8.0.3", status=1)
        self.assertIn(f"com1 stays uart-16550a {self.first}, not 8.0.3: it did not return from load in 10 seconds", said)
        self.say(b"still here")

    def test_a_jail_takes_in_no_code(self):
        self.start(closed=True)
        if not self.is_jailed():
            self.skipTest("there is no jail in this build")
        self.plugins.install("uart-16550a", SECOND)
        self.assertIn("start it with --upgrades", self.ctl("upgrade", "com1", SECOND, status=1))
        self.say(b"still here")


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
