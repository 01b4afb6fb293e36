#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""
Damaged files and signals, through the real program. Arguments: tessera, and which tests (default: all).

A run may end in three ways: status 1 or 2 with one line, a guest that runs until --timeout (124), or a guest that ends it (0).
"""

import hashlib
import os
import random
import re
import signal
import subprocess
import sys
import tempfile
import time
import unittest

TESSERA = os.path.abspath(sys.argv[1])
RANDOM = random.Random(int(os.environ.get("ABUSE_SEED", "20")))
NOISE = RANDOM.randbytes(1 << 20)
FIRMWARE = "/usr/share/seabios/bios-256k.bin"
# A Linux boot sector's second part: signature 55AAh, "HdrS", protocol 2.10, loaded high.
HEADER = bytearray(1024)
HEADER[0x1f1] = 1
HEADER[0x1fe:0x208] = b"\x55\xaa\xeb\x66HdrS\x0a\x02"
HEADER[0x211] = 1


def header(at, data):
    """The Linux header with other bytes at a place, and some kernel after it."""
    out = bytearray(HEADER)
    out[at:at + len(data)] = data
    return bytes(out) + NOISE[:4096]


def iso(at=0x8000, data=b"", size=0x20000):
    """A disc with a boot record that says El Torito, and noise where it matters."""
    out = bytearray(size)
    out[0x8000:0x8007] = b"\x01CD001\x01"
    out[0x8800:0x8807] = b"\x00CD001\x01"
    out[0x8807:0x8827] = b"EL TORITO SPECIFICATION".ljust(32, b"\0")
    out[0x8847:0x884b] = (0x14).to_bytes(4, "little")
    catalogue = bytearray(64)
    catalogue[0] = 1
    catalogue[30:32] = b"\x55\xaa"
    catalogue[28:30] = ((0x10000 - 0xaa55 - 1) & 0xffff).to_bytes(2, "little")
    catalogue[32] = 0x88
    catalogue[38:40] = b"\x04\x00"
    catalogue[40:44] = (0x15).to_bytes(4, "little")
    out[0xa000:0xa040] = catalogue
    out[0xa800:0xb000] = NOISE[:2048]
    out[at:at + len(data)] = data
    return bytes(out[:size])


def boot_sector(code):
    return (code + bytes(510))[:510] + b"\x55\xaa" + NOISE[:65536]


FILES = {
    "bios": [b"", b"\xea", NOISE[:1000], NOISE[:65536], NOISE[:131072 - 16] + b"\xea\x00\x00\x00\xf0" + bytes(11), bytes(65536)],
    "kernel": [b"", b"MZ", NOISE[:5000], bytes(HEADER[:0x210]), header(0x1f1, b"\xff"), header(0x1f4, b"\xff" * 4),
               header(0x206, b"\xff\xff"), header(0x211, b"\0"), header(0x214, b"\xff" * 4), header(0x22c, b"\0" * 4), header(0, b"")],
    "initrd": [b"", NOISE[:777]],
    "cdrom": [b"", b"x", NOISE[:2049], iso(), iso(0x8847, b"\xff" * 4), iso(0xa000, NOISE[:64]), iso(0xa020, b"\x88\x04"),
              iso(0xa026, b"\xff\xff"), iso(0xa028, b"\xff" * 4), iso(size=0x8808), iso(size=0xa010)],
    "disk": [b"", b"x", NOISE[:511], NOISE[:513], NOISE[:100000], boot_sector(b"\xf4"), boot_sector(b"\xeb\xfe"),
             boot_sector(NOISE[:400])],
}


class AbuseTest(unittest.TestCase):
    def setUp(self):
        self.holder = tempfile.TemporaryDirectory(prefix="tessera-abuse-")
        self.folder = self.holder.name
        os.makedirs(self.path("home"))

    def tearDown(self):
        # No other files were made, and none of the given ones has grown.
        found = sorted(os.path.relpath(os.path.join(d, n), self.folder) for d, _, names in os.walk(self.folder) for n in names)
        self.assertLessEqual(set(found), {"input", "input.machine", "serial", "kernel", "control", "state"})
        self.holder.cleanup()

    def path(self, name):
        return os.path.join(self.folder, name)

    def write(self, name, data):
        with open(self.path(name), "wb") as out:
            out.write(data)
        return self.path(name)

    def start(self, *arguments, machine="pc", seconds="1"):
        # A file that is closed after the test: a pipe that is not read could fail as well.
        environment = dict(os.environ, HOME=self.path("home"), LC_ALL="C.UTF-8", DISPLAY="", WAYLAND_DISPLAY="")
        self.errors = tempfile.TemporaryFile()
        return subprocess.Popen([TESSERA, "run", machine, "--timeout", seconds, *arguments], cwd=self.folder, env=environment,
                                stdin=subprocess.DEVNULL, stdout=self.errors, stderr=self.errors)

    def finish(self, run, statuses):
        try:
            status = run.wait(40)
        except subprocess.TimeoutExpired:
            run.kill()
            run.wait()
            self.errors.close()
            self.fail("it hangs")
        self.errors.seek(0)
        text = self.errors.read().decode("utf-8", "replace")
        self.errors.close()
        self.assertIn(status, statuses, text)
        self.assertNotIn("runtime error", text)
        self.assertNotIn("Sanitizer", text)
        if status in (1, 2):
            self.assertEqual(text.count("\n"), 1, text)
            self.assertTrue(text.startswith("tessera: "), text)
        return status, text

    def test_damaged_files(self):
        options = ("--memory", "32M", "--serial", "file:serial", "--nic", "none")
        for kind, contents in FILES.items():
            for n, data in enumerate(contents):
                with self.subTest(kind=kind, n=n):
                    extra = ("--kernel", self.write("kernel", header(0, b""))) if kind == "initrd" else ()
                    given = self.write("input", data)
                    status, text = self.finish(self.start(*options, *extra, f"--{kind}", given), (0, 1, 2, 124))
                    if os.environ.get("ABUSE_VERBOSE"):
                        print(kind, n, status, text.strip())
                    with open(given, "rb") as now:
                        after = now.read()
                    # A disk may be written to by what runs from it; it does not grow. The others are never written.
                    self.assertEqual(len(after), len(data))
                    if kind != "disk":
                        self.assertEqual(after, data)

    def test_files_that_are_none(self):
        os.mkfifo(self.path("control"))
        for kind in (*FILES, "load"):
            for name in ("nowhere", ".", "/dev/null", "control"):
                with self.subTest(kind=kind, name=name):
                    allowed = (1, 2) if name != "/dev/null" else (1, 2, 124)
                    extra = ("--kernel", self.write("kernel", header(0, b""))) if kind == "initrd" else ()
                    self.finish(self.start("--nic", "none", *extra, f"--{kind}", name), allowed)
        for name in ("nowhere", ".", "/dev/null", "control"):
            self.finish(self.start("--nic", "none", "--set", f"vga0.rom={name}"), (1,))
        os.rename(self.path("control"), self.path("input.machine"))
        self.finish(self.start(machine="./input.machine"), (1,))

    def test_a_machine_that_cannot_be_made_leaves_files_alone(self):
        self.write("serial", b"precious")
        for wrong in (("--disk", "nowhere"), ("--load", "nowhere"), ("--control", "unix:/nonexistent/socket"), ("--kernel", "nowhere"),
                      ("--nic", "user,hostfwd=x")):
            with self.subTest(wrong=wrong):
                # The second line's file is not there: tearDown sees whether it was made.
                self.finish(self.start("--serial", "file:serial", "--serial", "file:absent", *wrong), (1, 2))
                with open(self.path("serial"), "rb") as now:
                    self.assertEqual(now.read(), b"precious")

    def save(self):
        run = self.start("--memory", "4M", "--nic", "none", "--control", "unix:control", seconds="30")
        for _ in range(300):
            done = subprocess.run([TESSERA, "ctl", "control", "save", "state"], cwd=self.folder, capture_output=True)
            if done.returncode == 0:
                break
            time.sleep(0.1)
        run.send_signal(signal.SIGTERM)
        self.finish(run, (143,))
        self.assertEqual(done.returncode, 0, done.stderr)
        with open(self.path("state"), "rb") as saved:
            return saved.read()

    def test_damaged_states(self):
        state = self.save()
        options = ("--memory", "4M", "--nic", "none", "--load", "input")
        self.write("input", state)
        self.finish(self.start(*options), (124,))
        damaged = [b"", NOISE[:1], NOISE[:70000], state[:-1], state + b"x", state[len(state) // 2:]]
        damaged += [state[:RANDOM.randrange(len(state))] for _ in range(6)]
        for size in (1, 4, 64):
            for limit in (64, 4096, len(state)):
                at = RANDOM.randrange(min(limit, len(state) - size))
                damaged.append(state[:at] + RANDOM.randbytes(size) + state[at + size:])
        for n, data in enumerate(damaged):
            with self.subTest(n=n):
                self.write("input", data)
                # A bit that no checksum covers may be one that does not matter.
                self.finish(self.start(*options), (1, 2) if n < 12 else (0, 1, 2, 124))
        self.write("input", state)
        self.finish(self.start("--memory", "8M", "--nic", "none", "--load", "input"), (1,))

    def test_changed_states(self):
        """Values that no checksum gives away: what they are used for checks them. ABUSE_STATES: how many states (40)."""
        state = self.save()
        head = state[24:24 + int.from_bytes(state[16:24], "little")]
        # Most of the head is a ROM; fields begin behind their names.
        fields = [24 + match.end() for match in re.finditer(rb"[a-z][a-z0-9_-]+\0", head)]
        self.assertGreater(len(fields), 300)
        options = ("--memory", "4M", "--nic", "none", "--load", "input")
        for n in range(int(os.environ.get("ABUSE_STATES", "40"))):
            changed = bytearray(state[:-32])
            for _ in range(RANDOM.choice((1, 2, 8))):
                size = RANDOM.choice((1, 2, 4, 8))
                at = RANDOM.choice(fields) + RANDOM.randrange(12)
                changed[at:at + size] = RANDOM.choice((b"\xff" * size, bytes(size), RANDOM.randbytes(size)))
            with self.subTest(n=n):
                self.write("input", bytes(changed) + hashlib.sha256(changed).digest())
                self.finish(self.start(*options, seconds="0.3"), (0, 1, 2, 3, 124))

    def test_damaged_manifests(self):
        text = open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "manifests", "machines", "pc.machine"),
                    "rb").read()
        damaged = [b"", b"\0", NOISE[:5000], b"[", b"[Machine]", b"[Machine]\n" * 100000, text[:700] + b"\xff\xfe" + text[700:]]
        lines = text.splitlines(True)
        for _ in range(12):
            damaged.append(text[:RANDOM.randrange(len(text))])
            changed = list(lines)
            del changed[RANDOM.randrange(len(lines))]
            RANDOM.shuffle(changed) if RANDOM.random() < 0.3 else changed.insert(RANDOM.randrange(len(lines)), RANDOM.choice(lines))
            damaged.append(b"".join(changed))
            at = RANDOM.randrange(len(text))
            damaged.append(text[:at] + RANDOM.randbytes(3) + text[at:])
        for n, data in enumerate(damaged):
            with self.subTest(n=n):
                self.write("input.machine", data)
                status, said = self.finish(self.start(machine="./input.machine", seconds="0.3"), (0, 1, 2, 124))
                if os.environ.get("ABUSE_VERBOSE"):
                    print("manifest", n, status, said.strip())

    def test_sigterm_in_each_phase(self):
        guests = [("--nic", "none"), ("--cpu", "cpu-interp"), ("--bios", self.write("input", b"\xfa\xf4" * 32768)),
                  ("--bios", self.write("kernel", bytes(65520) + b"\xeb\xfe" + bytes(14)))]
        for options in guests:
            for after in (0, 0.02, 0.05, 0.1, 0.3, 1):
                with self.subTest(options=options, after=after):
                    run = self.start("--memory", "16M", "--control", "unix:control", *options, seconds="60")
                    time.sleep(after)
                    run.send_signal(signal.SIGTERM)
                    # Before the program has come to its first line, a signal ends it as the system does.
                    self.finish(run, (143, -signal.SIGTERM))


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1] + sys.argv[2:])
