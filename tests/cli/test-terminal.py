#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""
A terminal that is the machine's serial line is raw while the machine runs in the foreground, and is as it was after every end and
while the process is stopped. Argument: tessera.
"""
import os
import pty
import signal
import subprocess
import sys
import termios
import time
import unittest

TESSERA = os.path.abspath(sys.argv[1])
RUN = [TESSERA, "run", "pc", "--serial", "stdio", "--ui", "none", "--nic", "none", "--timeout", "60"]
LOCAL_FLAGS = 3

# The leader of the terminal's session, in the shell's place: runs the arguments as a job in the foreground, and tells the job's process
# id and how it ended on descriptor 3.
SHELL = """
import os, signal, sys
signal.signal(signal.SIGTTOU, signal.SIG_IGN)
job = os.fork()
if job == 0:
    os.setpgid(0, 0)
    os.tcsetpgrp(0, os.getpid())
    signal.signal(signal.SIGTTOU, signal.SIG_DFL)
    os.close(3)
    os.execv(sys.argv[1], sys.argv[1:])
os.write(3, b"%d\\n" % job)
os.write(3, b"%d\\n" % os.waitpid(job, 0)[1])
"""


class Terminal:
    """A terminal with a machine in its foreground."""

    def __init__(self):
        self.master, self.slave = pty.openpty()
        out, report = os.pipe()
        self.report = os.fdopen(out)

        def become_leader():
            os.setsid()
            os.close(os.open(os.ttyname(0), os.O_RDWR))  # the controlling terminal
            os.dup2(report, 3)
            os.set_inheritable(3, True)

        self.shell = subprocess.Popen([sys.executable, "-c", SHELL, *RUN], stdin=self.slave, stdout=self.slave, stderr=self.slave,
                                      preexec_fn=become_leader, close_fds=False)
        os.close(report)
        self.job = int(self.report.readline())
        self.expect(raw=True)

    def is_raw(self):
        return not termios.tcgetattr(self.slave)[LOCAL_FLAGS] & termios.ICANON

    def expect(self, raw):
        until = time.monotonic() + 10
        while self.is_raw() != raw:
            assert time.monotonic() < until, "the terminal is %s" % ("cooked" if raw else "raw")
            time.sleep(0.02)

    def cook(self):
        """What a shell does when its job has stopped."""
        mode = termios.tcgetattr(self.slave)
        mode[LOCAL_FLAGS] |= termios.ICANON | termios.ECHO
        termios.tcsetattr(self.slave, termios.TCSANOW, mode)

    def wait_until_stopped(self):
        while True:
            with open(f"/proc/{self.job}/stat", encoding="ascii") as file:
                if file.read().rpartition(")")[2].split()[0] == "T":
                    return
            time.sleep(0.02)

    def end(self):
        """The job's wait status."""
        return int(self.report.readline())

    def close(self):
        try:
            os.kill(self.job, signal.SIGKILL)
        except ProcessLookupError:
            pass
        self.shell.wait()
        self.report.close()
        os.close(self.master)
        os.close(self.slave)


class TerminalTest(unittest.TestCase):
    def start(self):
        terminal = Terminal()
        self.addCleanup(terminal.close)
        return terminal

    def test_ends_by_a_signal(self):
        for number in (signal.SIGQUIT, signal.SIGABRT, signal.SIGSEGV, signal.SIGBUS):
            with self.subTest(number=number):
                terminal = self.start()
                os.kill(terminal.job, number)
                self.assertEqual(os.WTERMSIG(terminal.end()), number)
                self.assertFalse(terminal.is_raw())

    def test_stops_by_a_signal(self):
        for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
            with self.subTest(number=number):
                terminal = self.start()
                os.kill(terminal.job, number)
                self.assertEqual(os.WEXITSTATUS(terminal.end()), 128 + number)
                self.assertFalse(terminal.is_raw())

    def test_stop_and_continue(self):
        terminal = self.start()
        for _ in range(2):
            os.kill(terminal.job, signal.SIGSTOP)
            terminal.wait_until_stopped()
            terminal.cook()
            os.kill(terminal.job, signal.SIGCONT)
            terminal.expect(raw=True)

    def test_job_control(self):
        terminal = self.start()
        for _ in range(2):
            os.kill(terminal.job, signal.SIGTSTP)
            terminal.wait_until_stopped()
            self.assertFalse(terminal.is_raw())
            os.kill(terminal.job, signal.SIGCONT)
            terminal.expect(raw=True)
        os.kill(terminal.job, signal.SIGTERM)
        self.assertEqual(os.WEXITSTATUS(terminal.end()), 143)
        self.assertFalse(terminal.is_raw())


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
