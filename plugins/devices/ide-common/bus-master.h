/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * One channel of a bus-master IDE controller: its registers and its walk over the physical region
 * descriptors.
 *
 * A drive moves its data in chunks. `gather` turns descriptors into host memory for the next chunk
 * without moving the engine; `commit` moves it. So an interrupted chunk (a saved state, a stopped
 * engine) starts again at the same descriptor.
 */
#ifndef IDE_BUS_MASTER_H
#define IDE_BUS_MASTER_H

#include <tessera/tessera.h>

#define BM_SEGMENTS 512u    /* of one chunk: enough for a sector in descriptors of two bytes */
#define BM_CHUNK (1u << 20) /* bytes of one chunk at most */
#define BM_BOUNCE 65536u    /* bytes of a chunk that may lie outside plain RAM */

enum { BM_START = 0x01, BM_TO_MEMORY = 0x08 };                                      /* command */
enum { BM_ACTIVE = 0x01, BM_ERROR = 0x02, BM_INTERRUPT = 0x04, BM_CAPABLE = 0x60 }; /* status */

struct bm_cursor {
	uint32_t next; /* address of the next descriptor */
	uint32_t base; /* where the rest of the current region begins */
	uint32_t left; /* bytes of it */
	uint8_t last;  /* it is the table's last */
};

struct bm_piece {
	tsr_gpa at;
	uint64_t length;
	void *host;
	bool bounced;
};

struct bus_master {
	const struct tsr_host *host; /* for DMA as the PCI function */
	const struct tsr_dma *dma;
	uint8_t command, status;
	uint32_t table; /* descriptor table's address */
	struct bm_cursor cursor;
	/* the chunk between gather and commit */
	struct bm_cursor after;
	struct bm_piece pieces[BM_SEGMENTS];
	struct tsr_block_segment segments[BM_SEGMENTS];
	unsigned count;
	uint32_t bounced; /* bytes of bounce in use */
	uint8_t bounce[BM_BOUNCE];
};

void bm_reset(struct bus_master *bm);
/* Sets up bm->segments for at most `length` bytes and returns how many it got: a multiple of 512 or
 * all of `length`; 0 when the table ended or was not readable: the engine is no longer active then.
 */
uint64_t bm_gather(struct bus_master *bm, bool to_memory, uint64_t length);
void bm_commit(struct bus_master *bm, bool to_memory);
/* The chunk was given up midway: its memory may have changed, the engine stays where it was. */
void bm_abandon(struct bus_master *bm, bool to_memory);
/* Byte registers 0-7 (command, -, status, -, table). A write of the command returns +1 when the
 * engine was started, -1 when it was stopped, else 0. */
uint8_t bm_read(const struct bus_master *bm, unsigned reg);
int bm_write(struct bus_master *bm, unsigned reg, uint8_t value);
void bm_save(const struct bus_master *bm, struct tsr_state_writer *out);
bool bm_load(struct bus_master *bm, struct tsr_state_reader *in);

#endif
