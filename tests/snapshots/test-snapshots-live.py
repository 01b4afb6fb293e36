#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Snapshots of a machine that runs, whose guest notices when its memory and its disk are not of the same moment
(tests/guest/disk-count.c). Arguments: tessera, kill-preload.so, the guest's ROM."""

import os
import re
import subprocess
import time

from rig import PRELOAD, ROM, TESSERA, SnapshotTestCase, main

KILLED = 137


class LiveCase(SnapshotTestCase):
    def start(self, *options):
        m = self.machine
        for name in ("log", "socket"):
            if os.path.exists(m.path(name)):
                os.unlink(m.path(name))
        self.process = subprocess.Popen(
            [TESSERA, "run", m.path("m.machine"), "--bios", ROM, "--ui", "none", "--serial", "none",
             "--debugcon", "file:" + m.path("log"), "--control", "unix:" + m.path("socket"), "--timeout", "100", *options],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        self.addCleanup(self.kill)
        self.wait_for_rounds(1)

    def kill(self):
        self.process.kill()
        self.process.wait()
        self.process.stderr.close()

    def log(self):
        path = self.machine.path("log")
        if not os.path.exists(path):
            return ""
        with open(path, encoding="ascii") as log:
            return log.read()

    def wait_for_rounds(self, n):
        """The guest has gone on for a while, and missed nothing."""
        wanted = self.log().count("count") + n
        while self.log().count("count") < wanted:
            self.assertIsNone(self.process.poll(), self.process.stderr.read() if self.process.poll() is not None else "")
            time.sleep(0.02)
        self.assertNotRegex(self.log(), "lost|error")

    def ctl(self, *arguments, status=0, **variables):
        done = subprocess.run([TESSERA, "ctl", self.machine.path("socket"), "snapshot", self.machine.folder, *arguments],
                              capture_output=True, text=True, timeout=60, env=dict(os.environ, LC_ALL="C.UTF-8", **variables))
        if status is not None:
            self.assertEqual(done.returncode, status, done.stderr)
        return done.stderr if status else done.stdout

    def count(self):
        """The last that the guest has said."""
        return int(re.findall(r"count (\d+)", self.log())[-1])

    def resume(self, name, *options):
        """Goes back to a snapshot with a state, and on from there."""
        self.kill()
        self.machine.snapshot("go", name, "--discard")
        self.start("--load", self.machine.path("suspended.state"), *options)
        self.wait_for_rounds(2)


class LiveTest(LiveCase):
    def test_take_and_go(self):
        self.start()
        self.ctl("take", "first", "--note", "while it runs")
        first = self.count()
        self.wait_for_rounds(2)
        self.ctl("take", "second")
        self.wait_for_rounds(2)
        self.assertIn("take a snapshot", self.ctl("go", "first", status=1) + " take a snapshot")
        listed = self.machine.list()
        self.assertEqual([s["state"] for s in listed], [True, True])
        self.assertTrue(listed[0]["picture"].endswith(".png"))
        with open(listed[0]["picture"], "rb") as picture:
            self.assertEqual(picture.read(4), b"\x89PNG")
        last = self.count()
        self.resume("first")
        self.resume("second")
        self.resume("first")
        self.assertLess(first, last)
        self.kill()
        self.machine.snapshot("delete", "first")
        self.resume("second")  # its state knows the disk, which another file holds now
        self.kill()
        self.machine.snapshot("delete", "second")
        self.assertEqual(self.files(), [])

    def test_what_is_refused(self):
        other = os.path.join(self.folder, "other.img")
        with open(other, "wb") as image:
            image.truncate(1 << 20)
        self.start("--disk", other + ",format=raw")
        self.assertIn("that the guest can write and that the machine's manifest does not name", self.ctl("take", "first", status=1))
        self.wait_for_rounds(1)
        self.assertEqual(self.files(), [])
        self.assertIn("the machine runs: power it off first", self.ctl("go", "first", status=1))
        self.assertIn("is in use; power the machine off first", self.machine.snapshot("take", "first", status=1))
        self.assertEqual(self.files(), [])

    def test_the_client_is_killed(self):
        """Before each of its steps: the guest goes on, and the next snapshot is taken."""
        self.start()
        step = 1
        ended = True
        while ended:
            ended = self.kill_client(step)
            step += 3
        self.assertGreater(step, 15)
        name = self.machine.names()[-1]
        self.resume(name)

    def kill_client(self, step):
        process = subprocess.run([TESSERA, "ctl", self.machine.path("socket"), "snapshot", self.machine.folder, "take", f"at {step}"],
                                 capture_output=True, text=True, timeout=60,
                                 env=dict(os.environ, LD_PRELOAD=PRELOAD, TESSERA_KILL_AT=str(step),
                                          ASAN_OPTIONS="verify_asan_link_order=0"))
        self.assertIn(process.returncode, (0, KILLED), process.stderr)
        self.wait_for_rounds(1)
        return process.returncode == KILLED

    def test_the_machine_is_killed(self):
        """While it takes one, at whatever moment: it has happened or has not."""
        for milliseconds in (5, 40, 120):
            self.start()
            client = subprocess.Popen([TESSERA, "ctl", self.machine.path("socket"), "snapshot", self.machine.folder, "take",
                                       f"after {milliseconds}"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            time.sleep(milliseconds / 1000)
            self.kill()
            client.wait(timeout=60)
            self.machine.snapshot("list")
            self.start()  # the BIOS again: it finds its disks
            self.kill()
        for s in self.machine.list():
            self.resume(s["name"])


class UndoTest(LiveCase):
    """Undoable disks: each run is above an undo point, until what was written is committed or discarded."""

    def set_mode(self, *disks):
        with open(self.machine.path("m.machine"), encoding="ascii") as file:
            text = file.read()
        with open(self.machine.path("m.machine"), "w", encoding="ascii") as file:
            for disk in disks:
                text = text.replace(f"file={disk}.img\n", f"file={disk}.img\nmode=undoable\n")
            file.write(text)

    def run_once(self):
        """It writes to its disk, and is killed."""
        self.start()
        self.assertIn("the machine runs", self.ctl("commit", status=1))
        self.kill()

    def undo_points(self):
        return [name for name in self.machine.index_names().values() if name.startswith("Undo point ")]

    def test_discard_keep_and_commit(self):
        m = self.machine
        self.set_mode("disk0", "disk1")
        before = m.contents()
        self.run_once()
        self.assertNotEqual(m.contents(), before)
        m.snapshot("discard")
        self.assertEqual(m.contents(), before)
        self.run_once()
        kept = m.contents()
        self.assertNotEqual(kept, before)
        self.assertEqual(len(self.undo_points()), 1)
        m.snapshot("take", "in between")
        self.run_once()
        after = m.contents()
        self.assertNotEqual(after, kept)
        m.snapshot("commit")
        self.assertEqual(m.contents(), after)
        self.assertEqual(m.snapshot_contents("in between"), kept)
        self.assertEqual(self.undo_points(), [])
        self.assertIn("no changes that wait", m.snapshot("commit", status=1))
        self.assertIn("no changes that wait", m.snapshot("discard", status=1))
        self.run_once()
        m.snapshot("discard")
        self.assertEqual(m.contents(), after)

    def test_all_or_none(self):
        self.set_mode("disk0")
        done = subprocess.run([TESSERA, "run", self.machine.path("m.machine"), "--ui", "none"], capture_output=True, text=True, timeout=60)
        self.assertEqual(done.returncode, 2, done.stderr)
        self.assertIn("some of its disks are undoable, and disk1 is not; make all of them undoable", done.stderr)
        self.assertFalse(self.files())


if __name__ == "__main__":
    main()
