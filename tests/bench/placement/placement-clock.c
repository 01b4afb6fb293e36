/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The clock of placement-costs, in the machine's process. Port +0: a batch of accesses of that
 * number begins; +1: it has ended, and there were so many in units of 256; +2: it reports. */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <tessera/tessera.h>

#define SLOTS 64
#define BATCHES 1000 /* of a slot, at most; later ones are not kept */

struct slot {
	unsigned count;
	double ns[BATCHES]; /* of one access */
};

struct clock {
	const struct tsr_host *host;
	const struct tsr_log *log;
	unsigned slot;
	int64_t begin_ns;
	struct slot slots[SLOTS];
};

static int64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* Of each slot: the least batch, the quartiles. */
static void report(struct clock *c)
{
	static char text[SLOTS * 64];
	int length = 0;

	for (unsigned i = 0; i < SLOTS; i++) {
		struct slot *s = &c->slots[i];

		if (!s->count)
			continue;
		qsort(s->ns, s->count, sizeof(double), compare);
		length += snprintf(text + length, sizeof(text) - (size_t)length,
				   " %u:%.1f/%.1f/%.1f/%.1f", i, s->ns[0], s->ns[s->count / 4],
				   s->ns[s->count / 2], s->ns[s->count * 3 / 4]);
	}
	c->log->write(c->host, report, TSR_LOG_WARNING, "costs%s", text);
}

static void end(struct clock *c, unsigned accesses)
{
	struct slot *s = &c->slots[c->slot];

	if (accesses && s->count < BATCHES)
		s->ns[s->count++] = (double)(now_ns() - c->begin_ns) / accesses;
}

static void write_port(void *self, uint64_t offset, uint64_t value, unsigned width)
{
	struct clock *c = self;

	if (offset == 0) {
		c->slot = (unsigned)value % SLOTS;
		c->begin_ns = now_ns();
	} else if (offset == 1) {
		end(c, (unsigned)value * 256);
	} else {
		report(c);
	}
}

static uint64_t read_port(void *self, uint64_t offset, unsigned width)
{
	return 0;
}

static bool attach(void *self, const struct tsr_host *host, struct tsr_error *error)
{
	static const struct tsr_io_ops ops = {
		.size = sizeof(ops), .widths = 1, .read = read_port, .write = write_port
	};
	struct clock *c = self;
	const struct tsr_io *io = host->get(host, TSR_IO);

	c->host = host;
	c->log = host->get(host, TSR_LOG);
	return io->claim(host, "regs", &ops, c, error) != NULL;
}

static const struct tsr_device_class clock_class = {
	.size = sizeof(clock_class),
	.instance_size = sizeof(struct clock),
	.attach = attach,
};

TSR_DEVICE_PLUGIN(clock_class);
