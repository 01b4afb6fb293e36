# SPDX-License-Identifier: LGPL-2.1-or-later
"""
Devices in a script language in a real machine, for the test of each language (class Scripts). Each file of its folder bad/ is one, whose
head says what it does to a guest that reads its port twice:

    says: TEXT    among what is printed; without any, nothing is
    ends: WORD    refused: the machine is not made; usage: the same, for a property; sum: the guest reads 21 each time;
                  ones: it reads all ones, because the device has failed, and goes on

Arguments: tessera, scratch folder.
"""
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time

import guest

TESSERA, SCRATCH = sys.argv[1:3]
HERE = os.path.dirname(os.path.abspath(__file__))
PORT = 0x310
ENDS = {"refused": 1, "usage": 2, "sum": (42 & 0x7F) << 1 | 1, "ones": (510 & 0x7F) << 1 | 1}


def head(path):
    with open(path, encoding="utf-8") as file:
        words = re.findall(r"^(?:#|//) (says|ends): (.*)$", file.read(), re.MULTILINE)
    return [text for name, text in words if name == "says"], dict(words)["ends"]


class Scripts:
    """The tests of a language; a class of its own adds unittest.TestCase."""

    FOLDER = ""  # that of bad/
    LANGUAGE = ""
    EXTENSION = ""  # of its files
    PARTS = ()  # of file names of the interpreter's libraries

    def setUp(self):
        self.folder = os.path.join(SCRATCH, self.id().rsplit(".", maxsplit=1)[-1])
        shutil.rmtree(self.folder, ignore_errors=True)
        self.plugin = os.path.join(self.folder, "plugins", "bad", "1.2.3")
        os.makedirs(self.plugin)
        shutil.copy(os.path.join(self.FOLDER, "bad.plugin"), self.plugin)
        shutil.copy(os.path.join(self.FOLDER, "bad", "helper" + self.EXTENSION), self.plugin)
        self.held = 0
        self.sockets = tempfile.TemporaryDirectory()  # their paths are at most 107 bytes long, and the folder's may be longer
        self.addCleanup(self.sockets.cleanup)
        self.environment = dict(os.environ, TESSERA_PLUGIN_PATH=os.path.join(self.folder, "plugins"), TESSERA_SCRIPT_SECONDS="60",
                                LC_ALL="C.UTF-8", TESSERA_JAIL="")

    def arguments(self, name, *options, times=2):
        """A machine with a device of bad/."""
        shutil.copy(os.path.join(self.FOLDER, "bad", name + self.EXTENSION), os.path.join(self.plugin, "bad" + self.EXTENSION))
        bios = os.path.join(self.folder, "bios.rom")
        with open(bios, "wb") as file:
            file.write(guest.rom(PORT, times))
        return [TESSERA, "run", os.path.join(HERE, "script.machine"), "--bios", bios, "--ui", "none", "--timeout", "300", *options]

    def run_device(self, name, *options, **variables):
        done = subprocess.run(self.arguments(name, *options), env=dict(self.environment, **variables), stdin=subprocess.DEVNULL,
                              capture_output=True, text=True, timeout=300, check=False)
        lines = [line for line in (done.stderr + done.stdout).splitlines() if "debug exit port" not in line]
        return done.returncode, "\n".join(lines)

    def test_mistakes_are_messages_and_the_guest_goes_on(self):
        files = (os.path.splitext(name) for name in os.listdir(os.path.join(self.FOLDER, "bad")))
        names = sorted(name for name, extension in files if extension == self.EXTENSION and name != "helper")
        self.assertGreater(len(names), 20)
        for name in names:
            with self.subTest(device=name):
                says, ends = head(os.path.join(self.FOLDER, "bad", name + self.EXTENSION))
                # of a script without end; on a busy host a second may be over before the script gets there
                for seconds in ("1", "10") if any("Overdue" in text for text in says) else ("60",):
                    status, lines = self.run_device(name, "--set", "dev0.connect.line=line0", TESSERA_SCRIPT_SECONDS=seconds)
                    if status == ENDS[ends] and all(text in lines for text in says):
                        break
                self.assertEqual(status, ENDS[ends], lines)
                for text in says:
                    self.assertIn(text, lines)
                self.assertEqual(bool(says), bool(lines), lines)

    def test_what_is_printed_is_in_the_log(self):
        _, lines = self.run_device("prints", G_MESSAGES_DEBUG="all")
        self.assertIn("dev0: a line for the log", lines)

    def test_nothing_is_written_beside_the_script(self):
        self.run_device("imports")
        self.assertEqual(sorted(os.listdir(self.plugin)), sorted(["bad.plugin", "bad" + self.EXTENSION, "helper" + self.EXTENSION]))

    def test_a_device_cannot_be_what_runs_scripts(self):
        arguments = self.arguments("none", "--add", "x=script-" + self.LANGUAGE)
        done = subprocess.run(arguments, env=self.environment, capture_output=True, text=True, timeout=60, check=False)
        self.assertEqual(done.returncode, 2, done.stderr)
        self.assertIn(f"script-{self.LANGUAGE} is no device", done.stderr)

    def test_without_what_runs_it_the_plugin_is_named(self):
        arguments = self.arguments("none")
        manifest = os.path.join(self.plugin, "bad.plugin")
        with open(manifest, encoding="utf-8") as file:
            text = file.read().replace("language=" + self.LANGUAGE, "language=cobol")
        with open(manifest, "w", encoding="utf-8") as file:
            file.write(text)
        done = subprocess.run(arguments, env=self.environment, capture_output=True, text=True, timeout=60, check=False)
        self.assertEqual(done.returncode, 1, done.stderr)
        self.assertIn("plugin bad 1.2.3 is written in cobol: no plugin script-cobol", done.stderr)

    def hold(self, arguments):
        """A machine that is built and waits, and what `tessera ctl` says of it."""
        self.held += 1
        socket = os.path.join(self.sockets.name, f"control{self.held}")
        process = subprocess.Popen([*arguments, "--hold", "--control", "unix:" + socket], env=self.environment, stdin=subprocess.DEVNULL,
                                   stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        self.addCleanup(process.communicate)
        self.addCleanup(process.kill)
        end = time.monotonic() + 100
        while time.monotonic() < end:
            done = subprocess.run([TESSERA, "ctl", socket, "status"], env=self.environment, capture_output=True, text=True, timeout=60,
                                  check=False)
            if done.returncode == 0:
                break
            time.sleep(0.05)
        return process, done.stdout

    def ctl(self, *arguments):
        return subprocess.run([TESSERA, "ctl", os.path.join(self.sockets.name, f"control{self.held}"), *arguments], env=self.environment,
                              capture_output=True, text=True, timeout=60, check=False)

    def test_a_state_that_cannot_be_saved_or_loaded_is_refused(self):
        state = os.path.join(self.folder, "state")
        self.hold(self.arguments("save-raises"))
        done = self.ctl("save", state)
        self.assertNotEqual(done.returncode, 0)
        self.assertIn('Error: field "small": 256 has more than 8 bits', done.stderr)
        self.assertFalse(os.path.exists(state))
        self.hold(self.arguments("good-state"))
        self.assertEqual(self.ctl("save", state).returncode, 0)
        self.assertEqual(self.run_device("good-state", "--load", state)[0], ENDS["sum"])
        status, lines = self.run_device("load-raises", "--load", state)
        self.assertEqual(status, 1, lines)
        self.assertIn('StateError: the saved state is damaged: the field "small" is missing, or of another type', lines)

    def interpreter_in(self, arguments):
        process, _ = self.hold(arguments)
        with open(f"/proc/{process.pid}/maps", encoding="utf-8", errors="replace") as file:
            names = {os.path.basename(line.split()[-1]) for line in file}
        process.kill()
        process.wait()
        self.assertIn("debug-exit.so", names)
        return [name for name in sorted(names) if any(part in name for part in self.PARTS)]

    def test_a_machine_without_scripts_has_no_interpreter(self):
        self.assertIn(f"script-{self.LANGUAGE}.so", self.interpreter_in(self.arguments("none")))
        without = self.interpreter_in(self.arguments("none", "--set", "dev0.plugin=debug-exit", "--set", "dev0.port=0x601"))
        self.assertEqual(without, [])
        for file in (TESSERA, os.path.join(os.path.dirname(TESSERA), "..", "core", "libtessera-1.so.0")):
            if os.path.exists(file):
                needed = subprocess.run(["ldd", file], capture_output=True, text=True, check=True).stdout
                for part in self.PARTS:
                    self.assertNotIn(part, needed)

    def test_the_jail_is_as_narrow_as_without_scripts(self):
        _, status = self.hold(self.arguments("none"))
        self.assertRegex(status, r"jail +(full|partial: this host)")
