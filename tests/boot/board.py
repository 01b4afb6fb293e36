# SPDX-License-Identifier: LGPL-2.1-or-later
"""Rows about the board: ways to reset it, interrupts with and without ACPI, the power button, a PC without PCI, its clock."""
import os
import random
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time

from guests import file, guest, initramfs, initramfs_with, linux, power_off

NEEDS = ["vmlinuz-686", "modules-686", "busybox"]
PATIENCE = 150  # seconds for a clock to get right, on a host that has little time: a minute on others


def interrupts_arrive(machine):
    """Serial line, CD-ROM and network raise their interrupts; the network's is routed through a PIRQ link."""
    machine.send("grep -c -E '(ttyS0|ata_piix|eth0)$' /proc/interrupts\n")
    machine.expect("\n4")
    machine.send("ping -c 1 10.0.2.2 >/dev/null && echo answered\n")
    machine.expect("\nanswered")


@guest("board-acpi", NEEDS, 300)
def board_acpi(test):
    with linux(test) as machine:
        machine.expect("tessera# ")
        machine.send("dmesg | grep -o 'PCI: Interrupt link LNK[A-D] configured' | sort -u | wc -l\n")
        machine.expect("\n4")
        assert "DMI: Tessera PC (i440FX, PIIX3), BIOS " in machine.shell("dmesg | grep DMI:")
        interrupts_arrive(machine)
        machine.control("set", "pm0.power-button=true")
        power_off(machine)


@guest("board-no-acpi", NEEDS, 300)
def board_no_acpi(test):
    with linux(test, append="acpi=off", extra=["--exit-on-reset"]) as machine:
        machine.expect("tessera# ")
        assert "00:01.0: PIIX/ICH IRQ router" in machine.shell("dmesg | grep router")  # the kernel prints it only with a $PIR table
        interrupts_arrive(machine)
        machine.send("reboot\n")
        machine.expect_exit(0)


def add_reset_row(how):
    @guest(f"board-reset-{how}", NEEDS, 300)
    def board_reset(test):
        with linux(test, append=f"reboot={how}") as machine:
            machine.expect("tessera# ")
            machine.send("reboot\n")
            machine.expect("reboot: Restarting system")
            machine.expect("tessera# ")
            power_off(machine)


for way in ("kbd", "pci", "triple", "bios"):
    add_reset_row(way)


@guest("board-isapc", NEEDS, 300)
def board_isapc(test):
    with test.start(kernel=file("vmlinuz-686"), initrd=initramfs(), append="console=ttyS0 quiet", memory="128M",
                    nic="",
                    extra=["isapc"]) as machine:
        machine.expect_screen("SeaBIOS")
        machine.expect("tessera# ")
        machine.send("ls /sys/bus/pci/devices 2>/dev/null | wc -l\n")
        machine.expect("\n0")
        machine.send("reboot\n")
        machine.expect("reboot: Restarting system")
        machine.expect("tessera# ")


def watch(machine):
    """A client that prints signals; it says the state first, and from then on hears all of them."""
    watcher = subprocess.Popen([machine.program, "ctl", machine.socket, "watch"], stdout=subprocess.PIPE, text=True)
    watcher.stdout.readline()
    return watcher


def stat(machine, name):
    return int(dict(line.rsplit(" ", 1) for line in machine.control("stats").splitlines() if " " in line)[name])


def guest_seconds(machine):
    return stat(machine, "guest-time-ns") / 1e9


def clock_lag(machine):
    return stat(machine, "clock-lag-ns") / 1e9


@guest("board-clock-catches-up", NEEDS, 300)
def board_clock_catches_up(test):
    """Guest time catches up with time that the host took: the guest sees no jump, and its clock is soon right again."""
    with linux(test) as machine:
        machine.expect("tessera# ")
        ahead = guest_seconds(machine) - time.monotonic()
        machine.process.send_signal(signal.SIGSTOP)
        time.sleep(6)
        machine.process.send_signal(signal.SIGCONT)
        limit = time.monotonic() + PATIENCE
        # before the processor wakes up, the clock still shows the host's time; from then on it is late for seconds
        while ahead - (guest_seconds(machine) - time.monotonic()) < 1:
            assert time.monotonic() < limit, "the clock went on"
        while ahead - (guest_seconds(machine) - time.monotonic()) > 0.5:
            assert time.monotonic() < limit, "still late"
            time.sleep(0.2)
        power_off(machine)


def uptime(machine):
    """How far the guest's clock is ahead of the host's, plus a constant; the answer takes a moment, so the least of five."""
    ahead = []
    for _ in range(5):
        before = time.monotonic()
        ahead.append(float(machine.shell("cut -d ' ' -f 1 /proc/uptime").split()[-1]) - before)
    return min(ahead)


def set_priority(machine, priority):
    """Of all threads of the machine. Only root may undo it."""
    for thread in os.listdir(f"/proc/{machine.process.pid}/task"):
        if os.geteuid() == 0 or priority:
            os.setpriority(os.PRIO_PROCESS, int(thread), priority)


def load_the_host(machine, seconds):
    """Busy loops beside the machine, whose threads are nice; and the guest is busy, too."""
    set_priority(machine, 10)
    machine.send("timeout %d sh -c 'while :; do :; done' &\n" % (seconds + 2))
    machine.expect("tessera# ")
    loops = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(2 * os.cpu_count())]
    time.sleep(seconds)
    for loop in loops:
        loop.kill()
        loop.wait()
    set_priority(machine, 0)


def wait_until_right(machine):
    lag, start = clock_lag(machine), time.monotonic()
    while clock_lag(machine) > 0.1:
        assert time.monotonic() < start + PATIENCE, f"still {clock_lag(machine):.1f} s behind"
        time.sleep(0.2)
    print(f"{lag:.1f} s caught up in {time.monotonic() - start:.0f} s")


def add_clock_row(name, append, limit=600):
    @guest(f"board-clock-{name}", NEEDS, limit)
    def board_clock(test):
        """After a busy host and a stopped process the guest's clock is right within a minute, and said that it was not."""
        with linux(test, append=append) as machine:
            machine.expect("tessera# ")
            if "jiffies" in append:
                assert "jiffies" in machine.shell("cat /sys/devices/system/clocksource/clocksource0/current_clocksource")
            wait_until_right(machine)
            ahead = uptime(machine)
            with watch(machine) as watcher:
                load_the_host(machine, 15)
                wait_until_right(machine)
                for _ in range(2):
                    machine.process.send_signal(signal.SIGSTOP)
                    time.sleep(8)
                    machine.process.send_signal(signal.SIGCONT)
                    time.sleep(0.5)
                wait_until_right(machine)
                late = ahead - uptime(machine)
                print(f"{late:.2f} s late")
                power_off(machine)
                events = [line for line in watcher.stdout.read().splitlines() if "clock" in line]
            assert abs(late) < 3, f"the guest's clock is {late:.2f} s late"  # of some 24 s; test-clock is exact
            assert "s behind" in "".join(events).rpartition("right again")[0], events  # it may be late once more while it switches off


add_clock_row("after-load", "")
add_clock_row("after-load-by-ticks", "clocksource=jiffies nohz=off highres=off")


@guest("board-watchdog", NEEDS, 300)
def board_watchdog(test):
    """Linux's stock driver finds the watchdog. While a program writes it, nothing happens, also after a saved state; then the PC is reset."""
    state = test.path("state")
    options = {"kernel": file("vmlinuz-686"), "initrd": initramfs_with(test, "watchdog/watchdog", "watchdog/w83627hf_wdt"),
               "append": "console=ttyS0 quiet", "extra": ["--add", "wdt0=w83627hf-wdt"]}
    with test.start(**options) as machine:
        machine.expect("tessera# ")
        machine.shell("insmod /lib/modules/watchdog.ko; insmod /lib/modules/w83627hf_wdt.ko")
        assert "WDT driver for W83627HF Super I/O chip" in machine.shell("dmesg | grep w83627hf")
        machine.shell("watchdog -t 1 -T 4 /dev/watchdog; sleep 6; echo lives >/tmp/sign")
        machine.control("save", state)
        machine.control("quit")
    options["extra"] += ["--load", state]
    with test.start(**options) as machine:
        while "running" not in machine.control("status"):  # what is typed before the state is loaded is lost
            time.sleep(0.1)
        machine.send("\n")
        machine.expect("tessera# ")
        assert "lives" in machine.shell("sleep 6; cat /tmp/sign")
        machine.send("killall -9 watchdog  # from here on nobody writes it\n")
        machine.expect("BusyBox v")  # the greeting of a new boot
        machine.expect("tessera# ")
        assert "No such file" in machine.shell("cat /tmp/sign 2>&1 || true")
        power_off(machine)


def exchange(machine, path, tty, seed):
    """A kibibyte from the host through the line to the guest, and more than that back."""
    data = random.Random(seed).randbytes(1024)
    with socket.socket(socket.AF_UNIX) as line:
        line.connect(path)
        line.settimeout(60)
        echo = f"head -c {len(data)} <&9 >/tmp/got; cat /tmp/got /tmp/got /tmp/got >&9"
        # open from now on, so that the driver keeps what nobody reads yet
        machine.shell(f"exec 9<>{tty} && stty raw -echo 115200 <&9; ({echo}) & true")
        line.sendall(data)
        back = b""
        while len(back) < 3 * len(data):
            piece = line.recv(4096)
            assert piece, "the line has ended"
            back += piece
    assert back == 3 * data, "what came back is not what was sent"


@guest("serial-pci", NEEDS, 180)
def serial_pci(test):
    """A serial card in JavaScript: Linux's stock driver finds it and exchanges bytes; a state is saved and resumed in between."""
    state = test.path("state")
    with tempfile.TemporaryDirectory() as folder:  # paths of sockets are at most 107 bytes long
        path = os.path.join(folder, "line")
        device = ["--add", f"line8=chardev,kind=unix,path={path}", "--add", "serial8=serial-pci,connect.backend=line8"]
        with linux(test, extra=device) as machine:
            machine.expect("tessera# ")
            found = machine.shell("dmesg | grep 'is a 16550A' | grep 0000:")
            tty = "/dev/" + re.search(r"0000:\S+: (ttyS\d+) at I/O", found)[1]
            exchange(machine, path, tty, 1)
            machine.control("save", state)
            machine.control("quit")
        with linux(test, extra=device + ["--load", state]) as machine:
            while "running" not in machine.control("status"):  # what is typed before the state is loaded is lost
                time.sleep(0.1)
            machine.send("\n")
            machine.expect("tessera# ")
            exchange(machine, path, tty, 2)
            power_off(machine)
