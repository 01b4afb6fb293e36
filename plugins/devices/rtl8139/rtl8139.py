# SPDX-License-Identifier: LGPL-2.1-or-later
"""
The Realtek RTL8139C Ethernet controller, a PCI bus master: registers, rings, life cycle.

Source: RTL8139C(L) data sheet, Rev. 1.4 (2002/01/10). Sections are named by its titles: "5. Register Descriptions" with its parts,
"6. EEPROM (93C46) Contents", "7. PCI Configuration Space Registers". A part of chapter 5 that is cited by number is that of its
register's heading.

Gaps: wake-up frames and power management, early receive and transmit (a frame is always complete), the option ROM, parity errors.
"""
import zlib

import tessera

from . import eeprom, phy

WINDOW = 256
FRAME_MAX = 1514  # what a network of Tessera carries

# Offsets of registers (chapter 5, "Register Descriptions", the table at its start).
IDR0, MAR0, TSD0, TSAD0, RBSTART, ERBCR, ERSR, CR, CAPR, CBR, IMR, ISR = 0x00, 0x08, 0x10, 0x20, 0x30, 0x34, 0x36, 0x37, 0x38, 0x3A, 0x3C, 0x3E
TCR, RCR, TCTR, MPC, CR9346, CONFIG0, CONFIG1, TIMERINT, MSR = 0x40, 0x44, 0x48, 0x4C, 0x50, 0x51, 0x52, 0x54, 0x58
CONFIG3, CONFIG4, MULINT, RERID, TSAD = 0x59, 0x5A, 0x5C, 0x5E, 0x60
BMCR, BMSR, ANAR, ANLPAR, ANER = 0x62, 0x64, 0x66, 0x68, 0x6A
CONFIG5 = 0xD8

# 5.1, the receive status in front of each packet
RSR_ROK, RSR_RUNT, RSR_BAR, RSR_PAM, RSR_MAR = 1 << 0, 1 << 4, 1 << 13, 1 << 14, 1 << 15
# 5.2, TSD
TSD_SIZE, TSD_OWN, TSD_TUN, TSD_TOK, TSD_TABT = 0x1FFF, 1 << 13, 1 << 14, 1 << 15, 1 << 30
TSD_WRITABLE = 0x003F3FFF  # early threshold, OWN, size
# 5.4, CR
CR_BUFE, CR_TE, CR_RE, CR_RST = 1 << 0, 1 << 2, 1 << 3, 1 << 4
# 5.5 and 5.6, IMR and ISR
ISR_ROK, ISR_TOK, ISR_RXOVW, ISR_LINKCHG, ISR_TIMEOUT, ISR_SERR = 1 << 0, 1 << 2, 1 << 4, 1 << 5, 1 << 14, 1 << 15
ISR_ALL = 0xE07F
# 5.7, TCR: bits 30-26 and 23-22 are the chip's version, 1110100b of the RTL8139C; bits 18-17 are the loopback test
TCR_VERSION, TCR_WRITABLE, TCR_LOOPBACK = 0x74000000, 0x030707F1, 3 << 17
# 5.8, RCR
RCR_AAP, RCR_APM, RCR_AM, RCR_AB, RCR_AR, RCR_WRAP = (1 << bit for bit in (0, 1, 2, 3, 4, 7))
RCR_WRITABLE = 0x0F03FFFF
# 5.9, 9346CR: with both bits of its mode, CONFIG registers can be written
MODE_CONFIG = 0xC0
# "TCTR": it counts the bus clock, 33 MHz
TICK_NS = 30
RETRY_NS = 1000000
REVISION = 0x10
HEADER = 4
CRC = 4
CAPR_BEHIND = 16  # 5: CAPR is 16 bytes before the packet that is read next


def station_address(text, name):
    """Six bytes from the property, or from the instance's name (FNV-1a), so that they are the same in every run."""
    if text:
        try:
            address = bytes.fromhex(text.replace(":", ""))
        except ValueError:
            address = b""
        if len(address) != 6 or len(text) != 17 or address[0] & 1:
            raise tessera.Invalid(f"mac={text} is not a station address such as 52:54:00:12:34:56")
        return address
    value = 2166136261
    for byte in name.encode():
        value = (value ^ byte) * 16777619 & 0xFFFFFFFF
    return b"\x52\x54\x00" + value.to_bytes(4, "little")[:3]


def hash_bit(address):
    """5, "MAR": the upper six bits of the CRC-32 of the address, as it goes over the wire."""
    crc = zlib.crc32(address) ^ 0xFFFFFFFF
    return int(f"{crc & 63:06b}"[::-1], 2)


class Rtl8139(tessera.Device):
    STATE = {"idr": "u64", "mar": "u64", "rbstart": "u32", "cr": "u8", "capr": "u16", "cbr": "u16", "imr": "u16", "isr": "u16", "tcr": "u32",
             "rcr": "u32", "mpc": "u32", "config0": "u8", "config1": "u8", "config3": "u8", "config4": "u8", "config5": "u8",
             "mulint": "u16", "timerint": "u32", "timer_base": "u64", "deadline": "u64", "retry": "u64", "next_descriptor": "u8"}

    # -- life cycle

    def attach(self):
        host = self.host
        self.mac = station_address(host.get_string("mac"), host.name)
        self.eeprom = eeprom.Eeprom(self.mac)
        self.phy = phy.Phy()
        self.net = None
        self.timer = host.timer(self.on_timer)
        self.retry_timer = host.timer(self.on_retry)
        self.map = self.make_map()
        # chapter 7
        self.pci = host.pci_add(vendor=0x10EC, device=0x8139, class_code=0x020000, revision=REVISION, interrupt_pin=1,
                                subsystem_vendor=0x10EC, subsystem=0x8139)
        self.pci.bar_io(0, WINDOW, self.read, self.write)
        self.pci.bar_mmio(1, WINDOW, self.read, self.write)
        self.pci.config_set(0x06, 2, 0x0280)  # fast back-to-back, DEVSEL# medium
        self.pci.config_set(0x3E, 2, 0x4020)  # MIN_GNT, MAX_LAT
        self.clear()

    def realize(self):
        self.net = self.host.net("backend", self.receive, self.can_receive, self.link_changed)
        self.phy.is_up = self.net is not None

    def clear(self):
        """Registers after a hardware reset; their names are the data sheet's."""
        self.idr = int.from_bytes(self.eeprom.station_address(), "little")
        self.mar = 0
        self.config0, self.config1, self.config3, self.config4, self.config5 = 0, 0x0C, 0, 0, 0
        self.mulint = self.mpc = self.timerint = 0
        self.timer_base = self.host.now()
        self.deadline = self.retry = 0
        self.tsad = [0] * 4
        self.rbstart = 0
        self.software_reset()

    def software_reset(self):
        """5.4, RST: transmitter and receiver are off, FIFOs empty; IDR, MAR and PCI configuration stay."""
        self.cr = 0
        self.tsd = [TSD_OWN] * 4
        self.next_descriptor = 0
        self.imr = self.isr = 0
        self.tcr, self.rcr = 0, 0
        self.cbr, self.capr = 0, 0x10000 - CAPR_BEHIND
        self.update()

    def reset(self, kind):
        if kind == tessera.SOFT:
            return
        if kind == tessera.POWER_ON:
            self.eeprom = eeprom.Eeprom(self.mac)
        self.eeprom.reset()
        self.phy.reset()
        self.timer.cancel()
        self.retry_timer.cancel()
        self.clear()

    def save(self, out):
        super().save(out)
        for i in range(4):
            out.u32(f"tsd{i}", self.tsd[i])
            out.u32(f"tsad{i}", self.tsad[i])
        out.begin("eeprom")
        self.eeprom.save(out)
        out.end()
        out.begin("phy")
        self.phy.save(out)
        out.end()

    def load(self, state):
        tsd = [state.u32(f"tsd{i}") for i in range(4)]
        tsad = [state.u32(f"tsad{i}") for i in range(4)]
        if state.u8("next_descriptor") > 3 or state.u32("mpc") > 0xFFFFFF:
            raise tessera.StateError("the saved state is damaged: a register has more bits than there are")
        for name, part in (("eeprom", self.eeprom), ("phy", self.phy)):
            if not state.begin(name):
                raise tessera.StateError(f"the saved state is damaged: {name} is missing")
            part.load(state)
            state.end()
        super().load(state)
        self.tsd, self.tsad = tsd, tsad
        self.timer.cancel()
        self.retry_timer.cancel()
        if self.deadline:
            self.timer.arm(self.deadline)
        if self.retry:
            self.retry_timer.arm(self.retry)
        self.update()

    def update(self):
        self.pci.set_intx(self.isr & self.imr != 0)

    def interrupt(self, bits):
        self.isr |= bits
        self.update()

    # -- the window of registers, the same in both BARs

    def make_map(self):
        """For each byte: its register's offset and size, and how it is read and written (value, mask)."""
        registers = [(IDR0, 8, lambda: self.idr, self.write_plain("idr", 0xFFFFFFFFFFFF)), (MAR0, 8, lambda: self.mar, self.write_plain("mar")),
                     (RBSTART, 4, lambda: self.rbstart, self.write_rbstart), (CR, 1, self.read_cr, self.write_cr),
                     (CAPR, 2, lambda: self.capr, self.write_capr), (CBR, 2, lambda: self.cbr, None),
                     (IMR, 2, lambda: self.imr, self.write_imr), (ISR, 2, lambda: self.isr, self.write_isr),
                     (TCR, 4, lambda: self.tcr | TCR_VERSION, self.write_plain("tcr", TCR_WRITABLE)),
                     (RCR, 4, lambda: self.rcr, self.write_rcr), (TCTR, 4, self.read_tctr, self.write_tctr),
                     (MPC, 4, lambda: self.mpc, self.write_mpc), (CR9346, 1, self.eeprom_read, self.eeprom_write),
                     (TIMERINT, 4, lambda: self.timerint, self.write_timerint), (MSR, 1, lambda: self.phy.media_status(), None),
                     (MULINT, 2, lambda: self.mulint, self.write_plain("mulint", 0x0FFF)), (RERID, 1, lambda: REVISION, None),
                     (TSAD, 2, self.read_tsad, None)]
        for i in range(4):
            registers.append((TSD0 + 4 * i, 4, lambda i=i: self.tsd[i], lambda value, mask, i=i: self.write_tsd(i, value, mask)))
            registers.append((TSAD0 + 4 * i, 4, lambda i=i: self.tsad[i], lambda value, mask, i=i: self.write_tsad(i, value, mask)))
        for offset, name in ((CONFIG0, "config0"), (CONFIG1, "config1"), (CONFIG3, "config3"), (CONFIG4, "config4"), (CONFIG5, "config5")):
            registers.append((offset, 1, lambda name=name: getattr(self, name), self.write_config(name)))
        for offset in (BMCR, BMSR, ANAR, ANLPAR, ANER):
            registers.append((offset, 2, lambda at=offset: self.phy.read(at - BMCR), lambda value, mask, at=offset: self.write_phy(at, value, mask)))
        table = [(at, 1, lambda: 0, None) for at in range(WINDOW)]  # reserved
        for offset, size, get, put in registers:
            table[offset:offset + size] = [(offset, size, get, put)] * size
        return table

    def read(self, offset, width):
        at, size, get, _ = self.map[offset]
        if at == offset and size == width:
            return get()
        value, end = 0, offset + width
        while offset < end:
            at, size, get, _ = self.map[offset & 0xFF]
            count = min(at + size, end) - offset
            value |= (get() >> 8 * (offset - at) & (1 << 8 * count) - 1) << 8 * (width - (end - offset))
            offset += count
        return value

    def write(self, offset, value, width):
        end = offset + width
        while offset < end:
            at, size, _, put = self.map[offset & 0xFF]
            count = min(at + size, end) - offset
            if put:
                shift, mask = 8 * (offset - at), (1 << 8 * count) - 1
                put((value & mask) << shift, mask << shift)
            value >>= 8 * count
            offset += count

    def write_plain(self, name, writable=(1 << 64) - 1):
        def put(value, mask):
            setattr(self, name, getattr(self, name) & ~(mask & writable) | value & writable)
        return put

    def write_config(self, name):
        plain = self.write_plain(name)

        def put(value, mask):
            if self.eeprom.mode == MODE_CONFIG:
                plain(value, mask)
        return put

    # -- single registers

    def read_cr(self):
        return self.cr | (CR_BUFE if self.is_empty() else 0)

    def write_cr(self, value, _):
        if value & CR_RST:
            self.software_reset()
            return
        self.cr = value & (CR_TE | CR_RE)
        self.transmit()
        self.tell_network()

    def write_rbstart(self, value, mask):
        self.rbstart = self.rbstart & ~mask | value
        self.cbr, self.capr = 0, 0x10000 - CAPR_BEHIND

    def write_capr(self, value, mask):
        self.capr = self.capr & ~mask | value
        self.tell_network()

    def write_rcr(self, value, mask):
        self.rcr = (self.rcr & ~mask | value) & RCR_WRITABLE
        self.tell_network()

    def write_imr(self, value, mask):
        self.imr = (self.imr & ~mask | value) & ISR_ALL
        self.update()

    def write_isr(self, value, _):
        self.isr &= ~value
        self.update()

    def write_mpc(self, value, mask):  # pylint: disable=unused-argument
        self.mpc = 0

    def eeprom_read(self):
        return self.eeprom.read()

    def eeprom_write(self, value, _):
        self.eeprom.write(value)

    def write_phy(self, offset, value, mask):
        self.phy.write(offset - BMCR, value, mask)

    # -- the timer

    def read_tctr(self):
        return (self.host.now() - self.timer_base) // TICK_NS & 0xFFFFFFFF

    def write_tctr(self, value, mask):  # pylint: disable=unused-argument
        self.timer_base = self.host.now()
        self.arm()

    def write_timerint(self, value, mask):
        self.timerint = self.timerint & ~mask | value
        self.arm()

    def arm(self):
        """TimerInt: 0 is never; else the interrupt comes when TCTR has that value."""
        self.deadline = 0
        self.timer.cancel()
        if self.timerint:
            ticks = (self.timerint - self.read_tctr() - 1 & 0xFFFFFFFF) + 1
            self.deadline = self.host.now() + ticks * TICK_NS
            self.timer.arm(self.deadline)

    def on_timer(self, deadline):
        self.deadline = deadline + (TICK_NS << 32)
        self.timer.arm(self.deadline)
        self.interrupt(ISR_TIMEOUT)

    # -- transmission: four descriptors, in turn

    def write_tsad(self, number, value, mask):
        self.tsad[number] = self.tsad[number] & ~mask | value

    def write_tsd(self, number, value, mask):
        """5.2: the write clears the status; OWN of 0 gives the descriptor to the chip."""
        self.tsd[number] = (self.tsd[number] & ~mask | value) & TSD_WRITABLE
        self.transmit()

    def transmit(self):
        while self.cr & CR_TE and not self.tsd[self.next_descriptor] & TSD_OWN:
            number = self.next_descriptor
            self.next_descriptor = (number + 1) & 3
            frame = self.pci.dma_read(self.tsad[number], self.tsd[number] & TSD_SIZE)
            if frame is None:
                self.tsd[number] |= TSD_OWN | TSD_TABT
                self.interrupt(ISR_SERR)
                return
            self.tsd[number] |= TSD_OWN | TSD_TOK
            self.send(frame)
            self.interrupt(ISR_TOK)

    def send(self, frame):
        if len(frame) < 60:
            frame += bytes(60 - len(frame))
        if self.tcr & TCR_LOOPBACK == TCR_LOOPBACK:
            self.receive(frame)
        elif len(frame) <= FRAME_MAX and self.net and self.phy.is_up:
            self.net.send(frame)

    def read_tsad(self):
        """5.17, the summary of all descriptors: TOK in bits 15-12, TUN in 11-8, TABT in 7-4, OWN in 3-0."""
        value = 0
        for i, status in enumerate(self.tsd):
            for bit, first in ((TSD_TOK, 12), (TSD_TUN, 8), (TSD_TABT, 4), (TSD_OWN, 0)):
                value |= (1 << first + i) if status & bit else 0
        return value

    # -- reception: a ring of bytes

    def ring_size(self):
        return 8192 << (self.rcr >> 11 & 3)

    def is_empty(self):
        return (self.capr + CAPR_BEHIND - self.cbr) % self.ring_size() == 0

    def room(self):
        """Bytes that can be written before the packet that the driver reads next."""
        size = self.ring_size()
        return (self.capr + CAPR_BEHIND - self.cbr - 1) % size

    def has_room(self):
        return not self.cr & CR_RE or self.room() >= FRAME_MAX + CRC + HEADER + 3

    def can_receive(self):
        """A frame for which there is no room waits with the network. On a wire another one would come, and report again that the ring
        is full (5.6, RXOVW); a driver that has acknowledged that with packets left in the ring relies on it."""
        if self.has_room():
            return True
        if not self.retry:
            self.wait_for_room()
        return False

    def wait_for_room(self):
        self.retry = self.host.now() + RETRY_NS
        self.retry_timer.arm(self.retry)

    def on_retry(self, deadline):  # pylint: disable=unused-argument
        self.retry = 0
        if self.has_room():
            self.tell_network()
        else:
            self.wait_for_room()
            self.interrupt(ISR_RXOVW)

    def tell_network(self):
        if self.net and self.has_room():
            self.net.ready()

    def accept(self, frame):
        """The bits of the receive status (5.1) for a frame that the filters of RCR (5.8) take; None: they do not."""
        if frame[:6] == b"\xFF" * 6:
            status = RSR_BAR
            wanted = self.rcr & RCR_AB
        elif frame[0] & 1:
            status = RSR_MAR
            wanted = self.rcr & RCR_AM and self.mar >> hash_bit(frame[:6]) & 1
        else:
            own = frame[:6] == self.idr.to_bytes(6, "little")
            status = RSR_PAM if own else 0
            wanted = own and self.rcr & RCR_APM
        return status if wanted or self.rcr & RCR_AAP else None

    def receive(self, frame):
        if not self.cr & CR_RE:
            return
        status = self.accept(frame)
        if status is None:
            return
        if len(frame) < 60:
            frame += bytes(60 - len(frame))
        length = len(frame) + CRC
        used = HEADER + length + 3 & ~3
        if used > self.room():
            self.mpc = self.mpc + 1 & 0xFFFFFF
            self.interrupt(ISR_RXOVW)
            return
        packet = (status | RSR_ROK).to_bytes(2, "little") + length.to_bytes(2, "little") + frame + zlib.crc32(frame).to_bytes(4, "little")
        if self.put(packet):
            self.cbr = (self.cbr + used) % self.ring_size()
            self.interrupt(ISR_ROK)
        else:
            self.interrupt(ISR_SERR)

    def put(self, packet):
        """5.8, WRAP: the rest of a packet that reaches the ring's end follows the end, except in a ring of 64 KiB."""
        size = self.ring_size()
        left = size - self.cbr
        if len(packet) <= left or (self.rcr & RCR_WRAP and size < 65536):
            return self.pci.dma_write(self.rbstart + self.cbr, packet)
        return self.pci.dma_write(self.rbstart + self.cbr, packet[:left]) and self.pci.dma_write(self.rbstart, packet[left:])

    def link_changed(self, is_up):
        if is_up != self.phy.is_up:
            self.phy.is_up = is_up
            self.interrupt(ISR_LINKCHG)
