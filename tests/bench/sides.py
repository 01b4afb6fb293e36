# SPDX-License-Identifier: LGPL-2.1-or-later
"""The sides that the benchmark compares: the host itself, and a Linux guest on Tessera and on QEMU's TCG."""
import http.server
import os
import re
import subprocess
import sys
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "boot"))
import guests  # noqa: E402
import machine  # noqa: E402


def processor_seconds(pid):
    """Processor time of a process with all its threads, user and system (clock_getcpuclockid(3))."""
    return time.clock_gettime(~pid << 3 | 2)


class Stopwatch:
    """Wall time and processor time of a process, in seconds."""

    def __init__(self, pid, new=False):
        self.pid = pid
        self.wall, self.cpu = time.monotonic(), 0 if new else processor_seconds(pid)

    def read(self):
        return {"wall": time.monotonic() - self.wall, "cpu": processor_seconds(self.pid) - self.cpu}


def memory_mib(pid):
    """What a process of Tessera takes besides guest RAM, which is a memfd of that name. Pages that several processes or mappings share
    count in parts (Pss of proc(5)), so that the code cache, which is mapped twice, counts once."""
    kib, counts = 0, False
    with open(f"/proc/{pid}/smaps", encoding="utf-8") as file:
        for line in file:
            if line.startswith("Pss:"):
                kib += int(line.split()[1]) if counts else 0
            elif "-" in line.split(" ", 1)[0]:
                counts = "guest-ram" not in line
    return kib / 1024


class Sink:
    """A web server on the host's loopback that takes a file and says how many bytes it had."""

    def __init__(self):
        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                left = length = int(self.headers["Content-Length"])
                while left:
                    read = len(self.rfile.read1(min(left, 1 << 20)))
                    if not read:
                        return
                    left -= read
                self.send_response(200)
                self.end_headers()
                self.wfile.write(b"%d\n" % length)

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


def installer_seconds(make):
    """From the start of the Debian installer's kernel to its first question."""
    options = dict(kernel=guests.file("di/linux"), initrd=guests.file("di/initrd.gz"), append="console=ttyS0 TERM=vt102", nic="none")
    installer = make(options, 600)
    try:
        watch = Stopwatch(installer.process.pid, new=True)
        installer.expect("Select a language", 600)
        return watch.read()
    finally:
        installer.close()


# Counters of cpu-bt: of all blocks, and of the hot ones among them.
ALL = ("instructions translated", "guest bytes translated", "host bytes emitted", "microseconds of translation")
HOT = tuple("hot blocks: " + name for name in ("instructions", "guest bytes", "host bytes", "microseconds of translation"))


def by_tier(told):
    """Host bytes for a guest byte, and million instructions translated a second: of all blocks, those that are not hot, the hot ones."""
    total, hot = ([int(told[name]) for name in names] for names in (ALL, HOT))
    cold = [a - h for a, h in zip(total, hot)]
    rows = {}
    for suffix, (instructions, guest, host, microseconds) in (("", total), ("-cold", cold), ("-hot", hot)):
        if guest and microseconds:
            rows["code" + suffix], rows["translation" + suffix] = host / guest, instructions / microseconds
    return rows


class Native:
    """The host's processor, without a guest."""

    name = "native"

    def __init__(self, folder):
        self.folder = folder

    def run(self, measure, count):
        """Times one run of a program; returns seconds and the checksum."""
        start = time.monotonic()
        process = subprocess.Popen([os.path.join(self.folder, measure.program), str(count)], stdout=subprocess.PIPE)
        output = process.stdout.read().decode().strip()
        process.stdout.close()
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = status
        if status:
            raise machine.Failed(f"native {measure.name} ended with status {status}")
        return {"wall": time.monotonic() - start, "cpu": usage.ru_utime + usage.ru_stime}, output


class Guest:
    """A Linux guest that has booted to its shell."""

    def __init__(self, name, make, image, disk, ports, cdrom=None, limit=7200):
        self.name = name
        self.ports = ports
        options = dict(extra=["--stats"] if name == "tessera" else [], kernel=guests.file("vmlinuz-686"), initrd=image,
                       append="console=ttyS0 quiet", disk=disk, nic="user,loopback=true")
        if cdrom:
            options["cdrom"] = cdrom
        self.machine = make(options, limit)
        self.pid = self.machine.process.pid
        watch = Stopwatch(self.pid, new=True)
        self.machine.expect("tessera# ", 600)
        self.boot = watch.read()
        self.most_memory = 0
        self.machine.shell("set -o pipefail; cat /lib/modules/*.ko /bin/busybox >/tmp/m;"
                           " n=0; while [ $n -lt 8 ]; do cat /tmp/m; n=$((n + 1)); done >/tmp/mixed; rm /tmp/m")
        if cdrom:
            self.mount_debian()

    def mount_debian(self):
        """Mounts the CD-ROM at /debian and reads it once, so that no row waits for it."""
        self.machine.shell("mkdir /debian; mount -t iso9660 /dev/sr0 /debian && for d in dev proc tmp; do mount --bind /$d /debian/$d; done;"
                           " find /debian/bin /debian/lib /debian/usr /debian/bench -type f -exec cat {} + >/dev/null")

    def run(self, measure, count):
        """Times one command, between what the guest writes on the serial line before and after it."""
        m = self.machine
        command = measure.command.format(count=count, **self.ports)
        m.send(f"echo go=$((6 * 7)); read go; {{ {command}; }} >/tmp/out 2>/tmp/errors; echo done=$?=\n")
        m.expect("go=42\n")
        watch = Stopwatch(self.pid)
        m.send("\n")  # the guest waits for it: on a busy host this process may be late
        status = m.expect(r"done=(\d+)=").group(1)
        seconds = watch.read()
        if status != "0":
            m.fail(f"{measure.name} ended with status {status}: {m.shell('cat /tmp/errors')}")
        self.look_at_memory()
        return seconds, m.shell("cat /tmp/out" if measure.program else measure.check).strip()

    def idle(self, seconds):
        """Percent of a processor that the guest takes while it waits for input."""
        time.sleep(1)
        watch = Stopwatch(self.pid)
        time.sleep(seconds)
        spent = watch.read()
        return 100 * spent["cpu"] / spent["wall"]

    def look_at_memory(self):
        if self.name == "tessera":  # TCG's guest RAM is like any other memory of its
            self.most_memory = max(self.most_memory, memory_mib(self.pid))

    def end(self):
        """Switches off. Returns the engine's counters: host bytes for a guest byte, and million instructions translated a second."""
        told = "" if self.name == "tessera" else self.machine.command("human-monitor-command", **{"command-line": "info jit"})["return"]
        self.machine.send("poweroff\n")
        self.machine.expect_exit(0)
        if told:  # the average of what is in its buffer
            found = re.search(r"expansion ratio: ([\d.]+)", told)
            return {"code": float(found.group(1))} if found else {}
        self.machine.log.seek(0)
        return by_tier(dict(re.findall(r"^(.+) (\d+)$", self.machine.log.read().decode("utf-8", "replace"), re.M)))
