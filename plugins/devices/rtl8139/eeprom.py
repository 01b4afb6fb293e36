# SPDX-License-Identifier: LGPL-2.1-or-later
"""
The 93C46 serial EEPROM behind the register 9346CR: 64 words of 16 bits.

Sources: RTL8139C(L) data sheet, 5.9 "9346CR" and chapter 6 "EEPROM (93C46) Contents"; Microchip 93C46B data sheet (DS21794), chapter 2
"Functional Description", and table 1-3 "Instruction set". A write is done at once; its end is not waited for.
"""
import tessera

# 9346CR: the mode in bits 7-6, then the pins
MODE, MODE_PROGRAM, CS, SK, DI, DO = 0xC0, 0x80, 1 << 3, 1 << 2, 1 << 1, 1 << 0
INSTRUCTION_BITS = 8  # after the start bit: two of the instruction, six of the address
ALL_BITS = INSTRUCTION_BITS + 16
SPECIAL, WRITE, READ, ERASE = range(4)
EWDS, WRAL, ERAL, EWEN = range(4)  # special instructions, by the upper two bits of their address
WORDS = 64
ID_WORD, ADDRESS_WORD = 0, 7  # chapter 6: 8129h, and the station address in bytes 0Eh to 13h


class Eeprom:
    FIELDS = {"mode": "u8", "pins": "u8", "shift": "u32", "count": "u8", "out": "u32", "out_bits": "u8", "is_started": "bool",
              "is_reading": "bool", "word": "u8", "can_write": "bool"}

    def __init__(self, address):
        self.words = [0] * WORDS
        self.words[ID_WORD] = 0x8129
        for i in range(3):
            self.words[ADDRESS_WORD + i] = int.from_bytes(address[2 * i:2 * i + 2], "little")
        self.can_write = False
        self.reset()

    def reset(self):
        self.mode = self.pins = 0
        self.deselect()

    def deselect(self):
        self.shift = self.count = self.out = self.out_bits = self.word = 0
        self.is_started = self.is_reading = False

    def station_address(self):
        return b"".join(word.to_bytes(2, "little") for word in self.words[ADDRESS_WORD:ADDRESS_WORD + 3])

    def read(self):
        """DO is high when nothing drives it: the chip is ready."""
        driven = self.is_reading and self.pins & CS
        return self.mode | self.pins | (self.out & 1 if driven else DO)

    def write(self, value):
        self.mode = value & MODE
        before, self.pins = self.pins, value & (CS | SK | DI) if self.mode == MODE_PROGRAM else 0
        if not self.pins & CS:
            self.deselect()
        elif self.pins & SK and not before & SK and before & CS:
            self.clock(1 if self.pins & DI else 0)

    def clock(self, bit):
        if self.is_reading:
            self.read_on()
        elif not self.is_started:
            self.is_started = bit == 1
        elif self.count < ALL_BITS:
            self.shift = self.shift << 1 | bit
            self.count += 1
            if self.count == INSTRUCTION_BITS:
                self.begin(self.shift >> 6, self.shift & 63)
            elif self.count == ALL_BITS:
                self.end(self.shift >> 22, self.shift >> 16 & 63)

    def read_on(self):
        """Words follow each other; `out` has the bit that is on the pin as its lowest."""
        if not self.out_bits:
            self.out_bits = 16
            self.word = (self.word + 1) % WORDS
        self.out_bits -= 1
        self.out = self.words[self.word] >> self.out_bits

    def begin(self, instruction, address):
        """Instruction and address are in; those without data are done."""
        if instruction == READ:
            self.is_reading, self.word, self.out_bits, self.out = True, address, 16, 0  # a 0 comes before the first bit
        elif instruction == ERASE:
            self.store([address], 0xFFFF)
            self.count = ALL_BITS
        elif instruction == SPECIAL and address >> 4 != WRAL:
            self.special(address >> 4)
            self.count = ALL_BITS

    def end(self, instruction, address):
        self.store([address] if instruction == WRITE else range(WORDS), self.shift & 0xFFFF)

    def special(self, which):
        if which == ERAL:
            self.store(range(WORDS), 0xFFFF)
        else:
            self.can_write = which == EWEN

    def store(self, addresses, value):
        if self.can_write:
            for address in addresses:
                self.words[address] = value

    def save(self, out):
        for name, kind in self.FIELDS.items():
            getattr(out, kind)(name, getattr(self, name))
        out.bytes("words", b"".join(word.to_bytes(2, "little") for word in self.words))

    def load(self, state):
        values = {name: getattr(state, kind)(name) for name, kind in self.FIELDS.items()}
        words = state.bytes("words", 2 * WORDS)
        if len(words) != 2 * WORDS or values["word"] >= WORDS or values["out_bits"] > 16 or values["count"] > ALL_BITS:
            raise tessera.StateError("the saved state is damaged: the EEPROM")
        self.__dict__.update(values)
        self.words = [int.from_bytes(words[2 * i:2 * i + 2], "little") for i in range(WORDS)]
