/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Saved state: every register by its name ("csr15", "bcr20"), the address PROM, the poll timer. */
#include "pcnet.h"

void pcnet_save(void *self, struct tsr_state_writer *out)
{
	struct pcnet *p = self;
	uint16_t *value;
	char name[8];

	for (unsigned n = 0; pcnet_saved_register(p, n, name, &value); n++)
		tsr_state_put_u16(out, name, *value);
	tsr_state_put_u16(out, "rap", p->rap);
	tsr_state_put_bytes(out, "aprom", p->aprom, sizeof(p->aprom));
	tsr_state_put_u64(out, "poll_interval_ns", p->poll_interval_ns);
	tsr_state_put_u64(out, "poll_deadline_ns", p->poll_deadline_ns);
	tsr_state_put_bool(out, "starved", p->starved);
}

bool pcnet_load(void *self, struct tsr_state_reader *in, struct tsr_error *error)
{
	struct pcnet *p = self;
	uint16_t *value;
	char name[8];

	for (unsigned n = 0; pcnet_saved_register(p, n, name, &value); n++)
		if (!tsr_state_get_u16(in, name, value))
			return tsr_state_damaged(error, name);
	if (!tsr_state_get_u16(in, "rap", &p->rap) ||
	    !tsr_state_get_bytes(in, "aprom", p->aprom, sizeof(p->aprom)) ||
	    !tsr_state_get_u64(in, "poll_interval_ns", &p->poll_interval_ns) ||
	    !tsr_state_get_u64(in, "poll_deadline_ns", &p->poll_deadline_ns) ||
	    !tsr_state_get_bool(in, "starved", &p->starved))
		return tsr_state_damaged(error, "RAP, the address PROM or the polling timer");
	p->rap &= 0xff;
	if (p->poll_interval_ns == 0 || p->poll_interval_ns > 1000000000)
		p->poll_interval_ns = 1000000000;
	if (p->poll_deadline_ns == UINT64_MAX)
		p->clock->cancel(p->poll_timer);
	else
		p->clock->arm(p->poll_timer, p->poll_deadline_ns);
	pcnet_update_interrupt(p);
	return true;
}
