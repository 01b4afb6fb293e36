#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""
tessera sdk check. Arguments: build folder, C compiler, source folder. Each file of bad/ is a plugin with one mistake; its head says
which test it fails (the first that fails is that one) and what is said. Words of a head:

    fails: TEST[|TEST]   none: it passes
    core: TEST           the first that it fails on a core
    says: TEXT           in the reason
    manifest: KEY=VALUE  instead of, or besides, what device.plugin has in [Plugin]
    only: TEST           the test is run alone
    build: none | text   no library, or a text in its place
    timeout: SECONDS     of a test
    states: NAME         the folder of states/ with states of a previous version; without this, there are none
"""

import glob
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import unittest
from concurrent.futures import ThreadPoolExecutor

BUILD, COMPILER, SOURCE = sys.argv[1:4]
HERE = os.path.dirname(os.path.abspath(__file__))
PROGRAM = os.path.join(BUILD, "bin", "tessera")


def check(*arguments, status=None):
    done = subprocess.run([PROGRAM, "sdk", "check", *arguments], capture_output=True, text=True, timeout=240, check=False)
    if status is not None:
        assert done.returncode == status, (arguments, done.returncode, done.stdout, done.stderr)
    return done


def head(path):
    """The words of a file's head, as lists."""
    words = {}
    with open(path, encoding="utf-8") as file:
        for name, value in re.findall(r"^ \* (fails|core|says|manifest|only|build|timeout|states): ?(.*)$", file.read(), re.MULTILINE):
            words.setdefault(name, []).append(value)
    return words


def manifest(changes):
    with open(os.path.join(HERE, "device.plugin"), encoding="utf-8") as file:
        lines = file.read().split("\n")
    for change in changes:
        key = change.split("=")[0] + "="
        lines = [line for line in lines if not line.startswith(key) or line.startswith("version=") and key != "version="]
        lines.insert(1, change)
    return "\n".join(lines)


class Check(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.mkdtemp(prefix="tessera-sdk-check-")
        tests = json.loads(check(cls.make(os.path.join(HERE, "bad", "none.c")), "--json", "--seeds", "1").stdout)["tests"]
        cls.levels = {test["test"]: test["level"] for test in tests}

    @classmethod
    def tearDownClass(cls):
        shutil.rmtree(cls.folder)

    @classmethod
    def make(cls, path):
        """The manifest's path of a plugin that was built from a file of bad/."""
        words = head(path)
        folder = os.path.join(cls.folder, os.path.basename(path)[:-2])
        os.makedirs(folder, exist_ok=True)
        library, target = os.path.join(folder, "bad.so"), os.path.join(folder, "bad.plugin")
        with open(target, "w", encoding="utf-8") as file:
            file.write(manifest(words.get("manifest", [])))
        if words.get("build") == ["text"]:
            with open(library, "w", encoding="utf-8") as file:
                file.write("this is no library\n" * 100)
        elif not words.get("build"):
            subprocess.run([COMPILER, "-std=gnu17", "-O1", "-w", "-shared", "-fPIC", "-fvisibility=hidden",
                            "-I" + os.path.join(SOURCE, "sdk", "include"), path, "-o", library], check=True)
        return target

    @staticmethod
    def states(words):
        return ["--states", os.path.join(HERE, "states", words["states"][0])] if "states" in words else []

    def judge(self, path):
        words = head(path)
        expected = words.get("fails", [None])[0]
        only = ["--only", words["only"][0]] if "only" in words else []
        only += self.states(words)
        if expected:
            only += ["--level", str(max(self.levels[test] for test in expected.split("|")))]
        done = check(self.make(path), "--json", "--seeds", "3", "--timeout", words.get("timeout", ["30"])[0], *only)
        report = json.loads(done.stdout)
        failed = [test for test in report["tests"] if test["result"] == "failed"]
        with self.subTest(plugin=os.path.basename(path)):
            if expected is None:
                self.assertEqual((failed, done.returncode, report["level"]), ([], 0, 10))
                return
            self.assertEqual(done.returncode, 1)
            self.assertIn(failed[0]["test"], expected.split("|"), failed)
            for text in words.get("says", []):
                self.assertIn(text, failed[0]["why"])

    def test_each_bad_plugin_fails_for_its_own_reason(self):
        files = sorted(glob.glob(os.path.join(HERE, "bad", "*.c")))
        self.assertGreater(len(files), 30)
        with ThreadPoolExecutor(2) as pool:
            for _ in pool.map(self.judge, files):
                pass

    def judge_on_core(self, path):
        words = head(path)
        level = self.levels[words["core"][0]]
        done = check(self.make(path), "--json", "--host", "core", "--seeds", "2", "--timeout", words.get("timeout", ["120"])[0], "--level",
                     str(level), *self.states(words), status=1)
        report = json.loads(done.stdout)
        failed = [test["test"] for test in report["tests"] if test["result"] == "failed"]
        with self.subTest(plugin=os.path.basename(path)):
            self.assertEqual(report["host"], "core")
            self.assertEqual(failed[0], words["core"][0], report)

    def test_bad_plugins_fail_on_a_core_too(self):
        files = [path for path in sorted(glob.glob(os.path.join(HERE, "bad", "*.c"))) if "core" in head(path)]
        self.assertGreaterEqual(len(files), 10)
        with ThreadPoolExecutor(2) as pool:
            for _ in pool.map(self.judge_on_core, files):
                pass

    def test_a_good_plugin_passes_on_a_core(self):
        target = self.make(os.path.join(HERE, "bad", "none.c"))
        done = check(target, "--host", "core", "--seeds", "2", "--timeout", "120", status=0)
        self.assertRegex(done.stdout, r"^bad 1\.0\.0 \(.*\), on a core\n")
        self.assertRegex(done.stdout, r"(?m)^ 8  passed   differential ")
        self.assertIn("level 10 of 10", done.stdout)
        self.assertNotIn("round-trip", done.stdout)

    def test_the_host_is_said(self):
        target = self.make(os.path.join(HERE, "bad", "none.c"))
        done = check(target, "--level", "1", "--json", status=0)
        self.assertEqual(json.loads(done.stdout)["host"], "fake")
        self.assertRegex(check(target, "--level", "1", status=0).stdout, r"^bad 1\.0\.0 \(.*\), on the fake host\n")

    def test_a_difference_on_a_core_is_shown(self):
        done = check(self.make(os.path.join(HERE, "bad", "forgotten-field.c")), "--host", "core", "--seeds", "4", "--timeout", "120", status=1)
        self.assertRegex(done.stdout, r"without a load:\n *\|  +\d+ port read of \d at 30[0-9a-f]: (?!0\n)")
        self.assertRegex(done.stdout, r"with a load:\n *\|  +\d+ port read of \d at 30[0-9a-f]: 0\n")

    def test_the_round_trip_does_not_see_a_forgotten_field(self):
        done = check(self.make(os.path.join(HERE, "bad", "forgotten-field.c")), "--json", "--only", "round-trip", status=0)
        self.assertEqual(json.loads(done.stdout)["tests"][0]["result"], "passed")

    def test_the_text_says_what_and_why(self):
        done = check(self.make(os.path.join(HERE, "bad", "forgotten-field.c")), "--seeds", "4", status=1)
        self.assertRegex(done.stdout, r"(?m)^ 7  passed   round-trip ")
        self.assertRegex(done.stdout, r"(?m)^ 8  FAILED   differential ")
        self.assertRegex(done.stdout, r"without a save and a load:\n *\| +port read +width 1 at 30c: (?!0\n)")
        self.assertRegex(done.stdout, r"with a save and a load:\n *\| +port read +width 1 at 30c: 0\n")
        self.assertRegex(done.stdout, r"(?m)^level 7 of 10: \d+ passed, 1 failed, \d+ skipped$")

    def test_a_draft_is_told_of(self):
        done = check(self.make(os.path.join(HERE, "bad", "said-draft.c")), "--level", "2", status=0)
        self.assertRegex(done.stdout, r"passed   drafts .*: it does, and they may break with the next minor version: tessera\.phys/1\n")

    def test_a_draft_is_not_included_by_chance(self):
        done = subprocess.run([COMPILER, "-fsyntax-only", "-xc", "-", "-I" + os.path.join(SOURCE, "sdk", "include")], capture_output=True,
                              input="#include <tessera/draft/phys.h>\n", text=True, check=False)
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("define TSR_DRAFT to use it anyway", done.stderr)

    # -- States of previous versions

    def save(self, name, *arguments):
        """A new folder with states of a plugin."""
        folder = tempfile.mkdtemp(dir=self.folder)
        check(self.make(os.path.join(HERE, "bad", name + ".c")), "--save-states", folder, "--seeds", "2", *arguments, status=0)
        return folder

    def old_states(self, name, folder, *arguments, status=0):
        done = check(self.make(os.path.join(HERE, "bad", name + ".c")), "--states", folder, "--only", "old-states", "--json", *arguments,
                     status=status)
        return json.loads(done.stdout)["tests"]

    def test_a_state_is_kept_and_answers_the_same(self):
        for host in "fake", "core":
            with self.subTest(host=host):
                folder = self.save("none", "--host", host)
                self.assertEqual(sorted(os.listdir(folder)), [f"bad-1.0.0-{host}-1.state", f"bad-1.0.0-{host}-2.state"])
                tests = self.old_states("none", folder, "--host", host)
                self.assertEqual([(test["state"], test["result"]) for test in tests],
                                 [(f"bad-1.0.0-{host}-{seed}.state", "passed") for seed in (1, 2)])
                self.assertRegex(tests[0]["why"], r"^\d{3} answers$")

    def test_a_kept_state_is_not_written_over(self):
        folder = self.save("none")
        done = check(self.make(os.path.join(HERE, "bad", "none.c")), "--save-states", folder, "--seeds", "3", status=1)
        self.assertEqual(done.stdout.count("the file exists"), 2)
        self.assertEqual(len(os.listdir(folder)), 3)

    def test_states_of_another_host_are_left_out(self):
        tests = self.old_states("none", self.save("none"), "--host", "core")
        self.assertEqual([test["result"] for test in tests], ["skipped"])
        self.assertIn("--save-states", tests[0]["why"])

    def test_states_beside_the_manifest_are_found(self):
        target = self.make(os.path.join(HERE, "bad", "old-state-misread.c"))
        beside = os.path.join(os.path.dirname(target), "states")
        os.mkdir(beside)
        self.addCleanup(shutil.rmtree, beside)
        shutil.copy(os.path.join(HERE, "states", "kept", "bad-1.0.0-fake-1.state"), beside)
        self.assertIn("bad-1.0.0-fake-1.state: 2.0.0 loads it", check(target, "--only", "old-states", status=1).stdout)

    def test_a_state_too_old_for_the_manifest_is_refused(self):
        target = self.make(os.path.join(HERE, "bad", "old-state-refused.c"))
        with open(target, encoding="utf-8") as file:
            text = file.read().replace("state-oldest=1", "state-oldest=2")
        with open(target, "w", encoding="utf-8") as file:
            file.write(text)
        for host in "fake", "core":
            done = check(target, "--states", os.path.join(HERE, "states", "kept"), "--only", "old-states", "--host", host, status=0)
            self.assertRegex(done.stdout, r"refused, as the manifest says: the state .*has version 1, bad 2\.0\.0 loads 2 to 2")
        self.make(os.path.join(HERE, "bad", "old-state-refused.c"))

    def test_a_state_of_a_newer_version_is_refused(self):
        done = check(self.make(os.path.join(HERE, "bad", "none.c")), "--states", self.save("old-state-read"), "--only", "old-states", status=0)
        self.assertIn("has version 2, bad 1.0.0 loads 1 to 1", done.stdout)

    def test_a_changed_answer_is_shown_and_can_be_accepted(self):
        folder = os.path.join(self.folder, "changed")
        shutil.copytree(os.path.join(HERE, "states", "kept"), folder)
        for host in "fake", "core":
            tests = self.old_states("old-state-misread", folder, "--host", host, status=1)
            self.assertRegex(tests[0]["why"], r'"port read of \d at 30[0-9a-f]: \w+", and today "port read of \d at 30[0-9a-f]: \w+"')
            tests = self.old_states("old-state-misread", folder, "--host", host, "--accept-answers")
            self.assertIn("replaced", tests[0]["why"])
            self.old_states("old-state-misread", folder, "--host", host)
            self.old_states("none", folder, "--host", host, status=1)

    def test_what_is_no_state_of_the_plugin_is_said(self):
        folder = self.save("none")
        path = os.path.join(folder, "bad-1.0.0-fake-1.state")
        with open(path, encoding="utf-8") as file:
            text = file.read()
        for change, words in ((("plugin=bad", "plugin=good"), "a state of good"), (("format=1", "format=2"), "not of format 1"),
                              (("fields={", "fields={'"), "damaged"), (("[State]", "State"), "damaged"),
                              (("port read of 1 at ", "port read of 9 at "), "cannot be done"), (("port read of ", "port of "), "no answer"),
                              (("[Instance bad]", "[Instance other]"), "made with another plugin beside it")):
            with self.subTest(words=words):
                self.assertIn(change[0], text)
                with open(path, "w", encoding="utf-8") as file:
                    file.write(text.replace(*change))
                tests = self.old_states("none", folder, status=1)
                self.assertIn(words, tests[0]["why"])

    def test_what_set_said_is_in_the_state(self):
        target = self.make(os.path.join(HERE, "bad", "none.c"))
        folder = tempfile.mkdtemp(dir=self.folder)
        check(target, "--save-states", folder, "--seeds", "1", "--set", "resource.regs.base=0x310", status=0)
        with open(os.path.join(folder, "bad-1.0.0-fake-1.state"), encoding="utf-8") as file:
            text = file.read()
        self.assertIn("set=resource.regs.base=0x310;\n", text)
        self.assertRegex(text, r"port read of 1 at 31[0-9a-f]: ")
        self.old_states("none", folder)

    def test_a_level_ends_the_run(self):
        done = check(self.make(os.path.join(HERE, "bad", "forgotten-field.c")), "--level", "7", "--seeds", "2", "--json", status=0)
        self.assertEqual({test["level"] for test in json.loads(done.stdout)["tests"]}, set(range(1, 8)))

    def test_a_test_can_be_left_out(self):
        target = self.make(os.path.join(HERE, "bad", "static-counter.c"))
        check(target, "--level", "2", status=1)
        done = check(target, "--level", "2", "--except", "statics", "--json", status=0)
        self.assertNotIn("statics", [test["test"] for test in json.loads(done.stdout)["tests"]])

    def test_the_library_is_named_instead_of_the_manifest(self):
        target = self.make(os.path.join(HERE, "bad", "none.c"))
        self.assertIn("level 2 of 2", check(target[:-len("plugin")] + "so", "--level", "2", status=0).stdout)

    def test_wrong_usage_is_said(self):
        target = self.make(os.path.join(HERE, "bad", "none.c"))
        for arguments, words in (([], "name a plugin"), (["/nowhere.so"], "there is no file"), ([__file__], "neither a library"),
                                 ([target, "--level", "11"], "not understood"), ([target, "--level"], "not understood"),
                                 ([target, "--only", "all"], "not understood"), ([target, "--set", "x"], "not understood"), ([target, "--host", "qemu"], "not understood"),
                                 ([target, target], "not understood"), ([target, "--states", "/nowhere"], "there is no folder /nowhere"),
                                 ([target, "--save-states", "/nowhere"], "there is no folder /nowhere")):
            with self.subTest(arguments=arguments):
                self.assertIn(words, check(*arguments, status=2).stderr)
        self.assertIn("no property no-such", check(target, "--set", "no-such=1", "--only", "attach", status=1).stdout)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1] + sys.argv[4:])
