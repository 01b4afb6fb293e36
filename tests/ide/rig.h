/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A bench for IDE: controllers and drives from this tree on the fake host, with media in memory
 * that finish their requests when the test says so. Register access is spelled as a driver would.
 */
#ifndef RIG_H
#define RIG_H

#include <CUnit/Basic.h>

#include "fake-host.h"

enum { DATA, ERROR, COUNT, LOW, MID, HIGH, DEVICE, STATUS, FEATURE = ERROR, COMMAND = STATUS };
enum { BSY = 0x80, DRDY = 0x40, DSC = 0x10, DRQ = 0x08, ERR = 0x01 };
enum { PRIMARY = 0x1f0, SECONDARY = 0x170, CONTROL = 0x206 };
enum { MASTER = 0xa0, SLAVE = 0xb0, LBA = 0x40 };
#define PRDS 0x10000u    /* the descriptor table's place in guest memory */
#define MEMORY 0x100000u /* where tests let data go */

/* A medium in memory. Requests wait for rig_run(). */
struct rig_medium {
	uint8_t *bytes;
	uint64_t length;
	bool present, read_only, locked, tray_open;
	uint32_t generation;
	enum tsr_block_status fail; /* the next requests' status */
	void (*changed)(void *user);
	void *changed_user;
	struct tsr_block_request *waiting[8];
	unsigned waiting_count, flushes, requests;
};

struct rig {
	struct rig_medium disk, slave, disc;
	void *controller, *drive, *slave_drive, *cdrom;
	uint16_t base;       /* of the command block that the helpers use */
	uint16_t bus_master; /* ports; 0: ISA */
	unsigned bdf;
};

/* A PIIX3 with a disk of `sectors` as primary master and a disc of 2048-byte sectors as secondary
 * master. */
struct rig *rig_start(uint64_t sectors, uint32_t disc_sectors);
struct rig *rig_start_isa(uint64_t sectors);
void rig_add_slave(struct rig *r); /* before rig_start; NULL resets */
void rig_finish(void);
void rig_run(void); /* lets all requests of all media finish, and what follows from them */
void rig_swap(struct rig_medium *m, bool present); /* another medium, or none */
extern const struct tsr_block rig_block;
extern struct rig rig;

/* -- Registers of the selected channel (rig.base) */
uint8_t in(unsigned reg);
void out(unsigned reg, uint8_t value);
uint8_t alternate(void);
void control(uint8_t value);
void lba28(uint8_t device, uint32_t lba, uint8_t count);
void lba48(uint8_t device, uint64_t lba, uint16_t count);
void command(uint8_t code);
int irq(void);
void read_words(void *to, unsigned words);
void write_words(const void *from, unsigned words);
void words_of(uint8_t code, uint16_t *words); /* IDENTIFY */

/* -- Bus master of that channel */
void prd(unsigned index, uint32_t address, uint16_t count, bool last);
void bm_start(bool to_memory);
void bm_stop(void);
uint8_t bm_status(void);
void bm_clear(void);

/* -- Packets by PIO; returns the status at the end. `got` bytes were read into `to`. */
uint8_t packet(const uint8_t *cdb, void *to, unsigned limit, unsigned *got);
uint8_t packet_dma(const uint8_t *cdb);
unsigned sense(void); /* key << 16 | ASC << 8 | ASCQ, by REQUEST SENSE */
void settle(void);    /* takes the power-on attention away */

#endif
