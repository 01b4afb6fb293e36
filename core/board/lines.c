/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Interrupt lines. A line leads from a resource of one instance (its source) to an input of another
 * (a wire). Sources of one wire are ORed. Until every instance is attached a wire only keeps its
 * level; connecting passes it on.
 */
#include "board/lines.h"

#include <string.h>

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
	struct tsr_irq irq;
	struct wire *wire; /* NULL: goes nowhere */
	char *name;        /* "INSTANCE:RESOURCE" */
	int level;
};

struct tsr_lines {
	TsrMachine *machine;
	GPtrArray *wires, *sources;
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

	level = level != 0;
	if (source->level == level)
		return;
	source->level = level;
	if (!wire)
		return;
	wire->high += level ? 1u : -1u;
	if (wire->high == (unsigned)level)
		wire_pass_on(wire);
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

static const struct tsr_irq *irq_get(const struct tsr_host *host, const char *name)
{
	TsrInstance *instance = tsr_instance_of(host);
	struct tsr_lines *lines = instance->machine->lines;
	const TsrResource *resource = tsr_config_find_resource(instance->config, name);
	struct source *source = g_new0(struct source, 1);

	source->name = g_strdup_printf("%s:%s", instance->config->name, name);
	source->irq = (struct tsr_irq){ .set = source_set, .to = source };
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

		if (!instance)
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
		if (wire->high)
			wire_pass_on(wire);
	}
	return TRUE;
}

gboolean tsr_lines_tap(struct tsr_lines *lines, const char *name, gboolean on)
{
	g_autofree char *canonical = canonical_name(lines->machine, name);
	struct wire *wire = find_wire(lines, canonical);

	for (unsigned i = 0; !wire && i < lines->sources->len; i++) {
		struct source *source = g_ptr_array_index(lines->sources, i);
		if (strcmp(source->name, name) == 0)
			wire = source->wire;
	}
	if (wire)
		wire->tapped = on;
	return wire != NULL;
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
