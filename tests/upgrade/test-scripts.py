#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Upgrades of devices in Python and in JavaScript. The guest sends back what it receives on a serial port that is a script (port.py).
Arguments: rig.py."""

import os
import random
import sys
import unittest

from rig import PLUGINS, SWAPS, UpgradeTest

HERE = os.path.dirname(os.path.abspath(__file__))
FIRST, TWISTED = "1.0.0", "1.1.0"
HAS_JAVASCRIPT = os.path.isdir(os.path.join(PLUGINS, "script-gjs"))

MANIFEST = """[Plugin]
id={id}
version={version}
name=A script
kind=device
language={language}
library={id}.{suffix}
abi-oldest=1.2
abi-newest={newest}
state-version={state}
state-oldest={state}

"""
PORT = """[Needs backend]
interface=tessera.chardev/1

[Resource regs]
type=ports
base=0x3f8
length=8

[Resource irq]
type=irq
line=isa:4
"""
MACHINE = """[Machine]
name=scripts
extends=pc

[Instance com1]
plugin=port =1.0.0
"""
SPINNER = """import threading
import tessera


def spin():
    while True:
        pass


class Spinner(tessera.Device):
    def attach(self):
        threading.Thread(target=spin, daemon=True).start()
"""
EMPTY = """import { Device } from "tessera";

export default class Empty extends Device {}
"""


class ScriptsTest(UpgradeTest):
    def setUp(self):
        super().setUp()
        with open(os.path.join(HERE, "port.py"), encoding="utf-8") as file:
            self.port = file.read()
        self.install("port", FIRST, self.port, PORT)
        self.install("port", TWISTED, self.twisted(), PORT)
        self.added = ""

    def twisted(self):
        self.assertIn("TWIST = False", self.port)
        return self.port.replace("TWIST = False", "TWIST = True")

    def instead(self, mark, line):
        """port.py with this line in the place of a comment."""
        self.assertIn(f"        # {mark}\n", self.port)
        return self.port.replace(f"# {mark}\n", line + "\n")

    def install(self, plugin, version, source, rest="", language="python", state=1, newest="1"):  # pylint: disable=too-many-arguments
        folder = os.path.join(self.plugins.path, plugin, version)
        suffix = {"python": "py", "gjs": "js"}[language]
        os.makedirs(folder)
        with open(os.path.join(folder, plugin + "." + suffix), "w", encoding="utf-8") as file:
            file.write(source)
        with open(os.path.join(folder, plugin + ".plugin"), "w", encoding="utf-8") as file:
            file.write(MANIFEST.format(id=plugin, version=version, language=language, suffix=suffix, state=state, newest=newest) + rest)

    def begin(self):
        machine = os.path.join(self.folder, "scripts.machine")
        with open(machine, "w", encoding="utf-8") as file:
            file.write(MACHINE + self.added)
        self.start(machine=machine)

    def check(self, version):
        """The guest and the port live, and it is that version's."""
        os.write(self.process.stdin.fileno(), b"Aa1")
        self.assertEqual(self.read(3), b"aA1" if version == TWISTED else b"Aa1")

    def swap(self, number):
        version = FIRST if number % 2 else TWISTED
        self.ctl("upgrade", "com1", version)
        return version

    def test_characters_survive_upgrades(self):
        self.begin()
        self.say_while(bytes(random.Random(1).choices(b"0123456789", k=60 * SWAPS * 8)), self.swap)

    def test_the_other_version_runs(self):
        self.begin()
        self.check(FIRST)
        for number in range(4):
            self.check(self.swap(number))

    def test_a_thread_of_a_script_is_not_in_the_way(self):
        """It has the lock of Python nearly always, also when the machine's process is copied."""
        self.install("spinner", FIRST, SPINNER)
        self.added = "\n[Instance spinner0]\nplugin=spinner\n"
        self.begin()
        for number in range(6):
            self.check(self.swap(number))

    def test_what_cannot_take_the_place_leaves_it(self):
        self.begin()
        wrong = [("2.0.0", self.instead("in attach", "raise tessera.Unsupported('not today')"), "in attach: Unsupported: not today"),
                 ("2.0.1", self.instead("in load", "raise tessera.StateError('not mine')"), "not mine"),
                 ("2.0.2", "import nothing_of_that_name\n" + self.port, "No module named 'nothing_of_that_name'"),
                 ("2.0.3", self.port + "this is no Python\n", f"port.py:{len(self.port.splitlines()) + 1}: SyntaxError: invalid syntax"),
                 ("2.0.4", self.instead("in attach", "__import__('os')._exit(0)"), "it ended the process in attach"),
                 ("2.0.5", self.instead("in realize", "return"), "it does not connect to what 'backend' is connected to")]
        for version, source, why in wrong:
            self.install("port", version, source, PORT)
            with self.subTest(version):
                said = self.ctl("upgrade", "com1", version, status=1)
                self.assertIn(f"com1 stays port {FIRST}, not {version}: ", said)
                self.assertIn(why, said)
                self.check(FIRST)
        self.check(self.swap(0))

    def test_manifests_that_do_not_fit(self):
        self.begin()
        for version, changes, why in (("3.0.0", {"state": 7}, "its state has version 1, and port 3.0.0 loads 7 to 7"),
                                      ("3.0.1", {"language": "gjs"}, "a script takes only the place of one in its own language")):
            self.install("port", version, EMPTY, PORT, **changes)
            with self.subTest(version):
                self.assertIn(why, self.ctl("upgrade", "com1", version, status=1))
                self.check(FIRST)

    def test_what_does_not_return_leaves_it(self):
        self.begin()
        self.install("port", "2.1.0", self.instead("in load", "while True: pass"), PORT)
        said = self.ctl("upgrade", "com1", "2.1.0", status=1)
        self.assertIn(f"com1 stays port {FIRST}, not 2.1.0: it did not return from load in 10 seconds", said)
        self.check(FIRST)

    @unittest.skipUnless(HAS_JAVASCRIPT, "needs script-gjs")
    def test_javascript_is_refused(self):
        for version in FIRST, TWISTED:
            self.install("empty", version, EMPTY, language="gjs")
        self.added = f"\n[Instance empty0]\nplugin=empty ={FIRST}\n"
        self.begin()
        said = self.ctl("upgrade", "empty0", TWISTED, status=1)
        self.assertIn(f"empty0 stays empty {FIRST}, not {TWISTED}: ", said)
        self.assertIn("a script in JavaScript does not run in a copy of the process", said)
        self.check(FIRST)
        self.check(self.swap(0))


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
