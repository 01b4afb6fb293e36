/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The routing table of a PC with i440FX and PIIX3: to which PIRQ each pin of each device of bus 0
 * leads, and which interrupts a PIRQ can be steered to. Link values are the router's registers, as
 * drivers for it expect. The same wiring is in the DSDT and in piix3-isa.
 *
 * Sources: Microsoft, PCI IRQ Routing Table Specification 1.0; Intel 290550, 2.2.10 (PIRQ route
 * control).
 * Gaps: the PCI BIOS does not know of it: its function 0Eh (get routing options) fails.
 */
#include <string.h>

#include "pir.h"

#define FILE_NAME "etc/pir"
#define HEADER 32u /* bytes */
#define SLOT 16u
#define DEVICES 32u
#define SIZE (HEADER + (DEVICES - 1) * SLOT)

enum {
	OFFSET_VERSION = 4,
	OFFSET_SIZE = 6,
	OFFSET_ROUTER = 9, /* its device and function; the bus is 0 */
	OFFSET_COMPATIBLE = 12,
	OFFSET_CHECKSUM = 31,
	SLOT_DEVICE = 1,
	SLOT_PINS = 2,
	SLOT_NUMBER = 14
};
enum { ISA_BRIDGE = 1, PINS = 4, PIRQS = 4, FIRST_LINK = 0x60 };
#define PIIX 0x122e8086u
#define STEERABLE 0xdef8u /* IRQ 3-7, 9-12, 14, 15 */

/* Pin p of device d is connected to PIRQ (d + p - 1) modulo 4. */
static void slot(uint8_t *at, unsigned device)
{
	at[SLOT_DEVICE] = (uint8_t)(device << 3);
	at[SLOT_NUMBER] = (uint8_t)(device - ISA_BRIDGE); /* 0: on the board */
	for (unsigned pin = 0; pin < PINS; pin++) {
		uint8_t *to = at + SLOT_PINS + 3 * pin;

		/* INTA# there is power management's, whose interrupt is the SCI. */
		if (device == ISA_BRIDGE && pin == 0)
			continue;
		to[0] = (uint8_t)(FIRST_LINK + (device + pin - 1) % PIRQS);
		put_le(to + 1, STEERABLE, 2);
	}
}

bool pir_add(struct fw_cfg_items *items, struct loader *l)
{
	uint8_t table[SIZE] = { 0 };

	memcpy(table, "$PIR", 4);
	put_le(table + OFFSET_VERSION, 0x0100, 2);
	put_le(table + OFFSET_SIZE, SIZE, 2);
	table[OFFSET_ROUTER] = ISA_BRIDGE << 3;
	put_le(table + OFFSET_COMPATIBLE, PIIX, 4);
	for (unsigned device = 1; device < DEVICES; device++)
		slot(table + HEADER + (device - 1) * SLOT, device);
	loader_allocate(l, FILE_NAME, 16, LOADER_FSEG);
	loader_checksum(l, FILE_NAME, OFFSET_CHECKSUM, 0, SIZE);
	return items_add_file(items, FILE_NAME, table, SIZE);
}
