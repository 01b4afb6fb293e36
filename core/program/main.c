/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* tessera COMMAND [ARGUMENTS]: finds the command. */
#include <locale.h>

#include "program.h"

static const struct {
	const char *name;
	int (*run)(char **arguments);
} commands[] = {
	{"run", command_run},	  {"plugins", command_plugins}, {"machines", command_machines},
	{"ctl", command_ctl},	  {"demo", command_demo},	{"help", command_help},
	{"--help", command_help}, {"-h", command_help},		{"--version", command_help},
};

int program_fail(int status, const char *format, ...)
{
	g_autofree char *message = NULL;
	va_list args;

	va_start(args, format);
	message = g_strdup_vprintf(format, args);
	va_end(args);
	g_printerr("tessera: %s\n", g_strdelimit(message, "\n", ' '));
	return status;
}

int program_fail_error(GError *error)
{
	gboolean usage = g_error_matches(error, TSR_MACHINE_ERROR, TSR_MACHINE_ERROR_INVALID);
	int status = program_fail(usage ? TSR_EXIT_USAGE : TSR_EXIT_MACHINE_FAILED, "%s",
				  error->message);

	g_error_free(error);
	return status;
}

int main(int argc, char **argv)
{
	setlocale(LC_ALL, "");
	if (argc < 2) {
		program_print_help(NULL);
		return TSR_EXIT_USAGE;
	}
	for (guint i = 0; i < G_N_ELEMENTS(commands); i++)
		if (g_str_equal(argv[1], commands[i].name))
			return commands[i].run(argv[1][0] == '-' ? argv + 1 : argv + 2);
	return program_fail(TSR_EXIT_USAGE,
			    "there is no command \"%s\"; `tessera --help` lists them", argv[1]);
}
