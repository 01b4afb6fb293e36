# SPDX-License-Identifier: LGPL-2.1-or-later
"""Rows about disks that only Tessera can run: a state saved during DMA, a changed disc, a nonpersistent disk."""
import hashlib
import os
import random
import subprocess

from guests import guest, linux, power_off

NEEDS = ["vmlinuz-686", "modules-686", "busybox"]


def write(path, data):
    with open(path, "wb") as file:
        file.write(data)
    return path


def digest(path):
    with open(path, "rb") as file:
        return hashlib.sha256(file.read()).hexdigest()


@guest("disk-state", NEEDS, 240)
def disk_state(test):
    """The guest reads the disk repeatedly; meanwhile its state is saved, and another process resumes it."""
    blob = random.Random(2).randbytes(48 << 20)
    image = test.path("disk.img")
    state = test.path("state")
    write(image, blob)
    want = hashlib.sha256(blob).hexdigest()
    with linux(test, disk=image + ",mode=nonpersistent", nic="none") as machine:
        machine.expect("tessera# ")
        machine.shell("dd if=/dev/zero of=/dev/sda bs=64k seek=100 count=2 conv=notrunc,fsync 2>/dev/null")
        machine.shell("dd if=/dev/sda of=/tmp/head bs=64k count=110 iflag=direct 2>/dev/null")
        machine.send("for i in 1 2 3 4 5 6; do echo sum=$(dd if=/dev/sda bs=128k iflag=direct 2>/dev/null | sha256sum); done\n")
        machine.expect("sum=[0-9a-f]{64}")
        machine.control("save", state)
        machine.control("quit")
    changed = blob[:100 << 16] + bytes(2 << 16) + blob[102 << 16:]
    with test.start(disk=image + ",mode=nonpersistent", nic="none", extra=["--load", state]) as machine:
        for _ in range(3):
            sum_now = machine.expect("sum=([0-9a-f]{64})").group(1)
            assert sum_now == hashlib.sha256(changed).hexdigest(), "the disk reads otherwise after loading"
    assert digest(image) == want, "a nonpersistent disk's file was changed"


def told(machine):
    machine.log.seek(0)
    return machine.log.read().decode("utf-8", "replace")


def save_still(machine, *states):
    """Nothing is written between the saves, nor after the last until the machine goes on."""
    machine.control("pause")
    for state in states:
        machine.control("save", state)


def wake(machine):
    """What is sent before the state is loaded waits until the machine runs."""
    machine.send("\n")
    machine.expect("tessera# ", 20)


def refused(test, disk, state):
    with test.start(disk=disk, nic="none", extra=["--load", state]) as machine:
        machine.expect_exit(1)
        message = f"{state}: disk0: {disk} was written by a guest after the state was saved; "
        assert message in told(machine) and "--force-medium" in told(machine), told(machine)


@guest("disk-state-written", NEEDS, 240)
def disk_state_written(test):
    """A state is loaded only with the disk's contents of that time: an older one would destroy the guest's file system."""
    image = test.path("disk.img")
    early, again, late = (test.path(name) for name in ("early", "again", "late"))
    subprocess.run(["/sbin/mke2fs", "-q", "-F", "-t", "ext4", image, "64M"], check=True)
    with linux(test, disk=image, nic="none") as machine:
        machine.expect("tessera# ")
        machine.shell("mount -t ext4 /dev/sda /mnt && echo old > /mnt/name && sync")
        save_still(machine, early, again)
        machine.control("resume")
        machine.shell("for i in $(seq 300); do echo $i > /mnt/file$i; done; sync", 60)
        save_still(machine, late)
        machine.control("quit")
    refused(test, image, early)
    refused(test, image, again)
    with test.start(disk=image, nic="none", extra=["--load", late]) as machine:
        wake(machine)
        assert "301" in machine.shell("ls /mnt/name /mnt/file* | wc -l")
        machine.shell("umount /mnt")
        power_off(machine)
    check = subprocess.run(["/sbin/e2fsck", "-fn", image], capture_output=True, check=False)
    assert check.returncode == 0, check.stdout.decode()
    refused(test, image, late)
    with test.start(disk=image, nic="none", extra=["--load", late, "--force-medium"]) as machine:
        wake(machine)
        assert "loaded all the same" in told(machine), told(machine)


def mounted(machine):
    """The name of the disc in the drive. The kernel may print messages before it."""
    return machine.shell("mount -o ro /dev/sr0 /mnt && cat /mnt/name").split()[-1]


@guest("media-change", NEEDS, 180)
def media_change(test):
    discs = []
    for name in ("one", "two"):
        folder = test.path(name)
        os.mkdir(folder)
        write(os.path.join(folder, "name"), name.encode() + b"\n")
        discs.append(test.path(name + ".iso"))
        subprocess.run(["xorriso", "-as", "mkisofs", "-quiet", "-r", "-o", discs[-1], folder], check=True,
                       stderr=subprocess.DEVNULL)
    with linux(test, cdrom=discs[0], nic="none") as machine:
        machine.expect("tessera# ")
        assert mounted(machine) == "one"
        machine.control("insert", "cdmedium0", discs[1])  # refused: the guest has locked it
        assert machine.control("get", "cdmedium0.file").strip() == discs[0]
        machine.shell("umount /mnt")
        machine.control("insert", "cdmedium0", discs[1])
        assert mounted(machine) == "two"
        machine.shell("umount /mnt")
        machine.control("eject", "cdmedium0")
        machine.shell("! mount /dev/sr0 /mnt 2>/dev/null")
        power_off(machine)
