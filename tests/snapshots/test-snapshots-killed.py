#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""tessera snapshot, ended before each third of its steps (kill-preload.c), or each with TESSERA_KILL_STRIDE=1: it has happened or
has not, nothing is lost, and it can be done again. Arguments: tessera, kill-preload.so, a guest's ROM."""

import os
import shutil

from rig import PRELOAD, SnapshotTestCase, main

KILLED = 137
STEPS_MAX = 300
STRIDE = int(os.environ.get("TESSERA_KILL_STRIDE", "3"))  # 1: really each step


class KilledTest(SnapshotTestCase):
    def setUp(self):
        """first <- second <- third <- machine, each with a state."""
        super().setUp()
        m = self.machine
        for value, name in enumerate(("first", "second", "third"), 1):
            m.write("disk0", value, value)
            m.write("disk1", 0, value)
            with open(m.path("suspended.state"), "wb") as state:
                state.write(name.encode())
            m.snapshot("take", name)
            os.unlink(m.path("suspended.state"))
        m.write("disk0", 100, 9)

    def branch(self):
        """And first <- other."""
        m = self.machine
        m.snapshot("go", "first", "--discard")
        m.write("disk0", 50, 7)
        m.snapshot("take", "other")
        m.snapshot("go", "third")
        m.write("disk0", 100, 9)

    def known(self, machine):
        return {section: machine.snapshot_contents(name) for section, name in machine.index_names().items()}

    def each_step(self, *command, going=None):
        """Ends the command before its n-th step, for all n. `going`: the snapshot that it goes to."""
        before, contents = self.known(self.machine), self.machine.contents()
        after = self.machine.snapshot_contents(going) if going else contents
        for step in range(1, STEPS_MAX, STRIDE):
            m = self.machine.copy_to(os.path.join(self.folder, "copy"))
            ended = self.end_at(m, step, command)
            self.assertIn(m.contents(), (contents, after), (command, step))
            for snapshot, was in self.known(m).items():
                self.assertEqual(was, before.get(snapshot, contents), (command, step, snapshot))
            self.finish(m, command, after, step)
            shutil.rmtree(m.folder)
            if not ended:
                self.assertGreater(step, 5)
                return
        self.fail("it does not end")

    def end_at(self, m, step, command):
        """Whether the command has so many steps."""
        arguments = [a.replace("FOLDER", self.folder) for a in command]
        done = m.run(*arguments, LD_PRELOAD=PRELOAD, TESSERA_KILL_AT=str(step),
                     ASAN_OPTIONS="verify_asan_link_order=0")
        self.assertIn(done.returncode, (0, KILLED), done.stderr)
        return done.returncode == KILLED

    def finish(self, m, command, after, step):
        """Once more, without an end."""
        arguments = [a.replace("FOLDER", self.folder) for a in command]
        names = list(m.index_names().values())
        if command[0] == "take" and command[1] in names or command[0] in ("delete", "rename") and command[1] not in names + m.being_deleted():
            arguments = ["note", names[0], "x"]  # any change removes what was left over
        if command[0] == "clone" and os.path.exists(arguments[2]):
            shutil.rmtree(arguments[2])
        m.snapshot(*arguments)
        self.assertEqual(m.contents(), after, (command, step))
        index = m.index()
        named = {"index"} | {os.path.basename(path) for disk in ("disk0", "disk1") for path in m.chains(disk)}
        named |= {section.split()[1] + ".state" for section in index.sections()[1:] if index[section]["state"] == "true"}
        self.assertEqual(set(self.files(m)) - named, set(), (command, step))
        shutil.rmtree(os.path.join(self.folder, "clone"), ignore_errors=True)

    def test_take(self):
        self.each_step("take", "fourth")

    def test_go(self):
        self.each_step("go", "second", "--discard", going="second")

    def test_delete_the_first(self):
        self.each_step("delete", "first")

    def test_delete_one_in_the_middle(self):
        self.each_step("delete", "second")

    def test_delete_the_last(self):
        self.each_step("delete", "third")

    def test_delete_the_only_one(self):
        """Nothing but the command itself can go on with it."""
        self.machine.snapshot("delete", "first")
        self.machine.snapshot("delete", "second")
        contents = self.machine.contents()
        cut_off = 0
        for step in range(1, STEPS_MAX, STRIDE):
            m = self.machine.copy_to(os.path.join(self.folder, "copy"))
            ended = self.end_at(m, step, ["delete", "third"])
            cut_off += bool(m.being_deleted())
            if m.index_names() or m.being_deleted():
                m.snapshot("delete", "third")
            self.assertEqual(m.contents(), contents, step)
            self.assertFalse(m.index_names() or m.being_deleted(), step)
            shutil.rmtree(m.folder)
            if not ended:
                self.assertGreater(cut_off, 1)
                return
        self.fail("it does not end")

    def test_delete_where_it_branches(self):
        self.branch()
        self.each_step("delete", "first")

    def test_delete_a_branch(self):
        self.branch()
        self.machine.snapshot("delete", "first")  # is hidden, and goes with the branch
        self.each_step("delete", "other")

    def test_rename(self):
        self.each_step("rename", "second", "new")

    def test_clone(self):
        self.each_step("clone", "second", "FOLDER/clone")


if __name__ == "__main__":
    main()
