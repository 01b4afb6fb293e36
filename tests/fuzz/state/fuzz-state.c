/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Loading a saved state: any bytes are refused with a message or loaded, nothing else. The checksum
 * would stop almost every input at the door, so the input is sealed first: it is the file without
 * its digest.
 */
#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

#include "little-machine.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerInitialize(int *argc, char ***argv);

static char *path;

/* A good file to start from; the fuzzer finds its way from there. */
static void write_seed(const char *folder)
{
	g_autofree char *name = g_strdup_printf("%s/good-state", folder);
	TsrMachine *m = little_machine_new(1, TSR_CLOCK_REALTIME, NULL);
	g_autofree char *contents = NULL;
	gsize length;

	tsr_machine_save(m, path, NULL);
	g_object_unref(m);
	if (g_file_get_contents(path, &contents, &length, NULL) && length > 32)
		g_file_set_contents(name, contents, (gssize)(length - 32), NULL);
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	path = g_strdup_printf("%s/tessera-fuzz-state-%d", g_get_tmp_dir(), (int)getpid());
	for (int i = 1; i < *argc; i++)
		if (g_file_test((*argv)[i], G_FILE_TEST_IS_DIR)) {
			write_seed((*argv)[i]);
			break;
		}
	return 0;
}

static void write_sealed(const uint8_t *data, size_t size)
{
	g_autoptr(GChecksum) checksum = g_checksum_new(G_CHECKSUM_SHA256);
	g_autofree uint8_t *all = g_malloc(size + 32);
	gsize digest = 32;

	memcpy(all, data, size);
	g_checksum_update(checksum, data, (gssize)size);
	g_checksum_get_digest(checksum, all + size, &digest);
	g_file_set_contents(path, (const char *)all, (gssize)(size + 32), NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	TsrMachine *m = little_machine_new(1, TSR_CLOCK_REALTIME, NULL);
	g_autoptr(GError) error = NULL;

	write_sealed(data, size);
	if (!tsr_machine_load(m, path, &error))
		g_assert(error && *error->message);
	g_object_unref(m);
	g_unlink(path);
	return 0;
}
