#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The jail, from inside: a device that was taken over makes system calls. Each attack is made in the jail, where the process is
killed or the call refused, and with --no-jail, where it works. Arguments: tessera, plugin folder, machine, guest ROM."""

import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import unittest

try:
    from gi.repository import Gio, GLib
except ImportError:
    Gio = None

TESSERA, PLUGINS, MACHINE, ROM = sys.argv[1:5]
ENVIRONMENT = dict(os.environ, LC_ALL="C.UTF-8", TESSERA_JAIL="")
TEST_ENVIRONMENT = dict(ENVIRONMENT, TESSERA_PLUGIN_PATH=PLUGINS)
DONE, REFUSED = 50, 51  # hostile.c
KILLED = -signal.SIGSYS
# Somebody whom every process of the same user may trace.
VICTIM = "import ctypes, time; ctypes.CDLL(None).prctl(0x59616d61, ctypes.c_ulong(-1), 0, 0, 0); print(flush=True); time.sleep(600)"

REFUSED_ATTACKS = ["read-file", "write-file", "create-file", "unlink", "rename", "chmod"]
KILLED_ATTACKS = ["exec", "execve", "fork", "clone-process", "connect", "netlink", "map-code", "make-code", "memfd", "ptrace",
                  "read-memory", "kill", "tgkill", "setuid"]
THREADS = ["vcpu", "worker", "poll", "main"]
# With --upgrades: what the main thread can do, what is refused, and what still ends the process.
LET_IN = ["read-plugin", "list-folder", "map-plugin", "memfd", "copy"]
REFUSED_AT_THE_DOOR = {"climb": "EACCES", "write-plugin": "EACCES", "two-copies": "EPERM", "clone-process": "EPERM", "tgkill": "EPERM"}
KILLED_AT_THE_DOOR = ["exec", "execve", "fork", "connect", "netlink", "map-code", "make-code", "map-writable", "map-shared", "ptrace",
                      "read-memory", "kill", "setuid"]


def lives(process):
    """A zombie does not."""
    try:
        with open(f"/proc/{process}/stat", encoding="utf-8") as file:
            return file.read().rsplit(") ", 1)[1][0] not in "ZX"
    except (FileNotFoundError, ProcessLookupError):
        return False


class JailTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="tessera-test-")
        self.addCleanup(folder.cleanup)
        self.folder = folder.name
        self.processes = []
        self.addCleanup(self.finish)

    def finish(self):
        for process in self.processes:
            if process.poll() is None:
                process.kill()
            process.wait()
            for pipe in (process.stdout, process.stderr):
                if pipe:
                    pipe.close()

    def path(self, name, contents=None):
        path = os.path.join(self.folder, name)
        if contents is not None:
            with open(path, "wb") as file:
                file.write(contents)
        return path

    def run_machine(self, *options, machine=MACHINE, environment=None):
        process = subprocess.Popen([TESSERA, "run", machine, "--ui", "none", "--timeout", "300", *options],
                                   env=environment or TEST_ENVIRONMENT, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                   stderr=subprocess.PIPE, text=True)
        self.processes.append(process)
        return process

    def ctl(self, *arguments):
        """Waits until there is a machine."""
        for _ in range(300):
            done = subprocess.run([TESSERA, "ctl", self.path("socket"), *arguments], env=ENVIRONMENT, capture_output=True, text=True,
                                  timeout=100)
            if "no machine answers" not in done.stderr:
                break
            time.sleep(0.02)
        return done

    def running(self):
        """Its status, as soon as it runs: it answers a moment before."""
        while "state      running\n" not in (status := self.ctl("status").stdout):
            self.assertIsNone(self.processes[-1].poll())
            time.sleep(0.02)
        return status

    def target(self, attack):
        if attack in ("exec", "execve"):
            return "/bin/true"
        if attack == "connect":
            return str(self.listener.getsockname()[1])
        if attack in ("ptrace", "read-memory", "kill", "tgkill"):
            return str(self.victim.pid)
        if attack in ("read-plugin", "write-plugin", "map-plugin", "map-writable", "map-shared"):
            return os.path.join(PLUGINS, "hostile", "1.0.0", "hostile.so")
        if attack == "read-names":
            return "/etc/resolv.conf"
        if attack in ("list-folder", "climb"):
            return PLUGINS
        return self.path("precious", b"a foreign file")

    def make_targets(self):
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.addCleanup(self.listener.close)
        self.victim = subprocess.Popen([sys.executable, "-c", VICTIM], stdout=subprocess.PIPE)
        self.processes.append(self.victim)
        self.victim.stdout.readline()

    def attack(self, name, thread, *options, plugin="hostile"):
        """How the machine ended, and what it said."""
        machine = self.run_machine("--say", "x", "--control", "unix:" + self.path("socket"), "--set", "evil0.plugin=" + plugin,
                                   "--set", "evil0.attack=" + name, "--set", "evil0.target=" + self.target(name),
                                   "--set", "evil0.thread=" + thread, *options)
        if thread == "main":
            self.ctl("set", "evil0.go=true")
        said = machine.communicate(timeout=300)[1]
        for left in ("precious.new", "precious.away"):
            if os.path.exists(self.path(left)):
                os.unlink(self.path(left))
        return machine.returncode, said

    def test_attacks(self):
        self.make_targets()
        for thread in THREADS:
            for name in REFUSED_ATTACKS:
                with self.subTest(attack=name, thread=thread):
                    status, said = self.attack(name, thread)
                    self.assertEqual((status, said), (REFUSED, "tessera: EACCES\n"))
                    with open(self.path("precious"), "rb") as file:
                        self.assertEqual(file.read(), b"a foreign file")
            for name in KILLED_ATTACKS:
                with self.subTest(attack=name, thread=thread):
                    self.assertEqual(self.attack(name, thread), (KILLED, ""))

    def test_attacks_without_a_jail(self):
        """Each of them works: what stops it above is the jail."""
        self.make_targets()
        for thread in THREADS:
            for name in REFUSED_ATTACKS + KILLED_ATTACKS:
                with self.subTest(attack=name, thread=thread):
                    status, said = self.attack(name, thread, "--no-jail")
                    self.assertEqual(status, 0 if name == "execve" else DONE, said)

    def test_upgrades_let_in_plugins_only(self):
        """What is to be seen of the host is what an upgrade needs, and to the main thread only."""
        self.make_targets()
        for name in LET_IN:
            with self.subTest(attack=name):
                self.assertEqual(self.attack(name, "main", "--upgrades"), (DONE, "tessera: the attack worked\n"))
        for name, why in dict.fromkeys(REFUSED_ATTACKS, "EACCES").items() | REFUSED_AT_THE_DOOR.items():
            with self.subTest(attack=name):
                self.assertEqual(self.attack(name, "main", "--upgrades"), (REFUSED, f"tessera: {why}\n"))
        for name in KILLED_AT_THE_DOOR:
            with self.subTest(attack=name):
                self.assertEqual(self.attack(name, "main", "--upgrades"), (KILLED, ""))
        for thread in THREADS[:3]:
            for name in ("read-plugin", "list-folder", "read-file"):
                with self.subTest(attack=name, thread=thread):
                    self.assertEqual(self.attack(name, thread, "--upgrades"), (REFUSED, "tessera: EACCES\n"))
            for name in ("memfd", "copy", "tgkill", "map-code"):
                with self.subTest(attack=name, thread=thread):
                    self.assertEqual(self.attack(name, thread, "--upgrades"), (KILLED, ""))

    def test_a_closed_jail_lets_in_nothing(self):
        self.make_targets()
        for name in ("read-plugin", "list-folder", "climb"):
            self.assertEqual(self.attack(name, "main"), (REFUSED, "tessera: EACCES\n"))
        for name in ("copy", "stay"):
            self.assertEqual(self.attack(name, "main"), (KILLED, ""))

    def test_a_copy_makes_no_copy(self):
        status, said = self.attack("copy-of-copy", "main", "--upgrades")
        self.assertEqual(status, REFUSED, said)

    def test_a_copy_does_not_outlive_the_machine(self):
        status, said = self.attack("stay", "main", "--upgrades")
        self.assertEqual(status, DONE, said)
        copy = int(said.split()[1])
        for _ in range(200):
            if not lives(copy):
                return
            time.sleep(0.02)
        os.kill(copy, signal.SIGKILL)
        self.fail("the copy is still there")

    def test_upgrades_and_a_network_adapter(self):
        """The porter hands out the name servers, as without it Landlock lets them through."""
        self.make_targets()
        for thread in ("vcpu", "poll", "main"):
            self.assertEqual(self.attack("connect", thread, "--upgrades", plugin="hostile-net")[0], DONE)
            status, said = self.attack("read-file", thread, "--upgrades", plugin="hostile-net")
            self.assertEqual((status, said), (REFUSED, "tessera: EACCES\n"))
        self.assertEqual(self.attack("read-names", "vcpu", "--upgrades", plugin="hostile-net")[0], DONE)
        self.assertEqual(self.attack("read-names", "vcpu", "--upgrades")[0], REFUSED)

    def test_network_adapter(self):
        """Sockets, and what asks for name servers; nothing else."""
        self.make_targets()
        for thread in ("vcpu", "poll", "main"):
            self.assertEqual(self.attack("connect", thread, plugin="hostile-net")[0], DONE)
            for name in ("read-file", "write-file", "unlink"):
                with self.subTest(attack=name, thread=thread):
                    status, said = self.attack(name, thread, plugin="hostile-net")
                    self.assertEqual((status, said), (REFUSED, "tessera: EACCES\n"))
            for name in ("netlink", "exec", "memfd"):
                self.assertEqual(self.attack(name, thread, plugin="hostile-net")[0], KILLED)
        self.assertEqual(self.attack("connect", "worker", plugin="hostile-net")[0], KILLED)

    def test_a_plugin_that_needs_other_programs(self):
        self.make_targets()
        self.assertEqual(self.attack("exec", "vcpu", plugin="hostile-exec")[0], DONE)

    def test_every_thread(self):
        """No capabilities, no new ones, a filter; a second filter for threads of a narrower kind."""
        machine = self.run_machine("--control", "unix:" + self.path("socket"))
        self.assertIn("jail       full\n", self.running())
        folder = f"/proc/{machine.pid}/task"
        filters = []
        for thread in os.listdir(folder):
            try:
                with open(f"{folder}/{thread}/status", encoding="utf-8") as status:
                    fields = dict(line.rstrip("\n").split(":\t", 1) for line in status if ":\t" in line)
            except (FileNotFoundError, ProcessLookupError):
                continue  # it has just ended
            for name in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"):
                if name != "CapBnd" or os.getuid() == 0:
                    self.assertEqual(int(fields[name], 16), 0, (name, fields["Name"]))
            self.assertEqual((fields["NoNewPrivs"], fields["Seccomp"]), ("1", "2"), fields["Name"])
            filters.append(int(fields.get("Seccomp_filters", "2")))
        self.assertGreater(len(filters), 5)
        self.assertGreaterEqual(sum(n >= 2 for n in filters), 2)

    def test_what_is_shown_of_upgrades(self):
        self.run_machine("--control", "unix:" + self.path("socket"), "--upgrades")
        self.assertIn("jail       full; open for upgrades of plugins\n", self.ctl("status").stdout)

    def test_what_is_shown(self):
        self.run_machine("--control", "unix:" + self.path("socket"), "--no-jail")
        self.assertIn("jail       off: not asked for\n", self.ctl("status").stdout)
        self.ctl("quit")
        self.processes[0].wait(100)
        self.run_machine("--control", "unix:" + self.path("socket"), "--set", "evil0.plugin=hostile-exec")
        self.assertIn("jail       off: evil0 (hostile-exec) cannot work in one\n", self.ctl("status").stdout)

    @unittest.skipUnless(Gio, "needs python3-gi")
    def test_paths_are_for_machines_without_a_jail(self):
        for options, saved in ([], False), (["--no-jail"], True):
            machine = self.run_machine("--control", "unix:" + self.path("socket"), *options)
            self.assertEqual(self.ctl("status").returncode, 0)
            bus = Gio.DBusConnection.new_for_address_sync("unix:path=" + self.path("socket"),
                                                          Gio.DBusConnectionFlags.AUTHENTICATION_CLIENT, None, None)
            said = ""
            try:
                bus.call_sync(None, "/org/tessera/Machine", "org.tessera.Machine1", "Save",
                              GLib.Variant("(s)", (self.path("state"),)), None, 0, 10000, None)
            except GLib.Error as error:
                said = error.message
            self.assertEqual(os.path.exists(self.path("state")), saved, said)
            self.assertEqual("SaveFd" in said, not saved)
            self.ctl("quit")
            machine.wait(100)

    def test_a_machine_that_is_killed_leaves_no_socket(self):
        machine = self.run_machine("--control", "unix:" + self.path("socket"))
        self.assertEqual(self.ctl("status").returncode, 0)
        machine.kill()
        machine.wait()
        for _ in range(200):
            if not os.path.exists(self.path("socket")):
                break
            time.sleep(0.02)
        self.assertFalse(os.path.exists(self.path("socket")))

    def run_disk(self, disk, *options):
        """A guest that writes, flushes and reads; its lines."""
        log = self.path("log")
        if os.path.exists(log):
            os.unlink(log)
        machine = self.run_machine("--bios", ROM, "--nic", "none", "--serial", "none", "--disk", f"{disk},format=raw",
                                   "--debugcon", "file:" + log, "--control", "unix:" + self.path("socket"), *options,
                                   machine="isapc", environment=ENVIRONMENT)
        lines = []
        while "ready" not in lines:
            self.assertIsNone(machine.poll(), machine.stderr.read() if machine.poll() is not None else "")
            time.sleep(0.05)
            if os.path.exists(log):
                with open(log, encoding="ascii") as file:
                    lines = file.read().splitlines()
        self.assertIn("jail       full\n", self.ctl("status").stdout)
        return machine, lines[:-1]

    def test_a_real_machine(self):
        """Disk and log; a state that is saved and loaded; media that are changed."""
        good = ["write: good", "first flush: good", "second flush: good", "read: good"]
        disk = self.path("disk", bytes(1 << 20))
        if os.getuid() == 0:  # opened with a capability that is gone afterwards
            os.chown(disk, 65534, 65534)
            os.chmod(disk, 0o600)
        for mode in ("persistent", "nonpersistent"):
            machine, lines = self.run_disk(disk, "--set", "disk0.mode=" + mode, "--set", "cdmedium0.mode=" + mode,
                                           "--set", "cdmedium0.read-only=false")
            self.assertEqual(lines, good)
            self.assertEqual(self.ctl("save", self.path("state")).stderr, "")
            self.assertEqual(self.ctl("screenshot", self.path("screen.png")).stderr, "")
            for _ in range(8):
                self.assertEqual(self.ctl("insert", "cdmedium0", self.path("other", bytes(4096))).stderr, "")
                self.assertTrue(self.ctl("get", "cdmedium0.file").stdout.endswith("/other\n"))
                self.assertEqual(self.ctl("eject", "cdmedium0").stderr, "")
            self.ctl("quit")
            self.assertEqual(machine.wait(100), 0)
            machine = self.run_machine("--bios", ROM, "--nic", "none", "--serial", "none", "--disk", f"{disk},format=raw",
                                       "--set", "disk0.mode=" + mode, "--set", "cdmedium0.mode=" + mode,
                                       "--set", "cdmedium0.read-only=false", "--debugcon", "file:" + self.path("log"),
                                       "--load", self.path("state"), "--control", "unix:" + self.path("socket"),
                                       machine="isapc", environment=ENVIRONMENT)
            self.assertIn("state      running\njail       full\n", self.running())
            self.ctl("quit")
            self.assertEqual(machine.wait(100), 0)
            self.assertEqual(sorted(os.listdir(self.folder)), ["disk", "log", "other", "screen.png", "state"])


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1] + sys.argv[5:])
