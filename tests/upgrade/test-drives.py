#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Upgrades of a disk in the middle of its guest's commands (drive.S), and of a CD-ROM drive. Arguments: rig.py."""

import os
import sys
import unittest

from rig import SECOND, UpgradeTest


class DrivesTest(UpgradeTest):
    def setUp(self):
        super().setUp()
        self.first = self.plugins.versions("ata-disk")[0]
        self.start()
        self.plugins.install("ata-disk", SECOND)

    def ask(self, data, length=1):
        os.write(self.process.stdin.fileno(), data)
        return self.read(length)

    def across(self, command, *versions, length=1):
        """The guest stops in the middle of a command; meanwhile the drive becomes each of the versions; the answer at its end."""
        self.assertEqual(self.ask(command), b"w")
        for version in versions:
            self.ctl("upgrade", "drive0", version)
        return self.ask(b" ", length)

    def test_commands_go_on(self):
        for command in b"o", b"p", b"d":
            with self.subTest(command):
                self.assertEqual(self.across(command, SECOND), b"y")
                self.assertEqual(self.across(command, self.first), b"y")
                self.assertEqual(self.across(command, SECOND, self.first), b"y")

    def test_a_drive_changes_while_its_machine_is_paused(self):
        self.assertEqual(self.across(b"o"), b"y")
        self.assertEqual(self.ask(b"d"), b"w")
        self.ctl("pause")
        for version in SECOND, self.first, SECOND:
            self.ctl("upgrade", "drive0", version)
        self.ctl("resume")
        self.assertEqual(self.ask(b" "), b"y")

    def test_settings_stay(self):
        before = self.across(b"x", length=4)
        self.assertEqual(before[:2], b"\x01\x01")  # blocks of one sector
        self.assertFalse(before[2] & 0x20)  # no write cache
        self.assertEqual(self.across(b"x", SECOND, length=4), before)

    def test_the_neighbours_of_a_drive_change_too(self):
        """What the new drive is connected to, is replaced after it."""
        others = {"ide0": "piix3-ide", "disk0": "blk-raw"}
        for plugin in others.values():
            self.plugins.install(plugin, SECOND)
        self.assertEqual(self.across(b"o"), b"y")
        self.assertEqual(self.ask(b"d"), b"w")
        self.ctl("upgrade", "drive0", SECOND)
        for instance in others:
            self.ctl("upgrade", instance, SECOND)
        self.ctl("upgrade", "drive0", self.first)
        self.assertEqual(self.ask(b" "), b"y")
        self.assertEqual(self.across(b"p", SECOND), b"y")

    def test_what_cannot_take_the_place_leaves_it(self):
        self.assertEqual(self.across(b"o"), b"y")
        wrong = [("8.0.0", "the saved state is damaged: the whole of it"),
                 ("8.0.1", "it crashed in being connected (Segmentation fault)"),
                 ("8.0.2", "it ends a command before it has taken its predecessor's place"),
                 ("8.0.3", "its get_interface has no tessera.ide-drive/1, which ide0 uses")]
        for version, why in wrong:
            self.plugins.install("ata-disk", version)
            for command in b"p", b"d":
                with self.subTest(version, command=command):
                    self.assertEqual(self.ask(command), b"w")
                    said = self.ctl("upgrade", "drive0", version, status=1)
                    self.assertIn(f"drive0 stays ata-disk {self.first}, not {version}: ", said)
                    self.assertIn(why, said)
                    self.assertEqual(self.ask(b" "), b"y")

    def test_a_cdrom_drive_keeps_its_medium(self):
        first = self.plugins.versions("atapi-cdrom")[0]
        self.plugins.install("atapi-cdrom", SECOND)
        disc = os.path.join(self.folder, "disc.iso")
        with open(disc, "wb") as file:
            file.write(bytes(64 << 10))
        self.ctl("insert", "cdmedium0", disc)
        self.ctl("upgrade", "cd0", SECOND)
        self.assertEqual(self.ctl("get", "cdmedium0.file"), disc + "\n")
        self.ctl("eject", "cdmedium0")
        self.ctl("upgrade", "cd0", first)
        self.ctl("insert", "cdmedium0", disc)
        self.assertEqual(self.across(b"o"), b"y")


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
