/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* tessera COMMAND [ARGUMENTS]: finds the command. */
#include <fcntl.h>
#include <locale.h>
#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

#include "program/program.h"

#define DESCRIPTORS 16384 /* at most, if the hard limit allows */

static const struct {
	const char *name;
	int (*run)(char **arguments);
} commands[] = {
	{ "run", command_run },           { "plugins", command_plugins },
	{ "machines", command_machines }, { "ctl", command_ctl },
	{ "view", command_view },         { "demo", command_demo },
	{ "lock", command_lock },         { "why", command_why },
	{ "bundle", command_bundle },     { "snapshot", command_snapshot },
	{ "sdk", command_sdk },           { "monitor", command_monitor },
	{ "parts", command_parts },       { "hardware", command_hardware },
	{ "import", command_import },     { "help", command_help },
	{ "--help", command_help },       { "-h", command_help },
	{ "--version", command_help },
};

/* Descriptors 0 to 2 that were closed at start would be given to the next files and event
 * descriptors, which the serial line and messages would then write into. open() takes the lowest
 * number that is free. */
static void open_standard_descriptors(void)
{
	int fd;

	do
		fd = open("/dev/null", O_RDWR);
	while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd >= 0)
		close(fd);
}

/* The usual limit of 1024 is one for programs that use select(2). Flows of a guest behind NAT and
 * clients of the control socket each take a descriptor. */
static void raise_descriptor_limit(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= DESCRIPTORS)
		return;
	limit.rlim_cur = MIN(limit.rlim_max, DESCRIPTORS);
	setrlimit(RLIMIT_NOFILE, &limit);
}

int main(int argc, char **argv)
{
	open_standard_descriptors();
	raise_descriptor_limit();
	program_limit_log();
	signal(SIGXFSZ, SIG_IGN); /* beyond `ulimit -f` a write fails with EFBIG instead */
	setlocale(LC_ALL, "");
	if (argc < 2)
		return command_library(argv + 1);
	for (guint i = 0; i < G_N_ELEMENTS(commands); i++)
		if (g_str_equal(argv[1], commands[i].name))
			return commands[i].run(argv[1][0] == '-' ? argv + 1 : argv + 2);
	return program_fail(TSR_EXIT_USAGE,
			    "there is no command \"%s\"; `tessera --help` lists them", argv[1]);
}
