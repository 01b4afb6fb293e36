/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * tessera view SOCKET: a window of a machine that runs in another process. It is a user interface
 * plugin on a remote machine, and nothing more: when it leaves, or dies, the machine goes on.
 */
#include <signal.h>
#include <string.h>

#include "program/program.h"

typedef struct {
	char *socket;
	GPtrArray *settings; /* char *, NULL-terminated once parsed; tsr_machine_show() */
	gboolean own;        /* the window that `tessera run` opens for its machine */
	gboolean start;      /* the machine, once the window is open */
} ViewOptions;

typedef struct {
	GMainLoop *loop;
	gboolean own; /* the machine's process tells the user how it ended */
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
	if (g_str_equal(argument, "--own") || g_str_equal(argument, "--start"))
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
	g_ptr_array_add(o->settings, NULL);
	return status;
}

static void on_stopped(TsrMachine *machine, int status, const char *why, gpointer data)
{
	View *view = data;

	if (status == TSR_EXIT_MACHINE_FAILED)
		view->status = view->own ? status : program_fail(status, "%s", why);
	g_main_loop_quit(view->loop);
}

static void on_closed(TsrMachine *machine, const char *instance, const char *event,
		      const char *detail, gpointer data)
{
	g_main_loop_quit(((View *)data)->loop);
}

static int show(TsrMachine *machine, const ViewOptions *o)
{
	g_autoptr(TsrRegistry) registry = tsr_registry_new();
	View view = { .loop = g_main_loop_new(NULL, FALSE), .own = o->own };
	GError *error = NULL;

	g_signal_connect(machine, "stopped", G_CALLBACK(on_stopped), &view);
	g_signal_connect(machine, "event::closed", G_CALLBACK(on_closed), &view);
	if (!tsr_machine_show(machine, registry, (const char *const *)o->settings->pdata, &error) ||
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
	g_autoptr(TsrMachine) machine = NULL;
	GError *error = NULL;

	signal(SIGPIPE, SIG_IGN);
	if (o->own)
		signal(SIGINT, SIG_IGN); /* Ctrl-C on the terminal is for the machine's process */
	machine = tsr_machine_new_remote(o->socket, &error);
	return machine ? show(machine, o) : program_fail_error(error);
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
