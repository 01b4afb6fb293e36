#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""A serial port with isolation=process, whose guest sends back what it receives, by interrupts; its process is killed meanwhile. A
device that hangs and crashes when it is told to. Arguments: rig.py."""

import os
import random
import signal
import subprocess
import sys
import threading
import time
import unittest

from rig import ENVIRONMENT, SECONDS, TESSERA, IsolationCase

ISOLATED = ("--set", "com1.isolation=process")

CAPABILITY = "40: beef0009"


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
            machine.end_device("com1")
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
                   "cd0.isolation=process": "it provides interfaces to other instances",
                   "ide0.isolation=process": "it has a need other than of tessera.chardev/1, tessera.net/1 and tessera.block/1",
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
        self.assertEqual(self.machine.ctl("get", "stuck0.has").strip(), "true")
        self.assertEqual(self.machine.ctl("get", "stuck0.capability").strip(), CAPABILITY)

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
        self.assertEqual(self.machine.ctl("get", "stuck0.capability").strip(), CAPABILITY)
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
