/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a machine is made of: its lock, which a machine that is made later is compared with, and the
 * reasons. The plugins are the fixtures of test-manifests.
 */
#include <CUnit/Basic.h>
#include <stdio.h>
#include <string.h>

#include <tessera-glib/machine.h>
#include <tessera-glib/product.h>

#include "config/load.h"
#include "manifest/plugin.h"
#include "unit.h"

static const char machine_text[] = "[Machine]\nname=little\ncpu=cpu0\nmmu=mmu0\n"
				   "[Instance a]\nplugin=good\nconnect.other=b\n"
				   "[Instance b]\nplugin=good <2\n"
				   "[Instance d0]\nslot=disk\nplugin=thing2\n"
				   "[Instance e0]\nslot=extra\nplugin=not-installed\n"
				   "[Instance rom]\nplugin=rom\n"
				   "[Instance cpu0]\nplugin=processor\n"
				   "[Instance mmu0]\nplugin=walker\n"
				   "[Instance maybe]\nplugin=?thing12\n";
static const char firmware_text[] = "the firmware";

static TsrRegistry *registry;
static char *folder, *data, *machine_path, *lock_path, *firmware_path;

static void check_text(const char *what, const char *text, const char *expected)
{
	gboolean found = text && strstr(text, expected);

	if (!found)
		g_printerr("\n%s\n  expected: %s\n  got:      %s\n", what, expected,
			   text ? text : "nothing");
	CU_ASSERT_TRUE(found);
}

static void write_file(const char *path, const char *text)
{
	CU_ASSERT_TRUE_FATAL(g_file_set_contents(path, text, -1, NULL));
}

static char *lock(const char *const *overrides)
{
	g_autoptr(GError) error = NULL;
	char *text = tsr_product_lock(registry, machine_path, overrides, &error);

	if (!text)
		g_printerr("\n%s\n", error->message);
	CU_ASSERT_PTR_NOT_NULL_FATAL(text);
	return text;
}

/* The error of a machine that is made with the lock that lies beside it; NULL: none. */
static char *error_with(const char *override)
{
	const char *const overrides[] = { override, NULL };
	g_autoptr(GError) error = NULL;
	g_autoptr(TsrConfig) config =
		tsr_config_new_from_file(registry, machine_path, overrides, &error);

	return config ? NULL : g_strdup(error->message);
}

static void test_lock_names_all_that_is_installed(void)
{
	static const char *const no_disk[] = { "disk=none", NULL };
	g_autofree char *text = lock(NULL), *without = lock(no_disk);

	check_text("a", text, "\na=good 2.0.0\n");
	check_text("b", text, "\nb=good 1.2.0\n");
	check_text("a slot", text, "\nd0=thing2 1.0.0\n");
	check_text("optional", text, "\nmaybe=thing12 1.0.0\n");
	check_text("firmware", text, "\n[Firmware rom.image]\nname=test-rom.bin\nsha256=");
	CU_ASSERT_PTR_NULL(strstr(text, "\ne0="));
	CU_ASSERT_PTR_NULL(strstr(without, "thing2"));
}

static void test_machine_is_made_of_its_lock(void)
{
	g_autofree char *text = lock(NULL), *error = NULL;

	write_file(lock_path, text);
	error = error_with(NULL);
	CU_ASSERT_PTR_NULL(error);
	g_free(error);
	error = error_with("disk=");
	CU_ASSERT_PTR_NULL(error);
	remove(lock_path);
}

/* The lock has an older version than the newest that is installed, as after an upgrade. */
static void test_lock_chooses_the_version(void)
{
	static const char *const older[] = { "a.plugin=good =1.0.0", NULL };
	g_autofree char *text = lock(older);
	g_autoptr(TsrConfig) config = NULL;

	write_file(lock_path, text);
	config = tsr_config_new_from_file(registry, machine_path, NULL, NULL);
	CU_ASSERT_PTR_NOT_NULL_FATAL(config);
	CU_ASSERT_STRING_EQUAL(tsr_config_find(config, "a")->plugin->version, "1.0.0");
	CU_ASSERT_STRING_EQUAL(tsr_config_find(config, "b")->plugin->version, "1.2.0");
	remove(lock_path);
}

/* What is replaced in the lock, by what, and what is said then. */
static void test_what_differs_from_the_lock_is_named(void)
{
	static const struct {
		const char *old, *new, *override, *expected;
	} rows[] = {
		{ "\na=good 2.0.0", "", NULL,
		  "plugin: instance a (plugin good) is not in the lock " },
		{ "\na=good 2.0.0", "\na=thing2 1.0.0", NULL,
		  "plugin: instance a has plugin good, and thing2 1.0.0 in the lock " },
		{ "\na=good 2.0.0", "\na=good 3.0.0", NULL,
		  "no plugin good =3.0.0; installed: 2.0.0, 1.2.0, 1.0.0" },
		{ "\nb=good 1.2.0", "\nb=good 2.0.0", NULL, "no plugin good <2,=2.0.0" },
		{ "[Plugin good 2.0.0]", "[Plugin good 2.9.0]", NULL,
		  "the lock has no group [Plugin good 2.0.0]" },
		{ "format=1", "format=2", NULL, "this Tessera reads locks with format=1" },
		{ "manifest=", "manifest=0", NULL, "a SHA-256 of 64 hexadecimal digits" },
		{ "[Instances]", "[Instance]", NULL, "unknown group [Instance]" },
		{ "a=", "a=", "add=x=good",
		  "--add x: instance x (plugin good) is not in the lock" },
		{ "a=", "a=", "cpu=processor-b",
		  "--cpu: instance cpu0 has plugin processor-b, and processor 1.0.0 in the lock" },
		{ "a=", "a=", "lock=/nonexistent.lock", "/nonexistent.lock" },
	};
	g_autofree char *text = lock(NULL);

	for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_auto(GStrv) parts = g_strsplit(text, rows[i].old, 2);
		g_autofree char *changed = g_strjoinv(rows[i].new, parts), *error = NULL;

		write_file(lock_path, changed);
		error = error_with(rows[i].override);
		check_text(rows[i].expected, error, rows[i].expected);
		g_free(error);
		error = error_with("lock=none");
		CU_ASSERT_PTR_NULL(error);
	}
	remove(lock_path);
}

/* One digit of each SHA-256 in turn. */
static void test_each_file_is_compared(void)
{
	g_autofree char *text = lock(NULL);
	guint n = 0;

	for (char *at = text; (at = strstr(at, "=")); at++) {
		g_autofree char *error = NULL;
		char old = at[1];

		if (strspn(at + 1, "0123456789abcdef") != 64 ||
		    (!g_str_has_prefix(at - 7, "library") && !g_str_has_prefix(at - 6, "sha256") &&
		     !g_str_has_prefix(at - 8, "manifest")))
			continue;
		at[1] = old == '0' ? '1' : '0';
		write_file(lock_path, text);
		at[1] = old;
		error = error_with("disk=");
		check_text("a digit", error, " has another content: its SHA-256 is ");
		n++;
	}
	CU_ASSERT_TRUE(n >= 15);
	remove(lock_path);
}

static void test_firmware_is_compared(void)
{
	static const struct {
		const char *override, *contents; /* NULL: no such file */
		const char *expected;            /* NULL: no error */
	} rows[] = {
		{ NULL, firmware_text, NULL },
		{ NULL, "other firmware", "[Firmware" },
		{ NULL, NULL, "no such firmware is installed" },
		{ "rom.image=" FIXTURES "/good/1.0.0/good.plugin", firmware_text,
		  "good.plugin has another content" },
	};
	g_autofree char *text = lock(NULL);

	write_file(lock_path, text);
	for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autofree char *error = NULL;

		remove(firmware_path);
		if (rows[i].contents)
			write_file(firmware_path, rows[i].contents);
		error = error_with(rows[i].override);
		if (rows[i].expected)
			check_text("firmware", error,
				   *rows[i].expected == '[' ? "Firmware rom.image: "
							    : rows[i].expected);
		else
			CU_ASSERT_PTR_NULL(error);
	}
	write_file(firmware_path, firmware_text);
	remove(lock_path);
}

static void test_reasons(void)
{
	static const char *const expected[] = {
		"\na: good 2.0.0\n",
		"asked for  good <2 (",
		"because    it is the newest of 2 versions that are allowed (3 installed)\n",
		"not        1.0.0 " FIXTURES "/good/1.0.0/good.plugin: older\n",
		"not        2.0.0 " FIXTURES
		"/good/2.0.0/good.plugin: not allowed by the machine\n",
		"refused    " FIXTURES_AGAIN "/good/1.0.0/good.plugin: duplicate of ",
		"needs      other: test.thing/1 of b\n",
		"needs      other: nothing; it may have test.thing/1\n",
		"file       image: ",
		"Not in this machine:\n  d0         it comes with --disk\n",
	};
	g_autoptr(GError) error = NULL;
	g_autofree char *text = tsr_product_explain(registry, machine_path, NULL, &error);

	CU_ASSERT_PTR_NOT_NULL_FATAL(text);
	for (guint i = 0; i < G_N_ELEMENTS(expected); i++)
		check_text("why", text, expected[i]);
}

/* -- bundles */

static char *contents(const char *bundle, const char *path)
{
	g_autofree char *full = g_build_filename(bundle, path, NULL);
	char *text = NULL;

	g_file_get_contents(full, &text, NULL, NULL);
	return text;
}

static void remove_tree(const char *path)
{
	const char *const arguments[] = { "rm", "-r", path, NULL };

	g_spawn_sync(NULL, (char **)arguments, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, NULL, NULL,
		     NULL, NULL);
}

/* upper/little.machine extends the machine of the same name beside its folder, and names a file. */
static char *write_upper(void)
{
	g_autofree char *upper = g_build_filename(folder, "upper", NULL),
			*sub = g_build_filename(upper, "sub", NULL),
			*file = g_build_filename(sub, "file", NULL);
	char *path = g_build_filename(upper, "little.machine", NULL);

	g_mkdir_with_parents(sub, 0700);
	write_file(file, "a file");
	write_file(path, "[Machine]\n extends = ../little.machine\n[Options]\nextends=a.text\n"
			 "[Instance a]\nfile=sub/file\n");
	return path;
}

static void test_bundle_has_what_the_machine_needs(void)
{
	static const struct {
		const char *path, *expected; /* "": it is there; NULL: it is not */
	} rows[] = {
		{ "run", "exec \"$here/bin/tessera\" run 'little' \"$@\"\n" },
		{ "bin/tessera", "" },
		{ "lib/tessera/bundle", "" },
		{ "lib/tessera/plugins/good/1.2.0/good.so", "" },
		{ "lib/tessera/plugins/good/1.2.0/good.plugin", "version=1.2.0" },
		{ "lib/tessera/plugins/good/1.0.0/good.so", NULL },
		{ "lib/tessera/plugins/thing2/1.0.0/thing2.so", NULL },
		{ "share/tessera/firmware/test-rom.bin", firmware_text },
		{ "share/tessera/machines/little.machine",
		  "[Machine]\nextends=base-little.machine\n[Options]\nextends=a.text\n" },
		{ "share/tessera/machines/base-little.machine", machine_text },
		{ "share/tessera/machines/sub/file", "a file" },
		{ "share/tessera/machines/little.lock", "\nb=good 1.2.0\n" },
		{ "little.spdx.json",
		  "\"packageFileName\": \"share/tessera/firmware/test-rom.bin\"" },
	};
	static const char *const overrides[] = { "disk=none", "trust", NULL };
	g_autofree char *upper = write_upper(), *bundle = g_build_filename(folder, "bundle", NULL);
	g_autoptr(GError) error = NULL, again = NULL;

	if (!tsr_product_bundle(registry, upper, overrides, "/bin/true", bundle, &error))
		g_printerr("\n%s\n", error->message);
	for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autofree char *text = contents(bundle, rows[i].path);

		if (rows[i].expected)
			check_text(rows[i].path, text, rows[i].expected);
		else
			CU_ASSERT_PTR_NULL(text);
	}
	CU_ASSERT_FALSE(
		tsr_product_bundle(registry, upper, overrides, "/bin/true", bundle, &again));
	check_text("again", again ? again->message : NULL, "bundle is there already");
	remove_tree(bundle);
	g_free(bundle);
	bundle = g_path_get_dirname(upper);
	remove_tree(bundle);
}

/* The dictionary of an instance. */
static GVariant *find_instance(GVariant *machine, const char *name)
{
	g_autoptr(GVariant) list = g_variant_lookup_value(machine, "instances", NULL);

	for (gsize i = 0; i < g_variant_n_children(list); i++) {
		g_autoptr(GVariant) fields = g_variant_get_child_value(list, i);
		const char *other = "";

		g_variant_lookup(fields, "name", "&s", &other);
		if (g_str_equal(other, name))
			return g_steal_pointer(&fields);
	}
	return NULL;
}

static char *printed(GVariant *value)
{
	return value ? g_variant_print(value, FALSE) : NULL;
}

static void test_parts_are_described(void)
{
	g_autoptr(GVariant) machine = tsr_product_describe(registry, machine_path, NULL, NULL);
	g_autoptr(GVariant) a = NULL, disk = NULL;
	g_autofree char *all = NULL, *text = NULL, *slot = NULL;

	CU_ASSERT_PTR_NOT_NULL_FATAL(machine);
	all = printed(machine);
	a = find_instance(machine, "a");
	text = printed(a);
	disk = find_instance(machine, "d0");
	slot = printed(disk);
	check_text("no problem", all, "'problem': <''>");
	check_text("version", text, "'version': <'2.0.0'>");
	check_text("connection", text, "'connections': <{'other': 'b'}>");
	check_text("as it is written", text, "'connect.other': 'b'");
	check_text("a slot", slot, "'slot': <'disk'>");
	check_text("an empty slot", slot, "'exists': <false>");
}

/* Also a machine that cannot be made: what is wrong is told, and the rest is there. */
static void test_wrong_machines_are_described(void)
{
	static const struct {
		const char *override, *expected;
	} rows[] = {
		{ "a.connect.other=nobody", "the machine has no instance \"nobody\"" },
		{ "a.plugin=not-installed", "no plugin not-installed" },
		{ "b.plugin=good >=7", "no plugin good >=7" },
	};

	for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
		const char *const overrides[] = { rows[i].override, NULL };
		g_autoptr(GVariant) machine =
			tsr_product_describe(registry, machine_path, overrides, NULL);
		g_autoptr(GVariant) cpu = machine ? find_instance(machine, "cpu0") : NULL;
		g_autofree char *all = printed(machine), *text = printed(cpu);

		check_text(rows[i].override, all, rows[i].expected);
		check_text("the rest", text, "'exists': <true>");
		check_text("the rest", text, "'plugin': <'processor'>");
	}
}

static const CU_TestInfo tests[] = {
	{ "a lock names all that is installed", test_lock_names_all_that_is_installed },
	{ "a machine is made of its lock", test_machine_is_made_of_its_lock },
	{ "a lock chooses the version", test_lock_chooses_the_version },
	{ "what differs from the lock is named", test_what_differs_from_the_lock_is_named },
	{ "each file is compared", test_each_file_is_compared },
	{ "firmware is compared", test_firmware_is_compared },
	{ "reasons", test_reasons },
	{ "parts are described", test_parts_are_described },
	{ "wrong machines are described", test_wrong_machines_are_described },
	{ "a bundle has what the machine needs", test_bundle_has_what_the_machine_needs },
	CU_TEST_INFO_NULL,
};

static void make_files(void)
{
	g_autofree char *firmware = NULL;

	folder = g_dir_make_tmp("tessera-test-XXXXXX", NULL);
	data = g_build_filename(folder, "data", NULL);
	firmware = g_build_filename(data, "tessera/firmware", NULL);
	g_mkdir_with_parents(firmware, 0700);
	machine_path = g_build_filename(folder, "little.machine", NULL);
	lock_path = g_build_filename(folder, "little.lock", NULL);
	firmware_path = g_build_filename(firmware, "test-rom.bin", NULL);
	g_file_set_contents(machine_path, machine_text, -1, NULL);
	g_file_set_contents(firmware_path, firmware_text, -1, NULL);
	g_setenv("XDG_DATA_DIRS", data, TRUE);
}

static void remove_files(void)
{
	g_autofree char *firmware = g_path_get_dirname(firmware_path),
			*tessera = g_path_get_dirname(firmware);
	char *const paths[] = { machine_path, firmware_path, firmware, tessera, data, folder };

	for (guint i = 0; i < G_N_ELEMENTS(paths); i++)
		remove(paths[i]);
	g_free(machine_path);
	g_free(lock_path);
	g_free(firmware_path);
	g_free(data);
	g_free(folder);
}

int main(void)
{
	static const char *const folders[] = { FIXTURES, FIXTURES_AGAIN, NULL };

	make_files();
	registry = tsr_registry_new_for_folders(folders);
	int status = unit_run("product", tests);

	g_object_unref(registry);
	remove_files();
	return status;
}
