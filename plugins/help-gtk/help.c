/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See help.h. The guide is docs/desktop.md, English, with its pictures beside it. */
#include "help.h"

#include <adwaita.h>
#include <glib/gi18n-lib.h>

#include "markdown.h"

#define GUIDE "../share/tessera/help/desktop.md" /* from the program's folder */
#define SELF "/proc/self/exe"
#define WIDTH 720
#define HEIGHT 640

typedef struct {
	GtkBox *page;
	GtkGrid *table; /* that rows are added to; NULL: none */
	int rows;
	const char *folder; /* of the guide */
} Writer;

static GtkWidget *label_new(const char *markup)
{
	GtkWidget *label = gtk_label_new(NULL);

	gtk_label_set_markup(GTK_LABEL(label), markup);
	gtk_label_set_wrap(GTK_LABEL(label), TRUE);
	gtk_label_set_xalign(GTK_LABEL(label), 0);
	return label;
}

static void add_text(Writer *w, const TsrMarkdownBlock *block)
{
	static const char *const classes[] = { "title-1", "title-2", "title-3" };
	const char *text = block->cells->pdata[0];
	g_autofree char *item =
		block->kind == TSR_MARKDOWN_ITEM ? g_strconcat("• ", text, NULL) : NULL;
	GtkWidget *label = label_new(item ? item : text);

	if (block->kind == TSR_MARKDOWN_HEADING) {
		gtk_widget_add_css_class(label, classes[MIN(block->level, 3) - 1]);
		gtk_widget_set_margin_top(label, 12);
	}
	gtk_box_append(w->page, label);
}

static void add_row(Writer *w, const TsrMarkdownBlock *block)
{
	if (!w->table) {
		w->table = GTK_GRID(gtk_grid_new());
		w->rows = 0;
		gtk_grid_set_column_spacing(w->table, 18);
		gtk_grid_set_row_spacing(w->table, 6);
		gtk_box_append(w->page, GTK_WIDGET(w->table));
	}
	for (guint i = 0; i < block->cells->len; i++) {
		GtkWidget *label = label_new(block->cells->pdata[i]);

		gtk_label_set_yalign(GTK_LABEL(label), 0);
		if (!w->rows)
			gtk_widget_add_css_class(label, "heading");
		gtk_grid_attach(w->table, label, (int)i, w->rows, 1, 1);
	}
	w->rows++;
}

static void add_picture(Writer *w, const TsrMarkdownBlock *block)
{
	g_autofree char *file = g_build_filename(w->folder, block->cells->pdata[0], NULL);
	GtkWidget *picture = gtk_picture_new_for_filename(file);

	gtk_picture_set_alternative_text(GTK_PICTURE(picture), block->cells->pdata[1]);
	gtk_picture_set_content_fit(GTK_PICTURE(picture), GTK_CONTENT_FIT_SCALE_DOWN);
	gtk_box_append(w->page, picture);
}

static void add_block(gpointer data, gpointer writer)
{
	const TsrMarkdownBlock *block = data;
	Writer *w = writer;

	if (block->kind == TSR_MARKDOWN_ROW) {
		add_row(w, block);
		return;
	}
	w->table = NULL;
	if (block->kind == TSR_MARKDOWN_PICTURE)
		add_picture(w, block);
	else
		add_text(w, block);
}

static GtkWidget *page_new(const char *text, const char *folder)
{
	g_autoptr(GPtrArray) blocks = tsr_markdown_parse(text);
	Writer w = { .page = GTK_BOX(gtk_box_new(GTK_ORIENTATION_VERTICAL, 12)), .folder = folder };

	gtk_widget_set_margin_start(GTK_WIDGET(w.page), 18);
	gtk_widget_set_margin_end(GTK_WIDGET(w.page), 18);
	gtk_widget_set_margin_bottom(GTK_WIDGET(w.page), 18);
	g_ptr_array_foreach(blocks, add_block, &w);
	return GTK_WIDGET(w.page);
}

static void close_with_escape(GtkWidget *window)
{
	GtkEventController *keys = gtk_shortcut_controller_new();

	gtk_shortcut_controller_add_shortcut(
		GTK_SHORTCUT_CONTROLLER(keys),
		gtk_shortcut_new(gtk_keyval_trigger_new(GDK_KEY_Escape, 0),
				 gtk_named_action_new("window.close")));
	gtk_widget_add_controller(window, keys);
}

static GtkWidget *window_new(const char *text, const char *folder)
{
	GtkWidget *window = adw_window_new(), *scrolled = gtk_scrolled_window_new(),
		  *clamp = adw_clamp_new(), *column = gtk_box_new(GTK_ORIENTATION_VERTICAL, 0);

	adw_clamp_set_child(ADW_CLAMP(clamp), page_new(text, folder));
	adw_clamp_set_maximum_size(ADW_CLAMP(clamp), WIDTH);
	gtk_scrolled_window_set_child(GTK_SCROLLED_WINDOW(scrolled), clamp);
	gtk_scrolled_window_set_policy(GTK_SCROLLED_WINDOW(scrolled), GTK_POLICY_NEVER,
				       GTK_POLICY_AUTOMATIC);
	gtk_widget_set_vexpand(scrolled, TRUE);
	gtk_box_append(GTK_BOX(column), adw_header_bar_new());
	gtk_box_append(GTK_BOX(column), scrolled);
	adw_window_set_content(ADW_WINDOW(window), column);
	gtk_window_set_title(GTK_WINDOW(window), _("Help"));
	gtk_window_set_default_size(GTK_WINDOW(window), WIDTH, HEIGHT);
	gtk_window_set_focus(GTK_WINDOW(window), scrolled); /* which the arrows move */
	close_with_escape(window);
	return window;
}

static GtkWidget *excuse_new(const char *why)
{
	GtkWidget *dialog = adw_message_dialog_new(NULL, _("The user's guide cannot be read"), why);

	adw_message_dialog_add_response(ADW_MESSAGE_DIALOG(dialog), "close", _("_Close"));
	return dialog;
}

void tsr_help_show(GtkWindow *over, const char *program)
{
	g_autofree char *self = program ? g_strdup(program) : g_file_read_link(SELF, NULL);
	g_autofree char *bin = g_path_get_dirname(self ? self : ".");
	g_autofree char *guide = g_build_filename(bin, GUIDE, NULL),
			*folder = g_path_get_dirname(guide), *text = NULL;
	g_autoptr(GError) why = NULL;
	GtkWidget *window = g_file_get_contents(guide, &text, NULL, &why)
				    ? window_new(text, folder)
				    : excuse_new(why->message);

	gtk_window_set_transient_for(GTK_WINDOW(window), over);
	gtk_window_present(GTK_WINDOW(window));
}
