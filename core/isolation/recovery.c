/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The end of an isolated device's process, and what comes after it. The device has left its state
 * in the shared memory with each call that it had done; another process is made and loads that. If
 * processes fail again and again, the next ones are reset only, because the state or what follows
 * from it may be the reason, and then the device is left until the machine is reset. Those that
 * somebody killed say nothing about their state, so many of them are forgiven.
 */
#include <string.h>

#include "instance/instance.h"
#include "isolation/proxy-parts.h"

/* In a minute: those with whose state the next one is started, and those after which there is none.
 */
#define FAILURES_WITH_STATE 2
#define FAILURES_MAX 5
#define ENDS_MAX 60

/* -- The state that is kept */

void iso_proxy_drop_kept(struct iso_proxy *p)
{
	g_clear_pointer(&p->kept, g_byte_array_unref);
	atomic_store(&p->process->shared->done, 0);
}

/* Takes over what the process that has ended left; before its first call that is nothing, and what
 * it was started with still holds. */
static void take_kept(struct iso_proxy *p)
{
	const struct iso_shared *shared = p->process->shared;
	uint64_t done = atomic_load(&shared->done);
	const struct iso_kept *kept = &shared->kept[done & ISO_DONE_SLOT];
	uint32_t length = ((const volatile struct iso_kept *)kept)->length;

	if (!done)
		return;
	g_clear_pointer(&p->kept, g_byte_array_unref);
	if (!(done & ISO_DONE_STATE) || length > ISO_STATE)
		return;
	p->kept = g_byte_array_sized_new(length);
	g_byte_array_append(p->kept, kept->bytes, length);
}

/* -- Starting */

static bool call_step(struct iso_proxy *p, struct iso_message *m, struct tsr_error *error)
{
	char end[128];

	if (iso_proxy_call(p, m))
		return m->head.a[0] || tsr_error_set(error, (enum tsr_error_code)m->head.a[1], "%s",
						     iso_message_text(m));
	iso_proxy_describe_end(p, end);
	if (p->lacks)
		return tsr_error_set(error, TSR_ERROR_UNSUPPORTED,
				     "%s; it asked for %s, which an isolated device cannot have: "
				     "remove isolation=process",
				     end, p->lacks);
	return tsr_error_set(error, TSR_ERROR_FAILED, "%s", end);
}

bool iso_proxy_start(struct iso_proxy *p, struct tsr_error *error)
{
	struct iso_message m;

	g_clear_pointer(&p->lacks, g_free);
	p->next = 0;
	p->config_of = NULL;
	iso_block_abandon(p);
	g_byte_array_set_size(p->image, 0);
	if (!iso_process_start(p->process, &m)) {
		iso_proxy_kill(p, "did not start");
		return tsr_error_set(error, TSR_ERROR_FAILED, "its process cannot be started");
	}
	if (!m.head.a[0])
		return tsr_error_set(error, TSR_ERROR_FAILED, "%s", iso_message_text(&m));
	p->life = ISO_ALIVE;
	iso_message_init(&m, ISO_ATTACH, 0);
	iso_message_set_text(&m, p->host->name);
	return call_step(p, &m, error);
}

static bool realize(struct iso_proxy *p, struct tsr_error *error)
{
	struct iso_message m;

	iso_message_init(&m, ISO_REALIZE, 0);
	return call_step(p, &m, error);
}

/* -- Coming back */

static bool reset(struct iso_proxy *p, struct tsr_error *error)
{
	struct iso_message m;

	iso_message_init(&m, ISO_RESET, 0);
	m.head.a[0] = TSR_RESET_POWER_ON;
	return iso_proxy_call(p, &m) || tsr_error_set(error, TSR_ERROR_FAILED, "it ended again");
}

/* Whether the device has taken its state; if not, it is as after a reset. */
static bool load_kept(struct iso_proxy *p)
{
	uint32_t version = tsr_instance_of(p->host)->config->plugin->state_version;
	struct iso_record_reader reader;
	struct tsr_error ignored;
	struct iso_message m;
	bool good;

	if (!p->kept || p->failures > FAILURES_WITH_STATE)
		return false;
	iso_record_read(&reader, p, version);
	p->reader = &reader.base;
	iso_message_init(&m, ISO_LOAD, 0);
	m.head.a[0] = version;
	good = iso_proxy_call(p, &m) && m.head.a[0];
	p->reader = NULL;
	if (!good && p->life == ISO_ALIVE)
		reset(p, &ignored);
	return good;
}

/* The memory that the guest sees outlives a process, as the state of its last call does. Without
 * that, it has what the next process has made of it. */
static bool settle_memory(struct iso_proxy *p, bool has_state, struct tsr_error *error)
{
	struct iso_message m;

	iso_message_init(&m, ISO_SETTLE, 0);
	m.head.a[0] = has_state;
	return iso_proxy_call(p, &m) || tsr_error_set(error, TSR_ERROR_FAILED, "it ended again");
}

static bool rebuild(struct iso_proxy *p, bool *has_state, struct tsr_error *error)
{
	bool good;

	p->is_rebuilding = true;
	good = iso_proxy_start(p, error) && realize(p, error) &&
	       (p->next == p->objects->len ||
		tsr_error_set(error, TSR_ERROR_FAILED, "it asks for less than it had")) &&
	       reset(p, error);
	*has_state = good && load_kept(p);
	good = good && settle_memory(p, *has_state, error);
	p->is_rebuilding = false;
	if (good && !*has_state)
		iso_block_forget(p);
	return good &&
	       (p->life == ISO_ALIVE || tsr_error_set(error, TSR_ERROR_FAILED, "it ended again"));
}

/* Its process may be there, and be of no use. */
static void give_up_process(struct iso_proxy *p)
{
	if (p->life == ISO_ALIVE)
		iso_proxy_kill(p, "was of no use");
}

static void tell(struct iso_proxy *p, const char *event, const char *format, ...)
	G_GNUC_PRINTF(3, 4);
static void tell(struct iso_proxy *p, const char *event, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	g_autofree char *text = g_strdup_vprintf(format, arguments);
	va_end(arguments);
	tsr_log_at(p->t.log, p->host, TSR_LOG_WARNING, "%s", text);
	p->t.bus->emit(p->host, event, text);
}

static void lose(struct iso_proxy *p, const char *end, const char *why)
{
	p->life = ISO_LOST;
	for (guint i = 0; i < p->objects->len; i++) {
		const struct iso_object *o = g_ptr_array_index(p->objects, i);

		if (o->irq)
			tsr_irq_set(o->irq, 0);
		if (o->function)
			p->t.pci->set_intx(o->function, 0);
		if (o->timer)
			p->t.clock->cancel(o->timer);
	}
	tell(p, "fault", "%s; %s: the guest sees no device until the machine is reset", end, why);
}

/* What the old process had set; the new one sets its own. */
static void forget(struct iso_proxy *p)
{
	for (guint i = 0; i < p->objects->len; i++) {
		struct iso_object *o = g_ptr_array_index(p->objects, i);

		if (o->timer)
			p->t.clock->cancel(o->timer);
		if (o->bytes)
			iso_memory_owe(o);
		o->is_stale = o->display != NULL;
	}
}

void iso_proxy_revive(struct iso_proxy *p)
{
	struct tsr_error error = { 0 };
	bool has_state = false, good = false;
	char end[128];

	iso_proxy_describe_end(p, end);
	take_kept(p);
	forget(p);
	while (p->life == ISO_DEAD && p->failures <= FAILURES_MAX && p->ends <= ENDS_MAX && !good) {
		p->fault = NULL;
		good = rebuild(p, &has_state, &error);
		if (!good)
			give_up_process(p);
	}
	p->fault = NULL;
	if (!good) {
		lose(p, end, *error.message ? error.message : "it ends again and again");
		return;
	}
	tell(p, "isolation", "%s; another one has taken its place, %s", end,
	     has_state ? "with the state of its last call" : "as after a reset");
	p->is_to_wake = true;
}

void iso_proxy_wake(struct iso_proxy *p)
{
	if (!p->is_to_wake)
		return;
	p->is_to_wake = false;
	for (guint i = 0; i < p->objects->len; i++)
		iso_objects_wake(g_ptr_array_index(p->objects, i));
}
