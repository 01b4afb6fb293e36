# SPDX-License-Identifier: LGPL-2.1-or-later
"""A guest in place of a BIOS, which reads and writes a device's port."""


def rom(port, times):
    """64 KiB: adds up `times` reads of a byte of the port, writes 1 to it each time, and exits with the lowest seven bits of the sum."""
    code = bytes([
        0xFA,                                # cli
        0xBB, 0x00, 0x00,                    # mov bx, 0
        0xB9, times & 0xFF, times >> 8,      # mov cx, times
        0xBA, port & 0xFF, port >> 8,        # mov dx, port
        0xEC,                                # next: in al, dx
        0xB4, 0x00,                          # mov ah, 0
        0x01, 0xC3,                          # add bx, ax
        0xB0, 0x01,                          # mov al, 1
        0xEE,                                # out dx, al
        0xE2, 0xF6,                          # loop next
        0xBA, 0x01, 0x05,                    # mov dx, 0x501
        0x88, 0xD8,                          # mov al, bl
        0x24, 0x7F,                          # and al, 0x7f
        0xEE,                                # out dx, al
        0xF4,                                # hlt
        0xEB, 0xFD,                          # jmp the hlt
    ])
    image = bytearray(b"\xff" * 65536)
    image[0:len(code)] = code
    image[0xFFF0:0xFFF5] = b"\xea\x00\x00\x00\xf0"
    return bytes(image)
