# SPDX-License-Identifier: LGPL-2.1-or-later
"""A machine with two disks and snapshots. Reads and writes its disks as its back ends do, by the format that
sdk/include/tessera/draft/disk-layer.h describes. The arguments of a test program: tessera, kill-preload.so, a guest's ROM."""

import configparser
import json
import os
import shutil
import struct
import subprocess
import sys
import tempfile
import unittest

TESSERA, PRELOAD, ROM = sys.argv[1:4]
SECTORS = 2048
SIZE = SECTORS * 512
DISKS = ("disk0", "disk1")
BITS, DATA = 4096, 65536


class Machine:
    """A machine's folder."""

    def __init__(self, folder):
        self.folder = folder
        os.mkdir(folder)
        manifest = "[Machine]\nname=m\nextends=isapc\n"
        for disk in DISKS:
            manifest += f"[Instance {disk}]\nplugin=blk-raw\nslot=\nfile={disk}.img\nformat=raw\n"
            with open(self.path(disk + ".img"), "wb") as image:
                image.truncate(SIZE)
        with open(self.path("m.machine"), "w", encoding="ascii") as file:
            file.write(manifest)

    def path(self, *names):
        return os.path.join(self.folder, *names)

    def copy_to(self, folder):
        """Another one that is the same."""
        other = object.__new__(Machine)
        other.folder = folder
        shutil.copytree(self.folder, folder)
        return other

    def run(self, *arguments, **variables):
        return subprocess.run([TESSERA, "snapshot", self.folder, *arguments], capture_output=True, text=True, timeout=60,
                              env=dict(os.environ, LC_ALL="C.UTF-8", **variables))

    def snapshot(self, *arguments, status=0):
        done = self.run(*arguments)
        assert done.returncode == status, (arguments, done.returncode, done.stdout, done.stderr)
        return done.stderr if status else done.stdout

    def list(self):
        return json.loads(self.snapshot("list", "--json"))

    def names(self):
        return [s["name"] for s in self.list() if not s["hidden"]]

    # -- Disks

    def index(self):
        """None: there are no snapshots."""
        index = configparser.ConfigParser(interpolation=None)
        return index if index.read(self.path("snapshots", "index"), encoding="utf-8") else None

    def index_names(self):
        """Section -> name, of those that are not hidden."""
        index = self.index()
        return {s: index[s]["name"] for s in index.sections()[1:] if index[s]["hidden"] == "false"} if index else {}

    def being_deleted(self):
        """The names of those that are hidden and do not wait until one branch is left above them."""
        index = self.index()
        if not index:
            return []
        above = [index[s].get("parent") for s in index.sections()[1:]] + [index["Snapshots"].get("current")]
        return [index[s]["name"] for s in index.sections()[1:] if index[s]["hidden"] == "true" and above.count(s.split()[1]) < 2]

    def top(self, disk):
        """The path of what is written."""
        index = self.index()
        top = index and index["Snapshots"].get("top." + disk)
        return self.path("snapshots", top + ".layer") if top else self.path(disk + ".img")

    def of_snapshot(self, name, disk):
        index = self.index()
        for section in index.sections()[1:]:
            if index[section]["name"] == name and index[section]["hidden"] == "false":
                layer = index[section]["layer." + disk]
                return self.path(disk + ".img") if layer == "base" else self.path("snapshots", layer + ".layer")
        raise KeyError(name)

    def write(self, disk, sector, value):
        """Fills a sector with a byte."""
        path = self.top(disk)
        with open(path, "r+b") as file:
            if not path.endswith(".layer"):
                file.seek(sector * 512)
                file.write(bytes([value]) * 512)
                return
            file.seek(DATA + sector * 512)
            file.write(bytes([value]) * 512)
            for bits in (BITS, 2 * BITS):
                file.seek(bits + sector // 8)
                byte = file.read(1)[0]
                file.seek(bits + sector // 8)
                file.write(bytes([byte | 1 << sector % 8]))
            file.seek(512)
            file.write(struct.pack("<II", 1, 1))

    def read(self, path):
        """The first byte of each sector, of what is read through a layer or image."""
        with open(path, "rb") as file:
            data = file.read()
        if not path.endswith(".layer"):
            return bytearray(data[i * 512] for i in range(SECTORS))
        assert data[:8] == b"TSRLAYER", path
        parent = data[32:48]
        disk = DISKS[0] if path in self.chains(DISKS[0]) else DISKS[1]
        below = self.read(self.path("snapshots", parent.hex() + ".layer") if any(parent) else self.path(disk + ".img"))
        for i in range(SECTORS):
            if data[BITS + i // 8] >> i % 8 & 1:
                below[i] = data[DATA + i * 512]
        return below

    def chains(self, disk):
        index = self.index()
        layers = [index["Snapshots"].get("top." + disk)] + [index[s]["layer." + disk] for s in index.sections()[1:]]
        return [self.path("snapshots", f"{layer}.layer") for layer in layers]

    def contents(self):
        """What the machine would read from its disks."""
        return tuple(bytes(self.read(self.top(disk))) for disk in DISKS)

    def snapshot_contents(self, name):
        return tuple(bytes(self.read(self.of_snapshot(name, disk))) for disk in DISKS)


class SnapshotTestCase(unittest.TestCase):
    def setUp(self):
        memory = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None  # where syncing costs nothing
        folder = tempfile.TemporaryDirectory(prefix="tessera-test-", dir=memory)
        self.addCleanup(folder.cleanup)
        self.folder = folder.name
        self.machine = Machine(os.path.join(self.folder, "m"))

    def files(self, machine=None):
        """Of the folder of snapshots."""
        path = (machine or self.machine).path("snapshots")
        return sorted(os.listdir(path)) if os.path.exists(path) else []


def main():
    unittest.main(argv=sys.argv[:1] + sys.argv[4:])
