#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""A plugin that crashes, or ends the process, is named with what was called. The arguments of rig.py."""

import signal

from rig import LIMIT, NAME, PATIENCE, MistakeTestCase, main

PLACE = r", at bad\.so\+0x[0-9a-f]+$"
# mistake: signal, the function that the message names, whether the crash itself is in the plugin's code
AT_START = {
    "crash-in-attach": (signal.SIGSEGV, "attach", True),
    "crash-in-realize": (signal.SIGSEGV, "realize", True),
    "crash-in-reset": (signal.SIGSEGV, "reset", True),
    "crash-in-write": (signal.SIGSEGV, "write", True),
    "crash-in-work": (signal.SIGSEGV, "work", True),
    "crash-in-done": (signal.SIGSEGV, "done", True),
    "crash-in-timer": (signal.SIGSEGV, "expired", True),
    "crash-in-libc": (signal.SIGSEGV, "write", False),
    "call-nothing": (signal.SIGSEGV, "write", False),
    "abort": (signal.SIGABRT, "attach", False),
    "divide-by-zero": (signal.SIGFPE, "write", True),
    "illegal-instruction": (signal.SIGILL, "write", True),
    "bus-error": (signal.SIGBUS, "write", False),
    "recursion-in-attach": (signal.SIGSEGV, "attach", True),
    "recursion-in-write": (signal.SIGSEGV, "write", True),
    "free-twice": (signal.SIGABRT, "write", False),
}


class CrashTest(MistakeTestCase):
    def check(self, process, number, function, in_plugin):
        self.assertEqual(process.wait(timeout=2 * PATIENCE), -number)
        lines = process.stderr.read()
        self.assertRegex(lines, f"(?m)^tessera: {number.name} in " + NAME.format(function) + (PLACE if in_plugin else "$"))

    def test_crashes(self):
        for mistake, expected in AT_START.items():
            with self.subTest(mistake):
                self.check(self.start(mistake, *LIMIT), *expected)

    def test_in_a_constructor(self):
        status, lines = self.run_bad("", BAD_CONSTRUCTOR="crash-in-constructor")
        self.assertEqual(status, -signal.SIGSEGV)
        self.assertRegex(lines, r"(?m)^tessera: SIGSEGV in the constructors of bad 1\.2\.3$")

    def test_in_save(self):
        process = self.start("crash-in-save", *LIMIT)
        self.ctl("save", self.folder + "/state")
        self.check(process, signal.SIGSEGV, "save", True)

    def test_in_a_changed_property(self):
        process = self.start("crash-in-changed", *LIMIT)
        self.ctl("set", "bad0.go=true")
        self.check(process, signal.SIGSEGV, "changed", True)

    def test_in_detach(self):
        self.check(self.start("crash-in-detach", *LIMIT, "--exit", "0"), signal.SIGSEGV, "detach", True)

    def test_exit(self):
        for mistake, function in (("exit-in-attach", "attach"), ("exit-in-write", "write"), ("exit-in-work", "work")):
            with self.subTest(mistake):
                status, lines = self.run_bad(mistake)
                self.assertEqual(status, 1)
                self.assertRegex(lines, r"(?m)^tessera: exit\(\) was called in " + NAME.format(function))

    def test_exit_in_a_constructor(self):
        status, lines = self.run_bad("", BAD_CONSTRUCTOR="exit-in-constructor")
        self.assertEqual(status, 1)
        self.assertRegex(lines, r"(?m)^tessera: exit\(\) was called in the constructors of bad 1\.2\.3")

    def test_a_signal_from_outside_names_nobody(self):
        process = self.start("endless-attach", *LIMIT)
        self.wait_for_hang(process)
        process.send_signal(signal.SIGABRT)
        self.assertEqual(process.wait(timeout=2 * PATIENCE), -signal.SIGABRT)
        self.assertNotIn("bad0", process.stderr.read())

    def test_without_a_mistake(self):
        status, lines = self.run_bad("", "--exit", "7")
        self.assertEqual((status, lines), (7, "tessera: the guest asked for it\n"))


if __name__ == "__main__":
    main()
