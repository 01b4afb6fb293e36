# SPDX-License-Identifier: LGPL-2.1-or-later
"""
Rows about deterministic machines: two runs to the same instruction count leave the same state (memory, processor, devices) and
have said the same, however the host interferes.
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


def same_twice(test, instructions, others, arguments):
    first, said = run(test, "first", instructions, arguments)
    again, said_again = run(test, "again", instructions, arguments, disturb=True)
    assert said == said_again, "the serial lines differ"
    assert first == again, "the same guest line, but the states differ"
    other, _ = run(test, "other", others, arguments)
    assert other != first, "the hash does not see one instruction more"
    return said


@guest("deterministic-cdrom", ["grub-rescue.iso"], 120)
def deterministic_cdrom(test):
    same_twice(test, "200M", "200000001", ["--cdrom", file("grub-rescue.iso"), "--boot", "cdrom"])


@guest("deterministic-linux", ["vmlinuz-686", "modules-686", "busybox"], 500)
def deterministic_linux(test):
    """Far into the kernel: timers, interrupts, paging, threads. Most of it is the interpreter unpacking the kernel."""
    arguments = ["--kernel", file("vmlinuz-686"), "--initrd", initramfs(), "--append", "console=ttyS0"]
    first, said = run(test, "first", "5G", arguments)
    again, said_again = run(test, "again", "5G", arguments, disturb=True)
    assert b"Calibrating delay loop" in said, said[-2000:]
    assert (first, said) == (again, said_again), "two runs differ"
