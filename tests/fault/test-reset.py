#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The whole program on a host whose disk hangs while its guest resets the drive (tests/guest/disk-reset.c): the drive goes on at
once, nobody waits, and a write that hung does not overtake a newer one. Arguments: tessera, fault-preload.so, the guest's ROM."""

import os
import signal
import time

from rig import FaultTestCase, main

PATIENCE = 100  # seconds for what the guest does, on a loaded host
HANG = 60  # seconds for which the host's disk does not answer
ANSWER_SECONDS = HANG // 2  # of a loaded host; what waits for the disk takes longer


class ResetTest(FaultTestCase):
    def start(self, rules):
        self.run_under_faults(self.path("disk"), rules, "--timeout", "300", "--disk", f"{self.path('disk')},format=raw,mode=persistent")

    def lines(self):
        if not os.path.exists(self.path("log")):
            return []
        with open(self.path("log"), encoding="ascii") as log:
            return log.read().splitlines()

    def wait_for(self, line, count=1):
        end = time.monotonic() + PATIENCE
        while self.lines().count(line) < count:
            self.assertIsNone(self.process.poll())
            self.assertLess(time.monotonic(), end, self.lines())
            time.sleep(0.05)

    def assert_answers(self):
        before = time.monotonic()
        done = self.ctl("status")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertLess(time.monotonic() - before, ANSWER_SECONDS)

    def assert_ends(self, status=143):
        """Returns what it printed."""
        if status == 143:
            self.process.send_signal(signal.SIGTERM)
        self.assertEqual(self.process.wait(ANSWER_SECONDS), status)
        return self.process.stderr.read()

    def test_an_old_write_does_not_overtake(self):
        self.start("write slow=3 once")
        self.wait_for("identify: good")
        self.assertEqual(self.ctl("status").returncode, 0)
        self.wait_for("ready")
        self.assertEqual(self.lines()[:4], ["write: busy", "identify: good", "write again: good", "ready"])
        self.assert_ends()
        with open(self.path("disk"), "rb") as disk:
            self.assertEqual(disk.read()[512:1024], b"\x22" * 512)

    def test_resets_go_on(self):
        self.start(f"read slow={HANG}")
        self.wait_for("resets", 3)
        self.assert_answers()
        with open(f"/proc/{self.process.pid}/status", encoding="ascii") as status:
            threads = [int(line.split()[1]) for line in status if line.startswith("Threads:")]
        self.assertLess(threads[0], 20)
        before = self.lines().count("resets")
        self.assertEqual(self.ctl("reset").returncode, 0)
        self.assert_answers()
        self.wait_for("resets", before + 2)  # one may have been under way
        self.assert_answers()

    def test_the_end_does_not_wait_for_the_disk(self):
        for rules, status in ((f"read slow={HANG}", 143), (f"write slow={HANG}", 143), (f"write slow={HANG}", 0)):
            if os.path.exists(self.path("log")):
                os.unlink(self.path("log"))
            self.start(rules)
            self.wait_for("resets" if rules.startswith("read") else "identify: good")
            if status == 0:
                self.ctl("quit")
            self.assertIn("disk0: the host does not answer", self.assert_ends(status))

    def test_a_save_does_not_wait_for_the_disk(self):
        self.start(f"write slow={HANG}")
        self.wait_for("identify: good")
        saved = self.ctl("save", self.path("state"))
        self.assertNotEqual(saved.returncode, 0)
        self.assertIn("disk0: the host has not answered for 5 seconds", saved.stderr)
        self.assertFalse(os.path.exists(self.path("state")))
        self.assertIn("running", self.ctl("status").stdout)
        self.assert_ends()


if __name__ == "__main__":
    main()
