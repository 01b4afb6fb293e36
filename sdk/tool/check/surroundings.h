/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What devices are connected to while they are compared: a serial line, a network, media. */
#ifndef SURROUNDINGS_H
#define SURROUNDINGS_H

#include "compare.h"

/* -- A serial line; what the device sends is logged. */
extern const struct tsr_chardev serial_table;
void serial_start(void);
void serial_stimulate(uint64_t *seed);

/* -- A network; what the device sends is logged. */
extern const struct tsr_net net_table;
void net_start(void);
void net_stimulate(uint64_t *seed);

/* -- Media, whose requests finish when the test says so. */
#define MEDIUM_BYTES (1u << 20)
struct medium {
	uint8_t bytes[MEDIUM_BYTES];
	bool read_only, present, locked;
	uint32_t generation;
	void (*changed)(void *user);
	void *changed_user;
	struct tsr_block_request *waiting[16];
	unsigned waiting_count;
};
enum { DISK, SECOND_DISK, DISC, MEDIA };
extern const struct tsr_block medium_table;
extern struct medium media[MEDIA];
void media_start(void);
void media_settle(void);
void media_stimulate(uint64_t *seed);

#endif
