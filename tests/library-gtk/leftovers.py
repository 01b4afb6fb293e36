# SPDX-License-Identifier: LGPL-2.1-or-later
"""What a test of the desktop leaves behind when it is killed: the library, windows and machines, which are made to outlive who started them.
They are known by the test's home, a folder of its own, which is in their environment or in their command line."""
import os
import shutil
import signal
import subprocess
import sys
import time

SECONDS = 60  # for processes that have been killed to go


def read(path):
    try:
        with open(path, "rb") as file:
            return file.read()
    except OSError:
        return b""  # it has ended, or is in a jail, whose environment is its own


def processes_of(home):
    """Zombies have neither."""
    name = os.fsencode(home)
    for pid in filter(str.isdigit, os.listdir("/proc")):
        if int(pid) != os.getpid() and (b"HOME=" + name in read(f"/proc/{pid}/environ").split(b"\0") or name + b"/" in read(f"/proc/{pid}/cmdline")):
            yield int(pid)


def sweep(home):
    """Ends them."""
    end = time.monotonic() + SECONDS
    while time.monotonic() < end:
        left = list(processes_of(home))
        for pid in left:
            try:
                os.kill(pid, signal.SIGKILL)
            except OSError:
                pass  # it has just ended
        if not left:
            return
        time.sleep(0.1)


def watch(home):
    """Another process does that when this one ends, however it does. Signals that ask it to end raise SystemExit, so that it ends in order."""
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: sys.exit(1))
    read_end, write_end = os.pipe()  # Python's are not inherited: only this process has the end to write to
    # In a session of its own, and no child: who kills a group, or a tree as CTest does, does not kill it.
    subprocess.run(["setsid", "--fork", sys.executable, os.path.abspath(__file__)], stdin=read_end, stdout=subprocess.DEVNULL,
                   stderr=subprocess.DEVNULL, env=dict(os.environ, SWEPT=home), check=True)
    os.close(read_end)
    return write_end


if __name__ == "__main__":
    sys.stdin.buffer.read()
    sweep(os.environ["SWEPT"])
    shutil.rmtree(os.environ["SWEPT"], ignore_errors=True)
