# SPDX-License-Identifier: LGPL-2.1-or-later
"""Rows about the board: ways to reset it, interrupts with and without ACPI, the power button, a PC without PCI, its clock."""
import signal
import time

from guests import file, guest, initramfs, linux, power_off

NEEDS = ["vmlinuz-686", "modules-686", "busybox"]


def interrupts_arrive(machine):
    """Serial line, CD-ROM and network raise their interrupts; the network's is routed through a PIRQ link."""
    machine.send("grep -c -E '(ttyS0|ata_piix|eth0)$' /proc/interrupts\n")
    machine.expect("\n4")
    machine.send("ping -c 1 10.0.2.2 >/dev/null && echo answered\n")
    machine.expect("\nanswered")


@guest("board-acpi", NEEDS, 120)
def board_acpi(test):
    with linux(test) as machine:
        machine.expect("tessera# ")
        machine.send("dmesg | grep -o 'PCI: Interrupt link LNK[A-D] configured' | sort -u | wc -l\n")
        machine.expect("\n4")
        assert "DMI: Tessera PC (i440FX, PIIX3), BIOS " in machine.shell("dmesg | grep DMI:")
        interrupts_arrive(machine)
        machine.control("set", "pm0.power-button=true")
        power_off(machine)


@guest("board-no-acpi", NEEDS, 120)
def board_no_acpi(test):
    with linux(test, append="acpi=off", extra=["--exit-on-reset"]) as machine:
        machine.expect("tessera# ")
        assert "00:01.0: PIIX/ICH IRQ router" in machine.shell("dmesg | grep router")  # the kernel prints it only with a $PIR table
        interrupts_arrive(machine)
        machine.send("reboot\n")
        machine.expect_exit(0)


def add_reset_row(how):
    @guest(f"board-reset-{how}", NEEDS, 120)
    def board_reset(test):
        with linux(test, append=f"reboot={how}") as machine:
            machine.expect("tessera# ")
            machine.send("reboot\n")
            machine.expect("reboot: Restarting system")
            machine.expect("tessera# ")
            power_off(machine)


for way in ("kbd", "pci", "triple", "bios"):
    add_reset_row(way)


@guest("board-isapc", NEEDS, 120)
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


def guest_seconds(machine):
    stats = dict(line.rsplit(" ", 1) for line in machine.control("stats").splitlines() if " " in line)
    return int(stats["guest-time-ns"]) / 1e9


@guest("board-clock-catches-up", NEEDS, 120)
def board_clock_catches_up(test):
    """Guest time catches up with time that the host took: the guest sees no jump, and its clock is soon right again."""
    with linux(test) as machine:
        machine.expect("tessera# ")
        ahead = guest_seconds(machine) - time.monotonic()
        machine.process.send_signal(signal.SIGSTOP)
        time.sleep(3)
        machine.process.send_signal(signal.SIGCONT)
        time.sleep(0.3)  # before the processor wakes up, the clock still shows the host's time
        lag = ahead - (guest_seconds(machine) - time.monotonic())
        assert lag > 1, f"the clock went on: {lag:.1f} s"
        limit = time.monotonic() + 20
        while ahead - (guest_seconds(machine) - time.monotonic()) > 0.5:
            assert time.monotonic() < limit, "still late"
            time.sleep(0.2)
        power_off(machine)
