#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Machines that integrators make of plugins, with a Linux that says what it sees. Arguments: the build folder."""

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
import unittest
from unittest import mock

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "../boot"))

import machine  # noqa: E402

BUILD = os.path.abspath(sys.argv[1])
TESSERA = os.path.join(BUILD, "bin/tessera")
GUESTS = os.path.join(os.environ.get("TESSERA_GUESTS") or os.path.expanduser("~/.cache/tessera/guests"), "files")
LIMIT = 180
CURRENT = max(os.listdir(os.path.join(BUILD, "plugins/pcnet")))


def tessera(*arguments):
    """Exit status, standard output, standard error."""
    done = subprocess.run([TESSERA, *arguments], env=dict(os.environ, DISPLAY="", WAYLAND_DISPLAY="", LC_ALL="C.UTF-8"),
                          stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60, check=False)
    return done.returncode, done.stdout, done.stderr


class Product(machine.Tessera):
    """`tessera run FILE OPTIONS` with Linux; the serial line is the guest's shell."""

    program = TESSERA

    def __init__(self, file, *options):
        self.file, self.given = file, options
        super().__init__({}, LIMIT)

    def arguments(self, options, limit):
        self.socket = os.path.join(self.folder, "control")
        return [self.program, "run", self.file, "--serial", "stdio", "--ui", "none", "--control", "unix:" + self.socket,
                "--timeout", str(limit), "--kernel", os.path.join(GUESTS, "vmlinuz-686"),
                "--initrd", os.path.join(GUESTS, "initramfs-686.cpio"), "--append", "console=ttyS0 quiet", *self.given]

    def boot(self):
        self.expect("tessera# ")

    def power_off(self):
        self.send("poweroff\n")
        self.expect_exit(0)

    def cards(self):
        """MAC addresses of the network cards, those of the addresses that the machine chose as they come."""
        return self.shell("cat /sys/class/net/eth*/address").split()


class Bundle(Product):
    """FOLDER/run of a bundle that brings its kernel."""

    def arguments(self, options, limit):
        arguments = super().arguments(options, limit)
        kernel = arguments.index("--kernel")
        return [self.file] + arguments[3:kernel] + arguments[kernel + 2:]


class Products(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)

    def path(self, name):
        return os.path.join(self.folder.name, name)

    def write(self, name, text):
        with open(self.path(name), "w", encoding="utf-8") as file:
            file.write(text)
        return self.path(name)

    def test_extended_and_added(self):
        """A machine with one card more, less memory and no second serial port than `pc`; the command line adds another card."""
        mine = self.write("mine.machine", """
[Machine]
extends=pc
memory=128M
[Instance com2]
plugin=
[Instance nat8]
plugin=net-user
[Instance net8]
plugin=pcnet
connect.backend=nat8
mac=52:54:00:00:00:08
""")
        with Product(mine, "--add", "nat9=net-user", "--add",
                     "net9=pcnet,connect.backend=nat9,address=09.0,mac=52:54:00:00:00:09") as guest:
            guest.boot()
            self.assertEqual(set(guest.cards()) & {"52:54:00:00:00:08", "52:54:00:00:00:09"},
                             {"52:54:00:00:00:08", "52:54:00:00:00:09"})
            self.assertEqual(len(guest.cards()), 3)
            self.assertIn("52:54:00:00:00:09", guest.shell("cat /sys/bus/pci/devices/0000:00:09.0/net/*/address"))
            self.assertEqual(re.findall(r"ttyS[0-9] at", guest.shell("dmesg")), ["ttyS0 at"])
            self.assertLess(int(re.search(r"MemTotal: +(\d+)", guest.shell("cat /proc/meminfo")).group(1)), 128 << 10)
            guest.power_off()

    def libraries(self, guest, plugin):
        """The versions of a plugin that the machine's process has loaded."""
        with open(f"/proc/{guest.process.pid}/maps", encoding="utf-8") as file:
            return set(re.findall(rf"/{plugin}/([0-9.]+)/{plugin}\.so", file.read()))

    def test_versions_side_by_side(self):
        """Two versions of one plugin are two network cards of one machine; a pin for all makes it one version."""
        two = self.write("two.machine", """
[Machine]
extends=pc
[Instance nat8]
plugin=net-user
[Instance net8]
plugin=pcnet >=1.50,<2
connect.backend=nat8
[Instance net0]
plugin=pcnet >=2
""")
        one = self.write("one.machine", "[Machine]\nextends=two.machine\n[Instance net0]\nplugin=pcnet\n[Versions]\npcnet=1.99.0\n")
        with mock.patch.dict(os.environ, TESSERA_PLUGIN_PATH=os.path.join(BUILD, "tests/product-plugins")):
            for file, versions in ((two, {CURRENT, "1.99.0"}), (one, {"1.99.0"})):
                with Product(file) as guest:
                    guest.boot()
                    self.assertEqual(self.libraries(guest, "pcnet"), versions)
                    self.assertEqual(len(guest.cards()), 2)
                    for card in ("eth0", "eth1"):
                        guest.shell(f"ifconfig eth0 down; ifconfig eth1 down; ifconfig {card} 10.0.2.15 && ping -c 1 -w 10 10.0.2.2", 60)
                    guest.power_off()

    def test_lock(self):
        """With a lock the machine stays what it was when a newer version comes, and anything else is refused by its name."""
        mine = self.write("mine.machine", "[Machine]\nextends=pc\n")
        newer = self.path("plugins")
        folder = os.path.join(newer, "pcnet", "9.0.0")
        self.assertEqual(tessera("lock", mine), (0, self.path("mine.lock") + "\n", ""))
        os.makedirs(folder)
        with open(os.path.join(BUILD, "plugins/pcnet", CURRENT, "pcnet.plugin"), encoding="utf-8") as file:
            manifest = file.read()
        with open(os.path.join(folder, "pcnet.plugin"), "w", encoding="utf-8") as file:
            file.write(re.sub("\nversion=.*", "\nversion=9.0.0", manifest))
        shutil.copy(os.path.join(BUILD, "plugins/pcnet", CURRENT, "pcnet.so"), folder)
        with mock.patch.dict(os.environ, TESSERA_PLUGIN_PATH=newer):
            status, text, _ = tessera("why", mine)
            self.assertEqual(status, 0)
            self.assertIn(f"\nnet0: pcnet {CURRENT}\n", text)
            self.assertIn(f"not        9.0.0 {folder}/pcnet.plugin: not that of the lock\n", text)
            self.assertIn("\nnet0: pcnet 9.0.0\n", tessera("why", mine, "--lock", "none")[1])
            with Product(mine) as guest:
                guest.boot()
                self.assertEqual(self.libraries(guest, "pcnet"), {CURRENT})
                guest.power_off()
        for options, told in (
                (("--add", "net9=pcnet"), "--add net9: instance net9 (plugin pcnet) is not in the lock"),
                (("--cpu", "cpu-interp"), "--cpu: instance cpu0 has plugin cpu-interp, and cpu-bt 1.0.0 in the lock"),
                (("--bios", mine), "Firmware board0.bios: " + mine + " has another content"),
                (("--lock", self.path("none.lock")), "none.lock")):
            status, _, error = tessera("run", mine, "--ui", "none", "--serial", "none", "--timeout", "5", *options)
            self.assertEqual(status, 1)
            self.assertIn(told, error)
            self.assertEqual(error.count("\n"), 1)

    def test_a_cable_that_was_unplugged_when_the_state_was_saved(self):
        state = self.path("state")
        carrier = "sleep 3; cat /sys/class/net/eth0/carrier"
        with Product("pc") as guest:
            guest.boot()
            guest.shell("ifconfig eth0 up")
            self.assertEqual(guest.shell(carrier).strip(), "1")
            guest.control("set", "nat0.link=false")
            self.assertEqual(guest.shell(carrier).strip(), "0")
            guest.control("pause")
            guest.control("save", state)
            guest.control("quit")
        with Product("pc", "--load", state) as guest:
            while "running" not in guest.control("status"):  # what is sent before it is loaded is lost
                self.assertIsNone(guest.process.poll())
                time.sleep(0.2)
            self.assertEqual(guest.control("get", "nat0.link").strip(), "false")
            self.assertEqual(guest.shell(carrier).strip(), "0")
            guest.control("set", "nat0.link=true")
            self.assertEqual(guest.shell(carrier).strip(), "1")
            guest.power_off()

    def test_bundle(self):
        """A folder made of a machine boots with nothing of this build, and its list names all that is in it."""
        mine = self.write("kiosk.machine", "[Machine]\nextends=pc\ndescription=A product\n[Instance fwcfg0]\nkernel=files/linux\n"
                                           "[Instance debugexit0]\nplugin=\n")
        os.mkdir(self.path("files"))
        shutil.copy(os.path.join(GUESTS, "vmlinuz-686"), self.path("files/linux"))
        status, text, error = tessera("bundle", mine, self.path("made"), "--ui", "none")
        self.assertEqual((status, text, error), (0, self.path("made/run") + "\n", ""))
        bundle = self.path("elsewhere")
        shutil.move(self.path("made"), bundle)
        for path in (mine, self.path("files/linux")):
            os.unlink(path)
        environment = {"PATH": "/usr/bin:/bin", "HOME": self.folder.name, "LC_ALL": "C.UTF-8", "TESSERA_PLUGIN_PATH": "/nowhere"}
        with mock.patch.dict(os.environ, environment, clear=True):
            with Bundle(os.path.join(bundle, "run")) as guest:
                guest.boot()
                with open(f"/proc/{guest.process.pid}/maps", encoding="utf-8") as file:
                    files = {line.split(None, 5)[5].strip() for line in file if ".so" in line}
                guest.power_off()
        foreign = {os.path.basename(path) for path in files if not path.startswith(bundle + "/")}
        # glibc loads libgcc_s for backtrace(), and does without where it is not
        self.assertLessEqual(foreign, {"libc.so.6", "libm.so.6", "ld-linux-x86-64.so.2", "libresolv.so.2", "libgcc_s.so.1"})
        self.assertFalse(any("ui-gtk" in name or "debug-exit" in name for _, names, _ in os.walk(bundle) for name in names))
        self.check_list(bundle, "kiosk")

    def check_list(self, bundle, name):
        """Each file of the bundle but texts is in the list, with its checksum."""
        with open(os.path.join(bundle, name + ".spdx.json"), encoding="utf-8") as file:
            document = json.load(file)
        self.assertEqual(document["spdxVersion"], "SPDX-2.3")
        listed = {package["packageFileName"]: package for package in document["packages"] if "packageFileName" in package}
        for path, package in listed.items():
            with open(os.path.join(bundle, path), "rb") as file:
                self.assertEqual(package["checksums"], [{"algorithm": "SHA256", "checksumValue": hashlib.sha256(file.read()).hexdigest()}])
        found = {os.path.relpath(os.path.join(folder, name), bundle) for folder, _, names in os.walk(bundle) for name in names
                 if ".so" in name or name.endswith(".bin") or name == "tessera"}
        self.assertEqual(found, set(listed))
        self.assertEqual({relation["relatedSpdxElement"] for relation in document["relationships"]},
                         {package["SPDXID"] for package in document["packages"]})


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0]] + sys.argv[2:], verbosity=2)
