#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""`tessera monitor` on a running machine. Arguments: tessera, plugin folder, machine."""

import json
import os
import re
import signal
import struct
import subprocess
import sys
import tempfile
import time
import unittest

from rig import ENVIRONMENT, TESSERA, Machine


class MonitorTest(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory(prefix="tessera-test-")
        self.addCleanup(self.folder.cleanup)

    def start(self, *options):
        machine = Machine(self.folder.name, *options)
        self.addCleanup(machine.finish)
        return machine

    def monitor(self, machine, *arguments, environment=ENVIRONMENT):
        process = subprocess.Popen([TESSERA, "monitor", machine.socket, *arguments], env=environment, stdout=subprocess.PIPE,
                                   stderr=subprocess.PIPE, text=True)
        for stream in (process.stdout, process.stderr):
            self.addCleanup(stream.close)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        return process

    def finish(self, process, status=0):
        out, errors = process.communicate(timeout=60)
        self.assertEqual(process.returncode, status, errors)
        return errors if status else out

    def test_text_and_the_machines_end(self):
        machine = self.start("--hold", "--say", "hi", "--exit", "7")
        lines = self.finish(self.monitor(machine, "--start", "ports:3f8-3ff")).splitlines()
        self.assertEqual([" ".join(line.split()[1:]) for line in lines],
                         ["ports dev0.serial write 03f8 <- 68", "ports dev0.serial write 03f8 <- 69"])
        self.assertEqual(machine.process.wait(60), 7)

    def test_json(self):
        machine = self.start("--hold", "--say", "A", "--exit", "0")
        lines = self.finish(self.monitor(machine, "--start", "--json", "ports")).splitlines()
        events = [json.loads(line) for line in lines]
        self.assertTrue(all(event.pop("time_ns") >= 0 for event in events))
        self.assertEqual(events, [
            {"kind": "ports", "device": "dev0", "what": "serial", "op": "write", "address": 0x3f8, "size": 1, "value": 65},
            {"kind": "ports", "device": "dev0", "what": "exit", "op": "write", "address": 0x501, "size": 1, "value": 0}])

    def test_signals(self):
        machine = self.start("--hold", "--say", "x", "--exit", "3")
        events = [json.loads(line) for line in self.finish(self.monitor(machine, "--start", "--json", "signal")).splitlines()]
        seen = [(event["device"], event["what"], event["text"]) for event in events]
        self.assertIn(("machine", "state", "running"), seen)
        self.assertIn(("dev0", "output", "x"), seen)
        self.assertEqual(seen[-1], ("machine", "stopped", "3 the guest asked for it"))

    def test_a_capture_without_packets(self):
        machine = self.start("--hold", "--exit", "0")
        path = os.path.join(self.folder.name, "packets.pcapng")
        self.assertEqual(self.finish(self.monitor(machine, "--start", "--pcap", path)), "")
        with open(path, "rb") as file:
            data = file.read()
        kind, length, magic, major, minor = struct.unpack_from("=IIIHH", data)
        self.assertEqual((kind, magic, major, minor), (0x0a0d0d0a, 0x1a2b3c4d, 1, 0))
        self.assertEqual((length, data[-4:]), (len(data), struct.pack("=I", length)))

    def test_graph(self):
        machine = self.start("--set", "cpu0.flood=true")
        path = os.path.join(self.folder.name, "wiring.dot")
        self.assertEqual(self.finish(self.monitor(machine, "--graph", path, "--seconds", "1")), "")
        with open(path, encoding="utf-8") as file:
            text = file.read()
        self.assertIn('label="test, rates over ', text)
        self.assertIn('\t"dev0" [style=rounded];\n', text)
        rate = re.search(r'"ports and registers" -> "dev0" \[label="([0-9.]+)/s, [^"]+", style=bold\];', text)
        self.assertGreater(float(rate.group(1)), 0)
        machine.ctl("quit")

    def test_rates(self):
        machine = self.start("--set", "cpu0.flood=true")
        text = self.finish(self.monitor(machine, "--rates", "--seconds", "3", "ports"))
        seconds = text.split("\n\n")[:-1]
        self.assertIn(len(seconds), (1, 2, 3))
        for second in seconds:
            rate = re.search(r"^access\tdev0\t([0-9.]+)\t([0-9]+)$", second, re.MULTILINE)
            self.assertGreater(float(rate.group(1)), 0)
            self.assertGreaterEqual(int(rate.group(2)), int(float(rate.group(1))))
        self.assertIn("would both write", self.finish(self.monitor(machine, "--rates", "--json"), 2))
        machine.ctl("quit")

    def test_picture_of_the_graph(self):
        """By a program `dot` on the path; this one copies its input."""
        machine = self.start()
        picture, text = (os.path.join(self.folder.name, name) for name in ("wiring.svg", "wiring.dot"))
        without = dict(ENVIRONMENT, PATH="/nonexistent")
        self.assertIn("install graphviz", self.finish(self.monitor(machine, "--graph", picture, "--seconds", "1", environment=without), 1))
        self.assertFalse(os.path.exists(picture))
        with open(text, encoding="utf-8") as file:
            self.assertTrue(file.read().startswith("digraph machine {\n"))
        dot = os.path.join(self.folder.name, "dot")
        with open(dot, "w", encoding="utf-8") as file:
            file.write('#!/bin/sh\ntest "$1" = -Tsvg && exec /bin/cat >"${2#-o}"\n')
        os.chmod(dot, 0o755)
        self.finish(self.monitor(machine, "--graph", picture, "--seconds", "1", environment=dict(ENVIRONMENT, PATH=self.folder.name)))
        with open(picture, encoding="utf-8") as file:
            self.assertTrue(file.read().startswith("digraph machine {\n"))
        machine.ctl("quit")

    def test_a_watcher_that_does_not_read_stalls_nothing(self):
        machine = self.start("--set", "cpu0.flood=true")
        monitor = self.monitor(machine, "ports")
        monitor.stdout.readline()
        monitor.send_signal(signal.SIGSTOP)
        before = int(machine.ctl("get", "dev0.reports"))
        while int(machine.ctl("get", "dev0.reports")) < before + 200000:
            time.sleep(0.05)
        monitor.send_signal(signal.SIGCONT)
        self.assertTrue(any(" lost " in line for line in monitor.stdout))
        machine.ctl("quit")
        self.assertEqual(machine.process.wait(60), 0)
        monitor.stdout.read()
        self.assertEqual(monitor.wait(60), 0)

    def test_ends(self):
        machine = self.start("--set", "cpu0.flood=true")
        interrupted, unread = self.monitor(machine, "ports"), self.monitor(machine)
        for monitor in (interrupted, unread):
            monitor.stdout.readline()
        interrupted.send_signal(signal.SIGINT)
        self.finish(interrupted)
        unread.stdout.close()
        self.assertEqual(unread.wait(60), 0)
        self.finish(self.monitor(machine, "nobody", "--seconds", "1"))
        self.assertIn("running", machine.ctl("status"))
        machine.ctl("quit")
        self.assertEqual(machine.process.wait(60), 0)

    def test_mistakes(self):
        machine = self.start()
        self.assertIn('"ports:zz" is not a pattern', self.finish(self.monitor(machine, "ports:zz"), 2))
        self.assertIn("cannot write /nowhere/x", self.finish(self.monitor(machine, "--pcap", "/nowhere/x"), 1))
        self.assertIn("--json and", self.finish(self.monitor(machine, "--json", "--pcap", "-"), 2))
        machine.ctl("quit")


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
