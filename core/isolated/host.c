/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The host's tables by name, and the small ones: properties, randomness, log, machine. */
#include <glib.h>
#include <stdlib.h>

#include "isolated/device-parts.h"

/* -- Properties. A string stays until the property changes: it is kept here. */

struct text {
	struct text *next;
	char *name, *value;
};

static const char *keep_text(const char *name, const char *value)
{
	static struct text *texts;
	struct text *t = texts;

	while (t && strcmp(t->name, name) != 0)
		t = t->next;
	if (t && strcmp(t->value, value) == 0)
		return t->value;
	if (!t) {
		t = g_new0(struct text, 1);
		*t = (struct text){ texts, g_strdup(name), NULL };
		texts = t;
	}
	g_free(t->value);
	return t->value = g_strdup(value);
}

static const char *get_string(const struct tsr_host *host, const char *name)
{
	struct iso_message m = { .head = { .what = ISO_GET_STRING } };

	device_set_text(&m, name);
	device_ask(&m);
	return keep_text(name, device_text(&m));
}

static int64_t get_int(const struct tsr_host *host, const char *name)
{
	return (int64_t)device_ask_about(ISO_GET_INT, 0, name);
}

static bool get_bool(const struct tsr_host *host, const char *name)
{
	return device_ask_about(ISO_GET_BOOL, 0, name);
}

static void on_change(const struct tsr_host *host, const char *name,
		      bool (*changed)(void *self, const char *name, struct tsr_error *error),
		      void *self)
{
	struct iso_message m = { .head = { .what = ISO_LISTEN } };
	struct object *o;

	device_set_text(&m, name);
	o = device_make(&m, NULL);
	if (o) {
		o->changed = changed;
		o->self = self;
	}
}

/* Two texts, with a 0 between. */
static void post_pair(uint32_t what, const char *first, const char *second)
{
	size_t length = strlen(first) + 1 + strlen(second);
	g_autofree char *both = g_strdup_printf("%s%c%s", first, 0, second);

	device_post(&(struct iso_head){ .what = what, .length = (uint32_t)length }, both);
}

static void set_string(const struct tsr_host *host, const char *name, const char *value)
{
	post_pair(ISO_SET_STRING, name, value ? value : "");
}

static void set_int(const struct tsr_host *host, const char *name, int64_t value)
{
	g_autofree char *text = g_strdup_printf("%" G_GINT64_FORMAT, (gint64)value);

	set_string(host, name, text);
}

static void set_bool(const struct tsr_host *host, const char *name, bool value)
{
	set_string(host, name, value ? "true" : "false");
}

static bool has(const struct tsr_host *host, const char *name)
{
	return device_ask_about(ISO_HAS, 0, name);
}

const struct tsr_properties device_properties = {
	.size = sizeof(device_properties),
	.get_string = get_string,
	.get_int = get_int,
	.get_bool = get_bool,
	.on_change = on_change,
	.set_string = set_string,
	.set_int = set_int,
	.set_bool = set_bool,
	.has = has,
};

/* -- Randomness, log, machine */

static void fill(const struct tsr_host *host, void *to, size_t length)
{
	uint8_t *at = to;

	while (length) {
		struct iso_message m = { .head = { .what = ISO_RANDOM } };

		m.head.a[0] = length < ISO_DATA ? length : ISO_DATA;
		device_ask(&m);
		memcpy(at, m.data, m.head.length);
		at += m.head.length;
		length -= m.head.length;
	}
}

const struct tsr_random device_random = { .size = sizeof(device_random), .fill = fill };

static void post_text(uint32_t what, uint32_t id, uint64_t number, const char *text)
{
	size_t length = strlen(text);

	if (length >= ISO_DATA)
		length = ISO_DATA - 1;
	device_post(
		&(struct iso_head){
			.what = what, .id = id, .length = (uint32_t)length, .a = { number } },
		text);
}

static void write_log(const struct tsr_host *host, const void *site, enum tsr_log_level level,
		      const char *format, ...)
{
	va_list args;

	va_start(args, format);
	g_autofree char *text = g_strdup_vprintf(format, args);
	va_end(args);
	post_text(ISO_LOG, g_direct_hash(site), level, text);
}

static void write_text(const struct tsr_host *host, const void *site, enum tsr_log_level level,
		       const char *text)
{
	post_text(ISO_LOG, g_direct_hash(site), level, text);
}

const struct tsr_log device_log = { .size = sizeof(device_log),
				    .write = write_log,
				    .write_text = write_text };

static void power_off(const struct tsr_host *host)
{
	post_text(ISO_POWER_OFF, 0, 0, "");
}

static void reset(const struct tsr_host *host, int kind)
{
	post_text(ISO_ASK_RESET, 0, (uint64_t)kind, "");
}

static void stop(const struct tsr_host *host, int exit_status, const char *why)
{
	post_text(ISO_STOP, 0, (uint64_t)exit_status, why);
}

const struct tsr_machine_table device_machine = {
	.size = sizeof(device_machine), .power_off = power_off, .reset = reset, .stop = stop
};

/* -- By name */

const void *device_get_table(const struct tsr_host *host, const char *name)
{
	static const struct {
		const char *name;
		const void *table;
	} tables[] = {
		{ TSR_IO, &device_io },           { TSR_IRQ, &device_irq },
		{ TSR_CLOCK, &device_clock },     { TSR_PROPERTIES, &device_properties },
		{ TSR_DMA, &device_dma },         { TSR_MEMORY, &device_memory },
		{ TSR_PCI, &device_pci },         { TSR_BUS, &device_bus },
		{ TSR_RANDOM, &device_random },   { TSR_LOG, &device_log },
		{ TSR_MACHINE, &device_machine }, { TSR_PCI_FIXED, &device_pci_fixed },
		{ TSR_DISPLAY, &device_display },
	};

	size_t i;

	for (i = 0; i < G_N_ELEMENTS(tables); i++)
		if (strcmp(tables[i].name, name) == 0)
			break;
	if (i < G_N_ELEMENTS(tables) && tables[i].table == &device_dma)
		device_map_ram();
	if (i < G_N_ELEMENTS(tables))
		return tables[i].table;
	post_text(ISO_LACKS, 0, 0, name);
	device_ask_about(ISO_FLUSH, 0, NULL);
	return NULL;
}
