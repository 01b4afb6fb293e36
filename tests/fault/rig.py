# SPDX-License-Identifier: LGPL-2.1-or-later
"""A machine with a disk under the faults of fault-preload.so. The arguments of a test program: tessera, that library, the guest's ROM."""

import os
import subprocess
import sys
import tempfile
import unittest

TESSERA, PRELOAD, ROM = sys.argv[1:4]
SIZE = 1 << 20


class FaultTestCase(unittest.TestCase):
    """Has a folder with the disk, and one process at a time."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="tessera-test-")
        self.addCleanup(folder.cleanup)
        self.folder = folder.name
        with open(self.path("disk"), "wb") as disk:
            disk.write(bytes(SIZE))

    def path(self, name):
        return os.path.join(self.folder, name)

    def run_under_faults(self, pattern, rules, *arguments, **variables):
        """The machine of `arguments` and what all of them have; faults hit files that the pattern names."""
        self.environment = dict(os.environ, LC_ALL="C.UTF-8", TMPDIR=self.folder, LD_PRELOAD=PRELOAD, TESSERA_FAULT_FILE=pattern,
                                TESSERA_FAULT=rules, ASAN_OPTIONS="verify_asan_link_order=0", **variables)
        self.process = subprocess.Popen(
            [TESSERA, "run", "isapc", "--bios", ROM, "--ui", "none", "--nic", "none", "--serial", "none",
             "--debugcon", "file:" + self.path("log"), "--control", "unix:" + self.path("socket"), *arguments],
            env=self.environment, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        self.addCleanup(self.finish)

    def finish(self):
        self.process.kill()
        self.process.wait()
        self.process.stderr.close()

    def ctl(self, *arguments):
        return subprocess.run([TESSERA, "ctl", self.path("socket"), *arguments], capture_output=True, text=True, timeout=100)


def main():
    unittest.main(argv=sys.argv[:1] + sys.argv[4:])
