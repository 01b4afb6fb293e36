/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * tessera run: builds a machine and iterates the main loop until it is over. Options that are not
 * the program's own are the machine's: its manifest knows them, this file does not.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include <tessera-glib/snapshots.h>

#include "control/control.h"
#include "program/guard.h"
#include "program/profile-files.h"
#include "program/program.h"
#include "program/sweeper.h"
#include "program/window-process.h"

#define DEFAULT_MACHINE "pc"

typedef struct {
	char *machine;
	GPtrArray *overrides; /* char *, NULL-terminated once parsed */
	GPtrArray *symbols;   /* the same */
	double timeout;       /* seconds; 0: none */
	char *control, *load, *profile;
	gboolean control_is_own; /* made for the window */
	gboolean stats, hash, hold, has_ui, force_medium, no_jail;
} RunOptions;

typedef struct {
	RunOptions *options;
	TsrMachine *machine;           /* not owned; NULL until it is built */
	TsrControl *control;           /* not owned; NULL: none */
	struct window_process *window; /* NULL: none */
	struct profile_files profile;
	gboolean interrupted; /* by a signal */
} Run;

/* -- the command line */

/* Options of the program that take a value. */
static gboolean take_timeout(RunOptions *o, const char *value)
{
	const char *not_decimal = value + strspn(value, "0123456789.");
	char *end;

	o->timeout = g_ascii_strtod(value, &end);
	return !*not_decimal && !*end && o->timeout > 0 && o->timeout < 1e8;
}

static gboolean take_control(RunOptions *o, const char *value)
{
	o->control = g_strdup(value);
	return g_str_has_prefix(value, "unix:") && value[strlen("unix:")];
}

static gboolean take_load(RunOptions *o, const char *value)
{
	o->load = g_strdup(value);
	return *value != '\0';
}

static gboolean take_profile(RunOptions *o, const char *value)
{
	g_free(o->profile);
	o->profile = g_strdup(value);
	return *value != '\0';
}

static gboolean take_symbols(RunOptions *o, const char *value)
{
	g_ptr_array_add(o->symbols, g_strdup(value));
	return *value != '\0';
}

static gboolean take_set(RunOptions *o, const char *value)
{
	const char *equals = strchr(value, '='), *dot = strchr(value, '.');

	g_ptr_array_add(o->overrides, g_strdup(value));
	return equals && dot && dot < equals;
}

static gboolean take_add(RunOptions *o, const char *value)
{
	const char *equals = strchr(value, '=');

	g_ptr_array_add(o->overrides, g_strconcat("add=", value, NULL));
	return equals && equals != value && equals[1];
}

static const struct {
	const char *name;
	gboolean (*take)(RunOptions *o, const char *value);
	const char *allowed;
} valued[] = {
	{ "timeout", take_timeout, "a decimal number of seconds" },
	{ "control", take_control, "unix:PATH" },
	{ "load", take_load, "a file that `tessera ctl SOCKET save` wrote" },
	{ "profile", take_profile, "a file name without its suffix" },
	{ "symbols", take_symbols, "FILE[@ADDRESS]" },
	{ "set", take_set, "NAME.PROPERTY=VALUE" },
	{ "add", take_add, "NAME=PLUGIN[,KEY=VALUE…]" },
};

static int take_value(RunOptions *o, const char *name, const char *value)
{
	for (guint i = 0; i < G_N_ELEMENTS(valued); i++) {
		if (!g_str_equal(name, valued[i].name))
			continue;
		if (valued[i].take(o, value))
			return 0;
		return program_fail(TSR_EXIT_USAGE, "--%s: \"%s\" is not %s", name, value,
				    valued[i].allowed);
	}
	o->has_ui |= g_str_equal(name, "ui");
	g_ptr_array_add(o->overrides, g_strdup_printf("%s=%s", name, value));
	return 0;
}

static gboolean take_flag(RunOptions *o, const char *name)
{
	if (g_str_equal(name, "stats"))
		o->stats = TRUE;
	else if (g_str_equal(name, "hash"))
		o->hash = TRUE;
	else if (g_str_equal(name, "no-jail"))
		o->no_jail = TRUE;
	else if (g_str_equal(name, "hold"))
		o->hold = TRUE;
	else if (g_str_equal(name, "force-medium"))
		o->force_medium = TRUE;
	else if (g_str_equal(name, "exit-on-reset") || g_str_equal(name, "upgrades") ||
		 g_str_equal(name, "trust"))
		g_ptr_array_add(o->overrides, g_strdup_printf("%s=true", name));
	else
		return FALSE;
	return TRUE;
}

/* One option, from "--"; *next is the argument after it, and is advanced if that is the value. */
static int take_option(RunOptions *o, const char *option, char ***next)
{
	const char *equals = strchr(option, '=');
	g_autofree char *name =
		equals ? g_strndup(option + 2, (gsize)(equals - option - 2)) : g_strdup(option + 2);

	if (!*name || strchr(name, '.'))
		return program_fail(TSR_EXIT_USAGE,
				    "\"%s\" is not an option; `tessera run --help` lists them",
				    option);
	if (equals)
		return take_value(o, name, equals + 1);
	if (take_flag(o, name))
		return 0;
	if (!**next)
		return program_fail(TSR_EXIT_USAGE,
				    "--%s needs a value; `tessera run --help` lists the options",
				    name);
	return take_value(o, name, *(*next)++);
}

static int parse_arguments(RunOptions *o, char **arguments)
{
	int status = 0;

	while (*arguments && !status) {
		char *argument = *arguments++;

		if (g_str_has_prefix(argument, "--"))
			status = take_option(o, argument, &arguments);
		else if (*argument == '-' || o->machine)
			status = program_fail(TSR_EXIT_USAGE,
					      "\"%s\" is one argument too many; `tessera run "
					      "--help` lists the options",
					      argument);
		else
			o->machine = argument;
	}
	if (!status && o->force_medium && !o->load)
		status = program_fail(TSR_EXIT_USAGE, "--force-medium is about --load FILE");
	if (!status && o->symbols->len && !o->profile)
		status = program_fail(TSR_EXIT_USAGE, "--symbols is about --profile FILE");
	if (!status && o->hold && !o->control)
		status = program_fail(TSR_EXIT_USAGE, "--hold waits for a client of the control "
						      "socket: give --control unix:PATH, too");
	if (!o->has_ui)
		g_ptr_array_add(o->overrides, g_strdup("ui=auto"));
	g_ptr_array_add(o->overrides, NULL);
	g_ptr_array_add(o->symbols, NULL);
	return status;
}

static void options_finish(RunOptions *o)
{
	g_ptr_array_unref(o->overrides);
	g_free(o->control);
	g_free(o->load);
	g_free(o->profile);
	g_ptr_array_unref(o->symbols);
}

/* -- the run */

static gboolean on_timeout(gpointer user)
{
	Run *run = user;
	g_autofree char *why =
		g_strdup_printf("the time limit of %g seconds ran out", run->options->timeout);

	tsr_machine_stop(run->machine, TSR_EXIT_TIMEOUT, why);
	return G_SOURCE_REMOVE;
}

static void on_signal(int number, gpointer user)
{
	Run *run = user;

	run->interrupted = TRUE;
	if (run->machine)
		tsr_machine_stop(run->machine, 128 + number,
				 number == SIGINT ? "interrupted" : "terminated");
}

static void on_stopped(TsrMachine *machine, int status, const char *why, gpointer user)
{
	if (status != TSR_EXIT_POWERED_OFF && why && *why)
		program_fail(status, "%s", why);
}

/* Prints where a line with kind=pty can be reached. */
static void on_pty(TsrMachine *machine, const char *instance, const char *event, const char *device,
		   gpointer user)
{
	g_printerr("tessera: %s is %s\n", instance, device);
}

/* Prints where viewers connect to a user interface in this process. */
static void on_listening(TsrMachine *machine, const char *instance, const char *event,
			 const char *where, gpointer user)
{
	g_printerr("tessera: %s is at %s\n", instance, where);
}

static void print_stats(TsrMachine *machine)
{
	g_autofree char *text = tsr_machine_get_stats(machine);

	g_printerr("%s", text ? text : "");
}

static void print_hash(TsrMachine *machine)
{
	g_autofree char *hash = tsr_machine_hash_state(machine, NULL);

	g_printerr("state %s\n", hash ? hash : "none");
}

static void limit_by_timeout(const RunOptions *options)
{
	if (options->timeout > 0)
		guard_limit(TSR_EXIT_TIMEOUT, (guint)options->timeout + 1 + GUARD_STOP_SECONDS);
}

/* Opening a pipe without a writer must not block. */
static int open_state(const char *path)
{
	int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);

	if (fd < 0)
		program_fail(TSR_EXIT_MACHINE_FAILED, "%s: cannot read the saved state: %s", path,
			     g_strerror(errno));
	return fd;
}

static void load_state(Run *run, int fd, GError **error)
{
	program_progress_begin("loading %s", run->options->load);
	tsr_machine_load_fd(run->machine, fd, run->options->load,
			    run->options->force_medium ? TSR_MACHINE_LOAD_FORCE_MEDIUM
						       : TSR_MACHINE_LOAD_DEFAULT,
			    error);
	program_progress_end();
}

/* Before the jail, in which no file can be opened. */
static gboolean start_profile(Run *run, GError **error)
{
	const RunOptions *o = run->options;

	return !o->profile ||
	       (tsr_machine_start_profile(run->machine, (const char *const *)o->symbols->pdata,
					  error) &&
		profile_files_open(&run->profile, o->profile, error));
}

static gboolean open_window(Run *run, GError **error)
{
	g_auto(GStrv) viewers = tsr_machine_list_viewers(run->machine);

	if (!*viewers)
		return TRUE;
	run->window =
		window_process_start(run->machine, run->options->machine, run->options->control,
				     !run->options->hold, run->options->no_jail, error);
	return run->window != NULL;
}

/* --hold: clients switch the machine on, and can ask it how it ended before they leave. A window
 * does it when it is open; one that cannot be opened has said why. */
static int wait_for_start(Run *run)
{
	int status;

	while ((run->options->hold || run->window) &&
	       tsr_machine_get_state(run->machine) == TSR_MACHINE_LOADED) {
		if (run->window && window_process_has_ended(run->window, &status))
			return status ? status : TSR_EXIT_MACHINE_FAILED;
		g_main_context_iteration(NULL, TRUE);
	}
	return 0;
}

static void wait_for_clients(Run *run)
{
	while (run->options->hold && !run->interrupted && tsr_control_has_clients(run->control))
		g_main_context_iteration(NULL, TRUE);
}

/* Everything is open. Only what the host lacks is worth a line: `tessera ctl SOCKET status` tells
 * the rest. */
static void enter_jail(const Run *run)
{
	const char *jail;

	if (run->options->no_jail)
		return;
	if (tsr_machine_can_enter_jail(run->machine)) {
		window_process_sweep(run->window, run->options->control_is_own);
		sweeper_start();
	}
	tsr_machine_enter_jail(run->machine);
	jail = tsr_machine_get_jail(run->machine);
	if (g_str_has_prefix(jail, "partial") || strstr(jail, "no upgrades"))
		g_printerr("tessera: the jail is %s\n", jail);
}

/* A state comes from a stranger: it is opened before the jail and read inside. The window is
 * another program, which nobody can start from there. */
static int prepare(Run *run)
{
	int fd = run->options->load ? open_state(run->options->load) : -1, status = 0;
	g_autoptr(GError) error = NULL;

	if (run->options->load && fd < 0)
		return TSR_EXIT_MACHINE_FAILED;
	if (start_profile(run, &error) && open_window(run, &error)) {
		enter_jail(run);
		if (fd >= 0)
			load_state(run, fd, &error);
	}
	if (error)
		status = program_fail(TSR_EXIT_MACHINE_FAILED, "%s", error->message);
	if (fd >= 0)
		close(fd);
	return status;
}

static int run_machine(Run *run)
{
	g_autoptr(GError) error = NULL;
	int status = prepare(run);

	if (status)
		return status;
	if (run->options->timeout > 0) {
		g_timeout_add((guint)(run->options->timeout * 1000), on_timeout, run);
		limit_by_timeout(run->options);
	}
	g_signal_connect(run->machine, "stopped", G_CALLBACK(on_stopped), run);
	g_signal_connect(run->machine, "event::pty", G_CALLBACK(on_pty), NULL);
	g_signal_connect(run->machine, "event::listening", G_CALLBACK(on_listening), NULL);
	status = wait_for_start(run);
	if (status)
		return status;
	guard_doing("the guest runs");
	status = tsr_machine_run(run->machine, &error);
	wait_for_clients(run);
	guard_limit(status, GUARD_TEAR_DOWN_SECONDS);
	guard_doing("its state is printed");
	profile_files_write(&run->profile, run->machine);
	if (error)
		return program_fail_error(g_steal_pointer(&error));
	if (run->options->hash)
		print_hash(run->machine);
	if (run->options->stats)
		print_stats(run->machine);
	return status;
}

/* A window needs a control socket, too. */
static gboolean serve(Run *run, TsrControl **control, GError **error)
{
	RunOptions *o = run->options;
	g_auto(GStrv) viewers = tsr_machine_list_viewers(run->machine);

	if (*viewers && !o->control) {
		o->control = window_process_make_socket(error);
		o->control_is_own = o->control != NULL;
		if (!o->control)
			return FALSE;
	}
	if (o->control)
		*control = tsr_control_new(run->machine, o->control, error);
	run->control = *control;
	return *control || !o->control;
}

static void end(Run *run, TsrControl **control, TsrMachine **machine)
{
	run->machine = NULL;
	program_progress_begin("ending, flushing disks");
	guard_doing("clients get their last messages");
	g_clear_object(control);
	guard_doing("devices and disks are closed");
	g_clear_object(machine);
	guard_doing("the window closes");
	window_process_finish(run->window);
	if (run->options->control_is_own)
		window_process_remove_socket(run->options->control);
	program_progress_end();
	sweeper_finish();
}

/* Of a machine that has a file of its own, and not only a preset's name. */
static gboolean begin_undo(const RunOptions *o, TsrRegistry *registry, GError **error)
{
	return !o->machine || !g_file_test(o->machine, G_FILE_TEST_IS_REGULAR) ||
	       tsr_snapshots_begin_undo(registry, o->machine, error);
}

static int start(Run *run)
{
	RunOptions *o = run->options;
	g_autoptr(TsrRegistry) registry = tsr_registry_new();
	g_autoptr(TsrControl) control = NULL;
	g_autoptr(TsrMachine) machine = NULL;
	GError *error = NULL;
	int status;

	/* Building the machine may hang on a file, too. */
	limit_by_timeout(o);
	program_progress_begin("building the machine");
	if (begin_undo(o, registry, &error))
		machine = tsr_machine_new_from_file(
			registry, o->machine ? o->machine : DEFAULT_MACHINE,
			(const char *const *)o->overrides->pdata, &error);
	program_progress_end();
	if (!machine)
		return program_fail_error(error);
	run->machine = machine;
	status = serve(run, &control, &error) ? run_machine(run) : program_fail_error(error);
	end(run, &control, &machine);
	return status;
}

static int guarded(Run *run)
{
	int status;

	if (!guard_start(on_signal, run))
		return program_fail(TSR_EXIT_MACHINE_FAILED, "cannot start a thread");
	status = start(run);
	guard_stop();
	return status;
}

int command_run(char **arguments)
{
	RunOptions options = { .overrides = g_ptr_array_new_with_free_func(g_free),
			       .symbols = g_ptr_array_new_with_free_func(g_free) };
	Run run = { .options = &options };
	int status;

	if (program_wants_help(arguments, "run"))
		return 0;
	signal(SIGPIPE, SIG_IGN);
	status = parse_arguments(&options, arguments);
	if (!status)
		status = program_check_needs();
	if (!status)
		status = guarded(&run);
	options_finish(&options);
	return status;
}
