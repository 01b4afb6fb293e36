# SPDX-License-Identifier: LGPL-2.1-or-later
"""Rows about the network that only Tessera can run: connections in a saved state."""
import hashlib
import os
import random
import signal
import socket
import subprocess
import sys
import threading
import time

import guests
from guests import guest, linux
from upgrades import Sender

sys.path.append(os.path.join(os.path.dirname(os.path.realpath(__file__)), "..", "isolation"))
import processes  # noqa: E402

NEEDS = ["vmlinuz-686", "modules-686", "busybox"]


class Talker:
    """A server on the host's loopback that sends some bytes to each client, and then nothing."""

    def __init__(self, data):
        self.data = data
        self.clients = []
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            client, _ = self.listener.accept()
            self.clients.append(client)
            client.sendall(self.data)


def free_port():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


def connect(port):
    """To a forwarded port, whose server in the guest may not listen yet: the guest's answer says that it does."""
    while True:
        connection = socket.create_connection(("127.0.0.1", port), 30)
        if connection.recv(5) == b"hello":
            return connection
        connection.close()


@guest("network-state", NEEDS, 240)
def network_state(test):
    """The guest reads from connections; its state is saved, and another process resumes it: no reader waits for ever."""
    data = b"HTTP/1.0 200 OK\r\nContent-Length: 1000000\r\n\r\n" + b"x" * 100000
    talker = Talker(data)
    port = free_port()
    options = {"nic": f"user,loopback=true,hostfwd=tcp:127.0.0.1:{port}-:7777"}
    state = test.path("state")
    with linux(test, **options) as machine:
        machine.expect("tessera# ")
        # without a standard input of its own, nc would take what is typed on the console
        machine.shell(f"sleep 9999 | (nc 10.0.2.2 {talker.port} >/tmp/silent; echo silent-reader=$(wc -c </tmp/silent)) & true")
        machine.shell(f"(wget -q -O /tmp/blob http://10.0.2.2:{talker.port}/; echo wget-ended=$?) & true")
        machine.shell("(echo hello | nc -l -p 7777 >/tmp/server; echo server-ended=$?) & true")
        connection = connect(port)
        machine.shell(f"until [ $(wc -c </tmp/silent) = {len(data)} ]; do sleep 0.2; done", 60)
        machine.shell("until [ $(wc -c </tmp/blob) = 100000 ]; do sleep 0.2; done", 60)
        machine.control("save", state)
        machine.control("quit")
        connection.close()
    with test.start(**options, extra=["--load", state]) as machine:
        ends = {f"silent-reader={len(data)}", "wget-ended=", "server-ended="}
        while ends:
            found = machine.expect("|".join(sorted(ends)), 100).group(0)
            ends.remove(found)
        machine.send(f"sleep 9999 | nc 10.0.2.2 {talker.port} >/tmp/again &\n")  # the network works on
        machine.shell(f"until [ $(wc -c </tmp/again) = {len(data)} ]; do sleep 0.2; done", 60)


@guest("rtl8139", NEEDS, 300)
def rtl8139(test):
    """A network adapter in Python: Linux's stock driver gets an address, pings, downloads; a state is saved and resumed in between."""
    blob = random.Random(2).randbytes(8 << 20)
    server = guests.Server({"/blob": blob})
    device = ["--add", "nat8=net-user,loopback=true", "--add", "net8=rtl8139,connect.backend=nat8"]
    options = {"kernel": guests.file("vmlinuz-686"), "initrd": guests.initramfs_with(test, "net/ethernet/realtek/8139too"), "nic": "none",
               "append": "console=ttyS0 quiet tessera.modules=none"}
    state = test.path("state")
    with test.start(**options, extra=device) as machine:
        machine.expect("tessera# ")
        machine.shell("insmod /lib/modules/mii.ko; insmod /lib/modules/8139too.ko; ip link set eth0 up")
        assert "RealTek RTL8139" in machine.shell("dmesg | grep 8139too")
        machine.shell("udhcpc -i eth0 -s /etc/udhcpc -n -q -f -t 10 -T 1", 30)
        assert "10.0.2.15" in machine.shell("ip addr show eth0")
        assert "3 packets received" in machine.shell("ping -c 3 10.0.2.2", 30)
        machine.control("save", state)
        machine.control("quit")
    with test.start(**options, extra=device + ["--load", state]) as machine:
        while "running" not in machine.control("status"):  # what is typed before the state is loaded is lost
            time.sleep(0.1)
        machine.send("\n")
        machine.expect("tessera# ")
        machine.shell(f"wget -q -O /tmp/blob http://10.0.2.2:{server.port}/blob", 100)
        assert machine.shell("sha256sum /tmp/blob").split()[0] == hashlib.sha256(blob).hexdigest(), "the download is damaged"
        guests.power_off(machine)


@guest("isolated", NEEDS, 240)
def isolated(test):
    """A network adapter and a serial port in processes of their own: Linux downloads through the one and talks by the other."""
    blob = random.Random(3).randbytes(2 << 20)
    server = guests.Server({"/blob": blob})
    with linux(test, nic="user,loopback=true", extra=["--set", "net0.isolation=process", "--set", "com1.isolation=process"]) as machine:
        machine.expect("tessera# ")
        machine.shell(f"(wget -q -O /tmp/blob http://10.0.2.2:{server.port}/blob; echo ended >/tmp/ended) & true")
        machine.shell("until [ -e /tmp/ended ]; do sleep 0.2; done", 200)
        assert machine.shell("sha256sum /tmp/blob").split()[0] == hashlib.sha256(blob).hexdigest(), "the download is damaged"
        guests.power_off(machine)


def isolated_process(machine, name):
    """As soon as there is one: another one may be about to take the place of one that was killed."""
    while not (found := processes.of(machine.process.pid, name)[1]):
        assert machine.pump(0.02) and time.monotonic() < machine.deadline, f"{name} has no process"
    return found[0]


@guest("isolated-killed", NEEDS, 400)
def isolated_killed(test):
    """The processes of a network adapter and a serial port are killed, each eight times, while Linux downloads and talks: what comes is
    what was sent, and the driver does not complain."""
    options = {"nic": "user,loopback=true", "extra": ["--set", "net0.isolation=process", "--set", "com1.isolation=process"]}
    sender = Sender()
    with linux(test, **options) as machine:
        machine.expect("tessera# ")
        machine.shell(f"(nc 10.0.2.2 {sender.port} </dev/null | sha256sum >/tmp/sum) & true")
        for number in range(8):
            before = sender.length
            while sender.length < before + (1 << 20):  # the download goes on
                assert machine.pump(0.05) and time.monotonic() < machine.deadline, f"the download ended with kill {number}"
            os.kill(isolated_process(machine, "net0"), signal.SIGKILL)
            machine.send(f"echo $((6 * 7)) kills={number}=\n")
            os.kill(isolated_process(machine, "com1"), signal.SIGKILL)
            machine.expect(f"42 kills={number}=", 60)
        want = sender.finish()
        machine.shell("until [ -s /tmp/sum ]; do sleep 0.2; done", 100)
        print(f"{sender.length >> 10} KiB received")
        assert machine.shell("cat /tmp/sum").split()[0] == want, "what came through the network differs"
        complaints = machine.shell("dmesg | grep -Ei 'NETDEV WATCHDOG|pcnet32.*(error|timed out)|nobody cared' || true")
        assert not complaints.strip(), complaints
        guests.power_off(machine)
