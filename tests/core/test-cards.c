/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the core has for ISA cards: option ROMs where manifests place them, and DMA channels. */
#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

#include <tessera/draft/isa-dma.h>
#include <tessera/draft/option-rom.h>

#include "instance/lock.h"
#include "little-machine.h"
#include "unit.h"

static TsrMachine *machine;
static const struct tsr_host *host;
static const struct tsr_option_rom *roms;
static uint8_t image[1024];
static unsigned warnings;

static GLogWriterOutput count_warnings(GLogLevelFlags level, const GLogField *fields, gsize n,
				       gpointer user)
{
	warnings += level == G_LOG_LEVEL_WARNING;
	return G_LOG_WRITER_HANDLED;
}

/* An image of two blocks whose bytes add up to 0. */
static void make_image(uint8_t mark)
{
	memset(image, 0, sizeof(image));
	memcpy(image, "\x55\xaa\x02\xcb", 4); /* retf */
	image[4] = mark;
	image[1023] = (uint8_t) - (0x55 + 0xaa + 2 + 0xcb + mark);
	warnings = 0;
}

static void begin(void)
{
	machine = little_machine_new(1, TSR_CLOCK_REALTIME, NULL);
	tsr_machine_lock(machine); /* as in attach */
	host = little_device(machine)->host;
	roms = host->get(host, TSR_OPTION_ROM);
	make_image(7);
}

static void end(void)
{
	tsr_machine_unlock(machine);
	g_clear_object(&machine);
}

static uint8_t seen_at(tsr_gpa at)
{
	uint8_t byte = 0;

	tsr_machine_lock(machine);
	little_device(machine)->dma->read(host, at, &byte, 1);
	tsr_machine_unlock(machine);
	return byte;
}

static bool refused(const char *name, size_t length, const char *why)
{
	struct tsr_error error = { .message = "" };

	return !roms->map(host, name, image, length, &error) && strstr(error.message, why);
}

static void a_rom_is_where_the_manifest_says(void)
{
	const struct tsr_memory *memory;
	struct tsr_region *rom;

	begin();
	memory = little_device(machine)->memory;
	rom = roms->map(host, "rom", image, sizeof(image), NULL);
	CU_ASSERT_PTR_NOT_NULL_FATAL(rom);
	CU_ASSERT_EQUAL(seen_at(0xd0000), 0x55);
	CU_ASSERT_EQUAL(seen_at(0xd0004), 7);
	CU_ASSERT_EQUAL(seen_at(0xd0000 + sizeof(image)), 0xff); /* the rest of the socket */
	CU_ASSERT_EQUAL(warnings, 0);
	tsr_machine_lock(machine);
	little_device(machine)->dma->write(host, 0xd0004, "x", 1);
	CU_ASSERT_EQUAL(seen_at(0xd0004), 7);
	memory->move(rom, 0xd8000);
	CU_ASSERT_EQUAL(seen_at(0xd8004), 7);
	CU_ASSERT_NOT_EQUAL(seen_at(0xd0004), 7);
	tsr_machine_unlock(machine);
	end();
}

static void what_is_no_rom_is_refused(void)
{
	begin();
	CU_ASSERT_TRUE(refused("no-such", sizeof(image), "no rom resource 'no-such'"));
	CU_ASSERT_TRUE(refused("regs", sizeof(image), "no rom resource 'regs'"));
	CU_ASSERT_TRUE(refused("lost", sizeof(image), "resource.lost.base"));
	CU_ASSERT_TRUE(refused("rom", 5000, "more bytes than its socket"));
	CU_ASSERT_TRUE(refused("rom", 512, "no option ROM")); /* its length says two blocks */
	CU_ASSERT_TRUE(refused("rom", 1, "no option ROM"));
	image[1] = 0;
	CU_ASSERT_TRUE(refused("rom", sizeof(image), "no option ROM"));
	make_image(7);
	image[2] = 0;
	CU_ASSERT_TRUE(refused("rom", sizeof(image), "no option ROM"));
	end();
}

static void a_wrong_sum_is_told_and_mapped(void)
{
	begin();
	image[1023]++;
	CU_ASSERT_PTR_NOT_NULL(roms->map(host, "rom", image, sizeof(image), NULL));
	CU_ASSERT_EQUAL(warnings, 1);
	end();
}

static void set_path(const char *path)
{
	TsrInstance *device = tsr_machine_find_instance(machine, "dev0");

	g_hash_table_insert(device->config->properties, g_strdup("image"), g_strdup(path));
}

static bool map_file(struct tsr_region **rom, const char *why)
{
	struct tsr_error error = { .message = "" };
	bool good = roms->map_file(host, "rom", "image", rom, &error);

	return why ? !good && !*rom && strstr(error.message, why) : good;
}

static void a_file_is_mapped(void)
{
	g_autofree char *path = NULL;
	int fd = g_file_open_tmp("tessera-rom-XXXXXX", &path, NULL);
	struct tsr_region *rom;

	begin();
	CU_ASSERT_EQUAL(write(fd, image, sizeof(image)), sizeof(image));
	close(fd);
	set_path("");
	CU_ASSERT_TRUE(map_file(&rom, NULL));
	CU_ASSERT_PTR_NULL(rom);
	set_path(path);
	CU_ASSERT_TRUE(map_file(&rom, NULL));
	CU_ASSERT_PTR_NOT_NULL(rom);
	CU_ASSERT_EQUAL(seen_at(0xd0004), 7);
	g_unlink(path);
	set_path(path);
	CU_ASSERT_TRUE(map_file(&rom, "cannot read the option ROM"));
	set_path("/");
	CU_ASSERT_TRUE(map_file(&rom, "cannot read the option ROM /"));
	end();
}

static void firmware_gets_them_in_order(void)
{
	struct tsr_option_rom_image found = { .size = sizeof(found) };
	struct tsr_region *high;

	begin();
	CU_ASSERT_FALSE(roms->get(host, 0, &found));
	high = roms->map(host, "rom", image, sizeof(image), NULL);
	make_image(8);
	CU_ASSERT_PTR_NOT_NULL(roms->map(host, "rom2", image, sizeof(image), NULL));
	CU_ASSERT_TRUE(roms->get(host, 0, &found));
	CU_ASSERT_EQUAL(found.base, 0xc8000);
	CU_ASSERT_EQUAL(found.length, sizeof(image));
	CU_ASSERT_EQUAL(found.bytes[4], 8);
	CU_ASSERT_STRING_EQUAL(found.instance, "dev0");
	CU_ASSERT_STRING_EQUAL(found.name, "rom2");
	CU_ASSERT_TRUE(roms->get(host, 1, &found));
	CU_ASSERT_EQUAL(found.base, 0xd0000);
	CU_ASSERT_FALSE(roms->get(host, 2, &found));
	tsr_machine_lock(machine);
	little_device(machine)->memory->enable(high, false);
	tsr_machine_unlock(machine);
	CU_ASSERT_FALSE(roms->get(host, 1, &found));
	end();
}

static void a_channel_has_the_manifests_number(void)
{
	const struct tsr_isa_channels *channels;
	TsrInstance *device;

	begin();
	channels = host->get(host, TSR_ISA_CHANNELS);
	CU_ASSERT_EQUAL(channels->get(host, "dma"), 3);
	device = tsr_machine_find_instance(machine, "dev0");
	tsr_config_find_resource(device->config, "dma")->channel = 5; /* resource.dma.channel=5 */
	CU_ASSERT_EQUAL(channels->get(host, "dma"), 5);
	CU_ASSERT_EQUAL(warnings, 0);
	CU_ASSERT_EQUAL(channels->get(host, "irq"), 0);
	CU_ASSERT_EQUAL(warnings, 1);
	end();
}

int main(void)
{
	static const CU_TestInfo tests[] = {
		UNIT_ROW(a_rom_is_where_the_manifest_says),
		UNIT_ROW(what_is_no_rom_is_refused),
		UNIT_ROW(a_wrong_sum_is_told_and_mapped),
		UNIT_ROW(a_file_is_mapped),
		UNIT_ROW(firmware_gets_them_in_order),
		UNIT_ROW(a_channel_has_the_manifests_number),
		CU_TEST_INFO_NULL,
	};

	g_log_set_writer_func(count_warnings, NULL, NULL);
	return unit_run("cards", tests);
}
