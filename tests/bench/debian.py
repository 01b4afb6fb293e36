# SPDX-License-Identifier: LGPL-2.1-or-later
"""
A CD-ROM image with a Debian i386 user land and the programs of real/, on which the rows of real programs run. It is made without
root from unpacked packages (`scripts/guests/fetch bench`) and lies in the guests' folder, under a name made from all that is in it.
"""
import fcntl
import glob
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile

import build
from build import guests

REAL = os.path.join(build.HERE, "real")
LEFT_OUT = ("usr/share/doc", "usr/share/man", "usr/share/locale", "usr/share/info", "usr/lib/i386-linux-gnu/gconv")
FOLDERS = ("dev", "proc", "tmp")


def preprocessed(folder):
    """What the compiler compiles in the guest: the benchmark's own programs, after the host's preprocessor, which looks at no header
    outside of the tree and of gcc. Those that need a macro of their row are left out."""
    left_out = {"start"} | {source for source, flags, _ in build.SPECIAL.values() if any(flag.startswith("-D") for flag in flags)}
    for source in sorted(glob.glob(os.path.join(build.PROGRAMS, "*.c"))):
        name = os.path.basename(source)[:-2]
        if name not in left_out:
            subprocess.run(["gcc", "-E", "-P", "-m32", "-ffreestanding", source, "-o", os.path.join(folder, name + ".i")], check=True)


def key(bench):
    """A digest of the versions of all packages and of the files that are added."""
    digest = hashlib.sha256()
    for path in [os.path.realpath(guests.file("debian")) + ".version", __file__, *sorted(glob.glob(os.path.join(bench, "**"), recursive=True))]:
        if os.path.isfile(path):
            with open(path, "rb") as file:
                digest.update(os.path.basename(path).encode() + b"\0" + file.read())
    return digest.hexdigest()[:16]


def make(out, bench, work):
    tree = os.path.join(work, "tree")
    shutil.copytree(guests.file("debian"), tree, symlinks=True)
    for name in LEFT_OUT:
        shutil.rmtree(os.path.join(tree, name), ignore_errors=True)
    for name in FOLDERS:
        os.makedirs(os.path.join(tree, name), exist_ok=True)
    shutil.copytree(bench, os.path.join(tree, "bench"))
    subprocess.run(["xorriso", "-as", "mkisofs", "-quiet", "-V", "DEBIAN", "-r", "-o", out + ".new", tree], check=True, stderr=subprocess.DEVNULL)
    os.rename(out + ".new", out)


def image():
    """The path of the image, which is made if it is not there; older ones are removed."""
    if not os.path.exists(guests.file("debian")):
        sys.exit("run: the Debian user land is missing; run scripts/guests/fetch bench")
    with tempfile.TemporaryDirectory() as work, open(guests.file("debian-bench.lock"), "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        bench = os.path.join(work, "bench")
        shutil.copytree(REAL, bench)
        os.mkdir(os.path.join(bench, "gcc"))
        preprocessed(os.path.join(bench, "gcc"))
        out = guests.file(f"debian-bench-{key(bench)}.iso")
        if not os.path.exists(out):
            for old in glob.glob(guests.file("debian-bench-*.iso*")):
                os.remove(old)
            make(out, bench, work)
    return out
