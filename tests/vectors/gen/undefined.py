# SPDX-License-Identifier: LGPL-2.1-or-later
"""
What is no instruction of a P6 with MMX, SSE and SSE2: #UD. SDM volume 2, appendix A, without what came later. The tables say
what is defined; a row is made for everything else. Prefixes: - none, 6 66, 2 F2, 3 F3; forms: m memory, r register.
"""
from .row import *

PREFIXES = {"-": b"", "6": b"\x66", "2": b"\xf2", "3": b"\xf3"}
# opcode: prefixes with forms; every opcode that takes a mandatory prefix, or only one form
SIMD = {}


def define(opcodes, text):
    for opcode in opcodes:
        SIMD[opcode] = {(p, f) for part in text.split() for p in part.rstrip("mr") for f in part.lstrip("-623")}


define((0x10, 0x11, 0x2a, 0x2c, 0x2d, 0x51, 0x58, 0x59, 0x5a, 0x5c, 0x5d, 0x5e, 0x5f, 0x70, 0xc2), "-623mr")
define((0x12, 0x16), "-mr 6m")
define((0x13, 0x17, 0x2b, 0xe7), "-6m")
define((0x14, 0x15, 0x28, 0x29, 0x2e, 0x2f, 0x54, 0x55, 0x56, 0x57, 0x6e, 0xc4, 0xc6), "-6mr")
define((0x50, 0xc5, 0xd7, 0xf7), "-6r")
define((0x52, 0x53), "-3mr")
define((0x5b, 0x6f, 0x7e, 0x7f), "-63mr")
define(tuple(range(0x60, 0x6c)) + (0x74, 0x75, 0x76), "-6mr")
define((0x6c, 0x6d), "6mr")
define((0x77,), "-mr")
define((0xc3,), "-m")
define(range(0xd1, 0xff), "-6mr")
define((0xd6,), "6mr 23r")
define((0xd7, 0xf7), "-6r")
define((0xe6,), "623mr")
define((0xe7,), "-6m")
define((0xf0,), "")
HOLES = (0x04, 0x05, 0x07, 0x0a, 0x0b, 0x0c, 0x0d, 0x0e, 0x0f, 0x24, 0x25, 0x26, 0x27, 0x36, 0x37) + tuple(range(0x38, 0x40)) + \
    tuple(range(0x78, 0x7e)) + (0xa6, 0xa7, 0xaa, 0xb8, 0xb9, 0xd0, 0xf0, 0xff)
# opcode: forms with the digits that are defined
GROUPS = {0x00: "m012345 r012345", 0x01: "m0123467 r46", 0xba: "m4567 r4567", 0xc7: "m1 r"}
GROUP15 = {"-": "m01237 r567", "6": "m r", "2": "m r", "3": "m r"}
SHIFT_GROUPS = {0x71: {"-": "246", "6": "246"}, 0x72: {"-": "246", "6": "246"}, 0x73: {"-": "26", "6": "2367"}}
ONE_BYTE = {0x8f: "m0 r0", 0xc6: "m0 r0", 0xc7: "m0 r0", 0xfe: "m01 r01", 0xff: "m0123456 r0124 6"}
# x87: the register forms that are none, by second byte
X87_MEMORY = {0xd9: (1,), 0xdb: (1, 4, 6), 0xdd: (1, 5), 0xdf: (1,)}  # digit 1 is SSE3's FISTTP
X87 = {
    0xd9: tuple(range(0xd1, 0xd8)) + (0xe2, 0xe3, 0xe6, 0xe7, 0xef),
    0xda: tuple(range(0xe0, 0xe9)) + tuple(range(0xea, 0x100)),
    0xdb: (0xe5, 0xe6, 0xe7) + tuple(range(0xf8, 0x100)),
    0xdd: tuple(range(0xf0, 0x100)),
    0xde: (0xd8,) + tuple(range(0xda, 0xe0)),
    0xdf: tuple(range(0xe1, 0xe8)) + tuple(range(0xf8, 0x100)),
}


class Undefined:
    def __init__(self, out):
        self.out = out

    def row(self, code):
        self.out.row(self.out.next(MOSTLY_32), code, [], ["v=6"])

    def forms(self, lead, code, defined, digits=range(8)):
        """defined: "m…digits r…digits" """
        parts = {p[0]: p[1:] for p in defined.replace("4 6", "46").split()}
        for form in "mr":
            for digit in digits:
                if str(digit) not in parts.get(form, ""):
                    self.row(lead + code + bytes([digit << 3 | (0xc2 if form == "r" else 0), 0, 0, 0, 0]))


def two_byte(u):
    u.out.note("0F: holes, later extensions")
    for opcode in range(256):
        code = bytes([0x0f, opcode])
        for p, lead in PREFIXES.items():
            if opcode in HOLES:
                for modrm in (0x10, 0xca):
                    u.row(lead + code + bytes([modrm, 0, 0, 0, 0]))
            elif opcode in SIMD:
                for form, modrm in (("m", 0x08), ("r", 0xca)):
                    if (p, form) not in SIMD[opcode]:
                        u.row(lead + code + bytes([modrm, 0, 0, 0, 0]))
            elif opcode in GROUPS:
                u.forms(lead, code, GROUPS[opcode])
            elif opcode == 0xae:
                u.forms(lead, code, GROUP15[p])
            elif opcode in SHIFT_GROUPS:
                u.forms(lead, code, "m r" + SHIFT_GROUPS[opcode].get(p, ""))
            elif opcode in (0x20, 0x22):
                for n in (1, 5, 6, 7):
                    u.row(lead + code + bytes([0xc0 | n << 3]))
                    u.row(lead + code + bytes([n << 3]))  # ModRM.mod is ignored
            elif opcode in (0xb2, 0xb4, 0xb5):
                u.row(lead + code + b"\xca")


def one_byte(u):
    u.out.note("one-byte opcodes: groups, register forms of what needs memory, segment registers that are none")
    for lead in PREFIXES.values():
        for opcode, defined in ONE_BYTE.items():
            u.forms(lead, bytes([opcode]), defined)
        for opcode in (0x62, 0x8d, 0xc4, 0xc5):
            u.row(lead + bytes([opcode, 0xca, 0, 0, 0, 0]))
        for opcode, numbers in ((0x8c, (6, 7)), (0x8e, (1, 6, 7))):
            for n in numbers:
                u.row(lead + bytes([opcode, 0xc0 | n << 3]))
                u.row(lead + bytes([opcode, n << 3, 0, 0, 0, 0]))
        for opcode, digits in X87_MEMORY.items():
            for digit in digits:
                u.row(lead + bytes([opcode, digit << 3, 0, 0, 0, 0]))
    u.out.note("the x87's holes")
    for opcode, seconds in X87.items():
        for second in seconds:
            u.row(bytes([opcode, second]))


LOCKABLE = {0x00, 0x01, 0x08, 0x09, 0x10, 0x11, 0x18, 0x19, 0x20, 0x21, 0x28, 0x29, 0x30, 0x31, 0x86, 0x87}
LOCKABLE_GROUPS = {0x80: range(7), 0x81: range(7), 0x82: range(7), 0x83: range(7), 0xf6: (2, 3), 0xf7: (2, 3), 0xfe: (0, 1), 0xff: (0, 1)}
LOCKABLE_0F = {0xab, 0xb0, 0xb1, 0xb3, 0xbb, 0xc0, 0xc1}


def locked(u):
    """LOCK: allowed with a memory destination of a few, #UD with all others (SDM volume 2, LOCK). On zeros most change little."""
    out = u.out
    out.note("LOCK: what allows it; its register form, and everything else")
    address = le(DATA, 4)
    for opcode in sorted(LOCKABLE):
        out.row("32", b"\xf0" + bytes([opcode, 0x15]) + address, [], ["f=~"])
        u.row(b"\xf0" + bytes([opcode, 0xd1]))
    for opcode, digits in LOCKABLE_GROUPS.items():
        for digit in range(8):
            imm = b"" if opcode >= 0xfe or (opcode >= 0xf6 and digit > 1) else b"\0" * (4 if opcode in (0x81, 0xf7) else 1)
            code = b"\xf0" + bytes([opcode, digit << 3 | 5]) + address + imm
            if digit not in digits:
                if opcode != 0xff or digit != 7:
                    out.row("32", code, [], ["v=6"])
                continue
            out.row("32", code, [], ["f=~"] + changed(opcode, digit))
            out.row("32", b"\xf0" + bytes([opcode, 0xc1 | digit << 3]) + imm, [], ["v=6"])
    for opcode in sorted(LOCKABLE_0F):
        out.row("32", b"\xf0\x0f" + bytes([opcode, 0x15]) + address, [], ["f=~"] + (["[5000]=01"] if opcode in (0xab, 0xbb) else []))
        u.row(b"\xf0\x0f" + bytes([opcode, 0xd1]))
    for digit in range(4, 8):
        code = b"\xf0\x0f\xba" + bytes([digit << 3 | 5]) + address + b"\x03"
        out.row("32", code, [], ["v=6"] if digit == 4 else ["f=~"] + (["[5000]=08"] if digit != 6 else []))
        out.row("32", b"\xf0\x0f\xba" + bytes([digit << 3 | 0xc1]) + b"\x03", [], ["v=6"])
    out.row("32", b"\xf0\x0f\xc7\x0d" + address, [], ["f=z"])
    for text in ("02 15", "03 15", "0a 15", "38 15", "39 15", "3a 15", "3b 15", "63 15", "69 15", "6b 15", "84 15", "85 15", "88 15", "89 15",
                 "8a 15", "8b 15", "8c 15", "8d 15", "8f 05", "c0 05", "c1 05", "c4 15", "c5 15", "c6 05", "c7 05", "d0 05", "d1 05", "d2 05",
                 "d3 05", "d8 05", "d9 05", "da 05", "db 05", "dc 05", "dd 05", "de 05", "df 05", "0f 02 15", "0f 10 05", "0f 28 05",
                 "0f 40 15", "0f 58 05", "0f 6f 05", "0f 90 05", "0f a3 15", "0f a4 15", "0f a5 15", "0f ac 15", "0f ad 15", "0f af 15",
                 "0f b6 15", "0f b7 15", "0f be 15", "0f bf 15", "0f bc 15", "0f bd 15", "0f c2 05", "0f c3 15", "0f ae 05", "0f 01 05",
                 "0f 00 05", "0f 18 05", "0f ef 05", "0f fe 05"):
        out.row("32", b"\xf0" + bytes.fromhex(text) + address + b"\0\0\0\0"[:4], [], ["v=6"])
    for text in ("04", "27", "40", "48", "50", "58", "60", "61", "6a", "68", "70", "90", "98", "99", "9b", "9c", "9d", "9e", "9f", "a0", "a4", "a6",
                 "a8", "aa", "ac", "ae", "b0", "b8", "c2", "c3", "c8", "c9", "cc", "cd", "ce", "cf", "d4", "d5", "d6", "d7", "e0", "e2", "e3",
                 "e4", "e6", "e8", "e9", "eb", "ec", "ee", "f4", "f5", "f8", "f9", "fa", "fb", "fc", "fd", "0f06", "0f08", "0f09", "0f30", "0f31",
                 "0f32", "0f77", "0f80", "0fa0", "0fa1", "0fa2", "0fc8", "0f20c0", "0f21c0", "0f22c0", "0f34", "0f35"):
        out.row("32", b"\xf0" + bytes.fromhex(text) + b"\0\0\0\0", [], ["v=6"])


def changed(opcode, digit):
    """What an operation on a zero in memory with a zero operand leaves there."""
    size = 1 if opcode in (0x80, 0x82, 0xf6, 0xfe) else 4
    value = {(0xfe, 0): 1, (0xff, 0): 1, (0xfe, 1): -1, (0xff, 1): -1, (0xf6, 2): -1, (0xf7, 2): -1}.get((opcode, digit))
    return [] if value is None else [f"[5000]={le(value, size).hex()}"]


def lengths(u):
    u.out.note("more than 15 bytes: #GP; 15: not")
    for code in ("90", "0fafc1", "0500000000", "6681c144332211"[2:], "f30f58c1", "d9e8"):
        body = bytes.fromhex(code)
        for mode in ("32", "16", "r"):
            for prefix in (b"\x2e", b"\x26"):
                if mode != "32" and code.startswith(("05", "81")):
                    continue
                u.out.row(mode, prefix * (16 - len(body)) + body, [], ["v=d e=0" if mode != "r" else "v=d"])
    for prefix in (b"\x66", b"\x67", b"\x3e", b"\xf3"):
        u.out.row("32", prefix * 14 + b"\x90", [], [])
        u.out.row("32", prefix * 15 + b"\x90", [], ["v=d e=0"])


def make():
    out = File("Undefined opcodes, LOCK, lengths")
    u = Undefined(out)
    one_byte(u)
    two_byte(u)
    locked(u)
    lengths(u)
    return out.text()
