#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""A machine seen by viewers over RFB and in a browser: pictures, keys, pointers, passwords, and viewers that do not do their part. Arguments: tessera,
the disk of echo.S."""

import os
import shutil
import socket
import stat
import subprocess
import sys
import tempfile
import time
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "vga-modes"))

from png import read_png  # noqa: E402
from rfb import DESKTOP_SIZE, EXTENDED_KEY, POINTER_MOTION, RAW, Refused, Viewer, connect  # noqa: E402
from web import WebSocket, get, request  # noqa: E402

TESSERA, DISK = sys.argv[1:3]
TEXT_SIZE = 720, 400
F1, F2, UP, RETURN, SHIFT, CTRL = 0xffbe, 0xffbf, 0xff52, 0xff0d, 0xffe1, 0xffe3
SANITIZED = os.environ.get("TESSERA_SANITIZE", "OFF") not in ("", "OFF")
WHITE = 255, 255, 255
VIEWERS = STRANGERS = 8
GROWTH = 32 << 20


class Machine:
    """A machine with a server for viewers, which is where the program says."""

    def __init__(self, folder, *options, listen="127.0.0.1:0", ui="", kind="vnc"):
        self.folder = folder
        self.socket = os.path.join(folder, "control")
        self.process = subprocess.Popen(
            [TESSERA, "run", "pc", "--ui", f"{kind},listen={listen}{ui}", "--disk", DISK + ",mode=nonpersistent", "--boot", "disk", "--memory",
             "32M", "--nic", "none", "--control", "unix:" + self.socket, "--timeout", "500", *options],
            stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        line = self.process.stderr.readline()
        while line and " is at " not in line:
            line = self.process.stderr.readline()
        self.place = line.split(" is at ")[1].strip()

    def ctl(self, *words):
        done = subprocess.run([TESSERA, "ctl", self.socket, *words], capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def server(self):
        """The process that has the viewers."""
        with open(f"/proc/{self.process.pid}/task/{self.process.pid}/children", encoding="ascii") as file:
            return int(file.read().split()[0])

    def text_until(self, part):
        text = self.ctl("text")
        while part not in text:
            time.sleep(0.05)
            text = self.ctl("text")
        return text

    def picture(self):
        path = os.path.join(self.folder, "screen.png")
        self.ctl("screenshot", path)
        return read_png(path)

    def finish(self):
        self.process.kill()
        self.process.wait()
        self.process.stderr.close()


def resident(pid):
    with open(f"/proc/{pid}/statm", encoding="ascii") as statm:
        return int(statm.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def filters(pid):
    """How many filters of system calls a process has; a container has some already."""
    with open(f"/proc/{pid}/status", encoding="utf-8") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("Seccomp_filters"))


def is_small(_x, _y, width, height):
    return width * height < TEXT_SIZE[0] * TEXT_SIZE[1] // 8


class VncTest(unittest.TestCase):
    def start(self, *options, **keywords):
        self.folder = tempfile.mkdtemp(prefix="tessera-vnc-")
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)  # the machine removes its socket meanwhile
        machine = Machine(self.folder, *options, **keywords)
        self.addCleanup(machine.finish)
        return machine

    def look(self, place, **keywords):
        viewer = Viewer(place, **keywords)
        self.addCleanup(viewer.close)
        return viewer

    def assert_same(self, viewer, machine):
        """The viewer gets all of the picture that the machine has; without it, the wait for an update ends the test."""
        width, height, dot = machine.picture()
        pixels = bytes(value for y in range(height) for x in range(width) for value in dot(x, y))
        viewer.look_until(lambda: (viewer.width, viewer.height) == (width, height) and viewer.rgb() == pixels)

    def test_a_viewer_sees_what_the_machine_shows_and_types(self):
        machine = self.start()
        machine.text_until(">")
        one, other = self.look(machine.place), self.look(machine.place)
        one.look_until(lambda: (one.width, one.height) == TEXT_SIZE and one.updates)
        self.assert_same(one, machine)
        one.updates.clear()
        one.key(ord("h"))
        machine.text_until(">h")
        one.look_until(lambda: one.updates)
        one.updates.clear()
        one.key(ord("i"))
        one.look_until(lambda: one.updates)
        self.assertTrue(all(is_small(*update) for update in one.updates), one.updates)  # what has changed
        self.assert_same(one, machine)
        self.assert_same(other, machine)
        one.key(F1)
        one.look_until(lambda: (one.width, one.height) != TEXT_SIZE and one.dot(0, 0) == WHITE)
        self.assert_same(one, machine)
        one.key(F2)
        one.look_until(lambda: (one.width, one.height) == TEXT_SIZE)
        one.close()
        other.key(ord("x"))
        machine.text_until("x")

    def test_keys(self):
        machine = self.start(ui=",paste=true")
        machine.text_until(">")
        viewer = self.look(machine.place, encodings=(RAW, DESKTOP_SIZE, EXTENDED_KEY))
        viewer.ask(incremental=False)
        while EXTENDED_KEY not in viewer.confirmed:
            viewer.take_message()
        viewer.key(ord("!"))  # without Shift, as a keyboard with another layout
        viewer.key(SHIFT, True)
        viewer.key(ord("/"))  # with Shift, as a German one
        viewer.key(ord("A"))
        viewer.key(SHIFT, False)
        viewer.key(UP)
        viewer.scan_code(0x1f)
        viewer.scan_code(0xd0)
        machine.text_until(">!/A<48>s<50>")
        viewer.cut_text("Pasted: 1+1\xe4.")
        machine.text_until("<50>Pasted: 1+1.")

    def test_keys_are_released_when_a_viewer_goes(self):
        machine = self.start()
        machine.text_until(">")
        first = self.look(machine.place)
        first.key(SHIFT, True)
        first.key(ord("a"))
        machine.text_until(">A")
        first.close()
        second = self.look(machine.place)
        second.key(ord("b"))
        self.assertIn(">A", machine.text_until("b"))

    def test_pointer(self):
        machine = self.start()
        machine.text_until(">")
        viewer = self.look(machine.place)
        viewer.point(100, 100)
        viewer.point(105, 98)
        machine.text_until("05 02)")
        viewer.point(105, 98, buttons=4)
        machine.text_until("(0a 00 00)")
        mover = self.look(machine.place, encodings=(RAW, POINTER_MOTION))
        mover.ask()
        while POINTER_MOTION not in mover.confirmed:
            mover.take_message()
        self.assertEqual(mover.confirmed[POINTER_MOTION], 0)
        mover.point(0x7fff + 3, 0x7fff)
        machine.text_until("(08 03 00)")

    def test_looking_only(self):
        machine = self.start(ui=",view-only=true")
        machine.text_until(">")
        viewer = self.look(machine.place)
        viewer.key(ord("x"))
        viewer.cut_text("y")
        viewer.ask(incremental=False)
        viewer.take_message()  # the key was taken before
        machine.ctl("type", "z")
        self.assertIn(">z", machine.text_until("z"))

    def test_password(self):
        path = os.path.join(tempfile.mkdtemp(prefix="tessera-vnc-"), "password")
        self.addCleanup(shutil.rmtree, os.path.dirname(path))
        with open(path, "w", encoding="ascii") as file:
            file.write("secret7\n")
        machine = self.start(ui=f",password-file={path}", listen="[::1]:0" if socket.has_ipv6 else "127.0.0.1:0")
        machine.text_until(">")
        for wrong in (None, "", "secret8"):
            with self.subTest(password=wrong), self.assertRaises(Refused):
                Viewer(machine.place, password=wrong)
        viewer = self.look(machine.place, password="secret7")
        viewer.look_until(lambda: viewer.updates)
        self.assert_same(viewer, machine)

    def test_unix_socket_is_the_users_own(self):
        folder = tempfile.mkdtemp(prefix="tessera-vnc-")
        self.addCleanup(shutil.rmtree, folder)
        path = os.path.join(folder, "vnc")
        machine = self.start(listen="unix:" + path)
        self.assertEqual(machine.place, "unix:" + path)
        self.assertEqual(stat.S_IMODE(os.stat(path).st_mode), 0o600)
        machine.text_until(">")
        viewer = self.look(machine.place)
        viewer.look_until(lambda: viewer.updates)
        self.assert_same(viewer, machine)
        if not SANITIZED:
            self.assertGreater(filters(machine.server()), filters("self"))
        machine.ctl("quit")
        machine.process.wait(60)
        self.assertFalse(os.path.exists(path))

    def test_in_the_machines_process_it_works_in_the_jail(self):
        machine = self.start("--set", "ui1.placement=inline")
        machine.text_until(">")
        viewer = self.look(machine.place)
        viewer.key(ord("j"))
        machine.text_until(">j")
        self.assert_same(viewer, machine)
        if not SANITIZED:
            self.assertRegex(machine.ctl("status"), r"jail +(full|partial)")

    def test_others_are_not_reached_by_viewers_that_hang(self):
        machine = self.start()
        machine.text_until(">")
        good = self.look(machine.place)
        good.look_until(lambda: good.updates)
        before = resident(machine.server())
        slow = self.look(machine.place)
        for _ in range(2000):  # updates that it never reads, until its window is full
            slow.ask(incremental=False)
        strangers = [connect(machine.place) for _ in range(2 * STRANGERS)]
        half = connect(machine.place)
        half.sendall(b"RFB 003")
        self.addCleanup(lambda: [one.close() for one in (*strangers, half)])
        good.key(ord("k"))
        machine.text_until(">k")
        self.assert_same(good, machine)
        self.assertLess(resident(machine.server()) - before, GROWTH)
        for one in strangers:
            one.close()
        self.look_again(machine.place)

    def look_again(self, place):
        """Strangers that have gone make room."""
        while True:
            try:
                return self.look(place)
            except (Refused, ConnectionError):
                time.sleep(0.05)

    def test_messages_that_are_wrong_end_their_connection_only(self):
        machine = self.start()
        machine.text_until(">")
        good = self.look(machine.place)
        for message in (b"\x63", b"\xff\x09" + bytes(10), b"\6\0\0\0\x7f\xff\xff\xff", b"\7" + bytes(30), b"\x08\0\0\0", b"\xfb" + bytes(40)):
            bad = self.look_again(machine.place)
            bad.socket.sendall(message + b"\x63" * 8)
            with self.subTest(message=message), self.assertRaises((Refused, ConnectionError, AssertionError)):
                while True:
                    bad.take_message()
        with self.assertRaises((Refused, ConnectionError)):  # what any web page could try
            Viewer(WebSocket(machine.place, "/", origin="http://elsewhere"))
        good.key(ord("k"))
        machine.text_until(">k")

    def start_web(self, *options):
        """(machine, place, token), with a folder that looks like noVNC's."""
        novnc = tempfile.mkdtemp(prefix="tessera-novnc-")
        self.addCleanup(shutil.rmtree, novnc)
        os.makedirs(novnc + "/core/util")
        for name in ("core/rfb.js", "core/util/part.js", "core/secret.txt", "other.js"):
            with open(f"{novnc}/{name}", "w", encoding="ascii") as file:
                file.write(f"// {name}")
        machine = self.start(*options, kind="web", ui=f",novnc={novnc}")
        place, token = machine.place.removeprefix("http://").split("/#")
        return machine, place, token

    def test_a_browser_gets_a_page_and_with_the_token_the_machine(self):
        for options in ((), ("--set", "ui2.placement=inline")):
            with self.subTest(options=options):
                self.see_in_browser(*self.start_web(*options))

    def see_in_browser(self, machine, place, token):
        machine.text_until(">")
        for path, kind, part in (("/", "text/html", b"/page.js"), ("/?x=1", "text/html", b"/page.js"), ("/page.js", "text/javascript", b"/ws/"),
                                 ("/novnc/core/rfb.js", "text/javascript", b"// core/rfb.js"),
                                 ("/novnc/core/util/part.js", "text/javascript", b"// core/util/part.js")):
            with self.subTest(path=path):
                status, headers, body = get(place, path)
                self.assertEqual((status, headers["content-type"].split(";")[0]), (200, kind))
                self.assertIn(part, body)
                self.assertNotIn(token.encode(), body)
        viewer = self.look(WebSocket(place, "/ws/" + token))
        viewer.key(ord("w"))
        machine.text_until(">w")
        self.assert_same(viewer, machine)

    def test_a_browser_gets_nothing_else(self):
        machine, place, token = self.start_web()
        machine.text_until(">")
        for path in ("/novnc/core/secret.txt", "/novnc/other.js", "/novnc/core/../other.js", "/novnc/core//rfb.js", "//etc/passwd", "/ws"):
            with self.subTest(path=path):
                self.assertEqual(get(place, path)[0], 404)
        for wrong in ("/ws/", "/ws/" + token[:-1], "/ws/" + token + "0", "/ws/" + "0" * len(token)):
            with self.subTest(path=wrong), self.assertRaisesRegex(ConnectionError, "403"):
                WebSocket(place, wrong)
        for head in (b"POST / HTTP/1.1\r\n\r\n", b"GET /" + b"x" * 5000, b"\r\n\r\n", b"GET /\r\n\r\n", b"RFB 003.008\n\r\n\r\n"):
            with self.subTest(head=head[:20]), connect(place) as one:
                one.sendall(head)
                self.assertEqual(self.rest_of(one), b"")
        with request(place, "/ws/" + token) as one:  # no WebSocket after all
            self.assertEqual(self.rest_of(one), b"")
        self.look(WebSocket(place, "/ws/" + token)).key(ord("v"))
        machine.text_until(">v")

    @staticmethod
    def rest_of(one):
        data = b""
        try:
            while part := one.recv(4096):
                data += part
        except ConnectionResetError:
            pass
        return data

    def test_what_is_refused(self):
        for ui, told in ((",listen=0.0.0.0:0", "without a password only this host may connect"), (",listen=example.org:1", "neither"),
                         (",listen=unix:", "path has 1 to"), (",password-file=/nonexistent", "password-file"), (",web=true,listen=unix:/x", "not to a UNIX socket"),
                         (",web=true,novnc=/nonexistent", "install the package novnc")):
            with self.subTest(ui=ui):
                done = subprocess.run([TESSERA, "run", "pc", "--ui", "vnc" + ui, "--nic", "none"], capture_output=True, text=True,
                                      timeout=60)
                self.assertNotEqual(done.returncode, 0)
                self.assertIn(told, done.stderr)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1] + sys.argv[3:])
