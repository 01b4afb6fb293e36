# SPDX-License-Identifier: LGPL-2.1-or-later
"""Packets of a running machine, as `tessera monitor --pcap` writes them, read as draft-ietf-opsawg-pcapng says."""
import signal
import struct
import subprocess
import time

ENHANCED_PACKET = 6
ICMP = 1
ECHO_REQUEST, ECHO_REPLY = 8, 0
INBOUND, OUTBOUND = 1, 2


class Capture:
    """While it is entered, packets are written. On a machine that has no monitor it does nothing."""

    def __init__(self, machine, path):
        self.machine, self.path, self.process = machine, path, None

    def __enter__(self):
        if self.machine.name == "tessera":
            self.process = subprocess.Popen([self.machine.program, "monitor", self.machine.socket, "--pcap", self.path],
                                            stdin=subprocess.DEVNULL)
            while not self.is_watching():
                assert self.process.poll() is None, "`tessera monitor` has ended"
                time.sleep(0.05)
        return self

    def is_watching(self):
        """The header is written when the machine has answered."""
        try:
            with open(self.path, "rb") as file:
                return len(file.read()) > 0
        except FileNotFoundError:
            return False

    def __exit__(self, *_):
        if self.process:
            self.process.send_signal(signal.SIGINT)
            status = self.process.wait(30)
            assert status == 0, f"`tessera monitor` ended with status {status}"

    def blocks(self):
        with open(self.path, "rb") as file:
            data = file.read()
        while data:
            kind, length = struct.unpack_from("=II", data)
            assert length % 4 == 0 and data[length - 4:length] == struct.pack("=I", length), "a block's lengths differ"
            yield kind, data[8:length - 4]
            data = data[length:]

    def frames(self):
        """Direction and bytes of each frame."""
        for kind, body in self.blocks():
            if kind != ENHANCED_PACKET:
                continue
            captured, length = struct.unpack_from("=II", body, 12)
            assert captured == length, "a frame is cut"
            options = body[20 + (captured + 3 & ~3):]
            assert struct.unpack_from("=HH", options) == (2, 4), "a frame's flags are missing"
            yield struct.unpack_from("=I", options, 4)[0], body[20:20 + captured]

    def pings(self):
        """Direction and type of each message of ICMP over IPv4 over Ethernet."""
        return [(direction, frame[34]) for direction, frame in self.frames()
                if frame[12:14] == b"\x08\x00" and frame[14] == 0x45 and frame[23] == ICMP]

    def wait_for_pings(self, number):
        """The monitor writes a little later than the guest, and not what had not reached it when it is told to end."""
        deadline = time.monotonic() + 30
        while self.process and time.monotonic() < deadline:
            try:
                if self.pings().count((INBOUND, ECHO_REPLY)) >= number:
                    return
            except (AssertionError, struct.error):  # a block is being written
                pass
            time.sleep(0.05)

    def expect_pings(self, number):
        """As many requests went out and answers came in."""
        if not self.process:
            return
        seen = self.pings()
        assert seen.count((OUTBOUND, ECHO_REQUEST)) == seen.count((INBOUND, ECHO_REPLY)) == number, seen
