# SPDX-License-Identifier: LGPL-2.1-or-later
"""Builds the benchmark's programs and the initramfs that holds them. A gcc with -m32 is enough: there is no libc in them."""
import os
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "boot"))
import guests  # noqa: E402

PROGRAMS = os.path.join(HERE, "programs")
# No calls of memcpy and memset in place of loops: those of a libc would be measured, or those of start.c.
PLAIN = ["gcc", "-O2", "-fno-tree-loop-distribute-patterns", "-ffreestanding", "-nostdlib", "-static", "-fno-pie", "-no-pie",
         "-fno-stack-protector", "-fno-math-errno", "-Wl,--build-id=none", "-Wl,-z,noexecstack"]
I386 = ["-m32", "-march=i686"]
# program -> source, flags of both sides, further flags for i386
SPECIAL = {
    "x87": ("fp", ["-mfpmath=387"], []),
    "sse2": ("fp", ["-mfpmath=sse"], ["-march=pentium4"]),
    "random-write": ("random", ["-DWRITES=1"], []),
    "random-read": ("random", ["-DWRITES=0"], []),
    **{f"reach-{mib}": ("reach", [f"-DMIB={mib}u"], []) for mib in (1, 16, 256)},
    **{f"crowd-{number}": ("crowd", [f"-DPROCESSES={number}u"], []) for number in (1, 20, 200)},
    **{f"footprint-{kib}": ("footprint", [f"-DKIB={kib}u"], []) for kib in (64, 1024, 16384, 65536)},
}


def compile_program(name, folder, flags):
    source, both, i386 = SPECIAL.get(name, (name, [], []))
    out = os.path.join(folder, name)
    files = [os.path.join(PROGRAMS, f"{source}.c"), os.path.join(PROGRAMS, "start.c")]
    subprocess.run(PLAIN + flags + (i386 if flags else []) + both + files + ["-o", out], check=True)
    return out


def programs(measures, folder):
    """Builds what the measures need, in folder/i386 and folder/native. Returns these two folders."""
    i386, native = (os.path.join(folder, side) for side in ("i386", "native"))
    os.makedirs(i386)
    os.makedirs(native)
    for measure in measures:
        if measure.program:
            compile_program(measure.program, i386, I386)
        if measure.native:
            compile_program(measure.program, native, [])
    return i386, native


def image(folder, i386):
    """An initramfs with the programs in /bench."""
    out = os.path.join(folder, "initramfs.cpio")
    add = []
    for name in os.listdir(i386):
        add += ["--add", f"{os.path.join(i386, name)}:bench/{name}"]
    subprocess.run([os.path.join(guests.SCRIPTS, "make-initramfs"), *add, out], check=True)
    return out
