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
	struct tsr_tally *tally;     /* of the profile that was started last; NULL: none was */
	struct tsr_symbols *symbols; /* NULL: none were read */
	gboolean is_running;
	gint64 started_us, stopped_us; /* monotonic time */
};

static void take(gpointer tally, const struct tsr_sample *sample)
{
	tsr_tally_add(tally, sample);
}

/* -- its life */

static struct tsr_profile *profile_new(TsrMachine *m, GError **error)
{
	struct tsr_sampler *sampler = tsr_sampler_new(m, error);
	struct tsr_profile *p;

	if (!sampler)
		return NULL;
	p = g_new0(struct tsr_profile, 1);
	p->machine = m;
	p->sampler = sampler;
	return p;
}

void tsr_profile_free(struct tsr_profile *p)
{
	if (!p)
		return;
	tsr_sampler_free(p->sampler);
	g_clear_pointer(&p->tally, tsr_tally_free);
	g_clear_pointer(&p->symbols, tsr_symbols_free);
	g_free(p);
}

/* Those that were read for an earlier profile stay if none are named. */
static gboolean read_symbols(struct tsr_profile *p, const char *const *files, GError **error)
{
	struct tsr_symbols *symbols = tsr_symbols_new();

	for (const char *const *file = files; file && *file; file++) {
		if (tsr_symbols_read(symbols, *file, error))
			continue;
		tsr_symbols_free(symbols);
		return FALSE;
	}
	if (p->symbols && (!files || !*files)) {
		tsr_symbols_free(symbols);
		return TRUE;
	}
	g_clear_pointer(&p->symbols, tsr_symbols_free);
	p->symbols = symbols;
	return TRUE;
}

/* What the profile before has found is gone. */
static gboolean begin(struct tsr_profile *p, GError **error)
{
	g_clear_pointer(&p->tally, tsr_tally_free);
	p->tally = tsr_tally_new();
	p->started_us = g_get_monotonic_time();
	p->is_running = tsr_sampler_start(p->sampler, take, p->tally, error);
	if (!p->is_running)
		g_clear_pointer(&p->tally, tsr_tally_free);
	return p->is_running;
}

static void end(struct tsr_profile *p)
{
	tsr_sampler_stop(p->sampler);
	p->stopped_us = g_get_monotonic_time();
	p->is_running = FALSE;
}

/* -- the virtual CPU's thread */

void tsr_profile_enter(TsrMachine *m)
{
	tsr_sampler_enter(m);
}

void tsr_profile_leave(TsrMachine *m)
{
	tsr_sampler_leave(m);
}

/* -- reports */

/* Before the guest's start there is nothing to measure. */
static guint64 elapsed_ns(const struct tsr_profile *p)
{
	gint64 since = MAX(p->started_us, p->machine->started_us);
	gint64 until = p->is_running ? g_get_monotonic_time() : p->stopped_us;

	return p->machine->started_us ? (guint64)MAX(until - since, 0) * 1000 : 0;
}

static const struct {
	const char *format;
	char *(*report)(const struct tsr_profile_data *data);
	GArray *(*get_rows)(struct tsr_tally *tally);
} reports[] = {
	{ "txt", tsr_report_text, tsr_tally_get_rows },
	{ "folded", tsr_report_folded, tsr_tally_get_rows },
	{ "svg", tsr_report_svg, tsr_tally_get_rows },
	{ "json", tsr_report_json, tsr_tally_get_rows },
	{ "tsv", tsr_report_table, tsr_tally_get_sums },
};

static char *make_report(struct tsr_profile *p, guint which)
{
	g_autoptr(GArray) rows = reports[which].get_rows(p->tally);
	struct tsr_profile_data data = { .machine = p->machine->config->name,
					 .elapsed_ns = elapsed_ns(p),
					 .is_running = p->is_running,
					 .rows = rows,
					 .symbols = p->symbols };

	for (guint i = 0; i < rows->len; i++) {
		data.ns += g_array_index(rows, struct tsr_tally_row, i).ns;
		data.samples += g_array_index(rows, struct tsr_tally_row, i).samples;
	}
	return reports[which].report(&data);
}

static char *profile_get(struct tsr_profile *p, const char *format, GError **error)
{
	for (guint i = 0; i < G_N_ELEMENTS(reports); i++)
		if (g_str_equal(format, reports[i].format))
			return make_report(p, i);
	g_set_error(error, TSR_MACHINE_ERROR, TSR_MACHINE_ERROR_INVALID,
		    "a profile has no format \"%s\"; there are txt, folded, svg, json and tsv",
		    format);
	return NULL;
}

/* -- the control plane */

static gboolean fail_state(GError **error, const char *why)
{
	g_set_error_literal(error, TSR_MACHINE_ERROR, TSR_MACHINE_ERROR_STATE, why);
	return FALSE;
}

gboolean tsr_machine_start_profile(TsrMachine *self, const char *const *symbols, GError **error)
{
	if (self->form)
		return self->form->start_profile(self, symbols, error);
	if (self->state == TSR_MACHINE_STOPPED)
		return fail_state(error, "there can be no profile: the machine has ended");
	if (self->profile && self->profile->is_running)
		return fail_state(error, "a profile is taken already; stop it before you start "
					 "another");
	if (!self->profile)
		self->profile = profile_new(self, error);
	return self->profile && read_symbols(self->profile, symbols, error) &&
	       begin(self->profile, error);
}

gboolean tsr_machine_stop_profile(TsrMachine *self, GError **error)
{
	if (self->form)
		return self->form->stop_profile(self, error);
	if (!self->profile || !self->profile->is_running)
		return fail_state(error, "no profile is taken");
	end(self->profile);
	return TRUE;
}

char *tsr_machine_get_profile(TsrMachine *self, const char *format, GError **error)
{
	if (self->form)
		return self->form->get_profile(self, format, error);
	if (self->profile && self->profile->tally)
		return profile_get(self->profile, format, error);
	fail_state(error, "no profile was taken: `tessera ctl SOCKET profile start` starts one, or "
			  "run the machine with --profile FILE");
	return NULL;
}
