# SPDX-License-Identifier: LGPL-2.1-or-later
"""x87 arithmetic, loads, stores, comparisons: SDM volume 1, chapter 8, and volume 2. What transcendentals give exactly only."""
from .number import *
from .row import *

C0, C1, C2, C3 = 0x100, 0x200, 0x400, 0x4000
CC = C0 | C1 | C2 | C3
INEXACT = 0x20  # processors flag exact results of F2XM1 and FYL2X too
OTHERS = C0 | C2 | C3  # undefined where only C1 is defined
ONE, MINUS, HALF, TWO, THREE = 0x3fff << 64 | 1 << 63, 0xbfff << 64 | 1 << 63, 0x3ffe << 64 | 1 << 63, 0x4000 << 64 | 1 << 63, 0x4000c000000000000000
PI, THIRD, TENTH = 0x4000c90fdaa22168c235, 0x3ffdaaaaaaaaaaaaaaab, 0xbffbcccccccccccccccd
ZERO, NEGZERO, INF, NEGINF = 0, 1 << 79, 0x7fff8000000000000000, 0xffff8000000000000000
QNAN, SNAN, DENORMAL, HUGE, TINY = 0x7fffc000000000012345, 0xffffa000000000000001, 0x00000000000000000123, 0x7ffeffffffffffffffff, 0x00018000000000000000
DEFAULT = 0xffffc000000000000000
UNNORMAL = 0x3fff4000000000000000
PLAIN = (ONE, MINUS, PI, THIRD, TENTH, THREE, HALF, ZERO, NEGZERO, INF, QNAN, HUGE, TINY)
SPECIAL = (SNAN, DENORMAL, NEGINF, UNNORMAL)
OPS = ("+", "*", "com", "comp", "-", "-r", "/", "/r")


def unsupported(bits):
    return bool(bits >> 64 & 0x7fff) and not bits >> 63 & 1


def compute(op, a, b, how):
    """a op b, a being the destination: bits, exceptions, C1."""
    if any(n.f is EXTENDED and unsupported(n.bits) for n in (a, b)):
        return DEFAULT, "I", False
    if op.endswith("r"):
        return arithmetic(op[0], b, a, EXTENDED, x87_nan, **how)
    return arithmetic(op, a, b, EXTENDED, x87_nan, **how)


def compared(a, b, quiet):
    """Condition bits and exceptions of FCOM, FUCOM."""
    bad = any(n.f is EXTENDED and unsupported(n.bits) for n in (a, b))
    o = "?" if bad else order(a, b)
    if o == "?":
        signalling = bad or any(n.kind == "nan" and not n.quiet for n in (a, b))
        return C3 | C2 | C0, "I" if signalling or not quiet else ""
    return {">": 0, "<": C0, "=": C3}[o], denormals(a, b)


class Unit:
    """A stack of values before the instruction; what it leaves is written register by register, from the new top on."""

    def __init__(self, out, stack, fcw=0x37f):
        self.out, self.stack, self.fcw = out, list(stack), fcw
        self.top = (8 - len(self.stack)) & 7
        self.rc = fcw >> 10 & 3
        self.precision = {0: 24, 2: 53}.get(fcw >> 8 & 3, 64)
        self.fin, self.before, self.tail = None, [], []

    def how(self):
        return {"rc": self.rc, "precision": self.precision}

    def emit(self, opcode, reg, rm=None, memory=None, after=None, top=None, cc=0, undefined=0, flags="", mode=None, fault=False,
             osize=0, fsw=None, regs=None, new=None, lead=b""):
        """after: {ST number by the new top: value, or None: empty}."""
        out, top = self.out, self.top if top is None else top & 7
        status_word = status(flags) | (0x40 if "S" in flags else 0)
        if status_word & ~self.fcw & 0x3f:
            status_word |= 0x8080
        fsw = top << 11 | cc | status_word if fsw is None else fsw
        regs = regs or Registers(memory.regs if memory else None)
        before = [f"st{i}={v:020x}" for i, v in enumerate(self.stack) if v is not None] + regs.before() + self.before
        if self.fcw != 0x37f:
            before.append(f"fcw={self.fcw:x}")
        then = [f"st{i}=" + ("-" if v is None else f"{v:020x}") for i, v in (after or {}).items()]
        then.append(f"fsw={fsw:x}" + (f"?{undefined:x}" if undefined else ""))
        mode = mode or out.next(MOSTLY_32)
        code = out.insn(mode, bytes([opcode]), osize, reg, rm, memory, b"", lead)
        out.row(mode, code, before, ([] if fault else then) + (new.after(regs) if new else []) + self.tail)

    def exceptions(self, flags):
        return bool(status(flags) & ~self.fcw & 7)


def status(letters):
    """As in the status word; S, the stack fault, is not among the masked ones."""
    return sum(BITS[c] for c in set(letters) if c in BITS)


def binary_register(out, opcode, digit, a, b, fcw=0x37f, pop=False, i=3):
    """D8: ST0 op ST(i); DC, DE: ST(i) op ST0."""
    u = Unit(out, [a, ONE, MINUS, b][:i] + [b], fcw)
    op = OPS[digit]
    x, y = Number(a, EXTENDED), Number(b, EXTENDED)
    if opcode == 0xd8:
        r, flags, up = compute(op, x, y, u.how())
        to = 0
    else:
        # DC and DE have FSUB and FSUBR, FDIV and FDIVR the other way round in register form
        real = {4: "-r", 5: "-", 6: "/r", 7: "/"}.get(digit, op)
        r, flags, up = compute(real, y, x, u.how())
        to = i
    if u.exceptions(flags):
        flags = "".join(c for c in flags if c in "IDZ")
        u.emit(opcode, digit, i, flags=flags, undefined=CC)
    elif pop:
        u.emit(opcode, digit, i, after={to - 1: r, 7: None}, top=u.top + 1, cc=C1 if up else 0, undefined=OTHERS, flags=flags)
    else:
        u.emit(opcode, digit, i, after={to: r}, cc=C1 if up else 0, undefined=OTHERS, flags=flags)


def registers(out):
    out.note("arithmetic between registers; precision and rounding control")
    for digit in (0, 1, 4, 5, 6, 7):
        for opcode, pop in ((0xd8, False), (0xdc, False), (0xde, True)):
            for k in range(5):
                binary_register(out, opcode, digit, out.pick(PLAIN), out.pick(PLAIN), pop=pop, i=1 + k % 3)
            for special in SPECIAL:
                binary_register(out, opcode, digit, out.pick((ONE, PI)), special, pop=pop)
            for fcw in (0x07f, 0x27f, 0x47f, 0x87f, 0xf7f, 0xb7f):
                binary_register(out, opcode, digit, PI, THIRD, fcw, pop)
        binary_register(out, 0xd8, digit, QNAN, 0x7fffc000000000000001)
        binary_register(out, 0xd8, digit, QNAN, SNAN)
        for fcw, a, b in ((0x37e, ONE, SNAN), (0x37d, ONE, DENORMAL), (0x37b, ZERO, ONE), (0x37b, ONE, ZERO)):
            binary_register(out, 0xd8, digit, a, b, fcw)
            binary_register(out, 0xde, digit, a, b, fcw, True)


INTS = (0, 1, -1, 7, 0x7fff, -0x8000, 1000)
SINGLES = (0x3f800000, 0xbf000000, 0x40490fdb, 0x7f800000, 0x7fa00001, 0x00000001, 0x80000000, 0x7fc00000)
DOUBLES = (0x3ff0000000000000, 0xbfe0000000000000, 0x400921fb54442d18, 0xfff0000000000000, 0x7ff0000000000001, 0x8000000000000001, 0, 0x7ff8000000000000)
MEMORY = ((0xd8, SINGLE, 4), (0xdc, DOUBLE, 8), (0xda, 32, 4), (0xde, 16, 2))


def from_integer(n):
    return Number(deliver(Fraction(n), EXTENDED)[0], EXTENDED)


def memory_operand(u, value, size, combo=None):
    mode, asize = combo or u.out.next(MOSTLY_WIDE)
    m = u.out.memory(asize)
    u.before.append(f"[{m.at:x}]={le(value, size).hex()}")
    return mode, m


def memory_arithmetic(out):
    out.note("arithmetic and comparison with memory: single, double, 32- and 16-bit integers")
    for opcode, f, size in MEMORY:
        pool = SINGLES if f is SINGLE else DOUBLES if f is DOUBLE else INTS
        for digit in range(8):
            for value in pool if digit in (0, 3) else [out.pick(pool) for _ in range(4)]:
                a = out.pick((ONE, PI, MINUS, THREE))
                u = Unit(out, [a, HALF])
                mode, m = memory_operand(u, value, size)
                b = from_integer(value) if isinstance(f, int) else Number(value, f)
                if digit in (2, 3):
                    cc, flags = compared(Number(a, EXTENDED), b, False)
                    u.emit(opcode, digit, None, m, {7: None} if digit == 3 else {}, u.top + (digit == 3), cc, 0, flags, mode)
                else:
                    r, flags, up = compute(OPS[digit], Number(a, EXTENDED), b, u.how())
                    u.emit(opcode, digit, None, m, {0: r}, None, C1 if up else 0, OTHERS, flags, mode)


def comparisons(out):
    out.note("comparisons, FTST, FXAM")
    pairs = ((ONE, PI), (PI, ONE), (ONE, ONE), (ZERO, NEGZERO), (NEGINF, INF), (ONE, QNAN), (SNAN, ONE), (DENORMAL, ONE), (UNNORMAL, ONE))
    for a, b in pairs:
        x, y = Number(a, EXTENDED), Number(b, EXTENDED)
        for opcode, digit, pops, quiet in ((0xd8, 2, 0, 0), (0xd8, 3, 1, 0), (0xdc, 2, 0, 0), (0xdc, 3, 1, 0), (0xde, 2, 1, 0),
                                           (0xde, 3, 2, 0), (0xdd, 4, 0, 1), (0xdd, 5, 1, 1), (0xda, 5, 2, 1)):
            u = Unit(out, [a, b])
            cc, flags = compared(x, y, quiet)
            u.emit(opcode, digit, 1, after={7 - k: None for k in range(pops)}, top=u.top + pops, cc=cc, flags=flags)
        for opcode, digit, pops, quiet in ((0xdb, 6, 0, 0), (0xdb, 5, 0, 1), (0xdf, 6, 1, 0), (0xdf, 5, 1, 1)):
            u = Unit(out, [a, b])
            cc, flags = compared(x, y, quiet)
            u.before.append("f=soa")
            u.tail.append("f=" + ((("z" if cc & C3 else "") + ("p" if cc & C2 else "") + ("c" if cc & C0 else "")) or "-"))
            u.emit(opcode, digit, 1, after={7 - k: None for k in range(pops)}, top=u.top + pops, flags=flags, undefined=OTHERS)
    for a in PLAIN + SPECIAL:
        x = Number(a, EXTENDED)
        cc, flags = compared(x, Number(ZERO, EXTENDED), False)
        Unit(out, [a]).emit(0xd9, 4, 4, cc=cc, flags=flags)
        kind = 0 if unsupported(a) else C2 | C3 if x.denormal else {"zero": C3, "finite": C2, "inf": C2 | C0, "nan": C0}[x.kind]
        Unit(out, [a]).emit(0xd9, 4, 5, cc=kind | (C1 if x.sign else 0))
    Unit(out, []).emit(0xd9, 4, 5, cc=C3 | C0)


def popped(u, opcode, digit, rm, result, flags, up=False, undefined=OTHERS, cc=0):
    """A result into ST1, and a pop."""
    u.emit(opcode, digit, rm, after={0: result, 7: None}, top=u.top + 1, cc=cc | (C1 if up else 0), undefined=undefined, flags=flags)


def unary(out):
    out.note("FCHS FABS FSQRT FRNDINT FXTRACT FSCALE FPREM FPREM1")
    for a in PLAIN + SPECIAL:
        x = Number(a, EXTENDED)
        Unit(out, [a]).emit(0xd9, 4, 0, after={0: a ^ 1 << 79}, undefined=OTHERS)
        Unit(out, [a]).emit(0xd9, 4, 1, after={0: a & ~(1 << 79)}, undefined=OTHERS)
        for fcw in (0x37f, 0x27f, 0xb7f):
            u = Unit(out, [a], fcw)
            r, flags, up = (DEFAULT, "I", False) if unsupported(a) else root(x, EXTENDED, **u.how())
            u.emit(0xd9, 7, 2, after={0: r}, cc=C1 if up else 0, undefined=OTHERS, flags=flags)
    for a in (ONE, 0x40008000000000000001, 0x4000a000000000000000, 0xc000a000000000000000, 0x3ffe8000000000000000, PI, NEGZERO, INF, SNAN,
              0x403effffffffffffffff, 0xbffd8000000000000000):
        x = Number(a, EXTENDED)
        for fcw in (0x37f, 0x77f, 0xb7f, 0xf7f):
            u = Unit(out, [a], fcw)
            if x.kind in ("nan", "inf", "zero"):
                r, flags, up = convert(x, EXTENDED)
            else:
                mode = {DOWN: UP, UP: DOWN}.get(u.rc, u.rc) if x.sign else u.rc
                n = rounded(abs(x.value), Fraction(1), mode)
                r = deliver(Fraction(-n if x.sign else n), EXTENDED, zero_sign=x.sign)[0]
                flags, up = "P" if n != abs(x.value) else "", n > abs(x.value)
            u.emit(0xd9, 7, 4, after={0: r}, cc=C1 if up else 0, undefined=OTHERS, flags=flags)
    for a, exponent, significand in ((PI, 1, 0x3fffc90fdaa22168c235), (TENTH, -4, 0xbfffcccccccccccccccd), (ONE, 0, ONE)):
        u = Unit(out, [a])
        u.emit(0xd9, 6, 4, after={0: significand, 1: deliver(Fraction(exponent), EXTENDED)[0]}, top=u.top - 1, undefined=OTHERS)
    u = Unit(out, [ZERO])
    u.emit(0xd9, 6, 4, after={0: ZERO, 1: NEGINF}, top=u.top - 1, undefined=OTHERS, flags="Z")
    for a, n, r in ((PI, THREE, 0x4003c90fdaa22168c235), (ONE, TENTH, ONE), (THREE, MINUS, 0x3fffc000000000000000), (ZERO, PI, ZERO), (INF, ONE, INF)):
        Unit(out, [a, n]).emit(0xd9, 7, 5, after={0: r}, undefined=OTHERS)
    for a, b in ((PI, ONE), (THREE, TWO), (0x4004e000000000000000, THREE), (0xc004e000000000000000, THREE), (ONE, PI), (0x4002b000000000000000, TWO)):
        x, y = Number(a, EXTENDED).value, Number(b, EXTENDED).value
        for digit, rm, nearest in ((7, 0, False), (6, 5, True)):
            q = rounded(abs(x / y), Fraction(1), NEAREST if nearest else CHOP)
            r = deliver(x - (q if x / y > 0 else -q) * y, EXTENDED, zero_sign=int(x < 0))[0]
            Unit(out, [a, b]).emit(0xd9, digit, rm, after={0: r}, cc=(C0 if q & 4 else 0) | (C3 if q & 2 else 0) | (C1 if q & 1 else 0))


def transcendental(out):
    out.note("transcendental functions where the result is exact")
    for rm, values in ((0, ((ONE, ONE), (MINUS, 0xbffe8000000000000000), (ZERO, ZERO), (NEGZERO, NEGZERO))),):
        for a, r in values:
            Unit(out, [a]).emit(0xd9, 6, rm, after={0: r}, undefined=CC | INEXACT)
    for a, r in ((ZERO, ZERO), (NEGZERO, NEGZERO)):
        Unit(out, [a]).emit(0xd9, 7, 6, after={0: r}, undefined=CC & ~C2)
        u = Unit(out, [a])
        u.emit(0xd9, 6, 2, after={0: ONE, 1: r}, top=u.top - 1, undefined=CC & ~C2)
        u = Unit(out, [a])
        u.emit(0xd9, 7, 3, after={0: ONE, 1: r}, top=u.top - 1, undefined=CC & ~C2)
        Unit(out, [a]).emit(0xd9, 7, 7, after={0: ONE}, undefined=CC & ~C2)
    for rm in (2, 6, 7):
        big = 0x403e8000000000000000 if rm != 2 else 0x4040c000000000000000  # 2^63 and more: out of range, C2
        u = Unit(out, [big])
        u.emit(0xd9, 7 if rm != 2 else 6, rm, cc=C2, undefined=CC & ~C2)
        if rm != 2:
            Unit(out, [INF]).emit(0xd9, 7, rm, after={0: DEFAULT}, flags="I", undefined=CC & ~C2)
    for a, b, r in ((ONE, ONE, ZERO), (TWO, THREE, THREE), (0x40018000000000000000, PI, 0x4001c90fdaa22168c235), (HALF, THREE, 0xc000c000000000000000)):
        popped(Unit(out, [a, b]), 0xd9, 6, 1, r, "", undefined=CC | INEXACT)
    u = Unit(out, [ZERO, ONE])
    popped(u, 0xd9, 6, 1, NEGINF, "Z", undefined=CC)
    popped(Unit(out, [MINUS, ONE]), 0xd9, 6, 1, DEFAULT, "I", undefined=CC)
    popped(Unit(out, [ZERO, PI]), 0xd9, 7, 1, ZERO, "", undefined=CC)
    popped(Unit(out, [ONE, ZERO]), 0xd9, 6, 3, ZERO, "", undefined=CC)
    popped(Unit(out, [INF, ONE]), 0xd9, 6, 3, ZERO, "", undefined=CC)
    popped(Unit(out, [QNAN, ONE]), 0xd9, 6, 3, QNAN, "", undefined=CC)


def stack_moves(out):
    out.note("FLD FXCH FFREE FSTP FINCSTP FDECSTP FCMOV, constants")
    for i in range(3):
        u = Unit(out, [PI, THIRD, SNAN])
        u.emit(0xd9, 0, i, after={0: u.stack[i]}, top=u.top - 1, undefined=OTHERS)
        for opcode, digit in ((0xd9, 1), (0xdd, 1), (0xdf, 1)):  # the last two are undocumented names of the first
            Unit(out, [PI, THIRD, SNAN]).emit(opcode, digit, i, after={0: u.stack[i], i: PI}, undefined=OTHERS)
        Unit(out, [PI, THIRD, SNAN]).emit(0xdd, 0, i, after={i: None}, undefined=CC)
        Unit(out, [PI, THIRD, SNAN]).emit(0xdd, 2, i, after={i: PI}, undefined=OTHERS)
        for opcode, digit in ((0xdd, 3), (0xd9, 3), (0xdf, 2), (0xdf, 3)):
            u = Unit(out, [PI, THIRD, SNAN])
            after = {7: None} if not i else {i - 1: PI, 7: None}
            u.emit(opcode, digit, i, after=after, top=u.top + 1, undefined=OTHERS)
        u = Unit(out, [PI, THIRD, SNAN])
        u.emit(0xdf, 0, i, after={i - 1 & 7: None, 7: None}, top=u.top + 1, undefined=CC)
    for rm, step in ((6, -1), (7, 1)):
        u = Unit(out, [PI, THIRD])
        u.emit(0xd9, 6, rm, top=u.top + step, undefined=OTHERS)
    Unit(out, [PI]).emit(0xd9, 2, 0, undefined=CC)
    conditions = ("c", "z", "cz", "p")
    for digit in range(4):
        for opcode, want in ((0xda, True), (0xdb, False)):
            for f in ("", "c", "z", "p", "czp"):
                u = Unit(out, [PI, THIRD])
                u.before.append("f=" + (f or "-"))
                u.emit(opcode, digit, 1, after={0: THIRD} if bool(set(f) & set(conditions[digit])) == want else {}, undefined=OTHERS)
    constants = ((0, ONE, 0, 0), (1, 0x4000d49a784bcd1b8afe, 0, 1), (2, 0x3fffb8aa3b295c17f0bc, -1, 0), (3, PI, -1, 0),
                 (4, 0x3ffd9a209a84fbcff799, -1, 0), (5, 0x3ffeb17217f7d1cf79ac, -1, 0), (6, ZERO, 0, 0))
    for rm, value, down, up in constants:
        for fcw, change in ((0x37f, 0), (0x77f, down), (0xb7f, up), (0xf7f, down)):
            u = Unit(out, [HALF], fcw)
            u.emit(0xd9, 5, rm, after={0: value + change}, top=u.top - 1, undefined=OTHERS)


def stack_faults(out):
    out.note("stack overflow and underflow, masked and not")
    for rm in range(7):
        for fcw in (0x37f, 0x37e):
            u = Unit(out, [ONE] * 8, fcw)
            if fcw & 1:
                u.emit(0xd9, 5, rm, after={0: DEFAULT}, top=u.top - 1, cc=C1, undefined=OTHERS, flags="IS")
            else:
                u.emit(0xd9, 5, rm, cc=C1, undefined=OTHERS, flags="IS")
    for opcode, digit, rm in ((0xd8, 0, 1), (0xd8, 1, 1), (0xd9, 7, 2), (0xd9, 4, 0), (0xd9, 4, 1), (0xd9, 7, 4), (0xdc, 4, 1)):
        for fcw in (0x37f, 0x37e):
            u = Unit(out, [], fcw)
            to = 1 if opcode == 0xdc else 0
            u.emit(opcode, digit, rm, after={to: DEFAULT} if fcw & 1 else {}, undefined=OTHERS, flags="IS")
    for opcode, digit, rm, pops in ((0xd8, 2, 1, 0), (0xdd, 4, 1, 0), (0xde, 3, 1, 2), (0xd9, 4, 4, 0)):
        u = Unit(out, [])
        u.emit(opcode, digit, rm, top=u.top + pops, cc=C3 | C2 | C0, undefined=0, flags="IS")


LOADS = ((0xd9, 0, SINGLE), (0xdd, 0, DOUBLE), (0xdb, 5, EXTENDED), (0xdf, 0, 16), (0xdb, 0, 32), (0xdf, 5, 64))


def loads(out):
    out.note("loads from memory")
    for opcode, digit, f in LOADS:
        pool = {SINGLE: SINGLES, DOUBLE: DOUBLES, EXTENDED: PLAIN[:4] + SPECIAL}.get(f, INTS)
        for k, value in enumerate(pool):
            u = Unit(out, [HALF])
            mode, m = memory_operand(u, value, f.size if isinstance(f, Format) else f // 8, COMBOS[k % len(COMBOS)])
            if f is EXTENDED:
                r, flags = value, ""
            elif isinstance(f, int):
                r, flags = deliver(Fraction(value), EXTENDED)[0], ""
            else:
                r, flags, _ = convert(Number(value, f), EXTENDED)
            u.emit(opcode, digit, None, m, {0: r}, u.top - 1, 0, OTHERS, flags, mode)
    for digits in ("123456789012345678", "000000000000000000", "999999999999999999"):
        for sign in (0, 0x80):
            u = Unit(out, [])
            bcd = int(digits, 16) | sign << 72
            mode, m = memory_operand(u, bcd, 10)
            u.emit(0xdf, 4, None, m, {0: deliver(Fraction(int(digits)) * (-1 if sign else 1), EXTENDED, zero_sign=sign >> 7)[0]},
                   7, 0, OTHERS, "", mode)


STORES = ((0xd9, 2, SINGLE), (0xd9, 3, SINGLE), (0xdd, 2, DOUBLE), (0xdd, 3, DOUBLE), (0xdb, 7, EXTENDED), (0xdf, 2, 16), (0xdf, 3, 16),
          (0xdb, 2, 32), (0xdb, 3, 32), (0xdf, 7, 64))


def stores(out):
    out.note("stores to memory")
    for opcode, digit, f in STORES:
        pop = digit in (3, 7)
        integer = isinstance(f, int)
        pool = (ONE, PI, TENTH, INF, SNAN, HALF, HUGE, 0x400dfffffffffffffffe, 0xc01e8000000000000000, 0x4000a000000000000000, NEGZERO, DENORMAL,
                0x3f8081234567890abcde, UNNORMAL)
        for k, value in enumerate(pool):
            for fcw in (0x37f, 0x37f ^ (1 << 10) * (1 + k % 3)):
                u = Unit(out, [value, HALF], fcw)
                mode, asize = out.next(MOSTLY_WIDE)
                m = out.memory(asize)
                x, size = Number(value, EXTENDED), f // 8 if integer else f.size
                if f is EXTENDED:
                    r, flags, up = value, "", False
                elif unsupported(value):
                    r, flags, up = (1 << f - 1 if integer else f.default_nan()), "I", False
                elif integer:
                    r, flags, up = to_integer(x, f, u.rc)
                else:
                    r, flags, up = convert(x, f, rc=u.rc)
                    flags = flags.replace("D", "")  # the format is left, not entered: no denormal exception
                u.tail.append(f"[{m.at:x}]={le(r, size).hex()}")
                u.emit(opcode, digit, None, m, {7: None} if pop else {}, u.top + pop, C1 if up else 0, OTHERS, flags, mode)
    for value, fcw in ((SNAN, 0x37e), (HUGE, 0x37e)):
        for opcode, digit in ((0xdb, 3), (0xdf, 3)):
            u = Unit(out, [value], fcw)
            mode, m = memory_operand(u, 0x11223344, 4)
            u.emit(opcode, digit, None, m, flags="I", undefined=CC, mode=mode)
    for value, digits in ((ONE, 1), (0xc00cffff000000000000, -0x3fff), (0x403aab54a98ceb1f0ad2, 123456789012345680)):
        u = Unit(out, [value])
        mode, asize = out.next(MOSTLY_WIDE)
        m = out.memory(asize)
        n = int(Number(value, EXTENDED).value) if Number(value, EXTENDED).value.denominator == 1 else None
        if n is None:
            n = rounded(abs(Number(value, EXTENDED).value), Fraction(1), NEAREST) * (-1 if Number(value, EXTENDED).sign else 1)
        exact = Number(value, EXTENDED).value == n
        up = abs(n) > abs(Number(value, EXTENDED).value)
        u.tail.append(f"[{m.at:x}]={le(int(str(abs(n)), 16) | (0x80 << 72 if n < 0 else 0), 10).hex()}")
        u.emit(0xdf, 6, None, m, {7: None}, u.top + 1, C1 if up else 0, OTHERS, "" if exact else "P", mode)
    u = Unit(out, [HUGE])
    m = out.memory(4)
    u.tail.append(f"[{m.at:x}]=000000000000" + "00c0ffff")
    u.emit(0xdf, 6, None, m, {7: None}, u.top + 1, 0, OTHERS, "I", "32")


def make():
    out = File("x87 arithmetic, loads, stores, comparisons")
    registers(out)
    memory_arithmetic(out)
    comparisons(out)
    unary(out)
    transcendental(out)
    stack_moves(out)
    stack_faults(out)
    loads(out)
    stores(out)
    return out.text()
