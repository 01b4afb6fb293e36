#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Upgrades of a machine that was made with a lock: it stays what the lock says. Arguments: rig.py."""

import os
import shutil
import subprocess
import sys
import unittest

from rig import OTHERS, SECOND, TESSERA, UpgradeTest

MACHINE = """[Machine]
name=locked
extends=pc
"""


class LockTest(UpgradeTest):
    def setUp(self):
        super().setUp()
        self.first = self.plugins.versions("uart-16550a")[0]
        self.machine = os.path.join(self.folder, "locked.machine")
        with open(self.machine, "w", encoding="utf-8") as file:
            file.write(MACHINE)
        self.lock()
        self.start(machine=self.machine)
        self.installed = os.path.join(self.plugins.path, "uart-16550a", SECOND)
        shutil.copytree(os.path.join(OTHERS, "uart-16550a", SECOND), self.installed)

    def lock(self):
        subprocess.run([TESSERA, "lock", self.machine], env=self.environment, check=True, capture_output=True, timeout=60)

    def refused(self):
        said = self.ctl("upgrade", "com1", SECOND, status=1)
        self.assertIn(f"com1 stays uart-16550a {self.first}", said)
        self.say(b"still here")
        return said

    def test_a_version_that_the_lock_does_not_have(self):
        self.assertIn(f"it is uart-16550a {self.first}; `tessera lock {self.machine}`", self.refused())

    def test_a_version_of_a_new_lock(self):
        self.lock()
        self.ctl("upgrade", "com1", SECOND)
        self.say(b"on")

    def test_another_library_than_that_of_the_lock(self):
        self.lock()
        with open(os.path.join(self.installed, "uart-16550a.so"), "ab") as file:
            file.write(b"more")
        self.assertIn("has another content", self.refused())

    def test_a_drive(self):
        first = self.plugins.versions("ata-disk")[0]
        self.plugins.install("ata-disk", SECOND)
        said = self.ctl("upgrade", "drive0", SECOND, status=1)
        self.assertIn(f"drive0 stays ata-disk {first}: in the lock", said)
        self.lock()
        self.ctl("upgrade", "drive0", SECOND)
        self.say(b"on")

    def test_a_lock_that_is_gone(self):
        os.unlink(os.path.join(self.folder, "locked.lock"))
        self.refused()


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
