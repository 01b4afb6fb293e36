#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""A serial port with isolation=process, whose guest sends back what it receives, by interrupts; its process is killed meanwhile.
Arguments: tessera, the guest."""

import os
import select
import signal
import subprocess
import sys
import tempfile
import time
import unittest

TESSERA, GUEST = sys.argv[1:3]
ENVIRONMENT = dict(os.environ, LC_ALL="C.UTF-8", DISPLAY="", WAYLAND_DISPLAY="")
ISOLATED = ("--set", "com1.isolation=process")
SECONDS = 100  # for what takes a moment on a host that has time


class Machine:
    def __init__(self, folder, *options):
        self.socket = os.path.join(folder, "socket")
        self.process = subprocess.Popen(
            [TESSERA, "run", "pc", "--memory", "8M", "--disk", f"{GUEST},mode=nonpersistent", "--nic", "none", "--serial", "stdio",
             "--ui", "none", "--control", f"unix:{self.socket}", "--timeout", "200", *options],
            env=ENVIRONMENT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)

    def finish(self):
        self.process.kill()
        self.process.wait()
        for file in self.process.stdin, self.process.stdout, self.process.stderr:
            file.close()

    def read(self, length):
        heard = b""
        end = time.monotonic() + SECONDS
        while len(heard) < length and time.monotonic() < end:
            if select.select([self.process.stdout], [], [], 0.2)[0]:
                data = os.read(self.process.stdout.fileno(), length - len(heard))
                if not data:
                    raise AssertionError(f"the run ended: {self.process.stderr.read()}")
                heard += data
        return heard

    def write(self, data):
        os.write(self.process.stdin.fileno(), data)

    def ctl(self, *arguments):
        return subprocess.run([TESSERA, "ctl", self.socket, *arguments], env=ENVIRONMENT, capture_output=True, text=True,
                              timeout=SECONDS, check=True).stdout

    def watch(self):
        watcher = subprocess.Popen([TESSERA, "ctl", self.socket, "watch"], env=ENVIRONMENT, stdout=subprocess.PIPE, text=True)
        watcher.stdout.readline()  # the state: from now on it hears all
        return watcher

    def processes(self):
        """Of its isolated devices: (supervisors, devices)."""
        found = {}
        for entry in filter(str.isdigit, os.listdir("/proc")):
            try:
                with open(f"/proc/{entry}/cmdline", "rb") as file:
                    words = file.read().split(b"\0")
                with open(f"/proc/{entry}/stat", "rb") as file:
                    parent = int(file.read().rsplit(b")", 1)[1].split()[1])
            except OSError:
                continue
            if words[4:5] == [f"com1 of machine {self.process.pid}".encode()]:
                found[int(entry)] = parent
        return ([pid for pid, parent in found.items() if parent not in found], [pid for pid, parent in found.items() if parent in found])

    def kill_device(self):
        """Kills the device's process and returns what the machine tells of it."""
        with self.watch() as watcher:
            try:
                os.kill(self.processes()[1][0], signal.SIGKILL)
                for line in watcher.stdout:
                    if "'com1', 'isolation'" in line or "'com1', 'fault'" in line:
                        return line
            finally:
                watcher.kill()
        return ""


class IsolationTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="tessera-test-")
        self.addCleanup(folder.cleanup)
        self.folder = folder.name

    def start(self, *options, ready=b">"):
        machine = Machine(self.folder, *options)
        self.addCleanup(machine.finish)
        self.assertEqual(machine.read(len(ready)), ready)
        return machine

    def say(self, machine, data):
        machine.write(data)
        self.assertEqual(machine.read(len(data)), data)

    def save(self, machine):
        state = os.path.join(self.folder, "state")
        machine.ctl("save", state)
        return state

    def test_a_device_runs_in_a_process_of_its_own(self):
        machine = self.start(*ISOLATED, "--set", "com2.isolation=process")
        self.say(machine, bytes(range(32, 127)) * 3)
        supervisors, devices = machine.processes()
        self.assertEqual((len(supervisors), len(devices)), (1, 1))
        with open(f"/proc/{machine.process.pid}/maps", encoding="utf-8") as maps:
            self.assertFalse("uart-16550a.so" in maps.read())
        with open(f"/proc/{devices[0]}/maps", encoding="utf-8") as maps:
            text = maps.read()
        self.assertTrue("uart-16550a.so" in text)
        self.assertFalse("libtessera-1" in text)
        self.assertFalse("guest-ram" in text)
        machine.ctl("quit")
        machine.process.wait(SECONDS)
        self.assertEqual(machine.processes(), ([], []))

    def test_its_process_has_nothing_open(self):
        machine = self.start(*ISOLATED)
        device = machine.processes()[1][0]
        self.assertEqual(sorted(os.listdir(f"/proc/{device}/fd")), ["0", "1", "2"])
        with open(f"/proc/{device}/status", encoding="ascii") as status:
            lines = dict(line.split(":", 1) for line in status)
        if "jail       off" not in machine.ctl("status"):
            self.assertEqual(lines["Seccomp"].strip(), "2")
            self.assertEqual(int(lines["CapEff"], 16), 0)

    def test_a_device_that_is_killed_comes_back(self):
        machine = self.start(*ISOLATED)
        self.say(machine, b"before")
        self.save(machine)  # its state is kept
        for number in range(2):
            self.assertIn("ended by signal 9 (Killed); another one has taken its place, with the state", machine.kill_device())
            self.say(machine, b"after %d" % number)
            self.save(machine)

    def test_a_device_that_ends_again_and_again_is_left_until_a_reset(self):
        machine = self.start(*ISOLATED)
        told = [machine.kill_device() for _ in range(6)]
        self.assertIn("as after a reset", told[3])
        self.assertIn("'fault'", told[5])
        self.assertIn("the guest sees no device until the machine is reset", told[5])
        self.assertIn("running", machine.ctl("status"))
        machine.ctl("reset")
        self.assertEqual(machine.read(1), b">")
        self.say(machine, b"there again")

    def test_states_do_not_tell_where_a_device_ran(self):
        machine = self.start(*ISOLATED)
        self.say(machine, b"before")
        state = self.save(machine)
        machine.finish()
        for options in (), ISOLATED:
            machine = self.start("--load", state, *options, ready=b"")
            self.say(machine, b"after")
            state = self.save(machine)
            machine.finish()

    def test_what_cannot_be_isolated_is_refused(self):
        refused = {"pic0.isolation=process": "it provides interfaces to other instances",
                   "serial0.isolation=process": "only devices can be isolated",
                   "com1.isolation=yes": "none or process",
                   "vga0.isolation=process": "remove isolation=process"}
        for setting, why in refused.items():
            with self.subTest(setting):
                done = subprocess.run([TESSERA, "run", "pc", "--serial", "stdio", "--ui", "none", "--set", setting], env=ENVIRONMENT,
                                      capture_output=True, text=True, timeout=SECONDS, check=False)
                self.assertIn(done.returncode, (1, 2), done.stderr)
                self.assertIn(why, done.stderr)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=2)
