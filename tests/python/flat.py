# SPDX-License-Identifier: LGPL-2.1-or-later
"""A guest of forty bytes in place of a BIOS."""

import struct


def flat_bios(text, status):
    """64 KiB: prints text on COM1 when the line is ready, then writes status to the debug-exit port."""
    code = bytes([
        0xFA,                    # cli
        0xBE, 0x00, 0x01,        # mov si, 0x100
        0x2E, 0xAC,              # next: cs lodsb
        0x84, 0xC0,              # test al, al
        0x74, 0x12,              # jz done
        0x88, 0xC4,              # mov ah, al
        0xBA, 0xFD, 0x03,        # mov dx, 0x3fd
        0xEC,                    # wait: in al, dx
        0xA8, 0x20,              # test al, 0x20
        0x74, 0xFB,              # jz wait
        0x88, 0xE0,              # mov al, ah
        0xBA, 0xF8, 0x03,        # mov dx, 0x3f8
        0xEE,                    # out dx, al
        0xEB, 0xE8,              # jmp next
        0xBA, 0x01, 0x05,        # done: mov dx, 0x501
        0xB0, status,            # mov al, status
        0xEE,                    # out dx, al
        0xF4,                    # hlt
        0xEB, 0xFD,              # jmp the hlt
    ])
    image = bytearray(b"\xff" * 65536)
    image[0:len(code)] = code
    image[0x100:0x101 + len(text)] = text + b"\0"
    image[0xFFF0:0xFFF5] = b"\xea" + struct.pack("<HH", 0, 0xF000)
    return bytes(image)
