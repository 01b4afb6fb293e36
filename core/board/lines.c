/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Interrupt lines. A line leads from a resource of one instance (its source) to an input of another
 * (a wire). Sources of one wire are ORed. Until every instance is attached a wire only keeps its
 * level; connecting passes it on.
 */
#include "board/lines.h"

#include <string.h>

#include <tessera/draft/cpu.h>
#include <tessera/draft/interrupts.h>

#include "instance/check.h"
#include "instance/instance.h"
#include "instance/machine-parts.h"
#include "instance/signals.h"

struct wire {
	struct tsr_lines *lines;
	char *name;                          /* "PROVIDER:INPUT" */
	const struct tsr_irq_inputs *inputs; /* NULL: not connected */
	void *to;
	unsigned input;
	unsigned high; /* sources that are high */
	bool tapped;
};

struct source {
	const TsrInstance *owner;
	struct tsr_irq irq;
	struct wire *wire; /* NULL: goes nowhere */
	char *name;        /* "INSTANCE:RESOURCE" */
	int level;
	bool is_frozen; /* its owner is being replaced, or loads: the level stays */
	bool is_taken;  /* the newcomer has got it */
};

struct tsr_lines {
	TsrMachine *machine;
	GPtrArray *wires, *sources;
	const struct wire *intr;      /* to the processor's INTR; NULL: nothing leads there */
	struct tsr_lines_watch watch; /* zero: nobody watches */
};

static void wire_pass_on(struct wire *wire)
{
	if (wire->inputs)
		wire->inputs->set(wire->to, wire->input, wire->high != 0);
	if (wire->tapped)
		tsr_machine_post_line(wire->lines->machine, wire->name, wire->high != 0);
}

static void source_set(void *to, int level)
{
	struct source *source = to;
	struct wire *wire = source->wire;

	tsr_check(source->owner, TSR_TAG_LOCKED, "irq.set");
	level = level != 0;
	if (source->level == level || source->is_frozen)
		return;
	source->level = level;
	if (!wire)
		return;
	wire->high += level ? 1u : -1u;
	if (wire->high == (unsigned)level)
		wire_pass_on(wire);
}

static const char *source_resource(const struct source *source)
{
	return strchr(source->name, ':') + 1;
}

/* Stands in the place of source_set while somebody watches. */
static void source_set_watched(void *to, int level)
{
	struct source *source = to;
	const struct tsr_lines_watch *watch = &source->owner->machine->lines->watch;

	if (source->level != (level != 0) && !source->is_frozen)
		watch->changed(watch->user, source->owner->config->name, source_resource(source),
			       source->wire ? source->wire->name : NULL, level != 0);
	source_set(to, level);
}

static void source_choose_set(struct source *source, const struct tsr_lines_watch *watch)
{
	bool wanted = watch->wants && watch->wants(watch->user, source->owner->config->name,
						   source_resource(source));

	source->irq.set = wanted ? source_set_watched : source_set;
}

static void wire_free(gpointer data)
{
	struct wire *wire = data;

	g_free(wire->name);
	g_free(wire);
}

static void source_free(gpointer data)
{
	struct source *source = data;

	g_free(source->name);
	g_free(source);
}

struct tsr_lines *tsr_lines_new(TsrMachine *m)
{
	struct tsr_lines *lines = g_new0(struct tsr_lines, 1);

	lines->machine = m;
	lines->wires = g_ptr_array_new_with_free_func(wire_free);
	lines->sources = g_ptr_array_new_with_free_func(source_free);
	return lines;
}

void tsr_lines_free(struct tsr_lines *lines)
{
	if (!lines)
		return;
	g_ptr_array_unref(lines->sources);
	g_ptr_array_unref(lines->wires);
	g_free(lines);
}

static struct wire *find_wire(struct tsr_lines *lines, const char *name)
{
	for (unsigned i = 0; i < lines->wires->len; i++) {
		struct wire *wire = g_ptr_array_index(lines->wires, i);
		if (strcmp(wire->name, name) == 0)
			return wire;
	}
	return NULL;
}

/* One wire per input, whatever alias it is named by. */
static char *canonical_name(TsrMachine *m, const char *line)
{
	const char *colon = strchr(line, ':');
	g_autofree char *provider = colon ? g_strndup(line, (gsize)(colon - line)) : g_strdup(line);
	const char *alias = g_hash_table_lookup(m->config->aliases, provider);

	return g_strdup_printf("%s:%s", alias ? alias : provider, colon ? colon + 1 : "0");
}

static struct wire *get_wire(struct tsr_lines *lines, const char *line)
{
	g_autofree char *name = canonical_name(lines->machine, line);
	struct wire *wire = find_wire(lines, name);

	if (!wire) {
		wire = g_new0(struct wire, 1);
		wire->lines = lines;
		wire->name = g_steal_pointer(&name);
		g_ptr_array_add(lines->wires, wire);
	}
	return wire;
}

static struct source *find_source(struct tsr_lines *lines, const char *name)
{
	for (unsigned i = 0; i < lines->sources->len; i++) {
		struct source *source = g_ptr_array_index(lines->sources, i);
		if (strcmp(source->name, name) == 0)
			return source;
	}
	return NULL;
}

/* Whoever asks again gets the same source: one name, one level in a saved state. */
static const struct tsr_irq *irq_get(const struct tsr_host *host, const char *name)
{
	TsrInstance *instance = tsr_check_host(host, TSR_TAG_BUILDING, "irq.get");
	struct tsr_lines *lines = instance->machine->lines;
	const TsrResource *resource = tsr_config_find_resource(instance->config, name);
	g_autofree char *full_name = g_strdup_printf("%s:%s", instance->config->name, name);
	struct source *source = find_source(lines, full_name);

	if (source) {
		source->is_taken = true;
		return &source->irq;
	}
	if (!resource || resource->type != TSR_RESOURCE_IRQ)
		tsr_mistake(&instance->mistakes,
			    "it gets the line '%s', which its manifest lacks; add [Resource %s] "
			    "with type=irq",
			    name, name);
	source = g_new0(struct source, 1);
	source->owner = instance;
	source->is_frozen = instance->replaces != NULL;
	source->name = g_steal_pointer(&full_name);
	source->irq.to = source;
	source_choose_set(source, &lines->watch);
	if (resource && resource->type == TSR_RESOURCE_IRQ && resource->line && *resource->line)
		source->wire = get_wire(lines, resource->line);
	g_ptr_array_add(lines->sources, source);
	return &source->irq;
}

const struct tsr_irq_table tsr_irq_table_impl = { .size = sizeof(struct tsr_irq_table),
						  .get = irq_get };

gboolean tsr_lines_connect(struct tsr_lines *lines, GError **error)
{
	for (unsigned i = 0; i < lines->wires->len; i++) {
		struct wire *wire = g_ptr_array_index(lines->wires, i);
		char *colon = strchr(wire->name, ':');
		g_autofree char *provider = g_strndup(wire->name, (gsize)(colon - wire->name));
		TsrInstance *instance = tsr_machine_find_provider(lines->machine, provider);
		struct tsr_interface inputs;

		if (!instance || wire->inputs)
			continue; /* a machine without that chip: the line goes nowhere */
		if (!tsr_instance_get_interface(instance, TSR_IRQ_INPUTS, &inputs)) {
			g_set_error(error, TSR_MACHINE_ERROR, TSR_MACHINE_ERROR_INVALID,
				    "line %s: %s has no interrupt inputs", wire->name, provider);
			return FALSE;
		}
		wire->inputs = inputs.table;
		wire->to = inputs.self;
		wire->input = (unsigned)g_ascii_strtoull(colon + 1, NULL, 10);
		if (wire->input >= wire->inputs->count) {
			g_set_error(error, TSR_MACHINE_ERROR, TSR_MACHINE_ERROR_INVALID,
				    "line %s: %s has inputs 0 to %u", wire->name, provider,
				    wire->inputs->count - 1);
			return FALSE;
		}
		if (strcmp(instance->config->name, lines->machine->config->cpu) == 0 &&
		    wire->input == TSR_CPU_INTR)
			lines->intr = wire;
		if (wire->high)
			wire_pass_on(wire);
	}
	return TRUE;
}

bool tsr_lines_interrupt_waits(const struct tsr_lines *lines)
{
	return lines->intr && lines->intr->high;
}

/* -- Replacing an instance: its sources stay what they are, for whoever is their owner. */

void tsr_lines_freeze(struct tsr_lines *lines, const TsrInstance *old)
{
	for (unsigned i = 0; i < lines->sources->len; i++) {
		struct source *source = g_ptr_array_index(lines->sources, i);

		if (source->owner != old)
			continue;
		source->is_frozen = true;
		source->is_taken = false;
	}
}

static void remove_source(struct tsr_lines *lines, unsigned index)
{
	struct source *source = g_ptr_array_index(lines->sources, index);

	source->is_frozen = false;
	source->owner = NULL; /* who it was is detached */
	source_set(source, 0);
	g_ptr_array_remove_index(lines->sources, index);
}

void tsr_lines_thaw(struct tsr_lines *lines, const TsrInstance *old, const TsrInstance *new)
{
	for (unsigned i = lines->sources->len; i-- > 0;) {
		struct source *source = g_ptr_array_index(lines->sources, i);

		if (source->owner != old && source->owner != new)
			continue;
		if (source->owner == old && !source->is_taken) {
			remove_source(lines, i);
			continue;
		}
		source->owner = new;
		source->is_frozen = false;
	}
}

void tsr_lines_thaw_back(struct tsr_lines *lines, const TsrInstance *old, const TsrInstance *new)
{
	for (unsigned i = lines->sources->len; i-- > 0;) {
		struct source *source = g_ptr_array_index(lines->sources, i);

		if (source->owner == new)
			g_ptr_array_remove_index(lines->sources, i);
		else if (source->owner == old)
			source->is_frozen = false;
	}
}

char **tsr_lines_list(struct tsr_lines *lines)
{
	g_autoptr(GStrvBuilder) list = g_strv_builder_new();

	for (unsigned i = 0; i < lines->sources->len; i++) {
		const struct source *source = g_ptr_array_index(lines->sources, i);
		g_autofree char *text = NULL;

		if (!source->wire)
			continue;
		text = g_strdup_printf("%s -> %s", source->name, source->wire->name);
		g_strv_builder_add(list, text);
	}
	return g_strv_builder_end(list);
}

gboolean tsr_lines_tap(struct tsr_lines *lines, const char *name, gboolean on)
{
	g_autofree char *canonical = canonical_name(lines->machine, name);
	struct wire *wire = find_wire(lines, canonical);

	if (!wire) {
		struct source *source = find_source(lines, name);
		wire = source ? source->wire : NULL;
	}
	if (wire)
		wire->tapped = on;
	return wire != NULL;
}

void tsr_lines_each(struct tsr_lines *lines, const TsrInstance *owner,
		    void (*each)(void *user, const char *resource, int level), void *user)
{
	for (unsigned i = 0; i < lines->sources->len; i++) {
		const struct source *source = g_ptr_array_index(lines->sources, i);

		if (source->owner == owner)
			each(user, source_resource(source), source->level);
	}
}

void tsr_lines_set_watch(struct tsr_lines *lines, const struct tsr_lines_watch *watch)
{
	lines->watch = *watch;
	for (unsigned i = 0; i < lines->sources->len; i++)
		source_choose_set(g_ptr_array_index(lines->sources, i), watch);
}

static int by_name(gconstpointer a, gconstpointer b)
{
	return strcmp((*(struct source *const *)a)->name, (*(struct source *const *)b)->name);
}

/* By name: in which order plugins ask for their lines is no part of the state. */
void tsr_lines_put_state(struct tsr_lines *lines, struct tsr_state_writer *out)
{
	g_autoptr(GPtrArray) sources = g_ptr_array_copy(lines->sources, NULL, NULL);

	g_ptr_array_set_free_func(sources, NULL);
	g_ptr_array_sort(sources, by_name);
	for (unsigned i = 0; i < sources->len; i++) {
		struct source *source = g_ptr_array_index(sources, i);

		tsr_state_put_bool(out, source->name, source->level);
	}
}

/* Only the levels: what they led to is in the receivers' own state. */
void tsr_lines_get_state(struct tsr_lines *lines, struct tsr_state_reader *in)
{
	for (unsigned i = 0; i < lines->wires->len; i++)
		((struct wire *)g_ptr_array_index(lines->wires, i))->high = 0;
	for (unsigned i = 0; i < lines->sources->len; i++) {
		struct source *source = g_ptr_array_index(lines->sources, i);
		bool level = false;
		tsr_state_get_bool(in, source->name, &level);
		source->level = level;
		if (source->wire)
			source->wire->high += level;
	}
}

void tsr_lines_set_loading(struct tsr_lines *lines, bool loading)
{
	for (unsigned i = 0; i < lines->sources->len; i++)
		((struct source *)g_ptr_array_index(lines->sources, i))->is_frozen = loading;
}
