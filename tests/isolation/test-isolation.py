#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""A serial port with isolation=process, whose guest sends back what it receives, by interrupts; its process is killed meanwhile. A
device that hangs and crashes when it is told to. Arguments: tessera, the guest, a folder with the plugin of that device."""

import os
import random
import select
import signal
import subprocess
import sys
import tempfile
import threading
import time
import unittest

TESSERA, GUEST, PLUGINS = sys.argv[1:4]
ENVIRONMENT = dict(os.environ, TESSERA_PLUGIN_PATH=PLUGINS, LC_ALL="C.UTF-8", DISPLAY="", WAYLAND_DISPLAY="")
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

    def write_all(self, data):
        while data:
            data = data[os.write(self.process.stdin.fileno(), data[:512]):]

    def write(self, data):
        os.write(self.process.stdin.fileno(), data)

    def ctl(self, *arguments, check=True):
        return subprocess.run([TESSERA, "ctl", self.socket, *arguments], env=ENVIRONMENT, capture_output=True, text=True,
                              timeout=SECONDS, check=check).stdout

    def watch(self):
        watcher = subprocess.Popen([TESSERA, "ctl", self.socket, "watch"], env=ENVIRONMENT, stdout=subprocess.PIPE, text=True)
        watcher.stdout.readline()  # the state: from now on it hears all
        return watcher

    def processes(self, name="com1"):
        """Of an isolated device: (supervisors, devices)."""
        found = {}
        for entry in filter(str.isdigit, os.listdir("/proc")):
            try:
                with open(f"/proc/{entry}/cmdline", "rb") as file:
                    words = file.read().split(b"\0")
                with open(f"/proc/{entry}/stat", "rb") as file:
                    parent = int(file.read().rsplit(b")", 1)[1].split()[1])
            except OSError:
                continue
            if words[4:5] == [f"{name} of machine {self.process.pid}".encode()]:
                found[int(entry)] = parent
        return ([pid for pid, parent in found.items() if parent not in found], [pid for pid, parent in found.items() if parent in found])

    def device(self, name="com1"):
        """Its process, as soon as there is one: another one may be about to take the place of one that was killed."""
        end = time.monotonic() + SECONDS
        while not (devices := self.processes(name)[1]):
            assert time.monotonic() < end and self.process.poll() is None, f"{name} has no process"
            time.sleep(0.02)
        return devices[0]

    def told_of(self, name, action):
        """Does something and returns what the machine then tells of the end of the device's process."""
        with self.watch() as watcher:
            try:
                action()
                for line in watcher.stdout:
                    if f"'{name}', 'isolation'" in line or f"'{name}', 'fault'" in line:
                        return line
            finally:
                watcher.kill()
        return ""

    def kill_device(self, number=signal.SIGKILL, name="com1"):
        return self.told_of(name, lambda: os.kill(self.device(name), number))


class IsolationCase(unittest.TestCase):
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


class IsolationTest(IsolationCase):
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
        device = machine.device()
        self.assertEqual(sorted(os.listdir(f"/proc/{device}/fd")), ["0", "1", "2"])
        with open(f"/proc/{device}/status", encoding="ascii") as status:
            lines = dict(line.split(":", 1) for line in status)
        if "jail       off" not in machine.ctl("status"):
            self.assertEqual(lines["Seccomp"].strip(), "2")
            self.assertEqual(int(lines["CapEff"], 16), 0)

    def test_a_device_that_is_killed_comes_back(self):
        machine = self.start(*ISOLATED)
        self.say(machine, b"before")
        for number in range(4):
            self.assertIn("ended by signal 9 (Killed); another one has taken its place, with the state", machine.kill_device())
            self.say(machine, b"after %d" % number)

    def test_nothing_is_lost_or_said_twice_when_it_is_killed_meanwhile(self):
        machine = self.start(*ISOLATED)
        sent = random.Random(5).randbytes(6000).replace(b"\n", b"n")
        writer = threading.Thread(target=machine.write_all, args=(sent,))
        writer.start()
        heard = b""
        for _ in range(6):
            heard += machine.read(len(sent) // 8)
            os.kill(machine.device(), signal.SIGKILL)
        heard += machine.read(len(sent) - len(heard))
        writer.join(SECONDS)
        self.assertTrue(heard == sent, f"{len(heard)} of {len(sent)} bytes, the first that differs is at "
                                       f"{len(os.path.commonprefix([heard, sent]))}")

    def test_a_device_that_ends_again_and_again_is_left_until_a_reset(self):
        machine = self.start(*ISOLATED)
        told = [machine.kill_device(signal.SIGSEGV) for _ in range(6)]
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


class CallTest(IsolationCase):
    """The device stuck0, whose calls are changes of its property `order`; it counts them."""

    def setUp(self):
        super().setUp()
        self.machine = self.start("--add", "stuck0=stuck", "--set", "stuck0.isolation=process")

    def order(self, what):
        return self.machine.ctl("set", f"stuck0.order={what}", check=False)

    def count(self):
        self.order("")  # the same order twice is no change
        self.order("count")
        return int(self.machine.ctl("get", "stuck0.count"))

    def test_the_board(self):
        self.assertEqual(int(self.machine.ctl("get", "stuck0.place")), 0x1d << 3 | 3)
        self.assertEqual(int(self.machine.ctl("get", "stuck0.a20")), 1)

    def test_a_call_that_hangs_is_ended_and_named_and_has_not_happened(self):
        self.assertEqual(self.count(), 2)
        begin = time.monotonic()
        told = self.machine.told_of("stuck0", lambda: self.order("hang"))
        self.assertGreater(time.monotonic() - begin, 8)
        self.assertIn("its process did not answer for 10 seconds, and was ended; another one has taken its place, with the state", told)
        self.assertEqual(self.count(), 4)
        self.say(self.machine, b"all else goes on")

    def test_a_call_that_crashes_has_not_happened(self):
        self.assertEqual(self.count(), 2)
        told = self.machine.told_of("stuck0", lambda: self.order("crash"))
        self.assertIn("ended by signal 6 (Aborted); another one has taken its place, with the state", told)
        self.assertEqual(self.count(), 4)

    def test_a_call_in_which_it_is_killed_is_made_once_more(self):
        self.assertEqual(self.count(), 2)
        caller = threading.Thread(target=self.order, args=("slowly",))

        def kill():
            caller.start()
            time.sleep(0.5)
            os.kill(self.machine.processes("stuck0")[1][0], signal.SIGKILL)

        self.assertIn("with the state of its last call", self.machine.told_of("stuck0", kill))
        caller.join(SECONDS)
        self.assertEqual(int(self.machine.ctl("get", "stuck0.count")), 3)
        self.assertEqual(self.count(), 5)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=2)
