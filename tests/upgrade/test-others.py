#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Upgrades of a display, of an input, and of what cannot be upgraded. Arguments: rig.py."""

import os
import sys
import unittest

from rig import SECOND, UpgradeTest


class OthersTest(UpgradeTest):
    def setUp(self):
        super().setUp()
        self.start()

    def picture(self):
        path = os.path.join(self.folder, "picture.png")
        self.ctl("screenshot", path)
        with open(path, "rb") as file:
            return file.read()

    def test_a_display_keeps_its_picture(self):
        self.ctl("pause")  # the cursor does not blink then
        text, picture = self.ctl("text"), self.picture()
        self.assertIn("SeaBIOS", text)
        first = self.plugins.versions("vga")[0]
        self.plugins.install("vga", SECOND)
        for version in SECOND, first:
            self.ctl("upgrade", "vga0", version)
            self.assertEqual(self.ctl("text"), text)
            self.assertEqual(self.picture(), picture)
        self.ctl("resume")
        self.say(b"on")

    def test_an_input_is_the_new_versions(self):
        self.plugins.install("i8042", SECOND)
        self.ctl("upgrade", "kbd0", SECOND)
        self.ctl("key", "a")
        self.say(b"on")

    def test_what_others_use_without_a_link_stays(self):
        self.plugins.install("pic-8259", SECOND)
        said = self.ctl("upgrade", "pic0", SECOND, status=1)
        self.assertIn("it provides tessera.", said)
        self.assertIn("restart the machine with the other version", said)
        self.say(b"on")


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
