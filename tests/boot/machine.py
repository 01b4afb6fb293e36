# SPDX-License-Identifier: LGPL-2.1-or-later
"""
One running machine, as a test sees it: its first serial port as a stream of text, its text screen, its keyboard, its exit status.

There are two makes with the same methods: Tessera, and QEMU, which shows whether a test itself is right. Everything waits with a time limit; a failed wait raises Failed with what was on the line and on the screen.
"""
import json
import os
import re
import select
import shutil
import socket
import subprocess
import tempfile
import time


class Failed(Exception):
    """The guest did not do what the test expects."""


def readable(text):
    """Without terminal control sequences."""
    return re.sub(r"\x1b\[[0-9;?]*[A-Za-z]|\x1b[()][0-9A-B]|\x1bc|\r", "", text)


class Machine:
    """The options are a dict: kernel, initrd, append, disk, cdrom, boot, bios, memory, nic, cpu, extra."""

    name = "machine"
    patience = 1  # all time limits are multiplied by it, for slow modes of the processor

    def __init__(self, options, limit):
        self.folder = tempfile.mkdtemp(prefix="tessera-boot-")
        self.deadline = time.monotonic() + limit
        self.text = ""
        self.log = open(os.path.join(self.folder, "stderr"), "w+b")
        arguments = self.arguments(options, limit)
        self.process = subprocess.Popen(arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self.log,
                                        env=dict(os.environ, DISPLAY="", WAYLAND_DISPLAY=""))

    def end(self, seconds):
        return min(self.deadline, time.monotonic() + seconds * self.patience) if seconds else self.deadline

    # -- the serial line

    def pump(self, seconds):
        """Reads what the guest sends, for at most that many seconds. False when the line was closed."""
        ready, _, _ = select.select([self.process.stdout], [], [], seconds)
        if not ready:
            return True
        data = os.read(self.process.stdout.fileno(), 65536)
        self.text += readable(data.decode("utf-8", "replace"))
        return bool(data)

    def expect(self, pattern, seconds=None):
        """Waits for a regular expression on the line, after what was matched before. Returns the match."""
        end = self.end(seconds)
        while True:
            match = re.search(pattern, self.text)
            if match:
                self.text = self.text[match.end():]
                return match
            if time.monotonic() > end:
                self.fail(f"no {pattern!r} on the serial line in time")
            if not self.pump(0.2) and not re.search(pattern, self.text):
                self.process.wait()
                self.fail(f"the run ended (status {self.process.returncode}) before {pattern!r}")

    def send(self, text):
        self.process.stdin.write(text.encode())
        self.process.stdin.flush()

    def shell(self, command, seconds=None):
        """Runs a command in the guest's shell and returns what it printed. Its status must be 0."""
        self.send(f"echo begin=$((6 * 7)); {command}; echo end=$?=\n")
        match = self.expect(r"begin=42\n((?:.|\n)*?)end=(\d+)=\s", seconds)
        if match.group(2) != "0":
            self.fail(f"{command!r} ended with status {match.group(2)}: {match.group(1)}")
        return match.group(1)

    # -- the screen and keys

    def expect_screen(self, pattern, seconds=None):
        """Waits for a regular expression on the text screen. Returns the match."""
        end = self.end(seconds)
        while True:
            match = re.search(pattern, self.screen())
            if match:
                return match
            if time.monotonic() > end:
                self.fail(f"no {pattern!r} on the screen in time")
            if not self.pump(0.3):
                self.process.wait()
                self.fail(f"the run ended (status {self.process.returncode}) before {pattern!r} was shown")

    def screen(self):
        raise NotImplementedError

    def type(self, text):
        raise NotImplementedError

    # -- the first network card's cable

    def cable(self, plugged):
        raise NotImplementedError

    # -- the end

    def expect_exit(self, status, seconds=100):
        end = self.end(seconds)
        while self.process.poll() is None and time.monotonic() < end:
            if not self.pump(0.1):
                break
        try:
            self.process.wait(max(0.1, end - time.monotonic()))
        except subprocess.TimeoutExpired:
            self.fail("the guest switched off, the run goes on")
        if self.process.returncode != status:
            self.fail(f"the run ended with status {self.process.returncode}, not {status}")

    def fail(self, why):
        try:
            screen = self.screen() if self.process.poll() is None else ""
        except (OSError, ValueError, subprocess.SubprocessError):
            screen = ""
        self.log.seek(0)
        told = self.log.read().decode("utf-8", "replace")
        parts = [why, "-- serial line --", self.text[-3000:]]
        parts += ["-- screen --", screen] if screen.strip() else []
        parts += ["-- standard error --", told[-2000:]] if told.strip() else []
        raise Failed("\n".join(parts))

    def close(self):
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(5)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        self.process.stdin.close()
        self.process.stdout.close()
        self.log.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


class Tessera(Machine):
    name = "tessera"
    program = None  # <build>/bin/tessera
    options = []    # of every run
    mode = []       # the processor's

    def arguments(self, options, limit):
        self.socket = os.path.join(self.folder, "control")
        arguments = [self.program, "run", "--serial", "stdio", "--ui", "none", "--control", "unix:" + self.socket,
                     "--timeout", str(int(limit) + 30)]
        for name in ("memory", "kernel", "initrd", "append", "bios", "cdrom", "boot", "disk", "cpu"):
            if name in options:
                arguments += ["--" + name, options[name]]
        if options.get("nic", "user"):  # "": a machine without the option
            arguments += ["--nic", options.get("nic", "user")]
        return arguments + self.options + options.get("extra", []) + self.mode

    def control(self, *command):
        done = subprocess.run([self.program, "ctl", self.socket, *command], capture_output=True, timeout=60, check=False)
        return done.stdout.decode("utf-8", "replace") if done.returncode == 0 else ""

    def screen(self):
        return self.control("text")

    def type(self, text):
        self.control("type", text.replace("\\", "\\\\").replace("\n", "\\n"))

    def key(self, *names):
        self.control("key", *names)

    def cable(self, plugged):
        self.control("set", f"nat0.link={str(plugged).lower()}")


class Qemu(Machine):
    name = "qemu"

    def arguments(self, options, limit):
        self.qmp = None
        self.socket = os.path.join(self.folder, "qmp")
        arguments = ["qemu-system-i386", "-accel", "tcg", "-cpu", options.get("qemu-cpu", "pentium3,+sse2"), "-display", "none",
                     "-serial", "stdio", "-qmp", f"unix:{self.socket},server=on,wait=off",
                     "-m", options.get("memory", "512M")]
        for name in ("kernel", "initrd", "append", "bios", "cdrom"):
            if name in options:
                arguments += ["-" + name, options[name]]
        if "disk" in options:
            arguments += ["-drive", f"format=raw,file={options['disk']}"]
        if "boot" in options:
            arguments += ["-boot", {"cdrom": "d", "disk": "c"}[options["boot"]]]
        nic = options.get("nic", "user").replace(",loopback=true", "")  # its default
        return arguments + (["-nic", "none"] if nic == "none" else ["-nic", nic + ",model=pcnet"])

    def command(self, name, /, **arguments):
        if not self.qmp:
            while not os.path.exists(self.socket):
                time.sleep(0.1)
            connection = socket.socket(socket.AF_UNIX)
            connection.connect(self.socket)
            self.qmp = connection.makefile("rw")
            self.qmp.readline()
            self.command("qmp_capabilities")
        self.qmp.write(json.dumps({"execute": name, "arguments": arguments}) + "\n")
        self.qmp.flush()
        while True:
            answer = json.loads(self.qmp.readline())
            if "event" not in answer:
                return answer

    def screen(self):
        path = os.path.join(self.folder, "screen")
        self.command("pmemsave", val=0xb8000, size=4000, filename=path)
        with open(path, "rb") as file:
            cells = file.read()[::2]
        lines = [cells[i:i + 80].decode("cp437").rstrip() for i in range(0, len(cells), 80)]
        return "\n".join(lines)

    KEYS = {" ": ["spc"], "\n": ["ret"], "/": ["slash"], ":": ["shift", "semicolon"], ".": ["dot"], "-": ["minus"],
            "=": ["equal"], "_": ["shift", "minus"], "(": ["shift", "9"], ")": ["shift", "0"], "$": ["shift", "4"],
            '"': ["shift", "apostrophe"], ",": ["comma"], ";": ["semicolon"]}

    def type(self, text):
        for character in text:
            keys = self.KEYS.get(character, [character.lower()])
            if character.isupper():
                keys = ["shift"] + keys
            self.press(keys)

    def press(self, keys):
        self.command("send-key", keys=[{"type": "qcode", "data": k} for k in keys])
        time.sleep(0.15)

    def key(self, *names):
        for name in names:
            self.press([{"enter": "ret"}.get(k, k) for k in name.split("-")])

    def cable(self, plugged):
        self.command("set_link", name="pcnet.0", up=plugged)
