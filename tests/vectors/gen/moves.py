# SPDX-License-Identifier: LGPL-2.1-or-later
"""Moves, exchanges, stack and string instructions, near transfers, flags: every operand and address size. SDM volume 2."""
from .integer import Case, add, cases, compare, sub
from .row import *


def moves(out):
    out.note("MOV")
    for memory in (False, True):
        for size, low in ((1, 0), (2, 1), (4, 1)):
            for opcode, to_reg in ((0x88, False), (0x8a, True)):
                for c in cases(out, (size,), memory, 4):
                    rm, reg = None if memory else EAX, EDX
                    v = out.value(size)
                    c.put(rm, out.value(size))
                    c.put(rm if to_reg else reg, v)
                    c.begin()
                    c.store(reg if to_reg else rm, v)
                    c.emit(bytes([opcode | low]), reg, rm)
            for c in cases(out, (size,), memory, 3):
                v = out.value(size)
                c.begin()
                c.store(None if memory else EDX, v)
                c.emit(bytes([0xc6 | low]), 0, None if memory else EDX, le(v, size))
    for n in range(8):
        for mode, size in (("32", 1), ("16", 1), ("32", 4), ("32", 2), ("16", 2), ("r", 4)):
            c = Case(out, mode, size)
            v = out.value(size)
            c.begin()
            c.store(n, v)
            c.emit(bytes([(0xb0 if size == 1 else 0xb8) + n]), imm=le(v, size))
    for low, sizes in ((0, (1,)), (1, (2, 4))):
        for size in sizes:
            for mode, asize in COMBOS:
                for opcode in (0xa0, 0xa2):
                    c = Case(out, mode, size)
                    v = out.value(size)
                    c.begin()
                    if opcode == 0xa0:
                        c.data[DATA] = (v, size)
                        c.store(EAX, v)
                    else:
                        c.put(EAX, v)
                        c.begin()
                        c.new_data[DATA] = (v, size)
                    lead = b"\x67" if asize != default_size(mode) else b""
                    c.emit(bytes([opcode | low]), imm=le(DATA, asize), lead=lead)
    out.note("MOVZX MOVSX LEA XCHG XADD CMPXCHG BSWAP")
    for opcode, source, signed in ((0xb6, 1, 0), (0xb7, 2, 0), (0xbe, 1, 1), (0xbf, 2, 1)):
        for memory in (False, True):
            for c in cases(out, (2, 4), memory, 4):
                rm = None if memory else (out.pick((0, 1, 4, 5)) if source == 1 else ECX)
                v = out.value(source)
                c.put(rm, v, source)
                c.begin()
                c.store(EDX, sx(v, 8 * source) if signed else v)
                c.emit(bytes([0x0f, opcode]), EDX, rm)
    for size in (2, 4):
        for mode, asize in COMBOS * 2:
            c = Case(out, mode, size, asize, at=0x7654)
            c.begin()
            c.store(ECX, c.memory.at)
            c.emit(b"\x8d", ECX)
    for memory in (False, True):
        for c in cases(out, (1, 2, 4), memory, 4):
            rm, a, b = None if memory else EAX, out.value(c.size), out.value(c.size)
            c.put(rm, a)
            c.put(EDX, b)
            c.begin()
            c.store(rm, b)
            c.store(EDX, a)
            c.emit(bytes([0x86 | (c.size > 1)]), EDX, rm)
        for c in cases(out, (1, 2, 4), memory, 4):
            rm, a, b = None if memory else EAX, out.value(c.size), out.value(c.size)
            c.put(rm, a)
            c.put(EDX, b)
            c.begin()
            r, c.new_flags, c.undefined = add(a, b, c.bits, c.flags)
            c.store(EDX, a)
            c.store(rm, r)
            c.emit(bytes([0x0f, 0xc0 | (c.size > 1)]), EDX, rm)
        for c in cases(out, (1, 2, 4), memory, 6):
            rm, a, b, equal = None if memory else ECX, out.value(c.size), out.value(c.size), out.next((True, False))
            c.put(rm, a if equal else b)
            c.put(EAX, a)
            c.put(EDX, 0x5a)
            c.begin()
            _, c.new_flags, c.undefined = sub(a, a if equal else b, c.bits, c.flags)
            if equal or a == b:
                c.store(rm, 0x5a)
            else:
                c.store(EAX, b)
            c.emit(bytes([0x0f, 0xb0 | (c.size > 1)]), EDX, rm)
    for c in cases(out, (4,), True, 7):
        a, equal = out.rng.getrandbits(64), out.next((True, False))
        c.regs.v[EAX], c.regs.v[EDX] = a & 0xffffffff, a >> 32
        old = a if equal else a ^ 1 << 40
        c.put(None, old, 8)
        c.begin()
        c.new_flags = c.flags | {"z"} if equal else c.flags - {"z"}
        if equal:
            c.store(None, c.regs.v[ECX] << 32 | c.regs.v[EBX], 8)
        else:
            c.new.v[EDX] = old >> 32
        c.emit(b"\x0f\xc7", 1, osize=0)
    for n in range(8):
        for mode in ("32", "16"):
            c = Case(out, mode, 4)
            v = out.value(4)
            c.put(n, v)
            c.begin()
            c.store(n, int.from_bytes(le(v, 4), "big"))
            c.emit(bytes([0x0f, 0xc8 + n]))
            c = Case(out, mode, 2)  # undefined; processors leave a zero
            c.put(n, v)
            c.begin()
            c.store(n, 0)
            c.emit(bytes([0x0f, 0xc8 + n]))
            for size in (2, 4):
                if n:
                    c = Case(out, mode, size)
                    a, b = out.value(size), c.regs.get(EAX, size)
                    c.put(n, a)
                    c.begin()
                    c.store(EAX, a)
                    c.store(n, b)
                    c.emit(bytes([0x90 + n]))
    for mode in MODES:
        for lead in (b"", b"\xf3"):
            c = Case(out, mode, default_size(mode))
            c.begin()
            c.emit(b"\x90", lead=lead)
    for mode, size in (("32", 4), ("32", 2), ("16", 2), ("16", 4)):
        for memory in (None, 4 if mode == "32" else 2):
            c = Case(out, mode, size, memory)
            c.begin()
            c.emit(b"\x0f\x1f", 0, EDX)


def converts(out):
    out.note("CBW CWDE CWD CDQ, flags")
    for mode, size in (("32", 4), ("32", 2), ("16", 2), ("16", 4), ("r", 2)):
        for v in (0x7f, 0x80, 0x7fff, 0x8000):
            c = Case(out, mode, size)
            c.put(EAX, v, 2)
            c.begin()
            c.store(EAX, sx(v, c.bits // 2))
            c.emit(b"\x98")
            c = Case(out, mode, size)
            c.put(EAX, v << c.bits - 16)
            c.begin()
            c.store(EDX, -1 if v >> 15 else 0)
            c.emit(b"\x99")
    simple = ((0xf5, lambda f: f ^ {"c"}), (0xf8, lambda f: f - {"c"}), (0xf9, lambda f: f | {"c"}), (0xfc, lambda f: f - {"d"}),
              (0xfd, lambda f: f | {"d"}))
    for opcode, fn in simple:
        for mode in MODES + ("v",):
            for d in (set(), {"d"}):
                c = Case(out, mode, default_size(mode))
                c.flags |= d
                c.begin()
                c.new_flags = fn(c.flags)
                c.emit(bytes([opcode]))
    for mode, size in (("32", 4), ("16", 2)):
        for letters in ("", "c", "szap", "cszap"):
            c = Case(out, mode, size)
            c.flags = set(letters)
            image = 2 + sum({"c": 1, "p": 4, "a": 16, "z": 64, "s": 128}[x] for x in letters)
            c.begin()
            c.store(4, image, 1)
            c.emit(b"\x9f")
            c = Case(out, mode, size)
            c.flags = {"o", "c", "z"}
            c.put(4, image | 0x28, 1)
            c.begin()
            c.new_flags = set(letters) | {"o"}
            c.emit(b"\x9e")
            c = Case(out, mode, size)
            c.flags = set(letters)
            c.begin()
            c.store(EAX, 0xff if "c" in letters else 0, 1)
            c.emit(b"\xd6")


def pushed(c, value, size):
    c.new.v[ESP] = c.regs.v[ESP] - size
    c.new_data[c.new.v[ESP]] = (value, size)


SIZES = (("32", 4), ("32", 2), ("16", 2), ("16", 4), ("r", 2), ("r", 4), ("3", 4))


def stack(out):
    out.note("PUSH POP PUSHA POPA PUSHF POPF ENTER LEAVE")
    for n in range(8):
        for mode, size in SIZES:
            c = Case(out, mode, size)
            c.begin()
            pushed(c, c.regs.get(n, size), size)
            c.emit(bytes([0x50 + n]))
            c = Case(out, mode, size)
            v = out.value(size)
            c.data[0x8000] = (v, size)
            c.begin()
            c.new.v[ESP] += size
            c.store(n, v)
            c.emit(bytes([0x58 + n]))
    for mode, size in SIZES:
        for opcode, width in ((0x68, size), (0x6a, 1)):
            v = out.value(width) | 0x80
            c = Case(out, mode, size)
            c.begin()
            pushed(c, sx(v, 8 * width), size)
            c.emit(bytes([opcode]), imm=le(v, width))
        for asize in (4, 2):
            c = Case(out, mode, size, asize)
            v = out.value(size)
            c.put(None, v)
            if c.regs.v[ESP] == 0x8000:
                c.begin()
                pushed(c, v, size)
                c.emit(b"\xff", 6)
            c = Case(out, mode, size, asize)
            if c.regs.v[ESP] == 0x8000:
                c.data[0x8000] = (v, size)
                c.begin()
                c.new.v[ESP] += size
                c.store(None, v)
                c.emit(b"\x8f", 0)
        c = Case(out, mode, size)
        c.begin()
        pushed(c, c.regs.get(EDX, size), size)
        c.emit(b"\xff", 6, EDX)
        c = Case(out, mode, size)
        c.data[0x8000] = (v, size)
        c.begin()
        c.new.v[ESP] += size
        c.store(EDX, v)
        c.emit(b"\x8f", 0, EDX)
        c = Case(out, mode, size)
        c.regs.v[EBX], c.regs.v[EBP], c.regs.v[ESI], c.regs.v[EDI] = 3, 5, 6, 7
        c.begin()
        c.new.v[ESP] -= 8 * size
        for i in range(8):
            c.new_data[0x8000 - size * (i + 1)] = (c.regs.get(i, size), size)
        out_pusha(c, size)
        c = Case(out, mode, size)
        values = [out.value(size) for _ in range(8)]
        c.begin()
        c.new.v[ESP] += 8 * size
        for i, v in enumerate(values):
            if i != 3:
                c.new.set(7 - i, size, v)
        c.extra_before.append("[8000]=" + b"".join(le(v, size) for v in values).hex())
        c.emit(b"\x61")
        bits = {"c": 1, "p": 4, "a": 16, "z": 64, "s": 128, "o": 0x800}
        c = Case(out, mode, size)
        c.begin()
        pushed(c, 2 + sum(bits[x] for x in c.flags), size)
        c.emit(b"\x9c")
        c = Case(out, mode, size)
        c.data[0x8000] = (sum(bits[x] for x in "czo") | 0x28, size)
        c.begin()
        c.new.v[ESP] += size
        c.new_flags = set("czo")
        c.emit(b"\x9d")
        c = Case(out, mode, size)
        c.regs.v[EBP] = 0x12345678
        c.begin()
        pushed(c, 0x12345678, size)
        c.new.set(EBP, size, 0x8000 - size)
        c.new.v[ESP] -= 0x20
        c.emit(b"\xc8", imm=b"\x20\x00\x00")
        c = Case(out, mode, size)
        c.regs.v[EBP] = 0x6000
        c.data[0x6000] = (0x87654321, size)
        c.begin()
        c.new.v[ESP] = 0x6000 + size
        c.new.set(EBP, size, 0x87654321)
        c.emit(b"\xc9")


def out_pusha(c, size):
    image = b"".join(le(c.regs.get(7 - i, size), size) for i in range(8))
    c.new_data = {}
    c.extra_after.append(f"[{0x8000 - 8 * size:x}]={image.hex()}")
    c.emit(b"\x60")


def string(out):
    out.note("string instructions: sizes, directions, repetition")
    for opcode in (0xa4, 0xa6, 0xaa, 0xac, 0xae):
        for size in (1, 2, 4):
            for mode, asize in COMBOS:
                for lead, count in ((b"", 1), (b"\xf3", 3), (b"\xf2", 3), (b"\xf3", 0)):
                    one_string(out, opcode, size, mode, asize, lead, count)


def one_string(out, opcode, size, mode, asize, lead, count):
    c = Case(out, mode, size)
    down = out.next((False, False, True))
    step = -size if down else size
    at_si, at_di = 0x5100, 0x6100
    high = 0x70000 if asize == 2 else 0
    uses_si, uses_di = opcode in (0xa4, 0xa6, 0xac), opcode != 0xac
    c.flags |= {"d"} if down else set()
    if uses_si:
        c.regs.v[ESI] = at_si | high
    if uses_di:
        c.regs.v[EDI] = at_di | high
    c.regs.v[ECX] = count | high if lead else 0x1234
    source = [out.value(size) for _ in range(3)]
    target = [x if i < 1 else x ^ 1 for i, x in enumerate(source)]
    if opcode == 0xae:
        c.put(EAX, target[0])
    done = 0
    flags, undefined, acc, data = set(c.flags), "", None, {}
    for i in range(count if lead else 1):
        done += 1
        if opcode == 0xa4:
            data[at_di + i * step] = (source[i], size)
        elif opcode == 0xaa:
            data[at_di + i * step] = (c.regs.get(EAX, size), size)
        elif opcode == 0xac:
            acc = source[i]
        else:
            d = source[i] if opcode == 0xa6 else c.regs.get(EAX, size)
            flags = compare(d, target[i], 8 * size, flags)[1] | (flags & {"d"})
            if lead and ("z" in flags) != (lead == b"\xf3"):
                break
    if uses_si:
        for i in range(3):
            c.data[at_si + i * step] = (source[i], size)
    if opcode in (0xa6, 0xae):
        for i in range(3):
            c.data[at_di + i * step] = (target[i], size)
    c.begin()
    c.new_data = data
    if acc is not None:
        c.store(EAX, acc)
    if uses_si:
        c.new.v[ESI] += done * step
    if uses_di:
        c.new.v[EDI] += done * step
    if lead:
        c.new.v[ECX] -= done
    c.new_flags = flags
    if asize != default_size(mode):
        lead = b"\x67" + lead
    c.emit(bytes([opcode | (size > 1)]), lead=lead)


def transfers(out):
    out.note("JMP CALL RET, near; LOOPs and JCXZ")
    for mode, size in SIZES:
        disp = out.pick((0x40, 0x70))
        lead = 1 if size != default_size(mode) else 0
        c = Case(out, mode, size)
        c.begin()
        c.emit(b"\xeb", imm=bytes([disp]), tail=[f"eip={0x1000 + lead + 2 + disp:x}"])
        for opcode in (0xe9, 0xe8):
            c = Case(out, mode, size)
            c.begin()
            after = 0x1000 + lead + 1 + size
            if opcode == 0xe8:
                pushed(c, after, size)
            c.emit(bytes([opcode]), imm=le(0x600, size), tail=[f"eip={after + 0x600:x}"])
        for digit in (2, 4):
            c = Case(out, mode, size)
            c.put(EDX, 0x1700)
            c.begin()
            if digit == 2:
                pushed(c, 0x1000 + lead + 2, size)
            c.emit(b"\xff", digit, EDX, tail=["eip=1700"])
            asize = out.next((2, 4))
            c = Case(out, mode, size, asize)
            if c.regs.v[ESP] == 0x8000:
                c.put(None, 0x1740)
                c.begin()
                code = out.insn(mode, b"\xff", size, digit, None, c.memory)
                if digit == 2:
                    pushed(c, 0x1000 + len(code), size)
                c.emit(b"\xff", digit, tail=["eip=1740"])
        for opcode, imm, extra in ((0xc3, b"", 0), (0xc2, b"\x08\x00", 8)):
            c = Case(out, mode, size)
            c.data[0x8000] = (0x1780, size)
            c.begin()
            c.new.v[ESP] += size + extra
            c.emit(bytes([opcode]), imm=imm, tail=["eip=1780"])
        for asize in (2, 4):
            prefix = b"\x67" if asize != default_size(mode) else b""
            for opcode, name in ((0xe0, "ne"), (0xe1, "e"), (0xe2, ""), (0xe3, "cxz")):
                for count in (0, 1, 2):
                    c = Case(out, mode, size)
                    c.put(ECX, count, asize)
                    c.begin()
                    if name == "cxz":
                        taken = not count
                    else:
                        left = count - 1 & (1 << 8 * asize) - 1
                        c.new.set(ECX, asize, left)
                        taken = left != 0 and (name == "" or ("z" in c.flags) == (name == "e"))
                    to = 0x1000 + lead + len(prefix) + 2 + disp
                    c.emit(bytes([opcode]), imm=bytes([disp]), lead=prefix, tail=[f"eip={to:x}"] if taken else [])


def make():
    out = File("Moves, stack, strings, near transfers, flags")
    moves(out)
    converts(out)
    stack(out)
    string(out)
    transfers(out)
    return out.text()
