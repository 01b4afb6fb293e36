#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""tessera snapshot, on machines that are off. Arguments: tessera, kill-preload.so, a guest's ROM."""

import os
import random
import stat

from rig import DISKS, SECTORS, Machine, SnapshotTestCase, main


class SnapshotTest(SnapshotTestCase):
    def test_take_and_go(self):
        m = self.machine
        m.write("disk0", 5, 1)
        before = m.contents()
        m.snapshot("take", "first", "--note", "a note")
        m.write("disk0", 5, 2)
        m.write("disk1", 6, 3)
        error = m.snapshot("go", "first", status=1)
        self.assertIn("was written since the last snapshot, and that would be lost", error)
        m.snapshot("take", "second")
        after = m.contents()
        m.snapshot("go", "first")
        self.assertEqual(m.contents(), before)
        m.snapshot("go", "second")
        self.assertEqual(m.contents(), after)
        first, second = m.list()
        self.assertEqual((first["name"], first["note"], first["parent"], first["current"]), ("first", "a note", 0, False))
        self.assertEqual((second["name"], second["parent"], second["current"]), ("second", first["id"], True))
        self.assertIn("  second  ", m.snapshot("list").splitlines()[1])

    def test_images_are_protected(self):
        m = self.machine
        m.snapshot("take", "first")
        self.assertEqual(os.stat(m.path("disk0.img")).st_mode & stat.S_IWUSR, 0)
        m.snapshot("delete", "first")
        self.assertNotEqual(os.stat(m.path("disk0.img")).st_mode & stat.S_IWUSR, 0)
        self.assertFalse(os.path.exists(m.path("snapshots")))

    def test_suspended_machines(self):
        m = self.machine
        with open(m.path("suspended.state"), "wb") as state:
            state.write(b"state")
        m.snapshot("take", "first")
        os.unlink(m.path("suspended.state"))
        m.snapshot("take", "second")
        self.assertEqual([s["state"] for s in m.list()], [True, False])
        m.snapshot("go", "first")
        with open(m.path("suspended.state"), "rb") as state:
            self.assertEqual(state.read(), b"state")
        m.snapshot("go", "second")
        self.assertFalse(os.path.exists(m.path("suspended.state")))

    def test_names(self):
        m = self.machine
        m.snapshot("take", "first")
        self.assertIn("there is already", m.snapshot("take", "first", status=2))
        for name in ("", "x" * 201, "a\nb"):
            self.assertIn("name is UTF-8 text", m.snapshot("take", name, status=2))
        m.snapshot("rename", "first", "ein Ümlaut / 🙂; [Snapshot 2]")
        m.snapshot("note", "ein Ümlaut / 🙂; [Snapshot 2]", "two\nlines=")
        self.assertEqual([(s["name"], s["note"]) for s in m.list()], [("ein Ümlaut / 🙂; [Snapshot 2]", "two\nlines=")])
        self.assertIn("there is no snapshot", m.snapshot("go", "first", status=1))

    def test_what_cannot_have_snapshots(self):
        m = self.machine
        nothing = object.__new__(Machine)
        nothing.folder = m.path("nothing")
        self.assertIn("neither a machine's manifest", nothing.snapshot("list", status=1))
        os.rename(m.path("disk0.img"), os.path.join(self.folder, "outside.img"))
        os.symlink("../outside.img", m.path("disk0.img"))
        self.assertIn("not in the manifest's folder", m.snapshot("take", "first", status=2))
        self.assertEqual(self.files(), [])

    def test_a_disk_that_is_too_large(self):
        m = self.machine
        os.truncate(m.path("disk1.img"), 1 << 42)
        self.assertIn("of more than 2 TiB cannot have snapshots", m.snapshot("take", "first", status=2))
        self.assertEqual(self.files(), [])

    def test_other_disks(self):
        m = self.machine
        m.snapshot("take", "first")
        with open(m.path("m.machine"), "a", encoding="ascii") as manifest:
            manifest.write("[Instance disk2]\nplugin=blk-raw\nslot=\nfile=disk2.img\nformat=raw\n")
        with open(m.path("disk2.img"), "wb") as image:
            image.truncate(4096)
        self.assertIn("has other disks than its snapshots", m.snapshot("take", "second", status=2))

    def test_damaged_indexes(self):
        m = self.machine
        m.snapshot("take", "first")
        m.snapshot("take", "second")
        with open(m.path("snapshots", "index"), "rb") as file:
            good = file.read()
        for old, new in ((b"format=1", b"format=2"), (b"parent=1", b"parent=2"), (b"parent=1", b"parent=0"), (b"current=2", b"current=7"),
                         (b"base.disk0=disk0.img", b"base.disk0=../disk0.img"), (b"layer.disk1=base", b"layer.disk1=../../x"),
                         (b"next=3", b"next=1"), (b"[Snapshot 2]", b"[Other]"), (b"disks=disk0;disk1", b"disks=disk0;disk0"),
                         (b"top.disk0", b"tip.disk0"), (b"[Snapshots]", b"\xff")):
            with open(m.path("snapshots", "index"), "wb") as file:
                file.write(good.replace(old, new))
            self.assertIn("put the file back as it was", m.snapshot("list", status=2), (old, new))
            self.assertIn("put the file back as it was", m.snapshot("take", "third", status=2))
        with open(m.path("snapshots", "index"), "wb") as file:
            file.write(good)
        self.assertEqual(m.names(), ["first", "second"])

    def test_depth(self):
        m = self.machine
        m.snapshot("take", "1")
        m.snapshot("take", "2")
        index = m.index()
        for i in range(3, 65):  # what they are made of does not matter here
            index[f"Snapshot {i}"] = dict(index["Snapshot 2"], name=str(i), parent=str(i - 1))
        index["Snapshots"]["current"], index["Snapshots"]["next"] = "64", "65"
        with open(m.path("snapshots", "index"), "w", encoding="utf-8") as file:
            index.write(file, space_around_delimiters=False)
        self.assertEqual(len(m.names()), 64)
        self.assertIn("already 64 snapshots one above the other", m.snapshot("take", "65", status=1))
        m.snapshot("go", "63")


class LinkedCloneTest(SnapshotTestCase):
    def test_clone(self):
        m = self.machine
        m.write("disk0", 5, 1)
        m.snapshot("take", "first")
        m.write("disk0", 6, 2)
        m.snapshot("take", "second")
        before = m.contents()
        m.snapshot("clone", "second", os.path.join(self.folder, "clone"))
        clone = object.__new__(Machine)
        clone.folder = os.path.join(self.folder, "clone")
        self.assertEqual(clone.contents(), before)
        self.assertTrue(os.path.samefile(clone.path("disk0.img"), m.path("disk0.img")))
        with open(clone.path("clone.machine"), encoding="ascii") as manifest:
            self.assertIn("name=clone\n", manifest.read())
        clone.write("disk0", 5, 9)
        m.write("disk0", 6, 8)
        changed = clone.contents()
        precious = os.path.join(self.folder, "precious")
        with open(precious, "w", encoding="ascii") as file:
            file.write("what is the user's")
        for name in (m.path("disk0.img"), *(os.path.join(m.path("snapshots"), name) for name in os.listdir(m.path("snapshots")))):
            os.symlink(precious, name + ".new")  # which a folder that comes from a stranger may have
        m.snapshot("delete", "first")  # each merges into files that both have
        m.snapshot("delete", "second")
        self.assertEqual(clone.contents(), changed)
        clone.snapshot("delete", "first")
        clone.snapshot("delete", "second")
        self.assertEqual(clone.contents(), changed)
        with open(precious, encoding="ascii") as file:
            self.assertEqual(file.read(), "what is the user's")
        self.assertEqual(m.contents()[0][5:7], bytes([1, 8]))
        self.assertEqual(changed[0][5:7], bytes([9, 2]))
        m.snapshot("take", "third")
        self.assertIn("exists; name a folder that does not", m.snapshot("clone", "third", clone.folder, status=2))


class RandomTest(SnapshotTestCase):
    """Any order of commands: each snapshot, and the machine, read what they should."""

    def step(self, r, known, current):
        m = self.machine
        action = r.choice(("write", "write", "take", "take", "go", "delete", "clone"))
        if action == "write" or not known and action != "take":
            for _ in range(r.randrange(1, 30)):
                m.write(r.choice(DISKS), r.choice((r.randrange(SECTORS), r.randrange(32))), r.randrange(256))
            return m.contents()
        name = r.choice(sorted(known)) if known else ""
        if action == "take" and len(known) < 12:
            name = f"s{r.randrange(10**6)}"
            m.snapshot("take", name)
            known[name] = current
        elif action == "go":
            m.snapshot("go", name, "--discard")
            return known[name]
        elif action == "delete":
            m.snapshot("delete", name)
            del known[name]
        elif action == "clone":
            folder = os.path.join(self.folder, f"c{r.randrange(10**9)}")
            m.snapshot("clone", name, folder)
            m.folder = folder
            known = {s: known[s] for s in m.names()}
            return m.snapshot_contents(name)
        return current

    def run_seed(self, seed):
        r = random.Random(seed)
        known, current = {}, self.machine.contents()
        for _ in range(40):
            current = self.step(r, known, current)
            for name in set(known) - set(self.machine.names()):
                del known[name]  # not in a clone
            self.assertEqual(self.machine.contents(), current, seed)
            for name, contents in known.items():
                self.assertEqual(self.machine.snapshot_contents(name), contents, (seed, name))
        for name in sorted(known):
            self.machine.snapshot("delete", name)
        self.assertEqual(self.machine.contents(), current, seed)
        self.assertEqual(self.files(), [], seed)

    def test_random(self):
        for seed in range(3):
            with self.subTest(seed=seed):
                self.machine = Machine(os.path.join(self.folder, f"seed{seed}"))
                self.run_seed(seed)


if __name__ == "__main__":
    main()
