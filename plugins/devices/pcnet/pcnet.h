/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The Am79C970A's state and register bits, shared by its files.
 *
 * Source: AMD Am79C970A PCnet-PCI II data sheet, publication 19436. CSR and BCR numbers and bit
 * names are its own.
 */
#ifndef PCNET_H
#define PCNET_H

#include <string.h>

#include <tessera/tessera.h>

#define PCNET_CSRS 128
#define PCNET_BCRS 32
#define PCNET_APROM_SIZE 16
#define PCNET_FRAME_ROOM 4096 /* the most a transmit buffer chain is gathered into */
#define PCNET_FCS_SIZE 4

/* clang-format off */
enum pcnet_csr0 {
	CSR0_INIT = 1 << 0, CSR0_STRT = 1 << 1, CSR0_STOP = 1 << 2, CSR0_TDMD = 1 << 3, CSR0_TXON = 1 << 4,
	CSR0_RXON = 1 << 5, CSR0_IENA = 1 << 6, CSR0_INTR = 1 << 7, CSR0_IDON = 1 << 8, CSR0_TINT = 1 << 9,
	CSR0_RINT = 1 << 10, CSR0_MERR = 1 << 11, CSR0_MISS = 1 << 12, CSR0_CERR = 1 << 13, CSR0_BABL = 1 << 14,
	CSR0_ERR = 1 << 15,
	CSR0_CAUSES = CSR0_IDON | CSR0_TINT | CSR0_RINT | CSR0_MERR | CSR0_MISS | CSR0_CERR | CSR0_BABL,
};
/* clang-format on */

enum pcnet_csr3 {
	CSR3_BSWP = 1 << 2,
	CSR3_DXSUFLO = 1 << 6,
	CSR3_MASKS = 0x5f00, /* at the bits of the causes in CSR0 */
};

/* clang-format off */
enum pcnet_csr4 {
	CSR4_JAB = 1 << 1, CSR4_TXSTRT = 1 << 3, CSR4_RCVCCO = 1 << 5, CSR4_UINT = 1 << 6, CSR4_UINTCMD = 1 << 7,
	CSR4_MFCO = 1 << 9, CSR4_ASTRP_RCV = 1 << 10, CSR4_APAD_XMT = 1 << 11, CSR4_DPOLL = 1 << 12,
	CSR4_JABM = 1 << 0, CSR4_TXSTRTM = 1 << 2, CSR4_RCVCCOM = 1 << 4, CSR4_MFCOM = 1 << 8,
	CSR4_MASKS = CSR4_JABM | CSR4_TXSTRTM | CSR4_RCVCCOM | CSR4_MFCOM, /* each cause's mask is the bit below it */
	CSR4_WRITABLE = 0xfd15,
	CSR4_CAUSES = CSR4_JAB | CSR4_TXSTRT | CSR4_RCVCCO | CSR4_UINT | CSR4_MFCO,
};
/* clang-format on */

/* clang-format off */
enum pcnet_csr5 {
	CSR5_SPND = 1 << 0, CSR5_MPINT = 1 << 4, CSR5_EXDINT = 1 << 7, CSR5_SLPINT = 1 << 9, CSR5_SINTE = 1 << 10,
	CSR5_SINT = 1 << 11, CSR5_LTINTEN = 1 << 14, CSR5_TOKINTD = 1 << 15,
	CSR5_MPINTE = 1 << 3, CSR5_EXDINTE = 1 << 6, CSR5_SLPINTE = 1 << 8,
	CSR5_ENABLES = CSR5_MPINTE | CSR5_EXDINTE | CSR5_SLPINTE | CSR5_SINTE, /* each cause's enable is the bit below it */
	CSR5_WRITABLE = 0xc56f,
	CSR5_CAUSES = CSR5_MPINT | CSR5_EXDINT | CSR5_SLPINT | CSR5_SINT,
};
/* clang-format on */

/* clang-format off */
enum pcnet_csr15 {
	MODE_DRX = 1 << 0, MODE_DTX = 1 << 1, MODE_LOOP = 1 << 2, MODE_DXMTFCS = 1 << 3, MODE_DLNKTST = 1 << 12,
	MODE_DRCVPA = 1 << 13, MODE_DRCVBC = 1 << 14, MODE_PROM = 1 << 15,
};
/* clang-format on */

/* clang-format off */
enum pcnet_csr {
	CSR_CONTROL = 0, CSR_IADRL = 1, CSR_IADRH = 2, CSR_MASK = 3, CSR_FEATURES = 4, CSR_EXTENDED = 5, CSR_LENGTHS = 6,
	CSR_LADRF = 8, CSR_PADR = 12, CSR_MODE = 15, CSR_IADRL_ALIAS = 16, CSR_IADRH_ALIAS = 17, CSR_CRBAL = 18,
	CSR_CXBAL = 20, CSR_BADRL = 24, CSR_BADRH = 25, CSR_CRDAL = 28, CSR_BADXL = 30, CSR_BADXH = 31, CSR_CXDAL = 34,
	CSR_CRBC = 40, CSR_CRST = 41, CSR_CXBC = 42, CSR_CXST = 43, CSR_POLLINT = 47, CSR_SWSTYLE = 58, CSR_RCVRC = 72,
	CSR_XMTRC = 74, CSR_RCVRL = 76, CSR_XMTRL = 78, CSR_CHIPL = 88, CSR_CHIPH = 89, CSR_MFC = 112,
};
/* clang-format on */

enum pcnet_bcr {
	BCR_LNKST = 4,
	BCR_BSBC = 18,
	BCR_SWS = 20,
};
#define BCR18_DWIO (1u << 7)
#define BCR2_APROMWE (1u << 8)
#define BCR4_LNKSTE (1u << 6)
#define BCR20_APERREN (1u << 10)
#define BCR20_SWSTYLE 0xffu
#define BCR_LED_ON (1u << 15)

struct pcnet {
	const struct tsr_host *host;
	const struct tsr_host *dma_host; /* the PCI function as bus master */
	const struct tsr_pci *pci;
	const struct tsr_dma *dma;
	const struct tsr_clock *clock;
	const struct tsr_properties *properties;
	struct tsr_pci_function *function;
	struct tsr_interface backend; /* table NULL: no cable */
	struct tsr_net_port port;
	struct tsr_timer *poll_timer;

	uint16_t csr[PCNET_CSRS]; /* CSR0's ERR and INTR are computed when read */
	uint16_t bcr[PCNET_BCRS];
	uint16_t rap;
	uint8_t aprom[PCNET_APROM_SIZE];
	uint64_t poll_interval_ns; /* grows while polls find nothing */
	uint64_t poll_deadline_ns; /* UINT64_MAX: not armed */

	bool backend_up; /* the cable is plugged in, as the back end says */
	bool starved;    /* a frame waits in the back end for a receive descriptor */
};

/* -- registers.c */
uint16_t pcnet_csr_read(struct pcnet *p, unsigned number);
void pcnet_csr_write(struct pcnet *p, unsigned number, uint16_t value);
uint16_t pcnet_bcr_read(struct pcnet *p, unsigned number);
void pcnet_bcr_write(struct pcnet *p, unsigned number, uint16_t value);
void pcnet_registers_reset(struct pcnet *p, bool hard); /* hard: H_RESET, else S_RESET */
void pcnet_update_interrupt(struct pcnet *p);
/* The n-th register that a saved state holds: false past the last. */
bool pcnet_saved_register(struct pcnet *p, unsigned n, char name[8], uint16_t **value);

/* -- rings.c */
bool pcnet_load_init_block(struct pcnet *p);
void pcnet_transmit(struct pcnet *p); /* all that the transmit ring holds; arms the next poll */
void pcnet_poll_now(struct pcnet *p); /* the guest changed the rings: poll often again */
bool pcnet_can_receive(void *self);
void pcnet_receive(void *self, const uint8_t *frame, size_t length);
void pcnet_on_poll(void *self, uint64_t deadline_ns);
void pcnet_offer_room(
	struct pcnet *p); /* notifies a waiting back end when there is a descriptor again */
bool pcnet_link(const struct pcnet *p);

/* -- frame.c */
uint32_t pcnet_crc(const uint8_t *bytes,
		   size_t length); /* IEEE 802.3, before the final inversion */
enum pcnet_match { MATCH_NONE, MATCH_PROMISCUOUS, MATCH_PHYSICAL, MATCH_LOGICAL, MATCH_BROADCAST };
enum pcnet_match pcnet_match(const struct pcnet *p, const uint8_t *destination);
/* A received frame as it lies in memory: padded, with FCS, stripped if so programmed. Returns its
 * length. */
size_t pcnet_wire_frame(const struct pcnet *p, const uint8_t *frame, size_t length, uint8_t *out);

/* -- state.c */
void pcnet_save(void *self, struct tsr_state_writer *out);
bool pcnet_load(void *self, struct tsr_state_reader *in, struct tsr_error *error);

#endif
