#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The whole program on a host whose disk fails: what its guest is told (tests/guest/disk.c), and what its user is told.
Arguments: tessera, fault-preload.so, the guest's ROM."""

import os
import subprocess
import sys
import tempfile
import time
import unittest

TESSERA, PRELOAD, ROM = sys.argv[1:4]
SIZE = 1 << 20


class FaultTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="tessera-test-")
        self.addCleanup(folder.cleanup)
        self.folder = folder.name
        with open(self.path("disk"), "wb") as disk:
            disk.write(bytes(SIZE))

    def path(self, name):
        return os.path.join(self.folder, name)

    def answers(self, pattern, rules, mode="persistent"):
        """Runs the guest under the faults; its lines, when it is through."""
        environment = dict(os.environ, LC_ALL="C.UTF-8", TMPDIR=self.folder, LD_PRELOAD=PRELOAD, TESSERA_FAULT_FILE=pattern,
                           TESSERA_FAULT=rules, ASAN_OPTIONS="verify_asan_link_order=0")
        self.process = subprocess.Popen(
            [TESSERA, "run", "isapc", "--bios", ROM, "--ui", "none", "--nic", "none", "--serial", "none", "--timeout", "60",
             "--disk", f"{self.path('disk')},format=raw,mode={mode}", "--debugcon", "file:" + self.path("log"),
             "--control", "unix:" + self.path("socket")],
            env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        self.addCleanup(self.finish)
        lines = []
        while "ready" not in lines:
            self.assertIsNone(self.process.poll(), self.process.stderr.read() if self.process.poll() is not None else "")
            time.sleep(0.05)
            if os.path.exists(self.path("log")):
                with open(self.path("log"), encoding="ascii") as log:
                    lines = log.read().splitlines()
        return lines[:-1]

    def finish(self):
        self.process.kill()
        self.process.wait()
        self.process.stderr.close()

    def ctl(self, *arguments):
        return subprocess.run([TESSERA, "ctl", self.path("socket"), *arguments], capture_output=True, text=True, timeout=30)

    def fault(self):
        return self.ctl("get", "disk0.fault").stdout

    def test_no_fault(self):
        self.assertEqual(self.answers("", ""), ["write: good", "first flush: good", "second flush: good", "read: good"])
        self.assertEqual(self.fault().strip(), "")

    def test_a_failed_flush(self):
        self.assertEqual(self.answers(self.path("disk"), "sync EIO once"),
                         ["write: good", "first flush: error", "second flush: error", "read: good"])
        self.assertIn("flushing: Input/output error", self.fault())

    def test_a_full_disk(self):
        self.assertEqual(self.answers(self.path("disk"), "write ENOSPC"),
                         ["write: error", "first flush: good", "second flush: good", "read: good"])
        self.assertIn("writing: No space left on device", self.fault())

    def test_a_bad_sector(self):
        self.assertEqual(self.answers(self.path("disk"), "read EIO")[-1], "read: error")
        self.assertIn("reading: Input/output error", self.fault())

    def test_short_transfers(self):
        self.assertEqual(self.answers(self.path("disk"), "read short;write short"),
                         ["write: good", "first flush: good", "second flush: good", "read: good"])
        with open(self.path("disk"), "rb") as disk:
            self.assertEqual(disk.read()[512:1024], b"".join(i.to_bytes(2, "little") for i in range(256)))

    def test_a_slow_disk(self):
        before = time.monotonic()
        self.assertEqual(self.answers(self.path("disk"), "sync slow=1")[2], "second flush: good")
        self.assertGreater(time.monotonic() - before, 2)

    def test_changes_that_cannot_be_read(self):
        self.answers(self.path("#*"), "read EIO once", "nonpersistent")
        failed = self.ctl("save", self.path("state"))
        self.assertNotEqual(failed.returncode, 0)
        self.assertIn("cannot save: disk0: the changes of a nonpersistent medium: Input/output error", failed.stderr)
        self.assertFalse(os.path.exists(self.path("state")))
        self.assertEqual(self.ctl("save", self.path("state")).returncode, 0)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1] + sys.argv[4:])
