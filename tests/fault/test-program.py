#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The whole program on a host whose disk fails: what its guest is told (tests/guest/disk.c), and what its user is told.
Arguments: tessera, fault-preload.so, the guest's ROM."""

import itertools
import json
import os
import re
import subprocess
import time

from rig import SIZE, TESSERA, FaultTestCase, main


class FaultTest(FaultTestCase):
    def answers(self, pattern, rules, mode="persistent"):
        """Runs the guest under the faults; its lines, when it is through."""
        self.start(pattern, rules, "--disk", f"{self.path('disk')},format=raw,mode={mode}")
        lines = []
        while "ready" not in lines:
            self.wait_a_little()
            if os.path.exists(self.path("log")):
                with open(self.path("log"), encoding="ascii") as log:
                    lines = log.read().splitlines()
        return lines[:-1]

    def start(self, pattern, rules, *arguments):
        """Without a jail, because the log of calls is opened at each call."""
        self.run_under_faults(pattern, rules, "--timeout", "300", "--no-jail", *arguments, TESSERA_FAULT_LOG=self.path("calls"))

    def wait_a_little(self):
        self.assertIsNone(self.process.poll(), self.process.stderr.read() if self.process.poll() is not None else "")
        time.sleep(0.05)

    def fault(self):
        return self.ctl("get", "disk0.fault").stdout

    def status(self):
        return json.loads(self.ctl("status", "--json").stdout)

    def test_no_fault(self):
        self.assertEqual(self.answers("", ""), ["write: good", "first flush: good", "second flush: good", "read: good"])
        self.assertEqual(self.fault().strip(), "")
        status = self.status()
        self.assertEqual(status["faults"], {})
        self.assertEqual(status["media"][0], {"instance": "disk0", "present": True, "read-only": False, "bytes": SIZE,
                                              "file": self.path("disk"), "mode": "persistent"})
        text = self.ctl("status").stdout
        self.assertIn(f"medium     disk0: {self.path('disk')}, writable, persistent\n", text)
        self.assertNotIn("fault", text)

    def test_a_failed_flush(self):
        self.assertEqual(self.answers(self.path("disk"), "sync EIO once"),
                         ["write: good", "first flush: error", "second flush: error", "read: good"])
        self.assertIn("flushing: Input/output error", self.fault())
        self.assertIn("flushing: Input/output error", self.status()["faults"]["disk0"])
        self.assertIn(f"fault      disk0: {self.path('disk')}: flushing: Input/output error", self.ctl("status").stdout)

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

    def save(self):
        """The client makes the file and renames it, so it has the faults, too."""
        return subprocess.run([TESSERA, "ctl", self.path("socket"), "save", self.path("state")], env=self.environment,
                              capture_output=True, text=True, timeout=100)

    def refused_save(self, why):
        """A save fails, says why, and leaves no file beside the one that was there."""
        failed = self.save()
        self.assertEqual(failed.returncode, 1, failed.stderr)
        self.assertIn(why, failed.stderr)
        with open(self.path("state"), encoding="ascii") as state:
            self.assertEqual(state.read(), "old")
        self.assertEqual([name for name in os.listdir(self.folder) if name.startswith("state.")], [])

    def old_state(self):
        with open(self.path("state"), "w", encoding="ascii") as state:
            state.write("old")

    def test_a_save_syncs_media_then_state_then_folder(self):
        self.answers(self.folder + "*", "")
        with open(self.path("calls"), "w", encoding="utf-8"):
            pass
        self.assertEqual(self.save().returncode, 0)
        with open(self.path("calls"), encoding="utf-8") as calls:
            lines = [line.rstrip("\n").replace(self.folder, "") for line in calls if "/log" not in line]
        steps = [key for key, _ in itertools.groupby(re.sub(r"/state[.]\w{6}$", "/temporary", line) for line in lines)]
        self.assertEqual(steps, ["xattr /disk", "sync /disk", "write /temporary", "sync /temporary", "rename /state", "sync "])

    def test_a_save_after_a_failed_flush(self):
        self.old_state()
        self.answers(self.path("disk"), "sync EIO once")
        self.refused_save(f"cannot save: disk0: {self.path('disk')}: flushing: Input/output error")

    def test_a_state_that_cannot_be_written(self):
        for rules, why in (("write ENOSPC", "No space left on device"), ("write EIO", "Input/output error"),
                           ("sync EIO", "Input/output error"), ("rename EIO", "Input/output error")):
            with self.subTest(rules):
                self.old_state()
                self.answers(self.path("state*"), rules)
                self.refused_save(f"{self.path('state')}: cannot write the state: {why}")
                self.finish()
                os.unlink(self.path("log"))

    def test_a_state_written_in_short_pieces(self):
        self.answers(self.path("state*"), "write short")
        self.assertEqual(self.save().returncode, 0)
        self.finish()
        self.start("", "", "--disk", f"{self.path('disk')},format=raw", "--load", self.path("state"))
        while "running" not in self.ctl("status").stdout:
            self.wait_a_little()

    def test_a_folder_that_cannot_be_synced(self):
        self.answers(self.folder, "sync EIO")
        failed = self.save()
        self.assertEqual(failed.returncode, 1)
        self.assertIn(f"{self.path('state')}: cannot write the state: Input/output error", failed.stderr)


if __name__ == "__main__":
    main()
