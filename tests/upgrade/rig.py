# SPDX-License-Identifier: LGPL-2.1-or-later
"""A machine whose guest sends back what it receives on its serial line, and a folder of plugins in which other versions appear
while it runs. The arguments of a test program: tessera, its plugins, other versions of them, the guest, how many upgrades under
load, and the option of the run that makes upgrades possible: --upgrades (in a jail) or --no-jail."""

import os
import select
import subprocess
import sys
import tempfile
import threading
import time
import unittest

TESSERA, PLUGINS, OTHERS, GUEST = sys.argv[1:5]
SWAPS = int(sys.argv[5])
CONFINEMENT = sys.argv[6]
SECOND = "9.90.0"
SILENCE = 60  # seconds


class Plugins:
    """PATH/ID/VERSION as links: at first those of the build, later others."""

    def __init__(self, path, build, others):
        self.path = path
        self.others = others
        for plugin in os.listdir(build):
            os.makedirs(os.path.join(path, plugin))
            for version in os.listdir(os.path.join(build, plugin)):
                os.symlink(os.path.join(build, plugin, version), os.path.join(path, plugin, version))

    def versions(self, plugin):
        return sorted(os.listdir(os.path.join(self.path, plugin)))

    def install(self, plugin, version):
        os.symlink(os.path.join(self.others, plugin, version), os.path.join(self.path, plugin, version))


class UpgradeTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="tessera-test-")
        self.addCleanup(folder.cleanup)
        self.folder = folder.name
        self.plugins = Plugins(os.path.join(self.folder, "plugins"), PLUGINS, OTHERS)
        self.environment = dict(os.environ, TESSERA_PLUGIN_PATH=self.plugins.path, LC_ALL="C.UTF-8", DISPLAY="", WAYLAND_DISPLAY="")

    def start(self, *options, machine="pc", closed=False, disk=f"{GUEST},mode=nonpersistent"):
        self.socket = os.path.join(self.folder, "socket")
        self.process = subprocess.Popen(
            [TESSERA, "run", machine, "--memory", "8M", "--disk", disk, "--nic", "none", "--serial", "stdio", "--ui", "none",
             "--control", f"unix:{self.socket}", "--timeout", "500", *([] if closed else [CONFINEMENT]), *options],
            env=self.environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.addCleanup(self.finish)
        self.assertEqual(self.read(1), b">")

    def is_jailed(self):
        return "jail       off" not in self.ctl("status")

    def finish(self):
        self.process.kill()
        self.process.wait()
        for file in self.process.stdin, self.process.stdout, self.process.stderr:
            file.close()

    def ctl(self, *arguments, status=0):
        done = subprocess.run([TESSERA, "ctl", self.socket, *arguments], env=self.environment, capture_output=True, text=True, timeout=60,
                              check=False)
        self.assertEqual(done.returncode, status, done.stderr)
        return done.stderr if status else done.stdout

    def read(self, length):
        """Ends early when nothing has come for a minute: a busy host is slow, and a fault is silence."""
        heard = b""
        end = time.monotonic() + SILENCE
        while len(heard) < length and time.monotonic() < end:
            if select.select([self.process.stdout], [], [], 0.2)[0]:
                heard += os.read(self.process.stdout.fileno(), length - len(heard))
                end = time.monotonic() + SILENCE
            if self.process.poll() is not None:
                self.fail(f"the run ended: {self.process.stderr.read()}")
        return heard

    def say(self, data):
        os.write(self.process.stdin.fileno(), data)
        self.assertEqual(self.read(len(data)), data)

    def say_while(self, data, swap):
        """Characters go in and out while swap(number) changes versions, SWAPS times; each comes back once, in order."""
        heard = []
        reader = threading.Thread(target=lambda: heard.append(self.read(len(data))))
        reader.start()
        step = len(data) // SWAPS
        for number in range(SWAPS):
            os.write(self.process.stdin.fileno(), data[number * step:(number + 1) * step])
            swap(number)
        os.write(self.process.stdin.fileno(), data[SWAPS * step:])
        reader.join()
        self.assertEqual(heard[0], data)
