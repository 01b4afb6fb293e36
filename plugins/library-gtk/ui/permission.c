/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See permission.h. */
#include "ui/permission.h"

#include "model/text.h"
#include "ui/dialogs.h"

static void start_with(gpointer machine, TsrLibraryPermission permission)
{
	tsr_library_machine_start_with(machine,
				       tsr_library_machine_get_permissions(machine) | permission);
}

static void on_trust(gpointer machine)
{
	start_with(machine, TSR_LIBRARY_MAY_TRUST);
}

static void on_force_medium(gpointer machine)
{
	start_with(machine, TSR_LIBRARY_MAY_FORCE_MEDIUM);
}

static const struct {
	TsrLibraryPermission permission;
	const char *heading, *text, *yes; /* the heading has the title, the text the sentence */
	void (*start)(gpointer machine);
} questions[] = {
	{ TSR_LIBRARY_MAY_TRUST, N_("Trust the machine file of “%s”?"),
	  N_("It names files outside of its folder, which the guest could then read or change. "
	     "Trust it only if you know who made it.\n\n%s"),
	  N_("_Trust and start"), on_trust },
	{ TSR_LIBRARY_MAY_FORCE_MEDIUM, N_("Resume “%s” with a disk that has changed?"),
	  N_("The guest believes the disk to be as it was when it was suspended. Its file system "
	     "may be damaged if it goes on. Instead, the suspended state can be discarded."
	     "\n\n%s"),
	  N_("_Resume anyway"), on_force_medium },
};

void tsr_permission_ask(GtkWidget *over, TsrLibraryMachine *machine,
			TsrLibraryPermission permission, const char *sentence)
{
	for (guint i = 0; i < G_N_ELEMENTS(questions); i++) {
		g_autofree char *heading = NULL, *text = NULL;

		if (questions[i].permission != permission)
			continue;
		heading = g_strdup_printf(_(questions[i].heading),
					  tsr_library_machine_get_title(machine));
		text = g_strdup_printf(_(questions[i].text), sentence);
		tsr_dialog_ask(over, heading, text, _(questions[i].yes), questions[i].start,
			       machine);
	}
}
