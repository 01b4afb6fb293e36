/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What `tessera ctl SOCKET status` prints: the values of tsr_machine_get_status(), of which this
 * file has to know those only that read better in words. */
#include "program/program.h"

#define COLUMN "%-10s "

static const char *text_of(GVariant *dictionary, const char *name)
{
	const char *text = "";

	g_variant_lookup(dictionary, name, "&s", &text);
	return text;
}

static void print_plain(const char *name, GVariant *value)
{
	g_autofree char *text = g_variant_is_of_type(value, G_VARIANT_TYPE_STRING)
					? g_variant_dup_string(value, NULL)
					: g_variant_print(value, FALSE);

	g_print(COLUMN "%s\n", name, text);
}

static void print_nothing(const char *name, GVariant *value)
{
}

static void print_names(const char *name, GVariant *value)
{
	g_autofree const char **names = g_variant_get_strv(value, NULL);
	g_autofree char *text = g_strjoinv(" ", (char **)names);

	g_print(COLUMN "%s\n", name, text);
}

static void print_duration(const char *name, GVariant *value)
{
	guint64 seconds = (guint64)g_variant_get_double(value);

	g_print(COLUMN "%" G_GUINT64_FORMAT ":%02u:%02u\n", "running", seconds / 3600,
		(guint)(seconds / 60 % 60), (guint)(seconds % 60));
}

static void print_medium(GVariant *medium)
{
	gboolean present = FALSE, read_only = FALSE;
	const char *mode = text_of(medium, "mode"), *file = text_of(medium, "file");

	g_variant_lookup(medium, "present", "b", &present);
	g_variant_lookup(medium, "read-only", "b", &read_only);
	g_print(COLUMN "%s: ", "medium", text_of(medium, "instance"));
	if (!present)
		g_print("none%s%s\n", *file ? ", the guest has ejected " : "", file);
	else if (read_only)
		g_print("%s, read-only\n", file);
	else
		g_print("%s, writable%s%s\n", file, *mode ? ", " : "", mode);
}

/* Below a tenth of a second nobody sees it. */
static void print_lag(const char *name, GVariant *value)
{
	double seconds = (double)g_variant_get_uint64(value) / 1e9;

	if (seconds >= 0.1)
		g_print(COLUMN "%.1f s behind the host's\n", "clock", seconds);
}

static void print_network(GVariant *network)
{
	const char *link = text_of(network, "link"), *forwards = text_of(network, "hostfwd");

	g_print(COLUMN "%s: %s%s%s%s\n", "network", text_of(network, "instance"),
		text_of(network, "plugin"), g_str_equal(link, "false") ? ", unplugged" : "",
		*forwards ? ", forwards " : "", forwards);
}

static void print_each(GVariant *list, void (*print)(GVariant *entry))
{
	for (gsize i = 0; i < g_variant_n_children(list); i++) {
		g_autoptr(GVariant) entry = g_variant_get_child_value(list, i);

		print(entry);
	}
}

static void print_media(const char *name, GVariant *value)
{
	print_each(value, print_medium);
}

static void print_networks(const char *name, GVariant *value)
{
	print_each(value, print_network);
}

static void print_faults(const char *name, GVariant *value)
{
	const char *instance, *fault;
	GVariantIter iter;

	g_variant_iter_init(&iter, value);
	while (g_variant_iter_next(&iter, "{&s&s}", &instance, &fault))
		g_print(COLUMN "%s: %s\n", "fault", instance, fault);
}

static const struct {
	const char *name, *type;
	void (*print)(const char *name, GVariant *value);
} printers[] = {
	{ "instances", "as", print_names },    { "seconds-since-start", "d", print_duration },
	{ "exit-status", "i", print_nothing }, { "guest-time-ns", "t", print_nothing },
	{ "media", "aa{sv}", print_media },    { "networks", "aa{sv}", print_networks },
	{ "faults", "a{ss}", print_faults },   { "clock-lag-ns", "t", print_lag },
	{ "plugins", "a{ss}", print_nothing },
};

static void print_value(const char *name, GVariant *value)
{
	for (guint i = 0; i < G_N_ELEMENTS(printers); i++) {
		if (!g_str_equal(name, printers[i].name) ||
		    !g_variant_is_of_type(value, G_VARIANT_TYPE(printers[i].type)))
			continue;
		printers[i].print(name, value);
		return;
	}
	print_plain(name, value);
}

void program_print_status(GVariant *status)
{
	GVariantIter iter;
	const char *name;
	GVariant *value;

	g_variant_iter_init(&iter, status);
	while (g_variant_iter_next(&iter, "{&sv}", &name, &value)) {
		print_value(name, value);
		g_variant_unref(value);
	}
}
