#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Clients of the control socket that do not do their part: none of them costs the machine more than a bounded amount of memory, keeps
it from ending, or delays another client. Arguments: tessera, plugin folder, machine."""

import os
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time
import unittest

from rig import TESSERA, Machine

SANITIZED = bool(os.environ.get("TESSERA_SANITIZE"))
MEMORY = 16 << 20
ANSWER_SECONDS = 20  # of a busy host; what waits for a client is answered when the test is over
END_SECONDS = 60
CLIENTS_MAX = 256


def field(code, kind, text):
    """A header field with an object path (kind o), a string (s) or a signature (g)."""
    length = struct.pack("<B", len(text)) if kind == b"g" else struct.pack("<I", len(text))
    return struct.pack("<BB2s", code, 1, kind + b"\0") + length + text + b"\0"


def call(serial, member, flags=0, signature=b"", arguments=b""):
    """A method call as a D-Bus message (D-Bus specification, "Message Format")."""
    fields = b""
    for one in (field(1, b"o", b"/org/tessera/Machine"), field(2, b"s", b"org.tessera.Machine1"), field(3, b"s", member),
                field(8, b"g", signature)):
        fields += bytes(-len(fields) % 8) + one
    head = struct.pack("<4BIII", ord("l"), 1, flags, 1, len(arguments), serial, len(fields))
    return head + fields + bytes(-len(fields) % 8) + arguments


class Client:
    """A connection that has authenticated, and does nothing by itself."""

    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(20)
        self.socket.connect(path)
        self.socket.sendall(b"\0AUTH EXTERNAL " + str(os.getuid()).encode().hex().encode() + b"\r\n")
        answer = self.socket.recv(4096)
        assert answer.startswith(b"OK "), answer
        self.socket.sendall(b"BEGIN\r\n")

    def is_closed(self):
        """Whether the other side has closed, once all that it sent is read."""
        try:
            while self.socket.recv(1 << 16):
                pass
        except ConnectionResetError:
            pass
        except TimeoutError:
            return False
        return True


class ClientsTest(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory(prefix="tessera-test-")
        self.addCleanup(self.folder.cleanup)

    def start(self, *options):
        machine = Machine(self.folder.name, *options)
        self.addCleanup(machine.finish)
        machine.ctl("status")
        return machine

    def connect(self, machine):
        client = Client(machine.socket)
        self.addCleanup(client.socket.close)
        return client

    def assert_answers(self, machine):
        before = time.monotonic()
        machine.ctl("status")
        self.assertLess(time.monotonic() - before, ANSWER_SECONDS)

    def assert_bounded(self, machine, before):
        if not SANITIZED:
            self.assertLess(machine.resident() - before, MEMORY)

    def assert_ends(self, machine, status):
        """Returns what it printed."""
        self.assertEqual(machine.process.wait(END_SECONDS), status)
        return machine.process.stderr.read()

    def test_a_client_that_does_not_read(self):
        machine = self.start("--set", "cpu0.flood=true")
        before = machine.resident()
        self.connect(machine)
        end = time.monotonic() + 10
        while time.monotonic() < end:
            self.assert_answers(machine)
            self.assert_bounded(machine, before)
            time.sleep(0.1)
        machine.process.send_signal(signal.SIGTERM)
        self.assertEqual(self.assert_ends(machine, 143).count("a client is disconnected"), 1)

    def test_the_end_does_not_wait_for_a_client(self):
        for end, status in ((lambda machine: machine.process.send_signal(signal.SIGTERM), 143),
                            (lambda machine: machine.ctl("quit"), 0)):
            machine = self.start("--set", "cpu0.flood=true")
            self.connect(machine)
            time.sleep(0.7)
            end(machine)
            self.assert_ends(machine, status)

    def test_a_client_that_reads_slowly(self):
        """It keeps its connection and hears of the end."""
        machine = self.start("--set", "cpu0.flood=true")
        client = self.connect(machine)
        length = 0
        end = time.monotonic() + 3
        while time.monotonic() < end or length <= 100000:
            length += len(client.socket.recv(1 << 16))
            time.sleep(0.01)
        machine.process.send_signal(signal.SIGTERM)
        last = b""
        while piece := client.socket.recv(1 << 16):
            last = (last + piece)[-8192:]
        self.assertIn(b"Stopped\0", last)
        self.assertNotIn("disconnected", self.assert_ends(machine, 143))

    def test_a_client_that_calls_and_does_not_read(self):
        for flags in (0, 1):  # 1: wants no answer
            machine = self.start()
            before = machine.resident()
            client = self.connect(machine)
            client.socket.settimeout(2)
            calls = b"".join(call(1 + i, b"ListInstances", flags) for i in range(1000))
            sent = 0
            try:
                while sent < 200:
                    client.socket.sendall(calls)
                    sent += 1
            except (BrokenPipeError, ConnectionResetError):
                pass
            self.assert_answers(machine)
            self.assert_bounded(machine, before)
            machine.ctl("quit")
            printed = self.assert_ends(machine, 0)
            # Calls that want no answer may all be taken; or the last ones were sent, but not read any more.
            self.assertIn(printed.count("a client is disconnected"), (1,) if sent < 200 else (0, 1))
            self.assertTrue(flags or sent < 200)

    def test_large_answers_that_nobody_reads(self):
        machine = self.start("--cdrom", "x" * 100000)
        before = machine.resident()
        client = self.connect(machine)
        client.socket.settimeout(2)
        arguments = struct.pack("<I5sxxxI5s", 4, b"dev0\0", 4, b"file\0")
        try:
            for serial in range(1, 1000):
                client.socket.sendall(call(serial, b"GetInstanceProperty", 0, b"ss", arguments))
                time.sleep(0.001)
        except (BrokenPipeError, ConnectionResetError):
            pass
        self.assertLess(serial, 999)
        self.assert_bounded(machine, before)
        self.assert_answers(machine)

    def test_clients_that_say_nothing(self):
        """They delay nobody, and are disconnected after a while."""
        machine = self.start()
        before = machine.resident()
        silent = []
        for _ in range(200):
            silent.append(socket.socket(socket.AF_UNIX))
            self.addCleanup(silent[-1].close)
            silent[-1].connect(machine.socket)
            silent[-1].settimeout(20)
            if len(silent) % 20 == 0:
                self.assert_answers(machine)
        with open(f"/proc/{machine.process.pid}/status", encoding="ascii") as status:
            threads = [int(line.split()[1]) for line in status if line.startswith("Threads:")]
        self.assertLess(threads[0], 150)
        self.assert_bounded(machine, before)
        for connection in silent:
            self.assertEqual(connection.recv(1), b"")
        self.assert_answers(machine)

    def test_too_many_clients(self):
        machine = self.start()
        clients = [self.connect(machine) for _ in range(CLIENTS_MAX)]
        for client in clients:
            client.socket.sendall(call(1, b"ListInstances"))
            self.assertNotEqual(client.socket.recv(1), b"")
        with socket.socket(socket.AF_UNIX) as one_more:
            one_more.settimeout(20)
            one_more.connect(machine.socket)
            self.assertEqual(one_more.recv(1), b"")
        clients[0].socket.close()
        end = time.monotonic() + ANSWER_SECONDS
        while subprocess.run([TESSERA, "ctl", machine.socket, "status"], capture_output=True, check=False).returncode:
            self.assertLess(time.monotonic(), end)  # its place is free when the machine has noticed
        machine.process.send_signal(signal.SIGTERM)
        self.assertIn("a client is refused", self.assert_ends(machine, 143))


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1] + sys.argv[4:])
