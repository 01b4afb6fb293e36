#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""test-forms.py TESSERA MACHINE FLAT: a machine in this process and one in another, through the same script: nothing in `Files` and
`Script` knows which form it has. TESSERA_PLUGIN_PATH has the plugins of tests/control; MACHINE is the machine made of them, FLAT one of real plugins."""

import os
import signal
import subprocess
import sys
import tempfile
import time
import unittest

import gi

gi.require_version("Tessera", "1")
from gi.repository import GLib, Tessera  # noqa: E402

TESSERA, MACHINE, FLAT = sys.argv[1:4]
DOMAIN = GLib.quark_from_string("tsr-machine-error-quark")
JAIL = "off" if os.environ.get("TESSERA_SANITIZE") not in (None, "", "OFF") else "full"  # of a machine that runs by itself
State, Error = Tessera.MachineState, Tessera.MachineError


def settle(holds=lambda: True):
    """Lets the main loop emit what waits for it: until that holds, and what comes in a while after that."""
    end = time.monotonic() + 60
    while not holds() and time.monotonic() < end:
        GLib.MainContext.default().iteration(False)
        time.sleep(0.01)
    loop = GLib.MainLoop()
    GLib.timeout_add(200, loop.quit)
    loop.run()


class Form:
    """What the scripts need; make() is the form's."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="tessera-test-")
        self.addCleanup(folder.cleanup)
        self.folder = folder.name

    def path(self, name):
        return os.path.join(self.folder, name)

    def file(self, name, contents=""):
        with open(self.path(name), "w") as file:
            file.write(contents)
        return self.path(name)

    def open(self, name, flags=os.O_RDONLY):
        descriptor = os.open(self.path(name), flags, 0o600)
        self.addCleanup(os.close, descriptor)
        return descriptor

    def check_error(self, code, text, function, *arguments):
        with self.assertRaises(GLib.Error) as caught:
            function(*arguments)
        self.assertTrue(caught.exception.matches(DOMAIN, code), caught.exception)
        self.assertIn(text, caught.exception.message)
        self.assertNotIn("GDBus", caught.exception.message)

    def patiently(self, call):
        """What the call returns as soon as that is something: the process of a busy host does not answer each time."""
        end = time.monotonic() + 60
        while not (result := call()):
            self.assertLess(time.monotonic(), end)
            time.sleep(0.01)
        return result

    def record(self, machine):
        seen = []
        machine.connect("state-changed", lambda m, state: seen.append(("state", state, m.get_state())))
        machine.connect("stopped", lambda m, status, why: seen.append(("stopped", status, why, m.get_exit_status())))
        machine.connect("event", lambda m, *arguments: seen.append(("event", *arguments)))
        machine.connect("device-fault", lambda m, *arguments: seen.append(("fault", *arguments)))
        machine.connect("display-changed", lambda m, *arguments: seen.append(("display", *arguments)))
        machine.connect("line-changed", lambda m, *arguments: seen.append(("line", *arguments)))
        return seen


class Files(Form):
    """What a program does with files: media, states and screenshots, by their path and open."""

    def test_media(self):
        machine = self.make("cdrom=" + self.file("first.iso"))
        seen = self.record(machine)
        machine.start()
        self.assertEqual(machine.get_instance_property("dev0", "file"), self.path("first.iso"))
        self.assertTrue(machine.set_instance_property("dev0", "file", self.file("second.iso")))
        self.assertEqual(machine.get_instance_property("dev0", "file"), self.path("second.iso"))
        self.check_error(Error.INVALID, "bad.iso: not an image", machine.set_instance_property, "dev0", "file", self.file("bad.iso"))
        self.check_error(Error.NOT_FOUND, "no instance 'nobody'", machine.set_instance_property, "nobody", "file", self.path("bad.iso"))
        changed = ("event", "dev0", "media-changed", self.path("second.iso"))
        settle(lambda: changed in seen)
        self.assertIn(changed, seen)
        self.assertTrue(machine.set_instance_property("dev0", "file", ""))
        self.assertEqual(machine.get_instance_property("dev0", "file"), "")

    def test_an_open_medium(self):
        machine = self.make()
        seen = self.record(machine)
        machine.start()
        self.file("medium.iso", "what is in it")
        for flags, access in ((os.O_RDONLY, "read-only"), (os.O_RDWR, "writable")):
            self.assertTrue(machine.insert_fd("dev0", self.open("medium.iso", flags), "/its/name.iso"))
            self.assertEqual(machine.get_instance_property("dev0", "file"), "/its/name.iso")
            passed = ("event", "dev0", "passed", f"what is in it {access}")
            settle(lambda passed=passed: passed in seen)
            self.assertEqual(seen[-1], passed)
        self.check_error(Error.INVALID, "bad.iso: not an image", machine.insert_fd, "dev0", self.open("medium.iso"), "/its/bad.iso")
        self.check_error(Error.NOT_FOUND, "no instance 'nobody'", machine.insert_fd, "nobody", self.open("medium.iso"), "/its/name.iso")

    def test_screenshot(self):
        machine = self.make()
        machine.start()
        self.assertTrue(machine.screenshot(0, self.path("screen.png")))
        with open(self.path("screen.png"), "rb") as file:
            picture = file.read()
        self.assertEqual(picture[:8], b"\x89PNG\r\n\x1a\n")
        self.assertEqual(machine.get_png(0).get_data(), picture)
        self.assertTrue(machine.screenshot_fd(0, self.open("open.png", os.O_CREAT | os.O_RDWR)))
        with open(self.path("open.png"), "rb") as file:
            self.assertEqual(file.read(), picture)
        self.check_error(Error.IO, "/nowhere/x.png", machine.screenshot, 0, "/nowhere/x.png")
        self.check_error(Error.IO, "cannot write", machine.screenshot_fd, 0, self.open("open.png"))
        self.check_error(Error.NOT_FOUND, "no display 3", machine.screenshot, 3, self.path("x.png"))
        self.check_error(Error.NOT_FOUND, "no display 3", machine.get_png, 3)

    def test_states(self):
        machine = self.make()
        self.check_error(Error.STATE, "there is no state yet", machine.hash_state)
        machine.start()
        machine.send_key(30, True)
        machine.pause()
        self.assertTrue(machine.save(self.path("state")))
        reports = machine.get_instance_property("dev0", "reports")
        self.assertRegex(machine.hash_state(), "^[0-9a-f]{64}$")
        self.check_error(Error.STATE, "before the machine starts", machine.load, self.path("state"))
        again = self.make()
        self.check_error(Error.IO, "nothing", again.load, self.path("nothing"))
        self.check_error(Error.INVALID, "other: is not the saved state", again.load, self.file("other", "x" * 100))
        self.assertTrue(again.load(self.path("state")))
        self.check_goes_on(again, reports)

    def check_goes_on(self, machine, reports):
        machine.start()
        machine.send_key(30, False)
        machine.get_stats()
        self.assertEqual(int(machine.get_instance_property("dev0", "reports")), int(reports) + 1)

    def test_an_open_state(self):
        machine = self.make()
        machine.start()
        machine.send_key(30, True)
        machine.pause()
        self.assertTrue(machine.save_fd(self.open("state", os.O_CREAT | os.O_RDWR), "the state"))
        self.check_error(Error.IO, "the state: cannot write", machine.save_fd, self.open("state"), "the state")
        reports = machine.get_instance_property("dev0", "reports")
        again = self.make()
        self.file("other", "x" * 100)
        self.check_error(Error.INVALID, "no state: is not the saved state", again.load_fd, self.open("other"), "no state", 0)
        self.assertTrue(again.load_fd(self.open("state"), "the state", Tessera.MachineLoadFlags.DEFAULT))
        self.check_goes_on(again, reports)

    def test_nothing_is_lost_by_a_save_that_fails(self):
        machine = self.make()
        machine.start()
        path = self.file("state", "an older state")
        machine.save(path)
        with open(path, "rb") as file:
            state = file.read()
        self.assertEqual(state[:13], b"TESSERA-STATE")
        self.assertEqual(os.stat(path).st_mode & 0o777, 0o600)
        self.check_error(Error.IO, "/nowhere/state: cannot write the state", machine.save, "/nowhere/state")
        machine.stop(0, None)
        machine.run()
        with self.assertRaises(GLib.Error):
            machine.save(path)
        with open(path, "rb") as file:
            self.assertEqual(file.read(), state)
        self.assertEqual([name for name in os.listdir(self.folder) if name.startswith("state")], ["state"])

    def machine_with_a_disk(self):
        with open(FLAT) as file:
            manifest = file.read()
        with open(self.path("bios"), "wb") as file:
            file.write(b"\xff" * 65520 + b"\xfa\xf4\xeb\xfd" + b"\xff" * 12)
        disk = "[Instance disk0]\nplugin=blk-raw\nfile={}\n".format(self.file("disk", "\0" * 4096))
        return self.file("disk.machine", manifest + disk)

    def test_another_medium_is_loaded_with_force_only(self):
        manifest, state, force = self.machine_with_a_disk(), self.path("state"), Tessera.MachineLoadFlags.FORCE_MEDIUM
        first = self.make("bios=" + self.path("bios"), machine=manifest)
        first.start()
        first.save(state)
        first.set_instance_property("disk0", "file", "")  # which the others open for writing
        os.utime(self.path("disk"), (1, 1))
        for load in (lambda machine, flags: machine.load_full(state, flags),
                     lambda machine, flags: machine.load_fd(self.open("state"), state, flags)):
            machine = self.make("bios=" + self.path("bios"), machine=manifest)
            self.check_error(Error.VERSION, "state: disk0: ", load, machine, Tessera.MachineLoadFlags.DEFAULT)
            self.assertTrue(load(machine, force))
            machine.set_instance_property("disk0", "file", "")


class Script(Files):
    """All that a program does with a machine, whichever form it has."""

    def test_descriptors_that_are_none(self):
        machine = self.make()
        for function, arguments in ((machine.save_fd, (-1, "x")), (machine.load_fd, (-1, "x", 0))):
            self.check_error(Error.INVALID, "-1 is not a file descriptor", function, *arguments)

    def test_life_cycle(self):
        machine = self.make()
        seen = self.record(machine)
        self.assertIs(type(machine), Tessera.Machine)
        self.assertEqual(machine.get_name(), "test")
        self.assertEqual(machine.props.name, "test")
        self.assertEqual(machine.get_state(), State.LOADED)
        self.check_error(Error.STATE, "cannot pause: the machine is not started", machine.pause)
        self.assertTrue(machine.start())
        self.assertEqual(machine.get_state(), State.RUNNING)
        self.check_error(Error.STATE, "cannot start: the machine is running", machine.start)
        self.assertTrue(machine.pause())
        self.assertEqual(machine.props.state, State.PAUSED)
        self.assertTrue(machine.resume())
        self.assertTrue(machine.reset())
        machine.stop(7, "enough")
        self.assertEqual(machine.run(), 7)
        self.assertEqual(machine.get_state(), State.STOPPED)
        self.assertEqual(machine.get_exit_status(), 7)
        machine.stop(8, "nothing happens")
        settle(lambda: seen[-1][0] == "stopped")
        self.assertEqual([entry for entry in seen if entry[0] != "event"],
                         [("state", State.RUNNING, State.RUNNING), ("state", State.PAUSED, State.PAUSED),
                          ("state", State.RUNNING, State.RUNNING), ("state", State.STOPPED, State.STOPPED),
                          ("stopped", 7, "enough", 7)])

    def test_stopped_before_it_was_started(self):
        machine = self.make()
        seen = self.record(machine)
        machine.stop(9, None)
        self.assertEqual((machine.get_state(), machine.get_exit_status()), (State.STOPPED, 9))
        self.assertEqual([entry[0] for entry in seen], ["state", "stopped"])
        self.assertEqual(machine.run(), 9)

    def test_signals_come_within_the_call(self):
        machine = self.make()
        seen = self.record(machine)
        machine.start()
        self.assertEqual(seen[-1], ("state", State.RUNNING, State.RUNNING))
        machine.pause()
        self.assertEqual(seen[-1], ("state", State.PAUSED, State.PAUSED))

    def test_run_and_ask_afterwards(self):
        machine = self.make("say=hello", "exit=33")
        text = []
        machine.connect("event::output", lambda m, instance, event, detail: text.append(detail))
        self.assertEqual(machine.run(), 33)
        self.assertEqual("".join(text), "hello")
        self.assertIn("instructions ", machine.get_stats())
        self.assertEqual(machine.get_status().unpack()["exit-status"], 33)
        self.assertIsInstance(machine.get_clock_lag(), int)  # a busy host lets it lag
        self.assertIn("dev0", machine.list_instances())

    def test_instances_and_properties(self):
        machine = self.make("dev0.colour=3")
        machine.start()
        self.assertEqual(machine.list_instances(), ["cpu0", "mmu0", "dev0"])
        self.assertEqual(machine.get_instance_property("dev0", "colour"), "3")
        self.check_error(Error.NOT_FOUND, "no instance 'nobody'", machine.get_instance_property, "nobody", "file")
        self.check_error(Error.NOT_FOUND, "no property 'colours'", machine.get_instance_property, "dev0", "colours")
        self.check_error(Error.NOT_FOUND, "no property 'colours'", machine.set_instance_property, "dev0", "colours", "4")

    def test_bus(self):
        machine = self.make("bios=" + self.halting_bios(), machine=FLAT)
        bus = machine.get_bus()
        self.assertIs(type(bus), Tessera.Bus)
        self.assertIn("cpu0 tessera.cpu/1", bus.list())
        self.assertIn("cpu0.mmu -> mmu0 tessera.mmu/1", bus.list_connections())

    def halting_bios(self):
        with open(self.path("bios"), "wb") as file:
            file.write(b"\xff" * 65520 + b"\xfa\xf4\xeb\xfd" + b"\xff" * 12)
        return self.path("bios")

    def test_profile(self):
        machine = self.make("bios=" + self.halting_bios(), machine=FLAT)
        machine.start()
        self.check_error(Error.STATE, "no profile was taken", machine.get_profile, "txt")
        self.check_error(Error.STATE, "no profile is taken", machine.stop_profile)
        self.assertTrue(machine.start_profile(None))
        self.check_error(Error.STATE, "a profile is taken already", machine.start_profile, None)
        self.assertIn("running\t1\n", machine.get_profile("tsv"))
        self.check_error(Error.INVALID, 'no format "pdf"', machine.get_profile, "pdf")
        self.assertTrue(machine.stop_profile())
        self.assertIn("running\t0\n", machine.get_profile("tsv"))
        self.assertTrue(machine.start_profile([]))
        machine.stop(0, None)
        settle()
        if not isinstance(self, Process):  # which has ended
            self.assertIn("Profile of flat: ", machine.get_profile("txt"))
            self.assertTrue(machine.stop_profile())
            self.check_error(Error.STATE, "the machine has ended", machine.start_profile, None)

    def test_a_processor_that_has_no_profile(self):
        machine = self.make()
        self.check_error(Error.NOT_FOUND, "test-cpu 1.0.0 cannot tell what it is at", machine.start_profile, None)

    def test_input_arrives_in_order(self):
        machine = self.make()
        seen = self.record(machine)
        machine.start()
        machine.send_key(30, True)
        machine.send_key(30, False)
        machine.send_pointer(3, -4, 0, 1)
        machine.send_pointer_absolute(100, 65535, 0, 2)
        machine.get_stats()
        settle(lambda: ("place", "100 65535 0 2") in [entry[2:] for entry in seen])
        self.assertEqual([entry[2:] for entry in seen if entry[0] == "event"],
                         [("key", "30 down"), ("key", "30 up"), ("pointer", "3 -4 0 1"), ("place", "100 65535 0 2")])

    def test_displays(self):
        machine = self.make("dev0.colour=255")
        seen = self.record(machine)
        machine.start()
        self.assertEqual(machine.get_n_displays(), 1)
        self.assertEqual(machine.get_screen_text(0), "login: \nready\n")
        self.assertIsNone(machine.get_screen_text(1))
        first, serial, width, height = machine.get_frame(0, 0)
        self.assertEqual((width, height, len(first.get_data())), (64, 48, 64 * 48 * 4))
        self.assertIn(("display", 0, 64, 48), seen)
        self.assertEqual(first.get_data(), b"\xff\0\0\0" * 64 * 48)
        self.assertGreater(machine.get_frame(0, serial)[1], serial)
        self.assertIsNone(machine.get_frame(1, 0)[0])

    def test_borrowed_frames(self):
        machine = self.make("dev0.colour=255")
        machine.start()
        frame = Tessera.Frame()
        pixels = self.patiently(lambda: machine.borrow_frame(0, frame))
        self.assertEqual(pixels.get_data()[:4], b"\xff\0\0\0")
        self.assertEqual((frame.width, frame.height, frame.damage_width, frame.damage_height), (64, 48, 64, 48))
        serial = frame.serial
        self.patiently(lambda: machine.refresh_display(0, frame))
        self.assertGreater(frame.serial, serial)
        file = machine.open_display(0)
        self.addCleanup(os.close, file)
        self.assertGreaterEqual(os.fstat(file).st_size, 64 * 48 * 4)
        self.assertEqual(os.pread(file, 4, 0), b"\xff\0\0\0")
        with self.assertRaises(OSError):
            os.pwrite(file, b"x", 0)
        self.check_error(Error.NOT_FOUND, "no display 1", machine.open_display, 1)

    def test_viewers(self):
        machine = self.make()
        self.assertEqual(machine.list_viewers(), [])
        registry = Tessera.Registry.new()
        self.check_error(Error.INVALID, "is no user interface", machine.show, registry, ["plugin=test-device"])
        self.check_error(Error.NOT_FOUND, "no plugin wibble", machine.show, registry, ["plugin=wibble"])
        self.check_error(Error.INVALID, '"colour=1" is not PROPERTY=VALUE', machine.show, registry, ["plugin=test-ui", "colour=1"])
        self.check_error(Error.FAILED, "there is no display", machine.show, registry, ["plugin=test-ui", "refuse=yes"])
        seen = self.record(machine)
        self.assertTrue(machine.show(registry, ["plugin=test-ui", "title=hello", "?colour=1"]))
        machine.start()
        machine.pause()
        settle(lambda: ("event", "viewer", "closed", "") in seen)
        self.assertEqual([entry for entry in seen if entry[0] == "event"],
                         [("event", "viewer", "shown", "viewer test hello"), ("event", "viewer", "closed", "")])

    def test_a_viewer_of_the_manifest(self):
        machine = self.make(ui="test")
        self.assertEqual(machine.list_viewers(), ["ui0 test-ui =1.0.0"])
        self.assertEqual(machine.list_instances(), ["cpu0", "mmu0", "dev0"])
        self.assertEqual(machine.get_instance_property("ui0", "title"), "from the manifest")
        seen = self.record(machine)
        self.assertTrue(machine.show(Tessera.Registry.new(), None))
        shown = ("event", "ui0", "shown", "ui0 test from the manifest")
        settle(lambda: shown in seen)
        self.assertIn(shown, seen)

    def test_an_inline_viewer(self):
        machine = self.make("ui0.placement=inline", ui="test")
        self.assertEqual(machine.list_viewers(), [])
        self.assertIn("ui0", machine.list_instances())

    def test_a_state_fits_with_and_without_a_window(self):
        path = self.path("state")
        for first, second in ((["ui0.placement=inline"], []), ([], ["ui0.placement=inline"])):
            machine = self.make(*first, ui="test")
            machine.start()
            machine.save(path)
            machine.stop(0, None)
            self.assertTrue(self.make(*second, ui="test").load(path))
            self.assertTrue(self.make().load(path))

    def test_taps(self):
        machine = self.make()
        self.assertEqual(machine.list_lines(), [])
        self.check_error(Error.NOT_FOUND, "no line 'wibble'", machine.tap_line, "wibble", True)

    def test_watch(self):
        machine = self.make("cpu0.say=A", "cpu0.exit=0")
        for patterns, code in ((["ports:zz"], Error.INVALID), (["dev0."], Error.INVALID)):
            self.check_error(code, "is not a pattern", machine.watch, 1, patterns)
        reader, writer = os.pipe()
        self.addCleanup(os.close, reader)
        self.assertTrue(machine.watch(writer, ["dev0.serial"]))
        os.close(writer)
        machine.start()
        settle()
        stream = Tessera.WatchReader.new(reader)
        event = None
        while not event:
            self.assertTrue(stream.read())
            event = stream.next()
        self.assertEqual((event.get_device(), event.get_what()), ("dev0", "serial"))
        self.assertEqual((event.get_kind(), event.get_op()), (Tessera.WatchKind.PORTS, Tessera.WatchOp.WRITE))
        self.assertEqual((event.get_width(), event.get_value()), (1, ord("A")))
        self.assertEqual(bytes(event.get_data()), b"")
        self.assertIn(f'"address": {event.get_address()}, "size": 1, "value": 65}}', event.to_json())
        self.assertTrue(event.to_text().endswith("<- 41"), event.to_text())

    def test_main_loop(self):
        machine = self.make()
        loop = GLib.MainLoop()
        machine.connect("stopped", lambda *arguments: loop.quit())
        machine.start()
        GLib.timeout_add(50, lambda: machine.stop(0, "enough"))
        loop.run()
        self.assertEqual(machine.get_state(), State.STOPPED)


class Local(Script, unittest.TestCase):
    def make(self, *overrides, machine=MACHINE, ui=None):
        return Tessera.Machine.new_from_file(Tessera.Registry.new(), machine, ([f"ui={ui}"] if ui else []) + list(overrides))


class Process:
    """Makes machines in processes of their own."""
    processes = 0
    confinement = []  # options of `tessera run`

    def reach(self, socket, process):
        """A machine of that process. The socket's name is there a moment before the process listens."""
        while True:
            try:
                return Tessera.Machine.new_remote(socket)
            except GLib.Error:
                self.assertIsNone(process.poll())
                time.sleep(0.01)

    def make(self, *overrides, machine=MACHINE, ui="none", hold=True):
        Process.processes += 1
        socket = self.path(f"socket{Process.processes}")
        options = [word for o in overrides for word in (["--set", o] if "." in o.split("=")[0] else ["--" + o])]
        options += ["--hold"] if hold else []
        process = subprocess.Popen([TESSERA, "run", machine, *(["--ui", ui] if machine == MACHINE else []), "--control",
                                    "unix:" + socket, "--timeout", "60", *self.confinement, *options],
                                   stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        machine = self.reach("unix:" + socket, process)
        machine.process = process
        return machine


class Unjailed(Process, Files, unittest.TestCase):
    confinement = ["--no-jail"]

    def test_it_has_no_jail(self):
        self.assertEqual(self.make().get_jail(), "off: not asked for")


class Remote(Process, Script, unittest.TestCase):
    def test_it_is_in_its_jail(self):
        self.assertEqual(self.make().get_jail().split(":")[0], JAIL)

    def test_media_are_passed_open(self):
        """This process opens them, for writing only if the instance writes."""
        self.file("medium.iso", "what is in it")
        os.chdir(self.folder)
        self.addCleanup(os.chdir, "/")
        for options, access in (([], "read-only"), (["dev0.read-only=false"], "writable"),
                                (["dev0.read-only=false", "dev0.mode=nonpersistent"], "read-only")):
            machine = self.make(*options)
            seen = self.record(machine)
            machine.start()
            self.assertTrue(machine.set_instance_property("dev0", "file", "medium.iso"))
            self.assertEqual(machine.get_instance_property("dev0", "file"), self.path("medium.iso"))
            passed = ("event", "dev0", "passed", f"what is in it {access}")
            settle(lambda passed=passed: passed in seen)
            self.assertIn(passed, seen)
        self.check_error(Error.NOT_FOUND, "missing.iso: No such file", machine.set_instance_property, "dev0", "file", "missing.iso")

    def test_an_older_process(self):
        """It has no jail and knows no methods with open files: it is given paths."""
        machine = self.make_liar("old")
        self.assertEqual(machine.get_jail().split(":")[0], "unknown")
        self.assertTrue(machine.set_instance_property("dev0", "file", self.file("medium.iso")))
        self.assertTrue(machine.save(self.path("state")))
        self.assertTrue(machine.load(self.path("state")))
        self.assertEqual(machine.get_stats().splitlines(), ["InsertMedium dev0 " + self.path("medium.iso"), "Save " + self.path("state"),
                                                            "Load " + self.path("state")])
        self.assertEqual([name for name in os.listdir(self.folder) if name.startswith("state")], ["state"])
        for function, arguments in ((machine.load_full, (self.path("state"), Tessera.MachineLoadFlags.FORCE_MEDIUM)),
                                    (machine.save_fd, (self.open("medium.iso"), "x"))):
            with self.assertRaises(GLib.Error) as caught:
                function(*arguments)
            self.assertIn("No such method", caught.exception.message)

    def test_names_of_functions(self):
        """They are files, and the machine's process opens none."""
        self.check_error(Error.INVALID, "System.map: a machine in another process", self.make().start_profile, ["System.map"])

    def test_nobody_there(self):
        for where, code in (("unix:" + self.path("nobody"), Error.NOT_FOUND), ("unix:", Error.INVALID)):
            self.check_error(code, where, Tessera.Machine.new_remote, where)

    def test_a_process_that_dies(self):
        machine = self.make()
        seen = self.record(machine)
        machine.start()
        machine.process.kill()
        self.assertEqual(machine.run(), 1)
        self.assertEqual(seen[-1][:2], ("stopped", 1))
        with self.assertRaises(GLib.Error):
            machine.pause()
        self.assertEqual(machine.get_stats(), "")
        self.assertEqual(machine.get_status().unpack(), {})
        self.assertIsNone(machine.borrow_frame(0, Tessera.Frame()))

    def make_liar(self, kind):
        liar = os.path.join(os.path.dirname(os.path.realpath(__file__)), "liar.py")
        socket = self.path(kind)
        process = subprocess.Popen([sys.executable, liar, socket, kind])
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        return self.reach(socket, process)

    def test_a_process_that_lies(self):
        """The memory of a display is mapped as far as it is there and stays there, whatever is said of it."""
        for kind in ("small", "unsealed", "huge", "nofile", "honest"):
            machine = self.make_liar(kind)
            self.assertEqual(machine.get_name(), "liar")
            for _ in range(3):
                if kind == "honest":
                    pixels = self.patiently(lambda: machine.borrow_frame(0, Tessera.Frame()))
                    self.assertEqual(len(pixels.get_data()), 64 * 64 * 4)
                else:
                    self.assertIsNone(machine.borrow_frame(0, Tessera.Frame()), kind)
            with self.assertRaises(GLib.Error) as caught:
                machine.pause()
            self.assertIn("Pause", caught.exception.message)

    def test_leaving_leaves_the_machine_as_it_is(self):
        machine = self.make(hold=False)
        process = machine.process
        socket = self.path(f"socket{Process.processes}")
        other = Tessera.Machine.new_remote(socket)
        machine.pause()
        del machine
        settle()
        self.assertEqual(other.get_state(), State.PAUSED)
        self.assertIsNone(process.poll())
        other.stop(5, "enough")
        self.assertEqual(process.wait(10), 5)

    def test_a_machine_that_does_not_answer(self):
        machine = self.make(hold=False)
        frame = Tessera.Frame()
        self.patiently(lambda: machine.borrow_frame(0, frame))
        machine.process.send_signal(signal.SIGSTOP)
        begin = time.monotonic()
        for _ in range(50):
            self.assertIsNone(machine.borrow_frame(0, frame))
        self.assertLess(time.monotonic() - begin, 5)
        machine.process.send_signal(signal.SIGCONT)
        self.patiently(lambda: machine.refresh_display(0, frame))


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1] + sys.argv[4:])
