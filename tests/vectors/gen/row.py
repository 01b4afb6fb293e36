# SPDX-License-Identifier: LGPL-2.1-or-later
"""Rows as text: encodings, addressing modes, registers, flags. Nothing here knows what an instruction does."""
import random

NAMES = ("eax", "ecx", "edx", "ebx", "esp", "ebp", "esi", "edi")
EAX, ECX, EDX, EBX, ESP, EBP, ESI, EDI = range(8)
DATA = 0x5000
# (mode, address size) in turn for memory operands: every pair of defaults and prefixes
COMBOS = (("32", 4), ("16", 2), ("32", 2), ("r", 2), ("16", 4), ("3", 4), ("r", 4), ("v", 2))
MODES = ("32", "16", "r", "3")
# where the mode hardly matters: more of what the host can confirm
MOSTLY_32 = ("32", "3", "16", "32", "r")
MOSTLY_WIDE = COMBOS + (("32", 4), ("3", 4), ("32", 4))


def default_size(mode):
    return 4 if mode in ("32", "3") else 2


def le(value, size):
    return (value & ((1 << 8 * size) - 1)).to_bytes(size, "little")


def sx(value, bits):
    value &= (1 << bits) - 1
    return value - (1 << bits) if value >> (bits - 1) else value


class Registers:
    """The eight general registers, by number and size as ModRM numbers them."""

    def __init__(self, values=None):
        self.v = [0] * 8
        self.v[ESP] = 0x8000
        for n, x in (values or {}).items():
            self.v[n] = x

    def copy(self):
        return Registers(dict(enumerate(self.v)))

    def get(self, n, size):
        if size == 1:
            return self.v[n & 3] >> (8 if n > 3 else 0) & 0xff
        return self.v[n] & ((1 << 8 * size) - 1)

    def set(self, n, size, value):
        if size == 1:
            shift = 8 if n > 3 else 0
            self.v[n & 3] = self.v[n & 3] & ~(0xff << shift) & 0xffffffff | (value & 0xff) << shift
        else:
            mask = (1 << 8 * size) - 1
            self.v[n] = self.v[n] & ~mask & 0xffffffff | value & mask

    def before(self):
        return [f"{NAMES[n]}={x:x}" for n, x in enumerate(self.v) if x != (0x8000 if n == ESP else 0)]

    def after(self, old):
        return [f"{NAMES[n]}={x:x}" for n, x in enumerate(self.v) if x != old.v[n]]


ORDER = "czsopad"


def flags_text(flags, undefined=""):
    """flags: a set of letters."""
    text = "".join(c for c in ORDER if c in flags and c not in undefined) or "-"
    rest = "".join(c for c in ORDER if c in undefined)
    return "f=" + text + ("?" + rest if rest else "")


class Memory:
    """A memory operand at `at`: how it is encoded, and the registers that it takes."""

    def __init__(self, form, size, at=DATA, noise=0):
        self.at, self.size, self.sib, self.disp, self.regs = at, size, b"", b"", {}
        if size == 4:
            self.wide(form % 9, at)
        else:
            self.narrow(form % 9, at, noise << 16)

    def wide(self, form, at):
        mod, rm, sib, disp, regs = (
            (0, 5, b"", le(at, 4), {}),
            (0, 3, b"", b"", {EBX: at}),
            (1, 3, b"", le(-0x10, 1), {EBX: at + 0x10}),
            (2, 6, b"", le(0x12340, 4), {ESI: at - 0x12340 & 0xffffffff}),
            (1, 5, b"", le(0x7f, 1), {EBP: at - 0x7f}),
            (1, 4, b"\xb3", le(8, 1), {EBX: at - 0x48, ESI: 0x10}),
            (1, 4, b"\x24", le(0x20, 1), {ESP: at - 0x20}),
            (0, 4, b"\xfd", le(at - 0x800, 4), {EDI: 0x100}),
            (1, 4, b"\x7d", le(-4, 1), {EBP: at - 0x20 + 4, EDI: 0x10}),
        )[form]
        self.mod, self.rm, self.sib, self.disp, self.regs = mod, rm, sib, disp, regs

    def narrow(self, form, at, noise):
        mod, rm, disp, regs = (
            (0, 6, le(at, 2), {}),
            (0, 0, b"", {EBX: at - 0x10 | noise, ESI: 0x10 | noise}),
            (1, 1, le(-2, 1), {EBX: at + 2, EDI: 0}),
            (2, 2, le(0x9000, 2), {EBP: at - 0x9000 & 0xffff, ESI: 0}),
            (0, 3, b"", {EBP: at + 0x100, EDI: 0xff00 | noise}),
            (0, 4, b"", {ESI: at | noise}),
            (1, 5, le(0x11, 1), {EDI: at - 0x11 | noise}),
            (1, 6, le(0x40, 1), {EBP: at - 0x40}),
            (2, 7, le(-2, 2), {EBX: at + 2 | noise}),
        )[form]
        self.mod, self.rm, self.disp, self.regs = mod, rm, disp, regs

    def encode(self, reg):
        return bytes([self.mod << 6 | reg << 3 | self.rm]) + self.sib + self.disp


class File:
    def __init__(self, title):
        self.lines = ["# Made by the script `make` of this folder: do not edit.", "# " + title]
        self.rng = random.Random(title)
        self.turn = 0
        self.counts = {}

    def note(self, text):
        self.lines.append("# " + text)

    def pick(self, values):
        return values[self.rng.getrandbits(24) % len(values)]

    def value(self, size):
        bits = 8 * size
        edges = (0, 1, 2, (1 << bits) - 1, 1 << bits - 1, (1 << bits - 1) - 1)
        return self.pick(edges) if self.rng.getrandbits(2) == 0 else self.rng.getrandbits(bits)

    def next(self, values):
        """One after the other; shifted by one each time round, so that two uses in turn do not always get the same ones."""
        k = self.counts.get(values, 0)
        self.counts[values] = k + 1
        return values[(k + k // len(values)) % len(values)]

    def memory(self, size, at=DATA):
        self.turn += 1
        return Memory(self.turn, size, at, self.turn & 1)

    def row(self, mode, code, before, after):
        self.lines.append(f"{mode} {code.hex()} | {' '.join(before)} | {' '.join(after)}".rstrip())

    def insn(self, mode, opcode, size=0, reg=0, rm=None, memory=None, imm=b"", lead=b""):
        """Bytes: prefixes as mode, operand size (0: none matters) and the memory operand's address size demand."""
        code = b""
        if size in (2, 4) and size != default_size(mode):
            code += b"\x66"
        if memory and memory.size != default_size(mode):
            code += b"\x67"
        code += lead + opcode
        if memory:
            code += memory.encode(reg)
        elif rm is not None:
            code += bytes([0xc0 | reg << 3 | rm])
        return code + imm

    def text(self):
        return "\n".join(self.lines) + "\n"
