/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The class of all isolated devices: each function is a call of the device's in its process. */
#include "isolation/isolation.h"

#include <poll.h>
#include <string.h>

#include "instance/instance.h"
#include "isolation/proxy-parts.h"

/* The supervisor says that the process has ended, also while nobody calls it. */
static void on_report(void *self, short revents)
{
	struct iso_proxy *p = self;
	bool is_gone = false;

	if (iso_process_has_ended(p->process, 0, &p->wait_status, &is_gone) && !is_gone &&
	    p->life == ISO_ALIVE)
		iso_proxy_note_end(p);
	if (is_gone) {
		p->t.worker->unwatch(p->host, p->watch);
		p->watch = 0;
		p->life = ISO_LOST;
		p->t.bus->emit(p->host, "fault",
			       "the supervisor of its process has ended: the guest sees no device "
			       "until the machine is started anew");
	}
	if (p->life == ISO_DEAD && p->is_built) {
		iso_proxy_revive(p);
		iso_proxy_wake(p);
	}
}

static void fetch_tables(struct iso_proxy *p, const struct tsr_host *host)
{
	p->host = host;
	p->t = (struct iso_tables){
		.io = host->get(host, TSR_IO),
		.irq = host->get(host, TSR_IRQ),
		.clock = host->get(host, TSR_CLOCK),
		.pci = host->get(host, TSR_PCI),
		.pci_fixed = host->get(host, TSR_PCI_FIXED),
		.dma = host->get(host, TSR_DMA),
		.memory = host->get(host, TSR_MEMORY),
		.a20 = host->get(host, TSR_A20),
		.properties = host->get(host, TSR_PROPERTIES),
		.random = host->get(host, TSR_RANDOM),
		.log = host->get(host, TSR_LOG),
		.bus = host->get(host, TSR_BUS),
		.machine = host->get(host, TSR_MACHINE),
		.worker = host->get(host, TSR_WORKER),
		.phys = host->get(host, TSR_PHYS),
		.displays = host->get(host, TSR_DISPLAY),
	};
}

static const struct iso_reactions reactions = { .answer = iso_proxy_answer,
						.take_posts = iso_proxy_take_posts,
						.revive = iso_proxy_revive,
						.wake = iso_proxy_wake };

static bool attach(void *self, const struct tsr_host *host, struct tsr_error *error)
{
	struct iso_proxy *p = self;
	g_autoptr(GError) failure = NULL;

	fetch_tables(p, host);
	p->reactions = &reactions;
	p->objects = g_ptr_array_new_with_free_func(iso_object_free);
	p->posts = g_byte_array_new();
	p->sent = g_byte_array_new();
	p->image = g_byte_array_new();
	p->process = iso_process_new(tsr_instance_of(host)->config->plugin, host->name,
				     p->t.phys->ram_fd(host), &failure);
	if (!p->process)
		return tsr_error_set(error, TSR_ERROR_FAILED, "%s", failure->message);
	if (!iso_proxy_start(p, error))
		return false;
	p->watch = p->t.worker->watch(host, p->process->line, POLLIN, on_report, p);
	return true;
}

/* A call whose reply says whether it succeeded, and why not. */
static bool call_step(struct iso_proxy *p, struct iso_message *m, struct tsr_error *error)
{
	char end[128];

	if (iso_proxy_enter(p, m))
		return m->head.a[0] || tsr_error_set(error, (enum tsr_error_code)m->head.a[1], "%s",
						     iso_message_text(m));
	iso_proxy_describe_end(p, end);
	return tsr_error_set(error, TSR_ERROR_FAILED, "%s", end);
}

static bool realize(void *self, struct tsr_error *error)
{
	struct iso_proxy *p = self;
	struct iso_message m;

	iso_message_init(&m, ISO_REALIZE, 0);
	p->is_built = call_step(p, &m, error);
	return p->is_built;
}

static void detach(void *self)
{
	struct iso_proxy *p = self;

	if (p->watch)
		p->t.worker->unwatch(p->host, p->watch);
	iso_block_abandon(p);
	iso_process_free(p->process);
	g_clear_pointer(&p->objects, g_ptr_array_unref);
	g_clear_pointer(&p->kept, g_byte_array_unref);
	g_clear_pointer(&p->posts, g_byte_array_unref);
	g_clear_pointer(&p->sent, g_byte_array_unref);
	g_clear_pointer(&p->image, g_byte_array_unref);
	g_clear_pointer(&p->lacks, g_free);
}

static void reset(void *self, enum tsr_reset kind)
{
	struct iso_proxy *p = self;
	struct iso_message m;

	if (p->life == ISO_LOST && kind != TSR_RESET_SOFT) {
		p->life = ISO_DEAD;
		p->ends = p->failures = 0;
	}
	iso_proxy_drop_kept(p);
	iso_message_init(&m, ISO_RESET, 0);
	m.head.a[0] = kind;
	iso_proxy_enter(p, &m);
}

static void save(void *self, struct tsr_state_writer *out)
{
	struct iso_proxy *p = self;
	struct iso_message m;

	if (p->life == ISO_DEAD)
		iso_proxy_revive(p);
	p->writer = out;
	iso_message_init(&m, ISO_SAVE, 0);
	if (!iso_proxy_call(p, &m))
		tsr_state_fail(out, "its process has ended");
	p->writer = NULL;
}

static bool load(void *self, struct tsr_state_reader *in, struct tsr_error *error)
{
	struct iso_proxy *p = self;
	struct iso_message m;
	bool good;

	if (p->life == ISO_DEAD)
		iso_proxy_revive(p);
	iso_proxy_drop_kept(p);
	p->reader = in;
	iso_message_init(&m, ISO_LOAD, 0);
	m.head.a[0] = in->version;
	good = call_step(p, &m, error);
	p->reader = NULL;
	return good;
}

const struct tsr_device_class iso_proxy_class = {
	.size = sizeof(iso_proxy_class),
	.instance_size = sizeof(struct iso_proxy),
	.attach = attach,
	.realize = realize,
	.detach = detach,
	.reset = reset,
	.save = save,
	.load = load,
};

static const void *get_factory(const char *factory)
{
	return strcmp(factory, TSR_FACTORY_DEVICE) == 0 ? &iso_proxy_class : NULL;
}

const struct tsr_plugin_entry tsr_isolation_entry = { sizeof(struct tsr_plugin_entry),
						      TSR_ABI_CURRENT, "isolated", "1.0.0",
						      get_factory };
