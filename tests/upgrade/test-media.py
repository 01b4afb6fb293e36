#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Upgrades of the back end of a disk: the other version has to find the same medium. Arguments: rig.py."""

import fcntl
import os
import shutil
import struct
import sys
import unittest

from rig import GUEST, SECOND, UpgradeTest

F_OFD_SETLK = 37


def is_locked(path):
    """Whether a writer has it."""
    with open(path, "r+b") as file:
        lock = struct.pack("hhqqi4x", fcntl.F_WRLCK, os.SEEK_SET, 0, 0, 0)
        try:
            fcntl.fcntl(file, F_OFD_SETLK, lock)
        except BlockingIOError:
            return True
        return False


class MediaTest(UpgradeTest):
    def setUp(self):
        super().setUp()
        self.first = self.plugins.versions("blk-raw")[0]
        self.image = os.path.join(self.folder, "disk.img")
        shutil.copy(GUEST, self.image)
        self.start(disk=self.image)
        self.plugins.install("blk-raw", SECOND)

    def test_the_lock_goes_from_one_to_the_other(self):
        for version in SECOND, self.first, SECOND:
            self.ctl("upgrade", "disk0", version)
            self.assertTrue(is_locked(self.image))
        self.say(b"on")

    def check_medium_stays(self):
        """In a jail the other version is handed the open file: what its name leads to by now does not matter."""
        for version in SECOND, self.first:
            self.ctl("upgrade", "disk0", version)
            self.assertTrue(is_locked(self.image + ".old"))
        self.say(b"on")

    def test_another_file_is_refused(self):
        os.rename(self.image, self.image + ".old")
        shutil.copy(GUEST, self.image)
        if self.is_jailed():
            self.check_medium_stays()
            self.assertFalse(is_locked(self.image))
            return
        said = self.ctl("upgrade", "disk0", SECOND, status=1)
        self.assertIn(f"disk0 stays blk-raw {self.first}, not {SECOND}: it does not find the medium as it is: ", said)
        self.assertTrue(is_locked(self.image + ".old"))
        self.assertFalse(is_locked(self.image))
        os.rename(self.image + ".old", self.image)
        self.ctl("upgrade", "disk0", SECOND)

    def test_a_file_that_is_gone_is_refused(self):
        os.rename(self.image, self.image + ".old")
        if self.is_jailed():
            self.check_medium_stays()
            return
        self.assertIn("No such file", self.ctl("upgrade", "disk0", SECOND, status=1))
        self.assertTrue(is_locked(self.image + ".old"))
        self.say(b"on")

    def test_a_medium_that_was_put_in_stays_until_it_is_ejected(self):
        disc = os.path.join(self.folder, "disc.iso")
        with open(disc, "wb") as file:
            file.write(bytes(64 << 10))
        self.ctl("insert", "cdmedium0", disc)
        for version in SECOND, self.first:
            self.ctl("upgrade", "cdmedium0", version)
            self.assertEqual(self.ctl("get", "cdmedium0.file"), disc + "\n")
            self.assertTrue(is_locked(disc))
        self.ctl("eject", "cdmedium0")
        self.assertFalse(is_locked(disc))
        self.say(b"on")


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
