/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * DRAFT. Option ROMs of ISA cards, C0000h to DFFFFh. PCI functions have their own (tsr_pci.rom).
 *
 * The place is in the manifest, as [Resource NAME] with type=rom, base= and length=: multiples of
 * 4096, where a machine manifest moves it with resource.NAME.base, as a jumper does. length= is the
 * most that fits; what is behind the image's last page is left to other cards. An image begins with
 * 55h, AAh and its length in units of 512 bytes; behind it there is FFh. Of an image whose bytes do
 * not add up to 0 the user is warned, because firmware passes over it.
 *
 * Who calls the code: an AT's BIOS looks at every 2 KiB of C8000h to DFFFFh for 55h, AAh and calls
 * offset 3 (IBM PC AT Technical Reference, "ROM BIOS", "Adapter Cards with System-Accessible ROM
 * Modules"). SeaBIOS as it is built for virtual machines does not look: it runs what it gets as
 * files from fw_cfg, in a place of its own. So a device that hands files to the firmware asks for
 * all ROMs with `get`, once in its `realize`.
 *
 * A ROM's contents are no part of a saved state, as all firmware; whether it is enabled is, and its
 * place, if the card moves it.
 *
 * Checked on paper against: network cards with a socket for a boot ROM whose place and size are
 * registers (3Com EtherLink III ISA/EISA, Technical Reference: Address Configuration Register, ROM
 * base and size); SCSI adapters (Adaptec AHA-1542C, User's Manual: switches that disable the BIOS
 * or choose its base); VGA as an ISA card (C0000h, 32 KiB or more); Plug and Play ISA
 * Specification 1.0a, "Memory Configuration".
 */
#ifndef TESSERA_DRAFT_OPTION_ROM_H
#define TESSERA_DRAFT_OPTION_ROM_H

#include "../host.h"
#include "draft.h"

/* A ROM as `get` tells of it. The caller sets `size`, and the rest to 0. Strings and bytes belong
 * to the core and are valid until detach of the card. */
struct tsr_option_rom_image {
	uint32_t size;
	uint32_t length;      /* bytes of the image, without what the socket has beyond it */
	const char *instance; /* whose it is */
	const char *name;     /* of its resource */
	const uint8_t *bytes;
	tsr_gpa base;
};

/* "tessera.option-rom/1", a table of the host. The regions take tessera.memory/1's enable and
 * move. */
#define TSR_OPTION_ROM "tessera.option-rom/1"
struct tsr_option_rom {
	uint32_t size;
	uint32_t flags; /* 0: none are defined */
	/* Maps an image of `length` bytes, which is copied, where [Resource <name>] says. NULL and
	 * error when it is no image, is longer than the resource, or lies elsewhere than option
	 * ROMs do. [main & !running] */
	struct tsr_region *(*map)(const struct tsr_host *host, const char *name, const void *image,
				  size_t length, struct tsr_error *error);
	/* The same, of the file that a property of type file names; *region is NULL, and nothing is
	 * mapped, if that is empty. False and error as above, and when the file cannot be read.
	 * [main & !running] */
	bool (*map_file)(const struct tsr_host *host, const char *name, const char *property,
			 struct tsr_region **region, struct tsr_error *error);
	/* Fills in *image, as far as its size, with the ROM number `index` of those that are
	 * enabled, in the order of their addresses. False: there are only `index` of them. [main &
	 * !running] */
	bool (*get)(const struct tsr_host *host, unsigned index,
		    struct tsr_option_rom_image *image);
};

#endif
