/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See profile.h. */
#include "profile/profile.h"

#include "config/config.h"
#include "instance/machine-parts.h"
#include "instance/remote-form.h"
#include "profile/report.h"
#include "profile/sampler.h"
#include "profile/symbols-file.h"

struct tsr_profile {
	TsrMachine *machine;
	struct tsr_sampler *sampler;
	struct tsr_tally *tally;
	struct tsr_symbols *symbols;
	gint64 started_us; /* monotonic time; 0: not yet */
};

static void take(gpointer tally, const struct tsr_sample *sample)
{
	tsr_tally_add(tally, sample);
}

static gboolean read_symbols(struct tsr_profile *p, const char *const *files, GError **error)
{
	for (; files && *files; files++)
		if (!tsr_symbols_read(p->symbols, *files, error))
			return FALSE;
	return TRUE;
}

void tsr_profile_free(struct tsr_profile *p)
{
	if (!p)
		return;
	g_clear_pointer(&p->sampler, tsr_sampler_free);
	tsr_tally_free(p->tally);
	tsr_symbols_free(p->symbols);
	g_free(p);
}

static struct tsr_profile *profile_new(TsrMachine *m, const char *const *symbols, GError **error)
{
	struct tsr_profile *p = g_new0(struct tsr_profile, 1);

	p->machine = m;
	p->tally = tsr_tally_new();
	p->symbols = tsr_symbols_new();
	if (read_symbols(p, symbols, error))
		p->sampler = tsr_sampler_new(m, take, p->tally, error);
	if (!p->sampler)
		g_clear_pointer(&p, tsr_profile_free);
	return p;
}

void tsr_profile_enter(struct tsr_profile *p)
{
	if (!p)
		return;
	p->started_us = g_get_monotonic_time();
	tsr_sampler_enter(p->sampler);
}

void tsr_profile_leave(struct tsr_profile *p)
{
	if (p)
		tsr_sampler_leave(p->sampler);
}

static guint64 elapsed_ns(const struct tsr_profile *p)
{
	return p->started_us ? (guint64)(g_get_monotonic_time() - p->started_us) * 1000 : 0;
}

static char *profile_get(struct tsr_profile *p, const char *format, GError **error)
{
	static const struct {
		const char *format;
		char *(*report)(const struct tsr_profile_data *data);
	} reports[] = {
		{ "txt", tsr_report_text },
		{ "folded", tsr_report_folded },
		{ "svg", tsr_report_svg },
		{ "json", tsr_report_json },
	};
	g_autoptr(GArray) rows = tsr_tally_get_rows(p->tally);
	struct tsr_profile_data data = { .machine = p->machine->config->name,
					 .elapsed_ns = elapsed_ns(p),
					 .rows = rows,
					 .symbols = p->symbols };

	for (guint i = 0; i < rows->len; i++) {
		data.ns += g_array_index(rows, struct tsr_tally_row, i).ns;
		data.samples += g_array_index(rows, struct tsr_tally_row, i).samples;
	}
	for (guint i = 0; i < G_N_ELEMENTS(reports); i++)
		if (g_str_equal(format, reports[i].format))
			return reports[i].report(&data);
	g_set_error(error, TSR_MACHINE_ERROR, TSR_MACHINE_ERROR_INVALID,
		    "a profile has no format \"%s\"; there are txt, folded, svg and json", format);
	return NULL;
}

/* -- the control plane */

gboolean tsr_machine_start_profile(TsrMachine *self, const char *const *symbols, GError **error)
{
	if (self->form || self->thread_started || self->profile) {
		g_set_error(error, TSR_MACHINE_ERROR, TSR_MACHINE_ERROR_STATE,
			    "a profile can only be started in the machine's process, once, and "
			    "before its guest");
		return FALSE;
	}
	self->profile = profile_new(self, symbols, error);
	return self->profile != NULL;
}

char *tsr_machine_get_profile(TsrMachine *self, const char *format, GError **error)
{
	if (self->form)
		return self->form->get_profile(self, format, error);
	if (self->profile)
		return profile_get(self->profile, format, error);
	g_set_error(error, TSR_MACHINE_ERROR, TSR_MACHINE_ERROR_STATE,
		    "no profile is taken: the machine was not started with --profile");
	return NULL;
}
