# SPDX-License-Identifier: LGPL-2.1-or-later
"""Segments, ports, control registers, software interrupts, no-operations, and the faults of each class: SDM volumes 2 and 3."""
from .row import *

SYSTEM_MODES = (("32", 4), ("32", 2), ("16", 2), ("16", 4))


class System:
    def __init__(self, out):
        self.out = out

    def row(self, mode, code, before="", after=""):
        self.out.row(mode, bytes.fromhex(code), before.split(), after.split())

    def sized(self, code, before, narrow, wide, modes=SYSTEM_MODES):
        """In both code sizes with both operand sizes; `narrow` and `wide` are what the operand sizes leave."""
        for mode, size in modes:
            prefix = "66" if size != default_size(mode) else ""
            self.row(mode, prefix + code, before, narrow if size == 2 else wide)

    def memory(self, opcode, digit, before, narrow, wide, combos=COMBOS[:5]):
        """The same with a memory operand at 5000h, in several address sizes."""
        for mode, asize in combos:
            for size in (2, 4):
                m = self.out.memory(asize)
                if ESP in m.regs or EAX in m.regs:
                    m = Memory(0, asize)
                code = self.out.insn(mode, bytes.fromhex(opcode), size, digit, None, m)
                real = " ".join(before.split() + Registers(m.regs).before())
                self.out.row(mode, code, real.split(), (narrow if size == 2 else wide).split())


def segments(s):
    s.out.note("segment registers")
    for code, value in (("06", "1000"), ("0e", "0800"), ("16", "1000"), ("1e", "1000"), ("0fa0", "1000"), ("0fa8", "1000")):
        s.sized(code, "", f"esp=7ffe [7ffe]={value}", f"esp=7ffc [7ffc]={value}0000")
    for code, name in (("07", "es"), ("17", "ss"), ("1f", "ds"), ("0fa1", "fs"), ("0fa9", "gs")):
        s.sized(code, f"[8000]=1000ffff {name}=38", f"esp=8002 {name}=10", f"esp=8004 {name}=10")
        s.row("r", code, "[8000]=3412", f"esp=8002 {name}=1234")
        s.row("v", code, "[8000]=3412", f"esp=8002 {name}=1234")
        s.row("32", code, "[8000]=60000000 [10060]=ffff00000013cf00", "v=c e=60" if name == "ss" else "v=b e=60")
        s.row("32", code, "[8000]=00100000", "v=d e=1000")
    for n, name in enumerate(("es", "cs", "ss", "ds", "fs", "gs")):
        value = "8" if name == "cs" else "10"
        s.sized(f"8c{0xc0 | n << 3:02x}", "eax=ffffffff", f"eax=ffff00{value:0>2}", f"eax={value}")
        if n < 3:
            s.memory("8c", n, "", f"[5000]={value:0>2}00", f"[5000]={value:0>2}00", COMBOS[:3])
        if name != "cs":
            s.sized(f"8e{0xc0 | n << 3:02x}", f"eax=ffff0010 {name}=38", f"{name}=10", f"{name}=10")
            if n != 3:
                s.memory("8e", n, "[5000]=1000", f"{name}=10", f"{name}=10", COMBOS[:2])
            s.row("32", f"8e{0xc0 | n << 3:02x}", "eax=60 [10060]=ffff00000013cf00", "v=c e=60" if name == "ss" else "v=b e=60")
            s.row("32", f"8e{0xc0 | n << 3:02x}", "eax=60 [10060]=ffff00000099cf00", "v=d e=60")
    for opcode, reg, name in (("c4", 1, "es"), ("c5", 1, "ds"), ("0fb2", 1, "ss"), ("0fb4", 1, "fs"), ("0fb5", 1, "gs")):
        for mode, asize in (("32", 4), ("16", 2), ("16", 4), ("32", 2)):
            for size in (2, 4):
                m = Memory(0, asize)
                code = s.out.insn(mode, bytes.fromhex(opcode), size, reg, None, m)
                s.out.row(mode, code, [f"{name}=38", "[5000]=" + ("44331000" if size == 2 else "443322111000")],
                          [f"{name}=10", "ecx=" + ("3344" if size == 2 else "11223344")])
        s.row("r", opcode + "0e0050", "[5000]=44333412", f"{name}=1234 ecx=3344")
        s.row("32", opcode + "0d00500000", "[5000]=112233446000 [10060]=ffff00000013cf00", "v=c e=60" if name == "ss" else "v=b e=60")
    s.memory("63", 1, "ecx=3 [5000]=0800", "[5000]=0b00 f=z", "[5000]=0b00 f=z", COMBOS[:3])
    s.out.note("LAR LSL VERR VERW SLDT STR LLDT LTR")
    for code, narrow, wide in (("0f02", "9b00", "cf9b00"), ("0f03", "ffff", "ffffffff")):
        s.sized(code + "c1", "ecx=8", f"eax={narrow} f=z", f"eax={wide} f=z")
        s.memory(code, 0, "[5000]=0800", f"eax={narrow} f=z", f"eax={wide} f=z", COMBOS[:2])
        s.sized(code + "c1", "ecx=1000 f=zc", "f=c", "f=c")
    for digit, good, bad in ((4, "08", "00"), (5, "10", "08")):
        s.sized(f"0f00{0xc1 | digit << 3:02x}", f"ecx={good}", "f=z", "f=z")
        s.memory("0f00", digit, f"[5000]={good}00", "f=z", "f=z", COMBOS[:2])
        s.memory("0f00", digit, f"[5000]={bad}00 f=z", "f=-", "f=-", COMBOS[:2])
    for digit, value in ((0, "58"), (1, "28")):
        s.sized(f"0f00{0xc0 | digit << 3:02x}", "eax=ffffffff", f"eax=ffff00{value}", f"eax={value}")
        s.memory("0f00", digit, "", f"[5000]={value}00", f"[5000]={value}00", COMBOS[:2])
    s.sized("0f00d0", "eax=58", "", "")
    s.memory("0f00", 2, "[5000]=5800", "", "", COMBOS[:2])
    tss = "[10060]=ff1f002001890000"
    s.sized("0f00d8", f"eax=60 {tss}", "tr=60", "tr=60")
    s.memory("0f00", 3, f"[5000]=6000 {tss}", "tr=60", "tr=60", COMBOS[:2])
    s.row("32", "0f00d8", "eax=28", "v=d e=28")
    s.row("32", "0f00d8", "eax=60 [10060]=ff1f002001090000", "v=b e=60")
    s.row("32", "0f00d0", "eax=60 [10060]=ff0f003001020000", "v=b e=60")
    s.row("32", "0f00d0", "eax=10", "v=d e=10")


def tables(s):
    s.out.note("SGDT SIDT LGDT LIDT SMSW LMSW CLTS, control and debug registers")
    s.memory("0f01", 0, "", "[5000]=ff0f00000100", "[5000]=ff0f00000100", COMBOS[:3])
    s.memory("0f01", 1, "", "[5000]=ff0700100100", "[5000]=ff0700100100", COMBOS[:3])
    s.memory("0f01", 2, "[5000]=ff0f000001aa gdtr.base=20000", "gdtr.base=10000", "gdtr.base=aa010000", (("32", 4), ("16", 2)))
    s.memory("0f01", 3, "[5000]=ff03000002aa", "idtr.base=20000 idtr.limit=3ff", "idtr.base=aa020000 idtr.limit=3ff", (("32", 4), ("16", 2)))
    s.sized("0f01e0", "eax=ffffffff", "eax=ffff0031", "eax=31")
    s.memory("0f01", 4, "", "[5000]=3100", "[5000]=3100", COMBOS[:2])
    s.sized("0f01f0", "eax=3b", "cr0=3b", "cr0=3b")
    s.memory("0f01", 6, "[5000]=3a00", "cr0=3b", "cr0=3b", COMBOS[:2])
    s.memory("0f01", 7, "", "", "", COMBOS[:3])
    for mode in ("32", "16", "r"):
        pe = 0 if mode == "r" else 1
        s.row(mode, "0f06", f"cr0={0x38 | pe:x}", f"cr0={0x30 | pe:x}")
        s.row(mode, "0f20c1", "", f"ecx={0x30 | pe:x}")
        s.row(mode, "0f2001", "", f"ecx={0x30 | pe:x}")  # ModRM.mod is ignored
        s.row(mode, "0f22c1", f"ecx={0x3a | pe:x}", f"cr0={0x3a | pe:x}")
        s.row(mode, "0f22d1", "ecx=12345678", "cr2=12345678")
        s.row(mode, "0f20d1", "cr2=12345678", "ecx=12345678")
        s.row(mode, "0f22d9", "ecx=12345000", "cr3=12345000")
        s.row(mode, "0f20d9", "cr3=12345018", "ecx=12345018")
        s.row(mode, "0f22e1", "ecx=61f", "cr4=61f")
        s.row(mode, "0f20e1", "cr4=688", "ecx=688")
        for n in range(4):
            s.row(mode, f"0f23{0xc1 | n << 3:02x}", "ecx=12345678", f"dr{n}=12345678")
            s.row(mode, f"0f21{0xc1 | n << 3:02x}", f"dr{n}=12345678", "ecx=12345678")
        for n in (4, 6):
            s.row(mode, f"0f21{0xc1 | n << 3:02x}", "", "ecx=ffff0ff0")
            s.row(mode, f"0f23{0xc1 | n << 3:02x}", "ecx=0", "dr6=ffff0ff0")
        for n in (5, 7):
            s.row(mode, f"0f21{0xc1 | n << 3:02x}", "", "ecx=400")
            s.row(mode, f"0f23{0xc1 | n << 3:02x}", "ecx=0", "")
    s.row("32", "0f21e1", "cr4=608", "v=6")
    s.row("32", "0f23e9", "cr4=608", "v=6")
    s.row("32", "0f22c1", "ecx=80000010", "v=d e=0")
    s.row("32", "0f22c1", "ecx=20000011", "v=d e=0")
    s.row("32", "0f22e1", "ecx=80000000", "v=d e=0")
    for code in ("0f20c0", "0f20d0", "0f20d8", "0f20e0", "0f22d0", "0f22d8", "0f22e0", "0f23c0", "0f21f8", "0f011d00500000", "0f08",
                 "0f33", "0f013d00500000", "0f00d0", "0f00d8", "0f01f0", "0f06", "f4", "0f30", "0f32"):
        s.row("3", code, "ecx=10", "v=d e=0")
        s.row("v", code.replace("0500500000", "060050").replace("1d00500000", "1e0050").replace("3d00500000", "3e0050"), "ecx=10",
              "v=6" if code.startswith("0f00") else "v=d e=0")
    for code in ("0f00c0", "0f00c8", "0f00e0", "0f00e8", "0f02c1", "0f03c1", "63c8"):
        s.row("r", code, "", "v=6")
        s.row("v", code, "", "v=6")


def ports(s):
    s.out.note("IN OUT INS OUTS; the permission map; HLT, CLI, STI")
    for code in ("e460", "ec"):
        for mode in MODES + ("v",):
            s.row(mode, code, "io=9a edx=60 eax=11223344", "eax=1122339a")
    for code in ("e560", "ed"):
        s.sized(code, "io=89abcdef edx=60 eax=11223344", "eax=1122cdef", "eax=89abcdef", SYSTEM_MODES + (("r", 2), ("v", 2)))
    for code in ("e660", "ee"):
        for mode in MODES + ("v",):
            s.row(mode, code, "edx=60 eax=11223344")
    for code in ("e760", "ef"):
        s.sized(code, "edx=60 eax=11223344", "", "", SYSTEM_MODES + (("r", 2),))
    for mode in ("32", "16", "r"):
        for size in (1, 2, 4):
            osize = "66" if size in (2, 4) and size != default_size(mode) else ""
            low = 0 if size == 1 else 1
            v = "12345678"[-2 * size:]
            data = le(int(v, 16), size).hex()
            s.row(mode, osize + f"{0x6c + low:02x}", f"io={v} edx=60 edi=6000", f"edi={0x6000 + size:x} [6000]={data}")
            s.row(mode, osize + f"{0x6e + low:02x}", "edx=60 esi=5000", f"esi={0x5000 + size:x}")
            for rep in ("f3", "f2"):
                s.row(mode, osize + rep + f"{0x6c + low:02x}", f"io={v} edx=60 edi=6000 ecx=2 f=d",
                      f"edi={0x6000 - 2 * size:x} [6000]={data} [{0x6000 - size:x}]={data} ecx=0")
                s.row(mode, osize + rep + f"{0x6e + low:02x}", "edx=60 esi=5000 ecx=3", f"esi={0x5000 + 3 * size:x} ecx=0")
    for code in ("e560", "e660", "ed", "ee", "6c", "6e"):
        s.row("3", code, "edx=60 [12066]=ffff", "v=d e=0")
        s.row("3", code, "edx=60 [12066]=6800 [12074]=01", "v=d e=0")
    for mode in ("32", "16", "r"):
        s.row(mode, "f4", "", "halted=1")
        s.row(mode, "fa", "f=i", "f=-")
        s.row(mode, "fb", "", "f=i")
    for mode in ("3", "v"):
        s.row(mode, "fa", "", "v=d e=0")
        s.row(mode, "fb", "", "v=d e=0")
        s.row(mode, "fa", "f=li", "f=l")
        s.row(mode, "fb", "f=l", "f=li")


def transfers(s):
    s.out.note("software interrupts, far transfers, SYSENTER and SYSEXIT")
    for mode in ("32", "16", "r", "3"):
        s.row(mode, "cd20", "", "v=20")
        s.row(mode, "cdff", "f=c", "v=ff")
        s.row(mode, "cc", "", "v=3")
        s.row(mode, "ce", "f=o", "v=4")
        s.row(mode, "ce", "f=c")
        s.row(mode, "f1", "", "v=1")
    s.row("32", "66cd20", "", "v=20")
    s.row("16", "66cd20", "", "v=20")
    s.row("32", "66f1", "", "v=1")
    s.row("3", "cd10", "", "v=d e=82")
    s.row("v", "cd20", "", "v=d e=0")
    s.row("v", "9c", "", "v=d e=0")
    s.row("v", "9d", "", "v=d e=0")
    s.row("v", "cf", "", "v=d e=0")
    s.row("v", "9c", "f=lc", "esp=7ffe [7ffe]=0330")
    for mode, size in SYSTEM_MODES:
        prefix = "66" if size != default_size(mode) else ""
        n = 1 + (prefix != "")
        back = le(0x1000 + n + size + 2, size).hex() + "0800" + "00" * (size - 2)
        far = le(0x1700, size).hex() + "0800"
        s.row(mode, prefix + "ea" + far, "", "eip=1700")
        s.row(mode, prefix + "9a" + far, "", f"eip=1700 esp={0x8000 - 2 * size:x} [{0x8000 - 2 * size:x}]={back}")
        frame = le(0x1700, size).hex() + "0800" + "00" * (size - 2)
        s.row(mode, prefix + "cb", f"[8000]={frame}", f"eip=1700 esp={0x8000 + 2 * size:x}")
        s.row(mode, prefix + "ca0600", f"[8000]={frame}", f"eip=1700 esp={0x8006 + 2 * size:x}")
        flags = le(0x8d7, size).hex()
        s.row(mode, prefix + "cf", f"[8000]={frame}{flags}", f"eip=1700 esp={0x8000 + 3 * size:x} f=czspoa")
        for digit in (3, 5):
            for asize in (4, 2):
                m = Memory(0, asize)
                code = s.out.insn(mode, b"\xff", size, digit, None, m)
                link = le(0x1000 + len(code), size).hex() + "0800" + "00" * (size - 2)
                tail = f"esp={0x8000 - 2 * size:x} [{0x8000 - 2 * size:x}]={link}" if digit == 3 else ""
                s.out.row(mode, code, [f"[5000]={far}"], ("eip=1700 " + tail).split())
    absent = "[10060]=ffff0000001bcf00"
    for code in ("ea001700006000", "9a001700006000"):
        s.row("32", code, absent, "v=b e=60")
        s.row("32", code, "[10060]=ffff00000013cf00", "v=d e=60")
    for code in ("cb", "cf"):
        s.row("32", code, "[8000]=001700006000000002000000 " + absent, "v=b e=60")
    s.row("3", "ea001700000800", "", "v=d e=8")
    s.row("3", "cb", "[8000]=0017000008000000", "v=d e=8")
    s.row("32", "cf", "[8000]=005000001b000000020000000070000023000000", "eip=5000 cs=1b ss=23 esp=7000 es=0 ds=0 fs=0 gs=0")
    s.row("3", "0f34", "sysenter.cs=8 sysenter.esp=7000 sysenter.eip=5000", "eip=5000 cs=8 ss=10 esp=7000")
    s.row("32", "0f34", "sysenter.cs=8 sysenter.esp=7000 sysenter.eip=5000", "eip=5000 esp=7000")
    s.row("16", "0f34", "sysenter.cs=8 sysenter.esp=7000 sysenter.eip=5000", "eip=5000 esp=7000")
    s.row("32", "0f34", "", "v=d e=0")
    s.row("32", "0f35", "sysenter.cs=8 edx=5000 ecx=7000", "eip=5000 cs=1b ss=23 esp=7000")
    s.row("16", "0f35", "sysenter.cs=8 edx=5000 ecx=7000", "eip=5000 cs=1b ss=23 esp=7000")
    s.row("32", "0f35", "edx=5000 ecx=7000", "v=d e=0")
    s.row("r", "0f35", "sysenter.cs=8", "v=d")


def nothing(s):
    s.out.note("what changes nothing: hints, fences, caches; decimal adjusts in 16-bit code")
    for mode in ("32", "16", "r", "3"):
        for opcode in range(0x18, 0x20):
            for size in (2, 4):
                for memory in (None, 4, 2):
                    m = Memory(0, memory) if memory else None
                    for lead in (b"", b"\xf2", b"\xf3") if opcode == 0x1e and not m else (b"",):
                        for digit in range(8) if opcode == 0x18 and mode in ("32", "16") else (1,):
                            s.out.row(mode, s.out.insn(mode, bytes([0x0f, opcode]), size, digit, EDX, m, lead=lead), [], [])
        for code in ("0fae e8", "0fae f0", "0fae f8", "f390", "9b"):
            s.row(mode, code)
        if mode != "3":
            s.row(mode, "0f08")
            s.row(mode, "0f09")
    for mode, asize in COMBOS:
        s.out.row(mode, s.out.insn(mode, b"\x0f\xae", 0, 7, None, Memory(0, asize)), [], [])
    for mode in ("16", "r", "3"):
        s.row(mode, "27", "eax=9a", "eax=0 f=czpa")
        s.row(mode, "2f", "eax=ee", "eax=88 f=cspa")
        s.row(mode, "37", "eax=0c", "eax=102 f=ca?zspo")
        s.row(mode, "3f", "eax=20c", "eax=106 f=ca?zspo")
        s.row(mode, "d40a", "eax=4d", "eax=707 f=-?oac")
        s.row(mode, "d50a", "eax=707", "eax=4d f=p?oac")
    s.out.note("machine: CPUID, TSC, MSRs")
    for mode in ("32", "16", "r", "3"):
        s.row(mode, "0f31", "eax=5 edx=5", "eax=bc614e edx=0")
    s.row("3", "0f31", "cr4=604", "v=d e=0")
    for mode in ("32", "16", "r"):
        s.row(mode, "0f33", "ecx=0 eax=5 edx=5", "eax=0 edx=0")
        s.row(mode, "0f32", "ecx=174 sysenter.cs=10 edx=5", "eax=10 edx=0")
        s.row(mode, "0f32", "ecx=175 sysenter.esp=12345678", "eax=12345678")
        s.row(mode, "0f30", "ecx=176 eax=12345678", "sysenter.eip=12345678")
        s.row(mode, "0f32", "ecx=12345", "v=d e=0" if mode != "r" else "v=d")
        s.row(mode, "0f30", "ecx=12345", "v=d e=0" if mode != "r" else "v=d")
        s.row(mode, "0fa2", "eax=80000000", "eax=80000008 ebx=0 ecx=0 edx=0")


def faults(s):
    s.out.note("segment limits and rights: #GP, #SS")
    read, write = "8b0d00500000", "890d00500000"
    for code in (read, write, "010d00500000", "d90500500000", "ff3500500000", "0f6f0500500000", "0f100500500000"):
        s.row("32", code, "ds.limit=5002", "v=d e=0")
        s.row("32", code, "ds=0 ds.access=0", "v=d e=0")
    s.row("32", read, "ds.limit=5003 [5000]=01", "ecx=1")
    for code in (write, "010d00500000", "d91d00500000", "0f7f0500500000"):
        s.row("32", code, "ds.access=c091", "v=d e=0")
    s.row("32", read, "ds.access=c099", "v=d e=0")
    s.row("32", "2e" + read, "cs.access=c099", "v=d e=0")
    s.row("32", "2e" + write, "", "v=d e=0")
    s.row("32", "2e" + read, "[5000]=05", "ecx=5")
    s.row("32", read, "ds.access=c097 ds.limit=4fff [5000]=05", "ecx=5")
    s.row("32", read, "ds.access=c097 ds.limit=5000", "v=d e=0")
    s.row("32", read, "ds.base=100 [5100]=07", "ecx=7")
    s.row("32", "64" + read, "fs.base=fffffff0 [4ff0]=07", "ecx=7")
    s.row("32", "65" + write, "gs.base=1000 ecx=44332211", "[6000]=11223344")
    for code in ("58", "c3", "9d", "61", "c9", "8b0c24", "07"):
        s.row("3", code, "ss.limit=7fff" + (" ebp=8000" if code == "c9" else ""), "v=c e=0")
    for code in ("50", "6a00", "9c", "60", "e800000000", "c8000000"):
        s.row("3", code, "ss.limit=7fdf", "v=c e=0")
    s.row("r", "8b0effff", "", "v=d")
    s.row("r", "a1ffff", "", "v=d")
    s.out.note("pages: #PF, its error code and CR2")
    for mode, user in (("32", 0), ("3", 4)):
        s.row(mode, read, "page5=-", f"v=e e={user:x} cr2=5000")
        s.row(mode, write, "page5=-", f"v=e e={2 | user:x} cr2=5000")
        s.row(mode, read, "page5=r [5000]=07", "ecx=7")
        for code in (write, "010d00500000", "870d00500000", "0fb10d00500000", "0fc00d00500000", "0fab0d00500000", "0f940500500000",
                     "d91d00500000", "0f110500500000", "0f7f0500500000", "0fae1d00500000", "f71500500000", "d12500500000"):
            s.row(mode, code, "page5=r", f"v=e e={3 | user:x} cr2=5000")
        s.row(mode, "8b0dfe4f0000", "page5=-", f"v=e e={user:x} cr2=5000")
        s.row(mode, "890dfe4f0000", "page5=- ecx=12345678", f"v=e e={2 | user:x} cr2=5000")
        s.row(mode, "0f100df84f0000", "page5=-", f"v=e e={user:x} cr2=5000")
        s.row(mode, "0fafc1", "eip=3fff page4=-", f"v=e e={user:x} cr2=4000")
        s.row(mode, "0fafc1", "eip=3fff page4=r eax=3 ecx=5", "eax=f f=?zspa")
        for rep, ecx in (("f3", 4), ("", 1)):
            s.row(mode, rep + "a4", f"page6=- esi=5000 edi=6000 ecx={ecx}", f"v=e e={2 | user:x} cr2=6000")
        s.row(mode, "f3a4", "page6=- esi=5000 edi=5ffe ecx=4 [5000]=01020304", f"esi=5002 edi=6000 ecx=2 [5ffe]=0102 v=e e={2 | user:x} cr2=6000")
        s.row(mode, "f3ab", "page6=r eax=44332211 edi=5ff8 ecx=3", f"edi=6000 ecx=1 [5ff8]=1122334411223344 v=e e={3 | user:x} cr2=6000")
        s.row(mode, "f3ae", "page6=- edi=5ffe ecx=4 f=c", f"edi=6000 ecx=2 f=zp v=e e={user:x} cr2=6000")
    s.row("3", read, "page5=s", "v=e e=5 cr2=5000")
    s.row("3", write, "page5=s", "v=e e=7 cr2=5000")
    s.row("32", read, "page5=s [5000]=07", "ecx=7")
    for code in ("50", "6a00", "9c", "60", "e800000000", "c8000000"):
        s.row("3", code, "page7=-", "v=e e=6 cr2=7ffc")
    for code in ("58", "c3", "9d", "8b0c24"):
        s.row("3", code, "page8=-", "v=e e=4 cr2=8000")
    s.out.note("alignment: #AC at CPL 3 with CR0.AM and EFLAGS.AC")
    for code in ("8b0d01500000", "890d02500000", "668b0d01500000", "ff0501500000", "dd0504500000", "d90502500000", "ff3501500000"):
        s.row("3", code, "cr0=40031 f=x", "v=11 e=0")
        if code[0] != "d" and code[0] != "f":
            s.row("3", code, "f=x")
    for code in ("8b0d04500000", "668b0d02500000", "8a0d01500000"):
        s.row("3", code, "cr0=40031 f=x [5000]=1122334455667788", {"8b": "ecx=88776655", "66": "ecx=4433", "8a": "ecx=22"}[code[:2]])
    s.row("32", "8b0d01500000", "cr0=40031 f=x", "")
    s.out.note("single step")
    for code, after in (("90", ""), ("41", "ecx=1 f=t"), ("eb10", "eip=1012")):
        s.row("32", code, "f=t", (after + " v=1 dr6=ffff4ff0").strip())


def make():
    out = File("Segments, system instructions, faults")
    s = System(out)
    segments(s)
    tables(s)
    ports(s)
    transfers(s)
    nothing(s)
    faults(s)
    return out.text()
