# SPDX-License-Identifier: LGPL-2.1-or-later
"""Clients of the control socket that misbehave. They speak D-Bus by hand, because no library lets a client not read."""
import os
import socket
import struct
import threading
import time


def connect(path):
    """A connection that has authenticated itself (D-Bus specification, "Authentication Protocol")."""
    connection = socket.socket(socket.AF_UNIX)
    try:
        connection.settimeout(10)
        connection.connect(path)
        connection.sendall(b"\0AUTH EXTERNAL " + str(os.getuid()).encode().hex().encode() + b"\r\n")
        answer = connection.recv(512)
        if not answer.startswith(b"OK "):
            raise ConnectionError(f"not let in: {answer!r}")
        connection.sendall(b"BEGIN\r\n")
    except OSError:
        connection.close()
        raise
    return connection


def call(serial, method):
    """The bytes of a method call without arguments (D-Bus specification, "Message Format")."""
    fields = b""
    for code, kind, text in ((1, b"o", b"/org/tessera/Machine"), (2, b"s", b"org.tessera.Machine1"), (3, b"s", method.encode())):
        fields += bytes(-len(fields) % 8)
        fields += bytes([code, 1]) + kind + b"\0" + struct.pack("<I", len(text)) + text + b"\0"
    head = struct.pack("<cBBBIII", b"l", 1, 0, 1, 0, serial, len(fields)) + fields
    return head + bytes(-len(head) % 8)


class Client:
    """A thread that misbehaves until `stop`."""

    def __init__(self, path):
        self.path = path
        self.done = threading.Event()
        self.sent = 0
        self.thread = threading.Thread(target=self.work, daemon=True)
        self.thread.start()

    def work(self):
        while not self.done.is_set():
            try:
                with connect(self.path) as connection:
                    self.misbehave(connection)
            except OSError:  # not there yet, or thrown out: once more
                time.sleep(0.1)

    def misbehave(self, connection):
        raise NotImplementedError

    def stop(self):
        self.done.set()
        self.thread.join(15)


class Stalled(Client):
    """Reads nothing: neither the answer to its one call nor a signal."""

    def misbehave(self, connection):
        connection.sendall(call(1, "ListInstances"))
        self.sent += 1
        while not self.done.wait(0.5):
            connection.send(b"")
            if is_hung_up(connection):
                return


class Flooding(Client):
    """Calls as fast as the socket takes it, and reads no answer."""

    def misbehave(self, connection):
        connection.settimeout(0.2)
        serial = 1
        pending = b""
        while not self.done.is_set():
            if not pending:
                pending = b"".join(call(serial + i, "GetStats") for i in range(64))
                serial += 64
                self.sent += 64
            try:
                pending = pending[connection.send(pending):]
            except TimeoutError:
                if is_hung_up(connection):
                    return


def is_hung_up(connection):
    """Whether the other side is gone. What it sent stays unread."""
    try:
        return connection.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT) == b""
    except BlockingIOError:
        return False
