/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Events as lines. A kind of event is a row: its name, and what of a record it shows. */
#include "manifest/text.h"
#include "watch/event.h"

#define NS 1000000000u

static const char *const ops[TSR_MONITOR_OPS] = {
	[TSR_MONITOR_READ] = "read",           [TSR_MONITOR_WRITE] = "write",
	[TSR_MONITOR_CHANGED] = "changed",     [TSR_MONITOR_MAP_READ] = "map-read",
	[TSR_MONITOR_MAP_WRITE] = "map-write", [TSR_MONITOR_WROTE] = "wrote",
	[TSR_MONITOR_SENT] = "sent",           [TSR_MONITOR_RECEIVED] = "received",
	[TSR_MONITOR_FLUSH] = "flush",         [TSR_MONITOR_DISCARD] = "discard",
	[TSR_MONITOR_DONE] = "done",
};

static const char *const statuses[] = { "ok",        "io-error",     "read-only",
					"no-medium", "out-of-range", "unsupported" };

struct shown {
	const char *kind;
	void (*text)(GString *out, const TsrWatchEvent *event);
	void (*json)(GString *out, const TsrWatchEvent *event);
};

static const char *status_name(const TsrWatchEvent *e)
{
	return e->record.width < G_N_ELEMENTS(statuses) ? statuses[e->record.width] : "unknown";
}

/* -- JSON: numbers are decimal, data are hexadecimal strings */

static void add_string(GString *out, const char *name, const char *value)
{
	g_string_append_printf(out, ", \"%s\": ", name);
	tsr_text_add_json(out, value);
}

static void add_number(GString *out, const char *name, uint64_t value)
{
	g_string_append_printf(out, ", \"%s\": %" G_GUINT64_FORMAT, name, value);
}

static void add_hex(GString *out, const TsrWatchEvent *e)
{
	add_number(out, "length", e->record.length);
	g_string_append(out, ", \"data\": \"");
	for (uint32_t i = 0; i < e->record.data_length; i++)
		g_string_append_printf(out, "%02x", e->data[i]);
	g_string_append_c(out, '"');
}

/* Data as text; what is not UTF-8 is replaced. */
static char *as_text(const TsrWatchEvent *e)
{
	return g_utf8_make_valid((const char *)e->data, (gssize)e->record.data_length);
}

static void access_json(GString *out, const TsrWatchEvent *e)
{
	add_number(out, "address", e->record.address);
	add_number(out, "size", e->record.width);
	add_number(out, "value", e->record.value);
}

static void irq_json(GString *out, const TsrWatchEvent *e)
{
	g_autofree char *input = as_text(e);

	if (*input)
		add_string(out, "input", input);
	add_number(out, "level", e->record.value);
}

static void range_json(GString *out, const TsrWatchEvent *e)
{
	add_number(out, "address", e->record.address);
	add_number(out, "length", e->record.length);
}

static void block_json(GString *out, const TsrWatchEvent *e)
{
	add_number(out, "request", e->record.value);
	range_json(out, e);
	if (e->record.op == TSR_MONITOR_DONE)
		add_string(out, "status", status_name(e));
}

static void signal_json(GString *out, const TsrWatchEvent *e)
{
	g_autofree char *text = as_text(e);

	add_string(out, "text", text);
}

/* -- Text: addresses and values are hexadecimal, lengths are decimal */

static void access_text(GString *out, const TsrWatchEvent *e)
{
	unsigned digits = e->record.kind == TSR_MONITOR_PORTS ? 4 : 8;

	g_string_append_printf(out, "%0*" G_GINT64_MODIFIER "x %s %0*" G_GINT64_MODIFIER "x",
			       digits, e->record.address,
			       e->record.op == TSR_MONITOR_READ ? "->" : "<-",
			       MIN(e->record.width, 8) * 2, e->record.value);
}

static void irq_text(GString *out, const TsrWatchEvent *e)
{
	g_autofree char *input = as_text(e);

	g_string_append_printf(out, "%u%s%s", (unsigned)e->record.value, *input ? " at " : "",
			       input);
}

static void range_text(GString *out, const TsrWatchEvent *e)
{
	g_string_append_printf(out, "%08" G_GINT64_MODIFIER "x, %" G_GUINT64_FORMAT " bytes",
			       e->record.address, e->record.length);
}

/* Ethernet: IEEE 802.3, 3.1: destination, source, type or length. */
static void packet_text(GString *out, const TsrWatchEvent *e)
{
	const uint8_t *f = e->data;

	g_string_append_printf(out, "%" G_GUINT64_FORMAT " bytes", e->record.length);
	if (e->record.data_length < 14)
		return;
	g_string_append_printf(out,
			       " %02x:%02x:%02x:%02x:%02x:%02x > %02x:%02x:%02x:%02x:%02x:%02x "
			       "type %02x%02x",
			       f[6], f[7], f[8], f[9], f[10], f[11], f[0], f[1], f[2], f[3], f[4],
			       f[5], f[12], f[13]);
}

static void block_text(GString *out, const TsrWatchEvent *e)
{
	g_string_append_printf(out, "#%" G_GUINT64_FORMAT " ", e->record.value);
	range_text(out, e);
	if (e->record.op == TSR_MONITOR_DONE)
		g_string_append_printf(out, ": %s", status_name(e));
}

static void chars_text(GString *out, const TsrWatchEvent *e)
{
	g_string_append_printf(out, "%" G_GUINT64_FORMAT " bytes \"", e->record.length);
	for (uint32_t i = 0; i < e->record.data_length; i++) {
		uint8_t c = e->data[i];

		if (c == '\n' || c == '\r')
			g_string_append(out, c == '\n' ? "\\n" : "\\r");
		else if (g_ascii_isprint(c) && c != '"' && c != '\\')
			g_string_append_c(out, (char)c);
		else
			g_string_append_printf(out, "\\x%02x", c);
	}
	g_string_append_c(out, '"');
}

static void signal_text(GString *out, const TsrWatchEvent *e)
{
	g_autofree char *text = tsr_text_make_harmless(as_text(e));

	g_string_append(out, text);
}

/* -- Lines */

static const struct shown shown[TSR_MONITOR_KINDS] = {
	[TSR_MONITOR_PORTS] = { "ports", access_text, access_json },
	[TSR_MONITOR_MMIO] = { "mmio", access_text, access_json },
	[TSR_MONITOR_IRQ] = { "irq", irq_text, irq_json },
	[TSR_MONITOR_DMA] = { "dma", range_text, range_json },
	[TSR_MONITOR_PACKETS] = { "packets", packet_text, add_hex },
	[TSR_MONITOR_BLOCK] = { "block", block_text, block_json },
	[TSR_MONITOR_CHARS] = { "chars", chars_text, add_hex },
	[TSR_MONITOR_SIGNAL] = { "signal", signal_text, signal_json },
};

static const char *op_name(const TsrWatchEvent *e)
{
	return e->record.op < TSR_MONITOR_OPS ? ops[e->record.op] : "unknown";
}

/* NULL: events are missing. */
static const struct shown *find(const TsrWatchEvent *e)
{
	return e->record.kind < TSR_MONITOR_KINDS ? &shown[e->record.kind] : NULL;
}

char *tsr_watch_event_to_text(const TsrWatchEvent *self)
{
	const struct shown *row = find(self);
	g_autofree char *place = g_strdup_printf("%s.%s", self->device, self->what);
	GString *out = g_string_new(NULL);

	g_string_append_printf(out, "%6" G_GUINT64_FORMAT ".%09u ", self->record.time_ns / NS,
			       (unsigned)(self->record.time_ns % NS));
	if (row) {
		g_string_append_printf(out, "%-8s %-24s %-9s ", row->kind, place, op_name(self));
		row->text(out, self);
	} else {
		g_string_append_printf(out, "lost     %" G_GUINT64_FORMAT " events",
				       self->record.value);
	}
	return g_string_free(out, FALSE);
}

char *tsr_watch_event_to_json(const TsrWatchEvent *self)
{
	const struct shown *row = find(self);
	GString *out = g_string_new(NULL);

	g_string_append_printf(out, "{\"time_ns\": %" G_GUINT64_FORMAT ", \"kind\": \"%s\"",
			       self->record.time_ns, row ? row->kind : "lost");
	if (row) {
		add_string(out, "device", self->device);
		add_string(out, "what", self->what);
		add_string(out, "op", op_name(self));
		row->json(out, self);
	} else {
		add_number(out, "count", self->record.value);
	}
	g_string_append_c(out, '}');
	return g_string_free(out, FALSE);
}
