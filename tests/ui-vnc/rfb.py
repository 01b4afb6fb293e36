# SPDX-License-Identifier: LGPL-2.1-or-later
"""A viewer for RFB as RFC 6143 has it: raw pixels, and the extensions that are named below. DES is that of FIPS 46-3."""

import os
import select
import socket
import struct

RAW, DESKTOP_SIZE, EXTENDED_DESKTOP_SIZE, POINTER_MOTION, EXTENDED_KEY = 0, -223, -308, -257, -258
NONE, VNC_AUTHENTICATION = 1, 2
SECONDS = 60  # a host that is busy

IP = [58 - 8 * (i % 8) + 2 * (i // 8) if i < 32 else 57 - 8 * (i % 8) + 2 * (i // 8 - 4) for i in range(64)]
FP = [IP.index(i) + 1 for i in range(1, 65)]
E = [(4 * (i // 6) + i % 6 - 1) % 32 + 1 for i in range(48)]
P = [16, 7, 20, 21, 29, 12, 28, 17, 1, 15, 23, 26, 5, 18, 31, 10, 2, 8, 24, 14, 32, 27, 3, 9, 19, 13, 30, 6, 22, 11, 4, 25]
PC1 = [57, 49, 41, 33, 25, 17, 9, 1, 58, 50, 42, 34, 26, 18, 10, 2, 59, 51, 43, 35, 27, 19, 11, 3, 60, 52, 44, 36,
       63, 55, 47, 39, 31, 23, 15, 7, 62, 54, 46, 38, 30, 22, 14, 6, 61, 53, 45, 37, 29, 21, 13, 5, 28, 20, 12, 4]
PC2 = [14, 17, 11, 24, 1, 5, 3, 28, 15, 6, 21, 10, 23, 19, 12, 4, 26, 8, 16, 7, 27, 20, 13, 2,
       41, 52, 31, 37, 47, 55, 30, 40, 51, 45, 33, 48, 44, 49, 39, 56, 34, 53, 46, 42, 50, 36, 29, 32]
S = [bytes(int(digit, 16) for digit in box) for box in (
    "e4d12fb83a6c59070f74e2d1a6cb953841e8d62bfc973a50fc8249175b3ea06d",
    "f18e6b34972dc05a3d47f28ec01a69b50e7ba4d158c6932fd8a13f42b67c05e9",
    "a09e63f51dc7b428d709346a285ecbf1d6498f30b12c5ae71ad069874fe3b52c",
    "7de3069a1285bc4fd8b56f03472c1ae9a690cb7df13e52843f06a1d8945bc72e",
    "2c417ab6853fd0e9eb2c47d150fa3986421bad78f9c5630eb8c71e2d6f09a453",
    "c1af92680d34e75baf427c9561de0b389ef528c3704a1db6432c95fabe17608d",
    "4b2ef08d3c975a61d0b7491ae35c2f8614bdc37eaf6805926bd814a7950fe23c",
    "d2846fb1a93e50c71fd8a374c56b0e927b419ce206adf35821e74a8dfc90356b")]
SHIFTS = [1, 1, 2, 2, 2, 2, 2, 2, 1, 2, 2, 2, 2, 2, 2, 1]


def permute(bits, table):
    return [bits[i - 1] for i in table]


def to_bits(data):
    return [byte >> 7 - i & 1 for byte in data for i in range(8)]


def substitute(bits):
    out = []
    for i in range(8):
        six = bits[6 * i:6 * i + 6]
        value = S[i][(six[0] << 1 | six[5]) << 4 | six[1] << 3 | six[2] << 2 | six[3] << 1 | six[4]]
        out += [value >> 3 & 1, value >> 2 & 1, value >> 1 & 1, value & 1]
    return out


def des(key, block):
    c = permute(to_bits(key), PC1)
    c, d = c[:28], c[28:]
    bits = permute(to_bits(block), IP)
    left, right = bits[:32], bits[32:]
    for shift in SHIFTS:
        c, d = c[shift:] + c[:shift], d[shift:] + d[:shift]
        mixed = [a ^ b for a, b in zip(permute(right, E), permute(c + d, PC2))]
        left, right = right, [a ^ b for a, b in zip(left, permute(substitute(mixed), P))]
    bits = permute(right + left, FP)
    return bytes(sum(bits[8 * i + j] << 7 - j for j in range(8)) for i in range(8))


def answer(password, challenge):
    """RFC 6143 7.2.2; the bits of each byte of the key are in reverse, as every implementation has it."""
    key = bytes(int(f"{byte:08b}"[::-1], 2) for byte in password.encode().ljust(8, b"\0")[:8])
    return des(key, challenge[:8]) + des(key, challenge[8:])


class Refused(Exception):
    pass


class Viewer:
    """A connection. `place` is HOST:PORT or unix:PATH, or an open socket that behaves like one."""

    def __init__(self, place, password=None, encodings=(RAW, DESKTOP_SIZE)):
        self.socket = connect(place) if isinstance(place, str) else place
        self.confirmed = {}
        self.updates = []  # rectangles of pixels: (x, y, width, height)
        try:
            self.shake_hands(password)
        except Exception:
            self.socket.close()
            raise
        self.set_encodings(encodings)

    def shake_hands(self, password):
        self.version = self.read(12)
        self.socket.sendall(b"RFB 003.008\n")
        self.authenticate(password)
        self.socket.sendall(b"\1")
        self.width, self.height, self.format, length = struct.unpack(">HH16sI", self.read(24))
        self.name = self.read(length).decode()
        self.pixels = bytearray(4 * self.width * self.height)

    def read(self, length):
        data = b""
        while len(data) < length:
            part = self.socket.recv(length - len(data))
            if not part:
                raise Refused("the connection is closed")
            data += part
        return data

    def authenticate(self, password):
        kind = VNC_AUTHENTICATION if password is not None else NONE
        kinds = self.read(self.read(1)[0])
        if kind not in kinds:
            raise Refused(f"security types {list(kinds)}")
        self.socket.sendall(bytes([kind]))
        if password is not None:
            self.socket.sendall(answer(password, self.read(16)))
        if struct.unpack(">I", self.read(4))[0]:
            raise Refused(self.read(struct.unpack(">I", self.read(4))[0]).decode())

    def set_encodings(self, encodings):
        self.socket.sendall(struct.pack(f">BxH{len(encodings)}i", 2, len(encodings), *encodings))

    def ask(self, incremental=True):
        self.socket.sendall(struct.pack(">BBHHHH", 3, incremental, 0, 0, self.width, self.height))

    def resize(self, width, height):
        self.width, self.height = width, height
        self.pixels = bytearray(4 * width * height)

    def take_rectangle(self):
        x, y, width, height, encoding = struct.unpack(">HHHHi", self.read(12))
        if encoding == RAW:
            data = self.read(4 * width * height)
            for row in range(height):
                at = 4 * ((y + row) * self.width + x)
                self.pixels[at:at + 4 * width] = data[4 * width * row:4 * width * (row + 1)]
            self.updates.append((x, y, width, height))
        elif encoding == DESKTOP_SIZE:
            self.resize(width, height)
        elif encoding == EXTENDED_DESKTOP_SIZE:
            self.read(4 + 16 * self.read(4)[0] - 4)
            self.resize(width, height)
        else:
            assert encoding in (POINTER_MOTION, EXTENDED_KEY), encoding
            self.confirmed[encoding] = x

    def take_message(self):
        kind = self.read(1)[0]
        assert kind == 0, kind
        for _ in range(struct.unpack(">xH", self.read(3))[0]):
            self.take_rectangle()

    def has_message(self, seconds=0):
        return bool(select.select([self.socket], [], [], seconds)[0])

    def look_until(self, true):
        """Takes updates until the picture is as wanted."""
        while not true():
            self.ask()
            self.take_message()

    def rgb(self):
        """The picture, three bytes a pixel."""
        data = bytearray(3 * self.width * self.height)
        data[0::3], data[1::3], data[2::3] = self.pixels[2::4], self.pixels[1::4], self.pixels[0::4]
        return bytes(data)

    def dot(self, x, y):
        at = 4 * (y * self.width + x)
        blue, green, red = self.pixels[at:at + 3]
        return red, green, blue

    def key(self, keysym, down=None):
        for pressed in (True, False) if down is None else (down,):
            self.socket.sendall(struct.pack(">BBxxI", 4, pressed, keysym))

    def scan_code(self, code):
        for pressed in (1, 0):
            self.socket.sendall(struct.pack(">BBHII", 255, 0, pressed, 0, code))

    def point(self, x, y, buttons=0):
        self.socket.sendall(struct.pack(">BBHH", 5, buttons, x, y))

    def cut_text(self, text):
        self.socket.sendall(struct.pack(">BxxxI", 6, len(text)) + text.encode("latin-1"))

    def close(self):
        self.socket.close()


def connect(place):
    if place.startswith("unix:"):
        one = socket.socket(socket.AF_UNIX)
        one.settimeout(SECONDS)
        one.connect(os.fspath(place[5:]))
        return one
    host, port = place.rsplit(":", 1)
    return socket.create_connection((host.strip("[]"), int(port)), SECONDS)
