# SPDX-License-Identifier: LGPL-2.1-or-later
"""
Rows about deterministic machines: two runs to the same instruction count leave the same state (memory, processor, devices) and print
the same text, whatever the host does meanwhile. This holds for both engines: translator and interpreter agree on each instruction,
fault, device access and interrupt up to that count.
"""
import os
import re
import subprocess
import time

import machine
import modes
from guests import file, guest, initramfs, linux_cdrom_image, linux_disk_image


def run(test, name, instructions, arguments, disturb=False):
    """Returns the state's hash and what the guest printed. disturb: another process reads the screen all the time."""
    socket, log = test.path(f"{name}.control"), test.path(name)
    command = [machine.Tessera.program, "run", "--clock", "deterministic", "--rtc-base", "2026-01-31T12:00:00Z", "--stop-at",
               instructions, "--hash", "--nic", "none", "--ui", "none", "--serial", "file:" + log,
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
    hot, said_hot = run(test, "hot", instructions, [*arguments, *modes.MODES["windows"].options])
    assert said == said_hot, "the serial line differs if all code is hot"
    assert first == hot, "the same serial line, but hot code leaves another state"
    shared, said_shared = run(test, "shared", instructions, [*arguments, *modes.MODES["shared"].options])
    assert said == said_shared, "the serial line differs if code does not contain its address"
    assert first == shared, "the same serial line, but code that does not contain its address leaves another state"
    interpreted, said_interpreted = run(test, "interpreted", instructions, [*arguments, "--cpu", "cpu-interp"])
    assert said == said_interpreted, "the interpreter's serial line differs"
    assert first == interpreted, "the same serial line, but cpu-interp leaves another state"
    return first, said


@guest("deterministic-cdrom", ["grub-rescue.iso"], 300)
def deterministic_cdrom(test):
    arguments = ["--memory", "64M", "--cdrom", file("grub-rescue.iso"), "--boot", "cdrom"]
    first, _ = same_each_time(test, "200M", arguments)
    other, _ = run(test, "other", "200000001", arguments)
    assert other != first, "the hash does not see one instruction more"


def linux(flavour="686"):
    return ["--kernel", file(f"vmlinuz-{flavour}"), "--initrd", initramfs(flavour), "--append", "console=ttyS0"]


@guest("deterministic-linux", ["vmlinuz-686", "modules-686", "busybox"], 300)
def deterministic_linux(test):
    """Into the kernel's decompression."""
    same_each_time(test, "1G", ["--memory", "64M", *linux()])


@guest("deterministic-mmu", ["vmlinuz-686", "modules-686", "busybox"], 600)
def deterministic_mmu(test):
    """An MMU that keeps no translation leaves the same state as one that keeps all: into the kernel's start, with paging on."""
    manifest = os.path.join(os.path.dirname(__file__), "..", "..", "manifests", "machines", "pc.machine")
    with open(manifest, encoding="utf-8") as shadowing, open(test.path("pc.machine"), "w", encoding="utf-8") as walking:
        text = shadowing.read()
        assert "plugin=mmu-shadow" in text
        walking.write(text.replace("plugin=mmu-shadow", "plugin=mmu-walk"))
    arguments = ["--memory", "64M", *linux()[:-1], "console=ttyS0 earlyprintk=ttyS0"]
    first, said = run(test, "shadowed", "2400M", arguments)
    walked, said_walked = run(test, "walked", "2400M", [test.path("pc.machine"), *arguments])
    assert b"Linux version" in said, said
    assert said == said_walked, "the serial lines differ"
    assert first == walked, "the same serial line, but the states differ"


# -- whole boots in both engines, to the shell and beyond; each takes minutes to a quarter of an hour, so they run only by name

def whole_boot(test, instructions, reached, arguments):
    _, said = same_each_time(test, instructions, ["--memory", "256M", *arguments])
    assert reached in said, said[-2000:]


@guest("deterministic-linux-686", ["vmlinuz-686", "modules-686", "busybox"], 1500)
def deterministic_linux_686(test):
    whole_boot(test, "8G", b"tessera# ", linux())


@guest("deterministic-linux-686-pae", ["vmlinuz-686-pae", "modules-686-pae", "busybox"], 1500)
def deterministic_linux_686_pae(test):
    whole_boot(test, "9G", b"tessera# ", linux("686-pae"))


@guest("deterministic-linux-cdrom", ["vmlinuz-686", "modules-686", "busybox", "isolinux.bin", "syslinux"], 1500)
def deterministic_linux_cdrom(test):
    whole_boot(test, "8G", b"tessera# ", ["--cdrom", linux_cdrom_image(test), "--boot", "cdrom"])


@guest("deterministic-linux-disk", ["vmlinuz-686", "modules-686", "busybox", "grub"], 1500)
def deterministic_linux_disk(test):
    whole_boot(test, "8G", b"tessera# ", ["--disk", linux_disk_image(test) + ",mode=nonpersistent", "--boot", "disk"])


@guest("deterministic-debian-installer", ["di"], 3000)
def deterministic_debian_installer(test):
    whole_boot(test, "16G", b"Select a language",
               ["--memory", "512M", "--kernel", file("di/linux"), "--initrd", file("di/initrd.gz"), "--append", "console=ttyS0 TERM=vt102"])
