# SPDX-License-Identifier: LGPL-2.1-or-later
"""Linux guests with a disk and a server of their own, for the measures that load machines."""
import hashlib
import http.server
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "boot"))
import guests
import machine

MIB = 1 << 20
BLOB = random.Random(8).randbytes(4 * MIB)
BLOB_SUM = hashlib.sha256(BLOB).hexdigest()
NEEDS = ["vmlinuz-686", "modules-686", "busybox"]


class Handler(http.server.BaseHTTPRequestHandler):
    """GET /blob, GET /load (the guest's script), POST /sum: the checksum of what was sent."""

    def answer(self, data):
        self.send_response(200)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def do_GET(self):
        if self.path == "/load":
            with open(os.path.join(HERE, "guest-load"), "rb") as script:
                self.answer(script.read())
        else:
            self.answer(BLOB)

    def do_POST(self):
        data = self.rfile.read(int(self.headers["Content-Length"]))
        self.answer(f"{hashlib.sha256(data).hexdigest()}  -\n".encode())

    def log_message(self, *_):
        pass


class Bench:
    """A folder for files, a server, and machines that are started in it. What it lacks is said as OSError."""

    def __init__(self, build, limit):
        missing = [name for name in NEEDS if not os.path.exists(guests.file(name))]
        if missing:
            raise FileNotFoundError(f"{', '.join(missing)} not in {guests.guests_folder()}; run scripts/guests/fetch")
        machine.Tessera.program = os.path.join(os.path.abspath(build), "bin", "tessera")
        self.end = time.monotonic() + limit
        self.folder = tempfile.mkdtemp(prefix="tessera-reliability-")
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.address = f"10.0.2.2:{self.server.server_address[1]}"

    def start(self, **options):
        return machine.Tessera(options, max(1, self.end - time.monotonic()))

    def disk(self, name, size):
        """A file with an empty ext4 file system."""
        path = os.path.join(self.folder, name)
        with open(path, "wb") as file:
            file.truncate(size)
        subprocess.run(["mkfs.ext4", "-q", "-F", path], check=True, env=dict(os.environ, PATH=os.environ["PATH"] + ":/sbin:/usr/sbin"))
        return path

    def linux(self, disk, memory):
        return guests.linux(self, disk=disk, memory=memory, nic="user,loopback=true")

    def close(self):
        self.server.shutdown()
        self.server.server_close()
        shutil.rmtree(self.folder, ignore_errors=True)


def prepare(guest):
    """Waits for the guest's shell and mounts its disk."""
    guest.expect("tessera# ")
    guest.shell("mount /dev/sda /mnt", 60)


def check_disk(path):
    """What e2fsck has to say against the file system; empty: nothing."""
    done = subprocess.run(["/sbin/e2fsck", "-fn", path], capture_output=True, text=True, check=False)
    return "" if done.returncode == 0 else done.stdout[-2000:]


def mapped(pid):
    """Bytes in memory by what is mapped. Translated code is mapped twice and counts once."""
    sums, name = {}, ""
    with open(f"/proc/{pid}/smaps", encoding="utf-8") as smaps:
        for line in smaps:
            head = re.match(r"([0-9a-f]+-[0-9a-f]+) \S+ \S+ \S+ \S+\s*(.*)", line)
            if head:
                name = head.group(2) or f"anonymous {head.group(1)}"
            elif line.startswith("Pss:"):
                sums[name] = sums.get(name, 0) + (int(line.split()[1]) << 10)
    return sums


def sizes(pid):
    """Of a process: resident bytes; of them the guest's memory, translated code and the rest; descriptors, threads; mapped()."""
    with open(f"/proc/{pid}/status", encoding="utf-8") as status:
        fields = dict(line.split(":\t", 1) for line in status if ":\t" in line)
    parts = mapped(pid)
    guest = sum(size for name, size in parts.items() if "/memfd:guest-ram" in name)
    code = sum(size for name, size in parts.items() if "/memfd:tessera-code" in name)
    return {"rss": int(fields["VmRSS"].split()[0]) << 10, "guest": guest, "code": code, "rest": sum(parts.values()) - guest - code,
            "descriptors": len(os.listdir(f"/proc/{pid}/fd")), "threads": int(fields["Threads"]), "mapped": parts}
