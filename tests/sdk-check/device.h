/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A small device without a mistake: four registers of 32 bits at ports 300h to 30Fh.
 *   +0 INDEX  which of eight cells
 *   +4 DATA   the cell
 *   +8 DELAY  write: raise "irq" after that many ns; read: whether it is raised
 *   +c SECRET what was written last, plus one
 * The files of bad/ put one mistake into it: they define a hook and include this file.
 */
#include <stdlib.h>
#include <tessera/tessera.h>

#ifndef PLUGIN_ID
#define PLUGIN_ID "bad"
#endif
#ifndef PLUGIN_VERSION
#define PLUGIN_VERSION "1.0.0"
#endif

#define CELLS 8u

struct bad {
	const struct tsr_host *host;
	const struct tsr_clock *clock;
	const struct tsr_log *log;
	const struct tsr_irq *irq;
	struct tsr_timer *timer;
	uint32_t index, cells[CELLS], secret;
	uint64_t deadline;
	uint8_t raised;
	void *more;
};

/* Statements at a place in the device; `d` is the instance. */
#ifndef ON_ATTACH
#define ON_ATTACH(d)
#endif
#ifndef ON_READ
#define ON_READ(d)
#endif
#ifndef ON_WRITE
#define ON_WRITE(d)
#endif
#ifndef ON_RESET
#define ON_RESET(d)
#endif
#ifndef ON_SAVE
#define ON_SAVE(d, out)
#endif
#ifndef ON_DETACH
#define ON_DETACH(d)
#endif
/* Parts that can be left out or changed. */
#ifndef SAVE_SECRET
#define SAVE_SECRET(d, out) tsr_state_put_u32(out, "secret", d->secret)
#define LOAD_SECRET(d, in) tsr_state_get_u32(in, "secret", &d->secret)
#endif
#ifndef INDEX_LIMIT
#define INDEX_LIMIT CELLS
#endif
#ifndef REFUSE
#define REFUSE(error) tsr_state_damaged(error, "a register")
#endif
#ifndef ARM_AFTER_LOAD
#define ARM_AFTER_LOAD 1
#endif
#ifndef ATTACH
#define ATTACH bad_attach
#endif
#ifndef LOAD
#define LOAD bad_load
#endif
#ifndef GET_INTERFACE
#define GET_INTERFACE NULL
#endif

static void on_expired(void *self, uint64_t deadline_ns)
{
	struct bad *d = self;

	d->deadline = 0;
	d->raised = 1;
	tsr_irq_set(d->irq, 1);
}

static uint64_t bad_read(void *self, uint64_t offset, unsigned width)
{
	struct bad *d = self;

	ON_READ(d);
	switch (offset) {
	case 0:
		return d->index;
	case 4:
		return d->cells[d->index];
	case 8:
		return d->raised;
	default:
		return d->secret;
	}
}

static void bad_write(void *self, uint64_t offset, uint64_t value, unsigned width)
{
	struct bad *d = self;

	ON_WRITE(d);
	if (offset == 0) {
		d->index = value % CELLS;
	} else if (offset == 4) {
		d->cells[d->index] = (uint32_t)value;
	} else if (offset == 8) {
		d->raised = 0;
		tsr_irq_set(d->irq, 0);
		d->deadline = d->clock->now(d->host) + (uint32_t)value;
		d->clock->arm(d->timer, d->deadline);
	} else {
		d->secret = (uint32_t)value + 1;
	}
}

static const struct tsr_io_ops bad_ops = {
	.size = sizeof(bad_ops),
	.widths = 4,
	.read = bad_read,
	.write = bad_write,
};

static inline bool bad_attach(void *self, const struct tsr_host *host, struct tsr_error *error)
{
	const struct tsr_io *io = host->get(host, TSR_IO);
	const struct tsr_irq_table *lines = host->get(host, TSR_IRQ);
	struct bad *d = self;

	d->host = host;
	d->clock = host->get(host, TSR_CLOCK);
	d->log = host->get(host, TSR_LOG);
	d->irq = lines->get(host, "irq");
	d->timer = d->clock->timer_new(host, on_expired, d);
	ON_ATTACH(d);
	return io->claim(host, "regs", &bad_ops, d, error) != NULL;
}

static void bad_detach(void *self)
{
	struct bad *d = self;

	(void)d;
	ON_DETACH(d);
}

static void bad_reset(void *self, enum tsr_reset kind)
{
	struct bad *d = self;

	if (kind == TSR_RESET_SOFT)
		return;
	d->index = d->secret = 0;
	memset(d->cells, 0, sizeof(d->cells));
	d->deadline = 0;
	d->raised = 0;
	d->clock->cancel(d->timer);
	tsr_irq_set(d->irq, 0);
	ON_RESET(d);
}

static void bad_save(void *self, struct tsr_state_writer *out)
{
	struct bad *d = self;

	tsr_state_put_u32(out, "index", d->index);
	tsr_state_put_bytes(out, "cells", d->cells, sizeof(d->cells));
	tsr_state_put_u64(out, "deadline", d->deadline);
	tsr_state_put_u8(out, "raised", d->raised);
	SAVE_SECRET(d, out);
	ON_SAVE(d, out);
}

static inline bool bad_load(void *self, struct tsr_state_reader *in, struct tsr_error *error)
{
	struct bad *d = self;

	if (!tsr_state_get_u32(in, "index", &d->index) ||
	    !tsr_state_get_bytes(in, "cells", d->cells, sizeof(d->cells)) ||
	    !tsr_state_get_u64(in, "deadline", &d->deadline) ||
	    !tsr_state_get_u8(in, "raised", &d->raised) || !LOAD_SECRET(d, in) ||
	    d->index >= INDEX_LIMIT)
		return REFUSE(error);
	d->clock->cancel(d->timer);
	if (d->deadline && ARM_AFTER_LOAD)
		d->clock->arm(d->timer, d->deadline);
	tsr_irq_set(d->irq, d->raised);
	return true;
}

static const struct tsr_device_class bad_class = {
	.size = sizeof(bad_class),
	.instance_size = sizeof(struct bad),
	.attach = ATTACH,
	.detach = bad_detach,
	.reset = bad_reset,
	.save = bad_save,
	.load = LOAD,
	.get_interface = GET_INTERFACE,
};

#ifndef NO_ENTRY
TSR_DEVICE_PLUGIN(bad_class);
#endif
