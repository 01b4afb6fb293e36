/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See rates.h; the format of the lines is that of tessera-monitor(1), --rates. */
#include "model/rates.h"

#include <signal.h>

#define LINE "line"
#define LINK "link"
#define FIELDS 4

struct _TsrRates {
	GObject parent;
	GSubprocess *process;
	GDataInputStream *lines;
	GCancellable *cancellable;
	GHashTable *next, *last; /* "GROUP\tPART.NAME" -> struct tsr_rate; being read, complete */
};

G_DEFINE_FINAL_TYPE(TsrRates, tsr_rates, G_TYPE_OBJECT)

static guint changed_signal;

static GHashTable *table_new(void)
{
	return g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
}

void tsr_rates_take_line(TsrRates *self, const char *line)
{
	g_auto(GStrv) fields = g_strsplit(line, "\t", FIELDS);
	struct tsr_rate *rate;

	if (!*line) {
		g_hash_table_unref(self->last);
		self->last = self->next;
		self->next = table_new();
		g_signal_emit(self, changed_signal, 0);
	} else if (g_strv_length(fields) == FIELDS) {
		rate = g_new0(struct tsr_rate, 1);
		rate->events = g_ascii_strtod(fields[2], NULL);
		rate->bytes = g_ascii_strtod(fields[3], NULL);
		g_hash_table_insert(self->next, g_strconcat(fields[0], "\t", fields[1], NULL),
				    rate);
	}
}

struct tsr_rate tsr_rates_get(TsrRates *self, const char *part, const char *name, gboolean is_line)
{
	g_autofree char *key = g_strconcat(is_line ? LINE : LINK, "\t", part, ".", name, NULL);
	const struct tsr_rate *rate = g_hash_table_lookup(self->last, key);

	return rate ? *rate : (struct tsr_rate){ 0 };
}

char *tsr_rate_describe(const struct tsr_rate *rate, const char *between)
{
	g_autofree char *events = NULL, *bytes = NULL;

	if (!rate->events)
		return g_strdup("");
	events = rate->events < 10 ? g_strdup_printf("%.1f/s", rate->events)
				   : g_strdup_printf("%.0f/s", rate->events);
	if (!rate->bytes)
		return g_steal_pointer(&events);
	bytes = g_format_size_full((guint64)rate->bytes, G_FORMAT_SIZE_IEC_UNITS);
	return g_strdup_printf("%s%s%s/s", events, between, bytes);
}

/* -- The process */

static void read_line(TsrRates *self);

static void on_line(GObject *stream, GAsyncResult *result, gpointer data)
{
	g_autoptr(TsrRates) self = data;
	g_autofree char *line = g_data_input_stream_read_line_finish(G_DATA_INPUT_STREAM(stream),
								     result, NULL, NULL);

	if (!line || g_cancellable_is_cancelled(self->cancellable))
		return;
	tsr_rates_take_line(self, line);
	if (!g_cancellable_is_cancelled(self->cancellable))
		read_line(self);
}

static void read_line(TsrRates *self)
{
	g_data_input_stream_read_line_async(self->lines, G_PRIORITY_DEFAULT, self->cancellable,
					    on_line, g_object_ref(self));
}

TsrRates *tsr_rates_new(const char *program, const char *socket)
{
	TsrRates *self = g_object_new(TSR_TYPE_RATES, NULL);

	self->process = g_subprocess_new(
		G_SUBPROCESS_FLAGS_STDOUT_PIPE | G_SUBPROCESS_FLAGS_STDERR_SILENCE, NULL, program,
		"monitor", socket, "--rates", "irq", "packets", "chars", "block", NULL);
	if (!self->process)
		return self;
	self->lines = g_data_input_stream_new(g_subprocess_get_stdout_pipe(self->process));
	read_line(self);
	return self;
}

void tsr_rates_stop(TsrRates *self)
{
	g_cancellable_cancel(self->cancellable);
	if (self->process)
		g_subprocess_send_signal(self->process, SIGTERM);
	g_clear_object(&self->process);
	g_clear_object(&self->lines);
}

static void tsr_rates_finalize(GObject *object)
{
	TsrRates *self = TSR_RATES(object);

	tsr_rates_stop(self);
	g_object_unref(self->cancellable);
	g_hash_table_unref(self->next);
	g_hash_table_unref(self->last);
	G_OBJECT_CLASS(tsr_rates_parent_class)->finalize(object);
}

static void tsr_rates_class_init(TsrRatesClass *class)
{
	G_OBJECT_CLASS(class)->finalize = tsr_rates_finalize;
	changed_signal = g_signal_new("changed", TSR_TYPE_RATES, G_SIGNAL_RUN_LAST, 0, NULL, NULL,
				      NULL, G_TYPE_NONE, 0);
}

static void tsr_rates_init(TsrRates *self)
{
	self->cancellable = g_cancellable_new();
	self->next = table_new();
	self->last = table_new();
}
