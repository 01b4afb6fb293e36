# ends: sum
import binascii
import collections
import dataclasses
import json
import struct
import zlib

import tessera

from . import helper


@dataclasses.dataclass
class Registers:
    answer: int = helper.ANSWER


class Bad(tessera.Device):
    def attach(self):
        self.registers = collections.deque([Registers()])
        self.host.claim("regs", self.read)

    def read(self, offset, width):
        struct.pack("<I", zlib.crc32(json.dumps({"a": binascii.crc32(b"x")}).encode()))
        return self.registers[0].answer
