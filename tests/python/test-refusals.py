#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""test-refusals.py PLUGINS: an error names the instance once. The core puts its name in front of what a plugin says, so plugins
do not (tessera/error.h): tried on every property of every instance of the presets with values that plugins refuse, and
looked up in the sources for what cannot be provoked."""

import os
import pathlib
import re
import sys
import tempfile
import unittest

import gi

gi.require_version("Tessera", "1")
from gi.repository import GLib, Tessera  # noqa: E402

SOURCES = pathlib.Path(sys.argv.pop(1)).resolve()
TEXTS = ["bogus", "-", "/nonexistent/file", "tcp::70000-:1", "x" * 300, "/dev/null", "/"]
INSTANCE = re.compile(r"^\[Instance (\S+)\]\n((?:[^[\n].*\n)*)", re.M)


class RefusalTest(unittest.TestCase):
    def setUp(self):
        self.registry = Tessera.Registry.new()
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.addCleanup(os.chdir, os.getcwd())
        os.chdir(folder.name)
        self.media = ["serial=signal", "serial=signal", "ui=none"]
        for option in ("disk", "disk", "cdrom"):
            path = f"{folder.name}/{option}{len(self.media)}"
            with open(path, "wb") as file:
                file.truncate(1 << 20)
            self.media.append(f"{option}={path}")

    def instances(self, preset):
        """(name, plugin) of the instances of a preset that need no window."""
        text = (SOURCES.parent / "manifests" / "machines" / (preset + ".machine")).read_text(encoding="utf-8")
        for name, body in INSTANCE.findall(text):
            keys = dict(line.split("=", 1) for line in body.splitlines() if "=" in line)
            plugin = self.registry.find(keys["plugin"].lstrip("?"))
            if plugin.get_kind() != "ui":
                yield name, plugin

    def message(self, preset, *overrides):
        """What making the machine fails with, or None; it is not run."""
        try:
            Tessera.Machine.new_from_file(self.registry, preset, self.media + list(overrides))
        except GLib.Error as error:
            return error.message
        return None

    def test_no_message_names_the_instance_twice(self):
        by_plugin = 0
        for preset in ("pc", "isapc"):
            for name, plugin in self.instances(preset):
                for spec in plugin.get_properties():
                    for value in TEXTS if spec.writable and spec.type in (Tessera.PropertyType.STRING,
                                                                          Tessera.PropertyType.FILE) else []:
                        message = self.message(preset, f"{name}.{spec.name}={value}") or ""
                        self.assertEqual(message.count(name + ": "), message.startswith(name + ": "), message)
                        by_plugin += message.startswith(name + ": ")
        self.assertGreater(by_plugin, 100)

    def test_a_pci_address_is_refused_once(self):
        for address in ("01.0", "00.0"):
            name = next(name for name, plugin in self.instances("pc") if plugin.get_id() == "pcnet")
            message = self.message("pc", f"{name}.address={address}")
            self.assertTrue(message.startswith(name + ": PCI address"), message)
            self.assertEqual(message.count(name), 1, message)

    def test_no_source_puts_the_name_in(self):
        calls = 0
        for path in sorted(SOURCES.rglob("*.c")):
            for call in re.findall(r"tsr_error_set\(.*?\);", path.read_text(encoding="utf-8"), re.S):
                calls += 1
                self.assertNotRegex(call, r"host->name|config->name", str(path))
        self.assertGreater(calls, 80)


unittest.main()
