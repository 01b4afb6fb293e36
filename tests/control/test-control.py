#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The control socket: a machine runs with --control, `tessera ctl` drives it. Arguments: tessera, plugin folder, machine."""

import json
import os
import re
import resource
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time
import unittest

try:
    from gi.repository import Gio, GLib
except ImportError:
    Gio = None

from rig import ENVIRONMENT, MACHINE, PATIENCE, TESSERA, Machine

ANSWER_SECONDS = 20  # of a busy host; what waits for a guest without end is never answered


class ControlTest(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory(prefix="tessera-test-")
        self.addCleanup(self.folder.cleanup)

    def file(self, name, contents=""):
        path = os.path.join(self.folder.name, name)
        with open(path, "w", encoding="utf-8") as file:
            file.write(contents)
        return path

    def start(self, *options, **keywords):
        machine = Machine(self.folder.name, *options, **keywords)
        self.addCleanup(machine.finish)
        return machine

    def test_life_cycle(self):
        machine = self.start()
        self.assertIn("state      running", machine.ctl("status"))
        self.assertIn("instances  cpu0 mmu0 dev0", machine.ctl("status"))
        machine.ctl("pause")
        self.assertIn("state      paused", machine.ctl("status"))
        self.assertIn("cannot pause", machine.ctl("pause", status=1))
        machine.ctl("resume")
        machine.ctl("reset")
        machine.ctl("quit")
        self.assertEqual(machine.process.wait(PATIENCE), 0)
        self.assertFalse(os.path.exists(machine.socket))

    def test_the_descriptor_limit_is_raised(self):
        machine = self.start(preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (100, 400)))
        with open(f"/proc/{machine.process.pid}/limits", encoding="ascii") as file:
            self.assertRegex(file.read(), r"Max open files +400 +400 ")
        machine.ctl("quit")

    def test_clients_cannot_take_all_descriptors(self):
        """Nor fill the log; GLib would end a process that has none left."""
        machine = self.start(preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64)))
        clients = [socket.socket(socket.AF_UNIX) for _ in range(80)]
        for client in clients:
            client.connect(machine.socket)
        lines = machine.wait_until_it_says("descriptors run out")
        for client in clients:
            client.close()
        machine.ctl("quit")
        lines += machine.process.stderr.read().splitlines()
        self.assertLess(len(lines), 100)
        self.assertEqual(machine.process.wait(PATIENCE), 0)

    def test_screen(self):
        machine = self.start()
        path = os.path.join(self.folder.name, "screen.png")
        machine.ctl("screenshot", path)
        with open(path, "rb") as file:
            head = file.read(24)
        self.assertEqual(head[:8], b"\x89PNG\r\n\x1a\n")
        self.assertEqual(struct.unpack(">II", head[16:24]), (64, 48))
        self.assertEqual(machine.ctl("text"), "login: \nready\n")
        self.assertIn("no display 7", machine.ctl("text", "7", status=1))
        self.assertIn("/nowhere/x.png", machine.ctl("screenshot", "/nowhere/x.png", status=1))

    def test_input(self):
        machine = self.start()
        watcher = machine.watch()
        machine.ctl("key", "ctrl-alt-delete")
        machine.ctl("type", "aB\\n")
        machine.ctl("move", "3", "-4", "1")
        machine.ctl("place", "100", "65535", "2")
        for arguments in (["place", "99999", "0"], ["place", "0", "-1"], ["place", "0", "0x10000"], ["move", "1", "2", "32"],
                          ["move", "1x", "2"], ["move", "2147483648", "0"], ["text", "-1"], ["screenshot", "x.png", ""]):
            self.assertIn("is not a number from", machine.ctl(*arguments, status=2))
        self.assertIn("is not a key", machine.ctl("key", "ctrl-hyper", status=1))
        self.assertIn("only ASCII", machine.ctl("type", "é", status=1))
        machine.ctl("quit")
        lines = watcher.communicate(timeout=PATIENCE)[0].splitlines()
        keys = [line.split("'")[5] for line in lines if "'key'" in line]
        self.assertEqual(keys, ["29 down", "56 down", "111 down", "111 up", "56 up", "29 up",
                                "30 down", "30 up", "42 down", "48 down", "48 up", "42 up", "28 down", "28 up"])
        self.assertIn("Event ('dev0', 'pointer', '3 -4 0 1')", lines)
        self.assertIn("Event ('dev0', 'place', '100 65535 0 2')", lines)
        self.assertIn("StateChanged ('stopped',)", lines)
        self.assertTrue(lines[-1].startswith("Stopped (0, "), lines)

    def test_a_processor_that_has_no_profile(self):
        """Its plugin does not say where it is."""
        machine = self.start()
        self.assertIn("test-cpu 1.0.0 cannot tell what it is at", machine.ctl("profile", "start", status=1))
        self.assertIn("no profile is taken", machine.ctl("profile", "stop", status=1))
        self.assertIn("no profile was taken", machine.ctl("profile", status=1))
        self.assertIn("running", machine.ctl("status"))

    def test_text_that_waits_is_bounded(self):
        machine = self.start()
        watcher = machine.watch()
        typing = subprocess.Popen([TESSERA, "ctl", machine.socket, "type", "a" * 20000], env=ENVIRONMENT, stderr=subprocess.DEVNULL)
        for process in watcher, typing:
            self.addCleanup(process.wait)
            self.addCleanup(process.kill)
        while "'key'" not in watcher.stdout.readline():  # it is typed
            self.assertIsNone(typing.poll())
        watcher.stdout.close()
        self.assertIn("send at most 25000 characters", machine.ctl("type", "a" * 25001, status=1))
        self.assertIn("too many keys", machine.ctl("type", "a" * 20000, status=1))
        self.assertIn("running", machine.ctl("status"))
        machine.ctl("quit")
        self.assertEqual(machine.process.wait(PATIENCE), 0)

    def test_properties_and_media(self):
        machine = self.start("--cdrom", "first.iso")
        self.assertTrue(machine.ctl("get", "dev0.file").endswith("/first.iso\n"))
        machine.ctl("insert", "dev0", self.file("second.iso"))
        self.assertTrue(machine.ctl("get", "dev0.file").endswith("/second.iso\n"))
        self.assertIn("not an image", machine.ctl("insert", "dev0", self.file("bad.iso"), status=1))
        self.assertIn("No such file", machine.ctl("insert", "dev0", "missing.iso", status=1))
        self.assertTrue(machine.ctl("get", "dev0.file").endswith("/second.iso\n"))
        machine.ctl("eject", "dev0")
        self.assertEqual(machine.ctl("get", "dev0.file"), "\n")
        self.assertGreaterEqual(int(machine.ctl("get", "dev0.reports")), 2)
        for arguments in (["get", "dev0.wibble"], ["get", "nobody.file"], ["set", "dev0.reports=3"], ["set", "dev0.mode=1"]):
            machine.ctl(*arguments, status=1)
        for arguments in (["get", "dev0"], ["set", "dev0.file"], ["wibble"], ["get"], ["move", "a", "b"]):
            machine.ctl(*arguments, status=2)

    def test_media_are_passed_open(self):
        """The client opens them, for writing only if the instance writes."""
        for options, access in (([], "read-only"), (["--set", "dev0.read-only=false"], "writable"),
                                (["--set", "dev0.read-only=false", "--set", "dev0.mode=nonpersistent"], "read-only")):
            machine = self.start(*options)
            watcher = machine.watch()
            machine.ctl("insert", "dev0", self.file("medium.iso", "what is in it"))
            machine.ctl("set", "dev0.file=" + self.file("another.iso", "what is in it"))
            machine.ctl("quit")
            lines = watcher.communicate(timeout=PATIENCE)[0].splitlines()
            machine.process.wait(PATIENCE)
            passed = [line for line in lines if "'passed'" in line]
            self.assertEqual(passed, [f"Event ('dev0', 'passed', 'what is in it {access}')"] * 2)

    def test_nothing_is_lost_by_a_save_that_fails(self):
        machine = self.start()
        path = self.file("state", "an older state")
        machine.ctl("save", path)
        with open(path, "rb") as file:
            self.assertEqual(file.read(13), b"TESSERA-STATE")
        self.assertEqual(os.stat(path).st_mode & 0o777, 0o600)
        self.assertIn("cannot write", machine.ctl("save", "/nowhere/state", status=1))
        machine.ctl("quit")
        machine.process.wait(PATIENCE)
        self.assertIn("no machine answers", machine.ctl("save", path, status=1))
        self.assertEqual(sorted(os.listdir(self.folder.name)), ["state"])

    @unittest.skipUnless(Gio, "needs python3-gi")
    def test_methods_with_descriptors(self):
        """What is no descriptor, or a useless one, is refused, and the machine lives."""
        machine = self.start()
        bus = Gio.DBusConnection.new_for_address_sync(
            "unix:path=" + machine.socket, Gio.DBusConnectionFlags.AUTHENTICATION_CLIENT, None, None)
        reading = os.open(self.file("empty"), os.O_RDONLY)
        self.addCleanup(os.close, reading)

        def call(method, arguments, descriptors):
            files = Gio.UnixFDList.new()
            for descriptor in descriptors:
                files.append(descriptor)
            return bus.call_with_unix_fd_list_sync(None, "/org/tessera/Machine", "org.tessera.Machine1", method,
                                                   arguments, None, 0, 10000, files, None)

        for method, arguments, descriptors in (
                ("SaveFd", GLib.Variant("(hs)", (0, "/x")), []), ("SaveFd", GLib.Variant("(hs)", (5, "/x")), [reading]),
                ("SaveFd", GLib.Variant("(hs)", (-1, "/x")), [reading]), ("SaveFd", GLib.Variant("(hs)", (0, "/x")), [reading]),
                ("LoadFd", GLib.Variant("(hsu)", (0, "/x", 0)), []), ("LoadFd", GLib.Variant("(hsu)", (0, "/x", 0)), [reading]),
                ("LoadFd", GLib.Variant("(hsu)", (0, "/x", 2)), [reading]),
                ("ScreenshotFd", GLib.Variant("(uh)", (0, 0)), [reading]), ("ScreenshotFd", GLib.Variant("(uh)", (9, 0)), [reading]),
                ("InsertMediumFd", GLib.Variant("(shs)", ("nobody", 0, "/x")), [reading])):
            with self.assertRaises(GLib.Error):
                call(method, arguments, descriptors)
        png = bus.call_sync(None, "/org/tessera/Machine", "org.tessera.Machine1", "ScreenshotBytes",
                            GLib.Variant("(u)", (0,)), None, 0, 10000, None)[0]
        self.assertEqual(bytes(png[:8]), b"\x89PNG\r\n\x1a\n")
        self.assertIn("running", machine.ctl("status"))

    def test_status(self):
        machine = self.start("--say", "abc")
        while json.loads(machine.ctl("status", "--json"))["seconds-since-start"] < 0.5:  # it starts a moment after its socket
            time.sleep(0.1)
        status = json.loads(machine.ctl("status", "--json"))
        self.assertEqual([status[key] for key in ("name", "state", "exit-status", "instances")],
                         ["test", "running", 0, ["cpu0", "mmu0", "dev0"]])
        self.assertTrue(0.5 <= status["seconds-since-start"] < 300, status)
        self.assertIn("clock-lag-ns", status)
        self.assertEqual([status[key] for key in ("media", "networks", "faults", "signals-dropped")], [[], [], {}, 0])
        self.assertRegex(machine.ctl("status"), r"(?m)^running    0:0\d:\d\d$")
        machine.ctl("pause")
        self.assertEqual(json.loads(machine.ctl("status", "--json"))["state"], "paused")
        self.assertIn("is not --json", machine.ctl("status", "--xml", status=2))

    def test_save_and_load(self):
        machine = self.start("--say", "abc")
        path = os.path.join(self.folder.name, "state")
        while machine.ctl("get", "dev0.reports").strip() != "3":  # it has said all
            time.sleep(0.02)
        machine.ctl("save", path)
        reports = machine.ctl("get", "dev0.reports")
        machine.ctl("quit")
        machine.process.communicate(timeout=PATIENCE)
        again = self.start("--load", path)
        again.ctl("move", "0", "0")
        self.assertEqual(int(again.ctl("get", "dev0.reports")), int(reports) + 1)
        self.assertIn("instructions", again.ctl("stats"))

    def test_a_state_has_the_properties_that_were_changed(self):
        machine = self.start("--say", "abc")
        path = os.path.join(self.folder.name, "state")
        machine.ctl("set", "dev0.colour=0x112233")
        machine.ctl("save", path)
        machine.ctl("quit")
        machine.process.communicate(timeout=PATIENCE)
        for options in ((), ("--set", "dev0.colour=5"), ("--set", "dev0.colour=0x112233")):
            again = self.start("--load", path, *options)
            self.assertEqual(int(again.ctl("get", "dev0.colour"), 0), 0x112233)
            again.ctl("quit")
            again.process.communicate(timeout=PATIENCE)

    def test_many_clients_at_once(self):
        machine = self.start()
        command = [TESSERA, "ctl", machine.socket, "status"]
        clients = [subprocess.Popen(command, env=ENVIRONMENT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
                   for _ in range(64)]
        for client in clients:
            out, err = client.communicate(timeout=PATIENCE)
            self.assertEqual((client.returncode, err), (0, ""))
            self.assertIn("running", out)

    def test_clients_wait_for_a_full_queue(self):
        """The server here is stopped with a queue of none."""
        path = os.path.join(self.folder.name, "full")
        with socket.socket(socket.AF_UNIX) as server, socket.socket(socket.AF_UNIX) as first:
            server.bind(path)
            server.listen(0)
            first.connect(path)
            client = subprocess.Popen([TESSERA, "ctl", path, "status"], env=ENVIRONMENT, stderr=subprocess.PIPE, text=True)
            time.sleep(0.5)
            self.assertIsNone(client.poll(), "gave up")
            server.accept()[0].close()
            server.accept()[0].close()  # the client's
            self.assertIn("no machine answers", client.communicate(timeout=PATIENCE)[1])

    def test_descriptors_that_were_closed(self):
        path = os.path.join(self.folder.name, "socket")
        command = [TESSERA, "run", MACHINE, "--control", "unix:" + path, "--timeout", "60"]
        process = subprocess.Popen(["sh", "-c", 'exec "$@" <&- >&- 2>&-', "sh", *command], env=ENVIRONMENT)
        self.addCleanup(process.kill)
        while not os.path.exists(path):
            self.assertIsNone(process.poll())
            time.sleep(0.01)
        for descriptor in range(3):
            self.assertEqual(os.readlink(f"/proc/{process.pid}/fd/{descriptor}"), "/dev/null")
        process.send_signal(signal.SIGTERM)
        self.assertEqual(process.wait(PATIENCE), 143)

    def test_exit_status_reaches_a_waiting_client(self):
        machine = self.start()
        waiter = subprocess.Popen([TESSERA, "ctl", machine.socket, "wait"], env=ENVIRONMENT)
        time.sleep(0.3)
        machine.ctl("quit")
        self.assertEqual(waiter.wait(PATIENCE), 0)

    def test_guest_exit_status(self):
        done = subprocess.run([TESSERA, "run", MACHINE, "--exit", "33"], env=ENVIRONMENT, capture_output=True, text=True, timeout=PATIENCE)
        self.assertEqual(done.returncode, 33)
        self.assertEqual(done.stderr, "tessera: the guest asked for it\n")

    def test_signals_stop_the_machine(self):
        for number, status in ((signal.SIGTERM, 143), (signal.SIGINT, 130)):
            machine = self.start()
            machine.ctl("status")
            machine.process.send_signal(number)
            self.assertEqual(machine.process.wait(PATIENCE), status)
            self.assertFalse(os.path.exists(machine.socket))

    @unittest.skipIf(os.environ.get("TESSERA_SANITIZE") == "thread", "ThreadSanitizer delays a signal that a thread in a loop got")
    def test_a_machine_that_hangs_is_ended_by_force(self):
        machine = self.start("--set", "cpu0.hang=true")
        machine.wait_until_it_says("hangs")
        machine.process.send_signal(signal.SIGTERM)
        self.assertEqual(machine.process.wait(PATIENCE), 143)
        self.assertIn("does not stop (the guest runs; these calls have not returned: cpu0.run (test-cpu 1.0.0)); it is ended by force",
                      machine.process.stderr.read())
        for seconds in ("0.5", "5", "50"):  # a busy host's time limit may come before the processor is in its loop
            done = subprocess.run([TESSERA, "run", MACHINE, "--set", "cpu0.hang=true", "--timeout", seconds], env=ENVIRONMENT,
                                  capture_output=True, text=True, timeout=2 * PATIENCE)
            if "hangs\n" in done.stderr:
                break
        self.assertEqual(done.returncode, 124)
        self.assertIn("ended by force", done.stderr)

    def test_a_guest_that_reports_without_end(self):
        """Calls are answered, memory does not grow, and what nobody could be told is counted."""
        machine = self.start("--set", "cpu0.flood=true")
        machine.ctl("status")
        before = machine.resident()
        end = time.monotonic() + 3
        dropped = 0
        while time.monotonic() < end or not dropped:
            start = time.monotonic()
            dropped = int(re.search("(?m)^signals-dropped ([0-9]+)$", machine.ctl("stats")).group(1))
            self.assertLess(time.monotonic() - start, ANSWER_SECONDS)
        if not os.environ.get("TESSERA_SANITIZE"):
            self.assertLess(machine.resident() - before, 16 << 20)
        machine.ctl("quit")
        self.assertEqual(machine.process.wait(PATIENCE), 0)

    def test_a_processor_that_does_not_look(self):
        """The watchdog for the machine's lock says how long others waited, and for whom; a paused machine holds nothing."""
        path = os.path.join(self.folder.name, "holds")
        machine = self.start("--set", "cpu0.slow=true", environment={"TESSERA_HOLDS": path})
        for _ in range(5):
            machine.ctl("status")
            machine.ctl("get", "dev0.file")
        stats = dict(line.split(" ", 1) for line in machine.ctl("stats").splitlines())
        self.assertGreater(int(stats["longest-lock-hold-us"]), 10000)
        self.assertGreater(int(stats["longest-lock-hold-us"]), int(stats["longest-lock-hold-cpu-us"]) - 1)
        self.assertIn("the virtual CPU (the guest", stats["longest-lock-hold-by"])
        machine.ctl("quit")
        machine.process.wait(PATIENCE)
        with open(path, encoding="utf-8") as holds:
            self.assertIn("the virtual CPU (the guest", holds.read())

    def test_socket_of_a_dead_process_is_replaced(self):
        machine = self.start("--no-jail")
        machine.ctl("status")
        machine.process.kill()
        machine.process.wait()
        self.assertTrue(os.path.exists(machine.socket))
        again = self.start()
        for _ in range(100):
            time.sleep(0.02)
            done = subprocess.run([TESSERA, "ctl", again.socket, "status"], env=ENVIRONMENT, capture_output=True, text=True)
            if done.returncode == 0:
                break
        self.assertIn("running", done.stdout)

    def test_socket_in_use_and_files_are_left_alone(self):
        machine = self.start()
        machine.ctl("status")
        second = subprocess.run([TESSERA, "run", MACHINE, "--control", "unix:" + machine.socket], env=ENVIRONMENT,
                                capture_output=True, text=True, timeout=PATIENCE)
        self.assertEqual(second.returncode, 1)
        self.assertIn("another process listens there", second.stderr)
        path = os.path.join(self.folder.name, "precious")
        with open(path, "w") as file:
            file.write("keep")
        third = subprocess.run([TESSERA, "run", MACHINE, "--control", "unix:" + path], env=ENVIRONMENT, capture_output=True,
                               text=True, timeout=PATIENCE)
        self.assertEqual(third.returncode, 1)
        with open(path) as file:
            self.assertEqual(file.read(), "keep")
        machine.ctl("status")

    @unittest.skipUnless(Gio, "needs python3-gi")
    def test_any_dbus_client_can_talk_to_it(self):
        machine = self.start()
        connection = Gio.DBusConnection.new_for_address_sync(
            "unix:path=" + machine.socket, Gio.DBusConnectionFlags.AUTHENTICATION_CLIENT, None, None)

        def call(interface, method, arguments=None):
            return connection.call_sync(None, "/org/tessera/Machine", interface, method, arguments, None, 0, 10000, None).unpack()

        xml = call("org.freedesktop.DBus.Introspectable", "Introspect")[0]
        interface = Gio.DBusNodeInfo.new_for_xml(xml).lookup_interface("org.tessera.Machine1")
        self.assertGreater(len(interface.methods), 15)
        everything = call("org.freedesktop.DBus.Properties", "GetAll", GLib.Variant("(s)", ("org.tessera.Machine1",)))[0]
        jail = everything.pop("Jail")
        self.assertEqual(everything, {"Name": "test", "State": "running", "ExitStatus": 0, "Displays": 1})
        self.assertEqual(jail.split(":")[0], "off" if os.environ.get("TESSERA_SANITIZE") not in (None, "", "OFF") else "full")
        png = bytes(call("org.tessera.Machine1", "ScreenshotBytes", GLib.Variant("(u)", (0,)))[0])
        self.assertTrue(png.startswith(b"\x89PNG"))
        with self.assertRaises(GLib.Error) as caught:
            call("org.tessera.Machine1", "Resume")
        self.assertIn("cannot resume", caught.exception.message)
        self.assertEqual(Gio.DBusError.get_remote_error(caught.exception), "org.tessera.Error.State")
        with self.assertRaises(GLib.Error):
            call("org.tessera.Machine1", "SendKey", GLib.Variant("(s)", ("wrong type",)))
        with self.assertRaises(GLib.Error) as caught:
            call("org.tessera.Machine1", "PlacePointer", GLib.Variant("(uuiu)", (99999, 0, 0, 0)))
        self.assertIn("both are from 0 to 65535", caught.exception.message)
        connection.close_sync(None)

    def test_no_machine(self):
        done = subprocess.run([TESSERA, "ctl", "/nonexistent", "status"], capture_output=True, text=True)
        self.assertEqual(done.returncode, 1)
        self.assertIn("no machine answers", done.stderr)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
