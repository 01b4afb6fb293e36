# SPDX-License-Identifier: LGPL-2.1-or-later
"""SSE and SSE2 arithmetic: SDM volume 1, chapters 10 and 11. RCPPS and RSQRTPS: only operands whose result is exact."""
from .number import *
from .packed import LOW, Vector, join, lanes
from .row import *

VALUES = {
    SINGLE: (0x3f800000, 0xbf800000, 0x40490fdb, 0x3eaaaaab, 0xc2f6e979, 0x7f7fffff, 0x00800000, 0x80800001, 0x4b7fffff, 0x3f000000,
             0x00000000, 0x80000000, 0x7f800000, 0xff800000, 0x7fc12345, 0x40400000),
    DOUBLE: (0x3ff0000000000000, 0xbff0000000000000, 0x400921fb54442d18, 0x3fd5555555555555, 0xc05edd3c07ee0b0b, 0x7fefffffffffffff,
             0x0010000000000000, 0x8010000000000001, 0x433fffffffffffff, 0x3fe0000000000000, 0, 0x8000000000000000, 0x7ff0000000000000,
             0xfff0000000000000, 0x7ff8123456789abc, 0x4008000000000000),
}
SPECIAL = {SINGLE: (0x00000001, 0x807fffff, 0x7f812345, 0xffa00001), DOUBLE: (1, 0x800fffffffffffff, 0x7ff0123456789abc, 0xfff4000000000001)}
FORMS = ((b"", SINGLE, 4), (b"\x66", DOUBLE, 2), (b"\xf3", SINGLE, 1), (b"\xf2", DOUBLE, 1))


class Control:
    def __init__(self, mxcsr=0x1f80):
        self.mxcsr, self.rc, self.daz, self.ftz = mxcsr, mxcsr >> 13 & 3, bool(mxcsr & 0x40), bool(mxcsr & 0x8000)

    def how(self):
        return {"rc": self.rc, "ftz": self.ftz, "trap_tiny": not self.mxcsr & 0x800, "trap_huge": not self.mxcsr & 0x400}


def ieee(op):
    return lambda a, b, f, c: arithmetic(op, a, b, f, **c.how())[:2]


def minimum(a, b, f, c):
    o = order(a, b)
    return (a.bits if o == "<" else b.bits), "I" if o == "?" else denormals(a, b)


def maximum(a, b, f, c):
    o = order(a, b)
    return (a.bits if o == ">" else b.bits), "I" if o == "?" else denormals(a, b)


def square_root(a, b, f, c):
    return root(b, f, **c.how())[:2]


OPS = {0x51: square_root, 0x58: ieee("+"), 0x59: ieee("*"), 0x5c: ieee("-"), 0x5d: minimum, 0x5e: ieee("/"), 0x5f: maximum}
PREDICATES = ("=", "<", "<=", "?", "<>?", "=>?", ">?", "<=>")


def comparison(n):
    def fn(a, b, f, c):
        o = order(a, b)
        signalling = any(x.kind == "nan" and not x.quiet for x in (a, b))
        flags = "I" if o == "?" and (n in (1, 2, 5, 6) or signalling) else "" if o == "?" else denormals(a, b)
        return ((1 << 8 * f.size) - 1 if o in PREDICATES[n] else 0), flags
    return fn


class Floats(Vector):
    def operand(self, f, n):
        return join([self.out.pick(VALUES[f]) for _ in range(n)], 8 * f.size)

    def result(self, fn, f, n, d, s, c):
        bits = 8 * f.size
        a, b = lanes(d, bits, 128)[:n], lanes(s, bits, 128)[:n]
        out = [fn(Number(x, f, c.daz), Number(y, f, c.daz), f, c) for x, y in zip(a, b)]
        low = (1 << n * bits) - 1
        return d & ~low | join([r for r, _ in out], bits), status("".join(e for _, e in out))

    def both(self, lead, opcode, f, n, fn, c=None, d=None, s=None, imm=b"", memory=True):
        """One row with registers, one with memory."""
        c = c or Control()
        for m in (None, self.out.memory(self.asize())) if memory else (None,):
            x = self.operand(f, 16 // f.size) if d is None else d
            y = self.operand(f, 16 // f.size) if s is None else s
            width = 16 if n * f.size == 16 else f.size * n
            before, lines, tail = {"xmm1": (x, 16)}, [], []
            if m:
                y &= (1 << 8 * width) - 1
                lines.append(f"[{m.at:x}]={le(y, width).hex()}")
            else:
                before["xmm4"] = (y, 16)
            r, flags = self.result(fn, f, n, x, y, c)
            if c.mxcsr != 0x1f80:
                lines.append(f"mxcsr={c.mxcsr:x}")
            unmasked = flags & ~(c.mxcsr >> 7) & 0x3f
            if unmasked & 7:
                flags &= 7
            if flags | c.mxcsr != c.mxcsr:
                tail.append(f"mxcsr={c.mxcsr | flags:x}")
            if unmasked:
                r, tail = x, tail + ["v=13"]
            self.emit(lead, opcode, before, {"xmm1": (r, 16)}, 1, None if m else 4, m, imm, lines=lines, tail=tail)


def operations(v):
    v.out.note("arithmetic, minimum, maximum, square roots, comparisons")
    for lead, f, n in FORMS:
        for opcode, fn in OPS.items():
            for _ in range(3):
                v.both(lead, opcode, f, n, fn)
            for special in SPECIAL[f]:
                v.both(lead, opcode, f, n, fn, s=join([special] * (16 // f.size), 8 * f.size), d=join([VALUES[f][0]] * (16 // f.size), 8 * f.size))
        for predicate in range(8):
            for pair in ((0, 1), (1, 0), (2, 2), (14, 0)):
                d, s = (join([VALUES[f][i]] * (16 // f.size), 8 * f.size) for i in pair)
                v.both(lead, 0xc2, f, n, comparison(predicate), d=d, s=s, imm=bytes([predicate]), memory=pair[0] == 0)
            v.both(lead, 0xc2, f, n, comparison(predicate), s=join([SPECIAL[f][2]] * (16 // f.size), 8 * f.size), imm=bytes([predicate]))


def controlled(v):
    v.out.note("rounding, DAZ, FTZ, and what unmasked exceptions do: #XM, the destination as it was")
    for lead, f, n in FORMS[:1] + FORMS[3:]:
        for rc in range(4):
            for opcode in (0x58, 0x5e, 0x51, 0x59):
                v.both(lead, opcode, f, n, OPS[opcode], Control(0x1f80 | rc << 13), memory=False)
        for mxcsr in (0x1fc0, 0x9f80, 0x9fc0):
            for opcode, d, s in ((0x58, 0, 0), (0x59, 6, 3), (0x5e, 6, 15)):
                x = join([VALUES[f][d]] * (16 // f.size), 8 * f.size)
                y = join([SPECIAL[f][1] if opcode == 0x58 else VALUES[f][s]] * (16 // f.size), 8 * f.size)
                v.both(lead, opcode, f, n, OPS[opcode], Control(mxcsr), x, y, memory=False)
        for bit, opcode, d, s in (("I", 0x58, 0, 2), ("D", 0x58, 0, 0), ("Z", 0x5e, 0, 10), ("O", 0x59, 5, 5), ("O", 0x59, 5, 15), ("O", 0x5e, 5, 9), ("O", 0x58, 5, 5), ("U", 0x59, 7, 3), ("U", 0x59, 6, 3),
                                  ("U", 0x59, 6, 9), ("U", 0x58, 7, 6), ("U", 0x58, 0, 6), ("P", 0x5e, 0, 15)):
            y = SPECIAL[f][s] if bit in "ID" else VALUES[f][s]
            x = join([VALUES[f][d]] * (16 // f.size), 8 * f.size)
            v.both(lead, opcode, f, n, OPS[opcode], Control(0x1f80 & ~(BITS[bit] << 7)), x, join([y] * (16 // f.size), 8 * f.size))
    v.out.note("conversion to single with underflow unmasked: exact and inexact")
    for value in (0x37e0000000000000, 0x380fffffffffffff, 0x3810000000000000, 0xb690000000000000, 0x3690000000000001):
        for lead, n in ((b"\x66", 2), (b"\xf2", 1)):
            for mxcsr in (0x1780, 0x1f80, 0x0780, 0x9780):
                conversion(v, CONVERSIONS[7] if n == 2 else CONVERSIONS[9], Control(mxcsr), False, [value] * n)
    v.out.note("lanes too large and too small, both unmasked or one")
    for f, n, lead in ((SINGLE, 4, b""), (DOUBLE, 2, b"\x66")):
        huge, tiny, third, half = VALUES[f][5], VALUES[f][6], VALUES[f][3], VALUES[f][9]
        for high, low, factor in ((huge, tiny, half), (huge, tiny, third), (tiny, huge, third), (tiny, tiny, half)):
            for opcode in (0x59, 0x5e):
                for mxcsr in (0x1380, 0x1780, 0x1b80, 0x1f80, 0x9b80):
                    v.both(lead, opcode, f, n, OPS[opcode], Control(mxcsr), join([low, high] * (n // 2), 8 * f.size),
                           join([factor, half] * (n // 2), 8 * f.size))
    v.out.note("of several lanes: with an unmasked I, D or Z, only I, D and Z are flagged")
    for f, n, lead in ((SINGLE, 4, b""), (DOUBLE, 2, b"\x66")):
        one, three, zero, snan, denormal = VALUES[f][0], VALUES[f][15], 0, SPECIAL[f][2], SPECIAL[f][0]
        for low, high in ((zero, three), (three, zero), (snan, three), (denormal, three), (snan, zero), (zero, denormal)):
            for mxcsr in (0x1f80, 0x1f00, 0x1e80, 0x1d80, 0x0f80, 0x0d80):
                v.both(lead, 0x5e, f, n, OPS[0x5e], Control(mxcsr), join([one] * n, 8 * f.size), join([low, high] * (n // 2), 8 * f.size))
    v.out.note("without CR4.OSXMMEXCPT the same is #UD")
    one = "xmm0=" + "3f800000" * 4
    v.out.row("32", bytes.fromhex("0f5ec1"), ["cr4=200", "mxcsr=1d80", one], ["v=6", "mxcsr=1d84"])


def flags_compared(v):
    for lead, f in ((b"", SINGLE), (b"\x66", DOUBLE)):
        for opcode in (0x2e, 0x2f):
            for x, y in ((0, 1), (1, 0), (2, 2), (10, 11), (14, 0), (0, 14)):
                compare_flags(v, lead, opcode, f, VALUES[f][x], VALUES[f][y])
            compare_flags(v, lead, opcode, f, SPECIAL[f][2], VALUES[f][0])
            compare_flags(v, lead, opcode, f, SPECIAL[f][0], VALUES[f][0])


def compare_flags(v, lead, opcode, f, x, y):
    a, b = Number(x, f), Number(y, f)
    o = order(a, b)
    flags = {"?": "zpc", ">": "", "<": "c", "=": "z"}[o]
    e = "I" if o == "?" and (opcode == 0x2f or any(n.kind == "nan" and not n.quiet for n in (a, b))) else "" if o == "?" else denormals(a, b)
    tail = ["f=" + (flags or "-")] + ([f"mxcsr={0x1f80 | status(e):x}"] if e else [])
    v.emit(lead, opcode, {"xmm2": (x, 16), "xmm7": (y, 16)}, {}, 2, 7, lines=["f=soa"], tail=tail)
    m = v.out.memory(v.asize())
    v.emit(lead, opcode, {"xmm2": (x, 16)}, {}, 2, memory=m, lines=["f=cz", f"[{m.at:x}]={le(y, f.size).hex()}"], tail=tail)


# -- conversions: (lead, opcode, from, lanes from, to, lanes to, kind of source and destination)
def converted(lead, opcode, source, target, n, chop=False):
    def fn(parts, c):
        out = []
        for x in parts:
            if isinstance(source, int):
                out.append(deliver(Fraction(sx(x, source)), target, c.rc)[:2])
            elif isinstance(target, int):
                out.append(to_integer(Number(x, source, c.daz), target, CHOP if chop else c.rc)[:2])
            else:
                out.append(convert(Number(x, source, c.daz), target, **c.how())[:2])
        return out
    return lead, opcode, source, target, n, fn


CONVERSIONS = (
    ("xmm", "xmm", 0, converted(b"", 0x5b, 32, SINGLE, 4)), ("xmm", "xmm", 0, converted(b"\x66", 0x5b, SINGLE, 32, 4)),
    ("xmm", "xmm", 0, converted(b"\xf3", 0x5b, SINGLE, 32, 4, True)), ("xmm", "xmm", 0, converted(b"\xf3", 0xe6, 32, DOUBLE, 2)),
    ("xmm", "xmm", 0, converted(b"\xf2", 0xe6, DOUBLE, 32, 2)), ("xmm", "xmm", 0, converted(b"\x66", 0xe6, DOUBLE, 32, 2, True)),
    ("xmm", "xmm", 0, converted(b"", 0x5a, SINGLE, DOUBLE, 2)), ("xmm", "xmm", 0, converted(b"\x66", 0x5a, DOUBLE, SINGLE, 2)),
    ("xmm", "xmm", 1, converted(b"\xf3", 0x5a, SINGLE, DOUBLE, 1)), ("xmm", "xmm", 1, converted(b"\xf2", 0x5a, DOUBLE, SINGLE, 1)),
    ("mm", "xmm", 1, converted(b"", 0x2a, 32, SINGLE, 2)), ("mm", "xmm", 1, converted(b"\x66", 0x2a, 32, DOUBLE, 2)),
    ("gpr", "xmm", 1, converted(b"\xf3", 0x2a, 32, SINGLE, 1)), ("gpr", "xmm", 1, converted(b"\xf2", 0x2a, 32, DOUBLE, 1)),
    ("xmm", "mm", 0, converted(b"", 0x2d, SINGLE, 32, 2)), ("xmm", "mm", 0, converted(b"", 0x2c, SINGLE, 32, 2, True)),
    ("xmm", "mm", 0, converted(b"\x66", 0x2d, DOUBLE, 32, 2)), ("xmm", "mm", 0, converted(b"\x66", 0x2c, DOUBLE, 32, 2, True)),
    ("xmm", "gpr", 0, converted(b"\xf3", 0x2d, SINGLE, 32, 1)), ("xmm", "gpr", 0, converted(b"\xf3", 0x2c, SINGLE, 32, 1, True)),
    ("xmm", "gpr", 0, converted(b"\xf2", 0x2d, DOUBLE, 32, 1)), ("xmm", "gpr", 0, converted(b"\xf2", 0x2c, DOUBLE, 32, 1, True)),
)


def width_of(x):
    return x // 8 if isinstance(x, int) else x.size


def source_value(v, source):
    if isinstance(source, int):
        return v.out.pick((0, 1, 0xffffffff, 0x7fffffff, 0x80000000, 0x01000001, 0xfeffffff, 123456789))
    if source is SINGLE:
        return v.out.pick(VALUES[SINGLE] + (0x40200000, 0x40600000, 0xc0200000, 0x4effffff, 0x4f000000, 0xcf000000, 0x7f812345, 0x00000001))
    return v.out.pick(VALUES[DOUBLE] + (0x4004000000000000, 0x400c000000000000, 0xc004000000000000, 0x41dfffffffc00000, 0x41e0000000000000,
                                        0xc1e0000000000000, 0x7ff0123456789abc, 1, 0x47efffffe0000000, 0x380fffffffffffff))


def conversion(v, kinds, c, memory, parts=None):
    src, dst, merge, (lead, opcode, source, target, n, fn) = kinds
    ws, wt = width_of(source), width_of(target)
    parts = parts or [source_value(v, source) for _ in range(n)]
    packed, old = join(parts, 8 * ws), v.random(128 if dst == "xmm" else 64)
    out = fn(parts, c)
    flags = status("".join(e for _, e in out))
    r = join([x for x, _ in out], 8 * wt)
    low = (1 << 8 * wt * n) - 1
    if merge:
        r |= old & ~low
    unmasked = flags & ~(c.mxcsr >> 7) & 0x3f
    if unmasked:
        assert not unmasked & 7
        r = old
    before, after, lines, tail, regs, new, m, rm = {}, {}, [], [], Registers(), None, None, 5
    if dst != "gpr":
        before[f"{dst}1"], after[f"{dst}1"] = (old, 16 if dst == "xmm" else 8), (r, 16 if dst == "xmm" else 8)
    if memory:
        m = v.out.memory(v.asize())
        regs = Registers(m.regs)
        lines.append(f"[{m.at:x}]={le(packed, ws * n).hex()}")
    elif src == "gpr":
        rm = EDX
        regs.v[EDX] = packed
    else:
        before[f"{src}5"] = (packed | (v.random(128) & ~((1 << 8 * ws * n) - 1) if src == "xmm" else 0), 16 if src == "xmm" else 8)
    if c.mxcsr != 0x1f80:
        lines.append(f"mxcsr={c.mxcsr:x}")
    if dst == "gpr":
        new = regs.copy()
        new.v[EAX] = r
    if c.mxcsr | flags != c.mxcsr:
        tail.append(f"mxcsr={c.mxcsr | flags:x}")
    if unmasked:
        tail.append("v=13")
    if "mm" in (src, dst) and not (memory and src == "mm"):
        tail.append("ftw=ff")
    text = len(v.out.lines)
    v.emit(lead, opcode, before, after, EAX if dst == "gpr" else 1, None if m else rm, m, lines=lines, tail=[], regs=regs, new=new)
    row = v.out.lines[text]
    extra = [t for t in tail if t.split("=")[0] + "=" not in row.split("|")[2]]
    v.out.lines[text] = " ".join([row] + extra)


def conversions(v):
    v.out.note("conversions; an MMX operand in memory leaves the x87's tags alone only where no MMX register is named")
    for kinds in CONVERSIONS:
        for k in range(4):
            conversion(v, kinds, Control(), k & 1)
        for rc in (1, 2, 3):
            conversion(v, kinds, Control(0x1f80 | rc << 13), rc & 1)


def approximations(v):
    v.out.note("RCPPS RCPSS RSQRTPS RSQRTSS: no exceptions")
    inf, zero = (0x7f800000, 0xff800000), (0, 0x80000000)
    rcp = {inf[0]: 0, inf[1]: 0x80000000, 0: inf[0], 0x80000000: inf[1], 0x7f812345: 0x7fc12345, 0x00000001: inf[0]}
    rsqrt = {inf[0]: 0, 0: inf[0], 0x80000000: inf[1], 0xbf800000: 0xffc00000, 0x7f812345: 0x7fc12345, inf[1]: 0xffc00000}
    for opcode, table in ((0x53, rcp), (0x52, rsqrt)):
        for lead, n in ((b"", 4), (b"\xf3", 1)):
            for shift in range(2):
                keys = (list(table) * 2)[shift:shift + 4]
                s = join(keys, 32)
                fn = lambda a, b, f, c: (table[b.bits], "")
                v.both(lead, opcode, SINGLE, n, fn, s=s)


def make():
    out = File("SSE and SSE2 arithmetic")
    v = Floats(out)
    operations(v)
    controlled(v)
    flags_compared(v)
    conversions(v)
    approximations(v)
    return out.text()
