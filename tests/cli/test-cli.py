#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The command line. Arguments: tessera, folder of test plugins, a machine made of them."""

import os
import resource
import subprocess
import sys
import tempfile
import unittest

TESSERA, PLUGINS, MACHINE = (os.path.abspath(path) for path in sys.argv[1:4])
ENVIRONMENT = dict(os.environ, TESSERA_PLUGIN_PATH=PLUGINS, LC_ALL="C.UTF-8", DISPLAY="", WAYLAND_DISPLAY="")
PRESETS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../manifests/machines")
TEST = ("run", MACHINE, "--timeout", "5")

# arguments, exit status, a part of the one line on standard error
WRONG = [
    ((), 2, None),
    (("fly",), 2, "there is no command \"fly\""),
    (("run", "--memory"), 2, "--memory needs a value"),
    (("run", "--"), 2, "is not an option"),
    (("run", "-x"), 2, "one argument too many"),
    (("run", "a", "b"), 2, "\"b\" is one argument too many"),
    (("run", "no-such-machine"), 1, "no such machine"),
    (("run", "no-such.machine"), 1, "no such machine; give the path of a .machine file"),
    (("run", "/nonexistent/x.machine"), 1, "/nonexistent/x.machine"),
    (("run", "/"), 1, "/"),
    (("run", "--timeout", "soon"), 2, "--timeout: \"soon\" is not a decimal number of seconds"),
    (("run", "--timeout", "-1"), 2, "--timeout"),
    (("run", "--timeout", "0x10"), 2, "is not a decimal number of seconds"),
    (("run", "--timeout", "1e3"), 2, "is not a decimal number of seconds"),
    (("run", "--timeout", "inf"), 2, "is not a decimal number of seconds"),
    (("run", "--timeout", " 5"), 2, "is not a decimal number of seconds"),
    (("run", "--timeout", "5s"), 2, "is not a decimal number of seconds"),
    (("run", "--timeout", "1.2.3"), 2, "is not a decimal number of seconds"),
    (("run", "--timeout", ""), 2, "is not a decimal number of seconds"),
    (("run", "--control", "tcp:99"), 2, "--control: \"tcp:99\" is not unix:PATH"),
    (("run", "--control", "unix:"), 2, "is not unix:PATH"),
    (("run", "--set", "x"), 2, "--set: \"x\" is not NAME.PROPERTY=VALUE"),
    (("run", "--set", "x=a.b"), 2, "is not NAME.PROPERTY=VALUE"),
    (("run", "--a.b=c"), 2, "is not an option"),
    (TEST + ("--wibble", "1"), 2, "--wibble: the machine has no such option; it has add, cpu, lock, set, trust, cdrom"),
    (TEST + ("--memory", "lots"), 2, "--memory: \"lots\" is not a size"),
    (TEST + ("--memory", ""), 2, "is not a size"),
    (TEST + ("--memory", "64Mx"), 2, "is not a size"),
    (TEST + ("--memory", "-64M"), 2, "is not a size"),
    (TEST + ("--memory", "0x"), 2, "is not a size"),
    (TEST + ("--memory", "18446744073709551616"), 2, "is not a size"),
    (TEST + ("--memory", "17179869185G"), 2, "is not a size"),
    (TEST + ("--ips", "1e9"), 2, "is not instructions per second"),
    (TEST + ("--rtc-base", "yesterday"), 2, "is not seconds since 1970"),
    (TEST + ("--clock", "deterministic", "--stop-at", "-1"), 2, "is not a number of instructions"),
    (TEST + ("--exit", "0x1g"), 2, "is not a number from -1 to 255"),
    (TEST + ("--exit", "9223372036854775808"), 2, "is not a number from -1 to 255"),
    (TEST + ("--exit", "256"), 2, "--exit: exit: \"256\" is not a number from -1 to 255"),
    (TEST + ("--set", "dev9.file=x"), 2, "the machine has no instance dev9"),
    (TEST + ("--set", "dev0.wibble=x"), 2, "plugin test-device has no property wibble; it has file, colour"),
    (TEST + ("--set", "dev0.reports=1"), 2, "reports of plugin test-device can only be read"),
    (TEST + ("--cpu", "none-such"), 1, "no plugin none-such"),
    (TEST + ("--cpu", "test-mmu"), 2, "is a plugin of kind mmu, not cpu"),
    (TEST + ("--load", "/nonexistent/state"), 1, "/nonexistent/state"),
    (TEST + ("--load", MACHINE), 1, "test.machine"),
    (TEST + ("--control", "unix:/nonexistent/socket"), 1, "/nonexistent/socket"),
    (TEST + ("--control", "unix:/" + "x" * 200), 2, "at most 107 bytes"),
    (("plugins",), 2, "plugins list"),
    (("plugins", "inspect"), 2, "plugins inspect ID"),
    (("plugins", "inspect", "none-such"), 1, "no plugin none-such"),
    (("plugins", "inspect", "test-cpu >=2"), 1, "no plugin test-cpu >=2; installed: 1.0.0"),
    (("plugins", "inspect", "test-cpu 2"), 2, "is not a plugin"),
    (("machines", "x"), 2, "takes no arguments"),
    (("lock",), 2, "usage: `tessera lock MACHINE"),
    (("lock", "a", "b"), 2, "usage: `tessera lock MACHINE"),
    (("lock", "a", "--output"), 2, "--output needs a value"),
    (("lock", "no-such-machine"), 1, "no such machine"),
    (("lock", MACHINE, "--output", "/nonexistent/x.lock"), 1, "/nonexistent/x.lock"),
    (("bundle", MACHINE), 2, "usage: `tessera bundle MACHINE FOLDER"),
    (("bundle", MACHINE, "/"), 1, "/ is there already; name a new folder"),
    (("bundle", MACHINE, "/proc/nowhere"), 1, "cannot make /proc/nowhere"),
    (("parts",), 2, "usage: `tessera parts MACHINE"),
    (("parts", "no-such-machine"), 1, "no such machine"),
    (("import",), 2, "usage: `tessera import FILE [FOLDER]`"),
    (("import", "/nonexistent/disk.qcow2", "."), 2, "“disk.qcow2” is not there"),
    (("import", "/usr", "."), 2, "“usr” is a folder, and holds no machine"),
    (("hardware",), 2, "usage: `tessera hardware FILE.machine"),
    (("hardware", "/nonexistent.machine"), 2, "tessera: "),
    (("why",), 2, "usage: `tessera why MACHINE"),
    (("why", MACHINE, "--wibble", "1"), 2, "--wibble: the machine has no such option"),
    (TEST + ("--lock", "/nonexistent.lock"), 1, "/nonexistent.lock"),
    (TEST + ("--lock", MACHINE), 2, "this Tessera reads locks with format=1"),
    (TEST + ("--add", "x"), 2, "--add: \"x\" is not NAME=PLUGIN"),
    (TEST + ("--add", "dev0=test-device"), 2, "--add dev0: the machine has an instance of that name"),
    (("ctl",), 2, "tessera ctl SOCKET COMMAND"),
    (("ctl", "/nonexistent", "fly"), 2, "there is no command \"fly\""),
    (("ctl", "/nonexistent", "status"), 1, "no machine answers"),
    (("monitor",), 2, "tessera monitor SOCKET"),
    (("monitor", "/nonexistent"), 1, "no machine answers"),
    (("monitor", "/nonexistent", "--wibble"), 2, "no option \"--wibble\""),
    (("monitor", "/nonexistent", "--seconds", "0"), 2, "--seconds needs a number"),
    (("view",), 2, "tessera view SOCKET"),
    (("view", "/nonexistent"), 1, "no machine answers"),
    (("view", "a", "b"), 2, "\"b\" is one argument too many"),
    (("view", "/nonexistent", "--set"), 2, "--set needs a value"),
    (("run", "pc", "--hold"), 2, "--hold waits for a client"),
]

PC = ("run", "pc", "--ui", "none", "--serial", "none", "--nic", "none", "--timeout", "5")

# The same for what plugins of this tree refuse: the plugin, arguments, status, a part of the line. A wrong value of an option is
# wrong usage whoever finds it; a file that is not what it should be is not.
REFUSED = [
    ("net-user", ("--nic", "user,hostfwd=bogus"), 2, "hostfwd=bogus is not"),
    ("net-user", ("--nic", "user,hostfwd=tcp:127.0.0.1:70000-:22"), 2, "70000"),
    ("net-user", ("--nic", "user,hostfwd=tcp:127.0.0.1:2222-:70000"), 2, "70000"),
    ("pcnet", ("--nic", "user", "--set", "net1.mac=foo"), 2, "mac=foo"),
    ("blk-raw", ("--disk", "image,format=qcow2"), 2, "format=qcow2"),
    ("blk-raw", ("--disk", "no-such-image"), 1, "no-such-image"),
    ("blk-raw", ("--disk", "empty"), 1, "empty is empty"),
    ("blk-raw", ("--disk", "/dev/null,mode=nonpersistent"), 1, "neither a file nor a block device"),
    ("blk-raw", ("--disk", "image,mode=undoable"), 2, "mode=undoable needs a machine with a folder of its own"),
    ("blk-raw", ("--disk", "qcow2"), 1, "is in qcow2 format"),
    ("chardev", ("--serial", "file:"), 2, "needs the property path"),
    ("chardev", ("--serial", "unix:" + "x" * 200), 2, "1 to 107 characters"),
    ("chardev", ("--serial", "file:/nonexistent/file"), 1, "/nonexistent/file"),
    ("fw-cfg", ("--append", "quiet"), 2, "is of no use without a kernel"),
    ("fw-cfg", ("--kernel", "image"), 1, "is not a Linux kernel"),
    ("board-rom", ("--bios", "empty"), 1, "is empty"),
    ("vga", ("--set", "vga0.vram=3M"), 2, "vram is a power of two"),
    ("vga", ("--set", "vga0.rom=image"), 1, "is not an option ROM"),
    ("rtc-mc146818", ("--set", "rtc0.boot=tape"), 2, "boot=tape"),
    ("rtc-mc146818", ("--set", "rtc0.file=empty"), 1, "does not hold 128 bytes"),
]


def tessera(*arguments, **keywords):
    return subprocess.run([TESSERA, *arguments], env=ENVIRONMENT, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=30,
                          **keywords)


def own_pc(folder, old="", new=""):
    """Writes FOLDER/x.machine: the preset `pc` with one text replaced."""
    with open(os.path.join(PRESETS, "pc.machine"), encoding="utf-8") as file:
        text = file.read()
    assert old in text
    with open(os.path.join(folder, "x.machine"), "w", encoding="utf-8") as file:
        file.write(text.replace(old, new, 1))


class CommandLineTest(unittest.TestCase):
    def test_what_is_wrong_is_told_in_one_line(self):
        for arguments, status, expected in WRONG:
            with self.subTest(arguments=arguments), tempfile.TemporaryDirectory() as folder:
                done = tessera(*arguments, cwd=folder)
                self.assertEqual(done.returncode, status, done.stderr)
                if expected:
                    self.assertIn(expected, done.stderr)
                    self.assertEqual(done.stderr.count("\n"), 1, done.stderr)
                    self.assertTrue(done.stderr.startswith("tessera: "))
                    self.assertEqual(done.stdout, "")
                self.assertEqual(os.listdir(folder), [])

    def test_parts_are_printed_with_what_is_wrong(self):
        for arguments, part, wrong in (((MACHINE, "--set", "dev0.nothing=1"), "cpu0 ", "has no property nothing"),
                                       (("isapc", "--add", "com9=uart-16550a", "--try"), "com9 ", "com9: regs: ports 3f8h-3ffh are taken by regs")):
            done = tessera("parts", *arguments)
            self.assertEqual(done.returncode, 2, done.stderr)
            self.assertIn(part, done.stdout)
            self.assertIn(wrong, done.stderr)

    def test_a_disk_is_imported(self):
        with tempfile.TemporaryDirectory() as folder:
            with open(os.path.join(folder, "old disk.img"), "wb") as file:
                file.write(bytes(510) + b"\x55\xaa" + b"x" * 512)
            done = tessera("import", "old disk.img", "machines", cwd=folder)
            self.assertEqual((done.returncode, done.stderr), (0, ""))
            self.assertEqual(done.stdout, f"{os.path.realpath(folder)}/machines/old disk\n")
            self.assertEqual(sorted(os.listdir(os.path.join(folder, "machines", "old disk"))), ["disk.img", "old disk.machine"])

    def test_what_plugins_refuse(self):
        for plugin, arguments, status, expected in REFUSED:
            if tessera("plugins", "inspect", plugin).returncode:
                continue  # built without it
            with self.subTest(arguments=arguments), tempfile.TemporaryDirectory() as folder:
                for name, content in (("image", bytes(65536)), ("empty", b""), ("qcow2", b"QFI\xfb" + bytes(65532))):
                    with open(os.path.join(folder, name), "wb") as file:
                        file.write(content)
                done = tessera(*PC, *arguments, cwd=folder)
                self.assertEqual(done.returncode, status, done.stderr)
                self.assertIn(expected, done.stderr)
                self.assertEqual(done.stderr.count("\n"), 1, done.stderr)

    def test_relative_paths_of_a_machine_start_at_its_folder(self):
        """However the machine is named: by a bare file name, from its folder or from another."""
        if tessera("plugins", "inspect", "blk-raw").returncode:
            self.skipTest("built without blk-raw")
        with tempfile.TemporaryDirectory() as folder:
            os.mkdir(os.path.join(folder, "elsewhere"))
            own_pc(folder, "[Instance cdmedium0]", "[Instance cdmedium0]\nfile=disc")
            for cwd, name in ((".", "x.machine"), (".", "./x.machine"), ("elsewhere", "../x.machine")):
                with self.subTest(cwd=cwd):
                    path = os.path.join(folder, "disc")
                    done = tessera("run", name, *PC[2:], cwd=os.path.join(folder, cwd))
                    self.assertEqual(done.returncode, 1, done.stderr)
                    self.assertRegex(done.stderr, rf"^tessera: \S*x.machine:\d+: file: file: {path}: No such file or directory; name a "
                                                  r"file that exists \(a relative path starts at the manifest's folder\)\n$")
                    with open(path, "wb"):
                        pass  # found, and refused for being empty
                    done = tessera("run", name, *PC[2:], cwd=os.path.join(folder, cwd))
                    self.assertEqual(done.stderr, f"tessera: cdmedium0: {path} is empty; make an image: truncate -s 4G FILE\n")
                    os.unlink(path)

    def test_a_machine_of_a_stranger_reaches_its_own_folder_only(self):
        """Every way in which a manifest can name a file, with files outside of its folder and links that lead there."""
        needed = ("blk-raw", "chardev", "fw-cfg", "board-rom", "vga", "rtc-mc146818", "debugcon")
        if any(tessera("plugins", "inspect", plugin).returncode for plugin in needed):
            self.skipTest("built without some of " + ", ".join(needed))
        with tempfile.TemporaryDirectory() as folder:
            own, foreign = os.path.join(folder, "own"), os.path.join(folder, "own-not")
            os.mkdir(own)
            os.mkdir(foreign)
            with open(os.path.join(foreign, "file"), "wb") as file:
                file.write(b"precious")
            os.symlink("../own-not", os.path.join(own, "folder-link"))
            os.symlink("../own-not/file", os.path.join(own, "file-link"))
            os.symlink("../own-not/new", os.path.join(own, "dangling"))
            output = "[Instance out0]\nplugin=chardev\nkind=file\npath=%s\n"
            for path in ("../own-not/file", foreign + "/file", "folder-link/file", "file-link", "dangling", "folder-link/new",
                         "nowhere/../../own-not/file", ".hidden", "sub/.hidden/file", "/dev/null", own, "."):
                for old, new, key in (("[Instance cdmedium0]", f"[Instance cdmedium0]\nfile={path}", "file"),
                                      ("[Instance fwcfg0]", f"[Instance fwcfg0]\nkernel={path}", "kernel"),
                                      ("[Instance fwcfg0]", f"[Instance fwcfg0]\nfiles=opt/x={path}", "files"),
                                      ("bios=firmware:bios-256k.bin;bios.bin", f"bios={path}", "bios"),
                                      ("rom=firmware:vgabios-stdvga.bin", f"rom={path}", "rom"),
                                      ("[Instance rtc0]", f"[Instance rtc0]\nfile={path}", "file"),
                                      ("[Instance serial0]", f"[Instance out0]\nplugin=debugcon\nfile={path}\n[Instance serial0]", "file"),
                                      ("[Instance serial0]", output % path + "[Instance serial0]", "path"),
                                      ("[Instance serial0]", output.replace("=file", "=unix") % path + "[Instance serial0]", "path"),
                                      ("[Instance serial0]\n", f"[Instance serial0]\nslot.default=file:{path}\n", ""),
                                      ("[Instance disk0]\n", f"[Instance disk0]\nslot.default={path}\n", "")):
                    with self.subTest(path=path, new=new):
                        own_pc(own, old, new)
                        options = ("--ui", "none", "--nic", "none", "--timeout", "5")
                        done = tessera("run", "x.machine", *options, cwd=own)
                        self.assertEqual(done.returncode, 2, done.stderr)
                        self.assertRegex(done.stderr, rf"^tessera: x.machine:\d+: {key}.*: .* is not in the manifest's folder, or hidden "
                                                      r"there; name it on the command line \(--set \w+\.\w+=…\), or allow all that "
                                                      r"this manifest names with --trust\n$")
            with open(os.path.join(foreign, "file"), "rb") as file:
                self.assertEqual(file.read(), b"precious")
            self.assertEqual(os.listdir(foreign), ["file"])

    def test_a_machine_that_extends_a_preset_is_not_trusted_for_it(self):
        """The preset may name any file; what is laid over it may not, nor may it move the preset's words to a file."""
        if tessera("plugins", "inspect", "blk-raw").returncode:
            self.skipTest("built without blk-raw")
        with tempfile.TemporaryDirectory() as folder:
            os.mkdir(os.path.join(folder, "own"))
            for text, told in (("extends=pc\n[Instance cdmedium0]\nfile=../x", "file: file: "),
                               ("extends=pc\n[Instance disk0]\nslot.default=../x", "slot.default: file: "),
                               ("extends=../x.machine", "extends: "), ("extends=/etc/hostname", "extends: "),
                               ("extends=.hidden.machine", "extends: ")):
                for name in ("x", "x.machine", "own/.hidden.machine"):
                    with open(os.path.join(folder, name), "w", encoding="utf-8") as file:
                        file.write("[Machine]\nextends=pc\n")
                with open(os.path.join(folder, "own", "y.machine"), "w", encoding="utf-8") as file:
                    file.write(f"[Machine]\n{text}\n")
                with self.subTest(text=text):
                    done = tessera("run", "own/y.machine", *PC[2:], cwd=folder)
                    self.assertEqual(done.returncode, 2, done.stderr)
                    self.assertRegex(done.stderr, rf"^tessera: own/y.machine:\d: {told}.* is not in the manifest's folder, or hidden there")

    def test_what_lifts_the_bounds_of_a_manifest(self):
        if tessera("plugins", "inspect", "fw-cfg").returncode:
            self.skipTest("built without fw-cfg")
        with tempfile.TemporaryDirectory() as folder:
            os.mkdir(os.path.join(folder, "own"))
            with open(os.path.join(folder, "file"), "wb") as file:
                file.write(b"no kernel")
            own_pc(os.path.join(folder, "own"), "[Instance fwcfg0]", "[Instance fwcfg0]\nkernel=../file")
            machine = ("run", "own/x.machine", *PC[2:])
            for options in (("--trust",), ("--trust=yes",), ("--kernel", "file"), ("--set", "fwcfg0.kernel=file")):
                with self.subTest(options=options):  # found, and refused for what it is
                    self.assertIn("is not a Linux kernel", tessera(*machine, *options, cwd=folder).stderr)
            self.assertIn("with --trust", tessera(*machine, "--trust=no", cwd=folder).stderr)
            self.assertIn("is not true or false", tessera(*machine, "--trust=perhaps", cwd=folder).stderr)
            # A word of an option is the manifest's, too.
            own_pc(os.path.join(folder, "own"), "kernel=fwcfg0.kernel", "kernel=fwcfg0.kernel\nkernel.mine=/etc/passwd")
            done = tessera(*machine, "--kernel", "mine", cwd=folder)
            self.assertRegex(done.stderr, r"^tessera: own/x.machine:\d+: kernel.mine: kernel: /etc/passwd is not in the manifest's folder")

    def test_firmware_is_looked_for_by_name(self):
        """Not by a path, which would lead out of the folders of firmware."""
        if tessera("plugins", "inspect", "board-rom").returncode:
            self.skipTest("built without board-rom")
        with tempfile.TemporaryDirectory() as folder:
            os.makedirs(os.path.join(folder, "share", "seabios"))
            with open(os.path.join(folder, "secret"), "wb") as file:
                file.write(bytes(100))
            environment = dict(ENVIRONMENT, XDG_DATA_DIRS=os.path.join(folder, "share"))
            for setting in ("board0.search=../../secret", "board0.bios=firmware:../../secret"):
                done = subprocess.run([TESSERA, *PC, "--set", setting], env=environment, capture_output=True, text=True, timeout=30)
                self.assertEqual(done.returncode, 1, done.stderr)

    def check_limited(self, limits, user=None, environment=None, **keywords):
        """A machine under resource limits: it runs until its time is over, or says in one line what it lacks."""
        def limit():
            for number, value in limits.items():
                resource.setrlimit(number, (value, value))
            if user:
                os.setgid(user)
                os.setuid(user)
        arguments = ("run", "pc", *PC[2:-1], "0.3", "--memory", "16M")
        done = subprocess.run([TESSERA, *arguments], env=environment or ENVIRONMENT, stdin=subprocess.DEVNULL, capture_output=True, text=True,
                              timeout=60, preexec_fn=limit, check=False, **keywords)
        self.assertIn(done.returncode, (1, 124), done.stderr)
        self.assertEqual(done.stderr.count("\n"), 1, done.stderr)
        self.assertTrue(done.stderr.startswith("tessera: "), done.stderr)
        return done.returncode

    def test_limits_on_descriptors(self):
        for number in (*range(4, 26), 32):
            with self.subTest(number=number):
                done = subprocess.run([TESSERA, "ctl", "/nonexistent", "status"], env=ENVIRONMENT, capture_output=True, text=True, timeout=30,
                                      preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (number, number)), check=False)
                self.assertEqual((done.returncode, done.stderr.count("\n")), (1, 1), done.stderr)
                status = self.check_limited({resource.RLIMIT_NOFILE: number})
                self.assertEqual(status, 124 if number >= 30 else status)

    @unittest.skipIf(os.environ.get("TESSERA_SANITIZE", "OFF") != "OFF", "sanitizers reserve address space themselves")
    def test_limits_on_address_space(self):
        # a machine takes some 1200: where a thread of GLib's has no room for its stack, GLib ends the program (docs/STATUS.md)
        for megabytes in (24, 32, 48, 64, 80, 96, 112, 128, 144, 160, 200, 300, 400, 500, 600, 700, 800, 900, 1000, 2000, 4000):
            with self.subTest(megabytes=megabytes):
                self.check_limited({resource.RLIMIT_AS: megabytes << 20})

    @unittest.skipIf(os.getuid(), "only root can count the processes of a user that has none")
    def test_limits_on_threads(self):
        # LeakSanitizer starts a process at the end.
        for number in range(1 if os.environ.get("TESSERA_SANITIZE", "OFF") == "OFF" else 2, 16):
            with self.subTest(number=number):
                self.check_limited({resource.RLIMIT_NPROC: number}, user=54000 + number)

    def test_a_process_without_a_home(self):
        """As a service: no environment, a user that has no entry, a working directory that cannot be written to."""
        user = None if os.getuid() else 54321
        self.assertEqual(self.check_limited({}, user=user, environment={"PATH": "/usr/bin:/bin"}, cwd="/"), 124)

    def test_help(self):
        for arguments in (("--help",), ("help",), ("help", "run"), ("run", "--help"), ("plugins", "--help"), ("machines", "--help"),
                          ("ctl", "--help"), ("view", "--help"), ("monitor", "--help"), ("demo", "--help"), ("sdk", "--help"), ("help", "sdk"), ("run", "x", "--memory", "1", "--help")):
            done = tessera(*arguments)
            self.assertEqual((done.returncode, done.stderr), (0, ""))
            self.assertTrue(done.stdout.startswith("usage: tessera"))
            self.assertLess(max(map(len, done.stdout.splitlines())), 132)

    def test_no_command(self):
        """Without a display there is no library of machines to open."""
        environment = {name: value for name, value in os.environ.items() if name not in ("DISPLAY", "WAYLAND_DISPLAY")}
        done = subprocess.run([TESSERA], capture_output=True, text=True, env=environment, timeout=60)
        self.assertEqual((done.returncode, done.stderr), (2, ""))
        self.assertTrue(done.stdout.startswith("usage: tessera"))

    def test_version(self):
        self.assertRegex(tessera("--version").stdout, r"^tessera \d+\.\d+\.\d+\n$")

    def test_plugins(self):
        done = tessera("plugins", "list")
        self.assertEqual(done.returncode, 0)
        self.assertRegex(done.stdout, r"(?m)^test-cpu +1\.0\.0 +cpu +A processor that does one thing$")
        done = tessera("plugins", "inspect", "test-device")
        for text in ("colour ", "a number from 0 to 16777215; default 3368601", "can be changed while the machine runs", "read only", "ports 0x3f8"):
            self.assertIn(text, done.stdout)

    def test_a_refused_plugin_stops_nobody(self):
        with tempfile.TemporaryDirectory() as folder:
            os.makedirs(os.path.join(folder, "bad", "1.0.0"))
            with open(os.path.join(folder, "bad", "1.0.0", "bad.plugin"), "w") as file:
                file.write("[Plugin]\nid=bad\n")
            environment = dict(ENVIRONMENT, TESSERA_PLUGIN_PATH=PLUGINS + ":" + folder)
            done = subprocess.run([TESSERA, "plugins", "list"], env=environment, capture_output=True, text=True)
            self.assertIn("bad.plugin:1: [Plugin]: key version is missing", done.stdout)
            done = subprocess.run([TESSERA, *TEST, "--exit", "7"], env=environment, capture_output=True, text=True)
            self.assertEqual(done.returncode, 7)

    def test_machines(self):
        self.assertRegex(tessera("machines").stdout, r"(?m)^pc +\S")

    def test_machines_are_files_of_that_kind_each_once(self):
        with tempfile.TemporaryDirectory() as folder:
            for name in ("other.machine", "pc.machine", "notes.txt"):
                with open(os.path.join(folder, name), "w") as file:
                    file.write("[Machine]\nname=Mine\n")
            listed = subprocess.run([TESSERA, "machines"], capture_output=True, text=True,
                                    env=dict(ENVIRONMENT, TESSERA_MACHINE_PATH=folder)).stdout
            self.assertEqual(len([line for line in listed.splitlines() if line.startswith("pc ")]), 1, listed)
            self.assertIn("other", listed)
            self.assertNotIn("notes", listed)

    def test_a_preset_by_the_name_of_its_file(self):
        with tempfile.TemporaryDirectory() as folder:
            done = tessera("run", "pc.machine", "--wibble", "1", cwd=folder)
            self.assertIn("--wibble: the machine has no such option", done.stderr)
            with open(os.path.join(folder, "pc.machine"), "w") as file:
                file.write("[Nothing]\n")
            self.assertIn("pc.machine:1: [Machine]", tessera("run", "pc.machine", cwd=folder).stderr)

    def test_a_pseudo_terminal_is_named(self):
        done = tessera("run", "pc", "--serial", "none", "--serial", "pty", "--ui", "none", "--nic", "none", "--timeout", "1")
        self.assertRegex(done.stderr, r"(?m)^tessera: serial1 is /dev/pts/\d+$")

    def test_time_limit(self):
        done = tessera("run", MACHINE, "--timeout", "0.2")
        self.assertEqual(done.returncode, 124)
        self.assertEqual(done.stderr, "tessera: the time limit of 0.2 seconds ran out\n")

    def test_a_time_limit_of_more_than_an_hour(self):
        """With the seconds for the stop it is 2^32 microseconds and some."""
        process = subprocess.Popen([TESSERA, "run", MACHINE, "--timeout", "4290"], env=ENVIRONMENT, stdin=subprocess.DEVNULL,
                                   stderr=subprocess.PIPE)
        try:
            with self.assertRaises(subprocess.TimeoutExpired):
                process.wait(3)
        finally:
            process.kill()
            process.communicate()

    def test_a_file_size_limit_is_told(self):
        done = tessera(*TEST, "--memory", "64M", preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, 1 << 20)))
        self.assertEqual(done.returncode, 1, done.stderr)
        self.assertIn("raise the limit on the size of files (ulimit -f), or reduce --memory", done.stderr)
        self.assertEqual(done.stderr.count("\n"), 1, done.stderr)

    def test_stop_at_needs_a_deterministic_clock(self):
        done = tessera(*TEST, "--stop-at", "1M")
        self.assertEqual(done.returncode, 2)
        self.assertIn("clock=deterministic", done.stderr)

    def test_exit_status_and_stats(self):
        done = tessera(*TEST, "--exit", "0", "--stats")
        self.assertEqual(done.returncode, 0)
        self.assertIn("instructions 1\n", done.stderr)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1] + sys.argv[4:])
