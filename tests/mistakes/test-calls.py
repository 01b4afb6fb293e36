#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Calls that the SDK's headers forbid are errors that name instance, plugin and remedy, and a guest that runs goes on. The arguments of
rig.py."""

import os
import re

from rig import LIMIT, PATIENCE, MistakeTestCase, main

REMEDY = r"; this is a mistake of plugin bad 1\.2\.3: use another version of it, or tell its vendor"
# Mistakes while the machine is built, which then cannot be.
REFUSED = {
    "unknown-property": "it asks for the property 'colour', which its manifest lacks",
    "unknown-listener": "it listens to the property 'colour', which its manifest lacks",
    "unknown-status": "it sets the property 'colour', which its manifest lacks",
    "no-handlers": "it claims 'more' without handlers",
    "no-such-width": "it claims 'more' with handlers of no width that there is; widths has bits of 1, 2, 4 and 8",
    "too-many-ports": "it claims 100 ports from fff0h on, 'more'; there are 10000h",
    "map-odd-length": "it maps 'more' at 0xf0000000 with 0x64 bytes; base and length are multiples of 4096 and end below 0x1000000000",
    "map-too-much": "it maps 'more' at 0xf0000000 with 0x1000000000000000 bytes; base and length are multiples of 4096 and end below "
                    "0x1000000000",
    "map-around-the-end": "it maps 'more' at 0xfffffffffffff000 with 0x2000 bytes; base and length are multiples of 4096 and end below "
                          "0x1000000000",
    "alias-of-nothing": "it maps 'more' as an alias of what is no memory of its own, or beyond the end of that",
    "alias-beyond-the-end": "it maps 'again' as an alias of what is no memory of its own, or beyond the end of that",
    "no-dirty-log": "it fetches dirty pages of 'more', which has no dirty log",
    "shadow-odd": "it shadows 0x64 bytes at 0xc0001; base and length are multiples of 4096 and end below 1 MiB",
    "bar-twice": "it adds BAR 2 twice",
    "bar-length-48": "it adds BAR 0 with 48 bytes; the length is a power of two of at least 4",
    "bar-length-0": "it adds BAR 0 with 0 bytes; the length is a power of two of at least 4",
    "bar-9": "it adds BAR 9 with handlers; a function has BARs 0 to 5",
    "small-memory-bar": "it adds BAR 0 with 1024 bytes; the length is a power of two of at least 4096",
    "unknown-line": "it gets the line 'irq', which its manifest lacks; add [Resource irq] with type=irq",
    "display-without-refresh": "it adds a display without `refresh`",
    "picture-of-nothing": "it resizes its display to 0 x 100000; a side has 1 to 16384 pixels",
    "input-of-nothing": "it adds an input without functions",
    "watch-what-is-closed": "it watches the file descriptor 1000000, which is not open",
    "unknown-event": "it emits an event whose name is not UTF-8",
    "write-behind": "it has written beyond its instance of {size} bytes",
    "log-at-no-level": "log: there is no level 99",
}
# Mistakes while the guest runs, which does not notice.
LOGGED = {
    "unknown-property-in-write": "it asks for the property 'colour', which its manifest lacks",
    "shadow-odd-in-write": "it shadows 0x64 bytes at 0xc0001; base and length are multiples of 4096 and end below 1 MiB",
    "write-behind-in-write": "it has written beyond its instance of {size} bytes",
    "unwatch-what-is-not": "it removes the watch 77, which it does not have",
    "unknown-reset": "it asks for the reset 77; there are 0 to 2",
}
NOT_SAVED = {
    "leave-group-open": "its state leaves the group 'registers' open",
    "begin-40-groups": "its state has a group that cannot be, 'deeper', at depth 16",
    "end-no-group": "its state ends a group that it did not begin",
    "same-name-twice": "its state has the field 'counter' twice",
    "number-of-3-bytes": "its state has a number of 3 bytes, 'counter'",
    "name-of-no-text": "its state has a field whose name is not UTF-8",
    "name-of-nothing": "its state has a field whose name is not UTF-8",
    "bytes-of-nothing": "its state has a field of 100 bytes, 'memory'",
}
NOT_LOADED = {
    "read-16-bytes": "it reads a number of 16 bytes from its state, 'last'",
    "leave-no-group": "it leaves a group of its state that it did not enter",
}


def expression(message):
    return re.escape(message).replace(r"\{size\}", "[0-9]+")


class CallTest(MistakeTestCase):
    def test_refused(self):
        for mistake, message in REFUSED.items():
            with self.subTest(mistake):
                status, lines = self.run_bad(mistake)
                self.assertEqual(status, 1)
                self.assertRegex(lines, "^tessera: bad0: " + expression(message) + REMEDY + "\n$")

    def test_the_guest_goes_on(self):
        for mistake, message in LOGGED.items():
            with self.subTest(mistake):
                status, lines = self.run_bad(mistake, "--exit", "7")
                self.assertEqual(status, 7)
                self.assertRegex(lines, "WARNING.*: bad0: " + expression(message) + REMEDY)

    def test_stop_with_a_status_that_cannot_be(self):
        status, lines = self.run_bad("unknown-status-of-stop")
        self.assertEqual(status, 1)
        self.assertIn("bad0: it stops the machine with status 999; there are 0 to 255", lines)
        self.assertIn("tessera: ?[31mred?[0m\n", lines)

    def test_a_table_for_any_name(self):
        """It is asked for a name that nobody has, and refused if it answers."""
        status, said = self.run_bad("any-interface", "--exit", "7")
        self.assertEqual(status, 2)
        self.assertIn("bad0: plugin bad 1.2.3: its get_interface returns a table for a name that it cannot know", said)

    def test_emit_in_detach(self):
        self.assertEqual(self.run_bad("emit-in-detach", "--exit", "7"), (7, "tessera: the guest asked for it\n"))

    def test_a_huge_instance(self):
        machine = os.path.join(self.folder, "huge.machine")
        with open(machine, "w", encoding="ascii") as file:
            file.write("[Machine]\nname=huge\nmemory=1M\ncpu=cpu0\nmmu=mmu0\n[Instance cpu0]\nplugin=test-cpu\n"
                       "[Instance mmu0]\nplugin=test-mmu\n[Instance big0]\nplugin=bad-huge\n")
        status, lines = self.run_plain(machine, *LIMIT)
        self.assertEqual(status, 1)
        self.assertEqual(lines, "tessera: big0: plugin bad-huge 1.2.3 asks for an instance of 1152921504606846976 bytes; at most 256 MiB are "
                                "possible: use another version of it\n")


class PlaceTest(MistakeTestCase):
    def check(self, message, *arguments):
        status, lines = self.run_bad(*arguments)
        self.assertEqual((status, lines), (1, "tessera: " + message + "\n"))

    def test_refused(self):
        for mistake, message in (
                ("take-ports", "it enables 'more' at 2f8h to 2ffh, which 'serial' of dev0 has"),
                ("move-over-ports", "it enables 'more' at 2f8h to 2ffh, which 'serial' of dev0 has"),
                ("enable-over-ram", "it enables 'more' at 1000h to 1fffh, which 'ram' of the machine has"),
                ("move-over-ram", "it enables 'more' at 9f000h to 9ffffh, which 'ram' of the machine has")):
            with self.subTest(mistake):
                self.check("bad0: " + message + "; give one of them another place, or use another version of plugin bad 1.2.3", mistake)

    def test_taken_from_who_comes_later(self):
        self.check("bad1: regs: ports 3e8h-3efh are taken by more of bad0", "take-ports-first")

    def test_mapped_over_ram(self):
        self.check("bad0: more: memory at 0x1000, 4096 bytes, is taken by ram of the machine", "map-over-ram")

    def test_mapped_over_another(self):
        """Whatever its priority."""
        self.check("bad1: more: memory at 0xf0000000, 4096 bytes, is taken by more of bad0", "map-far", "--set",
                   "bad1.mistake=map-over-another")

    def test_a_bar(self):
        self.check("bad0: it moves, shows or hides 'bar0'; a BAR is where the guest puts it; this is a mistake of plugin bad 1.2.3: use "
                   "another version of it, or tell its vendor", "move-a-bar")

    def test_while_the_guest_runs(self):
        """Whose ports they are keeps them."""
        process = self.start("take-ports-in-a-timer", *LIMIT, "--set", "cpu0.pause=true", "--exit", "7")
        status, lines = self.end_of(process)
        self.assertEqual(status, 7)
        self.assertIn("bad0: it enables 'spare' at 501h to 508h, which 'exit' of dev0 has", lines)


class StateTest(MistakeTestCase):
    def save(self):
        return self.ctl("save", os.path.join(self.folder, "state"))

    def check(self, mistake, message):
        """A save fails; the guest goes on."""
        process = self.start(mistake, *LIMIT)
        failed = self.save()
        self.assertEqual(failed.returncode, 1)
        self.assertRegex(failed.stderr, message)
        self.assertNotIn("\033", failed.stderr)
        self.assertIn("running", self.ctl("status").stdout)
        process.terminate()
        self.assertEqual(process.wait(timeout=PATIENCE), 128 + 15)
        self.assertNotIn("bad0", process.stderr.read())

    def test_not_saved(self):
        for mistake, message in NOT_SAVED.items():
            with self.subTest(mistake):
                self.check(mistake, "cannot save: bad0: " + re.escape(message) + REMEDY)

    def test_a_reason_in_colour(self):
        self.check("fail-in-colour", re.escape("cannot save: bad0: ?[31mit is red"))

    def test_not_loaded(self):
        process = self.start("", *LIMIT)
        self.assertEqual(self.save().returncode, 0)
        process.kill()
        state = os.path.join(self.folder, "state")
        for mistake, message in NOT_LOADED.items():
            with self.subTest(mistake):
                status, lines = self.run_bad(mistake, "--load", state)
                self.assertEqual(status, 1)
                self.assertRegex(lines, "^tessera: " + re.escape(state) + ": bad0: " + re.escape(message) + REMEDY + "\n$")


class TextTest(MistakeTestCase):
    def test_an_error_in_colour(self):
        status, lines = self.run_bad("error-in-colour")
        self.assertEqual((status, lines), (1, "tessera: bad0: ?]0;title??[31mred  tessera: all is well???\n"))

    def test_a_prefix_that_the_core_adds(self):
        self.assertEqual(self.run_bad("error-with-prefix"), (2, "tessera: bad0: mac=zz\n"))

    def test_an_error_without_end(self):
        self.assertEqual(self.run_bad("error-without-end"), (1, "tessera: bad0: " + "x" * 507 + "\n"))

    def test_an_error_without_text(self):
        self.assertEqual(self.run_bad("error-without-text"), (1, "tessera: bad0: cannot be attached\n"))

    def test_a_log_line_in_colour(self):
        status, lines = self.run_bad("log-in-colour", "--exit", "7")
        self.assertEqual(status, 7)
        self.assertIn("bad0: ?[31mred ** all is well\n", lines)
        self.assertNotIn("\033[31mred", lines)

    def test_a_flood(self):
        """It does not hide what another instance has to say."""
        status, lines = self.run_bad("log-without-end", "--exit", "7", "--set", "bad1.mistake=log-in-detach")
        self.assertEqual(status, 7)
        self.assertIn("bad0: line 0\n", lines)
        self.assertEqual(lines.count("bad0: line "), 20)
        self.assertIn("bad1: the last words\n", lines)

    def test_a_status_in_colour(self):
        process = self.start("status-in-colour", *LIMIT)
        while not (fault := self.ctl("get", "bad0.fault").stdout).strip():
            self.assertIsNone(process.poll())
        self.assertEqual(fault, "?[31mred\n")


if __name__ == "__main__":
    main()
