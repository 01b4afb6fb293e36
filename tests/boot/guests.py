# SPDX-License-Identifier: LGPL-2.1-or-later
"""
The guests that must boot, one function each. It starts a machine and recognises success by what the guest prints or shows. A row's
`needs` are names in files/ of the guest folder; without them the test fails. It is never skipped.
"""
import hashlib
import http.server
import fcntl
import os
import random
import re
import socket
import subprocess
import threading
import time

import capture

HERE = os.path.dirname(os.path.abspath(__file__))
SCRIPTS = os.path.join(HERE, "..", "..", "scripts", "guests")
ROWS = {}


def guest(name, needs, limit):
    """`limit`: seconds for the whole row."""
    def add(function):
        ROWS[name] = (function, needs, limit)
        return function
    return add


def guests_folder():
    cache = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    return os.path.join(os.environ.get("TESSERA_GUESTS") or os.path.join(cache, "tessera", "guests"), "files")


def file(name):
    return os.path.join(guests_folder(), name)


def initramfs(flavour="686"):
    """The path of the initramfs, which is built again when its sources have changed."""
    out = file(f"initramfs-{flavour}.cpio")
    sources = [os.path.join(SCRIPTS, "make-initramfs"), file(f"modules-{flavour}")]
    for folder, _, names in os.walk(os.path.join(SCRIPTS, "initramfs")):
        sources += [os.path.join(folder, n) for n in names]
    with open(out + ".lock", "w") as lock:  # rows run side by side
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not os.path.exists(out) or any(os.path.getmtime(s) > os.path.getmtime(out) for s in sources):
            subprocess.run([sources[0], "--modules", os.path.realpath(sources[1]), out], check=True)
    return out


def initramfs_with(test, *drivers):
    """With more of Debian's drivers, by their paths below kernel/drivers, as /lib/modules/NAME.ko: /init does not load them."""
    out = test.path("initramfs.cpio")
    modules = os.path.realpath(file("modules-686"))
    more = [f"--add={modules}/kernel/drivers/{driver}.ko:lib/modules/{os.path.basename(driver)}.ko" for driver in drivers]
    subprocess.run([os.path.join(SCRIPTS, "make-initramfs"), "--modules", modules, *more, out], check=True)
    return out


def kernel_version(flavour="686"):
    return os.path.basename(os.path.realpath(file(f"modules-{flavour}")))


def linux(test, append="", flavour="686", **options):
    return test.start(kernel=file(f"vmlinuz-{flavour}"), initrd=initramfs(flavour),
                      append=f"console=ttyS0 quiet {append}".strip(), **options)


def power_off(machine):
    machine.send("poweroff\n")
    machine.expect("Power down")
    machine.expect_exit(0)


class Server:
    """A web server on the host's loopback that holds some files."""

    def __init__(self, files):
        self.seen = seen = []

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                seen.append(self.path)
                data = files.get(self.path)
                self.send_response(200 if data is not None else 404)
                self.send_header("Content-Length", str(len(data or b"")))
                self.end_headers()
                self.wfile.write(data or b"")

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


# -- 1: Linux, direct boot

@guest("linux-686", ["vmlinuz-686", "modules-686", "busybox"], 300)
def linux_686(test):
    with linux(test) as machine:
        machine.expect("tessera# ")
        assert kernel_version() in machine.shell("uname -r")
        assert "42" in machine.shell("echo $((6 * 7))")
        assert "GenuineIntel" in machine.shell("cat /proc/cpuinfo") or test.make == "qemu"
        power_off(machine)


# -- 2: through the BIOS, from CD-ROM and disk

def linux_cdrom_image(test):
    image = test.path("cd.iso")
    initramfs()
    subprocess.run([os.path.join(SCRIPTS, "make-cdrom"), image, "console=ttyS0 quiet"], check=True, capture_output=True)
    return image


def linux_disk_image(test):
    image = test.path("disk.img")
    initramfs()
    subprocess.run([os.path.join(SCRIPTS, "make-disk"), "--append", "console=ttyS0 quiet tessera.root=/dev/sda1", image], check=True)
    return image


@guest("linux-cdrom", ["vmlinuz-686", "modules-686", "busybox", "isolinux.bin", "syslinux"], 180)
def linux_cdrom(test):
    with test.start(cdrom=linux_cdrom_image(test), boot="cdrom") as machine:
        machine.expect("ISOLINUX")
        machine.expect("tessera# ")
        machine.shell("mount -t iso9660 /dev/sr0 /mnt")
        assert "This text lies on the CD-ROM." in machine.shell("cat /mnt/hello.txt")
        power_off(machine)


@guest("linux-disk", ["vmlinuz-686", "modules-686", "busybox", "grub"], 300)
def linux_disk(test):
    image = linux_disk_image(test)
    digest = None
    for boot in (1, 2):
        with test.start(disk=image, boot="disk") as machine:
            machine.expect("GRUB loads Linux")
            machine.expect("tessera# ")
            assert re.search(r"/dev/sda1 on / type ext4", machine.shell("mount"))
            assert re.search(r"ATA.*UDMA|configured for (UDMA|MWDMA)", machine.shell("dmesg | grep -i udma"))
            if boot == 1:
                machine.shell("mount -o remount,rw /")
                machine.shell("dd if=/dev/urandom of=/root/data bs=64k count=64 2>/dev/null", 60)
                machine.shell("sync", 60)
                digest = machine.shell("sha256sum /root/data").split()[0]
            else:
                assert machine.shell("sha256sum /root/data").split()[0] == digest, "the file changed between two boots"
            power_off(machine)
    offset = f"{image}?offset={1 << 20}"
    check = subprocess.run(["/sbin/e2fsck", "-fn", offset], capture_output=True, check=False)
    assert check.returncode == 0, check.stdout.decode()


# -- 3: physical address extension

@guest("linux-686-pae", ["vmlinuz-686-pae", "modules-686-pae", "busybox"], 300)
def linux_pae(test):
    with linux(test, flavour="686-pae") as machine:
        machine.expect("tessera# ")
        assert kernel_version("686-pae") in machine.shell("uname -r")
        assert " pae " in machine.shell("grep flags /proc/cpuinfo")
        power_off(machine)


# -- 4: the Debian installer

@guest("debian-installer", ["di"], 240)
def debian_installer(test):
    with test.start(kernel=file("di/linux"), initrd=file("di/initrd.gz"), append="console=ttyS0 TERM=vt102") as machine:
        machine.expect("Select a language")
        machine.expect("English")


@guest("debian-installer-vga", ["di"], 240)
def debian_installer_vga(test):
    with test.start(kernel=file("di/linux"), initrd=file("di/initrd.gz"), append="vga=normal fb=false nomodeset") as machine:
        machine.expect_screen("Select a language")
        machine.expect_screen("English")


# -- 5: memtest86+

@guest("memtest", ["memtest.iso"], 300)
def memtest(test):
    with test.start(cdrom=file("memtest.iso"), boot="cdrom", memory="24M") as machine:
        machine.expect_screen("Memtest86\\+")
        machine.expect_screen(r"Test\s+#?\s*[3-9]")
        screen = machine.screen()
        assert re.search(r"Errors:\s+0\b", screen), screen


# -- 6: GRUB

@guest("grub-rescue", ["grub-rescue.iso"], 240)
def grub_rescue(test):
    with test.start(cdrom=file("grub-rescue.iso"), boot="cdrom") as machine:
        machine.expect_screen("GNU GRUB +version 2")
        machine.type("c")
        machine.expect_screen("grub>")
        machine.type("echo tessera-$grub_platform\n")
        machine.expect_screen("tessera-pc")


# -- 7: iPXE

@guest("ipxe", ["ipxe.lkrn"], 240)
def ipxe(test):
    server = Server({"/hello.ipxe": b"#!ipxe\necho fetched over http\nshell\n"})
    # its command line is its script
    commands = f"ifconf -c dhcp net0 && echo address ${{net0/ip}} && chain http://10.0.2.2:{server.port}/hello.ipxe"
    with test.start(kernel=file("ipxe.lkrn"), append=commands, memory="64M", nic="user,loopback=true") as machine:
        machine.expect_screen("address 10.0.2.15")
        machine.expect_screen("fetched over http")
        assert server.seen == ["/hello.ipxe"], server.seen


# -- 8: U-Boot

@guest("u-boot", ["u-boot.rom"], 300)
def u_boot(test):
    # U-Boot runs the video BIOS with 64 KiB segments, which cannot reach the adapter's EDID
    with test.start(bios=file("u-boot.rom"), memory="128M", extra=["--set", "vga0.registers=false"]) as machine:
        machine.expect("U-Boot 20")
        machine.expect("Hit any key to stop autoboot")
        machine.send("\n")
        machine.expect("=> ")
        machine.send("echo answer $? from uboot\n")
        machine.expect("\nanswer 0 from uboot")


# -- 9: network

@guest("network", ["vmlinuz-686", "modules-686", "busybox"], 240)
def network(test):
    blob = random.Random(1).randbytes(20 << 20)
    server = Server({"/blob": blob})
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with linux(test, nic=f"user,loopback=true,hostfwd=tcp:127.0.0.1:{port}-:7777") as machine:
        machine.expect("tessera# ")
        assert "10.0.2.15" in machine.shell("ip addr show eth0")
        with capture.Capture(machine, test.path("ping.pcapng")) as packets:
            assert "3 packets received" in machine.shell("ping -c 3 10.0.2.2", 30)
            packets.wait_for_pings(3)
        packets.expect_pings(3)
        machine.shell(f"wget -q -O /tmp/blob http://10.0.2.2:{server.port}/blob", 100)
        assert machine.shell("sha256sum /tmp/blob").split()[0] == hashlib.sha256(blob).hexdigest(), "the download is damaged"
        machine.shell("nc -l -p 7777 >/tmp/upload & true")
        upload(port, blob[:4 << 20])
        machine.shell("wait", 60)
        assert machine.shell("sha256sum /tmp/upload").split()[0] == hashlib.sha256(blob[:4 << 20]).hexdigest(), "the upload is damaged"
        unplug(machine)
        power_off(machine)


def unplug(machine):
    """Unplugs the cable and plugs it in again. The driver polls the link every two seconds."""
    for plugged, carrier, ping in (False, "0", "100% packet loss"), (True, "1", " 0% packet loss"):
        machine.cable(plugged)
        machine.shell(f"n=0; until grep -q {carrier} /sys/class/net/eth0/carrier; do sleep 1; test $((n += 1)) -lt 20; done", 40)
        assert ping in machine.shell("ping -c 2 -W 2 10.0.2.2 || true", 30)


def upload(port, data):
    """Connects through the forwarded port. The guest's server may not listen yet."""
    for _ in range(50):
        with socket.create_connection(("127.0.0.1", port), 30) as connection:
            try:
                connection.settimeout(60)
                connection.sendall(data)
                connection.shutdown(socket.SHUT_WR)
                connection.recv(1)
                return
            except (ConnectionResetError, BrokenPipeError):
                time.sleep(0.2)
    raise AssertionError("the guest does not take the forwarded connection")
