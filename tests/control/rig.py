# SPDX-License-Identifier: LGPL-2.1-or-later
"""A running machine with a control socket. The arguments of a test program: tessera, plugin folder, machine."""

import os
import subprocess
import sys
import time

TESSERA, PLUGINS, MACHINE = sys.argv[1:4]
PATIENCE = 60  # seconds for what takes a moment on a host that has time
ENVIRONMENT = dict(os.environ, TESSERA_PLUGIN_PATH=PLUGINS, LC_ALL="C.UTF-8")


def listens(path):
    """Whether a socket is bound to the path and listens: the path exists a moment earlier."""
    with open("/proc/net/unix", encoding="utf-8", errors="replace") as sockets:
        return any(line.endswith(f" {path}\n") and int(line.split()[3], 16) & 0x10000 for line in sockets)


class Machine:
    """A running machine and its socket."""

    def __init__(self, folder, *options, environment=None, **keywords):
        self.socket = os.path.join(folder, "socket")
        self.process = subprocess.Popen(
            [TESSERA, "run", MACHINE, "--ui", "none", "--control", "unix:" + self.socket, "--timeout", "300", *options],
            env=dict(ENVIRONMENT, **(environment or {})), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            text=True, **keywords)
        while not listens(self.socket):
            assert self.process.poll() is None, self.process.stderr.read()
            time.sleep(0.01)

    def ctl(self, *arguments, status=0):
        done = subprocess.run([TESSERA, "ctl", self.socket, *arguments], env=ENVIRONMENT, capture_output=True, text=True, timeout=PATIENCE)
        assert done.returncode == status, (arguments, done.returncode, done.stdout, done.stderr)
        return done.stderr if status else done.stdout

    def watch(self):
        """A client that prints signals; it says the state first, and from then on hears all of them."""
        watcher = subprocess.Popen([TESSERA, "ctl", self.socket, "watch"], env=ENVIRONMENT, stdout=subprocess.PIPE, text=True)
        assert watcher.stdout.readline() == "State ('running',)\n"
        return watcher

    def wait_until_it_says(self, line):
        """Reads standard error up to a line with that text, and returns the lines."""
        heard = []
        while not heard or line not in heard[-1]:
            heard.append(self.process.stderr.readline())
            assert heard[-1], "".join(heard)
        return heard

    def resident(self):
        """Bytes of memory."""
        with open(f"/proc/{self.process.pid}/statm", encoding="ascii") as statm:
            return int(statm.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")

    def finish(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self.process.stdout.close()
        self.process.stderr.close()
