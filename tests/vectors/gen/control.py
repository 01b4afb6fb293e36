# SPDX-License-Identifier: LGPL-2.1-or-later
"""The x87's control instructions and its state in memory: SDM volume 1, 8.1.10 and 8.3.11; what stops it: #NM, #MF."""
from .row import *
from .x87 import ONE, PI, THIRD

SAVED = 0x4800  # the runners do not look at bytes there that a row does not name: the last instruction's pointers


class Control:
    def __init__(self, out):
        self.out = out

    def row(self, mode, code, before="", after=""):
        self.out.row(mode, bytes.fromhex(code), before.split(), after.split())

    def memory(self, opcode, digit, before, after, sizes=(0,), at=DATA):
        for mode, asize in COMBOS:
            for size in sizes:
                m = Memory(0 if at == SAVED else self.out.turn, asize, at)
                self.out.turn += 1
                code = self.out.insn(mode, bytes.fromhex(opcode), size, digit, None, m)
                self.out.row(mode, code, before(size) + Registers(m.regs).before(), after(size))


def st(i, value):
    return f"st{i}={value:020x}"


def words(values, size):
    """An environment: three words and four of pointers, which are 0."""
    return b"".join(le(v, 2) + (b"\xff\xff" if size == 4 else b"") for v in values).hex()


def simple(c):
    c.out.note("FNINIT FNCLEX FNSTSW FNSTCW FLDCW FWAIT, names of the 8087 and 80287 that do nothing")
    stack = f"{st(0, PI)} {st(1, ONE)}"
    for mode in MODES:
        c.row(mode, "dbe3", f"{stack} fcw=27e fsw=b181", "fcw=37f fsw=0 ftw=0")
        c.row(mode, "dbe2", f"{stack} fcw=27e fsw=b1c1", "fsw=3100")
        c.row(mode, "dbe3", f"{stack} fcw=27f fsw=3141", "fcw=37f fsw=0 ftw=0")
        c.row(mode, "dbe2", f"{stack} fsw=3147", "fsw=3100")
        c.row(mode, "dfe0", "eax=ffffffff fsw=7123", "eax=ffff7123")
        for code in ("dbe0", "dbe1", "dbe4"):
            c.row(mode, code, stack)
        c.row(mode, "9b", stack)
        c.row(mode, "9b", "fcw=37e fsw=8081", "v=10")
        c.row(mode, "d9d0", "fcw=37b fsw=8084", "v=10")
        c.row(mode, "dbe2", "fcw=37e fsw=8081", "fsw=0")
        c.row(mode, "dfe0", "fcw=37e fsw=8081", "eax=8081")
    c.memory("d9", 7, lambda s: ["fcw=a7f"], lambda s: ["[5000]=7f0a"])
    c.memory("dd", 7, lambda s: ["fsw=5123"], lambda s: ["[5000]=2351"])
    c.memory("d9", 5, lambda s: ["[5000]=7f0a", st(0, PI)], lambda s: ["fcw=a7f"])
    c.row("32", "d92d00500000", "[5000]=7e03", "fcw=37e")
    c.row("32", "d92d00500000", "[5000]=7e03 fsw=1", "fcw=37e fsw=8081")
    c.row("32", "d92d00500000", "[5000]=7f03 fcw=37e fsw=8081", "v=10")
    c.row("32", "dbe3", "fcw=37e fsw=8081", "fcw=37f fsw=0")


def environment(c):
    c.out.note("FNSTENV FLDENV FNSAVE FRSTOR, FXSAVE FXRSTOR")
    header = [st(0, PI), st(1, ONE), "fcw=27a", "fsw=3100"]

    def stored(size):
        size = size or 4
        return [f"[{SAVED + i * size:x}]={le(v, 2).hex()}" for i, v in enumerate((0x27a, 0x3100, 0x0fff))]

    def image(size):
        return words((0x27f, 0x2900, 0x0fff), size) + "00" * (4 * size)

    registers = lambda size: [f"[{DATA + 7 * size:x}]={(le(PI, 10) + le(THIRD, 10)).hex()}"]
    c.memory("d9", 6, lambda s: header, lambda s: stored(s) + ["fcw=27f"], (2, 4), SAVED)
    c.memory("d9", 4, lambda s: [f"[{DATA:x}]={image(s)}"], lambda s: ["fcw=27f", "fsw=2900", "ftw=c0"], (2, 4), DATA)
    c.memory("dd", 6, lambda s: header, lambda s: stored(s) + [f"[{SAVED + 7 * s:x}]={(le(PI, 10) + le(ONE, 10)).hex()}", "fcw=37f", "fsw=0", "ftw=0"],
             (2, 4), SAVED)
    c.memory("dd", 4, lambda s: [f"[{DATA:x}]={image(s)}"] + registers(s),
             lambda s: ["fcw=27f", "fsw=2900", st(0, PI), st(1, THIRD), "ftw=c0"], (2, 4), DATA)
    xmm = "xmm1=0123456789abcdeffedcba9876543210"
    c.memory("0fae", 0, lambda s: [st(0, PI), xmm, "mxcsr=1f81"],
             lambda s: [f"[{SAVED:x}]=7f03003880", f"[{SAVED + 24:x}]=811f0000", f"[{SAVED + 32:x}]={le(PI, 10).hex()}",
                        f"[{SAVED + 176:x}]=1032547698badcfeefcdab8967452301"], (0,), SAVED)
    c.memory("0fae", 1, lambda s: ["[5000]=7f02002ac0" + "00" * 19 + "801f0000", f"[5020]={le(THIRD, 10).hex()}",
                                   "[50b0]=1032547698badcfeefcdab8967452301"],
             lambda s: ["fcw=27f", "fsw=2a00", st(0, THIRD), "ftw=c0", xmm], (0,), DATA)
    c.row("32", "0fae0508480000", "", "v=d e=0")
    c.row("32", "0fae0d08500000", "", "v=d e=0")
    c.row("32", "0fae0d00500000", "[5018]=00000100", "v=d e=0")


def absent(c):
    c.out.note("#NM with CR0.TS or CR0.EM; FWAIT with TS and MP")
    for code in ("d8c1", "d90500500000", "dbe3", "dbe2", "dfe0", "d93d00500000", "dd3500480000", "d92500500000", "d93500480000", "dbe0", "d9d0",
                 "dae9", "dd1d00500000", "df2d00500000"):
        c.row("32", code, "cr0=39", "v=7")
        c.row("32", code, "cr0=35", "v=7")
    c.row("16", "0fae060050", "cr0=39", "v=7")
    c.row("16", "0fae0e0050", "cr0=35", "v=7")
    c.row("32", "9b", "cr0=39")
    c.row("32", "9b", "cr0=35")
    c.row("32", "9b", "cr0=3b", "v=7")
    c.row("32", "9b", "cr0=37")


def make():
    out = File("x87 control and state")
    c = Control(out)
    simple(c)
    environment(c)
    absent(c)
    return out.text()
