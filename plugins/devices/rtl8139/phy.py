# SPDX-License-Identifier: LGPL-2.1-or-later
"""
The transceiver within the RTL8139C: basic mode registers, the state of the cable. Its partner takes 100 Mbit/s, full duplex.

Source: RTL8139C(L) data sheet, chapter 5, "Basic Mode Control Register", "Basic Mode Status Register" and those after them; IEEE 802.3
clause 22.2.4. An autonegotiation ends at once.
"""
# Offsets from BMCR
BMCR, BMSR, ANAR, ANLPAR, ANER = 0, 2, 4, 6, 8
BMCR_RESET, BMCR_WRITABLE, BMCR_RESTART, BMCR_DEFAULT = 1 << 15, 0x3100, 1 << 9, 0x3100
BMSR_ABILITIES, BMSR_DONE, BMSR_LINK = 0x7809, 1 << 5, 1 << 2  # 100 and 10 Mbit/s, both duplexes, autonegotiation, extended registers
ANAR_DEFAULT, ANAR_WRITABLE, PARTNER = 0x01E1, 0x25E0, 0x45E1
MSR_LINKB = 1 << 2  # "Media Status Register": 0 is a good link


class Phy:
    def __init__(self):
        self.is_up = True
        self.reset()

    def reset(self):
        self.bmcr, self.anar = BMCR_DEFAULT, ANAR_DEFAULT

    def media_status(self):
        return 0 if self.is_up else MSR_LINKB

    def read(self, register):
        if register == BMCR:
            return self.bmcr
        if register == BMSR:
            return BMSR_ABILITIES | (BMSR_DONE | BMSR_LINK if self.is_up else 0)
        if register == ANAR:
            return self.anar
        if register == ANLPAR:
            return PARTNER if self.is_up else 0
        return 1 if self.is_up else 0  # ANER: the partner can negotiate

    def write(self, register, value, mask):
        if register == BMCR and value & BMCR_RESET:
            self.reset()
        elif register == BMCR:
            self.bmcr = (self.bmcr & ~mask | value) & BMCR_WRITABLE
        elif register == ANAR:
            self.anar = (self.anar & ~mask | value) & ANAR_WRITABLE | 1

    def save(self, out):
        out.u16("bmcr", self.bmcr)
        out.u16("anar", self.anar)
        out.bool("link", self.is_up)

    def load(self, state):
        """The cable is what it is now, not what it was."""
        bmcr, anar, _ = state.u16("bmcr"), state.u16("anar"), state.bool("link")
        self.bmcr, self.anar = bmcr & BMCR_WRITABLE, anar & ANAR_WRITABLE | 1
