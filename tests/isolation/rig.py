# SPDX-License-Identifier: LGPL-2.1-or-later
"""A machine with isolated devices, whose processes can be found and killed. The arguments of a test program: tessera, the guest, a folder
with plugins."""

import os
import select
import signal
import subprocess
import sys
import tempfile
import time
import unittest

import processes

TESSERA, GUEST, PLUGINS = sys.argv[1:4]
ENVIRONMENT = dict(os.environ, TESSERA_PLUGIN_PATH=PLUGINS, LC_ALL="C.UTF-8", DISPLAY="", WAYLAND_DISPLAY="")
SECONDS = 100  # for what takes a moment on a host that has time


class Machine:
    def __init__(self, folder, *options):
        self.socket = os.path.join(folder, "socket")
        self.process = subprocess.Popen(
            [TESSERA, "run", "pc", "--memory", "8M", "--disk", f"{GUEST},mode=nonpersistent", "--nic", "none", "--serial", "stdio",
             "--ui", "none", "--control", f"unix:{self.socket}", "--timeout", "600", *options],
            env=ENVIRONMENT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)

    def finish(self):
        self.process.kill()
        self.process.wait()
        for file in self.process.stdin, self.process.stdout, self.process.stderr:
            file.close()

    def read(self, length):
        heard = b""
        end = time.monotonic() + SECONDS
        while len(heard) < length and time.monotonic() < end:
            if select.select([self.process.stdout], [], [], 0.2)[0]:
                data = os.read(self.process.stdout.fileno(), length - len(heard))
                if not data:
                    raise AssertionError(f"the run ended: {self.process.stderr.read()}")
                heard += data
        return heard

    def write_all(self, data):
        while data:
            data = data[os.write(self.process.stdin.fileno(), data[:512]):]

    def write(self, data):
        os.write(self.process.stdin.fileno(), data)

    def ctl(self, *arguments, check=True):
        return subprocess.run([TESSERA, "ctl", self.socket, *arguments], env=ENVIRONMENT, capture_output=True, text=True,
                              timeout=SECONDS, check=check).stdout

    def ask(self, *arguments):
        """Why not; or nothing."""
        return subprocess.run([TESSERA, "ctl", self.socket, *arguments], env=ENVIRONMENT, capture_output=True, text=True, timeout=SECONDS,
                              check=False).stderr

    def watch(self):
        watcher = subprocess.Popen([TESSERA, "ctl", self.socket, "watch"], env=ENVIRONMENT, stdout=subprocess.PIPE, text=True)
        watcher.stdout.readline()  # the state: from now on it hears all
        return watcher

    def processes(self, name="com1"):
        """Of an isolated device: (supervisors, devices)."""
        return processes.of(self.process.pid, name)

    def device(self, name="com1"):
        """Its process, as soon as there is one: another one may be about to take the place of one that was killed."""
        end = time.monotonic() + SECONDS
        while not (devices := self.processes(name)[1]):
            assert time.monotonic() < end and self.process.poll() is None, f"{name} has no process"
            time.sleep(0.02)
        return devices[0]

    def end_device(self, name, number=signal.SIGKILL):
        """Its process, not the one that has just been killed and is about to end."""
        while True:
            try:
                os.kill(self.device(name), number)
                return
            except ProcessLookupError:
                pass

    def told_of(self, name, action):
        """Does something and returns what the machine then tells of the end of the device's process."""
        with self.watch() as watcher:
            try:
                action()
                for line in watcher.stdout:
                    if f"'{name}', 'isolation'" in line or f"'{name}', 'fault'" in line:
                        return line
            finally:
                watcher.kill()
        return ""

    def kill_device(self, number=signal.SIGKILL, name="com1"):
        return self.told_of(name, lambda: self.end_device(name, number))


class IsolationCase(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="tessera-test-")
        self.addCleanup(folder.cleanup)
        self.folder = folder.name

    def start(self, *options, ready=b">"):
        machine = Machine(self.folder, *options)
        self.addCleanup(machine.finish)
        self.assertEqual(machine.read(len(ready)), ready)
        return machine

    def say(self, machine, data):
        machine.write(data)
        self.assertEqual(machine.read(len(data)), data)
