#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Profiles of guest.c. Arguments: tessera, the processor, the program as ELF and as ROM, the machine."""

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
import unittest
import xml.etree.ElementTree as xml

TESSERA, PROCESSOR, ELF, ROM, MACHINE = sys.argv[1:6]
TIMES_OF_LONG = 3  # as in guest.c
LATE_SIGNALS = os.environ.get("TESSERA_SANITIZE") == "thread"  # which calls handlers only at certain places


def run(*options, **more):
    return subprocess.run([TESSERA, "run", *options], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=200, check=False, **more)


class Profile(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.stem = os.path.join(cls.folder.name, "profile")
        cls.done = run(MACHINE, "--cpu", PROCESSOR, "--bios", ROM, "--debugcon", "file:" + os.path.join(cls.folder.name, "console"),
                       "--debug-exit", "port=0xf4", "--timeout", "180", "--profile", cls.stem, "--symbols", ELF)
        cls.profile = json.loads(cls.read("json"))

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()

    @classmethod
    def read(cls, suffix, stem=None):
        with open(f"{stem or cls.stem}.{suffix}", encoding="utf-8") as file:
            return file.read()

    def totals(self, section):
        return {row["name"]: row["ns"] for row in self.profile[section]}

    def stacks(self, *wanted):
        """Time of the stacks that have all these frames."""
        return sum(row["ns"] for row in self.profile["stacks"] if set(wanted) <= set(row["frames"]))

    def test_run_ends_as_without_a_profile(self):
        self.assertEqual((self.done.returncode, self.done.stderr), (1, "tessera: the guest wrote 0 to the debug exit port\n"))

    def test_loops_are_in_proportion(self):
        functions = self.totals("functions")
        self.assertGreater(functions["spin_short"], 0.1 * self.profile["cpu-ns"], functions)
        ratio = functions["spin_long"] / functions["spin_short"]
        self.assertTrue(0.6 * TIMES_OF_LONG < ratio < 1.6 * TIMES_OF_LONG, functions)

    def test_ports_count_on_their_device_and_function(self):
        devices = self.totals("devices")
        pit = next(name for name in devices if name.startswith("pit0 (pit-8254"))
        others = [ns for name, ns in devices.items() if name != pit and not name.startswith("debugexit0")]  # that one ends the run
        self.assertGreater(devices[pit], max(others, default=0), devices)
        self.assertGreater(self.stacks("read_counter", pit, "read"), 0)
        self.assertEqual(self.stacks("spin_long", pit, "read"), 0)

    def test_tier_and_mode(self):
        wanted = {"cpu-bt": ("translated", "translated, hot"), "cpu-interp": ("interpreter",)}[PROCESSOR]
        tiers = self.totals("tiers")
        self.assertGreater(sum(tiers.get(name, 0) for name in wanted), 0.6 * self.profile["cpu-ns"], tiers)
        self.assertGreater(self.totals("modes")["kernel"], 0.8 * self.profile["cpu-ns"])

    def test_each_section_has_all_the_time(self):
        self.assertGreater(self.profile["samples"], 50)
        for section in ("tiers", "modes", "code", "stacks"):
            self.assertEqual(sum(row["ns"] for row in self.profile[section]), self.profile["cpu-ns"], section)

    def test_text_and_stacks_say_the_same(self):
        self.assertRegex(self.read("txt"), r"(?m)^By function of the guest\n +ms +%\n +[0-9.]+ +[0-9.]+  spin_long$")
        folded = dict(line.rsplit(" ", 1) for line in self.read("folded").splitlines())
        spent = sum(int(value) for stack, value in folded.items() if ";spin_long;" in stack)
        self.assertAlmostEqual(spent / (self.totals("functions")["spin_long"] / 1000), 1, delta=0.02)

    def test_picture_is_complete(self):
        text = self.read("svg")
        titles = [title.text for title in xml.fromstring(text).iter("{http://www.w3.org/2000/svg}title")]
        self.assertTrue(any(title.startswith("spin_long: ") for title in titles), titles)
        self.assertNotIn("href", text)
        self.assertEqual(text.count("http"), 1)  # the name of SVG itself


class Ends(unittest.TestCase):
    """However a run ends, its files are there. The BIOS waits for keys without end."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.path = os.path.join(folder.name, "p")
        self.command = ["pc", "--ui", "none", "--nic", "none", "--serial", "none", "--cpu", PROCESSOR, "--profile", self.path]

    def check(self):
        with open(self.path + ".json", encoding="utf-8") as file:
            modes = {row["name"]: row["ns"] for row in json.load(file)["modes"]}
        self.assertGreater(modes.get("real mode", 0) + modes.get("kernel", 0), 0)
        for suffix in ("txt", "folded", "svg"):
            self.assertGreater(os.path.getsize(f"{self.path}.{suffix}"), 100)

    def test_time_limit(self):
        self.assertEqual(run(*self.command, "--timeout", "1").returncode, 124)
        self.check()

    def test_signal_and_control(self):
        socket = self.path + ".socket"
        with subprocess.Popen([TESSERA, "run", *self.command, "--control", "unix:" + socket]) as process:
            try:
                self.check_control(socket)
            finally:
                process.send_signal(signal.SIGTERM)
            self.assertEqual(process.wait(60), 143)
        self.check()

    def check_control(self, socket):
        ends = time.monotonic() + 60
        while not self.ask(socket).returncode == 0 or not json.loads(self.ask(socket).stdout)["samples"]:
            self.assertLess(time.monotonic(), ends)
            time.sleep(0.1)
        self.assertIn("\nBy tier\n", self.ask(socket, "txt").stdout)
        refused = self.ask(socket, "pdf")
        self.assertEqual(refused.returncode, 1)
        self.assertIn('no format "pdf"', refused.stderr)

    @staticmethod
    def ask(socket, *formats):
        return subprocess.run([TESSERA, "ctl", socket, "profile", *formats], capture_output=True, text=True, timeout=60, check=False)


class Live(unittest.TestCase):
    """Profiles of a machine that runs already, in its jail. The guest is a loop without end."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.socket = folder.name + "/socket"
        with open(folder.name + "/loop", "wb") as rom:
            rom.write(b"\xff" * 0xfff0 + b"\xeb\xfe" + b"\xff" * 14)
        self.process = subprocess.Popen([TESSERA, "run", MACHINE, "--cpu", PROCESSOR, "--bios", rom.name, "--control", "unix:" + self.socket,
                                         "--timeout", "200"], stderr=subprocess.DEVNULL)
        self.addCleanup(self.process.wait)
        self.addCleanup(self.process.kill)
        self.until(lambda: "running" in self.ctl("status").stdout)

    def until(self, condition):
        ends = time.monotonic() + 60
        while not condition():
            self.assertLess(time.monotonic(), ends)
            time.sleep(0.05)

    def ctl(self, *words):
        return subprocess.run([TESSERA, "ctl", self.socket, *words], capture_output=True, text=True, timeout=60, check=False)

    def profile(self):
        return json.loads(self.ctl("profile").stdout)

    def is_sampled(self):
        """The sampler is a thread."""
        names = []
        for task in os.listdir(f"/proc/{self.process.pid}/task"):
            with open(f"/proc/{self.process.pid}/task/{task}/comm", encoding="ascii") as file:
                names.append(file.read().strip())
        return "sampler" in names

    def catches_sigprof(self):
        with open(f"/proc/{self.process.pid}/status", encoding="utf-8") as file:
            caught = next(int(line.split()[1], 16) for line in file if line.startswith("SigCgt:"))
        return bool(caught >> (signal.SIGPROF - 1) & 1)

    def sample(self):
        self.assertEqual(self.ctl("profile", "start").stderr, "")
        self.until(lambda: self.profile()["samples"] > 20)

    def refused(self, words, *command):
        done = self.ctl(*command)
        self.assertEqual((done.returncode, done.stdout), (1, ""))
        self.assertIn(words, done.stderr)

    def test_started_and_stopped(self):
        self.assertFalse(self.is_sampled() or self.catches_sigprof())
        self.refused("no profile was taken", "profile")
        self.refused("no profile is taken", "profile", "stop")
        self.sample()
        self.assertTrue(self.is_sampled())
        profile = self.profile()
        self.assertTrue(profile["running"])
        self.assertGreater(sum(row["ns"] for row in profile["modes"] if row["name"] == "real mode"), 0.5 * profile["cpu-ns"], profile["modes"])
        self.assertEqual(self.ctl("profile", "stop").stderr, "")
        self.assertFalse(self.is_sampled())
        self.stays_as_it_is()

    def stays_as_it_is(self):
        before = self.profile()
        self.assertFalse(before["running"])
        time.sleep(0.3)
        self.assertEqual(self.profile(), before)

    def test_started_anew(self):
        self.sample()
        self.refused("a profile is taken already", "profile", "start")
        self.ctl("profile", "stop")
        before = self.profile()
        time.sleep(0.5)  # which neither of them counts
        self.ctl("profile", "start")
        after = self.profile()
        self.assertLess(after["samples"], before["samples"])
        self.assertLess(after["elapsed-ns"], before["elapsed-ns"])
        self.until(lambda: self.profile()["samples"] > 20)
        self.assertLess(self.profile()["cpu-ns"], 1.2 * self.profile()["elapsed-ns"])

    def test_many_times(self):
        """Signals that come late belong to no profile."""
        for _ in range(20):
            self.assertEqual(self.ctl("profile", "start").stderr + self.ctl("profile", "stop").stderr, "")
        self.assertIn("running", self.ctl("status").stdout)

    def test_table(self):
        self.sample()
        self.ctl("profile", "stop")
        whole = self.profile()
        lines = [line.split("\t") for line in self.ctl("profile", "tsv").stdout.splitlines()]
        self.assertEqual({line[0]: int(line[1]) for line in lines if len(line) == 2},
                         {"running": 0, **{name: whole[name] for name in ("elapsed-ns", "cpu-ns", "samples")}})
        for section, name in (("tiers", "tier"), ("modes", "mode"), ("causes", "cause"), ("devices", "device"), ("code", "code")):
            self.assertEqual([(line[1], int(line[2]), int(line[3])) for line in lines if line[0] == name],
                             [(row["name"], row["ns"], row["samples"]) for row in whole[section]], section)

    @unittest.skipUnless(os.environ.get("TESSERA_SANITIZE", "OFF") == "OFF", "a sanitizer takes the jail away")
    def test_it_is_in_its_jail(self):
        self.assertNotRegex(self.ctl("status").stdout, "(?m)^jail +off")
        self.sample()

    def test_of_a_machine_that_stands(self):
        """Samples are no reason for more samples."""
        self.ctl("pause")
        self.ctl("profile", "start")
        time.sleep(0.5)
        self.assertLess(self.profile()["samples"], 5)
        self.ctl("resume")
        self.until(lambda: self.profile()["samples"] > 20)


class Mistakes(unittest.TestCase):
    def test_messages(self):
        with tempfile.TemporaryDirectory() as folder:
            stem = os.path.join(folder, "p")
            for options, status, words in ((("--symbols", ELF), 2, "--symbols is about --profile FILE"),
                                           (("--profile", ""), 2, "--profile"),
                                           (("--profile", stem, "--symbols", folder + "/none"), 1, folder + "/none"),
                                           (("--profile", stem, "--symbols", ROM), 1, "neither a System.map nor an ELF file"),
                                           (("--profile", folder + "/none/p"), 1, "/none/p.txt: cannot write the profile")):
                done = run(MACHINE, "--bios", ROM, *options)
                self.assertEqual(done.returncode, status, done.stderr)
                self.assertIn(words, done.stderr)
                self.assertEqual(done.stderr.count("\n"), 1, done.stderr)

    def test_no_profile_is_taken(self):
        with tempfile.TemporaryDirectory() as folder:
            socket = folder + "/socket"
            with subprocess.Popen([TESSERA, "run", MACHINE, "--bios", ROM, "--hold", "--control", "unix:" + socket]) as process:
                done = Ends.ask(socket)
                while "no machine answers" in done.stderr and process.poll() is None:
                    time.sleep(0.02)
                    done = Ends.ask(socket)
                process.kill()
        self.assertIn("no profile was taken", done.stderr)


if __name__ == "__main__":
    if LATE_SIGNALS:
        del Profile, Live
    unittest.main(argv=sys.argv[:1])
