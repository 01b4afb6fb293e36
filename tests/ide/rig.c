/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "rig.h"

#include <stdlib.h>
#include <string.h>

#include <tessera/draft/ide.h>

extern const struct tsr_plugin_entry ata_disk_entry, atapi_cdrom_entry, piix3_ide_entry,
	isa_ide_entry;

struct rig rig;
static bool with_slave;

/* -- Media */

static void medium_info(void *self, struct tsr_block_info *info)
{
	struct rig_medium *m = self;

	bool present = m->present && !m->tray_open;

	tsr_struct_fill(info, &(struct tsr_block_info){ .size = sizeof(*info),
							.present = present,
							.read_only = m->read_only,
							.length = present ? m->length : 0,
							.generation = m->generation });
}

static void medium_submit(void *self, struct tsr_block_request *request)
{
	struct rig_medium *m = self;

	CU_ASSERT_FATAL(m->waiting_count < 8);
	m->requests++;
	m->waiting[m->waiting_count++] = request;
}

static void move(struct rig_medium *m, struct tsr_block_request *r)
{
	uint64_t at = r->offset;
	struct tsr_block_segment whole = { r->buffer, r->length };
	const struct tsr_block_segment *segments = r->buffer ? &whole : r->segments;
	unsigned count = r->buffer ? 1 : r->segment_count;

	for (unsigned i = 0; i < count; i++) {
		if (r->op == TSR_BLOCK_READ)
			memcpy(segments[i].base, m->bytes + at, segments[i].length);
		else
			memcpy(m->bytes + at, segments[i].base, segments[i].length);
		at += segments[i].length;
	}
	CU_ASSERT_EQUAL(at, r->offset + r->length);
}

static void medium_finish_one(struct rig_medium *m)
{
	struct tsr_block_request *r = m->waiting[0];
	enum tsr_block_status status = m->fail;

	memmove(m->waiting, m->waiting + 1, --m->waiting_count * sizeof(r));
	if (!m->present)
		status = TSR_BLOCK_NO_MEDIUM;
	else if (r->offset > m->length || r->length > m->length - r->offset)
		status = TSR_BLOCK_OUT_OF_RANGE;
	else if (r->op == TSR_BLOCK_WRITE && m->read_only)
		status = TSR_BLOCK_READ_ONLY;
	m->flushes += r->op == TSR_BLOCK_FLUSH;
	if (status == TSR_BLOCK_OK && (r->op == TSR_BLOCK_READ || r->op == TSR_BLOCK_WRITE))
		move(m, r);
	r->done(r, status);
}

static void medium_drain(void *self)
{
	struct rig_medium *m = self;

	while (m->waiting_count)
		medium_finish_one(m);
}

static void medium_listen(void *self, void (*changed)(void *user), void *user)
{
	struct rig_medium *m = self;

	m->changed = changed;
	m->changed_user = user;
}

static bool medium_eject(void *self, bool eject)
{
	struct rig_medium *m = self;

	if (eject && m->locked)
		return false;
	m->tray_open = eject;
	m->generation++;
	if (m->changed)
		m->changed(m->changed_user);
	return true;
}

static void medium_lock(void *self, bool locked)
{
	struct rig_medium *m = self;

	m->locked = locked;
}

const struct tsr_block rig_block = {
	.size = sizeof(rig_block),
	.info = medium_info,
	.submit = medium_submit,
	.listen = medium_listen,
	.eject = medium_eject,
	.lock = medium_lock,
	.drain = medium_drain,
};

static void medium_init(struct rig_medium *m, uint64_t length)
{
	*m = (struct rig_medium){ .length = length, .present = length != 0, .generation = 1 };
	m->bytes = malloc(length ? length : 1);
	for (uint64_t i = 0; i < length; i++) /* every sector differs */
		m->bytes[i] = (uint8_t)(i * 7 + (i >> 9) * 13 + (i >> 17));
}

void rig_swap(struct rig_medium *m, bool present)
{
	m->present = present;
	m->tray_open = false;
	m->generation++;
	if (m->changed)
		m->changed(m->changed_user);
}

void rig_run(void)
{
	medium_drain(&rig.disk);
	medium_drain(&rig.slave);
	medium_drain(&rig.disc);
}

/* -- Building */

static const struct tsr_device_class *class_of(const struct tsr_plugin_entry *entry)
{
	return entry->get_factory(TSR_FACTORY_DEVICE);
}

static void *add_drive(const struct tsr_plugin_entry *entry, const char *id, const char *place,
		       struct rig_medium *m)
{
	void *drive;

	fake_connect("medium", &rig_block, m);
	drive = fake_device_new(class_of(entry), id, NULL);
	fake_connect(place, fake_device_interface(drive, TSR_IDE_DRIVE), drive);
	return drive;
}

void rig_add_slave(struct rig *r)
{
	with_slave = true;
}

static void add_disks(uint64_t sectors, const char *master, const char *slave)
{
	medium_init(&rig.disk, sectors * 512);
	medium_init(&rig.slave, sectors * 512);
	rig.drive = add_drive(&ata_disk_entry, "ata-disk", master, &rig.disk);
	if (with_slave)
		rig.slave_drive = add_drive(&ata_disk_entry, "ata-disk", slave, &rig.slave);
	with_slave = false;
}

struct rig *rig_start(uint64_t sectors, uint32_t disc_sectors)
{
	fake_start();
	rig = (struct rig){ .base = PRIMARY };
	add_disks(sectors, "primary-master", "primary-slave");
	medium_init(&rig.disc, (uint64_t)disc_sectors * 2048);
	rig.cdrom = add_drive(&atapi_cdrom_entry, "atapi-cdrom", "secondary-master", &rig.disc);
	rig.controller =
		fake_device_new(class_of(&piix3_ide_entry), "piix3-ide",
				(struct fake_row[]){ { "address", "01.1" }, { NULL, NULL } });
	rig.bdf = fake_pci_of(rig.controller);
	fake_pci_enable(rig.bdf);
	rig.bus_master = (uint16_t)fake_pci_bar(rig.bdf, 4);
	fake_pci_write(rig.bdf, 0x40, 0x8000, 2);
	fake_pci_write(rig.bdf, 0x42, 0x8000, 2);
	return &rig;
}

struct rig *rig_start_isa(uint64_t sectors)
{
	fake_start();
	rig = (struct rig){ .base = PRIMARY };
	add_disks(sectors, "master", "slave");
	rig.controller = fake_device_new(class_of(&isa_ide_entry), "isa-ide", NULL);
	return &rig;
}

void rig_finish(void)
{
	rig_run();
	fake_finish();
	free(rig.disk.bytes);
	free(rig.slave.bytes);
	free(rig.disc.bytes);
}

/* -- Registers */

uint8_t in(unsigned reg)
{
	return (uint8_t)fake_port_read((uint16_t)(rig.base + reg), 1);
}

void out(unsigned reg, uint8_t value)
{
	fake_port_write((uint16_t)(rig.base + reg), value, 1);
}

uint8_t alternate(void)
{
	return (uint8_t)fake_port_read((uint16_t)(rig.base + CONTROL), 1);
}

void control(uint8_t value)
{
	fake_port_write((uint16_t)(rig.base + CONTROL), value, 1);
}

void lba28(uint8_t device, uint32_t lba, uint8_t count)
{
	out(DEVICE, (uint8_t)(device | LBA | lba >> 24));
	out(COUNT, count);
	out(LOW, (uint8_t)lba);
	out(MID, (uint8_t)(lba >> 8));
	out(HIGH, (uint8_t)(lba >> 16));
}

void lba48(uint8_t device, uint64_t lba, uint16_t count)
{
	out(DEVICE, device | LBA);
	out(COUNT, (uint8_t)(count >> 8));
	out(LOW, (uint8_t)(lba >> 24));
	out(MID, (uint8_t)(lba >> 32));
	out(HIGH, (uint8_t)(lba >> 40));
	out(COUNT, (uint8_t)count);
	out(LOW, (uint8_t)lba);
	out(MID, (uint8_t)(lba >> 8));
	out(HIGH, (uint8_t)(lba >> 16));
}

void command(uint8_t code)
{
	out(COMMAND, code);
}

int irq(void)
{
	return fake_irq_level(!rig.bus_master       ? "irq"
			      : rig.base == PRIMARY ? "primary-irq"
						    : "secondary-irq");
}

void read_words(void *to, unsigned words)
{
	uint16_t *w = to;

	for (unsigned i = 0; i < words; i++)
		w[i] = (uint16_t)fake_port_read(rig.base, 2);
}

void write_words(const void *from, unsigned words)
{
	const uint16_t *w = from;

	for (unsigned i = 0; i < words; i++)
		fake_port_write(rig.base, w[i], 2);
}

void words_of(uint8_t code, uint16_t *words)
{
	command(code);
	CU_ASSERT_EQUAL_FATAL(in(STATUS), DRDY | DSC | DRQ);
	read_words(words, 256);
	CU_ASSERT_EQUAL(in(STATUS), DRDY | DSC);
}

/* -- Bus master */

static uint16_t bm_base(void)
{
	return (uint16_t)(rig.bus_master + (rig.base == PRIMARY ? 0 : 8));
}

void prd(unsigned index, uint32_t address, uint16_t count, bool last)
{
	fake_mmio_write(PRDS + index * 8, address, 4);
	fake_mmio_write(PRDS + index * 8 + 4, count | (last ? 0x80000000u : 0), 4);
}

void bm_start(bool to_memory)
{
	fake_port_write(bm_base() + 4, PRDS, 4);
	fake_port_write(bm_base(), to_memory ? 9 : 1, 1);
}

void bm_stop(void)
{
	fake_port_write(bm_base(), 0, 1);
}

uint8_t bm_status(void)
{
	return (uint8_t)fake_port_read(bm_base() + 2, 1);
}

void bm_clear(void)
{
	fake_port_write(bm_base() + 2, 6, 1);
}

/* -- Packets */

static void send_packet(const uint8_t *cdb, uint8_t feature, unsigned limit)
{
	out(DEVICE, MASTER);
	out(FEATURE, feature);
	out(MID, (uint8_t)limit);
	out(HIGH, (uint8_t)(limit >> 8));
	command(0xa0);
	CU_ASSERT_EQUAL(in(STATUS) & (BSY | DRQ), DRQ);
	CU_ASSERT_EQUAL(in(COUNT)&3, 1);
	write_words(cdb, 6);
}

uint8_t packet(const uint8_t *cdb, void *to, unsigned limit, unsigned *got)
{
	unsigned total = 0;

	send_packet(cdb, 0, limit);
	for (;;) {
		uint8_t status = alternate();
		unsigned n;

		if (status & BSY) {
			rig_run();
			continue;
		}
		CU_ASSERT_EQUAL(irq(), 1);
		if (!(in(STATUS)&DRQ))
			break;
		CU_ASSERT_EQUAL(irq(), 0);
		CU_ASSERT_EQUAL(in(COUNT)&3, 2);
		n = in(MID) | in(HIGH) << 8;
		CU_ASSERT(n && n <= (limit ? limit : 0xfffe));
		read_words((uint8_t *)to + total, (n + 1) / 2);
		total += n;
	}
	CU_ASSERT_EQUAL(in(COUNT)&3, 3);
	if (got)
		*got = total;
	return in(STATUS);
}

uint8_t packet_dma(const uint8_t *cdb)
{
	send_packet(cdb, 1, 0);
	bm_start(true);
	rig_run();
	return in(STATUS);
}

unsigned sense(void)
{
	uint8_t b[18] = { 0 };
	unsigned got;

	packet((const uint8_t[12]){ 0x03, 0, 0, 0, 18 }, b, 0xfffe, &got);
	CU_ASSERT_EQUAL(got, 18);
	return (unsigned)(b[2] & 15) << 16 | (unsigned)b[12] << 8 | b[13];
}

void settle(void)
{
	rig.base = SECONDARY;
	CU_ASSERT(packet((const uint8_t[12]){ 0 }, NULL, 0xfffe, NULL) & ERR);
	CU_ASSERT_EQUAL(sense(), 0x062900);
}
