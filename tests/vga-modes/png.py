# SPDX-License-Identifier: LGPL-2.1-or-later
"""Reads the pictures that Tessera writes (Portable Network Graphics, W3C recommendation)."""

import struct
import zlib


def read_png(path):
    """(width, height, dot): 8-bit RGB or RGBA without interlacing."""
    with open(path, "rb") as file:
        data = file.read()
    at, packed = 8, b""
    while at < len(data):
        length, kind = struct.unpack(">I4s", data[at:at + 8])
        body = data[at + 8:at + 8 + length]
        if kind == b"IHDR":
            width, height, depth, color = struct.unpack(">IIBB", body[:10])
        elif kind == b"IDAT":
            packed += body
        at += 12 + length
    size = {2: 3, 6: 4}[color]
    raw, stride, rows = zlib.decompress(packed), width * size, []
    last = bytes(stride)
    for y in range(height):
        kind, row = raw[y * (stride + 1)], bytearray(raw[y * (stride + 1) + 1:(y + 1) * (stride + 1)])
        for i in range(stride):
            a = row[i - size] if i >= size else 0
            b = last[i]
            c = last[i - size] if i >= size else 0
            if kind == 1:
                p = a
            elif kind == 2:
                p = b
            elif kind == 3:
                p = (a + b) // 2
            elif kind == 4:
                e = a + b - c
                p = min((abs(e - a), 0, a), (abs(e - b), 1, b), (abs(e - c), 2, c))[2]
            else:
                p = 0
            row[i] = row[i] + p & 255
        rows.append(bytes(row))
        last = rows[-1]
    return width, height, lambda x, y: tuple(rows[y][x * size:x * size + 3])
