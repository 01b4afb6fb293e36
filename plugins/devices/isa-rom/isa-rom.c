/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* An ISA card with a socket for a ROM and nothing else: what a boot ROM for the network, or a BIOS
 * for disks, was sold on. An empty socket answers nothing. */
#include <string.h>

#include <tessera/draft/option-rom.h>
#include <tessera/tessera.h>

struct isa_rom {
	struct tsr_region *rom; /* NULL: the socket is empty */
};

static bool attach(void *self, const struct tsr_host *host, struct tsr_error *error)
{
	struct isa_rom *card = self;
	const struct tsr_option_rom *roms = host->get(host, TSR_OPTION_ROM);

	if (!roms)
		return tsr_error_set(error, TSR_ERROR_UNSUPPORTED,
				     "this Tessera has no option ROMs (" TSR_OPTION_ROM ")");
	return roms->map_file(host, "rom", "file", &card->rom, error);
}

static const struct tsr_device_class isa_rom_class = {
	.size = sizeof(isa_rom_class),
	.instance_size = sizeof(struct isa_rom),
	.attach = attach,
};

TSR_DEVICE_PLUGIN(isa_rom_class);
