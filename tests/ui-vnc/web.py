# SPDX-License-Identifier: LGPL-2.1-or-later
"""What a browser does, as far as the tests need it: requests by HTTP, and a WebSocket (RFC 6455) that behaves like a socket."""

import base64
import hashlib
import os
import socket
import struct

SECONDS = 60
GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"


def request(place, path, headers=()):
    """The open connection, after a request."""
    host, port = place.rsplit(":", 1)
    one = socket.create_connection((host, int(port)), SECONDS)
    lines = [f"GET {path} HTTP/1.1", f"Host: {place}", *headers, "", ""]
    one.sendall("\r\n".join(lines).encode())
    return one


def read_head(one):
    """(status, headers, by their names in lower case)."""
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        byte = one.recv(1)
        if not byte:
            raise ConnectionError("no answer")
        head += byte
    first, *lines = head.decode().strip().split("\r\n")
    return int(first.split()[1]), {line.split(": ", 1)[0].lower(): line.split(": ", 1)[1] for line in lines}


def get(place, path):
    """(status, headers, body)."""
    with request(place, path) as one:
        status, headers = read_head(one)
        body = b""
        while len(body) < int(headers["content-length"]):
            body += one.recv(65536)
        return status, headers, body


class WebSocket:
    def __init__(self, place, path, origin=None):
        key = base64.b64encode(os.urandom(16)).decode()
        self.socket = request(place, path, ("Upgrade: websocket", "Connection: Upgrade", f"Sec-WebSocket-Key: {key}",
                                            "Sec-WebSocket-Version: 13", f"Origin: {origin or 'http://' + place}"))
        try:
            self.status, headers = read_head(self.socket)
            if self.status != 101:
                raise ConnectionError(f"status {self.status}")
        except ConnectionError:
            self.socket.close()
            raise
        assert headers["sec-websocket-accept"] == base64.b64encode(hashlib.sha1((key + GUID).encode()).digest()).decode()
        self.data = b""

    def exactly(self, length):
        data = b""
        while len(data) < length:
            part = self.socket.recv(length - len(data))
            if not part:
                return b""
            data += part
        return data

    def message(self):
        """The next frame's data; none when the other side has closed."""
        head = self.exactly(2)
        if not head or head[0] & 15 == 8:
            return b""
        length = head[1] & 127
        if length > 125:
            length = struct.unpack(">H" if length == 126 else ">Q", self.exactly(2 if length == 126 else 8))[0]
        return self.exactly(length)

    def recv(self, most):
        if not self.data:
            self.data = self.message()
        part, self.data = self.data[:most], self.data[most:]
        return part

    def sendall(self, data, kind=2):
        mask = os.urandom(4)
        length = struct.pack(">B", 128 | len(data)) if len(data) < 126 else struct.pack(">BH", 128 | 126, len(data))
        self.socket.sendall(bytes([128 | kind]) + length + mask + bytes(byte ^ mask[i % 4] for i, byte in enumerate(data)))

    def close(self):
        self.socket.close()
