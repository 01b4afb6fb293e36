/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Control and status registers (CSR), bus configuration registers (BCR) and the interrupt pin.
 *
 * Source: Am79C970A data sheet (19436), "User Accessible Registers". As the data sheet says,
 * registers for rings and addresses can be written only in the STOP or suspended state. Registers
 * without an effect here keep what is written. Gaps: EEPROM serial access (BCR19) reads as an empty
 * bus; LEDs but the link's never light; no Magic Packet, no sleep.
 */
#include "pcnet.h"

enum row_flags {
	STOPPED = 1, /* written only while stopped or suspended */
	SOFT = 2,    /* S_RESET too brings the reset value back */
};

struct row {
	uint8_t number;
	uint8_t flags;
	uint16_t writable;
	uint16_t reset;
};

/* CSRs that are plain storage to the guest, or whose side effects csr_write_special adds. */
/* clang-format off */
static const struct row csr_rows[] = {
	{ 0, SOFT, 0, CSR0_STOP },
	{ 1, STOPPED, 0xfffe, 0 }, { 2, STOPPED, 0xffff, 0 },
	{ 3, SOFT, 0x5f7c, 0 }, { 4, SOFT, CSR4_WRITABLE, CSR4_MASKS }, { 5, SOFT, CSR5_WRITABLE, 0 }, { 6, 0, 0, 0 },
	{ 8, STOPPED, 0xffff, 0 }, { 9, STOPPED, 0xffff, 0 }, { 10, STOPPED, 0xffff, 0 }, { 11, STOPPED, 0xffff, 0 },
	{ 12, STOPPED, 0xffff, 0 }, { 13, STOPPED, 0xffff, 0 }, { 14, STOPPED, 0xffff, 0 },
	{ 15, STOPPED | SOFT, 0xffff, 0 },
	{ 18, 0, 0, 0 }, { 19, 0, 0, 0 }, { 20, 0, 0, 0 }, { 21, 0, 0, 0 },
	{ 22, STOPPED, 0xffff, 0 }, { 23, STOPPED, 0xffff, 0 },
	{ 24, STOPPED, 0xffff, 0 }, { 25, STOPPED, 0xffff, 0 },
	{ 26, STOPPED, 0xffff, 0 }, { 27, STOPPED, 0xffff, 0 }, { 28, 0, 0, 0 }, { 29, 0, 0, 0 },
	{ 30, STOPPED, 0xffff, 0 }, { 31, STOPPED, 0xffff, 0 },
	{ 32, STOPPED, 0xffff, 0 }, { 33, STOPPED, 0xffff, 0 }, { 34, 0, 0, 0 }, { 35, 0, 0, 0 },
	{ 36, STOPPED, 0xffff, 0 }, { 37, STOPPED, 0xffff, 0 }, { 38, STOPPED, 0xffff, 0 }, { 39, STOPPED, 0xffff, 0 },
	{ 40, 0, 0, 0 }, { 41, 0, 0, 0 }, { 42, 0, 0, 0 }, { 43, 0, 0, 0 },
	{ 44, STOPPED, 0xffff, 0 }, { 45, STOPPED, 0xffff, 0 }, { 46, STOPPED, 0xffff, 0 },
	{ 47, STOPPED, 0xffff, 0 },
	{ 60, STOPPED, 0xffff, 0 }, { 61, STOPPED, 0xffff, 0 }, { 62, STOPPED, 0xffff, 0 }, { 63, STOPPED, 0xffff, 0 },
	{ 64, STOPPED, 0xffff, 0 }, { 65, STOPPED, 0xffff, 0 }, { 66, STOPPED, 0xffff, 0 }, { 67, STOPPED, 0xffff, 0 },
	{ 72, STOPPED, 0xffff, 0xffff }, { 74, STOPPED, 0xffff, 0xffff },
	{ 76, STOPPED, 0xffff, 0xffff }, { 78, STOPPED, 0xffff, 0xffff },
	{ 80, STOPPED, 0x3fff, 0xe810 }, { 82, STOPPED, 0xffff, 0 }, { 84, STOPPED, 0xffff, 0 }, { 85, STOPPED, 0xffff, 0 },
	{ 86, STOPPED, 0xffff, 0 },
	{ 88, 0, 0, 0x1003 }, { 89, 0, 0, 0x0262 }, /* part 2621h, AMD */
	{ 94, 0, 0, 0 }, { 100, STOPPED, 0xffff, 0x0200 }, { 112, SOFT, 0, 0 }, { 114, SOFT, 0, 0 },
	{ 122, STOPPED, 0x0001, 0 }, { 124, STOPPED, 0x001e, 0 },
};
/* clang-format on */

/* clang-format off */
static const struct row bcr_rows[] = {
	{ 0, 0, 0, 0x0005 }, { 1, 0, 0, 0x0005 }, { 2, 0, 0x018f, 0x0002 },
	{ 4, 0, 0x63ff, 0x00c0 }, { 5, 0, 0x63ff, 0x0084 }, { 6, 0, 0x63ff, 0x0088 }, { 7, 0, 0x63ff, 0x0090 },
	{ 9, 0, 0x0003, 0 }, { 16, 0, 0xffe0, 0 }, { 17, 0, 0xffff, 0 },
	{ 18, 0, 0x037f, 0x2101 }, { 19, 0, 0x001e, 0xa002 }, /* EEPROM there and valid */
	{ 20, STOPPED, 0x04ff, 0 }, { 21, 0, 0x003f, 0 }, { 22, 0, 0, 0xff06 },
};
/* clang-format on */

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

static const struct row *row_find(const struct row *rows, size_t count, unsigned number)
{
	for (size_t i = 0; i < count; i++)
		if (rows[i].number == number)
			return &rows[i];
	return NULL;
}

static bool held(const struct pcnet *p)
{
	return p->csr[CSR_CONTROL] & CSR0_STOP || p->csr[CSR_EXTENDED] & CSR5_SPND;
}

static void row_write(const struct pcnet *p, const struct row *row, uint16_t *reg, uint16_t value)
{
	if (row && !(row->flags & STOPPED && !held(p)))
		*reg = (uint16_t)((*reg & ~row->writable) | (value & row->writable));
}

/* -- interrupts */

static bool interrupt_pending(const struct pcnet *p)
{
	uint16_t csr3 = p->csr[CSR_MASK], csr4 = p->csr[CSR_FEATURES], csr5 = p->csr[CSR_EXTENDED];

	if (p->csr[CSR_CONTROL] & CSR0_CAUSES & ~CSR0_CERR & ~(csr3 & CSR3_MASKS))
		return true;
	if (csr4 & CSR4_CAUSES & ~((csr4 & CSR4_MASKS) << 1)) /* UINT has no mask */
		return true;
	return csr5 & CSR5_CAUSES & (csr5 & CSR5_ENABLES) << 1;
}

void pcnet_update_interrupt(struct pcnet *p)
{
	p->pci->set_intx(p->function, p->csr[CSR_CONTROL] & CSR0_IENA && interrupt_pending(p));
}

/* -- CSR0 */

static uint16_t control_read(const struct pcnet *p)
{
	uint16_t value = p->csr[CSR_CONTROL];

	if (value & (CSR0_BABL | CSR0_CERR | CSR0_MISS | CSR0_MERR))
		value |= CSR0_ERR;
	if (interrupt_pending(p))
		value |= CSR0_INTR;
	return value;
}

static void stop(struct pcnet *p)
{
	p->csr[CSR_CONTROL] = CSR0_STOP;
	p->csr[CSR_FEATURES] &= (uint16_t)~CSR4_CAUSES;
	p->csr[CSR_EXTENDED] &= (uint16_t) ~(CSR5_CAUSES | CSR5_SPND);
}

static void initialize(struct pcnet *p)
{
	uint16_t *csr0 = &p->csr[CSR_CONTROL];

	*csr0 = (uint16_t)((*csr0 & ~CSR0_STOP) | CSR0_INIT);
	*csr0 |= pcnet_load_init_block(p) ? CSR0_IDON : CSR0_MERR;
}

static void start(struct pcnet *p)
{
	uint16_t *csr0 = &p->csr[CSR_CONTROL], mode = p->csr[CSR_MODE];

	*csr0 = (uint16_t)((*csr0 & ~CSR0_STOP) | CSR0_STRT);
	if (!(mode & MODE_DTX))
		*csr0 |= CSR0_TXON;
	if (!(mode & MODE_DRX))
		*csr0 |= CSR0_RXON;
}

static void control_write(struct pcnet *p, uint16_t value)
{
	uint16_t *csr0 = &p->csr[CSR_CONTROL];

	*csr0 = (uint16_t)((*csr0 & ~(value & CSR0_CAUSES) & ~CSR0_IENA) | (value & CSR0_IENA));
	if (value & CSR0_STOP) {
		stop(p);
	} else {
		if (value & CSR0_INIT && !(*csr0 & CSR0_INIT))
			initialize(p);
		if (value & CSR0_STRT && !(*csr0 & CSR0_STRT))
			start(p);
		if (value & (CSR0_TDMD | CSR0_STRT))
			pcnet_transmit(p);
	}
	pcnet_poll_now(p);
	pcnet_update_interrupt(p);
	pcnet_offer_room(p);
}

/* -- CSR3 to CSR5 */

static void features_write(struct pcnet *p, uint16_t value)
{
	uint16_t *csr4 = &p->csr[CSR_FEATURES];

	*csr4 = (uint16_t)((*csr4 & CSR4_CAUSES & ~value) | (value & CSR4_WRITABLE));
	if (value & CSR4_UINTCMD)
		*csr4 |= CSR4_UINT;
}

static void extended_write(struct pcnet *p, uint16_t value)
{
	uint16_t *csr5 = &p->csr[CSR_EXTENDED];

	*csr5 = (uint16_t)((*csr5 & CSR5_CAUSES & ~value) | (value & CSR5_WRITABLE));
}

static unsigned software_style(const struct pcnet *p)
{
	/* SWSTYLE, with SSIZE32 and CSRPCNET as each style has them. */
	static const uint16_t styles[] = { 0x0200, 0x0101, 0x0302, 0x0303 };
	unsigned style = p->bcr[BCR_SWS] & BCR20_SWSTYLE;

	return (p->bcr[BCR_SWS] & BCR20_APERREN) |
	       (style < COUNT(styles) ? styles[style] : style | 0x0200);
}

uint16_t pcnet_csr_read(struct pcnet *p, unsigned number)
{
	switch (number) {
	case CSR_CONTROL:
		return control_read(p);
	case CSR_IADRL_ALIAS:
		return p->csr[CSR_IADRL];
	case CSR_IADRH_ALIAS:
		return p->csr[CSR_IADRH];
	case CSR_SWSTYLE:
		return (uint16_t)software_style(p);
	default:
		return number < PCNET_CSRS ? p->csr[number] : 0;
	}
}

void pcnet_csr_write(struct pcnet *p, unsigned number, uint16_t value)
{
	switch (number) {
	case CSR_CONTROL:
		control_write(p, value);
		return;
	case CSR_FEATURES:
		features_write(p, value);
		break;
	case CSR_EXTENDED:
		extended_write(p, value);
		break;
	case CSR_IADRL_ALIAS:
	case CSR_IADRH_ALIAS:
		pcnet_csr_write(p, number - CSR_IADRL_ALIAS + CSR_IADRL, value);
		return;
	case CSR_SWSTYLE:
		pcnet_bcr_write(p, BCR_SWS, value);
		return;
	default:
		if (number < PCNET_CSRS)
			row_write(p, row_find(csr_rows, COUNT(csr_rows), number), &p->csr[number],
				  value);
	}
	if (number >= CSR_MASK && number <= CSR_EXTENDED) {
		pcnet_poll_now(p);
		pcnet_update_interrupt(p);
		pcnet_offer_room(p);
	}
}

/* -- BCR */

uint16_t pcnet_bcr_read(struct pcnet *p, unsigned number)
{
	if (number == BCR_SWS)
		return (uint16_t)software_style(p);
	if (number >= PCNET_BCRS)
		return 0;
	if (number == BCR_LNKST && p->bcr[BCR_LNKST] & BCR4_LNKSTE && pcnet_link(p))
		return p->bcr[BCR_LNKST] | BCR_LED_ON;
	return p->bcr[number];
}

void pcnet_bcr_write(struct pcnet *p, unsigned number, uint16_t value)
{
	if (number < PCNET_BCRS)
		row_write(p, row_find(bcr_rows, COUNT(bcr_rows), number), &p->bcr[number], value);
}

/* -- reset and state */

void pcnet_registers_reset(struct pcnet *p, bool hard)
{
	for (size_t i = 0; i < COUNT(csr_rows); i++)
		if (hard || csr_rows[i].flags & SOFT)
			p->csr[csr_rows[i].number] = csr_rows[i].reset;
	for (size_t i = 0; hard && i < COUNT(bcr_rows); i++)
		p->bcr[bcr_rows[i].number] = bcr_rows[i].reset;
	if (!hard)
		return;
	for (unsigned i = 0; i < 3; i++) /* the EEPROM's station address */
		p->csr[CSR_PADR + i] = tsr_load_le16(p->aprom + 2 * i);
	p->rap = 0;
}

/* "csr112". By hand, because an isolated device is saved after each call. */
static void register_name(char name[8], bool is_csr, unsigned number)
{
	unsigned divisor = number >= 100 ? 100 : number >= 10 ? 10 : 1;

	memcpy(name, is_csr ? "csr" : "bcr", 3);
	for (name += 3; divisor; divisor /= 10)
		*name++ = (char)('0' + number / divisor % 10);
	*name = 0;
}

bool pcnet_saved_register(struct pcnet *p, unsigned n, char name[8], uint16_t **value)
{
	bool csr = n < COUNT(csr_rows);
	unsigned number;

	if (n >= COUNT(csr_rows) + COUNT(bcr_rows))
		return false;
	number = csr ? csr_rows[n].number : bcr_rows[n - COUNT(csr_rows)].number;
	register_name(name, csr, number & 0x7f);
	*value = csr ? &p->csr[number] : &p->bcr[number];
	return true;
}
