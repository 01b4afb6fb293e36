#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""
A vendor's first minutes: an installed SDK, `tessera sdk new`, a build outside of the tree. Arguments: cmake, build folder, source
folder, and what to do: new (every kind and language, with CMake and Meson), boot (a guest sees and uses the new PCI device, in C and in
script languages).
"""

import glob
import os
import shutil
import subprocess
import sys
import tempfile
import unittest

CMAKE, BUILD, SOURCE, PART = sys.argv[1:5]
KINDS = sorted(os.path.basename(os.path.dirname(path))
               for path in glob.glob(os.path.join(SOURCE, "sdk", "template", "*", "example-device.plugin")))
# --lang: the word of manifests, which is also that of the plugin that runs the language; the suffix
SCRIPTS = {"python": ("python", ".py"), "javascript": ("gjs", ".js")}
HAS_CPP = [kind for kind in KINDS if os.path.exists(os.path.join(SOURCE, "sdk", "template", kind, "example-device.cc"))]


def needs_script(language):
    plugin = f"script-{SCRIPTS[language][0]}"
    return unittest.skipUnless(glob.glob(os.path.join(BUILD, "plugins", plugin, "*", plugin + ".so")), f"needs {plugin}")


class Vendor(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.mkdtemp(prefix="tessera-sdk-new-")
        cls.prefix = os.path.join(cls.folder, "usr")
        kept = {key: value for key, value in os.environ.items() if not key.startswith(("TESSERA_", "LD_LIBRARY", "GI_", "PKG_"))}
        cls.environment = dict(kept, HOME=os.path.join(cls.folder, "home"), LC_ALL="C.UTF-8", DISPLAY="", WAYLAND_DISPLAY="")
        cls.tessera = os.path.join(cls.prefix, "bin", "tessera")
        cls.call(CMAKE, "--install", BUILD, "--prefix", cls.prefix)
        cls.environment["PKG_CONFIG_PATH"] = glob.glob(os.path.join(cls.prefix, "lib*", "**", "pkgconfig"), recursive=True)[0]

    @classmethod
    def tearDownClass(cls):
        shutil.rmtree(cls.folder)

    @classmethod
    def call(cls, *arguments, status=0, folder=None, **environment):
        """What it printed, errors too; its exit status is asserted."""
        done = subprocess.run(arguments, env=dict(cls.environment, **environment), stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              text=True, timeout=600, cwd=folder or cls.folder, check=False)
        assert done.returncode == status, (arguments, done.returncode, done.stdout)
        return done.stdout

    def new(self, name, *arguments):
        self.call(self.tessera, "sdk", "new", name, *arguments)
        return os.path.join(self.folder, name)

    def build(self, folder):
        self.call(CMAKE, "-B", "build", "-DCMAKE_BUILD_TYPE=Release", "-DCMAKE_C_FLAGS=-Werror", "-DCMAKE_CXX_FLAGS=-Werror", folder=folder)
        self.call(CMAKE, "--build", "build", folder=folder)
        return os.path.join(folder, "build", "plugins")


class New(Vendor):
    def check(self, name, *arguments):
        """Builds, tests and starts a new plugin: its folder, and the one of what was built."""
        folder = self.new(name, "--vendor", "Acme & Sons", *arguments)
        plugins = self.build(folder)
        told = self.call("ctest", "--test-dir", "build", "-V", folder=folder)
        self.assertIn("100% tests passed, 0 tests failed out of 2", told)
        self.assertIn("level 10 of 10", told)
        told = self.call(self.tessera, "plugins", "inspect", name, TESSERA_PLUGIN_PATH=plugins)
        self.assertIn("Acme & Sons", told)
        # the machine starts: without a medium the BIOS finds nothing to boot, and the time runs out
        is_shown = "ui" in arguments
        self.call(self.tessera, "run", name + ".machine", "--memory", "16M", "--nic", "none", "--timeout", "5" if is_shown else "1",
                  *(["--ui", name] if is_shown else []), folder=folder, status=124, TESSERA_PLUGIN_PATH=plugins)
        if is_shown:
            with open(os.path.join(folder, "screen.txt"), encoding="utf-8") as file:
                self.assertIn("SeaBIOS", file.read())
        return folder, os.path.join(plugins, name, "1.0.0")

    def check_compiled(self, name, *arguments):
        _, built = self.check(name, *arguments)
        symbols = [line.split()[-1] for line in self.call("nm", "-D", "--defined-only", os.path.join(built, name + ".so")).splitlines()]
        self.assertEqual(symbols, ["tessera_plugin_entry"])

    def check_script(self, language):
        word, suffix = SCRIPTS[language]
        for kind in ("isa", "pci"):
            with self.subTest(kind=kind):
                name = f"acme-{kind}-{language}"
                folder, built = self.check(name, "--kind", kind, "--lang", language)
                self.assertCountEqual(os.listdir(built), [name + ".plugin", name + suffix])
                with open(os.path.join(built, name + ".plugin"), encoding="utf-8") as file:
                    self.assertIn(f"language={word}\nlibrary={name}{suffix}\n", file.read())
                self.assertCountEqual(os.listdir(folder), ["CMakeLists.txt", "README.md", "build", name + ".machine", name + ".plugin",
                                                           name + suffix, f"test-{name}.py"])
                self.assert_nothing_is_left(folder)

    def assert_nothing_is_left(self, folder):
        """Of the template: its name, its vendor, and the marks of what differs between languages."""
        for path in glob.glob(os.path.join(folder, "*.*")):
            with open(path, encoding="utf-8") as file:
                text = file.read()
            self.assertNotIn("example-device", text + path)
            self.assertNotIn("vendor=You", text)
            self.assertNotRegex(text, "@[A-Z_]+@")

    def test_every_kind_in_c(self):
        self.assertGreaterEqual(len(KINDS), 2)
        for kind in KINDS:
            with self.subTest(kind=kind):
                self.check_compiled(f"acme-{kind}", "--kind", kind)

    def test_kinds_in_cpp(self):
        self.assertEqual([kind for kind in ("isa", "pci", "ui") if kind in HAS_CPP], ["isa", "pci", "ui"])
        for kind in HAS_CPP:
            with self.subTest(kind=kind):
                self.check_compiled(f"acme-{kind}-cpp", "--kind", kind, "--lang", "c++")

    @needs_script("python")
    def test_kinds_in_python(self):
        self.check_script("python")

    @needs_script("javascript")
    def test_kinds_in_javascript(self):
        self.check_script("javascript")

    def test_kept_states_are_tested(self):
        folder = self.new("acme-kept", "--kind", "isa")
        plugins = self.build(folder)
        os.mkdir(os.path.join(folder, "states"))
        self.call(self.tessera, "sdk", "check", os.path.join(plugins, "acme-kept", "1.0.0", "acme-kept.so"), "--save-states", "states",
                  folder=folder)
        self.build(folder)
        told = self.call("ctest", "--test-dir", "build", "-V", folder=folder)
        self.assertRegex(told, r"passed   old-states +acme-kept-1\.0\.0-fake-3\.state: ")
        self.assertIn("level 10 of 10", told)

    @unittest.skipUnless(shutil.which("meson"), "needs meson")
    def test_meson(self):
        for kind, language in (("pci", "c"), ("pci", "c++"), ("ui", "c"), ("ui", "c++")):
            with self.subTest(kind=kind, language=language):
                name = f"with-meson-{kind}-{language.replace('+', 'p')}"
                folder = self.new(name, "--kind", kind, "--lang", language)
                self.call("meson", "setup", "build", "--werror", "--prefix", os.path.join(folder, "stage"), folder=folder)
                self.call("meson", "test", "-C", "build", folder=folder)
                self.call("meson", "install", "-C", "build", folder=folder)
                plugins = os.path.join(folder, "stage", "share", "tessera", "plugins")
                self.assertIn(f"With meson {kind} c", self.call(self.tessera, "plugins", "inspect", name, TESSERA_PLUGIN_PATH=plugins))

    def test_an_installed_plugin_is_found_without_a_variable(self):
        folder = self.new("acme-installed", "--kind", "isa")
        self.build(folder)
        self.call(CMAKE, "--install", "build", "--prefix", os.path.join(self.environment["HOME"], ".local"), folder=folder)
        self.assertIn("Acme installed", self.call(self.tessera, "plugins", "inspect", "acme-installed"))

    def test_nothing_of_the_template_is_left(self):
        self.assert_nothing_is_left(self.new("acme-clean", "--kind", "pci", "--vendor", "Acme"))

    def test_wrong_usage_is_said(self):
        for arguments, words in ((["x", "--kind", "usb"], "there are: "), (["Acme", "--kind", "pci"], "cannot be a plugin's id"),
                                 (["../x", "--kind", "pci"], "cannot be a plugin's id"), (["x"], "--kind says what"),
                                 (["x", "--kind", "pci", "--lang", "ada"], "--lang is c, c++, python or javascript"),
                                 ([], "say what the plugin"),
                                 (["x", "--kind", "net", "--lang", "python"], "no template in python"),
                                 (["x", "--kind", "ui", "--lang", "javascript"], "no template in javascript"),
                                 (["x", "--kind", "pci", "--color"], "not understood"), (["x", "--kind"], "needs a value"),
                                 (["home", "--kind", "pci"], "exists already"), (["test", "--kind", "pci"], "need for themselves")):
            with self.subTest(arguments=arguments):
                os.makedirs(self.environment["HOME"], exist_ok=True)
                self.assertIn(words, self.call(self.tessera, "sdk", "new", *arguments, status=2))
        self.assertIn("there is no command", self.call(self.tessera, "sdk", "old", status=2))
        self.assertFalse(os.path.exists(os.path.join(self.folder, "x")))


class Boot(Vendor):
    def test_a_guest_uses_the_new_device(self):
        self.check("c")

    @needs_script("python")
    def test_a_guest_uses_the_new_device_in_python(self):
        self.check("python")

    @needs_script("javascript")
    def test_a_guest_uses_the_new_device_in_javascript(self):
        self.check("javascript")

    def check(self, language):
        sys.path.insert(0, os.path.join(SOURCE, "tests", "boot"))
        import guests  # pylint: disable=import-outside-toplevel
        import machine  # pylint: disable=import-outside-toplevel

        machine.Tessera.program = self.tessera
        name = f"acme-adder-{language}"
        os.environ["TESSERA_PLUGIN_PATH"] = self.build(self.new(name, "--kind", "pci", "--lang", language))
        options = {"kernel": guests.file("vmlinuz-686"), "initrd": guests.initramfs(), "append": "console=ttyS0 quiet tessera.modules=none",
                   "extra": [os.path.join(self.folder, name, name + ".machine")]}
        with machine.Tessera(options, 200) as guest:
            guest.expect("tessera# ")
            device = "/sys/bus/pci/devices/0000:00:10.0"
            self.assertEqual(guest.shell(f"cat {device}/vendor {device}/device").split(), ["0x5453", "0x0001"])
            self.assertIn("54530001", guest.shell("cat /proc/bus/pci/devices"))
            bar = int(guest.shell(f"head -n 1 {device}/resource").split()[0], 16)
            self.assertNotEqual(bar, 0)
            # memory and bus master; 8 bytes of the BIOS, whose sum the guest can take by itself
            guest.shell(f"printf '\\006\\000' | dd of={device}/config bs=1 seek=4 conv=notrunc 2>/dev/null")
            bytes_there = [int(guest.shell(f"devmem {0xfe05b + i:#x} 8"), 16) for i in range(8)]
            guest.shell(f"devmem {bar:#x} 32 0xfe05b; devmem {bar + 4:#x} 32 8")
            self.assertEqual(int(guest.shell(f"devmem {bar + 12:#x} 32"), 16), 2)
            self.assertEqual(int(guest.shell(f"devmem {bar + 8:#x} 32"), 16), sum(bytes_there))
            self.assertGreater(sum(bytes_there), 0)
            guests.power_off(guest)


if __name__ == "__main__":
    cases = {"new": New, "boot": Boot}
    result = unittest.TextTestRunner(verbosity=2).run(unittest.defaultTestLoader.loadTestsFromTestCase(cases[PART]))
    sys.exit(0 if result.wasSuccessful() else 1)
