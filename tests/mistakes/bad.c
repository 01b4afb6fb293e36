/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See bad.h. Apart from its mistake it is a device with eight ports. */
#include <stdlib.h>
#include <string.h>

#include "bad.h"

#ifndef INSTANCE_SIZE
#define INSTANCE_SIZE sizeof(struct bad)
#endif

const struct tsr_host *bad_last_host;

static const struct mistake *find(const char *name)
{
	static const struct mistake *const tables[] = { crashes, hangs,  calls,  states,
							texts,   places, threads };

	for (size_t i = 0; i < sizeof(tables) / sizeof(*tables); i++)
		for (const struct mistake *m = tables[i]; m->name; m++)
			if (strcmp(m->name, name) == 0)
				return m;
	return NULL;
}

static bool at(struct bad *bad, enum place place, struct tsr_error *error)
{
	return !bad->mistake || bad->mistake->place != place || bad->mistake->make(bad, error);
}

static void __attribute__((constructor)) construct(void)
{
	const char *name = getenv("BAD_CONSTRUCTOR");
	struct bad bad = { .mistake = name ? find(name) : NULL };

	at(&bad, CONSTRUCTOR, NULL);
}

static void work(void *self)
{
	at(self, WORK, NULL);
}

static void done(void *self)
{
	at(self, DONE, NULL);
}

static void expired(void *self, uint64_t deadline_ns)
{
	at(self, TIMER, NULL);
}

static void ports_write(void *self, uint64_t offset, uint64_t value, unsigned width)
{
	struct bad *bad = self;

	at(bad, WRITE, NULL);
	bad->worker->submit(bad->host, work, done, bad, false);
	bad->clock->arm(bad->timer, bad->clock->now(bad->host));
}

static uint64_t ports_read(void *self, uint64_t offset, unsigned width)
{
	return 0;
}

static const struct tsr_io_ops ports_ops = {
	.size = sizeof(ports_ops), .widths = 1, .read = ports_read, .write = ports_write
};

static bool changed(void *self, const char *name, struct tsr_error *error)
{
	return at(self, CHANGED, error);
}

static void add_function(struct bad *bad)
{
	static const struct tsr_pci_id id = {
		.size = sizeof(id), .vendor = 0x1234, .device = 0x5678, .interrupt_pin = 1
	};
	const struct tsr_pci *pci = bad->host->get(bad->host, TSR_PCI);

	bad->function = pci->add(bad->host, &id, NULL, bad, NULL);
}

static bool attach(void *self, const struct tsr_host *host, struct tsr_error *error)
{
	struct bad *bad = self;
	const char *name;
	const struct tsr_irq_table *irq = host->get(host, TSR_IRQ);

	bad->host = bad_last_host = host;
	bad->line = irq->get(host, "line");
	bad->properties = host->get(host, TSR_PROPERTIES);
	bad->io = host->get(host, TSR_IO);
	bad->memory = host->get(host, TSR_MEMORY);
	bad->log = host->get(host, TSR_LOG);
	bad->worker = host->get(host, TSR_WORKER);
	bad->clock = host->get(host, TSR_CLOCK);
	name = bad->properties->get_string(host, "mistake");
	bad->mistake = find(name);
	if (*name && !bad->mistake)
		return tsr_error_set(error, TSR_ERROR_INVALID, "there is no mistake '%s'", name);
	bad->properties->on_change(host, "go", changed, bad);
	bad->timer = bad->clock->timer_new(host, expired, bad);
	bad->ports = bad->io->claim(host, "regs", &ports_ops, bad, error);
	bad->spare = bad->io->claim_ports(host, "spare", 0, 8, &ports_ops, bad, error);
	add_function(bad);
	return bad->ports && at(bad, ATTACH, error);
}

static bool realize(void *self, struct tsr_error *error)
{
	return at(self, REALIZE, error);
}

static void reset(void *self, enum tsr_reset kind)
{
	at(self, RESET, NULL);
}

static void save(void *self, struct tsr_state_writer *out)
{
	struct bad *bad = self;

	bad->out = out;
	at(bad, SAVE, NULL);
	tsr_state_put_u8(out, "last", 1);
}

static bool load(void *self, struct tsr_state_reader *in, struct tsr_error *error)
{
	struct bad *bad = self;

	bad->in = in;
	return at(bad, LOAD, error);
}

/* Where a table's functions should be. */
static const struct {
	uint32_t size;
	void (*functions[16])(void);
} no_table = { .size = sizeof(no_table) };

static const void *get_interface(void *self, const char *interface)
{
	struct bad *bad = self;

	return bad->mistake && strcmp(bad->mistake->name, ANY_INTERFACE) == 0 ? &no_table : NULL;
}

static void detach(void *self)
{
	at(self, DETACH, NULL);
}

static const struct tsr_device_class class = {
	.size = sizeof(class),
	.instance_size = INSTANCE_SIZE,
	.attach = attach,
	.realize = realize,
	.detach = detach,
	.reset = reset,
	.save = save,
	.load = load,
	.get_interface = get_interface,
};

TSR_DEVICE_PLUGIN(class);
