# SPDX-License-Identifier: LGPL-2.1-or-later
"""
Binary floating point, by exact fractions: SDM volume 1, chapters 4.8 and 11.5 and table 4-7. Exceptions are letters, in the
order of the status bits: I D Z O U P. All are masked here,
but for underflow and overflow with trap_tiny and trap_huge.
"""
from fractions import Fraction
from math import isqrt

BITS = {"I": 1, "D": 2, "Z": 4, "O": 8, "U": 16, "P": 32}
NEAREST, DOWN, UP, CHOP = range(4)


def status(letters):
    return sum(BITS[c] for c in set(letters))


class Format:
    def __init__(self, exponent, precision, explicit=False):
        self.exponent, self.precision, self.explicit = exponent, precision, explicit
        self.bias = (1 << exponent - 1) - 1
        self.fraction = precision if explicit else precision - 1
        self.size = (1 + exponent + self.fraction) // 8
        self.emin, self.emax = 1 - self.bias, self.bias
        self.one = 1 << precision - 1

    def pack(self, sign, exponent, significand):
        if not self.explicit:
            significand &= self.one - 1
        return (sign << self.exponent | exponent) << self.fraction | significand

    def inf(self, sign):
        return self.pack(sign, (1 << self.exponent) - 1, self.one)

    def zero(self, sign):
        return self.pack(sign, 0, 0)

    def nan(self, sign, significand):
        return self.pack(sign, (1 << self.exponent) - 1, self.one | significand)

    def default_nan(self):
        return self.nan(1, self.one >> 1)

    def largest(self, sign):
        return self.pack(sign, (1 << self.exponent) - 2, 2 * self.one - 1)


SINGLE, DOUBLE, EXTENDED = Format(8, 24), Format(11, 53), Format(15, 64, True)


class Number:
    """An operand taken apart. kind: zero, finite, inf, nan."""

    def __init__(self, bits, f, daz=False):
        e = bits >> f.fraction & (1 << f.exponent) - 1
        m = bits & (1 << f.fraction) - 1
        self.bits, self.sign, self.f = bits, bits >> f.fraction + f.exponent, f
        self.denormal = not e and m != 0
        if not f.explicit and e:
            m |= f.one
        self.m = m
        if self.denormal and daz:
            m, self.denormal = 0, False
        if e == (1 << f.exponent) - 1:
            self.kind = "inf" if m == f.one else "nan"
        else:
            self.kind = "finite" if m else "zero"
        self.quiet = bool(m & f.one >> 1)
        self.value = Fraction(0)
        if self.kind == "finite":
            self.value = Fraction(m) * Fraction(2) ** (max(e, 1) - f.bias - f.precision + 1) * (-1 if self.sign else 1)

    def quieted(self, f=None):
        """As a quiet NaN of format `f`: the significand keeps its high end."""
        f = f or self.f
        shift = f.precision - self.f.precision
        m = self.m << shift if shift >= 0 else self.m >> -shift
        return f.nan(self.sign, m | f.one >> 1)


def exponent_of(v):
    """floor(log2(v)), v > 0"""
    e = v.numerator.bit_length() - v.denominator.bit_length()
    return e if Fraction(2) ** e <= v else e - 1


def rounded(v, step, rc):
    """v to a multiple of step; v >= 0, `rc` turned round by the caller for negative ones."""
    q = v / step
    n = q.numerator // q.denominator
    rest = q - n
    if rest and (rc == UP or (rc == NEAREST and (rest > Fraction(1, 2) or (rest == Fraction(1, 2) and n & 1)))):
        n += 1
    return n


def deliver(v, f, rc=NEAREST, precision=None, ftz=False, zero_sign=0, trap_tiny=False, trap_huge=False):
    """The bits of v in format f, its exceptions, and whether it was rounded away from zero (C1)."""
    p = precision or f.precision
    if not v:
        return f.zero(zero_sign), "", False
    sign, a = (1, -v) if v < 0 else (0, v)
    mode = {DOWN: UP, UP: DOWN}.get(rc, rc) if sign else rc
    e = exponent_of(a)
    free = rounded(a, Fraction(2) ** (e - p + 1), mode) * Fraction(2) ** (e - p + 1)
    tiny = free < Fraction(2) ** f.emin
    step = Fraction(2) ** ((f.emin if tiny else max(e, f.emin)) - p + 1)
    r = rounded(a, step, mode) * step
    if r >= Fraction(2) ** (f.emax + 1) and trap_huge:
        return f.inf(sign), "O" + ("P" if free != a else ""), False
    if r >= Fraction(2) ** (f.emax + 1):
        away = mode in (NEAREST, UP)
        limit = (2 * f.one - 1) & ~((1 << f.precision - p) - 1)
        return f.inf(sign) if away else f.pack(sign, (1 << f.exponent) - 2, limit), "OP", away
    flags = "P" if r != a else ""
    if tiny and trap_tiny:  # underflow unmasked: exact or not, and inexact only as without a least exponent
        return f.zero(sign), "U" + ("P" if free != a else ""), False
    if tiny and ftz:
        return f.zero(sign), "UP", False
    if tiny and flags:
        flags += "U"
    if not r:
        return f.zero(sign), flags, False
    e = exponent_of(r)
    m = r / Fraction(2) ** (max(e, f.emin) - f.precision + 1)
    assert m.denominator == 1
    return f.pack(sign, e + f.bias if e >= f.emin else 0, int(m)), flags, r > a


def denormals(*numbers):
    return "D" if any(n.denormal for n in numbers) else ""


def sse_nan(a, b):
    """Of two operands, one of which is a NaN: the first one that is, quiet."""
    nan = a if a.kind == "nan" else b
    return nan.quieted(), "I" if any(n.kind == "nan" and not n.quiet for n in (a, b)) else "", False


def x87_nan(a, b):
    """The one with the larger significand; a quiet one before a signalling one; of equals the positive one."""
    nans = [n for n in (a, b) if n.kind == "nan"]
    flags = "I" if any(not n.quiet for n in nans) else ""
    if len(nans) == 2 and nans[0].quiet != nans[1].quiet:
        nans = [n for n in nans if n.quiet]
    best = max(nans, key=lambda n: (n.m, -n.sign))
    return best.quieted(EXTENDED), flags, False


def arithmetic(op, a, b, f, nan=sse_nan, **how):
    """op: + - * /; a op b."""
    rc = how.get("rc", NEAREST)
    if "nan" in (a.kind, b.kind):
        return nan(a, b)
    bsign = b.sign ^ (op == "-")
    sign = a.sign ^ b.sign
    invalid = f.default_nan(), "I", False
    if op in "+-":
        if a.kind == b.kind == "inf":
            return invalid if a.sign != bsign else (f.inf(a.sign), "", False)
        if "inf" in (a.kind, b.kind):
            return f.inf(a.sign if a.kind == "inf" else bsign), denormals(a, b), False
        v = a.value + (-b.value if op == "-" else b.value)
        zero = (a.sign if a.kind == b.kind == "zero" and a.sign == bsign else int(rc == DOWN))
        r, flags, up = deliver(v, f, zero_sign=zero, **how)
        return r, flags + denormals(a, b), up
    if op == "*":
        if {a.kind, b.kind} == {"inf", "zero"}:
            return invalid
        if "inf" in (a.kind, b.kind):
            return f.inf(sign), denormals(a, b), False
        r, flags, up = deliver(a.value * b.value, f, zero_sign=sign, **how)
        return r, flags + denormals(a, b), up
    if a.kind == b.kind and a.kind in ("inf", "zero"):
        return invalid
    if a.kind == "inf" or b.kind == "zero":
        return f.inf(sign), denormals(a, b) + ("Z" if a.kind == "finite" else ""), False
    if b.kind == "inf":
        return f.zero(sign), denormals(a, b), False
    r, flags, up = deliver(a.value / b.value, f, zero_sign=sign, **how)
    return r, flags + denormals(a, b), up


def root(a, f, **how):
    if a.kind == "nan":
        return a.quieted(f), "" if a.quiet else "I", False
    if a.kind == "zero":
        return f.zero(a.sign), "", False
    if a.sign:
        return f.default_nan(), "I", False
    if a.kind == "inf":
        return f.inf(0), "", False
    # enough bits that what is cut off cannot matter, with a sticky bit below
    shift = 400 - 2 * (exponent_of(a.value) // 2)
    n = a.value * Fraction(2) ** shift
    s = isqrt(n.numerator // n.denominator)
    v = Fraction(s) + (0 if Fraction(s) ** 2 == n else Fraction(1, 2))
    r, flags, up = deliver(v / Fraction(2) ** (shift // 2), f, **how)
    return r, flags + denormals(a), up


def order(a, b):
    """< = > or ? (unordered)"""
    if "nan" in (a.kind, b.kind):
        return "?"
    def key(n):
        return Fraction(10) ** 6000 * (-1 if n.sign else 1) if n.kind == "inf" else n.value
    return "<" if key(a) < key(b) else ">" if key(a) > key(b) else "="


def to_integer(a, bits, rc):
    """The integer indefinite for what does not fit."""
    bad = 1 << bits - 1, "I", False
    if a.kind in ("nan", "inf"):
        return bad
    v = abs(a.value)
    mode = {DOWN: UP, UP: DOWN}.get(rc, rc) if a.sign else rc
    n = rounded(v, Fraction(1), mode)
    up = n > v
    flags = "P" if n != v else ""
    n = -n if a.sign else n
    if not -(1 << bits - 1) <= n < 1 << bits - 1:
        return bad
    return n & (1 << bits) - 1, flags, up


def convert(a, f, **how):
    """To another format."""
    if a.kind == "nan":
        return a.quieted(f), "" if a.quiet else "I", False
    if a.kind == "inf":
        return f.inf(a.sign), "", False
    r, flags, up = deliver(a.value, f, zero_sign=a.sign, **how)
    return r, flags + denormals(a), up
