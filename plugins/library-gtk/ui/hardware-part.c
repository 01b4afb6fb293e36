/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See hardware-part.h. Each control is a Control: the key of the part that it changes. Its name for
 * assistive technologies is what the command line calls it, PART.KEY. */
#include "ui/hardware-part.h"

#include <string.h>

#include "model/text.h"

#define MEMORY_MAX 3584 /* MiB */
#define SPIN_RANGE 1000000
#define CONNECT "connect."

typedef struct {
	TsrHardware *hardware;
	char *part, *key;
	char **values;  /* of a drop-down; "": none */
	GtkWidget *row; /* not owned */
} Control;

static void control_free(gpointer data, GClosure *closure)
{
	Control *c = data;

	g_object_unref(c->hardware);
	g_free(c->part);
	g_free(c->key);
	g_strfreev(c->values);
	g_free(c);
}

static Control *control_new(TsrHardware *hardware, const char *part, const char *key)
{
	Control *c = g_new0(Control, 1);

	c->hardware = g_object_ref(hardware);
	c->part = g_strdup(part);
	c->key = g_strdup(key);
	return c;
}

/* -- Edits */

static void set_property(const Control *c, const char *value)
{
	struct tsr_edit edit;

	tsr_hardware_edit(c->hardware, &edit);
	tsr_edit_set_property(&edit, c->part, c->key, value);
	tsr_hardware_edited(c->hardware);
}

static void on_switch(GtkSwitch *widget, GParamSpec *property, gpointer data)
{
	set_property(data, gtk_switch_get_active(widget) ? "true" : "false");
}

static void on_spin(GtkSpinButton *widget, gpointer data)
{
	g_autofree char *value = g_strdup_printf("%.0f", gtk_spin_button_get_value(widget));

	set_property(data, value);
}

static void on_entry(GtkEditable *widget, gpointer data)
{
	set_property(data, gtk_editable_get_text(widget));
}

static const char *chosen(GtkDropDown *widget, const Control *c)
{
	guint selected = gtk_drop_down_get_selected(widget);

	return selected < g_strv_length(c->values) ? c->values[selected] : "";
}

static void on_choice(GtkDropDown *widget, GParamSpec *property, gpointer data)
{
	set_property(data, chosen(widget, data));
}

static void on_connection(GtkDropDown *widget, GParamSpec *property, gpointer data)
{
	const Control *c = data;
	const char *other = chosen(widget, c);
	struct tsr_edit edit;

	tsr_hardware_edit(c->hardware, &edit);
	tsr_edit_connect(&edit, c->part, c->key, *other ? other : NULL);
	tsr_hardware_edited(c->hardware);
}

static void on_version(GtkDropDown *widget, GParamSpec *property, gpointer data)
{
	const Control *c = data;
	const char *range = chosen(widget, c);
	struct tsr_edit edit;

	tsr_hardware_edit(c->hardware, &edit);
	tsr_edit_set_version(&edit, c->part, *range ? range : NULL);
	tsr_hardware_edited(c->hardware);
}

static void on_key(GtkEditable *widget, gpointer data)
{
	const Control *c = data;
	const char *value = gtk_editable_get_text(widget);
	struct tsr_edit edit;

	tsr_hardware_edit(c->hardware, &edit);
	tsr_edit_set_key(&edit, c->part, c->key, *value ? value : NULL);
	tsr_hardware_edited(c->hardware);
}

static void on_memory(GtkSpinButton *widget, gpointer data)
{
	const Control *c = data;
	struct tsr_edit edit;

	tsr_hardware_edit(c->hardware, &edit);
	tsr_edit_set_memory(&edit, (guint)gtk_spin_button_get_value(widget));
	tsr_hardware_edited(c->hardware);
}

/* -- Rows */

static void name_control(GtkWidget *widget, const Control *c)
{
	g_autofree char *name = g_strconcat(c->part, *c->part ? "." : "", c->key, NULL);

	gtk_accessible_update_property(GTK_ACCESSIBLE(widget), GTK_ACCESSIBLE_PROPERTY_LABEL, name,
				       -1);
}

/* Takes the control, which lives as long as the widget's signal. */
static void add_control(AdwPreferencesGroup *group, const char *title, const char *text,
			GtkWidget *widget, const char *signal, GCallback callback, Control *c)
{
	GtkWidget *row = adw_action_row_new();

	c->row = row;
	adw_preferences_row_set_use_markup(ADW_PREFERENCES_ROW(row), FALSE);
	adw_preferences_row_set_title(ADW_PREFERENCES_ROW(row), title);
	adw_action_row_set_subtitle(ADW_ACTION_ROW(row), text);
	gtk_widget_set_valign(widget, GTK_ALIGN_CENTER);
	adw_action_row_add_suffix(ADW_ACTION_ROW(row), widget);
	if (GTK_IS_SWITCH(widget))
		adw_action_row_set_activatable_widget(ADW_ACTION_ROW(row), widget);
	name_control(widget, c);
	g_signal_connect_data(widget, signal, callback, c, control_free, 0);
	adw_preferences_group_add(group, row);
}

static GtkWidget *entry_new(const char *value)
{
	GtkWidget *entry = gtk_entry_new();

	gtk_editable_set_text(GTK_EDITABLE(entry), value);
	gtk_editable_set_width_chars(GTK_EDITABLE(entry), 20);
	return entry;
}

/* Takes the values. */
static GtkWidget *choice_new(Control *c, char **values, char **texts, const char *value)
{
	GtkWidget *widget = gtk_drop_down_new_from_strings((const char *const *)texts);

	c->values = values;
	for (guint i = 0; values[i]; i++)
		if (g_str_equal(values[i], value))
			gtk_drop_down_set_selected(GTK_DROP_DOWN(widget), i);
	return widget;
}

static GtkWidget *spin_new(double min, double max, double value)
{
	GtkWidget *widget = gtk_spin_button_new_with_range(min, max, 1);

	gtk_spin_button_set_value(GTK_SPIN_BUTTON(widget), value);
	return widget;
}

/* -- Properties */

static char *explain(const struct tsr_plugin_property *p, gboolean alive)
{
	g_autoptr(GString) text = g_string_new(p->text);

	if (*p->takes && !g_str_equal(p->type, "bool") && !g_str_equal(p->type, "string"))
		g_string_append_printf(text, "%s%s", text->len ? "\n" : "", p->takes);
	if (*p->initial)
		g_string_append_printf(text, _("; default %s"), p->initial);
	if (alive)
		g_string_append_printf(text, "\n%s",
				       p->is_mutable ? _("Changes at once when it is saved.")
						     : _("Changes when the machine is restarted."));
	return g_string_free(g_steal_pointer(&text), FALSE);
}

static gboolean is_true(const char *value)
{
	static const char *const words[] = { "true", "yes", "on", "1", NULL };

	return g_strv_contains(words, value);
}

static gboolean is_spin(const struct tsr_plugin_property *p, const char *value)
{
	return g_str_equal(p->type, "int") && p->max - p->min <= SPIN_RANGE && p->min >= 0 &&
	       strspn(value, "0123456789") == strlen(value) && *value;
}

static void on_file_chosen(GtkNativeDialog *dialog, int response, gpointer entry)
{
	g_autoptr(GFile) file = gtk_file_chooser_get_file(GTK_FILE_CHOOSER(dialog));
	g_autofree char *path = file ? g_file_get_path(file) : NULL;

	if (response == GTK_RESPONSE_ACCEPT && path)
		gtk_editable_set_text(GTK_EDITABLE(entry), path);
	g_object_unref(dialog);
}

static void on_choose_file(GtkButton *button, gpointer entry)
{
	GtkRoot *root = gtk_widget_get_root(GTK_WIDGET(button));
	GtkFileChooserNative *dialog = gtk_file_chooser_native_new(
		_("File"), GTK_WINDOW(root), GTK_FILE_CHOOSER_ACTION_OPEN, NULL, NULL);

	gtk_native_dialog_set_modal(GTK_NATIVE_DIALOG(dialog), TRUE);
	g_signal_connect_object(dialog, "response", G_CALLBACK(on_file_chosen), entry, 0);
	gtk_native_dialog_show(GTK_NATIVE_DIALOG(dialog));
}

static void add_chooser(const Control *c, GtkWidget *entry)
{
	GtkWidget *button = gtk_button_new_from_icon_name("document-open-symbolic");
	g_autofree char *name = g_strdup_printf(_("Choose %s.%s"), c->part, c->key);

	gtk_widget_set_valign(button, GTK_ALIGN_CENTER);
	gtk_widget_add_css_class(button, "flat");
	gtk_widget_set_tooltip_text(button, _("Choose a file"));
	gtk_accessible_update_property(GTK_ACCESSIBLE(button), GTK_ACCESSIBLE_PROPERTY_LABEL, name,
				       -1);
	g_signal_connect(button, "clicked", G_CALLBACK(on_choose_file), entry);
	adw_action_row_add_suffix(ADW_ACTION_ROW(c->row), button);
}

static void add_property(AdwPreferencesGroup *group, TsrHardware *hardware,
			 const struct tsr_part *part, const struct tsr_plugin_property *p,
			 gboolean alive)
{
	Control *c = control_new(hardware, part->name, p->name);
	const char *value = tsr_part_value(part, p);
	g_autofree char *text = explain(p, alive);
	GtkWidget *widget;

	if (g_str_equal(p->type, "bool")) {
		widget = gtk_switch_new();
		gtk_switch_set_active(GTK_SWITCH(widget), is_true(value));
		add_control(group, p->name, text, widget, "notify::active", G_CALLBACK(on_switch),
			    c);
	} else if (g_str_equal(p->type, "enum")) {
		widget = choice_new(c, g_strdupv(p->values), p->values, value);
		add_control(group, p->name, text, widget, "notify::selected", G_CALLBACK(on_choice),
			    c);
	} else if (is_spin(p, value)) {
		widget = spin_new((double)p->min, (double)p->max,
				  (double)g_ascii_strtoll(value, NULL, 10));
		add_control(group, p->name, text, widget, "value-changed", G_CALLBACK(on_spin), c);
	} else {
		widget = entry_new(value);
		add_control(group, p->name, text, widget, "changed", G_CALLBACK(on_entry), c);
		if (g_str_equal(p->type, "file"))
			add_chooser(c, widget);
	}
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
	Control *c = control_new(hardware, part->name, need->name);
	const char *other = g_hash_table_lookup(part->connections, need->name);
	g_autofree char *wanted = g_strjoinv(", ", need->interfaces);
	g_autoptr(GStrvBuilder) values = g_strv_builder_new(), texts = g_strv_builder_new();
	g_autoptr(GPtrArray) providers = NULL;
	g_auto(GStrv) shown = NULL;
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
	add_control(group, need->name, wanted,
		    choice_new(c, g_strv_builder_end(values), shown, other ? other : ""),
		    "notify::selected", G_CALLBACK(on_connection), c);
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
	Control *c = control_new(hardware, part->name, key);
	const char *written = g_hash_table_lookup(part->settings, key);
	GtkWidget *entry = entry_new(written ? written : "");

	gtk_entry_set_placeholder_text(GTK_ENTRY(entry), initial);
	add_control(group, title, text, entry, "changed", G_CALLBACK(on_key), c);
}

static void add_resource(AdwPreferencesGroup *group, TsrHardware *hardware,
			 const struct tsr_part *part, const struct tsr_plugin_resource *r)
{
	const char *what;
	g_autofree char *initial = place_of(r, &what),
			*key = g_strdup_printf("resource.%s.%s", r->name, what),
			*length = g_strdup_printf("%" G_GUINT64_FORMAT, r->length),
			*text = r->length ? g_strdup_printf(_("%s, %s of them"), r->type, length)
					  : g_strdup(r->type);

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
	Control *c = control_new(hardware, part->name, "plugin");

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
	add_control(group, _("Version"), text,
		    choice_new(c, g_strv_builder_end(values), shown, range), "notify::selected",
		    G_CALLBACK(on_version), c);
}

/* -- Removing */

static void on_remove(GtkButton *button, gpointer data)
{
	const Control *c = data;
	struct tsr_edit edit;

	tsr_hardware_edit(c->hardware, &edit);
	g_ptr_array_unref(tsr_edit_remove(&edit, c->part));
	tsr_hardware_edited(c->hardware);
}

/* Not of what every machine has. */
static void add_remove(AdwPreferencesPage *page, TsrHardware *hardware, const struct tsr_part *part)
{
	const struct tsr_parts *parts = tsr_hardware_get_parts(hardware);
	g_autofree char *label = g_strdup_printf(_("Remove %s"), part->name);
	GtkWidget *button = gtk_button_new_with_label(label);

	if (g_str_equal(part->name, parts->cpu) || g_str_equal(part->name, parts->mmu)) {
		g_object_ref_sink(button);
		g_object_unref(button);
		return;
	}
	gtk_widget_set_halign(button, GTK_ALIGN_START);
	gtk_widget_add_css_class(button, "destructive-action");
	g_signal_connect_data(button, "clicked", G_CALLBACK(on_remove),
			      control_new(hardware, part->name, ""), control_free, 0);
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

GtkWidget *tsr_hardware_memory_new(TsrHardware *hardware, gboolean alive)
{
	GtkWidget *page = adw_preferences_page_new();
	AdwPreferencesGroup *group = add_group(ADW_PREFERENCES_PAGE(page), _("Memory"));
	const char *memory = tsr_hardware_get_parts(hardware)->memory;
	Control *c = control_new(hardware, "", _("Memory"));

	add_control(group, _("Memory in MiB"),
		    alive ? _("Changes when the machine is restarted.") : "",
		    spin_new(1, MEMORY_MAX, memory_mib(memory)), "value-changed",
		    G_CALLBACK(on_memory), c);
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
