/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Where a function's regions lie: its base address registers and the command register (PCI Local
 * Bus Specification 2.1, 6.2.2 and 6.2.5). */
#include <tessera/bytes.h>

#include "board/pci-private.h"
#include "board/region.h"

unsigned tsr_pci_bar_register(unsigned bar)
{
	return bar == ROM_BAR ? PCI_ROM : PCI_BAR0 + 4 * bar;
}

static void update_bar(struct tsr_pci_function *f, unsigned i)
{
	struct bar *bar = &f->bars[i];
	unsigned command = f->config[PCI_COMMAND];
	uint32_t value = tsr_load_le32(&f->config[tsr_pci_bar_register(i)]);

	if (!bar->region)
		return;
	if (bar->kind == TSR_PCI_BAR_IO) {
		uint32_t base = value & ~3u;
		bool on = (command & COMMAND_IO) && base && base < 0x10000;
		tsr_region_enable(bar->region, false);
		tsr_region_move(bar->region, base & 0xffff);
		tsr_region_enable(bar->region, on);
		return;
	}
	uint32_t base = i == ROM_BAR ? value & ~0x7ffu : value & ~15u;
	bool on = (command & COMMAND_MEMORY) && base && (i != ROM_BAR || (value & 1)) &&
		  (uint64_t)base + bar->length <= 1ull << 32;
	if (!on)
		tsr_region_enable(bar->region, false);
	tsr_region_move(bar->region, base);
	tsr_region_enable(bar->region, on);
}

void tsr_pci_function_decode(struct tsr_pci_function *f)
{
	for (unsigned i = 0; i < BARS; i++)
		update_bar(f, i);
}

static bool overlaps(unsigned offset, unsigned width, unsigned at, unsigned length)
{
	return offset < at + length && at < offset + width;
}

void tsr_pci_function_changed(struct tsr_pci_function *f, unsigned offset, unsigned width)
{
	if (overlaps(offset, width, PCI_COMMAND, 2)) {
		tsr_pci_function_decode(f);
		return;
	}
	for (unsigned i = 0; i < BARS; i++)
		if (overlaps(offset, width, tsr_pci_bar_register(i), 4))
			update_bar(f, i);
}
