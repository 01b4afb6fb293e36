# SPDX-License-Identifier: LGPL-2.1-or-later
"""
Runs micro.c and bare.c, and takes the time from the start of a machine to its guest's first instruction.

A micro-measure is the difference in processor time of two runs of a whole process, one with the operations and one without; so neither
the start of the process nor the loop around the batches is in it. A short run first says how many operations take half a second.
"""
import os
import random
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
GUEST = os.path.join(HERE, "..", "guest")
sys.path.insert(0, os.path.join(HERE, "..", "boot"))
from machine import Failed, Tessera  # noqa: E402

# The rows of each source, in its order.
ROWS = {
    "micro": ["syscall", "in", "crwrite", "callret", "pgfault", "divzero", "ptemod"],
    "bare": ["real-mode", "modify", "generate", "out", "mmio", "planar", "pixel", "user-post", "user-pit", "pio"],
}
BATCH = 1000  # operations, as in both
BATCH_OF = {"pio": 20}  # of rows with another one
DISK = 16 << 20
PILOT = 100   # batches
SECONDS = 0.5
FLAGS = ["gcc", "-m32", "-march=i686", "-O1", "-ffreestanding", "-nostdlib", "-static", "-fno-pic", "-no-pie", "-fno-stack-protector",
         "-fno-asynchronous-unwind-tables", "-mno-sse", "-mno-mmx", "-fcf-protection=none", "-fno-toplevel-reorder",
         f"-Wl,-T,{GUEST}/guest.ld", "-Wl,--build-id=none"]


def rom(folder, source, row, batches, run):
    """Builds a ROM of 64 KiB, or returns the one that is there."""
    out = os.path.join(folder, f"{source}-{row}-{batches}-{run}")
    if not os.path.exists(out):
        sources = [os.path.join(GUEST, "start.S"), os.path.join(GUEST, "guest.c"), os.path.join(HERE, f"{source}.c")]
        subprocess.run(FLAGS + [f"-DROW={ROWS[source].index(row)}", f"-DBATCHES={batches}", f"-DRUN={run}", *sources, "-o", out + ".elf"], check=True)
        subprocess.run(["objcopy", "-O", "binary", "--gap-fill", "0xff", out + ".elf", out], check=True)
    return out


def disk_options(side, bios, folder):
    """A disk of random bytes, for the row that reads one."""
    if "-pio-" not in os.path.basename(bios):
        return []
    path = os.path.join(folder, "pio-disk")
    if not os.path.exists(path):
        with open(path, "wb") as file:
            file.write(random.Random(1).randbytes(DISK))
    if side == "tessera":
        return ["--disk", f"{path},mode=nonpersistent"]
    return ["-drive", f"file={path},format=raw,if=ide,index=0,snapshot=on"]


def command(side, bios, folder):
    return machine_command(side, bios, folder) + disk_options(side, bios, folder)


def machine_command(side, bios, folder):
    console = os.path.join(folder, "console")
    if side == "tessera":
        return [Tessera.program, "run", "pc", "--ui", "none", "--serial", "none", "--nic", "none", "--memory", "64M", "--bios", bios,
                "--debugcon", f"file:{console}", "--debug-exit", "port=0xf4", "--timeout", "120"]
    return ["qemu-system-i386", "-accel", "tcg", "-cpu", "pentium3,+sse2", "-m", "64", "-display", "none", "-monitor", "none", "-serial",
            "none", "-parallel", "none", "-no-reboot", "-nic", "none", "-bios", bios, "-chardev", f"file,id=out,path={console}",
            "-device", "isa-debugcon,iobase=0xe9,chardev=out", "-device", "isa-debug-exit,iobase=0xf4"]


def seconds(side, bios, folder):
    """Processor time of a whole run. The guest writes 0 to the exit port: status 1."""
    console = os.path.join(folder, "console")
    open(console, "wb").close()  # Tessera appends
    process = subprocess.Popen(command(side, bios, folder), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    with open(console, encoding="ascii") as file:
        said = file.read()
    if process.returncode != 1 or said != "PASSED 0\n":
        raise Failed(f"{os.path.basename(bios)} on {side} ended with status {process.returncode}: {said!r}")
    return usage.ru_utime + usage.ru_stime


START_TRIES = 7


def start_rom(folder):
    """A ROM whose first instructions write to COM1: mov dx, 3f8h; mov al, '!'; out dx, al; hlt."""
    out = os.path.join(folder, "start")
    with open(out, "wb") as file:
        file.write(bytes(0xfff0) + bytes.fromhex("baf803 b021 ee f4").ljust(16, b"\x90"))
    return out


def start_ms(side, folder):
    """Milliseconds from the start of the process to what the first instructions wrote: the least of some tries, since others may have
    the processors."""
    bios = start_rom(folder)
    if side == "tessera":
        words = [Tessera.program, "run", "pc", "--ui", "none", "--serial", "stdio", "--bios", bios, "--timeout", "60"]
    else:
        words = ["qemu-system-i386", "-accel", "tcg", "-m", "512", "-display", "none", "-monitor", "none", "-serial", "stdio", "-bios", bios]
    tries = []
    for _ in range(START_TRIES):
        start = time.monotonic()
        process = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        first = process.stdout.read(1)
        tries.append(1000 * (time.monotonic() - start))
        process.kill()
        process.communicate()
        if first != b"!":
            raise Failed(f"the first instruction on {side} wrote {first!r}")
    return min(tries)


class Micro:
    def __init__(self, folder):
        self.folder = folder
        self.batches = {}
        tsc = os.path.join(folder, "host-tsc")
        subprocess.run(["gcc", "-O2", os.path.join(HERE, "host-tsc.c"), "-o", tsc], check=True)
        self.hz = float(subprocess.run([tsc], capture_output=True, check=True).stdout)

    def difference(self, side, source, row, batches):
        runs = [seconds(side, rom(self.folder, source, row, batches, run), self.folder) for run in (0, 1)]
        return runs[1] - runs[0]

    def operation(self, side, source, row):
        """The seconds of one operation."""
        key = (side, source, row)
        if key not in self.batches:
            pilot = max(self.difference(*key, PILOT), 1e-4)
            self.batches[key] = min(200000, max(PILOT, round(PILOT * SECONDS / pilot)))
        return self.difference(*key, self.batches[key]) / (self.batches[key] * BATCH_OF.get(row, BATCH))

    def measure(self, side, measure):
        """One operation of a measure: in cycles of the host's TSC, or in nanoseconds."""
        rate = {"cycles": self.hz, "ns": 1e9}[measure.unit]
        return self.operation(side, measure.group, measure.name.removeprefix(measure.group + "-")) * rate
