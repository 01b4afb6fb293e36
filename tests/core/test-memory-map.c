/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <CUnit/Basic.h>
#include <string.h>

#include "little-machine.h"
#include "board/memory-map.h"
#include "board/port-space.h"
#include "instance/lock.h"
#include "unit.h"

static TsrMachine *m;
static struct little_device *dev;

static int set_up(void)
{
	m = little_machine_new(16, TSR_CLOCK_REALTIME, NULL);
	tsr_machine_lock(m);
	dev = little_device(m);
	return 0;
}

static int tear_down(void)
{
	tsr_machine_unlock(m);
	g_object_unref(m);
	return 0;
}

static void ram_reads_back_and_beyond_it_is_open(void)
{
	struct tsr_phys_page page;

	tsr_memory_map_write(m->memory, 0x1234, 0xcafe, 2);
	CU_ASSERT_EQUAL(tsr_memory_map_read(m->memory, 0x1234, 2), 0xcafe);
	CU_ASSERT_EQUAL(tsr_memory_map_read(m->memory, 16 << 20, 4), 0xffffffff);
	CU_ASSERT_EQUAL(tsr_memory_map_read(m->memory, (16 << 20) - 2, 4) >> 16, 0xffff);
	CU_ASSERT_EQUAL(tsr_memory_map_read(m->memory, 1ull << 35, 8), ~0ull);
	tsr_memory_map_lookup(m->memory, 1ull << 33, &page);
	CU_ASSERT_PTR_NULL(page.read);
}

static void higher_priority_hides_lower(void)
{
	uint8_t *low, *high;
	struct tsr_region *r =
		dev->memory->map(dev->host, "low", 0x2000000, 0x2000, 1, 0, &low, NULL);
	struct tsr_region *s =
		dev->memory->map(dev->host, "high", 0x2001000, 0x1000, 2, 0, &high, NULL);

	CU_ASSERT_FATAL(r && s);
	memset(low, 1, 0x2000);
	memset(high, 2, 0x1000);
	CU_ASSERT_EQUAL(tsr_memory_map_read(m->memory, 0x2000fff, 2), 0x0201);
	dev->memory->enable(s, false);
	CU_ASSERT_EQUAL(tsr_memory_map_read(m->memory, 0x2000fff, 2), 0x0101);
	dev->memory->move(r, 0x3000000);
	CU_ASSERT_EQUAL(tsr_memory_map_read(m->memory, 0x2000fff, 2), 0xffff);
	CU_ASSERT_EQUAL(tsr_memory_map_read(m->memory, 0x3001fff, 1), 1);
}

/* An access across a page end touches its own bytes and no other. */
static void accesses_across_pages_have_their_width(void)
{
	uint8_t *bytes;

	CU_ASSERT_PTR_NOT_NULL_FATAL(
		dev->memory->map(dev->host, "pages", 0x2800000, 0x2000, 1, 0, &bytes, NULL));
	memset(bytes, 0x33, 0x2000);
	for (unsigned width = 2; width <= 8; width *= 2) {
		uint64_t all = UINT64_MAX >> (64 - 8 * width);

		CU_ASSERT_EQUAL(tsr_memory_map_read(m->memory, 0x2800fff, width),
				0x3333333333333333 & all);
		tsr_memory_map_write(m->memory, 0x2800fff, 0, width);
		CU_ASSERT_EQUAL(bytes[0xffe], 0x33);
		for (unsigned i = 0; i < width; i++)
			CU_ASSERT_EQUAL(bytes[0xfff + i], 0);
		CU_ASSERT_EQUAL(bytes[0xfff + width], 0x33);
		memset(bytes, 0x33, 0x2000);
	}
}

static void same_priority_conflicts(void)
{
	uint8_t *bytes;
	struct tsr_error error = { 0 };

	CU_ASSERT_PTR_NOT_NULL(
		dev->memory->map(dev->host, "one", 0x4000000, 0x1000, 3, 0, &bytes, &error));
	CU_ASSERT_PTR_NULL(
		dev->memory->map(dev->host, "two", 0x4000000, 0x1000, 3, 0, &bytes, &error));
	CU_ASSERT_EQUAL(error.code, TSR_ERROR_CONFLICT);
	CU_ASSERT_PTR_NOT_NULL(strstr(error.message, "one"));
}

static void aliases_and_rom(void)
{
	uint8_t *bytes;
	struct tsr_region *r = dev->memory->map(dev->host, "rom", 0x5000000, 0x2000, 4,
						TSR_MEMORY_ROM, &bytes, NULL);
	struct tsr_phys_page page;

	bytes[0x1010] = 0x77;
	CU_ASSERT_PTR_NOT_NULL(
		dev->memory->alias(dev->host, "alias", 0x5800000, 0x1000, 4, 0, r, 0x1000, NULL));
	CU_ASSERT_EQUAL(tsr_memory_map_read(m->memory, 0x5800010, 1), 0x77);
	tsr_memory_map_write(m->memory, 0x5800010, 1, 1);
	CU_ASSERT_EQUAL(bytes[0x1010], 0x77);
	tsr_memory_map_lookup(m->memory, 0x5800000, &page);
	CU_ASSERT_PTR_EQUAL(page.read, bytes + 0x1000);
	CU_ASSERT_PTR_NULL(page.write);
}

static void shadowing_chooses_ram_or_rom(void)
{
	uint8_t *rom;

	dev->memory->map(dev->host, "bios", 0xf0000, 0x10000, 1, TSR_MEMORY_ROM, &rom, NULL);
	rom[0] = 0x55;
	dev->shadow_ram->set(dev->host, 0xf0000, 0x10000, false, true);
	tsr_memory_map_write(m->memory, 0xf0000, 0xaa, 1);
	CU_ASSERT_EQUAL(tsr_memory_map_read(m->memory, 0xf0000, 1), 0x55);
	dev->shadow_ram->set(dev->host, 0xf0000, 0x10000, true, false);
	CU_ASSERT_EQUAL(tsr_memory_map_read(m->memory, 0xf0000, 1), 0xaa);
	tsr_memory_map_write(m->memory, 0xf0000, 0xbb, 1);
	CU_ASSERT_EQUAL(tsr_memory_map_read(m->memory, 0xf0000, 1), 0xaa);
	dev->shadow_ram->set(dev->host, 0xe0000, 0x10000, false, false);
	CU_ASSERT_EQUAL(tsr_memory_map_read(m->memory, 0xe0000, 1), 0xff);
}

static void a20_masks_bit_20(void)
{
	tsr_memory_map_write(m->memory, 0x100500, 0x11, 1);
	tsr_memory_map_write(m->memory, 0x000500, 0x22, 1);
	CU_ASSERT_TRUE(dev->a20->get(dev->host));
	dev->a20->set(dev->host, false);
	CU_ASSERT_FALSE(dev->a20->get(dev->host));
	CU_ASSERT_EQUAL(tsr_memory_map_read(m->memory, 0x100500, 1), 0x22);
	CU_ASSERT_EQUAL(little_mmu(m)->last_length, 1ull << 36);
	dev->a20->set(dev->host, true);
	CU_ASSERT_EQUAL(tsr_memory_map_read(m->memory, 0x100500, 1), 0x11);
}

static void dirty_log_is_fetched_once(void)
{
	uint8_t *bytes, bitmap[2];
	struct tsr_region *r = dev->memory->map(dev->host, "vram", 0x6000000, 0x10000, 6,
						TSR_MEMORY_DIRTY_LOG, &bytes, NULL);

	tsr_memory_map_write(m->memory, 0x6003ffe, 0x12345678, 4);
	CU_ASSERT_TRUE(dev->memory->fetch_dirty(r, 2, 10, bitmap));
	CU_ASSERT_EQUAL(bitmap[0], 0x06);
	CU_ASSERT_EQUAL(bitmap[1], 0);
	CU_ASSERT_EQUAL(little_mmu(m)->last_gpa, 0x6003000);
	CU_ASSERT_EQUAL(little_mmu(m)->last_length, 0x2000);
	CU_ASSERT_FALSE(dev->memory->fetch_dirty(r, 2, 10, bitmap));
}

static void dma_tells_the_mmu_and_fails_outside(void)
{
	uint8_t buffer[8] = { 1, 2, 3, 4, 5, 6, 7, 8 };
	unsigned before = little_mmu(m)->written;
	uint64_t length = 0x3000;

	CU_ASSERT_TRUE(dev->dma->write(dev->host, 0x7ffc, buffer, 8));
	CU_ASSERT_EQUAL(little_mmu(m)->written, before + 2);
	CU_ASSERT_EQUAL(tsr_memory_map_read(m->memory, 0x7ffc, 8), 0x0807060504030201);
	CU_ASSERT_FALSE(dev->dma->read(dev->host, (16 << 20) - 4, buffer, 8));
	CU_ASSERT_EQUAL(buffer[4], 0xff);
	CU_ASSERT_PTR_NOT_NULL(dev->dma->map(dev->host, (16 << 20) - 0x1800, &length, true));
	CU_ASSERT_EQUAL(length, 0x1800);
	CU_ASSERT_PTR_NULL(dev->dma->map(dev->host, 0xffffffffffff0000, &length, true));
}

static void ports_split_and_join(void)
{
	CU_ASSERT_EQUAL(tsr_port_read(m->ports, 0x301, 2), 0x4241);
	CU_ASSERT_EQUAL(tsr_port_read(m->ports, 0x306, 4), 0xffff4746);
	CU_ASSERT_EQUAL(tsr_port_read(m->ports, 0x2ff, 2), 0x40ff);
	tsr_port_write(m->ports, 0x304, 0x8765, 2);
	CU_ASSERT_EQUAL(dev->last_value, 0x87);
	CU_ASSERT_EQUAL(dev->last_offset, 5);
	CU_ASSERT_EQUAL(tsr_port_read(m->ports, 0xffff, 4), 0xffffffff);
	dev->io->move(dev->ports, 0xfffc);
	CU_ASSERT_EQUAL(tsr_port_read(m->ports, 0xffff, 1), 0x43);
	dev->io->enable(dev->ports, false);
	CU_ASSERT_EQUAL(tsr_port_read(m->ports, 0xffff, 1), 0xff);
}

/* Handlers of headers that this core does not know, or that are not filled in. */
static void handlers_of_other_headers(void)
{
	static const struct tsr_io_ops rows[] = {
		{ .size = 0, .widths = 1 },
		{ .size = TSR_SIZE_TO(struct tsr_io_ops, read), .widths = 1 },
		{ .size = sizeof(rows[0]), .flags = 1, .widths = 1 },
	};
	static const struct tsr_io_ops later = { .size = sizeof(later) + 64, .widths = 1 };
	struct tsr_error error = { 0 };

	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		CU_ASSERT_PTR_NULL(
			dev->io->claim_ports(dev->host, "a", 0x400, 8, &rows[i], dev, &error));
		CU_ASSERT_PTR_NOT_NULL(strstr(error.message, "a: its tsr_io_ops"));
		CU_ASSERT_PTR_NULL(dev->memory->map_io(dev->host, "b", 0xf0000000, 4096, 1, 0,
						       &rows[i], dev, &error));
		CU_ASSERT_PTR_NOT_NULL(strstr(error.message, "b: its tsr_io_ops"));
	}
	CU_ASSERT_PTR_NOT_NULL(dev->io->claim_ports(dev->host, "c", 0x400, 8, &later, dev, &error));
}

static void a_function_at_a_fixed_place(void)
{
	static const struct tsr_pci_id id = { .size = sizeof(id), .vendor = 0x1234 };
	static const struct {
		unsigned device, function;
		enum tsr_error_code code;
	} wrong[] = {
		{ 9, 3, TSR_ERROR_CONFLICT }, /* its own */
		{ 32, 0, TSR_ERROR_INVALID },
		{ 9, 8, TSR_ERROR_INVALID },
	};
	struct tsr_error error;
	struct tsr_pci_function *f = dev->pci_fixed->add(dev->host, 9, 3, &id, NULL, dev, &error);

	CU_ASSERT_PTR_NOT_NULL_FATAL(f);
	CU_ASSERT_EQUAL(dev->pci->address(f), 9 << 3 | 3);
	for (unsigned i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		error.code = TSR_ERROR_NONE;
		CU_ASSERT_PTR_NULL(dev->pci_fixed->add(dev->host, wrong[i].device,
						       wrong[i].function, &id, NULL, dev, &error));
		CU_ASSERT_EQUAL(error.code, wrong[i].code);
	}
}

/* Members of tables that others have replaced do the same as those. */
static void members_for_older_plugins(void)
{
	static const struct tsr_pci_id id = { .size = sizeof(id), .vendor = 0x1234 };
	uint8_t *rom;
	struct tsr_pci_function *f;

	dev->memory->map(dev->host, "old", 0xd0000, 0x1000, 1, TSR_MEMORY_ROM, &rom, NULL);
	rom[0] = 0x55;
	dev->memory->shadow(dev->host, 0xd0000, 0x1000, true, true);
	tsr_memory_map_write(m->memory, 0xd0000, 0xaa, 1);
	CU_ASSERT_EQUAL(tsr_memory_map_read(m->memory, 0xd0000, 1), 0xaa);
	dev->shadow_ram->set(dev->host, 0xd0000, 0x1000, false, false);
	CU_ASSERT_EQUAL(tsr_memory_map_read(m->memory, 0xd0000, 1), 0x55);
	dev->memory->set_a20(dev->host, false);
	CU_ASSERT_FALSE(dev->a20->get(dev->host));
	CU_ASSERT_FALSE(dev->memory->get_a20(dev->host));
	dev->a20->set(dev->host, true);
	CU_ASSERT_TRUE(dev->memory->get_a20(dev->host));
	f = dev->pci->add_at(dev->host, 10, 1, &id, NULL, dev, NULL);
	CU_ASSERT_PTR_NOT_NULL_FATAL(f);
	CU_ASSERT_EQUAL(dev->pci->address(f), 10 << 3 | 1);
}

static void a_function_of_other_headers(void)
{
	struct {
		struct tsr_pci_id id;
		uint64_t later;
	} more = { { .size = sizeof(more), .vendor = 0x1234, .device = 0x5678 }, 1 };
	struct tsr_pci_id less = { .vendor = 0x1234 };
	struct tsr_error error = { 0 };
	struct tsr_pci_function *f;

	CU_ASSERT_PTR_NULL(dev->pci->add(dev->host, &less, NULL, dev, &error));
	CU_ASSERT_PTR_NOT_NULL(strstr(error.message, "its tsr_pci_id"));
	f = dev->pci->add(dev->host, &more.id, NULL, dev, &error);
	CU_ASSERT_PTR_NOT_NULL_FATAL(f);
	CU_ASSERT_EQUAL(tsr_load_le32(dev->pci->config(f)), 0x56781234);
}

/* What later headers may let a plugin ask for is refused, not done in part. */
static void requests_of_later_headers(void)
{
	static const struct tsr_io_ops ops = { .size = sizeof(ops), .widths = 1 };
	const struct tsr_pci_id id = { .size = sizeof(id), .vendor = 0x1234 };
	struct tsr_error error = { 0 };
	struct tsr_pci_function *f;
	uint8_t *bytes;

	CU_ASSERT_PTR_NULL(
		dev->memory->map(dev->host, "m", 0xf1000000, 4096, 1, 8, &bytes, &error));
	CU_ASSERT_EQUAL(error.code, TSR_ERROR_UNSUPPORTED);
	CU_ASSERT_PTR_NOT_NULL(strstr(error.message, "m: "));
	f = dev->pci->add(dev->host, &id, NULL, dev, &error);
	CU_ASSERT_PTR_NOT_NULL_FATAL(f);
	error.code = TSR_ERROR_NONE;
	CU_ASSERT_FALSE(dev->pci->bar_io(f, 0, (enum tsr_pci_bar_kind)(TSR_PCI_BAR_MEMORY + 1),
					 4096, &ops, dev, &error));
	CU_ASSERT_EQUAL(error.code, TSR_ERROR_UNSUPPORTED);
	CU_ASSERT_TRUE(dev->pci->bar_io(f, 0, TSR_PCI_BAR_MEMORY, 4096, &ops, dev, &error));
}

int main(void)
{
	static CU_TestInfo tests[] = {
		{ "RAM reads back and beyond it is open bus",
		  ram_reads_back_and_beyond_it_is_open },
		{ "a higher priority hides a lower one", higher_priority_hides_lower },
		{ "accesses across pages have their width",
		  accesses_across_pages_have_their_width },
		{ "the same priority conflicts", same_priority_conflicts },
		{ "aliases and ROM", aliases_and_rom },
		{ "shadowing chooses RAM or ROM", shadowing_chooses_ram_or_rom },
		{ "A20 masks bit 20", a20_masks_bit_20 },
		{ "the dirty log is fetched once", dirty_log_is_fetched_once },
		{ "DMA tells the MMU and fails outside RAM", dma_tells_the_mmu_and_fails_outside },
		{ "ports split and join accesses", ports_split_and_join },
		{ "handlers of other headers", handlers_of_other_headers },
		{ "a function at a fixed place", a_function_at_a_fixed_place },
		{ "members for older plugins", members_for_older_plugins },
		{ "a function of other headers", a_function_of_other_headers },
		{ "requests of later headers", requests_of_later_headers },
		CU_TEST_INFO_NULL,
	};
	static const CU_SuiteInfo suites[] = {
		{ "memory map", set_up, tear_down, NULL, NULL, tests }, CU_SUITE_INFO_NULL
	};

	return unit_run_suites(suites);
}
