#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""A call into a plugin that does not return stops neither the time limit nor SIGTERM and SIGINT, and is named. The arguments of rig.py."""

import signal
import subprocess
import time

from rig import ENVIRONMENT, NAME, PATIENCE, TESSERA, MistakeTestCase, main

FORCED = r"(?m)^tessera: the machine does not stop \(.*"
# mistake: the function that the message names
AT_START = {
    "endless-attach": "attach",
    "endless-realize": "realize",
    "endless-reset": "reset",
    "endless-write": "write",
    "endless-done": "done",
    "endless-timer": "expired",
    "endless-completions": "done",
    "endless-drain": "(reset|done)",
}


class HangTest(MistakeTestCase):
    """What takes seconds runs at the same time: the machines are started first, and looked at then."""

    def start_and_wait(self, mistake, *options, **variables):
        process = self.start(mistake, *options, **variables)
        self.wait_for_hang(process)
        return process

    def start_and_run(self, mistake, *options):
        process = self.start(mistake, *options)
        while "running" not in self.ctl("status").stdout:
            time.sleep(0.05)
        return process

    def check(self, process, status, function):
        self.assertEqual(process.wait(timeout=PATIENCE), status)
        self.assertRegex(process.stderr.read(), FORCED + NAME.format(function))

    def check_limited(self, mistake, process, seconds):
        """Once more with a longer limit, if a busy host's came before the call."""
        if self.wait_for_hang(process).endswith("hangs\n"):
            self.check(process, 124, AT_START[mistake])
        else:
            self.assertLess(seconds, PATIENCE, f"{mistake} does not hang")
            self.check_limited(mistake, self.start(mistake, "--timeout", str(4 * seconds)), 4 * seconds)

    def test_calls_of_which_the_time_limit_or_a_signal_is_the_end(self):
        slow = self.start("endless-attach")
        limited = {mistake: self.start(mistake, "--timeout", "5") for mistake in AT_START}
        signalled = [(mistake, number, self.start(mistake)) for number in (signal.SIGTERM, signal.SIGINT) for mistake in
                     ("endless-attach", "endless-reset", "endless-write")]
        for _, number, process in signalled:
            self.wait_for_hang(process)
            process.send_signal(number)
        for mistake, process in limited.items():
            with self.subTest(mistake):
                self.check_limited(mistake, process, 5)
        for mistake, number, process in signalled:
            with self.subTest(mistake, number=number.name):
                self.check(process, 128 + number, AT_START[mistake])
        self.wait_for_hang(slow)
        self.assertRegex(slow.stderr.readline(), "^tessera: " + NAME.format("attach") + " has not returned for 10 seconds$")

    def test_a_constructor(self):
        process = self.start_and_wait("", BAD_CONSTRUCTOR="endless-constructor")
        process.terminate()
        self.assertEqual(process.wait(timeout=PATIENCE), 128 + signal.SIGTERM)
        self.assertRegex(process.stderr.read(), FORCED + r"the constructors of bad 1\.2\.3")

    def test_a_processor(self):
        process = self.start("", "--set", "cpu0.hang=true")
        self.wait_for_hang(process)
        process.terminate()
        self.assertEqual(process.wait(timeout=PATIENCE), 128 + signal.SIGTERM)
        self.assertRegex(process.stderr.read(), FORCED + r"cpu0\.run \(test-cpu 1\.0\.0\)")

    def test_save(self):
        process = self.start_and_run("endless-save")
        client = subprocess.Popen([TESSERA, "ctl", self.socket, "save", self.folder + "/state"], env=ENVIRONMENT, stderr=subprocess.DEVNULL)
        self.wait_for_hang(process)
        process.terminate()
        self.check(process, 128 + signal.SIGTERM, "save")
        client.wait(timeout=PATIENCE)

    def test_detach(self):
        process = self.start_and_run("endless-detach")
        process.terminate()
        self.check(process, 128 + signal.SIGTERM, "detach")

    def test_work_is_left_behind(self):
        process = self.start_and_wait("endless-work")
        process.terminate()
        self.assertEqual(process.wait(timeout=PATIENCE), 128 + signal.SIGTERM)
        self.assertRegex(process.stderr.read(), r"bad0: the host does not answer")


if __name__ == "__main__":
    main()
