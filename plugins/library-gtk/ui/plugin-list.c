/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See plugin-list.h. */
#include "ui/plugin-list.h"

#include <string.h>

#include "model/plugins.h"
#include "model/text.h"

#define KEY_DATA "key"         /* of a row */
#define REFUSED_DATA "refused" /* of a row: it is one of those that were refused */
#define WORDS_DATA "words"     /* of a row: what is searched, case-folded */
#define ENTRY_DATA "entry"     /* of the list: what searches it */
#define LISTED_DATA "listed"   /* of the list: the keys of its rows */

const char *tsr_plugin_list_key(GtkListBoxRow *row)
{
	return g_object_get_data(G_OBJECT(row), KEY_DATA);
}

/* -- Rows */

/* Of an assistive technology, which cannot select. */
static void on_show(GSimpleAction *action, GVariant *parameter, gpointer row)
{
	gtk_list_box_select_row(GTK_LIST_BOX(gtk_widget_get_parent(row)), row);
}

static void add_row(GtkListBox *list, const char *key, const char *title, const char *text,
		    gboolean is_refused)
{
	static const GActionEntry entries[] = { { .name = "show", .activate = on_show } };
	g_autoptr(GSimpleActionGroup) actions = g_simple_action_group_new();
	GtkWidget *row = adw_action_row_new();
	g_autofree char *words = g_strdup_printf("%s %s", title, text);

	adw_preferences_row_set_use_markup(ADW_PREFERENCES_ROW(row), FALSE);
	adw_preferences_row_set_title(ADW_PREFERENCES_ROW(row), title);
	adw_action_row_set_subtitle(ADW_ACTION_ROW(row), text);
	adw_action_row_set_subtitle_lines(ADW_ACTION_ROW(row), 2);
	gtk_list_box_row_set_activatable(GTK_LIST_BOX_ROW(row), TRUE);
	gtk_accessible_update_property(GTK_ACCESSIBLE(row), GTK_ACCESSIBLE_PROPERTY_LABEL,
				       is_refused ? title : key,
				       GTK_ACCESSIBLE_PROPERTY_DESCRIPTION, text, -1);
	g_object_set_data_full(G_OBJECT(row), KEY_DATA, g_strdup(key), g_free);
	g_object_set_data_full(G_OBJECT(row), WORDS_DATA, g_utf8_casefold(words, -1), g_free);
	g_object_set_data(G_OBJECT(row), REFUSED_DATA, GINT_TO_POINTER(is_refused));
	g_action_map_add_action_entries(G_ACTION_MAP(actions), entries, G_N_ELEMENTS(entries), row);
	gtk_widget_insert_action_group(row, "row", G_ACTION_GROUP(actions));
	gtk_list_box_append(list, row);
}

/* Other keys ask for other rows. */
static char *keys_of(const struct tsr_catalogue *catalogue)
{
	GString *keys = g_string_new(NULL);

	for (guint i = 0; i < catalogue->plugins->len; i++) {
		const struct tsr_plugin *p = g_ptr_array_index(catalogue->plugins, i);

		g_string_append_printf(keys, "%s %s\n", p->id, p->version);
	}
	for (char **line = catalogue->refused; *line; line++)
		g_string_append_printf(keys, "%s\n", *line);
	return g_string_free(keys, FALSE);
}

static void add_rows(GtkListBox *list, const struct tsr_catalogue *catalogue)
{
	for (guint i = 0; i < catalogue->plugins->len; i++) {
		const struct tsr_plugin *p = g_ptr_array_index(catalogue->plugins, i);
		g_autofree char *key = g_strdup_printf("%s %s", p->id, p->version);

		add_row(list, key, p->name, key, FALSE);
	}
	for (char **line = catalogue->refused; *line; line++) {
		g_autofree char *subject = tsr_plugins_refused_subject(*line);

		add_row(list, *line, subject, *line, TRUE);
	}
}

static void add_header(GtkListBoxRow *row, GtkListBoxRow *before, gpointer data)
{
	const gboolean is_refused = g_object_get_data(G_OBJECT(row), REFUSED_DATA) != NULL;
	GtkWidget *label = NULL;

	if (!before || (g_object_get_data(G_OBJECT(before), REFUSED_DATA) != NULL) != is_refused) {
		label = gtk_label_new(is_refused ? _("Refused") : _("Installed"));
		gtk_label_set_xalign(GTK_LABEL(label), 0);
		gtk_widget_add_css_class(label, "heading");
		gtk_widget_add_css_class(label, "plugins-header");
	}
	gtk_list_box_row_set_header(row, label);
}

/* A filter of the list would leave the rows to assistive technologies. */
static void on_search(GtkSearchEntry *entry, gpointer list)
{
	g_autofree char *wanted = g_utf8_casefold(gtk_editable_get_text(GTK_EDITABLE(entry)), -1);
	GtkListBoxRow *row;

	for (int i = 0; (row = gtk_list_box_get_row_at_index(list, i)); i++)
		gtk_widget_set_visible(
			GTK_WIDGET(row),
			strstr(g_object_get_data(G_OBJECT(row), WORDS_DATA), wanted) != NULL);
	gtk_list_box_invalidate_headers(list);
}

/* -- The list */

/* The row that has the key, or the first one. */
static void select_key(GtkListBox *list, char **key)
{
	GtkListBoxRow *first = gtk_list_box_get_row_at_index(list, 0), *row = first;

	for (int i = 0; row && g_strcmp0(tsr_plugin_list_key(row), *key) != 0;)
		row = gtk_list_box_get_row_at_index(list, ++i);
	row = row ? row : first;
	g_free(*key);
	*key = row ? g_strdup(tsr_plugin_list_key(row)) : NULL;
	gtk_list_box_select_row(list, row);
}

void tsr_plugin_list_fill(GtkListBox *list, const struct tsr_catalogue *catalogue, char **key)
{
	g_autofree char *keys = keys_of(catalogue);
	GtkWidget *row;

	if (g_strcmp0(keys, g_object_get_data(G_OBJECT(list), LISTED_DATA)) == 0)
		return;
	g_object_set_data_full(G_OBJECT(list), LISTED_DATA, g_steal_pointer(&keys), g_free);
	while ((row = GTK_WIDGET(gtk_list_box_get_row_at_index(list, 0))))
		gtk_list_box_remove(list, row);
	add_rows(list, catalogue);
	select_key(list, key);
	on_search(g_object_get_data(G_OBJECT(list), ENTRY_DATA), list);
}

void tsr_plugin_list_begin(GtkListBox *list, GtkSearchEntry *entry)
{
	gtk_list_box_set_header_func(list, add_header, NULL, NULL);
	g_object_set_data(G_OBJECT(list), ENTRY_DATA, entry);
	g_signal_connect_object(entry, "search-changed", G_CALLBACK(on_search), list, 0);
}
