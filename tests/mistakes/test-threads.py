#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""With TESSERA_CHECK=1 a call on a thread or at a time that its tag forbids ends the process, and the message names who made it. The
arguments of rig.py."""

import signal

from rig import MistakeTestCase, main

LOCK = "without the machine lock; leave it to `done`, a timer or a handler"
LATE = "when the machine has started; do it in attach or realize"
# mistake: the function, and what is wrong with it
CHECKED = {
    "line-on-own-thread": ("irq.set", LOCK),
    "dma-on-own-thread": ("dma.read", LOCK),
    "timer-on-own-thread": ("clock.arm", LOCK),
    "ports-on-own-thread": ("enable of a region", LOCK),
    "submit-on-own-thread": ("worker.submit", LOCK),
    "drain-in-work": ("worker.drain", LOCK),
    "claim-too-late": ("io.claim_ports", LATE),
    "timer-too-late": ("clock.timer_new", LATE),
}


class ThreadTest(MistakeTestCase):
    def test_checked(self):
        for mistake, (function, why) in CHECKED.items():
            with self.subTest(mistake):
                status, lines = self.run_bad(mistake, TESSERA_CHECK="1")
                self.assertEqual(status, -signal.SIGABRT)
                self.assertRegex(lines, rf"(?m)^tessera: bad0 \(bad 1\.2\.3\) called {function} on thread '.*' {why}$")

    def test_where_it_was(self):
        """A thread that the core does not know is found by the code on its stack."""
        _, lines = self.run_bad("dma-on-own-thread", TESSERA_CHECK="1")
        self.assertRegex(lines, r"(?m)^tessera: SIGABRT in bad 1\.2\.3, at bad\.so\+0x[0-9a-f]+, on a thread of its own$")

    def test_after_detach(self):
        status, lines = self.run_bad("log-after-detach", "--exit", "0", TESSERA_CHECK="1")
        self.assertEqual(status, -signal.SIGABRT)
        self.assertRegex(lines, r"(?m)^tessera: bad1 \(bad 1\.2\.3\) called log\.write on thread '.*' after it was detached$")

    def test_what_is_allowed(self):
        for mistake in ("", "no-wrong-on-own-thread"):
            with self.subTest(mistake):
                status, _ = self.run_bad(mistake, "--exit", "7", TESSERA_CHECK="1")
                self.assertEqual(status, 7)

    def test_it_can_be_switched_off(self):
        for mistake in ("dma-on-own-thread", "claim-too-late"):
            with self.subTest(mistake):
                status, lines = self.run_bad(mistake, "--exit", "7", TESSERA_CHECK="0")
                self.assertEqual((status, lines), (7, "tessera: the guest asked for it\n"))


if __name__ == "__main__":
    main()
