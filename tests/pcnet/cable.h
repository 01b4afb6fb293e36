/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The other end of a NIC's cable, and the NIC's registers and rings as a driver uses them. */
#ifndef CABLE_H
#define CABLE_H

#include <fake-host.h>

#define CABLE_FRAMES 64

struct cable {
	const struct tsr_net_port *port;
	uint8_t sent[CABLE_FRAMES][2048];
	size_t sent_length[CABLE_FRAMES];
	unsigned sent_count; /* since cable_reset */
	unsigned ready_calls;
};
extern struct cable cable;

void cable_reset(void);
extern const struct tsr_net cable_table;

/* A 60-byte frame to `to`, filled with `fill`. */
void cable_frame(uint8_t *frame, const uint8_t *to, uint8_t fill);
void cable_deliver(const uint8_t *frame, size_t length);
void cable_link(bool up); /* unplugs the cable, or plugs it in */

/* -- the adapter under test, in slot 3 */
extern uint16_t nic_base;
void *nic_new(const char *mac);
uint16_t csr(unsigned number);
void set_csr(unsigned number, uint16_t value);
uint16_t bcr(unsigned number);
void set_bcr(unsigned number, uint16_t value);

#endif
