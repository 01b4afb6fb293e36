# SPDX-License-Identifier: LGPL-2.1-or-later
"""Rows that only Tessera can run: devices and back ends are upgraded while Linux uses them."""
import hashlib
import os
import random
import socket
import subprocess
import sys
import threading

from guests import guest, linux, power_off
from machine import Tessera

sys.path.insert(1, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "upgrade"))
from footprint import Footprint, growth_since

NEEDS = ["vmlinuz-686", "modules-686", "busybox"]
SWAPS = int(os.environ.get("TESSERA_UPGRADE_SWAPS", "20"))
SLACK = 1024  # KiB by which the part of the heap that is in memory may grow once, on a busy host
SECOND = "9.90.0"
INSTANCES = {"net0": "pcnet", "ide0": "piix3-ide", "drive0": "ata-disk", "cd0": "atapi-cdrom", "disk0": "blk-raw",
             "com1": "uart-16550a"}
COMPLAINTS = r"ata\d.*(exception|failed|lost|timeout|reset)|I/O error|NETDEV WATCHDOG|pcnet32.*(error|timed out)|irq \d+: nobody cared"


class Sender:
    """A server on the host's loopback that sends to its one client until it is told to stop, and knows what it has sent."""

    def __init__(self):
        self.sum = hashlib.sha256()
        self.length = 0
        self.stop = threading.Event()
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.thread = threading.Thread(target=self.serve, daemon=True)
        self.thread.start()

    def serve(self):
        client, _ = self.listener.accept()
        source = random.Random(3)
        while not self.stop.is_set():
            data = source.randbytes(8192)
            client.sendall(data)
            self.sum.update(data)
            self.length += len(data)
        client.close()

    def finish(self):
        self.stop.set()
        self.thread.join(60)
        return self.sum.hexdigest()


class Plugins:
    """The plugins of the build as links; second versions of some are installed while the machine runs."""

    def __init__(self, folder):
        self.build = os.path.dirname(os.path.dirname(os.path.abspath(Tessera.program)))
        self.folder = folder
        self.first = {}
        for plugin in os.listdir(os.path.join(self.build, "plugins")):
            os.makedirs(os.path.join(folder, plugin))
            for version in os.listdir(os.path.join(self.build, "plugins", plugin)):
                self.first[plugin] = version
                os.symlink(os.path.join(self.build, "plugins", plugin, version), os.path.join(folder, plugin, version))

    def install_second(self, plugin):
        os.symlink(os.path.join(self.build, "tests", "upgrade-plugins", plugin, SECOND), os.path.join(self.folder, plugin, SECOND))


def upgrade(machine, instance, version):
    done = subprocess.run([machine.program, "ctl", machine.socket, "upgrade", instance, version], capture_output=True, text=True,
                          timeout=60, check=False)
    if done.returncode:
        machine.fail(done.stderr)


def swap_all(machine, plugins):
    for plugin in INSTANCES.values():
        plugins.install_second(plugin)
    warm = max(SWAPS // 4, 2)
    before = None
    for number in range(SWAPS):
        if number == warm:
            before = Footprint(machine.process.pid)
        if number % max(SWAPS // 10, 1) == 0:
            print(f"{number * len(INSTANCES)} upgrades: {Footprint(machine.process.pid)}", flush=True)
        for instance, plugin in INSTANCES.items():
            upgrade(machine, instance, plugins.first[plugin] if number % 2 else SECOND)
    print(f"{SWAPS * len(INSTANCES)} upgrades: {Footprint(machine.process.pid)}", flush=True)
    grown = growth_since(before, machine.process.pid, (SWAPS - warm) * len(INSTANCES), SLACK) if before else ""
    assert not grown, f"the process has grown: {grown}"


DISK_LOAD = """(n=0; while [ ! -e /tmp/stop ]; do n=$((n + 1)); at=$((n % 40 * 16))
dd if=/dev/urandom of=/tmp/block bs=64k count=16 2>/dev/null
dd if=/tmp/block of=/dev/sda bs=64k seek=$at oflag=direct conv=notrunc,fsync 2>/dev/null
dd if=/dev/sda bs=64k skip=$at count=16 iflag=direct 2>/dev/null | cmp - /tmp/block || touch /tmp/differs; done
echo $n >/tmp/rounds) & true"""
DISC_LOAD = """(n=0; while [ ! -e /tmp/stop ]; do n=$((n + 1))
[ "$(dd if=/dev/sr0 bs=32k iflag=direct 2>/dev/null | sha256sum | cut -c 1-64)" = SUM ] || touch /tmp/differs; done
echo $n >/tmp/discs) & true"""
DISC_SIZE = 2 << 20


def one_line(script):
    return script.replace("\n", "; ").replace("do; ", "do ")


def make_disc(path):
    """A CD-ROM image; its sum."""
    data = random.Random(4).randbytes(DISC_SIZE)
    with open(path, "wb") as file:
        file.write(data)
    return hashlib.sha256(data).hexdigest()


@guest("upgrade", NEEDS, 300 + 8 * SWAPS)
def upgrade_all(test):
    """Network card, disk controller, disk, CD-ROM drive, block back end and serial port take turns while a disk is written and read back,
    a disc is read, and a connection brings data: all sums are right, the connection stays, the kernel does not complain, and the process
    does not grow."""
    plugins = Plugins(test.path("plugins"))
    os.environ["TESSERA_PLUGIN_PATH"] = plugins.folder
    image = test.path("disk.img")
    with open(image, "wb") as file:
        file.truncate(64 << 20)
    disc = test.path("disc.iso")
    disc_sum = make_disc(disc)
    sender = Sender()
    with linux(test, disk=image, cdrom=disc, nic="user,loopback=true", memory="64M", extra=["--upgrades"]) as machine:
        machine.expect("tessera# ")
        machine.shell(f"(nc 10.0.2.2 {sender.port} </dev/null | sha256sum >/tmp/sum) & true")
        machine.shell(one_line(DISK_LOAD))
        machine.shell(one_line(DISC_LOAD.replace("SUM", disc_sum)))
        swap_all(machine, plugins)
        want = sender.finish()
        machine.shell("touch /tmp/stop; until [ -e /tmp/rounds ] && [ -e /tmp/discs ] && [ -s /tmp/sum ]; do sleep 0.2; done; "
                      "[ ! -e /tmp/differs ]", 60)
        got = machine.shell("cat /tmp/sum").split()[0]
        rounds = int(machine.shell("cat /tmp/rounds"))
        discs = int(machine.shell("cat /tmp/discs"))
        print(f"{len(INSTANCES) * SWAPS} upgrades, {sender.length >> 10} KiB received, {rounds} MiB written and read back, a disc of "
              f"{DISC_SIZE >> 20} MiB read {discs} times")
        assert got == want and sender.length, "what came through the network differs"
        assert rounds and discs, "nothing was written, or read, meanwhile"
        complaints = machine.shell(f"dmesg | grep -Ei '{COMPLAINTS.replace(chr(92) + 'd', '[0-9]')}' || true")
        assert not complaints.strip(), complaints
        on_disk = machine.shell("sha256sum /dev/sda", 60).split()[0]
        power_off(machine)
    with open(image, "rb") as file:
        assert hashlib.sha256(file.read()).hexdigest() == on_disk, "the file does not have what the guest has written"
