/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Saving a profile: the machine is asked for it at once, then the user for a file. */
#include <string.h>

#include "performance.h"
#include "save.h"

struct profile {
	char *format, *text;
};

static void profile_free(gpointer data)
{
	struct profile *p = data;

	g_free(p->format);
	g_free(p->text);
	g_free(p);
}

static gboolean write_text(gconstpointer text, const char *path, GError **error)
{
	return g_file_set_contents(path, text, (gssize)strlen(text), error);
}

static gboolean call_get(TsrMachine *machine, gpointer data, GError **error)
{
	struct profile *p = data;

	p->text = tsr_machine_get_profile(machine, p->format, error);
	return p->text != NULL;
}

static void on_got(struct ui *ui, gpointer data, const GError *error)
{
	struct profile *got = data;
	struct ui_saving what = {
		.title = _("Save the Profile"),
		.done = _("The profile is saved as “%s”."),
		.failed = _("The profile could not be saved"),
		.folder = G_USER_DIRECTORY_DOCUMENTS,
		.write = write_text,
		.free_content = g_free,
	};
	g_autofree char *name = NULL;

	if (error) {
		ui_window_tell(ui, what.failed, error);
		return;
	}
	name = g_strdup_printf("%s-profile.%s", tsr_machine_get_name(ui->machine), got->format);
	what.content = g_steal_pointer(&got->text);
	ui_save(ui, &what, name);
}

void ui_performance_save(struct ui *ui, const char *format)
{
	struct profile *p = g_new0(struct profile, 1);

	p->format = g_strdup(format);
	ui_calls_make(ui->calls, call_get, on_got, p, profile_free);
}
