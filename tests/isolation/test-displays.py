#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""A graphics card with isolation=process (canvas.c), whose process is killed while a guest (hand.S) draws: at each point of a frame, and at
any moment. A viewer that asks for what has changed sees what the guest has drawn. Arguments: rig.py."""

import mmap
import os
import struct
import sys

from gi.repository import Gio, GLib

import rig
from rig import IsolationCase, unittest

DISPLAY = 1  # 0 is the VGA of the machine
ADDRESS = 0x1E
LENGTH = 1 << 20
DEATH, DEATHS = LENGTH - 8, LENGTH - 4
MODES = {1: (320, 200), 2: (400, 300)}
MODE, COLOR, FILL, WINDOW_AT = 0, 4, 8, 12
FILLING, REFRESHING, FETCHED, DRAWN = 1, 2, 3, 4
SCRATCH = 0xD0000000
ECHO, WINDOW = SCRATCH + 0x1000, SCRATCH + 0x2000
ROM_AT, ROM_LENGTH = 0xD1000000, 40000
WORD = 0xFFFFFFFF


def sum_of(words):
    total = 0
    for word in words:
        total = ((total << 1 | total >> 31) + word) & WORD
    return total


class Viewer:
    """What a window has of the display: it asks for what has changed since the frame that it has."""

    def __init__(self, socket):
        flags = Gio.DBusConnectionFlags.AUTHENTICATION_CLIENT
        self.connection = Gio.DBusConnection.new_for_address_sync(f"unix:path={socket}", flags, None, None)
        self.serial, self.size = 0, (0, 0)
        self.pixels = b""

    def finish(self):
        if not self.connection.is_closed():
            self.connection.close_sync(None)

    def call(self, method, arguments):
        return self.connection.call_with_unix_fd_list_sync(None, "/org/tessera/Machine", "org.tessera.Machine1", method, arguments, None,
                                                           Gio.DBusCallFlags.NONE, rig.SECONDS * 1000, None, None)

    def look(self):
        """What has changed is copied out of the file; the rest stays as it was seen before."""
        newer, serial, size, damage = self.call("RefreshDisplay", GLib.Variant("(ut)", (DISPLAY, self.serial)))[0].unpack()
        if newer:
            if size != self.size:
                self.size, self.pixels = size, bytearray(size[0] * size[1] * 4)
            self.serial = serial
            self.copy(*damage)
        return [struct.unpack_from(f"<{self.size[0]}I", self.pixels, y * self.size[0] * 4) for y in range(self.size[1])]

    def copy(self, x, y, width, height):
        _, files = self.call("OpenDisplay", GLib.Variant("(u)", (DISPLAY,)))
        file = files.steal_fds()[0]
        with mmap.mmap(file, len(self.pixels), prot=mmap.PROT_READ) as seen:
            for row in range(y, y + height):
                at = (row * self.size[0] + x) * 4
                self.pixels[at:at + width * 4] = seen[at:at + width * 4]
        os.close(file)


class Guest:
    """hand.S, and what it has drawn. No message on the line is longer than the UART and its back end hold."""

    def __init__(self, machine):
        self.machine = machine
        self.mode, self.lines, self.color = 0, [], 0

    def ask(self, letter, *numbers, answer=0):
        self.machine.write(letter + struct.pack(f"<{len(numbers)}I", *(number & WORD for number in numbers)))
        heard = self.machine.read(answer + 1)
        assert heard[-1:] == b".", heard
        return struct.unpack("<I", heard[:4])[0] if answer else None

    def write(self, address, value):
        self.ask(b"w", address, value)

    def read(self, address):
        return self.ask(b"r", address, answer=4)

    def config(self, register, value=None):
        self.ask(b"o", 0xCF8, 1 << 31 | ADDRESS << 11 | register)
        if value is None:
            return self.ask(b"i", 0xCFC, answer=4)
        return self.ask(b"o", 0xCFC, value)

    def find_card(self):
        self.config(4, 7)  # I/O, memory, bus master
        self.vram = self.config(0x10) & ~15
        self.registers = self.config(0x14) & ~3

    def register(self, register, value):
        self.ask(b"o", self.registers + register, value)

    def set_mode(self, mode):
        width, height = MODES[mode]
        old = [word for line in self.lines for word in line] + [0] * (width * height)
        self.mode = mode
        self.lines = [tuple(old[y * width:(y + 1) * width]) for y in range(height)]
        self.register(MODE, mode)

    def draw(self, y, value, step, count=1):
        """Lines, itself, without the card."""
        width = MODES[self.mode][0]
        self.ask(b"f", self.vram + y * width * 4, width * count, value, step)
        for line in range(count):
            self.lines[y + line] = tuple(value + (line * width + x) * step & WORD for x in range(width))

    def draw_everything(self):
        self.draw(0, 0x112233, 0x10203, len(self.lines))

    def fill(self, y, color):
        """By the card."""
        if color != self.color:
            self.register(COLOR, color)
        self.color = color
        self.register(FILL, y)
        self.lines[y] = tuple(color + x & WORD for x in range(MODES[self.mode][0]))

    def die_at(self, point):
        self.write(self.vram + DEATH, point)

    def deaths(self):
        return self.read(self.vram + DEATHS)


class DisplaysTest(IsolationCase):
    def begin(self, *options, isolation="process"):
        machine = self.start("--add", f"canvas0=canvas,address={ADDRESS:x}.0,isolation={isolation}", *options)
        guest = Guest(machine)
        guest.find_card()
        viewer = Viewer(machine.socket)
        self.addCleanup(viewer.finish)
        return machine, guest, viewer

    def check_picture(self, guest, viewer):
        seen = viewer.look()
        self.assertEqual((viewer.size, [y for y, line in enumerate(guest.lines) if seen[y] != line]), (MODES[guest.mode], []),
                         "lines that are not as the guest has drawn them")

    def check_drawing(self, isolation):
        machine, guest, viewer = self.begin(isolation=isolation)
        self.assertEqual(len(machine.processes("canvas0")[1]), isolation == "process")
        guest.set_mode(1)
        guest.draw_everything()
        self.check_picture(guest, viewer)
        guest.draw(7, 3, 5)
        guest.fill(9, 0x123456)
        self.check_picture(guest, viewer)
        guest.set_mode(2)
        self.check_picture(guest, viewer)
        guest.draw(299, 1, 1)
        self.check_picture(guest, viewer)
        text = machine.ctl("text", str(DISPLAY))
        self.assertEqual(text.splitlines()[::599], ["line 000 of the canvas", "line 599 of the canvas"])

    def test_it_draws_when_it_is_not_isolated(self):
        self.check_drawing("none")

    def test_it_draws_when_it_is_isolated(self):
        self.check_drawing("process")

    def test_its_other_memory(self):
        machine, guest, _ = self.begin()
        guest.write(SCRATCH + 12, 0x11223344)
        guest.write(ECHO, 1000)
        guest.write(guest.vram + 4096, 0xCAFE)
        guest.register(WINDOW_AT, WINDOW)
        guest.config(0x30, ROM_AT | 1)
        image = bytes((i * 7 + (i >> 8)) & 255 for i in range(ROM_LENGTH))
        for _ in range(2):
            self.assertEqual(guest.read(SCRATCH + 12), 0x11223344)
            self.assertEqual(guest.read(ECHO + 8), 1008)
            self.assertEqual(guest.read(WINDOW), 0xCAFE)
            self.assertEqual(guest.ask(b"s", ROM_AT, ROM_LENGTH // 4, answer=4), sum_of(struct.unpack(f"<{ROM_LENGTH // 4}I", image)))
            self.assertIn("with the state of its last call", machine.kill_device(name="canvas0"))
        guest.write(WINDOW, 0xBEEF)
        self.assertEqual(guest.read(guest.vram + 4096), 0xBEEF)
        guest.register(WINDOW_AT, 0)
        self.assertNotEqual(guest.read(WINDOW), 0xBEEF)

    def test_nothing_is_lost_at_any_point_of_a_frame(self):
        _, guest, viewer = self.begin()
        guest.set_mode(1)
        guest.draw_everything()
        self.check_picture(guest, viewer)
        for number, point in enumerate((FILLING, REFRESHING, FETCHED, DRAWN) * 3):
            guest.draw(number, number, 77)
            guest.die_at(point)
            guest.fill(100 + number, 0x335577 * number)
            guest.draw(50 + number, number, 99)
            self.check_picture(guest, viewer)
            self.assertEqual(guest.deaths(), number + 1)

    def test_a_new_mode_survives_too(self):
        _, guest, viewer = self.begin()
        guest.set_mode(1)
        guest.draw_everything()
        self.check_picture(guest, viewer)
        for number, point in enumerate((REFRESHING, FETCHED, DRAWN)):
            guest.set_mode(2 - number % 2)
            guest.die_at(point)
            self.check_picture(guest, viewer)
            self.assertEqual(guest.deaths(), number + 1)

    def test_nothing_is_lost_when_it_is_killed_meanwhile(self):
        machine, guest, viewer = self.begin()
        guest.set_mode(1)
        guest.draw_everything()
        for number in range(20):
            self.check_picture(guest, viewer)
            guest.draw(number, number, 7)
            machine.end_device("canvas0")
            guest.fill(150 - number, number << 8)
            guest.draw(180 - number, number, 9)
        self.check_picture(guest, viewer)

    def test_a_crash_is_survived_and_the_third_is_followed_by_a_reset(self):
        machine, guest, viewer = self.begin()
        guest.set_mode(1)
        guest.draw_everything()
        self.check_picture(guest, viewer)
        guest.draw(1, 2, 3)
        while "as after a reset" not in machine.kill_device(11, "canvas0"):
            self.check_picture(guest, viewer)
        self.assertEqual(guest.ask(b"s", guest.vram, LENGTH // 4, answer=4), 0)

    def test_a_saved_state_has_its_memory(self):
        machine, guest, viewer = self.begin()
        guest.set_mode(2)
        guest.draw_everything()
        guest.draw(10, 4, 3)
        guest.write(SCRATCH, 0x55AA)
        state = os.path.join(self.folder, "state")
        machine.ctl("save", state)
        machine.end_device("canvas0")
        self.check_picture(guest, viewer)
        machine.finish()
        for isolation in "process", "none":
            other = self.start("--add", f"canvas0=canvas,address={ADDRESS:x}.0,isolation={isolation}", "--load", state, ready=b"")
            after = Guest(other)
            after.__dict__.update(guest.__dict__, machine=other)
            self.assertEqual(after.read(SCRATCH), 0x55AA)
            viewer = Viewer(other.socket)
            self.addCleanup(viewer.finish)
            self.check_picture(after, viewer)
            other.finish()


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=2)
