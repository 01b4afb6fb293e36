# SPDX-License-Identifier: LGPL-2.1-or-later
"""
Rows about deterministic machines: two runs to the same instruction count leave the same state (memory, processor, devices) and
have said the same, however the host interferes; and whichever engine ran them: translator and interpreter agree on each
instruction, fault, device access and interrupt up to there.
"""
import os
import re
import subprocess
import time

import machine
from guests import file, guest, initramfs


def run(test, name, instructions, arguments, disturb=False):
    """Returns the state's hash and what the guest said. disturb: somebody asks the machine all the time."""
    socket, log = test.path(f"{name}.control"), test.path(name)
    command = [machine.Tessera.program, "run", "--clock", "deterministic", "--rtc-base", "2026-01-31T12:00:00Z", "--stop-at",
               instructions, "--hash", "--nic", "none", "--ui", "none", "--memory", "64M", "--serial", "file:" + log,
               "--control", "unix:" + socket, *arguments, *machine.Tessera.options]
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) as process:
        while disturb and process.poll() is None:
            if os.path.exists(socket):
                subprocess.run([machine.Tessera.program, "ctl", socket, "text"], capture_output=True, check=False, timeout=60)
            time.sleep(0.05)
        told = process.communicate(timeout=max(1, test.end - time.monotonic()))[1]
    state = re.search(r"^state ([0-9a-f]{64})$", told, re.M)
    assert process.returncode == 0 and state, f"status {process.returncode}: {told}"
    with open(log, "rb") as said:
        return state.group(1), said.read()


def same_each_time(test, instructions, arguments):
    first, said = run(test, "first", instructions, arguments)
    again, said_again = run(test, "again", instructions, arguments, disturb=True)
    assert said == said_again, "the serial lines differ"
    assert first == again, "the same serial line, but the states differ"
    interpreted, said_interpreted = run(test, "interpreted", instructions, [*arguments, "--cpu", "cpu-interp"])
    assert said == said_interpreted, "the interpreter's serial line differs"
    assert first == interpreted, "the same serial line, but cpu-interp leaves another state"
    return first, said


@guest("deterministic-cdrom", ["grub-rescue.iso"], 120)
def deterministic_cdrom(test):
    arguments = ["--cdrom", file("grub-rescue.iso"), "--boot", "cdrom"]
    first, _ = same_each_time(test, "200M", arguments)
    other, _ = run(test, "other", "200000001", arguments)
    assert other != first, "the hash does not see one instruction more"


LINUX = ["--kernel", file("vmlinuz-686"), "--append", "console=ttyS0"]


@guest("deterministic-linux", ["vmlinuz-686", "modules-686", "busybox"], 300)
def deterministic_linux(test):
    """Into the kernel's decompression."""
    same_each_time(test, "1G", [*LINUX, "--initrd", initramfs()])


@guest("deterministic-linux-long", ["vmlinuz-686", "modules-686", "busybox"], 900)
def deterministic_linux_long(test):
    """Far into the kernel: timers, interrupts, paging, threads."""
    _, said = same_each_time(test, "6G", [*LINUX, "--initrd", initramfs()])
    assert b"Calibrating delay loop" in said, said[-2000:]
