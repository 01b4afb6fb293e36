/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* tessera COMMAND [ARGUMENTS]: finds the command. */
#include <locale.h>

#include "program/program.h"

static const struct {
	const char *name;
	int (*run)(char **arguments);
} commands[] = {
	{"run", command_run},	  {"plugins", command_plugins}, {"machines", command_machines},
	{"ctl", command_ctl},	  {"demo", command_demo},	{"help", command_help},
	{"--help", command_help}, {"-h", command_help},		{"--version", command_help},
};

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
