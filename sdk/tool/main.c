/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* tessera-sdk COMMAND [ARGUMENTS]: finds the command. */
#include "tool.h"

#include <locale.h>
#include <stdio.h>
#include <string.h>

static const char help[] =
	"usage: tessera sdk new NAME --kind isa|pci|chardev|block|net|ui [--lang "
	"c|c++|python|javascript]\n"
	"                         [--vendor TEXT] [--folder DIR]\n"
	"       tessera sdk check PLUGIN.so | MANIFEST.plugin [OPTIONS]\n"
	"       tessera sdk replay PLUGIN.so | MANIFEST.plugin FILE [OPTIONS]\n"
	"\n"
	"new: makes the folder NAME (or DIR) with a plugin that works: source, manifest, unit "
	"test, "
	"machine, build files for\n"
	"CMake, and for Meson if it is compiled. It builds against the installed SDK alone.\n"
	"\n"
	"check: tests a plugin, each test in a process of its own. Exit status: 0 it passes, 1 it "
	"does not.\n"
	"  --host fake|core          on the fake host, the default, or in a machine of a real "
	"core\n"
	"  --level N                 up to this level, 1 to 10; default 10\n"
	"  --only TEST, --except TEST\n"
	"                            this test alone; all but this one (may be repeated)\n"
	"  --set PROPERTY=VALUE      as a machine manifest says it: a property, resource.NAME.KEY, "
	"address\n"
	"  --connect NEED=MANIFEST   connect a need of the plugin to an instance of another one\n"
	"  --used-by NEED=MANIFEST   connect the plugin to the need of another one, through which "
	"it "
	"is used\n"
	"  --without INSTANCE        with --host core: the machine is the preset pc without it "
	"(may "
	"be repeated)\n"
	"  --place PLACE             with --host core: also access ports:BASE:LENGTH, "
	"memory:BASE:LENGTH or pci:DEVICE.FUNCTION\n"
	"  --states DIR              states of previous versions; default: the folder states "
	"beside "
	"the manifest\n"
	"  --save-states DIR         make such states, instead of testing: --seeds N of them, "
	"default 3\n"
	"  --accept-answers          what it answers after the load of a state is right from now "
	"on\n"
	"  --seeds N                 runs of each test with random accesses; default 20\n"
	"  --timeout SECONDS         of each test; default 60\n"
	"  --json                    print one JSON object instead of lines\n"
	"\n"
	"replay: runs a plugin without a guest against FILE, which `tessera monitor SOCKET "
	"--record "
	"DEVICE FILE` made, and shows\n"
	"the first difference. Exit status: 0 there is none, 1 there is one, 2 it cannot be "
	"replayed.\n"
	"  --set PROPERTY=VALUE      instead of the recorded value\n"
	"  --timeout SECONDS         of the whole; default 600\n"
	"  --json                    print one JSON object instead of lines\n";

static const struct {
	const char *name;
	int (*run)(char **arguments);
} commands[] = {
	{ "new", tool_new },
	{ "check", tool_check },
	{ "replay", tool_replay },
};

int tool_fail(int status, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	fputs("tessera: ", stderr);
	vfprintf(stderr, format, args);
	fputc('\n', stderr);
	va_end(args);
	return status;
}

int tool_fail_error(int status, GError *error)
{
	tool_fail(status, "%s", error->message);
	g_error_free(error);
	return status;
}

/* What lies beside the programs of a build tree, or in the installation. (transfer full) */
static char *find_folder(const char *in_build, const char *installed)
{
	g_autofree char *self = g_file_read_link("/proc/self/exe", NULL);
	g_autofree char *bin = g_path_get_dirname(self ? self : "");
	char *built = g_build_filename(bin, "..", in_build, NULL);

	if (g_file_test(built, G_FILE_TEST_IS_DIR))
		return built;
	g_free(built);
	return g_build_filename(bin, installed, NULL);
}

char *tool_template_folder(void)
{
	return find_folder("template", TSR_DATADIR_FROM_BINDIR "/tessera/template");
}

char *tool_driver_folder(void)
{
	return find_folder("sdk-host", TSR_LIBDIR_FROM_BINDIR "/tessera/sdk-host");
}

int main(int argc, char **argv)
{
	setlocale(LC_ALL, "");
	for (int i = 1; i < argc; i++)
		if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0) {
			fputs(help, stdout);
			return TOOL_OK;
		}
	for (guint i = 0; argc > 1 && i < G_N_ELEMENTS(commands); i++)
		if (strcmp(argv[1], commands[i].name) == 0)
			return commands[i].run(argv + 2);
	if (argc > 1)
		return tool_fail(TOOL_USAGE,
				 "there is no command \"sdk %s\"; `tessera sdk --help` "
				 "lists them",
				 argv[1]);
	fputs(help, stderr);
	return TOOL_USAGE;
}
