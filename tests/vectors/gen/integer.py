# SPDX-License-Identifier: LGPL-2.1-or-later
"""Integer instructions, from the operation sections of the SDM's volume 2. A model returns (result, flags, undefined flags)."""
from .row import *


def parity(x):
    return not bin(x & 0xff).count("1") & 1


def szp(r, bits):
    return {c for c, on in (("s", r >> bits - 1 & 1), ("z", not r), ("p", parity(r))) if on}


def add(d, s, bits, f, carry=0):
    full, r = d + s + carry, d + s + carry & (1 << bits) - 1
    out = szp(r, bits) | ({"c"} if full >> bits else set()) | ({"a"} if (d ^ s ^ r) & 16 else set())
    return r, out | ({"o"} if (d ^ r) & (s ^ r) & 1 << bits - 1 else set()), ""


def sub(d, s, bits, f, carry=0):
    r = d - s - carry & (1 << bits) - 1
    out = szp(r, bits) | ({"c"} if d < s + carry else set()) | ({"a"} if (d ^ s ^ r) & 16 else set())
    return r, out | ({"o"} if (d ^ s) & (d ^ r) & 1 << bits - 1 else set()), ""


def logic(op):
    return lambda d, s, bits, f: (op(d, s), szp(op(d, s), bits), "a")


def compare(d, s, bits, f):
    return (None,) + sub(d, s, bits, f)[1:]


ALU = (
    ("ADD", add), ("OR", logic(lambda d, s: d | s)), ("ADC", lambda d, s, b, f: add(d, s, b, f, "c" in f)),
    ("SBB", lambda d, s, b, f: sub(d, s, b, f, "c" in f)), ("AND", logic(lambda d, s: d & s)), ("SUB", sub),
    ("XOR", logic(lambda d, s: d ^ s)), ("CMP", compare),
)
TEST = lambda d, s, bits, f: (None, szp(d & s, bits), "a")
ARITHMETIC = "czsopa"


def keep(f, names):
    return {c for c in f if c in names}


def neg(d, bits, f):
    return sub(0, d, bits, f)


def inc(d, bits, f):
    r, out, _ = add(d, 1, bits, f)
    return r, out - {"c"} | keep(f, "c"), ""


def dec(d, bits, f):
    r, out, _ = sub(d, 1, bits, f)
    return r, out - {"c"} | keep(f, "c"), ""


def invert(d, bits, f):
    return ~d & (1 << bits) - 1, set(f), ""


# -- shifts and rotates; count already masked to 5 bits
def shl(d, n, bits, f):
    r = d << n & (1 << bits) - 1
    out = szp(r, bits) | ({"c"} if d << n >> bits & 1 else set())
    out |= {"o"} if (r >> bits - 1 & 1) != ("c" in out) else set()
    return r, out, "a" + ("o" if n != 1 else "") + ("c" if n >= bits else "")


def shr(d, n, bits, f):
    r = d >> n
    out = szp(r, bits) | ({"c"} if d >> n - 1 & 1 else set()) | ({"o"} if d >> bits - 1 else set())
    return r, out, "a" + ("o" if n != 1 else "") + ("c" if n >= bits else "")


def sar(d, n, bits, f):
    v = sx(d, bits)
    return v >> n & (1 << bits) - 1, szp(v >> n & (1 << bits) - 1, bits) | ({"c"} if v >> n - 1 & 1 else set()), \
        "a" + ("o" if n != 1 else "")


def rotate(d, n, bits, left):
    n %= bits
    n = n if left else bits - n
    return (d << n | d >> bits - n) & (1 << bits) - 1


def rol(d, n, bits, f):
    r = rotate(d, n, bits, True)
    out = keep(f, "szpa") | ({"c"} if r & 1 else set()) | ({"o"} if (r >> bits - 1) ^ (r & 1) else set())
    return r, out, "o" if n != 1 else ""


def ror(d, n, bits, f):
    r = rotate(d, n, bits, False)
    top, second = r >> bits - 1, r >> bits - 2 & 1
    return r, keep(f, "szpa") | ({"c"} if top else set()) | ({"o"} if top ^ second else set()), "o" if n != 1 else ""


def rcl(d, n, bits, f):
    v = rotate(d | ("c" in f) << bits, n, bits + 1, True)
    r, c = v & (1 << bits) - 1, v >> bits
    return r, keep(f, "szpa") | ({"c"} if c else set()) | ({"o"} if (r >> bits - 1) ^ c else set()), "o" if n != 1 else ""


def rcr(d, n, bits, f):
    v = rotate(d | ("c" in f) << bits, n, bits + 1, False)
    o = (d >> bits - 1) ^ ("c" in f)
    return v & (1 << bits) - 1, keep(f, "szpa") | ({"c"} if v >> bits else set()) | ({"o"} if o else set()), "o" if n != 1 else ""


SHIFTS = ((0, rol), (1, ror), (2, rcl), (3, rcr), (4, shl), (5, shr), (6, shl), (7, sar))


def shld(d, s, n, bits, f):
    r = (d << n | s >> bits - n) & (1 << bits) - 1
    return double(d, r, d >> bits - n & 1, n, bits)


def shrd(d, s, n, bits, f):
    r = (d >> n | s << bits - n) & (1 << bits) - 1
    return double(d, r, d >> n - 1 & 1, n, bits)


def double(d, r, c, n, bits):
    out = szp(r, bits) | ({"c"} if c else set()) | ({"o"} if (d ^ r) >> bits - 1 else set())
    return r, out, "a" + ("o" if n != 1 else "")


# -- how operands lie
class Case:
    """One row in the making: random registers and flags, operands placed, and what changes."""

    def __init__(self, out, mode, size, asize=None, at=DATA, operand=None):
        self.out, self.mode, self.size, self.bits = out, mode, size, 8 * size
        self.regs = Registers({n: out.rng.getrandbits(32) for n in (EAX, ECX, EDX)})
        self.flags = {c for c in ARITHMETIC if out.rng.getrandbits(1)}
        self.memory = out.memory(asize, at) if asize else None
        if self.memory:
            for n, x in self.memory.regs.items():
                self.regs.v[n] = x
        self.data = {}  # address: (value, size)
        self.new_data = {}
        self.extra_before, self.extra_after = [], []
        self.new, self.new_flags, self.undefined = None, None, ""

    def put(self, where, value, size=None):
        """where: a register's number or None: the memory operand."""
        if where is None:
            self.data[self.memory.at] = (value, size or self.size)
        else:
            self.regs.set(where, size or self.size, value)

    def begin(self):
        self.new = self.regs.copy()

    def store(self, where, value, size=None):
        if value is None:
            return
        if where is None:
            self.new_data[self.memory.at] = (value, size or self.size)
        else:
            self.new.set(where, size or self.size, value)

    def emit(self, opcode, reg=0, rm=None, imm=b"", lead=b"", osize=None, tail=()):
        code = self.out.insn(self.mode, opcode, self.size if osize is None else osize, reg, rm, self.memory, imm, lead)
        before = self.regs.before() + ([flags_text(self.flags)] if self.flags else [])
        before += [f"[{a:x}]={le(v, s).hex()}" for a, (v, s) in self.data.items()] + self.extra_before
        after = self.new.after(self.regs)
        if self.new_flags is not None and (self.new_flags != self.flags or self.undefined):
            after.append(flags_text(self.new_flags, self.undefined))
        after += [f"[{a:x}]={le(v, s).hex()}" for a, (v, s) in self.new_data.items()] + self.extra_after + list(tail)
        self.out.row(self.mode, code, before, after)


def cases(out, sizes, memory, count=3, lead=()):
    """Cases over modes and address sizes; the first ones are always plain 32 and 16."""
    for size in sizes:
        if memory:
            chosen = list(COMBOS[:2]) + [out.next(COMBOS[2:]) for _ in range(count - 2)]
        else:
            chosen = [("32", None), ("16", None)] + [(out.next(("r", "3", "v")), None) for _ in range(count - 2)]
        for mode, asize in chosen:
            yield Case(out, mode, size, asize)


BYTE = (0, 1, 2, 4, 5, 6)  # AL CL DL AH CH DH
WIDE = (EAX, ECX, EDX)


def registers(out, size):
    pool = BYTE if size == 1 else WIDE
    a = out.pick(pool)
    b = out.pick([n for n in pool if n != a])
    return a, b


def two_operands(out, opcode, fn, sizes, to_reg, memory, count):
    """r/m, r (to_reg false) or r, r/m."""
    for c in cases(out, sizes, memory, count):
        a, b = registers(out, c.size)
        rm, reg = (None if memory else a), b
        d, s = (reg, rm) if to_reg else (rm, reg)
        dv, sv = out.value(c.size), out.value(c.size)
        c.put(d, dv)
        c.put(s, sv)
        c.begin()
        r, c.new_flags, c.undefined = fn(dv, sv, c.bits, c.flags)
        c.store(d, r)
        c.emit(opcode if c.size == 1 else opcode[:-1] + bytes([opcode[-1] | 1]), reg, rm)


def immediate(out, opcode, digit, fn, sizes, memory, count, short=False):
    for c in cases(out, sizes, memory, count):
        rm = None if memory else registers(out, c.size)[0]
        dv, sv = out.value(c.size), out.value(1 if short else c.size)
        c.put(rm, dv)
        c.begin()
        r, c.new_flags, c.undefined = fn(dv, sx(sv, 8) & (1 << c.bits) - 1 if short else sv, c.bits, c.flags)
        c.store(rm, r)
        c.emit(opcode, digit, rm, le(sv, 1 if short else c.size))


def accumulator(out, opcode, fn):
    for size in (1, 2, 4):
        for c in cases(out, (size,), False, 2):
            dv, sv = out.value(size), out.value(size)
            c.put(EAX, dv)
            c.begin()
            r, c.new_flags, c.undefined = fn(dv, sv, c.bits, c.flags)
            c.store(EAX, r)
            c.emit(bytes([opcode | (size > 1)]), imm=le(sv, size))


def alu(out):
    for n, (name, fn) in enumerate(ALU):
        out.note(name)
        for memory in (False, True):
            for op in (0, 2):
                two_operands(out, bytes([8 * n + op]), fn, (1, 2, 4), op == 2, memory, 3 if memory else 2)
            immediate(out, b"\x80", n, fn, (1,), memory, 2)
            immediate(out, b"\x81", n, fn, (2, 4), memory, 2)
            immediate(out, b"\x83", n, fn, (2, 4), memory, 2, True)
            immediate(out, b"\x82", n, fn, (1,), memory, 2)
        accumulator(out, 8 * n + 4, fn)
    out.note("TEST")
    for memory in (False, True):
        two_operands(out, b"\x84", TEST, (1, 2, 4), False, memory, 2)
        immediate(out, b"\xf6", 0, TEST, (1,), memory, 2)
        immediate(out, b"\xf7", 0, TEST, (2, 4), memory, 2)
        immediate(out, b"\xf7", 1, TEST, (2, 4), memory, 2)
        immediate(out, b"\xf6", 1, TEST, (1,), memory, 2)
    accumulator(out, 0xa8, TEST)


def unary(out):
    out.note("INC DEC NOT NEG")
    for memory in (False, True):
        for base, digit, fn in ((0xfe, 0, inc), (0xfe, 1, dec), (0xf6, 2, invert), (0xf6, 3, neg)):
            for c in cases(out, (1, 2, 4), memory, 3):
                rm = None if memory else registers(out, c.size)[0]
                dv = out.value(c.size)
                c.put(rm, dv)
                c.begin()
                r, c.new_flags, c.undefined = fn(dv, c.bits, c.flags)
                c.store(rm, r)
                c.emit(bytes([base | (c.size > 1)]), digit, rm)
    for base, fn in ((0x40, inc), (0x48, dec)):
        for n in range(8):
            for mode, size in (("32", 4), ("32", 2), ("16", 2)):
                c = Case(out, mode, size)
                c.put(n, out.value(size))
                c.begin()
                r, c.new_flags, c.undefined = fn(c.regs.get(n, size), c.bits, c.flags)
                c.store(n, r)
                c.emit(bytes([base + n]))


def shift_count(out, digit, size):
    n = out.pick((1, 1, 2, 3, 5, 7, 8 * size - 1, 31, 30))
    if digit in (4, 5, 6) and n > 8 * size:  # defined, but for CF
        n = 8 * size
    return n & 31 or 1


def shifts(out):
    out.note("shifts and rotates: by 1, an immediate, CL")
    for memory in (False, True):
        for digit, fn in SHIFTS:
            for base in (0xc0, 0xd0, 0xd2):
                for c in cases(out, (1, 2, 4), memory, 2):
                    rm = None if memory else out.pick((EAX, EDX))
                    n = 1 if base == 0xd0 else shift_count(out, digit, c.size)
                    dv = out.value(c.size)
                    c.put(rm, dv)
                    if base == 0xd2:
                        c.put(ECX, n | out.pick((0, 0x20, 0xe0)), 1)
                    c.begin()
                    r, c.new_flags, c.undefined = fn(dv, n, c.bits, c.flags)
                    c.store(rm, r)
                    imm = bytes([n | out.pick((0, 0x20, 0xc0))]) if base == 0xc0 else b""
                    c.emit(bytes([base | (c.size > 1)]), digit, rm, imm)
    out.note("a count of 0, masked or not, changes nothing")
    for digit, _ in SHIFTS:
        for base, n in ((0xc0, 0x20), (0xd2, 0x40)):
            for c in cases(out, (1, 2, 4), False, 2):
                c.put(ECX, n, 1)
                c.begin()
                c.emit(bytes([base | (c.size > 1)]), digit, EDX, bytes([n]) if base == 0xc0 else b"")
    for memory in (False, True):
        for op, fn in ((0xa4, shld), (0xac, shrd)):
            for by_cl in (0, 1):
                for c in cases(out, (2, 4), memory, 3):
                    rm, reg = None if memory else EAX, EDX
                    n = out.pick((1, 1, 4, 8, 15))
                    dv, sv = out.value(c.size), out.value(c.size)
                    c.put(rm, dv)
                    c.put(reg, sv)
                    c.put(ECX, n | 0x40, 1)
                    c.begin()
                    r, c.new_flags, c.undefined = fn(dv, sv, n, c.bits, c.flags)
                    c.store(rm, r)
                    c.emit(bytes([0x0f, op | by_cl]), reg, rm, b"" if by_cl else bytes([n | 0x80]))


def wide_accumulator(size):
    return (lambda r: r.get(EAX, 2)) if size == 1 else (lambda r: r.get(EDX, size) << 8 * size | r.get(EAX, size))


def set_accumulator(c, low, high):
    if c.size == 1:
        c.new.set(EAX, 2, (high & 0xff) << 8 | low & 0xff)
    else:
        c.new.set(EAX, c.size, low)
        c.new.set(EDX, c.size, high)


def multiplied(c, product, fits):
    c.new_flags, c.undefined = ({"c", "o"} if not fits else set()), "zspa"
    set_accumulator(c, product, product >> c.bits)


def muldiv(out):
    out.note("MUL IMUL DIV IDIV")
    for memory in (False, True):
        for digit in (4, 5, 6, 7):
            for c in cases(out, (1, 2, 4), memory, 4):
                rm, v = None if memory else (5 if c.size == 1 else ECX), out.value(c.size)
                if digit >= 6:
                    v = v or 3
                    q, r = out.rng.getrandbits(c.bits - 2), out.rng.getrandbits(c.bits) % max(v if digit == 6 else abs(sx(v, c.bits)), 1)
                    n = q * v + r if digit == 6 else (q * sx(v, c.bits) + (r if q * sx(v, c.bits) >= 0 else -r))
                    if digit == 7:
                        q = int(abs(n) // abs(sx(v, c.bits))) * (1 if (n < 0) == (sx(v, c.bits) < 0) else -1)
                        r = n - q * sx(v, c.bits)
                    c.regs.set(EAX, max(c.size, 2) if c.size == 1 else c.size, n)
                    if c.size > 1:
                        c.regs.set(EDX, c.size, n >> c.bits)
                c.put(rm, v)
                c.begin()
                a = c.regs.get(EAX, c.size)
                if digit == 4:
                    multiplied(c, a * v, not a * v >> c.bits)
                elif digit == 5:
                    p = sx(a, c.bits) * sx(v, c.bits)
                    multiplied(c, p, p == sx(p, c.bits))
                else:
                    set_accumulator(c, q, r)
                    c.new_flags, c.undefined = set(), ARITHMETIC
                c.emit(bytes([0xf6 | (c.size > 1)]), digit, rm)
        for c in cases(out, (2, 4), memory, 3):
            rm, dv, sv = None if memory else ECX, out.value(c.size), out.value(c.size)
            product(c, EAX, rm, dv, sv)
            c.emit(b"\x0f\xaf", EAX, rm)
        for opcode, short in ((b"\x69", False), (b"\x6b", True)):
            for c in cases(out, (2, 4), memory, 3):
                rm, dv, sv = None if memory else ECX, out.value(c.size), out.value(1 if short else c.size)
                product(c, EDX, rm, sx(sv, 8) if short else sv, dv, True)
                c.emit(opcode, EDX, rm, le(sv, 1 if short else c.size))
    out.note("#DE: divisor zero, quotient too large")
    for digit in (6, 7):
        for memory in (False, True):
            for c in cases(out, (1, 2, 4), memory, 3):
                rm = None if memory else (5 if c.size == 1 else ECX)
                zero = out.next((True, False))
                c.regs.set(EAX, c.size, 0)
                if c.size > 1:
                    c.regs.set(EDX, c.size, 1 << c.bits - 2)
                else:
                    c.regs.set(EAX, 2, 0x4000)
                c.put(rm, 0 if zero else 2)
                c.begin()
                c.emit(bytes([0xf6 | (c.size > 1)]), digit, rm, tail=["v=0"])


def product(c, to, rm, d, s, from_rm=False):
    c.put(rm, s)
    if not from_rm:
        c.put(to, d)
    c.begin()
    p = sx(d, c.bits) * sx(s, c.bits)
    c.store(to, p)
    c.new_flags, c.undefined = ({"c", "o"} if p != sx(p, c.bits) else set()), "zspa"


# -- bits
def bits(out):
    out.note("BT BTS BTR BTC, BSF BSR")
    changes = ((4, 0xa3, lambda v, b: None), (5, 0xab, lambda v, b: v | b), (6, 0xb3, lambda v, b: v & ~b), (7, 0xbb, lambda v, b: v ^ b))
    for digit, opcode, fn in changes:
        for memory in (False, True):
            for by_imm in (False, True):
                for c in cases(out, (2, 4), memory, 3):
                    rm, v, n = None if memory else EAX, out.value(c.size), out.rng.getrandbits(4)
                    reach = 0 if by_imm or not memory else out.pick((0, 1, -1, 3))
                    c.put(rm, v)
                    c.put(EDX, n + reach * c.bits if memory else n | 0x40)
                    if reach:
                        at = c.memory.at + reach * c.size
                        c.data = {at: (v, c.size)}
                    c.begin()
                    r = fn(v, 1 << n)
                    if r is not None and rm is None:
                        c.new_data = {(c.memory.at + reach * c.size): (r, c.size)}
                    else:
                        c.store(rm, r)
                    c.new_flags, c.undefined = keep(c.flags, "z") | ({"c"} if v >> n & 1 else set()), "sopa"
                    if by_imm:
                        c.emit(b"\x0f\xba", digit, rm, bytes([n | 0x40]))
                    else:
                        c.emit(bytes([0x0f, opcode]), EDX, rm)
    for opcode, fn in ((0xbc, lambda v: (v & -v).bit_length() - 1), (0xbd, lambda v: v.bit_length() - 1)):
        for memory in (False, True):
            for c in cases(out, (2, 4), memory, 3):
                rm, v = None if memory else ECX, out.value(c.size)
                c.put(rm, v)
                c.begin()
                c.store(EDX, fn(v) if v else None)
                c.new_flags, c.undefined = ({"z"} if not v else set()), "csopa"
                c.emit(bytes([0x0f, opcode]), EDX, rm)


CONDITIONS = (
    lambda f: "o" in f, lambda f: "c" in f, lambda f: "z" in f, lambda f: "c" in f or "z" in f, lambda f: "s" in f, lambda f: "p" in f,
    lambda f: ("s" in f) != ("o" in f), lambda f: "z" in f or ("s" in f) != ("o" in f),
)


def condition(n, f):
    return CONDITIONS[n >> 1](f) != bool(n & 1)


def conditional(out):
    out.note("SETcc CMOVcc Jcc")
    for n in range(16):
        for memory in (False, True):
            for c in cases(out, (1,), memory, 3):
                rm = None if memory else 6
                c.put(rm, 0x55)
                c.begin()
                c.store(rm, condition(n, c.flags))
                c.emit(bytes([0x0f, 0x90 + n]), 0, rm)
            for c in cases(out, (2, 4), memory, 2):
                rm = None if memory else ECX
                c.put(rm, out.value(c.size))
                c.begin()
                if condition(n, c.flags):
                    c.store(EDX, c.data[c.memory.at][0] if memory else c.regs.get(ECX, c.size))
                c.emit(bytes([0x0f, 0x40 + n]), EDX, rm)
        for mode in ("32", "16", "r", "3"):
            for near in (False, True):
                c = Case(out, mode, 4 if mode in ("32", "3") else 2)
                c.begin()
                code = bytes([0x0f, 0x80 + n]) if near else bytes([0x70 + n])
                disp = out.pick((0x20, 0x30, -0x40))
                imm = le(disp, c.size if near else 1)
                to = 0x1000 + len(code) + len(imm) + disp
                c.emit(code, imm=imm, osize=0, tail=[f"eip={to:x}"] if condition(n, c.flags) else [])
    for mode, size in (("32", 2), ("16", 4)):
        c = Case(out, mode, size)
        c.flags = {"z"}
        c.begin()
        c.emit(b"\x0f\x84", imm=le(0x100, size), tail=[f"eip={0x1103 + size:x}"])


def make():
    out = File("Integer arithmetic, shifts, bits, conditions: SDM volume 2")
    alu(out)
    unary(out)
    shifts(out)
    muldiv(out)
    bits(out)
    conditional(out)
    return out.text()
