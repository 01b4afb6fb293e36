/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See hardware-part.h. The controls of the rows are in hardware-control.c. */
#include "ui/hardware-part.h"

#include <string.h>

#include "model/text.h"
#include "ui/hardware-control.h"
#include "ui/hardware-words.h"

#define MEMORY_MAX 3584 /* MiB */
#define SPIN_RANGE 1000000

/* -- Properties */

static char *explain(const struct tsr_plugin_property *p, gboolean alive)
{
	g_autoptr(GString) text = g_string_new(p->text);
	g_autofree char *takes = tsr_hardware_words_takes(p);

	if (*takes)
		g_string_append_printf(text, "%s%s", text->len ? "\n" : "", takes);
	if (*p->initial)
		g_string_append_printf(text, _("; default %s"), p->initial);
	if (alive)
		g_string_append_printf(text, "\n%s",
				       p->is_mutable ? _("Changes at once when it is saved.")
						     : _("Changes when the machine is restarted."));
	return g_string_free(g_steal_pointer(&text), FALSE);
}

static gboolean is_spin(const struct tsr_plugin_property *p, const char *value)
{
	return g_str_equal(p->type, "int") && p->max - p->min <= SPIN_RANGE && p->min >= 0 &&
	       strspn(value, "0123456789") == strlen(value) && *value;
}

static void add_property(AdwPreferencesGroup *group, TsrHardware *hardware,
			 const struct tsr_part *part, const struct tsr_plugin_property *p,
			 gboolean alive)
{
	const char *value = tsr_part_value(part, p);
	g_autofree char *text = explain(p, alive);
	const struct tsr_control_row row = { group, hardware, part->name, p->name, p->name, text };

	if (g_str_equal(p->type, "bool"))
		tsr_control_add_switch(&row, tsr_part_is_true(value));
	else if (g_str_equal(p->type, "enum"))
		tsr_control_add_choice(&row, g_strdupv(p->values), p->values, value);
	else if (is_spin(p, value))
		tsr_control_add_spin(&row, &(struct tsr_control_range){
						   (double)p->min, (double)p->max,
						   (double)g_ascii_strtoll(value, NULL, 10) });
	else
		tsr_control_add_entry(&row, value, g_str_equal(p->type, "file"));
}

static AdwPreferencesGroup *add_group(AdwPreferencesPage *page, const char *title)
{
	GtkWidget *group = adw_preferences_group_new();

	adw_preferences_group_set_title(ADW_PREFERENCES_GROUP(group), title);
	adw_preferences_page_add(page, ADW_PREFERENCES_GROUP(group));
	return ADW_PREFERENCES_GROUP(group);
}

static void add_properties(AdwPreferencesPage *page, TsrHardware *hardware,
			   const struct tsr_part *part, const struct tsr_plugin *plugin,
			   gboolean alive)
{
	AdwPreferencesGroup *group = NULL;

	for (guint i = 0; i < plugin->properties->len; i++) {
		const struct tsr_plugin_property *p = g_ptr_array_index(plugin->properties, i);

		if (!p->writable)
			continue;
		if (!group)
			group = add_group(page, _("Properties"));
		add_property(group, hardware, part, p, alive);
	}
}

/* -- Connections */

static void add_connection(AdwPreferencesGroup *group, TsrHardware *hardware,
			   const struct tsr_part *part, const struct tsr_plugin_need *need)
{
	const char *other = g_hash_table_lookup(part->connections, need->name);
	g_autofree char *wanted = g_strjoinv(", ", need->interfaces);
	g_autoptr(GStrvBuilder) values = g_strv_builder_new(), texts = g_strv_builder_new();
	g_autoptr(GPtrArray) providers = NULL;
	g_auto(GStrv) shown = NULL;
	const struct tsr_control_row row = { group,      hardware,   part->name,
					     need->name, need->name, wanted };
	struct tsr_edit edit;

	tsr_hardware_edit(hardware, &edit);
	providers = tsr_edit_list_providers(&edit, need);
	g_strv_builder_add(values, "");
	g_strv_builder_add(texts, need->optional ? _("Nothing") : _("Nothing (it needs one)"));
	for (guint i = 0; i < providers->len; i++) {
		g_strv_builder_add(values, g_ptr_array_index(providers, i));
		g_strv_builder_add(texts, g_ptr_array_index(providers, i));
	}
	shown = g_strv_builder_end(texts);
	tsr_control_add_connection(&row, g_strv_builder_end(values), shown, other ? other : "");
}

static void add_connections(AdwPreferencesPage *page, TsrHardware *hardware,
			    const struct tsr_part *part, const struct tsr_plugin *plugin)
{
	AdwPreferencesGroup *group = plugin->needs->len ? add_group(page, _("Connected to")) : NULL;

	for (guint i = 0; i < plugin->needs->len; i++)
		add_connection(group, hardware, part, g_ptr_array_index(plugin->needs, i));
}

/* -- Places: what the manifest of the plugin claims, where the machine may say otherwise */

/* The key that a machine may set, and its value as the plugin has it. */
static char *place_of(const struct tsr_plugin_resource *r, const char **key)
{
	if (g_str_equal(r->type, "irq")) {
		*key = "line";
		return g_strdup(r->line);
	}
	if (g_str_equal(r->type, "dma")) {
		*key = "channel";
		return g_strdup_printf("%u", r->channel);
	}
	*key = "base";
	return g_strdup_printf("0x%" G_GINT64_MODIFIER "x", r->base);
}

static void add_place(AdwPreferencesGroup *group, TsrHardware *hardware,
		      const struct tsr_part *part, const char *title, const char *text,
		      const char *key, const char *initial)
{
	const char *written = g_hash_table_lookup(part->settings, key);
	const struct tsr_control_row row = { group, hardware, part->name, key, title, text };

	tsr_control_add_key(&row, written ? written : "", initial);
}

static void add_resource(AdwPreferencesGroup *group, TsrHardware *hardware,
			 const struct tsr_part *part, const struct tsr_plugin_resource *r)
{
	const char *what;
	g_autofree char *initial = place_of(r, &what),
			*key = g_strdup_printf("resource.%s.%s", r->name, what),
			*text = tsr_hardware_words_resource(r);

	add_place(group, hardware, part, r->name, text, key, initial);
}

static void add_places(AdwPreferencesPage *page, TsrHardware *hardware, const struct tsr_part *part,
		       const struct tsr_plugin *plugin)
{
	const gboolean has_address = g_hash_table_contains(part->settings, "address");
	AdwPreferencesGroup *group =
		has_address || plugin->resources->len ? add_group(page, _("Place")) : NULL;

	if (has_address)
		add_place(group, hardware, part, _("PCI address"), _("Device and function, 03.0"),
			  "address", "");
	for (guint i = 0; i < plugin->resources->len; i++)
		add_resource(group, hardware, part, g_ptr_array_index(plugin->resources, i));
}

/* -- Version */

/* What follows the id in what the manifest asks for. */
static char *range_of(const struct tsr_part *part)
{
	const char *text = part->requirement + (*part->requirement == '?');

	text += strcspn(text, " <>=");
	return g_strstrip(g_strdup(text));
}

static void add_choice_of_version(GStrvBuilder *values, GStrvBuilder *texts, const char *range,
				  const char *format, const char *version)
{
	g_autofree char *text = g_strdup_printf(format, version);

	g_strv_builder_add(values, range);
	g_strv_builder_add(texts, text);
}

static void add_version(AdwPreferencesGroup *group, TsrHardware *hardware,
			const struct tsr_part *part)
{
	const struct tsr_catalogue *catalogue = tsr_hardware_get_catalogue(hardware);
	const struct tsr_plugin *newest = tsr_catalogue_find(catalogue, part->id, NULL);
	g_autoptr(GStrvBuilder) values = g_strv_builder_new(), texts = g_strv_builder_new();
	g_autofree char *range = range_of(part), *text = NULL;
	g_auto(GStrv) shown = NULL;
	gboolean found = !*range;

	add_choice_of_version(values, texts, "", _("Newest that is installed (%s)"),
			      newest ? newest->version : _("none"));
	for (guint i = 0; i < catalogue->plugins->len; i++) {
		const struct tsr_plugin *p = g_ptr_array_index(catalogue->plugins, i);
		g_autofree char *only = g_strconcat("=", p->version, NULL);

		if (!g_str_equal(p->id, part->id))
			continue;
		add_choice_of_version(values, texts, only, _("Only %s"), p->version);
		found |= g_str_equal(range, only);
	}
	if (!found)
		add_choice_of_version(values, texts, range, "%s", range);
	shown = g_strv_builder_end(texts);
	text = *part->version ? g_strdup_printf(_("Now: %s"), part->version)
			      : g_strdup(_("None is installed that fits."));
	tsr_control_add_version(&(struct tsr_control_row){ group, hardware, part->name, "plugin",
							   _("Version"), text },
				g_strv_builder_end(values), shown, range);
}

/* -- Removing */

/* Not of what every machine has. */
static void add_remove(AdwPreferencesPage *page, TsrHardware *hardware, const struct tsr_part *part)
{
	const struct tsr_parts *parts = tsr_hardware_get_parts(hardware);
	GtkWidget *button;

	if (g_str_equal(part->name, parts->cpu) || g_str_equal(part->name, parts->mmu))
		return;
	button = tsr_control_remove_new(hardware, part->name);
	gtk_widget_set_halign(button, GTK_ALIGN_START);
	gtk_widget_add_css_class(button, "destructive-action");
	adw_preferences_group_add(add_group(page, ""), button);
}

/* -- The page */

static char *describe(const struct tsr_part *part, const struct tsr_plugin *plugin)
{
	if (!plugin)
		return g_strdup_printf(_("The plugin “%s” is not installed, or not in a version "
					 "that this machine allows. Install it, choose another "
					 "version, or remove the part."),
				       part->id);
	return g_strdup_printf("%s\n%s %s · %s · %s", plugin->description, plugin->id,
			       plugin->version, plugin->vendor, plugin->licence);
}

GtkWidget *tsr_hardware_part_new(TsrHardware *hardware, const char *name, gboolean alive)
{
	const struct tsr_part *part = tsr_parts_find(tsr_hardware_get_parts(hardware), name);
	struct tsr_edit edit;
	const struct tsr_plugin *plugin;
	GtkWidget *page = adw_preferences_page_new();
	AdwPreferencesGroup *head = add_group(ADW_PREFERENCES_PAGE(page), name);
	g_autofree char *text = NULL, *escaped = NULL;

	tsr_hardware_edit(hardware, &edit);
	plugin = tsr_edit_plugin_of(&edit, part);
	text = describe(part, plugin);
	escaped = g_markup_escape_text(text, -1);
	adw_preferences_group_set_description(head, escaped);
	add_version(head, hardware, part);
	if (plugin) {
		add_connections(ADW_PREFERENCES_PAGE(page), hardware, part, plugin);
		add_properties(ADW_PREFERENCES_PAGE(page), hardware, part, plugin, alive);
		add_places(ADW_PREFERENCES_PAGE(page), hardware, part, plugin);
	}
	add_remove(ADW_PREFERENCES_PAGE(page), hardware, part);
	gtk_widget_set_sensitive(page, tsr_hardware_can_change(hardware));
	return page;
}

/* "512M", "1G"; 0: something else. */
static double memory_mib(const char *text)
{
	char *end;
	guint64 number = g_ascii_strtoull(text, &end, 0);

	if (g_ascii_toupper(*end) == 'G')
		return (double)number * 1024;
	return g_ascii_toupper(*end) == 'M' ? (double)number : (double)(number >> 20);
}

static void add_upgrades(AdwPreferencesPage *page, TsrHardware *hardware, gboolean alive)
{
	g_autofree char *text = g_strconcat(
		_("Lets the plugin manager put another version in the place of one that runs. "
		  "The machine's process may read plugins and take in new code then."),
		alive ? "\n" : "", alive ? _("Changes when the machine is restarted.") : "", NULL);
	const struct tsr_control_row row = {
		add_group(page, _("Plugins")), hardware, "", _("Upgrades while it runs"),
		_("Upgrades while it runs"),   text,
	};

	tsr_control_add_upgrades(&row, tsr_hardware_get_parts(hardware)->upgrades);
}

GtkWidget *tsr_hardware_memory_new(TsrHardware *hardware, gboolean alive)
{
	GtkWidget *page = adw_preferences_page_new();
	AdwPreferencesGroup *group = add_group(ADW_PREFERENCES_PAGE(page), _("Memory"));
	const char *memory = tsr_hardware_get_parts(hardware)->memory;
	const struct tsr_control_row row = {
		group,
		hardware,
		"",
		_("Memory"),
		_("Memory in MiB"),
		alive ? _("Changes when the machine is restarted.") : "",
	};

	tsr_control_add_memory(&row,
			       &(struct tsr_control_range){ 1, MEMORY_MAX, memory_mib(memory) });
	add_upgrades(ADW_PREFERENCES_PAGE(page), hardware, alive);
	gtk_widget_set_sensitive(page, tsr_hardware_can_change(hardware));
	return page;
}

static void add_sorted(GString *text, GHashTable *table)
{
	g_autoptr(GList) keys = g_list_sort(g_hash_table_get_keys(table), (GCompareFunc)strcmp);

	for (GList *key = keys; key; key = key->next)
		g_string_append_printf(text, " %s=%s", (char *)key->data,
				       (char *)g_hash_table_lookup(table, key->data));
}

char *tsr_hardware_part_signature(TsrHardware *hardware, const char *name)
{
	const struct tsr_parts *parts = tsr_hardware_get_parts(hardware);
	const struct tsr_part *part = tsr_parts_find(parts, name);
	g_autoptr(GString) text = g_string_new(NULL);

	if (!part || !part->exists)
		return NULL;
	g_string_append_printf(text, "%s %s %s %d", part->name, part->requirement, part->version,
			       tsr_hardware_can_change(hardware));
	add_sorted(text, part->connections);
	for (guint i = 0; i < parts->parts->len; i++) {
		const struct tsr_part *other = g_ptr_array_index(parts->parts, i);

		if (other->exists)
			g_string_append_printf(text, "\n%s", other->name);
	}
	return g_string_free(g_steal_pointer(&text), FALSE);
}
