# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the benchmark measures: a row for each, in the order of the table. README.md says what the columns of the report mean."""
from dataclasses import dataclass

MIB = 1 << 20
QUICK = 5  # --quick does a fifth of the counts


@dataclass
class Measure:
    name: str
    group: str
    text: str
    command: str = ""   # of the guest's shell; {count}, {port} and {sink} are filled in
    count: int = 0      # units of work, so that each side takes some seconds on a core of 2020
    program: str = ""   # of programs/, which prints a checksum
    native: bool = False
    tcg_share: int = 1  # TCG does the count divided by this, where it takes a hundred times native
    unit: str = ""      # of a measure that is not a time
    check: str = "sha256sum </tmp/out"  # of the guest's shell, untimed; what it prints must be the same on both sides
    debian: bool = False  # it runs in the Debian user land, which is mounted at /debian

    def count_for(self, side, quick):
        count = self.count // (QUICK if quick else 1)
        return max(1, count // (self.tcg_share if side == "tcg" else 1))


GROUPS = {
    "integer": ("User-level integer programs", "geomean ≤ 1.40 × native, none above 2.2"),
    "float": ("User-level floating point", "≤ 1.15 × native"),
    "real": ("Real programs", "each ≥ 2.5 × TCG, geomean ≥ 5"),
    "system": ("System", "each ≥ 2.5 × TCG, geomean ≥ 4"),
    "boot": ("Boot", "≥ 3 × TCG"),
    "device": ("Devices", "each ≥ 1.3 × TCG"),
    "micro": ("Micro-measures of a kernel's operations, cycles", "each below TCG"),
    "bare": ("Real mode, self-modifying code, devices", "each ≥ 1.5 × TCG; input from user level ≤ 40 ns"),
    "growth": ("Growth: the same work in more memory, processes, code", "flat within 10 %, native's own growth taken out"),
    "engine": ("The engine", "≤ 0.8 %, ≤ 100 MiB, ≤ 30 ms, ≤ 4 bytes, ≥ 4 M/s"),
}

def program(name, group, text, count, **options):
    return Measure(name, group, text, f"/bench/{name} {{count}}", count, name, **options)


def debian(name, text, command, count, group="real"):
    """A row that runs Debian's programs. In its command, `@` stands for the change into that user land; the path after it is a whole one,
    since busybox takes a bare name for its own applet of that name."""
    return Measure(name, group, text, command.replace("@ ", "chroot /debian "), count, debian=True)


COMPILE = ("(n=0; while [ $n -lt {count} ]; do for f in /debian/bench/gcc/*.i; do"
           " @ /usr/lib/gcc/i686-linux-gnu/12/cc1 -quiet -fpreprocessed -O2 /bench/gcc/${{f##*/}} -o - || exit 1; done; n=$((n + 1)); done)")
# 2^1279 - 1 is a prime. openssl makes at least 64 checks, so that the count is one of runs.
PRIME = "n=0; while [ $n -lt {count} ]; do @ /usr/bin/openssl prime -hex 7" + "F" * 319 + "; n=$((n + 1)); done"
# Of sysbench's report, the lines without times.
SYSBENCH_MEMORY = "@ /usr/bin/sysbench memory --time=0 --memory-total-size={count}M run | sed -n 's/ transferred.*//p'"
SYSBENCH_PRIMES = "@ /usr/bin/sysbench cpu --time=0 --events={count} run | grep 'total number of events'"

MICRO = [
    ("micro-syscall", "SYSENTER and SYSEXIT"),
    ("in", "IN from port 80h"),
    ("crwrite", "write of CR0"),
    ("callret", "call and return"),
    ("pgfault", "page fault and its repair"),
    ("divzero", "division by zero and return"),
    ("ptemod", "change of a page-table entry"),
]

BARE = [
    ("real-mode", "real mode: sum and copy of 32 words"),
    ("modify", "self-modifying loop, a turn"),
    ("generate", "code written and called"),
    ("out", "OUT to port 21h (8259)"),
    ("mmio", "read of device memory"),
    ("planar", "VGA planar write"),
    ("pixel", "VGA pixel: latches, write mode 2"),
    ("user-post", "IN from port 80h, user level"),
    ("user-pit", "IN from port 40h (8254), user level"),
    ("pio", "disk, PIO read of a sector"),
]

MEASURES = [
    program("list", "integer", "list, matrix, state machine", 20000, native=True),
    program("sort", "integer", "hash, sort with a callback", 1700, native=True),
    program("lz", "integer", "LZ compression", 300, native=True),
    program("bytecode", "integer", "byte-code interpreter", 4000, native=True),
    program("recursion", "integer", "recursion", 9000, native=True),
    program("chase", "integer", "pointer chase over 8 MiB", 250, native=True),
    program("stream", "integer", "streaming", 700, native=True),
    program("tree", "integer", "tree", 110, native=True),
    program("bytes", "integer", "byte strings", 4500, native=True),
    program("sha", "integer", "SHA rounds", 15000, native=True),
    program("x87", "float", "x87", 15000, native=True, tcg_share=10),
    program("sse2", "float", "SSE2", 20000, native=True, tcg_share=4),
    Measure("shell", "real", "shell loop", "i=0; while [ $i -lt {count} ]; do i=$((i + 1)); done; echo $i", 1500000),
    debian("python", "python", "@ /usr/bin/python3 -B /bench/python.py {count}", 300),
    debian("perl", "perl", "@ /usr/bin/perl /bench/perl.pl {count}", 700),
    debian("lua", "lua, floating point", "@ /usr/bin/lua5.4 /bench/float.lua {count}", 100),
    debian("sqlite", "sqlite", "sed s/@count/{count}/ /debian/bench/database.sql | @ /usr/bin/sqlite3 :memory:", 150000),
    debian("gzip", "gzip, MiB", "head -c {count}m /tmp/mixed | @ /bin/gzip -c", 20),
    debian("xz", "xz, MiB", "head -c {count}m /tmp/mixed | @ /usr/bin/xz -2 -T1 -c", 10),
    debian("sha256", "sha256sum, MiB", "head -c {count}m /dev/zero | @ /usr/bin/sha256sum", 160),
    debian("bignum", "bignum (bc), digits of pi", "echo 'scale={count}; 4*a(1)' | @ /usr/bin/bc -l", 6000),
    debian("prime", "bignum (openssl), a prime", PRIME, 5),
    debian("gcc", "gcc -O2 (cc1)", COMPILE, 5),
    debian("sysbench-memory", "sysbench memory, MiB", SYSBENCH_MEMORY, 10000),
    debian("sysbench-primes", "sysbench primes", SYSBENCH_PRIMES, 2500),
    program("fork", "system", "fork", 6000),
    program("exec", "system", "fork and exec", 6000),
    debian("hackbench", "hackbench", "@ /usr/bin/hackbench -g 4 -l {count} | grep -v Time", 200, "system"),
    program("switch", "system", "context switches over pipes", 120000),
    program("pipe", "system", "pipe throughput", 80000),
    program("syscall", "system", "system calls, INT 80h", 6000000),
    program("sysenter", "system", "system calls, SYSENTER", 6000000),
    program("fault", "system", "page faults", 800),
    program("mmap", "system", "mmap, mprotect, munmap", 200000),
    program("signal", "system", "signals", 400000),
    Measure("boot", "boot", "kernel to shell, with modules"),
    Measure("installer", "boot", "debian-installer to its first question"),
    Measure("disk-write", "device", "disk write, 64 MiB", "dd if=/dev/zero of=/dev/sda bs=256k count=256 conv=fsync"),
    Measure("disk-read", "device", "disk read, 64 MiB", "echo 3 >/proc/sys/vm/drop_caches; dd if=/dev/sda of=/dev/null bs=256k count=256"),
    program("random-write", "device", "disk, random write of 4 KiB", 20000),
    program("random-read", "device", "disk, random read of 4 KiB", 20000),
    Measure("tcp", "device", "TCP download through NAT, 64 MiB", "wget -q -O - http://10.0.2.2:{port}/blob"),
    Measure("upload", "device", "TCP upload through NAT", "wget -q -O - --post-file=/tmp/mixed http://10.0.2.2:{sink}/"),
    *(Measure(name, "micro", text, unit="cycles") for name, text in MICRO),
    *(Measure(name, "bare", text, unit="ns") for name, text in BARE),
    *(program(f"reach-{mib}", "growth", f"working set of {mib} MiB", 500, native=True) for mib in (1, 16, 256)),
    *(program(f"crowd-{number}", "growth", f"work of {number} processes", 200) for number in (1, 20, 200)),
    *(program(f"footprint-{kib}", "growth", f"code of {kib} KiB", 10, native=True) for kib in (64, 1024, 16384, 65536)),
    Measure("idle", "engine", "idle guest, 250 Hz", unit="% of a processor"),
    Measure("memory", "engine", "memory beyond guest RAM", unit="MiB"),
    Measure("start", "engine", "start to the first guest instruction", unit="ms"),
    Measure("code", "engine", "host bytes for a guest byte", unit="bytes"),
    Measure("code-cold", "engine", "… in blocks that are not hot", unit="bytes"),
    Measure("code-hot", "engine", "… in hot blocks", unit="bytes"),
    Measure("translation", "engine", "guest instructions translated", unit="M/s"),
    Measure("translation-cold", "engine", "… in blocks that are not hot", unit="M/s"),
    Measure("translation-hot", "engine", "… in hot blocks", unit="M/s"),
]


def named(words):
    """The measures that a list of names and groups stands for; KeyError for a word that is neither."""
    wanted = []
    for word in words:
        found = [m for m in MEASURES if word in (m.name, m.group)]
        if not found:
            raise KeyError(word)
        wanted += [m for m in found if m not in wanted]
    return [m for m in MEASURES if m in wanted]
