/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * tessera view SOCKET: a window of a machine that runs in another process. It is a user interface
 * plugin on a remote machine, and nothing more: when it leaves, or dies, the machine goes on.
 */
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "program/faults.h"
#include "program/program.h"
#include "program/sweeper.h"
#include "remote/address.h"

typedef struct {
	char *socket;
	GPtrArray *settings; /* char *, NULL-terminated once parsed; tsr_machine_show() */
	gboolean own;        /* the window that `tessera run` opens for its machine */
	gboolean start;      /* the machine, once the window is open */
	gboolean no_jail;
} ViewOptions;

typedef struct {
	GMainLoop *loop;
	gboolean own;   /* the machine's process tells the user how it ended */
	gboolean tells; /* the window tells of a machine that was lost, until it is closed */
	gboolean asks;  /* the window asks what follows the end of a machine, until it is closed */
	int status;
} View;

static int take_value(ViewOptions *o, const char *option, const char *value)
{
	if (!value)
		return program_fail(TSR_EXIT_USAGE, "%s needs a value", option);
	if (g_str_equal(option, "--plugin"))
		g_ptr_array_add(o->settings, g_strconcat("plugin=", value, NULL));
	else
		g_ptr_array_add(o->settings, g_strdup(value));
	return 0;
}

static int take_argument(ViewOptions *o, char ***next)
{
	char *argument = *(*next)++;

	o->own |= g_str_equal(argument, "--own");
	o->start |= g_str_equal(argument, "--start");
	o->no_jail |= g_str_equal(argument, "--no-jail");
	if (g_str_equal(argument, "--own") || g_str_equal(argument, "--start") ||
	    g_str_equal(argument, "--no-jail"))
		return 0;
	if (g_str_equal(argument, "--plugin") || g_str_equal(argument, "--set"))
		return take_value(o, argument, **next ? *(*next)++ : NULL);
	if (*argument == '-' || o->socket)
		return program_fail(TSR_EXIT_USAGE,
				    "\"%s\" is one argument too many; usage: `tessera view SOCKET "
				    "[--plugin ID] [--set PROPERTY=VALUE]`",
				    argument);
	o->socket = argument;
	return 0;
}

static int parse_arguments(ViewOptions *o, char **arguments)
{
	int status = 0;

	while (*arguments && !status)
		status = take_argument(o, &arguments);
	if (!status && !o->socket)
		status = program_fail(TSR_EXIT_USAGE, "usage: `tessera view SOCKET`, where SOCKET "
						      "is what the machine's --control names");
	if (!o->own)
		g_ptr_array_insert(o->settings, 0, g_strdup("?closing=leave"));
	if (o->socket)
		g_ptr_array_add(o->settings, g_strconcat("?control=", o->socket, NULL));
	g_ptr_array_add(o->settings, NULL);
	return status;
}

static void on_tells(TsrMachine *machine, const char *instance, const char *event,
		     const char *detail, gpointer data)
{
	((View *)data)->tells = TRUE;
}

static void on_asks(TsrMachine *machine, const char *instance, const char *event,
		    const char *detail, gpointer data)
{
	((View *)data)->asks = TRUE;
}

/* A window that stays says so to the sweeper of its machine: it leads a session. */
static void on_stopped(TsrMachine *machine, int status, const char *why, gpointer data)
{
	View *view = data;

	if (status == TSR_EXIT_MACHINE_FAILED)
		view->status = view->own ? status : program_fail(status, "%s", why);
	if ((view->tells && g_strcmp0(why, TSR_REMOTE_LOST) == 0) ||
	    (view->asks && status != TSR_EXIT_MACHINE_FAILED))
		setsid();
	else
		g_main_loop_quit(view->loop);
}

static void on_closed(TsrMachine *machine, const char *instance, const char *event,
		      const char *detail, gpointer data)
{
	g_main_loop_quit(((View *)data)->loop);
}

/* A user interface for other hosts' viewers says where they find it. */
static void on_listening(TsrMachine *machine, const char *instance, const char *event,
			 const char *where, gpointer data)
{
	g_printerr("tessera: %s is at %s\n", instance, where);
}

/* What strangers can reach, such as a server for viewers, needs the jail most. */
static gboolean open_jailed(TsrMachine *machine, TsrRegistry *registry, const ViewOptions *o,
			    GError **error)
{
	if (!tsr_machine_show(machine, registry, (const char *const *)o->settings->pdata, error))
		return FALSE;
	if (!o->no_jail && tsr_machine_can_enter_jail(machine)) {
		sweeper_start();
		tsr_machine_enter_jail(machine);
	}
	return TRUE;
}

static int show(TsrMachine *machine, const ViewOptions *o)
{
	g_autoptr(TsrRegistry) registry = tsr_registry_new();
	View view = { .loop = g_main_loop_new(NULL, FALSE), .own = o->own };
	GError *error = NULL;

	g_signal_connect(machine, "stopped", G_CALLBACK(on_stopped), &view);
	g_signal_connect(machine, "event::closed", G_CALLBACK(on_closed), &view);
	g_signal_connect(machine, "event::listening", G_CALLBACK(on_listening), &view);
	g_signal_connect(machine, "event::tells-end", G_CALLBACK(on_tells), &view);
	g_signal_connect(machine, "event::asks-at-end", G_CALLBACK(on_asks), &view);
	if (!open_jailed(machine, registry, o, &error) ||
	    (o->start && tsr_machine_get_state(machine) == TSR_MACHINE_LOADED &&
	     !tsr_machine_start(machine, &error)))
		view.status = program_fail_error(error);
	else if (tsr_machine_get_state(machine) != TSR_MACHINE_STOPPED)
		g_main_loop_run(view.loop);
	g_signal_handlers_disconnect_by_data(machine, &view);
	g_main_loop_unref(view.loop);
	return view.status;
}

static int view_machine(const ViewOptions *o)
{
	TsrMachine *machine;
	GError *error = NULL;
	int status;

	signal(SIGPIPE, SIG_IGN);
	faults_start(NULL);
	if (o->own)
		signal(SIGINT, SIG_IGN); /* Ctrl-C on the terminal is for the machine's process */
	machine = tsr_machine_new_remote(o->socket, &error);
	status = machine ? show(machine, o) : program_fail_error(error);
	g_clear_object(&machine);
	sweeper_finish();
	return status;
}

int command_view(char **arguments)
{
	ViewOptions options = { .settings = g_ptr_array_new_with_free_func(g_free) };
	int status;

	if (program_wants_help(arguments, "view"))
		return 0;
	status = parse_arguments(&options, arguments);
	if (!status)
		status = view_machine(&options);
	g_ptr_array_unref(options.settings);
	return status;
}
