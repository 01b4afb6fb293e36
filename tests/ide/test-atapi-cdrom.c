/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The CD-ROM drive, packet by packet. */
#include <string.h>

#include "rig.h"
#include "unit.h"

#define SECTORS 3000u
#define CDB(...) ((const uint8_t[12]){ __VA_ARGS__ })

static uint8_t data[1 << 18];

static unsigned be16(const uint8_t *p)
{
	return (unsigned)p[0] << 8 | p[1];
}

static unsigned be32(const uint8_t *p)
{
	return be16(p) << 16 | be16(p + 2);
}

static void start(uint32_t sectors)
{
	rig_start(64, sectors);
	settle();
}

static bool good(uint8_t status)
{
	return status == (DRDY | DSC);
}

static bool same(const void *bytes, uint32_t lba, uint32_t count)
{
	return !memcmp(bytes, rig.disc.bytes + lba * 2048, count * 2048);
}

static void signature_and_identify(void)
{
	uint16_t w[256];

	rig_start(64, SECTORS);
	rig.base = SECONDARY;
	CU_ASSERT_EQUAL(in(STATUS), 0);
	CU_ASSERT_EQUAL(in(MID), 0x14);
	CU_ASSERT_EQUAL(in(HIGH), 0xeb);
	command(0xec);
	CU_ASSERT_EQUAL(in(STATUS), DRDY | DSC | ERR);
	CU_ASSERT_EQUAL(in(MID), 0x14);
	words_of(0xa1, w);
	CU_ASSERT_EQUAL(w[0], 0x85c0);
	out(MID, 1);
	command(0x08);
	CU_ASSERT_EQUAL(in(MID), 0x14);
	CU_ASSERT_EQUAL(in(STATUS), 0);
	CU_ASSERT_EQUAL(in(ERROR), 1);
	rig_finish();
}

/* The words of IDENTIFY PACKET DEVICE that drivers act on, by transfer mode. */
static void identify_words(void)
{
	static const struct {
		uint8_t mode;
		uint16_t multiword, ultra; /* words 63 and 88 */
	} rows[] = {
		{ 0x00, 0x0007, 0x003f }, { 0x0c, 0x0007, 0x003f }, { 0x20, 0x0107, 0x003f },
		{ 0x22, 0x0407, 0x003f }, { 0x40, 0x0007, 0x013f }, { 0x45, 0x0007, 0x203f },
	};
	static const uint8_t refused[] = { 0x02, 0x07, 0x0d, 0x10, 0x18, 0x23, 0x46, 0x48, 0x80 };
	static const uint16_t fixed[][2] = {
		{ 0, 0x85c0 },  { 49, 0x0f00 }, { 50, 0x4000 }, { 53, 0x0007 }, { 64, 0x0003 },
		{ 65, 120 },    { 68, 120 },    { 80, 0x007e }, { 82, 0x4218 }, { 83, 0x4000 },
		{ 85, 0x4218 }, { 87, 0x4000 }, { 93, 0x600b },
	};
	uint16_t w[256];

	rig_start(64, SECTORS);
	rig.base = SECONDARY;
	for (size_t row = 0; row < sizeof(rows) / sizeof(rows[0]); row++) {
		out(FEATURE, 3);
		out(COUNT, rows[row].mode);
		command(0xef);
		CU_ASSERT_EQUAL(in(STATUS), DRDY | DSC);
		words_of(0xa1, w);
		CU_ASSERT_EQUAL(w[63], rows[row].multiword);
		CU_ASSERT_EQUAL(w[88], rows[row].ultra);
		for (size_t i = 0; i < sizeof(fixed) / sizeof(fixed[0]); i++)
			CU_ASSERT_EQUAL(w[fixed[i][0]], fixed[i][1]);
	}
	CU_ASSERT(!memcmp(&w[27], "ETSSRE A", 8));
	for (size_t i = 0; i < sizeof(refused); i++) {
		out(FEATURE, 3);
		out(COUNT, refused[i]);
		command(0xef);
		CU_ASSERT_EQUAL(in(ERROR), 4);
	}
	words_of(0xa1, w);
	CU_ASSERT_EQUAL(w[88], 0x203f);
	rig_finish();
}

/* The drive does not offer overlap (word 49 bit 13), so OVL is ignored: the command keeps the bus
 * (REL 0). Status bit 4 stays DSC after a packet, as ATA-6 leaves it to a drive without overlap. */
static void packet_with_overlap(void)
{
	start(SECTORS);
	out(FEATURE, 2);
	out(MID, 0xfe);
	out(HIGH, 0xff);
	command(0xa0);
	CU_ASSERT_EQUAL(in(STATUS), DRDY | DSC | DRQ);
	write_words(CDB(0x12, 0, 0, 0, 36), 6);
	CU_ASSERT_EQUAL(in(COUNT)&7, 2);
	CU_ASSERT_EQUAL(in(STATUS), DRDY | DSC | DRQ);
	read_words(data, 18);
	CU_ASSERT_EQUAL(in(COUNT)&7, 3);
	CU_ASSERT_EQUAL(in(STATUS), DRDY | DSC);
	rig_finish();
}

static void power_on_attention(void)
{
	rig_start(64, SECTORS);
	rig.base = SECONDARY;
	CU_ASSERT(good(
		packet(CDB(0x12, 0, 0, 0, 36), data, 0xfffe, NULL))); /* INQUIRY may come first */
	CU_ASSERT(packet(CDB(0x25), data, 0xfffe, NULL) & ERR);
	CU_ASSERT_EQUAL(in(ERROR), 0x64);
	CU_ASSERT_EQUAL(sense(), 0x062900);
	CU_ASSERT_EQUAL(sense(), 0);
	CU_ASSERT(good(packet(CDB(0), data, 0xfffe, NULL)));
	rig_finish();
}

static void inquiry(void)
{
	unsigned got;

	start(SECTORS);
	CU_ASSERT(good(packet(CDB(0x12, 0, 0, 0, 36), data, 0xfffe, &got)));
	CU_ASSERT_EQUAL(got, 36);
	CU_ASSERT_EQUAL(data[0], 5);
	CU_ASSERT_EQUAL(data[1], 0x80);
	CU_ASSERT(!memcmp(data + 8, "TESSERA CD/DVD-ROM      1.0 ", 28));
	packet(CDB(0x12, 0, 0, 0, 5), data, 0xfffe, &got);
	CU_ASSERT_EQUAL(got, 5);
	rig_finish();
}

static void capacity_and_read(void)
{
	unsigned got;

	start(SECTORS);
	CU_ASSERT(good(packet(CDB(0x25), data, 8, &got)));
	CU_ASSERT_EQUAL(got, 8);
	CU_ASSERT_EQUAL(be32(data), SECTORS - 1);
	CU_ASSERT_EQUAL(be32(data + 4), 2048);
	CU_ASSERT(good(packet(CDB(0x28, 0, 0, 0, 1, 0, 0, 0, 100), data, 2048, &got)));
	CU_ASSERT_EQUAL(got, 100 * 2048);
	CU_ASSERT(same(data, 256, 100));
	CU_ASSERT(good(packet(CDB(0xa8, 0, 0, 0, 0, 9, 0, 0, 0, 40), data, 3000, &got)));
	CU_ASSERT_EQUAL(got, 40 * 2048);
	CU_ASSERT(same(data, 9, 40));
	CU_ASSERT(good(packet(CDB(0x28), data, 2048, &got)));
	CU_ASSERT_EQUAL(got, 0);
	rig_finish();
}

static void read_errors(void)
{
	start(SECTORS);
	CU_ASSERT(
		packet(CDB(0x28, 0, 0, 0, SECTORS >> 8, SECTORS & 255, 0, 0, 1), data, 2048, NULL) &
		ERR);
	CU_ASSERT_EQUAL(sense(), 0x052100);
	rig.disc.fail = TSR_BLOCK_IO_ERROR;
	CU_ASSERT(packet(CDB(0x28, 0, 0, 0, 0, 0, 0, 0, 1), data, 2048, NULL) & ERR);
	CU_ASSERT_EQUAL(sense(), 0x031100);
	CU_ASSERT(packet(CDB(0xf7), data, 2048, NULL) & ERR);
	CU_ASSERT_EQUAL(sense(), 0x052000);
	CU_ASSERT(packet(CDB(0x2a), data, 2048, NULL) & ERR); /* WRITE */
	CU_ASSERT_EQUAL(sense(), 0x052000);
	rig_finish();
}

static void dma_read(void)
{
	start(SECTORS);
	for (unsigned i = 0; i < 13; i++)
		prd(i, MEMORY + i * 0x2000, 0x1800, i == 12); /* pieces that cut sectors */
	CU_ASSERT(good(packet_dma(CDB(0x28, 0, 0, 0, 0, 5, 0, 0, 39))));
	CU_ASSERT_EQUAL(bm_status(), 4);
	for (unsigned i = 0; i < 13; i++)
		CU_ASSERT(!memcmp(fake_ram(MEMORY + i * 0x2000),
				  rig.disc.bytes + 5 * 2048 + i * 0x1800, 0x1800));
	bm_stop();
	bm_clear();
	prd(0, MEMORY, 36, true);
	CU_ASSERT(good(packet_dma(CDB(0x12, 0, 0, 0, 36))));
	CU_ASSERT_EQUAL(bm_status(), 4);
	CU_ASSERT(!memcmp(fake_ram(MEMORY + 8), "TESSERA ", 8));
	rig_finish();
}

static void raw_read(void)
{
	unsigned got;

	start(SECTORS);
	CU_ASSERT(good(packet(CDB(0xbe, 0, 0, 0, 0, 16, 0, 0, 30, 0xf8), data, 0xfffe, &got)));
	CU_ASSERT_EQUAL(got, 30 * 2352);
	for (unsigned i = 0; i < 30; i++) {
		CU_ASSERT(same(data + i * 2352 + 16, 16 + i, 1));
		CU_ASSERT_EQUAL(data[i * 2352 + 15], 1);
		CU_ASSERT_EQUAL(be32(data + i * 2352 + 4), 0xffffffff);
	}
	CU_ASSERT_EQUAL(be32(data + 12), 0x00021601); /* 00:02:16, mode 1 */
	CU_ASSERT(good(packet(CDB(0xbe, 0, 0, 0, 0, 16, 0, 0, 2, 0x10), data, 0xfffe, &got)));
	CU_ASSERT_EQUAL(got, 4096);
	CU_ASSERT(good(packet(CDB(0xbe, 0, 0, 0, 0, 16, 0, 0, 2, 0x00), data, 0xfffe, &got)));
	CU_ASSERT_EQUAL(got, 0);
	CU_ASSERT(good(packet(CDB(0xb9, 0, 0, 0, 2, 3, 0, 2, 5, 0x10), data, 0xfffe, &got)));
	CU_ASSERT(got == 4096 && same(data, 3, 2));
	CU_ASSERT(packet(CDB(0xbe, 4, 0, 0, 0, 0, 0, 0, 1, 0x10), data, 0xfffe, NULL) &
		  ERR); /* as audio */
	CU_ASSERT_EQUAL(sense(), 0x056400);
	prd(0, MEMORY, 60000, false);
	prd(1, MEMORY + 60000, 60000, true);
	CU_ASSERT(good(packet_dma(CDB(0xbe, 0, 0, 0, 0, 16, 0, 0, 40, 0xf8))));
	for (unsigned i = 0; i < 40; i++)
		CU_ASSERT(same(fake_ram(MEMORY + i * 2352 + 16), 16 + i, 1));
	rig_finish();
}

static void toc(void)
{
	unsigned got;

	start(SECTORS);
	CU_ASSERT(good(packet(CDB(0x43, 0, 0, 0, 0, 0, 0, 0, 100), data, 0xfffe, &got)));
	CU_ASSERT_EQUAL(got, 20);
	CU_ASSERT_EQUAL(be16(data), 18);
	CU_ASSERT_EQUAL(data[5], 0x14);
	CU_ASSERT_EQUAL(data[6], 1);
	CU_ASSERT_EQUAL(data[14], 0xaa);
	CU_ASSERT_EQUAL(be32(data + 16), SECTORS);
	CU_ASSERT(good(packet(CDB(0x43, 2, 0, 0, 0, 0, 0xaa, 0, 100), data, 0xfffe, &got)));
	CU_ASSERT_EQUAL(got, 12);
	CU_ASSERT_EQUAL(be32(data + 8), (SECTORS + 150) / 75 << 8 | (SECTORS + 150) % 75);
	CU_ASSERT(good(packet(CDB(0x43, 0, 1, 0, 0, 0, 0, 0, 12), data, 0xfffe, &got)));
	CU_ASSERT_EQUAL(data[6], 1);
	CU_ASSERT(good(packet(CDB(0x43, 0, 0, 0, 0, 0, 0, 0, 200, 0x80), data, 0xfffe, &got)));
	CU_ASSERT_EQUAL(got, 4 + 4 * 11);
	CU_ASSERT_EQUAL(data[7], 0xa0);
	CU_ASSERT(packet(CDB(0x43, 0, 0, 0, 0, 0, 2, 0, 12), data, 0xfffe, NULL) & ERR);
	CU_ASSERT_EQUAL(sense(), 0x052400);
	rig_finish();
}

static void small_replies(void)
{
	static const struct {
		uint8_t cdb[12];
		unsigned length;
	} rows[] = {
		{ { 0x5a, 0, 0x2a, 0, 0, 0, 0, 0, 200 }, 8 + 22 },
		{ { 0x5a, 0, 0x3f, 0, 0, 0, 0, 0, 200 }, 8 + 12 + 8 + 16 + 22 },
		{ { 0x1a, 0, 0x01, 0, 200 }, 4 + 12 },
		{ { 0x46, 0, 0, 0, 0, 0, 0, 0, 200 }, 8 + 12 + 8 + 8 + 12 + 8 + 8 },
		{ { 0x46, 2, 0, 0x1e, 0, 0, 0, 0, 200 }, 8 + 8 },
		{ { 0x4a, 1, 0, 0, 0x10, 0, 0, 0, 200 }, 8 },
		{ { 0x4a, 1, 0, 0, 0x02, 0, 0, 0, 200 }, 4 },
		{ { 0xbd, 0, 0, 0, 0, 0, 0, 0, 0, 200 }, 8 },
		{ { 0x51, 0, 0, 0, 0, 0, 0, 0, 200 }, 34 },
		{ { 0x52, 1, 0, 0, 0, 1, 0, 0, 200 }, 36 },
		{ { 0x42, 0, 0x40, 1, 0, 0, 0, 0, 200 }, 16 },
		{ { 0x44, 0, 0, 0, 0, 3, 0, 0, 200 }, 8 },
	};
	unsigned got;

	start(SECTORS);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		CU_ASSERT(good(packet(rows[i].cdb, data, 0xfffe, &got)));
		CU_ASSERT_EQUAL(got, rows[i].length);
		if (got != rows[i].length)
			printf("opcode %02x: %u bytes\n", rows[i].cdb[0], got);
	}
	CU_ASSERT(packet(CDB(0x4a, 0, 0, 0, 0x10, 0, 0, 0, 8), data, 0xfffe, NULL) & ERR);
	CU_ASSERT_EQUAL(sense(), 0x052400);
	CU_ASSERT(packet(CDB(0xad, 0, 0, 0, 0, 0, 0, 0, 8), data, 0xfffe, NULL) &
		  ERR); /* not a DVD */
	rig_finish();
}

static void mode_select(void)
{
	start(SECTORS);
	out(FEATURE, 0);
	out(MID, 0xfe);
	out(HIGH, 0xff);
	command(0xa0);
	write_words(CDB(0x55, 0x10, 0, 0, 0, 0, 0, 0, 28), 6);
	CU_ASSERT_EQUAL(in(STATUS), DRDY | DSC | DRQ);
	CU_ASSERT_EQUAL(in(COUNT)&3, 0);
	CU_ASSERT_EQUAL(in(MID), 28);
	write_words(data, 14);
	CU_ASSERT_EQUAL(irq(), 1);
	CU_ASSERT(good(in(STATUS)));
	rig_finish();
}

static void no_medium(void)
{
	start(0);
	CU_ASSERT(packet(CDB(0), data, 0xfffe, NULL) & ERR);
	CU_ASSERT_EQUAL(sense(), 0x023a00);
	CU_ASSERT(packet(CDB(0x28, 0, 0, 0, 0, 0, 0, 0, 1), data, 0xfffe, NULL) & ERR);
	CU_ASSERT_EQUAL(sense(), 0x023a00);
	CU_ASSERT(good(packet(CDB(0x5a, 0, 0x2a, 0, 0, 0, 0, 0, 200), data, 0xfffe, NULL)));
	rig_finish();
}

static void media_change(void)
{
	start(SECTORS);
	rig_swap(&rig.disc, false);
	CU_ASSERT(packet(CDB(0), data, 0xfffe, NULL) & ERR);
	CU_ASSERT_EQUAL(sense(), 0x023a00);
	packet(CDB(0x4a, 1, 0, 0, 0x10, 0, 0, 0, 8), data, 0xfffe, NULL);
	CU_ASSERT_EQUAL(data[4], 3);
	rig.disc.length /= 2;
	rig_swap(&rig.disc, true);
	packet(CDB(0x4a, 1, 0, 0, 0x10, 0, 0, 0, 8), data, 0xfffe, NULL);
	CU_ASSERT_EQUAL(data[4], 2);
	CU_ASSERT_EQUAL(data[5], 2);
	CU_ASSERT(packet(CDB(0), data, 0xfffe, NULL) & ERR);
	CU_ASSERT_EQUAL(sense(), 0x062800);
	CU_ASSERT(good(packet(CDB(0x25), data, 8, NULL)));
	CU_ASSERT_EQUAL(be32(data), SECTORS / 2 - 1);
	rig_finish();
}

static void lock_and_eject(void)
{
	start(SECTORS);
	CU_ASSERT(good(packet(CDB(0x1e, 0, 0, 0, 1), data, 0xfffe, NULL)));
	CU_ASSERT(rig.disc.locked);
	CU_ASSERT(packet(CDB(0x1b, 0, 0, 0, 2), data, 0xfffe, NULL) & ERR);
	CU_ASSERT_EQUAL(sense(), 0x055302);
	CU_ASSERT(good(packet(CDB(0x1e, 0, 0, 0, 0), data, 0xfffe, NULL)));
	CU_ASSERT(good(packet(CDB(0x1b, 0, 0, 0, 2), data, 0xfffe, NULL)));
	CU_ASSERT(rig.disc.tray_open);
	CU_ASSERT(packet(CDB(0), data, 0xfffe, NULL) & ERR);
	CU_ASSERT_EQUAL(sense(), 0x023a00);
	CU_ASSERT(good(packet(CDB(0x1b, 0, 0, 0, 3), data, 0xfffe, NULL)));
	CU_ASSERT(packet(CDB(0), data, 0xfffe, NULL) & ERR);
	CU_ASSERT_EQUAL(sense(), 0x062800);
	CU_ASSERT(good(packet(CDB(0), data, 0xfffe, NULL)));
	rig_finish();
}

static void device_reset_while_busy(void)
{
	start(SECTORS);
	out(FEATURE, 0);
	command(0xa0);
	write_words(CDB(0x28, 0, 0, 0, 0, 0, 0, 0, 1), 6);
	CU_ASSERT(alternate() & BSY);
	command(0x08);
	CU_ASSERT_EQUAL(in(STATUS), 0);
	CU_ASSERT_EQUAL(rig.disc.waiting_count, 0);
	CU_ASSERT(good(packet(CDB(0), data, 0xfffe, NULL)));
	rig_finish();
}

static void state_in_a_read(void)
{
	struct fake_state *drive, *controller;
	struct tsr_error error;

	start(SECTORS);
	out(FEATURE, 0);
	out(MID, 0);
	out(HIGH, 8);
	command(0xa0);
	write_words(CDB(0x28, 0, 0, 0, 0, 7, 0, 0, 2), 6);
	rig_run();
	read_words(data, 600);
	drive = fake_device_save(rig.cdrom);
	controller = fake_device_save(rig.controller);
	fake_device_reset(rig.controller, TSR_RESET_POWER_ON);
	CU_ASSERT(fake_device_load(rig.cdrom, drive, 1, &error));
	CU_ASSERT(fake_device_load(rig.controller, controller, 1, &error));
	fake_pci_enable(rig.bdf);
	fake_clock_advance(1000);
	read_words(data + 1200, 424);
	CU_ASSERT(in(STATUS)&DRQ);
	read_words(data + 2048, 1024);
	CU_ASSERT(good(in(STATUS)));
	CU_ASSERT(same(data, 7, 2));
	fake_state_free(drive);
	fake_state_free(controller);
	rig_finish();
}

static void state_in_identify(void)
{
	rig_start(64, SECTORS);
	rig.base = SECONDARY;
	command(0xa1);
	read_words(data, 100);
	CU_ASSERT(fake_device_round_trip(rig.cdrom));
	rig_finish();
}

/* The medium goes while its sectors are still in the buffer. */
static void state_after_eject_in_a_read(void)
{
	start(SECTORS);
	out(FEATURE, 0);
	out(MID, 0);
	out(HIGH, 8);
	command(0xa0);
	write_words(CDB(0x28, 0, 0, 0, 0, 7, 0, 0, 64), 6);
	rig_run();
	read_words(data, 600);
	rig_swap(&rig.disc, false);
	CU_ASSERT(fake_device_round_trip(rig.cdrom));
	read_words(data + 1200, 424);
	CU_ASSERT(same(data, 7, 1));
	rig_finish();
}

static void fuzz(void)
{
	uint64_t random = 7;

	start(SECTORS);
	for (unsigned round = 0; round < 3000; round++) {
		uint8_t cdb[12];

		for (unsigned i = 0; i < 12; i++)
			cdb[i] = (uint8_t)(fake_random(&random) >> (i % 3 ? 0 : 4) &
					   (i == 2 || i == 3 ? 0 : 0xff));
		out(FEATURE, fake_random(&random) & 1);
		out(MID, (uint8_t)fake_random(&random));
		out(HIGH, (uint8_t)fake_random(&random));
		command(0xa0);
		write_words(cdb, 6);
		for (unsigned i = 0; i < 8; i++) {
			prd(i, (uint32_t)fake_random(&random) & 0xffffff,
			    (uint16_t)fake_random(&random), i == 7);
			rig_run();
			read_words(data, 300);
		}
		bm_start(true);
		rig_run();
		bm_stop();
		if (round % 50 == 0)
			rig_swap(&rig.disc, round % 100);
		if (alternate() & (BSY | DRQ))
			command(0x08);
	}
	rig_finish();
}

int main(void)
{
	static const CU_TestInfo tests[] = {
		{ "signature and identify", signature_and_identify },
		{ "identify words", identify_words },
		{ "packet with overlap", packet_with_overlap },
		{ "power-on attention", power_on_attention },
		{ "inquiry", inquiry },
		{ "capacity and read", capacity_and_read },
		{ "read errors", read_errors },
		{ "DMA read", dma_read },
		{ "raw read", raw_read },
		{ "table of contents", toc },
		{ "small replies", small_replies },
		{ "mode select", mode_select },
		{ "no medium", no_medium },
		{ "media change", media_change },
		{ "lock and eject", lock_and_eject },
		{ "device reset while busy", device_reset_while_busy },
		{ "state in a read", state_in_a_read },
		{ "state in IDENTIFY", state_in_identify },
		{ "state after eject in a read", state_after_eject_in_a_read },
		{ "fuzz", fuzz },
		CU_TEST_INFO_NULL,
	};

	return unit_run("atapi-cdrom", tests);
}
