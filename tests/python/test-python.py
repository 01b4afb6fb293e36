#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Tessera's control plane through its typelib: a machine is loaded, watched, run, and its serial output read."""

import os
import sys
import tempfile
import unittest

import gi

gi.require_version("Tessera", "1")
from gi.repository import GLib, Tessera  # noqa: E402

from flat import flat_bios  # noqa: E402

MACHINE = sys.argv[1]
DOMAIN = GLib.quark_from_string("tsr-machine-error-quark")
TEXT = b"hello from a guest\n"


class PythonTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.registry = Tessera.Registry.new()

    def setUp(self):
        self.bios = tempfile.NamedTemporaryFile(suffix=".bin")
        self.addCleanup(self.bios.close)
        self.bios.write(flat_bios(TEXT, 16))
        self.bios.flush()

    def machine(self, *overrides):
        return Tessera.Machine.new_from_file(self.registry, MACHINE, ["bios=" + self.bios.name, "serial=signal", *overrides])

    def test_registry(self):
        plugins = {plugin.get_id(): plugin for plugin in self.registry.list_plugins()}
        uart = plugins["uart-16550a"]
        self.assertEqual(uart.get_kind(), "device")
        self.assertEqual(uart.get_version(), self.registry.find("uart-16550a >=1").get_version())
        self.assertEqual([need.interface for need in uart.get_needs()], ["tessera.chardev/1"])
        self.assertIn("regs", [resource.name for resource in uart.get_resources()])
        self.assertIn("kind", [spec.name for spec in plugins["chardev"].get_properties()])
        self.assertIn("tessera.chardev/1", plugins["chardev"].get_provides())
        self.assertIsInstance(self.registry.get_refused(), list)

    def test_run_and_read_the_serial_line(self):
        machine = self.machine()
        output, states, stopped = [], [], []
        machine.connect("event::output", lambda m, instance, event, detail: output.append((instance, detail)))
        machine.connect("state-changed", lambda m, state: states.append(state))
        machine.connect("stopped", lambda m, status, why: stopped.append(status))
        self.assertEqual(machine.get_name(), "flat")
        self.assertEqual(machine.get_state(), Tessera.MachineState.LOADED)
        self.assertEqual(machine.run(), 33)
        self.assertEqual(machine.get_exit_status(), 33)
        self.assertEqual("".join(text for _, text in output), TEXT.decode())
        self.assertEqual({instance for instance, _ in output}, {"serial0"})
        self.assertEqual(states, [Tessera.MachineState.RUNNING, Tessera.MachineState.STOPPED])
        self.assertIs(type(states[0]), Tessera.MachineState)
        self.assertEqual(machine.props.state, Tessera.MachineState.STOPPED)
        self.assertEqual(machine.props.state.value_nick, "stopped")
        self.assertEqual(stopped, [33])
        self.assertIn("instructions ", machine.get_stats())

    def test_main_loop_and_stop(self):
        machine = self.machine("board0.bios=" + self.halting_bios())
        loop = GLib.MainLoop()
        machine.connect("stopped", lambda *arguments: loop.quit())
        machine.start()
        GLib.timeout_add(50, lambda: machine.stop(0, "enough"))
        loop.run()
        self.assertEqual(machine.get_state(), Tessera.MachineState.STOPPED)

    def halting_bios(self):
        path = self.bios.name + ".halt"
        with open(path, "wb") as file:
            file.write(b"\xff" * 65520 + b"\xfa\xf4\xeb\xfd" + b"\xff" * 12)
        self.addCleanup(os.unlink, path)
        return path

    def test_instances_and_properties(self):
        machine = self.machine()
        self.assertIn("com1", machine.list_instances())
        self.assertEqual(machine.get_instance_property("serial0", "kind"), "signal")
        with self.assertRaises(GLib.Error):
            machine.set_instance_property("serial0", "kind", "file")
        with self.assertRaises(GLib.Error):
            machine.get_instance_property("nobody", "kind")

    def test_errors_name_the_mistake(self):
        for override, expected in (("wibble=1", "--wibble"), ("com1.colour=1", "has no property colour"), ("memory=lots", "memory")):
            with self.assertRaises(GLib.Error) as caught:
                self.machine(override)
            self.assertIn(expected, caught.exception.message)
            self.assertTrue(caught.exception.matches(DOMAIN, Tessera.MachineError.INVALID))

    def test_two_machines_in_one_process(self):
        results = [(machine, machine.run()) for machine in (self.machine(), self.machine())]
        self.assertEqual([status for _, status in results], [33, 33])


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1] + sys.argv[2:])
