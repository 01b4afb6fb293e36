# SPDX-License-Identifier: LGPL-2.1-or-later
"""One cell of the matrix: a hostile guest on a machine `pc`, in one condition, measured for some seconds."""
import dataclasses
import os
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time

import clients

MIB = 1 << 20
DISK_BYTES, CD_BYTES = 8 * MIB, MIB
GIVE_UP = 60    # seconds for an answer or an end that does not come
READY = 60      # seconds for the guest to be ready, and for its first round
CODE_CACHE = "1M"   # the size is fixed, and a small one is full before the measuring begins
ORDERS = b"HOST"
MAPPING = re.compile(r"([0-9a-f]+)-[0-9a-f]+ \S+ \S+ \S+ \S+\s*(.*)")


@dataclasses.dataclass
class Condition:
    """What is hostile besides the guest."""
    client: type = None
    descriptors: int = 0    # limit of the process; 0: the user's
    faults: str = ""        # of the disk's and the disc's files, as tests/fault has them
    sink: str = "sink"      # where the guest's debug and serial output goes


CONDITIONS = {
    "no client": Condition(),
    "stalled client": Condition(client=clients.Stalled),
    "flooding client": Condition(client=clients.Flooding),
    "few descriptors": Condition(descriptors=40),
    # longer than the end may take: nobody may wait for it
    "slow disk": Condition(faults="read slow=8;write slow=8;sync slow=8"),
    "full disk": Condition(faults="write ENOSPC", sink="/dev/full"),
}


@dataclasses.dataclass
class Measures:
    """What a cell measured; the bounds are about these."""
    control: float = 0      # seconds, the slowest answer
    end: float = 0          # seconds from SIGTERM to the end
    growth: float = 0       # MiB from the guest's `ready` to the highest
    lines: int = 0          # of standard error
    rounds: int = 0         # of the guest's storm, in its own unit
    calls: int = 0          # answered
    grown: list = dataclasses.field(default_factory=list)   # the mappings that grew most
    broken: list = dataclasses.field(default_factory=list)
    said: str = ""


class Cell:
    """A running machine in its folder."""

    def __init__(self, build, storm, condition):
        self.build = os.path.abspath(build)
        self.tessera = os.path.join(self.build, "bin", "tessera")
        self.condition = condition
        self.measures = Measures()
        self.folder = tempfile.mkdtemp(prefix="tessera-hostile-")
        self.deaf = self.deaf_port()
        self.write_files(storm)
        self.start()

    def path(self, name):
        return os.path.join(self.folder, name)

    # -- what the machine needs

    def deaf_port(self):
        """A port whose queue of connections is full: it neither takes nor refuses one more."""
        server = socket.socket()
        server.bind(("127.0.0.1", 0))
        server.listen(0)
        self.sockets = [server]
        for _ in range(3):
            waiting = socket.socket()
            waiting.setblocking(False)
            waiting.connect_ex(server.getsockname())
            self.sockets.append(waiting)
        return server.getsockname()[1]

    def write_files(self, storm):
        with open(os.path.join(self.build, "tests", "hostile", "hostile.bin"), "rb") as file:
            rom = bytearray(file.read())
        at = rom.index(ORDERS, 0xff00)
        rom[at + 4:at + 28] = storm.encode().ljust(24, b"\0")
        rom[at + 28:at + 32] = self.deaf.to_bytes(4, "little")
        os.mkdir(self.path("media"))
        for name, data in (("rom", rom), ("media/disk", bytes(DISK_BYTES)), ("media/cd", bytes(CD_BYTES)), ("log", b""), ("sink", b"")):
            with open(self.path(name), "wb") as file:
                file.write(data)

    def command(self):
        sink = self.condition.sink if self.condition.sink.startswith("/") else self.path(self.condition.sink)
        return [self.tessera, "run", "pc", "--memory", "32M", "--bios", self.path("rom"), "--cpu", "cache=" + CODE_CACHE,
                "--ui", "none", "--nic", "user", "--set", "nat0.loopback=true",
                "--disk", self.path("media/disk") + ",format=raw", "--cdrom", self.path("media/cd"),
                "--serial", "unix:" + self.path("serial"), "--serial", "file:" + sink,
                "--debugcon", "file:" + self.path("log"), "--debugcon", f"file:{sink},port=0xea",
                "--control", "unix:" + self.path("control"), "--timeout", "300"]

    def environment(self):
        environment = dict(os.environ, LC_ALL="C.UTF-8", DISPLAY="", WAYLAND_DISPLAY="", TMPDIR=self.folder)
        if self.condition.faults:
            environment.update(LD_PRELOAD=os.path.join(self.build, "tests", "fault-preload.so"), TESSERA_FAULT=self.condition.faults,
                               TESSERA_FAULT_FILE=self.path("media/*"), ASAN_OPTIONS="verify_asan_link_order=0")
        return environment

    def start(self):
        limit = f"ulimit -n {self.condition.descriptors}; " if self.condition.descriptors else ""
        self.log = open(self.path("stderr"), "wb")
        self.process = subprocess.Popen(["sh", "-c", limit + 'exec "$@"', "sh", *self.command()], env=self.environment(),
                                        stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log)
        self.client = self.condition.client(self.path("control")) if self.condition.client else None

    # -- measuring

    def rounds(self):
        with open(self.path("log"), "rb") as log:
            text = log.read()
        return text.count(b".") + max(0, text.count(b"ready") - 1) if b"ready" in text else -1

    def memory(self):
        """Bytes of the process that are in memory, by mapping: what is mapped twice (translated code) counts once. The guest's own
        memory is left out; the guest may fill it."""
        sizes, name = {}, ""
        try:
            with open(f"/proc/{self.process.pid}/smaps", encoding="utf-8") as smaps:
                for line in smaps:
                    head = MAPPING.match(line)
                    if head:
                        name = head.group(2) or f"anonymous at {head.group(1)}"
                    elif line.startswith("Pss:") and "/memfd:guest-ram" not in name:
                        sizes[name] = sizes.get(name, 0) + (int(line.split()[1]) << 10)
        except OSError:  # it has ended
            pass
        return sizes

    def ask(self):
        """One `tessera ctl status`, as a user would; False when the machine has ended."""
        before = time.monotonic()
        try:
            done = subprocess.run([self.tessera, "ctl", self.path("control"), "status"], capture_output=True, text=True,
                                  timeout=GIVE_UP, check=False)
        except subprocess.TimeoutExpired:
            self.measures.control = GIVE_UP
            self.measures.broken.append("control: no answer")
            return False
        if self.process.poll() is not None:
            self.measures.broken.append(f"the run ended by itself with status {self.process.returncode}")
            return False
        if done.returncode != 0:
            self.measures.broken.append("control: " + done.stderr.strip())
            return False
        self.measures.calls += 1
        self.measures.control = max(self.measures.control, time.monotonic() - before)
        return True

    def is_listening(self):
        with socket.socket(socket.AF_UNIX) as connection:
            return connection.connect_ex(self.path("control")) == 0

    def serial_peer(self):
        """Takes the first serial line's socket and never reads it."""
        peer = socket.socket(socket.AF_UNIX)
        self.sockets.append(peer)
        peer.connect(self.path("serial"))

    def wait_for(self, what, seconds, done):
        limit = time.monotonic() + seconds
        while not done():
            if self.process.poll() is not None or time.monotonic() > limit:
                self.measures.broken.append(f"no {what}")
                return False
            time.sleep(0.02)
        return True

    def watch(self, seconds):
        """Asks and weighs for that long."""
        first = highest = self.memory()
        limit = time.monotonic() + seconds
        while time.monotonic() < limit and self.ask():
            highest = max(highest, self.memory(), key=lambda sizes: sum(sizes.values()))
            time.sleep(0.1)
        grown = {name: (size - first.get(name, 0)) / MIB for name, size in highest.items()}
        self.measures.growth = sum(highest.values()) / MIB - sum(first.values()) / MIB
        self.measures.grown = [f"{name} {size:.1f} MiB" for name, size in sorted(grown.items(), key=lambda g: -g[1])[:4] if size >= 1]

    def measure(self, seconds, makes_rounds):
        try:
            if self.wait_for("control socket", GIVE_UP, self.is_listening):
                self.serial_peer()
                if self.wait_for("first round of the guest", READY, lambda: self.rounds() >= 0 or not self.ask()):
                    self.watch(seconds)
                    if makes_rounds and not self.measures.broken:  # a guest that gets little of a busy host takes longer
                        self.wait_for("round of the guest, nothing was tested", READY, lambda: self.rounds() > 0)
                self.measures.rounds = max(0, self.rounds())
            self.terminate()
        finally:
            self.finish()
        return self.measures

    def terminate(self):
        before = time.monotonic()
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                status = self.process.wait(GIVE_UP)
                if status != 128 + signal.SIGTERM:
                    self.measures.broken.append(f"SIGTERM: status {status}")
            except subprocess.TimeoutExpired:
                self.measures.broken.append("SIGTERM: goes on")
        self.measures.end = time.monotonic() - before

    def finish(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        if self.client:
            self.client.stop()
        for each in self.sockets:
            each.close()
        self.log.close()
        with open(self.path("stderr"), "rb") as log:
            self.measures.lines = sum(1 for _ in log)
            log.seek(0)
            self.measures.said = log.read(2000).decode("utf-8", "replace")
        shutil.rmtree(self.folder, ignore_errors=True)
