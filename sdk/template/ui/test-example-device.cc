/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The user interface on a fake host, which gives it a real machine: the preset pc with little
 * memory and nothing to boot, whose BIOS says so on the screen. */
#include <fake-host.h>
#include <stdio.h>
#include <string.h>
#include <tessera-glib/machine.h>

#define SECONDS 60 /* until the BIOS has said something, on a very busy host */

static unsigned failures;

static void check(bool good, const char *what)
{
	printf("%s %s\n", good ? "ok    " : "FAILED", what);
	failures += !good;
}

static char *read_file(const char *path)
{
	char *text = NULL;

	g_file_get_contents(path, &text, NULL, NULL);
	return text ? text : g_strdup("");
}

/* Lets the machine run until the file begins with, or has, the words. */
static bool wait_for(const char *path, const char *words)
{
	gint64 end = g_get_monotonic_time() + SECONDS * G_USEC_PER_SEC;
	bool found = false;

	while (!found && g_get_monotonic_time() < end) {
		char *text = read_file(path);

		found = strstr(text, words) != NULL;
		g_free(text);
		g_main_context_iteration(NULL, FALSE);
		g_usleep(1000);
	}
	return found;
}

static void *make(const char *path, const char *format, const char *display,
		  struct tsr_error *error)
{
	const struct fake_row rows[] = { { "file", path },
					 { "format", format },
					 { "display", display },
					 { "interval", "10" },
					 { NULL, NULL } };

	return fake_device_try(NULL, MANIFEST, rows, error);
}

static void refuses_what_it_cannot_show(TsrMachine *machine, const char *path)
{
	struct tsr_error error = {};

	fake_start();
	check(!make(path, "text", "0", &error), "without a machine it is not attached");
	fake_host_table(TSR_GMACHINE, machine);
	check(!make("", "text", "0", &error), "nor without a file");
	check(!make("/nowhere/screen", "text", "0", &error), "nor with one that cannot be opened");
	check(!make(path, "text", "9", &error), "nor for a display that is not there");
	fake_finish();
}

static void shows(TsrMachine *machine, const char *path, const char *format, const char *words)
{
	struct tsr_error error = {};
	bool made;

	fake_start();
	fake_host_table(TSR_GMACHINE, machine);
	made = make(path, format, "0", &error) != NULL;
	check(made, made ? "it is attached" : error.message);
	check(wait_for(path, words), format);
	fake_finish();
}

int main(void)
{
	static const char *const settings[] = { "memory=16M", "ui=none", "nic=none", "serial=none",
						NULL };
	GError *error = NULL;
	char *folder = g_dir_make_tmp("example-device-XXXXXX", NULL);
	char *path = g_build_filename(folder, "screen", NULL);
	TsrRegistry *registry = tsr_registry_new();
	TsrMachine *machine = tsr_machine_new_from_file(registry, "pc", settings, &error);

	if (!machine || !tsr_machine_start(machine, &error)) {
		fprintf(stderr, "the machine cannot be made: %s\n", error->message);
		return 1;
	}
	refuses_what_it_cannot_show(machine, path);
	shows(machine, path, "text", "SeaBIOS");
	shows(machine, path, "ppm", "P6\n720 400\n255\n");
	shows(machine, path, "text", "SeaBIOS");
	tsr_machine_stop(machine, 0, NULL);
	g_object_unref(machine);
	g_object_unref(registry);
	remove(path);
	remove(folder);
	g_free(path);
	g_free(folder);
	return failures ? 1 : 0;
}
