# SPDX-License-Identifier: LGPL-2.1-or-later
"""A machine with the device bad0, which makes the mistake that the test asks for (bad.h). The arguments of a test program: tessera,
plugin folder, machine."""

import os
import resource
import subprocess
import sys
import tempfile
import time
import unittest

TESSERA, PLUGINS, MACHINE = sys.argv[1:4]
ENVIRONMENT = dict(os.environ, TESSERA_PLUGIN_PATH=PLUGINS, LC_ALL="C.UTF-8")
PATIENCE = 100  # seconds for what takes a moment on a host that has time
LIMIT = ("--timeout", str(PATIENCE))  # of a run that is to end by itself
NAME = r"bad0\.{} \(bad 1\.2\.3\)"


def no_core():
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


class MistakeTestCase(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="tessera-test-")
        self.addCleanup(folder.cleanup)
        self.folder = folder.name
        self.started = 0

    def start(self, mistake, *options, **variables):
        """The guest writes to the bad device's port, then it stands still unless the options say how it ends."""
        self.started += 1
        self.socket = os.path.join(self.folder, f"socket{self.started}")
        return self.start_plain(MACHINE, "--control", "unix:" + self.socket, "--say", "x", "--set", "bad0.mistake=" + mistake, *options,
                                **variables)

    def start_plain(self, machine, *options, **variables):
        process = subprocess.Popen(
            [TESSERA, "run", machine, "--ui", "none", *options],
            env=dict(ENVIRONMENT, **variables), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
            text=True, errors="surrogateescape", preexec_fn=no_core)
        self.addCleanup(self.finish, process)
        return process

    def finish(self, process):
        if process.poll() is None:
            process.kill()
        process.wait()
        process.stderr.close()

    @staticmethod
    def wait_for_hang(process):
        """Returns what it printed up to the call that does not return, or until its end."""
        heard = [process.stderr.readline()]
        while heard[-1] not in ("hangs\n", ""):
            heard.append(process.stderr.readline())
        return "".join(heard)

    def run_bad(self, mistake, *options, **variables):
        """The exit status, and what was written to standard error."""
        return self.end_of(self.start(mistake, *LIMIT, *options, **variables))

    def run_plain(self, machine, *options):
        return self.end_of(self.start_plain(machine, *options))

    @staticmethod
    def end_of(process):
        """All that is written is read, so that the process does not wait for its reader."""
        lines = process.communicate(timeout=2 * PATIENCE)[1]
        return process.returncode, lines

    def ctl(self, *arguments):
        """Waits until there is a machine."""
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            done = subprocess.run([TESSERA, "ctl", self.socket, *arguments], env=ENVIRONMENT, capture_output=True, text=True, timeout=PATIENCE)
            if "no machine answers" not in done.stderr:
                break
            time.sleep(0.02)
        return done


def main():
    unittest.main(argv=sys.argv[:1] + sys.argv[4:])
