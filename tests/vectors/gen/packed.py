# SPDX-License-Identifier: LGPL-2.1-or-later
"""MMX, and the integer and moving part of SSE and SSE2: SDM volume 2. Vectors are integers; lane 0 is the low end."""
from .row import *


def lanes(v, bits, total, signed=False):
    parts = [v >> i & (1 << bits) - 1 for i in range(0, total, bits)]
    return [sx(p, bits) for p in parts] if signed else parts


def join(parts, bits):
    return sum((p & (1 << bits) - 1) << i * bits for i, p in enumerate(parts))


def each(bits, fn, signed=False):
    return lambda d, s, total: join([fn(a, b) for a, b in zip(lanes(d, bits, total, signed), lanes(s, bits, total, signed))], bits)


def clamp(x, low, high):
    return max(low, min(high, x))


def saturate(bits, signed):
    low, high = (-(1 << bits - 1), (1 << bits - 1) - 1) if signed else (0, (1 << bits) - 1)
    return lambda x: clamp(x, low, high)


def saturating(bits, signed, op):
    limit = saturate(bits, signed)
    return each(bits, lambda a, b: limit(op(a, b)), signed)


def unpack(bits, high):
    def fn(d, s, total):
        a, b = lanes(d, bits, total), lanes(s, bits, total)
        half = len(a) // 2
        pick = range(half, 2 * half) if high else range(half)
        return join([x for i in pick for x in (a[i], b[i])], bits)
    return fn


def pack(bits, signed):
    limit = saturate(bits // 2, signed)
    return lambda d, s, total: join([limit(x) for x in lanes(d, bits, total, True) + lanes(s, bits, total, True)], bits // 2)


def madd(d, s, total):
    p = [a * b for a, b in zip(lanes(d, 16, total, True), lanes(s, 16, total, True))]
    return join([p[i] + p[i + 1] for i in range(0, len(p), 2)], 32)


def sad(d, s, total):
    t = [abs(a - b) for a, b in zip(lanes(d, 8, total), lanes(s, 8, total))]
    return join([sum(t[i:i + 8]) for i in range(0, len(t), 8)], 64)


def shift(bits, kind):
    def fn(d, n, total):
        if kind == "l":
            return join([a << n if n < bits else 0 for a in lanes(d, bits, total)], bits)
        if kind == "r":
            return join([a >> n if n < bits else 0 for a in lanes(d, bits, total)], bits)
        return join([a >> min(n, bits - 1) for a in lanes(d, bits, total, True)], bits)
    return fn


def by_register(fn):
    return lambda d, s, total: fn(d, min(s & (1 << 64) - 1, 1 << 20), total)


PLUS, MINUS = lambda a, b: a + b, lambda a, b: a - b
BINARY = {
    0x60: unpack(8, 0), 0x61: unpack(16, 0), 0x62: unpack(32, 0), 0x63: pack(16, True), 0x64: each(8, lambda a, b: -(a > b), True),
    0x65: each(16, lambda a, b: -(a > b), True), 0x66: each(32, lambda a, b: -(a > b), True), 0x67: pack(16, False),
    0x68: unpack(8, 1), 0x69: unpack(16, 1), 0x6a: unpack(32, 1), 0x6b: pack(32, True), 0x6c: unpack(64, 0), 0x6d: unpack(64, 1),
    0x74: each(8, lambda a, b: -(a == b)), 0x75: each(16, lambda a, b: -(a == b)), 0x76: each(32, lambda a, b: -(a == b)),
    0xd1: by_register(shift(16, "r")), 0xd2: by_register(shift(32, "r")), 0xd3: by_register(shift(64, "r")),
    0xd4: each(64, PLUS), 0xd5: each(16, lambda a, b: a * b), 0xd8: saturating(8, False, MINUS), 0xd9: saturating(16, False, MINUS),
    0xda: each(8, min), 0xdb: lambda d, s, t: d & s, 0xdc: saturating(8, False, PLUS), 0xdd: saturating(16, False, PLUS),
    0xde: each(8, max), 0xdf: lambda d, s, t: ~d & s & (1 << t) - 1, 0xe0: each(8, lambda a, b: a + b + 1 >> 1),
    0xe1: by_register(shift(16, "a")), 0xe2: by_register(shift(32, "a")), 0xe3: each(16, lambda a, b: a + b + 1 >> 1),
    0xe4: each(16, lambda a, b: a * b >> 16), 0xe5: each(16, lambda a, b: a * b >> 16, True), 0xe8: saturating(8, True, MINUS),
    0xe9: saturating(16, True, MINUS), 0xea: each(16, min, True), 0xeb: lambda d, s, t: d | s, 0xec: saturating(8, True, PLUS),
    0xed: saturating(16, True, PLUS), 0xee: each(16, max, True), 0xef: lambda d, s, t: d ^ s,
    0xf1: by_register(shift(16, "l")), 0xf2: by_register(shift(32, "l")), 0xf3: by_register(shift(64, "l")),
    0xf4: each(64, lambda a, b: (a & 0xffffffff) * (b & 0xffffffff)), 0xf5: madd, 0xf6: sad, 0xf8: each(8, MINUS),
    0xf9: each(16, MINUS), 0xfa: each(32, MINUS), 0xfb: each(64, MINUS), 0xfc: each(8, PLUS), 0xfd: each(16, PLUS), 0xfe: each(32, PLUS),
}
SHIFTS = {  # opcode, digit
    (0x71, 2): shift(16, "r"), (0x71, 4): shift(16, "a"), (0x71, 6): shift(16, "l"), (0x72, 2): shift(32, "r"),
    (0x72, 4): shift(32, "a"), (0x72, 6): shift(32, "l"), (0x73, 2): shift(64, "r"), (0x73, 6): shift(64, "l"),
}
XMM_ONLY = (0x6c, 0x6d)


def shuffle(s, n, bits, order):
    parts = lanes(s, bits, n * bits)
    return join([parts[order >> 2 * i & 3] for i in range(4)], bits)


class Vector:
    """Rows on vector registers: `kind` is mm or xmm."""

    def __init__(self, out):
        self.out = out

    def random(self, bits):
        r = self.out.rng
        if r.getrandbits(2):
            return r.getrandbits(bits)
        return join([self.out.pick((0, 1, 0x7f, 0x80, 0xff, 0x7fff, 0x8000, 0xffff)) for _ in range(bits // 16)], 16)

    def emit(self, lead, opcode, before, after, reg=0, rm=None, memory=None, imm=b"", mode=None, lines=(), tail=(), regs=None, new=None):
        """before, after: {register's name: (value, bytes)}; lines: memory before; tail: tokens after."""
        mode = mode or self.out.next(MOSTLY_32)
        regs = regs or Registers(memory.regs if memory else None)
        code = self.out.insn(mode, b"\x0f" + bytes([opcode]), 0, reg, rm, memory, imm, lead)
        first = [f"{n}={v:0{2 * w}x}" for n, (v, w) in before.items()] + regs.before() + list(lines)
        then = [f"{n}={v:0{2 * w}x}" for n, (v, w) in after.items() if before.get(n) != (v, w)]
        if any(n.startswith("mm") for n in list(before) + list(after)) and not any(n.startswith("mm") for n in [t.split("=")[0] for t in then]):
            then.append("ftw=ff")
        self.out.row(mode, code, first, then + (new.after(regs) if new else []) + list(tail))

    def asize(self):
        return self.out.next((4, 2, 4))

    def pair(self, lead, opcode, fn, kind, imm=b"", width=None):
        """kind, kind or memory; fn(d, s) gives the new d."""
        size = 16 if kind == "xmm" else 8
        a, b = self.out.pick((0, 1, 2)), self.out.pick((3, 5, 7))
        for memory in (None, self.out.memory(self.asize())):
            d, s = self.random(8 * size), self.random(8 * size)
            before = {f"{kind}{a}": (d, size)}
            lines = []
            if memory:
                lines = [f"[{memory.at:x}]={le(s, width or size).hex()}"]
                s &= (1 << 8 * (width or size)) - 1
            else:
                before[f"{kind}{b}"] = (s, size)
            self.emit(lead, opcode, before, {f"{kind}{a}": (fn(d, s), size)}, a, None if memory else b, memory, imm, lines=lines)


def integer(v):
    for opcode, fn in BINARY.items():
        for kind, lead in (("mm", b""), ("xmm", b"\x66")):
            if kind == "mm" and opcode in XMM_ONLY:
                continue
            bits = 128 if kind == "xmm" else 64
            if opcode in (0xd1, 0xd2, 0xd3, 0xe1, 0xe2, 0xf1, 0xf2, 0xf3):
                counted(v, lead, opcode, fn, kind, bits)
            width = 4 if kind == "mm" and opcode in (0x60, 0x61, 0x62) else None
            v.pair(lead, opcode, lambda d, s: fn(d, s, bits), kind, width=width)
    for (opcode, digit), fn in SHIFTS.items():
        for kind, lead, bits in (("mm", b"", 64), ("xmm", b"\x66", 128)):
            for n in (v.out.rng.getrandbits(4), 0x40):
                d = v.random(bits)
                v.emit(lead, opcode, {f"{kind}3": (d, bits // 8)}, {f"{kind}3": (fn(d, n, bits), bits // 8)}, digit, 3, imm=bytes([n]))
    for digit, fn in ((3, lambda d, n: d >> 8 * n), (7, lambda d, n: d << 8 * n & (1 << 128) - 1)):
        for n in (3, 15, 16, 200):
            d = v.random(128)
            v.emit(b"\x66", 0x73, {"xmm6": (d, 16)}, {"xmm6": (fn(d, min(n, 16)), 16)}, digit, 6, imm=bytes([n]))


def counted(v, lead, opcode, fn, kind, bits):
    for n in (0, 5, 15, 16, 63, 64, 1 << 32):
        d, size = v.random(bits), bits // 8
        v.emit(lead, opcode, {f"{kind}1": (d, size), f"{kind}4": (n, size)}, {f"{kind}1": (fn(d, n, bits), size)}, 1, 4)


def shuffles(v):
    for order in (0x1b, 0x4e, 0xe4, 0x93):
        imm = bytes([order])
        v.pair(b"", 0x70, lambda d, s: shuffle(s, 4, 16, order), "mm", imm)
        v.pair(b"\x66", 0x70, lambda d, s: shuffle(s, 4, 32, order), "xmm", imm)
        v.pair(b"\xf3", 0x70, lambda d, s: s & (1 << 64) - 1 | shuffle(s >> 64, 4, 16, order) << 64, "xmm", imm)
        v.pair(b"\xf2", 0x70, lambda d, s: s >> 64 << 64 | shuffle(s & (1 << 64) - 1, 4, 16, order), "xmm", imm)
        v.pair(b"", 0xc6, lambda d, s: join([lanes(d, 32, 128)[order & 3], lanes(d, 32, 128)[order >> 2 & 3],
                                             lanes(s, 32, 128)[order >> 4 & 3], lanes(s, 32, 128)[order >> 6]], 32), "xmm", imm)
        v.pair(b"\x66", 0xc6, lambda d, s: join([lanes(d, 64, 128)[order & 1], lanes(s, 64, 128)[order >> 1 & 1]], 64), "xmm", imm)
    v.pair(b"", 0x14, lambda d, s: unpack(32, 0)(d, s, 128), "xmm")
    v.pair(b"", 0x15, lambda d, s: unpack(32, 1)(d, s, 128), "xmm")
    v.pair(b"\x66", 0x14, lambda d, s: unpack(64, 0)(d, s, 128), "xmm")
    v.pair(b"\x66", 0x15, lambda d, s: unpack(64, 1)(d, s, 128), "xmm")
    for lead in (b"", b"\x66"):
        for opcode, fn in ((0x54, lambda d, s: d & s), (0x55, lambda d, s: ~d & s & (1 << 128) - 1), (0x56, lambda d, s: d | s),
                           (0x57, lambda d, s: d ^ s)):
            v.pair(lead, opcode, fn, "xmm")


def words(v):
    """PINSRW PEXTRW PMOVMSKB MOVMSKPS MOVMSKPD MOVD"""
    for kind, lead, size in (("mm", b"", 8), ("xmm", b"\x66", 16)):
        for n in (1, 3, 5, 15):
            lane = n % (size // 2)
            d, e = v.random(8 * size), v.out.rng.getrandbits(32)
            r = d & ~(0xffff << 16 * lane) | (e & 0xffff) << 16 * lane
            v.emit(lead, 0xc4, {f"{kind}2": (d, size)}, {f"{kind}2": (r, size)}, 2, EDX, imm=bytes([n]), regs=Registers({EDX: e}))
            m = v.out.memory(v.asize())
            v.emit(lead, 0xc4, {f"{kind}2": (d, size)}, {f"{kind}2": (r, size)}, 2, memory=m, imm=bytes([n]),
                   lines=[f"[{m.at:x}]={le(e, 2).hex()}"])
            v.emit(lead, 0xc5, {f"{kind}2": (d, size)}, {}, EDX, 2, imm=bytes([n]), tail=[f"edx={d >> 16 * lane & 0xffff:x}"],
                   regs=Registers({EDX: e}))
        d, e = v.random(8 * size), v.out.rng.getrandbits(32)
        mask = sum((b >> 7) << i for i, b in enumerate(lanes(d, 8, 8 * size)))
        v.emit(lead, 0xd7, {f"{kind}4": (d, size)}, {}, ECX, 4, tail=[f"ecx={mask:x}"], regs=Registers({ECX: 0xffffffff}))
        v.emit(lead, 0x6e, {f"{kind}1": (d, size)}, {f"{kind}1": (e, size)}, 1, ECX, regs=Registers({ECX: e}))
        v.emit(lead, 0x7e, {f"{kind}1": (d, size)}, {}, 1, ECX, tail=[f"ecx={d & 0xffffffff:x}"], regs=Registers({ECX: 0x12345}))
        m = v.out.memory(v.asize())
        v.emit(lead, 0x6e, {f"{kind}1": (d, size)}, {f"{kind}1": (e, size)}, 1, memory=m, lines=[f"[{m.at:x}]={le(e, 4).hex()}"])
        m = v.out.memory(v.asize())
        v.emit(lead, 0x7e, {f"{kind}1": (d, size)}, {}, 1, memory=m, tail=[f"[{m.at:x}]={le(d, 4).hex()}"])
    for lead, bits in ((b"", 32), (b"\x66", 64)):
        d = v.random(128)
        mask = sum((b >> bits - 1) << i for i, b in enumerate(lanes(d, bits, 128)))
        v.emit(lead, 0x50, {"xmm6": (d, 16)}, {}, EAX, 6, tail=[f"eax={mask:x}"], regs=Registers({EAX: 0xffffffff}))


def load(v, lead, opcode, width, fn, kind="xmm", at=0x5000):
    size = 16 if kind == "xmm" else 8
    d, s, m = v.random(8 * size), v.random(8 * width), v.out.memory(v.asize(), at)
    v.emit(lead, opcode, {f"{kind}1": (d, size)}, {f"{kind}1": (fn(d, s), size)}, 1, memory=m, lines=[f"[{m.at:x}]={le(s, width).hex()}"])


def store(v, lead, opcode, width, fn, kind="xmm", at=0x5000):
    size = 16 if kind == "xmm" else 8
    d, m = v.random(8 * size), v.out.memory(v.asize(), at)
    v.emit(lead, opcode, {f"{kind}1": (d, size)}, {}, 1, memory=m, tail=[f"[{m.at:x}]={le(fn(d), width).hex()}"])


def between(v, lead, opcode, fn, reg=1, rm=4, kind="xmm"):
    """Register forms; fn(reg's, rm's) gives both new values."""
    size = 16 if kind == "xmm" else 8
    a, b = v.random(8 * size), v.random(8 * size)
    x, y = fn(a, b)
    v.emit(lead, opcode, {f"{kind}{reg}": (a, size), f"{kind}{rm}": (b, size)}, {f"{kind}{reg}": (x, size), f"{kind}{rm}": (y, size)}, reg, rm)


LOW, HIGH = (1 << 64) - 1, (1 << 128) - (1 << 64)


def moves(v):
    whole, first = lambda d, s: s, lambda d, s: (s, s)
    for lead, up in ((b"", 0x10), (b"\x66", 0x10), (b"", 0x28), (b"\x66", 0x28), (b"\x66", 0x6f), (b"\xf3", 0x6f)):
        down = {0x10: 0x11, 0x28: 0x29, 0x6f: 0x7f}[up]
        unaligned = up == 0x10 or lead == b"\xf3"
        for at in (0x5000, 0x5007, 0x5ffc) if unaligned else (0x5000, 0x5ff0):
            load(v, lead, up, 16, whole, at=at)
            store(v, lead, down, 16, lambda d: d, at=at)
        between(v, lead, up, lambda a, b: (b, b))
        between(v, lead, down, lambda a, b: (a, a))
    for lead in (b"", b"\x66"):
        load(v, lead, 0x12, 8, lambda d, s: d & HIGH | s)
        store(v, lead, 0x13, 8, lambda d: d)
        load(v, lead, 0x16, 8, lambda d, s: d & LOW | s << 64)
        store(v, lead, 0x17, 8, lambda d: d >> 64)
        store(v, lead, 0x2b, 16, lambda d: d)
    between(v, b"", 0x12, lambda a, b: (a & HIGH | b >> 64, b))
    between(v, b"", 0x16, lambda a, b: (a & LOW | (b & LOW) << 64, b))
    for lead, width in ((b"\xf3", 4), (b"\xf2", 8)):
        low = (1 << 8 * width) - 1
        load(v, lead, 0x10, width, whole)
        store(v, lead, 0x11, width, lambda d: d)
        between(v, lead, 0x10, lambda a, b: (a & ~low | b & low, b))
        between(v, lead, 0x11, lambda a, b: (a, b & ~low | a & low))
    load(v, b"\xf3", 0x7e, 8, whole)
    between(v, b"\xf3", 0x7e, lambda a, b: (b & LOW, b))
    store(v, b"\x66", 0xd6, 8, lambda d: d)
    between(v, b"\x66", 0xd6, lambda a, b: (a, a & LOW))
    store(v, b"\x66", 0xe7, 16, lambda d: d)
    load(v, b"", 0x6f, 8, whole, "mm")
    store(v, b"", 0x7f, 8, lambda d: d, "mm")
    store(v, b"", 0xe7, 8, lambda d: d, "mm")
    between(v, b"", 0x6f, lambda a, b: (b, b), kind="mm")
    between(v, b"", 0x7f, lambda a, b: (a, a), kind="mm")
    a, b = v.random(64), v.random(128)
    v.emit(b"\xf3", 0xd6, {"mm3": (a, 8), "xmm2": (b, 16)}, {"xmm2": (a, 16)}, 2, 3)
    v.emit(b"\xf2", 0xd6, {"mm3": (a, 8), "xmm2": (b, 16)}, {"mm3": (b & LOW, 8)}, 3, 2)
    for mode, asize in COMBOS[:5]:
        e, m = v.out.rng.getrandbits(32), v.out.memory(asize)
        m.regs[ECX] = e
        v.emit(b"", 0xc3, {}, {}, ECX, memory=m, mode=mode, tail=[f"[{m.at:x}]={le(e, 4).hex()}"])


def masked(v):
    for kind, lead, size in (("mm", b"", 8), ("xmm", b"\x66", 16)):
        for mode, address in (("32", b""), ("16", b""), ("32", b"\x67")):
            a, mask = v.random(8 * size), v.out.rng.getrandbits(8 * size)
            old = v.out.rng.getrandbits(8 * size)
            pick = sum(0xff << 8 * i for i in range(size) if mask >> 8 * i + 7 & 1)
            v.emit(address + lead, 0xf7, {f"{kind}1": (a, size), f"{kind}2": (mask, size)}, {}, 1, 2, mode=mode,
                   regs=Registers({EDI: 0x5000 | (0x70000 if address or mode == "16" else 0)}),
                   lines=[f"[5000]={le(old, size).hex()}"], tail=[f"[5000]={le(old & ~pick | a & pick, size).hex()}"])


def states(v):
    out = v.out
    for mode in MODES:
        out.row(mode, b"\x0f\x77", ["mm1=0000000000000001", "ftw=ff"], ["ftw=0"])
    out.note("TOP goes to 0 and every register is full, whatever they were")
    out.row("32", b"\x0f\xef\xc9", ["mm1=0123456789abcdef", "top=3"], ["mm1=0000000000000000"])
    out.row("32", b"\x0f\x77", ["st0=3fff8000000000000000", "fsw=2d00"], ["fsw=500 ftw=0"])
    out.row("32", bytes.fromhex("0f7ec8"), ["mm1=0123456789abcdef", "top=5"], ["eax=89abcdef top=0 ftw=ff"])
    out.note("an operand of 16 bytes that is not aligned: #GP, but for the instructions whose name says so")
    for lead in ("", "66"):
        for op in ("28", "29", "58", "54", "c2", "2b", "14", "c6"):
            out.row("32", bytes.fromhex(lead + "0f" + op + "0508500000" + ("01" if op[0] == "c" else "")), [], ["v=d e=0"])
    for op in ("6f", "7f", "ef", "d4", "60", "e7", "70", "f1"):
        out.row("32", bytes.fromhex("660f" + op + "0504500000" + ("01" if op == "70" else "")), [], ["v=d e=0"])
    out.note("#NM with CR0.TS; #UD with CR0.EM, or for SSE without CR4.OSFXSR")
    for code, sse in (("0f6fc1", 0), ("0f77", 0), ("0f28c1", 1), ("660fefc1", 1), ("0fae1500500000", 1), ("0fae1d00500000", 1),
                      ("0f2ac1", 1), ("0f2bc1"[:4] + "0500500000", 1), ("f30fd6c1", 1), ("0f5bc1", 1), ("660f50c1", 1), ("f20f10c1", 1)):
        out.row("32", bytes.fromhex(code), ["cr0=39"], ["v=7"])
        out.row("32", bytes.fromhex(code), ["cr0=35"], ["v=6"])
        if sse:
            out.row("32", bytes.fromhex(code), ["cr4=0"], ["v=6"])
    out.note("#MF waits for MMX as for the x87")
    for code in ("0f6fc1", "0f77", "0fefc0"):
        out.row("32", bytes.fromhex(code), ["fcw=37e", "fsw=8081"], ["v=10"])
    out.note("LDMXCSR STMXCSR: a reserved bit is #GP")
    for mode, asize in COMBOS:
        m = out.memory(asize)
        v.emit(b"", 0xae, {}, {}, 2, memory=m, mode=mode, lines=[f"[{m.at:x}]=a1ff0000"], tail=["mxcsr=ffa1"])
        m = out.memory(asize)
        v.emit(b"", 0xae, {}, {}, 3, memory=m, mode=mode, lines=["mxcsr=9fc5"], tail=[f"[{m.at:x}]=c59f0000"])
        m = out.memory(asize)
        v.emit(b"", 0xae, {}, {}, 2, memory=m, mode=mode, lines=[f"[{m.at:x}]=80ff0100"], tail=["v=d e=0"] if mode != "r" else ["v=d"])


def make():
    out = File("MMX, SSE and SSE2: integers, moves, shuffles")
    v = Vector(out)
    integer(v)
    shuffles(v)
    words(v)
    moves(v)
    masked(v)
    states(v)
    return out.text()
