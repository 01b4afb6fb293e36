/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Manifests, registry, loader and machine configurations. A wrong manifest is a file in broken/
 * whose first line says which error is expected; a wrong library is a fixture plugin
 * (CMakeLists.txt). New cases are new files.
 */
#include <CUnit/Basic.h>
#include <string.h>

#include "config/load.h"
#include "manifest/loader.h"
#include "manifest/plugin.h"
#include "manifest/property.h"
#include "manifest/version.h"
#include "unit.h"

#include <tessera-glib/machine.h>

/* The ABI of this tree, as messages name it. */
#define ABI_MINOR G_STRINGIFY(TSR_ABI_MINOR)
#define ABI G_STRINGIFY(TSR_ABI_MAJOR) "." ABI_MINOR

static TsrRegistry *registry;

static void check_text(const char *name, const char *text, const char *expected)
{
	gboolean found = text && strstr(text, expected);

	if (!found)
		g_printerr("\n%s\n  expected: %s\n  got:      %s\n", name, expected,
			   text ? text : "no error");
	CU_ASSERT_TRUE(found);
}

/* -- versions */

static void test_version_ranges(void)
{
	/* clang-format off */
	static const struct {
		const char *range, *version;
		int holds; /* -1: not a range */
	} rows[] = {
		{"", "0.0.1", 1},	  {">=1.2,<2", "1.2.0", 1},   {">=1.2,<2", "1.99.99", 1},
		{">=1.2,<2", "2.0.0", 0}, {">=1.2,<2", "1.1.9", 0},   {"=1.2.3", "1.2.3", 1},
		{"=1.2.3", "1.2.4", 0},	  {"=1.2", "1.2.9", 1},	      {"=1.2", "1.3.0", 0},
		{">1.2", "1.2.9", 0},	  {">1.2", "1.3.0", 1},	      {"<=1.2", "1.2.9", 1},
		{"<=1.2", "1.3.0", 0},	  {"<1.10", "1.9.0", 1},      {">= 1.2 , < 2", "1.5.0", 1},
		{"1.2", "1.2.0", -1},	  {">=", "1.0.0", -1},	      {">=1.2,", "1.2.0", -1},
		{">=1..2", "1.2.0", -1},  {">=1.2.3.4", "1.2.0", -1}, {">=99999999", "1.0.0", -1},
		{"=>1", "1.0.0", -1},
	};
	/* clang-format on */

	for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
		TsrVersionRange range;
		TsrVersion version;
		int holds = -1;

		CU_ASSERT_TRUE(tsr_version_parse(rows[i].version, &version));
		if (tsr_version_range_parse(rows[i].range, &range))
			holds = tsr_version_range_contains(&range, &version);
		if (holds != rows[i].holds)
			g_printerr("\n%s contains %s: %d\n", rows[i].range, rows[i].version, holds);
		CU_ASSERT_EQUAL(holds, rows[i].holds);
	}
}

/* -- broken files */

static char *expectation(const char *path)
{
	static const char mark[] = "# expect: ";
	g_autofree char *text = NULL;

	if (!g_file_get_contents(path, &text, NULL, NULL) || !g_str_has_prefix(text, mark))
		return NULL;
	return g_strndup(text + strlen(mark), strcspn(text + strlen(mark), "\n"));
}

static char *error_of(const char *path)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(TsrPlugin) plugin = NULL;
	g_autoptr(TsrConfig) config = NULL;

	if (g_str_has_suffix(path, ".plugin"))
		plugin = tsr_plugin_new_from_file(path, &error);
	else
		config = tsr_config_new_from_file(registry, path, NULL, &error);
	return error ? g_strdup(error->message) : NULL;
}

static void test_broken_files(void)
{
	GDir *dir = g_dir_open(BROKEN, 0, NULL);
	const char *name;
	guint n = 0;

	CU_ASSERT_PTR_NOT_NULL_FATAL(dir);
	while ((name = g_dir_read_name(dir))) {
		g_autofree char *path = g_build_filename(BROKEN, name, NULL);
		g_autofree char *expected = expectation(path);
		g_autofree char *message = error_of(path);

		CU_ASSERT_PTR_NOT_NULL_FATAL(expected);
		check_text(name, message, expected);
		if (message)
			CU_ASSERT_TRUE(g_str_has_prefix(message, path) || strstr(message, "cycle"));
		n++;
	}
	g_dir_close(dir);
	CU_ASSERT_TRUE(n > 80);
}

static void test_long_file_is_refused(void)
{
	g_autoptr(GError) error = NULL;
	g_autofree char *text = g_strnfill(1024 * 1024, '\n');

	CU_ASSERT_PTR_NULL(tsr_plugin_new_from_manifest("long", text, 1024 * 1024, &error));
	check_text("long", error ? error->message : NULL, "longer than 256 KiB");
}

/* -- registry and loader */

static void test_newest_that_fits_is_found(void)
{
	static const struct {
		const char *requirement, *version;
	} rows[] = {
		{ "good", "2.0.0" },     { "good >=1,<2", "1.2.0" }, { "good =1.0.0", "1.0.0" },
		{ "good<1.2", "1.0.0" }, { "good >=3", NULL },
	};

	for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
		TsrPlugin *plugin = tsr_registry_find(registry, rows[i].requirement, NULL);

		CU_ASSERT_EQUAL(plugin != NULL, rows[i].version != NULL);
		if (plugin && rows[i].version)
			CU_ASSERT_STRING_EQUAL(tsr_plugin_get_version(plugin), rows[i].version);
	}
}

static const char *find_refusal(const char *what)
{
	const char *const *refused = tsr_registry_get_refused(registry);

	for (; *refused; refused++)
		if (strstr(*refused, what))
			return *refused;
	return NULL;
}

static void test_scan_refuses_with_reasons(void)
{
	static const struct {
		const char *what, *expected;
	} rows[] = {
		{ "plugin abi-older ", "needs ABI 0.1 to 0.9, this Tessera has " ABI ": install a "
				       "newer version of the plugin" },
		{ "plugin abi-newer ",
		  "needs ABI 2.0 to 2.*, this Tessera has " ABI ": install a newer Tessera" },
		{ "plugin abi-newer-minor ",
		  "needs ABI 1.99 to 1.*, this Tessera has " ABI ": install a newer Tessera" },
		{ "plugin no-library ", "no library " },
		{ "/misplaced.plugin",
		  "is misplaced 1.0.0, so it belongs in a folder misplaced/1.0.0" },
		{ FIXTURES_AGAIN, "duplicate of " FIXTURES },
	};

	for (guint i = 0; i < G_N_ELEMENTS(rows); i++)
		check_text(rows[i].what, find_refusal(rows[i].what), rows[i].expected);
}

static void test_loader_refuses_with_reasons(void)
{
	static const struct {
		const char *id, *expected;
	} rows[] = {
		{ "built-older",
		  "built for ABI 0." ABI_MINOR ", this Tessera has " ABI "; build it again" },
		{ "built-for-draft",
		  "built for ABI 1.1, this Tessera has " ABI "; build it again" },
		{ "built-newer",
		  "built for ABI 1.99, this Tessera has " ABI "; install a newer Tessera" },
		{ "no-symbol", "it has no symbol tessera_plugin_entry" },
		{ "not-a-library", "not-a-library.plugin: " },
		{ "wrong-id", "the library is somebody-else 1.0.0" },
		{ "wrong-version", "the library is wrong-version 9.9.9" },
		{ "small-entry", "too small" },
		{ "any-factory", "plugin any-factory 1.0.0: " },
		{ "any-factory", "get_factory returns a table for a name that it cannot know" },
	};

	for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autoptr(GError) error = NULL;
		TsrPlugin *plugin = tsr_registry_find(registry, rows[i].id, NULL);

		CU_ASSERT_PTR_NOT_NULL_FATAL(plugin);
		CU_ASSERT_FALSE(tsr_registry_load_plugin(registry, plugin, &error));
		check_text(rows[i].id, error ? error->message : NULL, rows[i].expected);
		CU_ASSERT_PTR_NOT_NULL(find_refusal(error->message));
	}
}

/* An entry grows at its end: one of the first headers and one of headers to come are both good. */
static void test_loader_takes_entries_of_other_sizes(void)
{
	static const char *const ids[] = { "first-entry", "large-entry" };

	for (guint i = 0; i < G_N_ELEMENTS(ids); i++) {
		g_autoptr(GError) error = NULL;
		TsrPlugin *plugin = tsr_registry_find(registry, ids[i], NULL);

		CU_ASSERT_PTR_NOT_NULL_FATAL(plugin);
		CU_ASSERT_TRUE(tsr_registry_load_plugin(registry, plugin, &error));
		if (error)
			g_printerr("\n%s\n", error->message);
	}
}

static void test_versions_load_side_by_side(void)
{
	TsrPlugin *one = tsr_registry_find(registry, "good =1.0.0", NULL),
		  *two = tsr_registry_find(registry, "good =2.0.0", NULL);

	CU_ASSERT_PTR_NOT_NULL_FATAL(tsr_loader_load(one, NULL));
	CU_ASSERT_PTR_NOT_NULL_FATAL(tsr_loader_load(two, NULL));
	CU_ASSERT_STRING_EQUAL(one->entry->version, "1.0.0");
	CU_ASSERT_STRING_EQUAL(two->entry->version, "2.0.0");
}

static void test_manifests_leave_room_for_others(void)
{
	TsrPlugin *reader = tsr_registry_find(registry, "reader", NULL);

	CU_ASSERT_PTR_NOT_NULL_FATAL(reader);
	CU_ASSERT_EQUAL(reader->needs->len, 1);
}

static void test_need_takes_the_first_alternative(void)
{
	static const struct {
		const char *provider, *interface;
	} rows[] = {
		{ "thing12", "test.thing/2" },
		{ "thing2", "test.thing/2" },
		{ "good", "test.thing/1" },
		{ "walker", NULL },
	};
	TsrPlugin *reader = tsr_registry_find(registry, "reader", NULL);
	const TsrNeed *need = tsr_plugin_find_need(reader, "medium");

	CU_ASSERT_PTR_NOT_NULL_FATAL(need);
	CU_ASSERT_STRING_EQUAL(need->interface, "test.thing/2;test.thing/1");
	for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
		TsrPlugin *provider = tsr_registry_find(registry, rows[i].provider, NULL);
		const char *chosen = tsr_need_choose(need, provider);

		CU_ASSERT_EQUAL(g_strcmp0(chosen, rows[i].interface), 0);
	}
}

/* -- configurations */

static const char machine_text[] =
	"[Machine]\nname=little\nmemory=8M\ncpu=cpu0\nmmu=mmu0\nX-Editor=blue\n"
	"[X-Layout]\na=1,1\n"
	"[Aliases]\nisa=cpu0\n"
	"[Options]\nlabel=a.text;b.text\ncolour=b.mode\ncolour.warm=red\ncolour.cold=green\n"
	"[Instance a]\nplugin=good "
	">=1,<2\nconnect.other=b\ncount=0x10\nsize=8K\nflag=yes\nfile=rel/x\n"
	"resource.regs.base=0x3f8\nresource.irq.line=isa:4\naddress=1f.7\n"
	"[Instance b]\nplugin=good\nconnect.other=?d0\nX-Layout=2,1\n"
	"[Instance d0]\nslot=disk\nplugin=good\nslot.base=d0.resource.regs.base\n"
	"[Instance d1]\nslot=disk\nplugin=good\n"
	"[Instance drive0]\nwith=d0\nplugin=link\nconnect.next=d0\n"
	"[Instance s0]\nslot=serial\nslot.value=mode:file\nplugin=good\n"
	"[Instance n0]\nslot=nic:user\nslot.default=user\nplugin=good\n"
	"[Instance n1]\nslot=nic:tap\nslot.default=tap\nplugin=not-installed\n"
	"[Instance u0]\nslot=ui:window\nslot.auto=TSR_TEST_DISPLAY\nplugin=good\n"
	"[Instance maybe]\nplugin=?not-installed\n"
	"[Instance cpu0]\nplugin=processor\nspeed=3\n"
	"[Instance mmu0]\nplugin=walker\n";

static char *machine_path;

static TsrConfig *configure(GError **error, const char *first, ...)
{
	g_autoptr(GPtrArray) overrides = g_ptr_array_new();
	va_list args;

	va_start(args, first);
	for (const char *text = first; text; text = va_arg(args, const char *))
		g_ptr_array_add(overrides, (gpointer)text);
	va_end(args);
	g_ptr_array_add(overrides, NULL);
	return tsr_config_new_from_file(registry, machine_path,
					(const char *const *)overrides->pdata, error);
}

static const char *property(TsrConfig *config, const char *instance, const char *name)
{
	TsrInstanceConfig *found = tsr_config_find(config, instance);

	CU_ASSERT_PTR_NOT_NULL_FATAL(found);
	return g_hash_table_lookup(found->properties, name);
}

static guint position(TsrConfig *config, const char *name)
{
	guint index = G_MAXUINT;

	g_ptr_array_find(config->instances, tsr_config_find(config, name), &index);
	return index;
}

static void test_config_takes_what_is_written(void)
{
	g_autoptr(TsrConfig) config = configure(NULL, NULL);
	g_autofree char *folder = g_path_get_dirname(machine_path),
			*file = g_build_filename(folder, "rel/x", NULL);
	TsrInstanceConfig *a;
	TsrResource *regs, *irq;

	CU_ASSERT_PTR_NOT_NULL_FATAL(config);
	a = tsr_config_find(config, "a");
	CU_ASSERT_STRING_EQUAL(config->name, "little");
	CU_ASSERT_EQUAL(config->memory, 8 << 20);
	CU_ASSERT_STRING_EQUAL(tsr_plugin_get_version(a->plugin), "1.2.0");
	CU_ASSERT_STRING_EQUAL(property(config, "a", "count"), "16");
	CU_ASSERT_STRING_EQUAL(property(config, "a", "size"), "8192");
	CU_ASSERT_STRING_EQUAL(property(config, "a", "flag"), "true");
	CU_ASSERT_STRING_EQUAL(property(config, "a", "text"), "hello");
	CU_ASSERT_STRING_EQUAL(property(config, "a", "mode"), "red");
	CU_ASSERT_STRING_EQUAL(property(config, "a", "file"), file);
	CU_ASSERT_STRING_EQUAL(g_hash_table_lookup(a->connections, "other"), "b");
	regs = g_ptr_array_index(a->resources, 0);
	irq = g_ptr_array_index(a->resources, 1);
	CU_ASSERT_EQUAL(regs->base, 0x3f8);
	CU_ASSERT_EQUAL(regs->length, 8);
	CU_ASSERT_STRING_EQUAL(irq->line, "isa:4");
	CU_ASSERT_EQUAL(a->pci_device, 31);
	CU_ASSERT_EQUAL(a->pci_function, 7);
	CU_ASSERT_STRING_EQUAL(g_hash_table_lookup(config->aliases, "isa"), "cpu0");
	CU_ASSERT_TRUE(position(config, "b") < position(config, "a"));
	CU_ASSERT_PTR_NOT_NULL(a->entry);
}

static void test_slots_decide_what_exists(void)
{
	static const char *const names[] = {
		"d0", "d1", "drive0", "s0", "n0", "n1", "u0", "maybe"
	};
	static const struct {
		const char *overrides[3];
		const char *exist; /* a letter per name */
	} rows[] = {
		{ { NULL }, "....n..." },
		{ { "disk=/x" }, "d.d.n..." },
		{ { "disk=/x", "disk=/y" }, "ddd.n..." },
		{ { "disk=none", "disk=/y" }, ".d..n..." },
		{ { "serial=green:/x" }, "...sn..." },
		{ { "serial=none" }, "....n..." },
		{ { "nic=none" }, "........" },
		{ { "nic=user" }, "....n..." },
		{ { "ui=none" }, "....n..." },
		{ { "ui=window" }, "....n.u." },
		{ { "ui=auto" }, "....n..." },
		{ { "ui=auto", "serial=none" }, "....n..." },
	};

	for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autoptr(GError) error = NULL;
		g_autoptr(TsrConfig) config =
			configure(&error, rows[i].overrides[0], rows[i].overrides[1], NULL);

		if (!config)
			g_printerr("\nrow %u: %s\n", i, error->message);
		CU_ASSERT_PTR_NOT_NULL_FATAL(config);
		for (guint n = 0; n < G_N_ELEMENTS(names); n++)
			CU_ASSERT_EQUAL(tsr_config_find(config, names[n]) != NULL,
					rows[i].exist[n] != '.');
	}
}

static void test_auto_slot_follows_the_environment(void)
{
	g_autoptr(TsrConfig) config = NULL;

	g_setenv("TSR_TEST_DISPLAY", ":0", TRUE);
	config = configure(NULL, "ui=auto", NULL);
	g_unsetenv("TSR_TEST_DISPLAY");
	CU_ASSERT_PTR_NOT_NULL_FATAL(config);
	CU_ASSERT_PTR_NOT_NULL(tsr_config_find(config, "u0"));
}

static void test_overrides_reach_their_properties(void)
{
	static const struct {
		const char *override, *instance, *property, *value;
	} rows[] = {
		{ "a.count=3", "a", "count", "3" },
		{ "label=x=y,z", "b", "text", "x=y,z" },
		{ "label=", "a", "text", "" },
		{ "colour=cold", "b", "mode", "green" },
		{ "disk=/tmp/a=b.img,count=5", "d0", "file", "/tmp/a=b.img" },
		{ "disk=/tmp/a=b.img,count=5", "d0", "count", "5" },
		{ "disk=/tmp/a,,b", "d0", "file", "/tmp/a,b" },
		{ "disk=count=6", "d0", "count", "6" },
		{ "serial=green:/x:y", "s0", "mode", "green" },
		{ "serial=green:/x:y", "s0", "file", "/x:y" },
		{ "serial=green", "s0", "file", "" },
		{ "cpu=speed=7", "cpu0", "speed", "7" },
		{ "cpu=processor-b,check=all", "cpu0", "check", "all" },
	};

	for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autoptr(GError) error = NULL;
		g_autoptr(TsrConfig) config = configure(&error, rows[i].override, NULL);

		if (!config)
			g_printerr("\n%s: %s\n", rows[i].override, error->message);
		CU_ASSERT_PTR_NOT_NULL_FATAL(config);
		CU_ASSERT_STRING_EQUAL(property(config, rows[i].instance, rows[i].property),
				       rows[i].value);
	}
}

static void test_slot_keys_reach_other_places(void)
{
	g_autoptr(TsrConfig) config = configure(NULL, "disk=/x,base=0x700", "memory=4M",
						"exit-on-reset=", "upgrades=true", NULL);
	TsrResource *regs;

	CU_ASSERT_PTR_NOT_NULL_FATAL(config);
	regs = g_ptr_array_index(tsr_config_find(config, "d0")->resources, 0);
	CU_ASSERT_EQUAL(regs->base, 0x700);
	CU_ASSERT_EQUAL(config->memory, 4 << 20);
	CU_ASSERT_TRUE(config->exit_on_reset);
	CU_ASSERT_TRUE(config->upgrades);
}

static void test_wrong_overrides(void)
{
	static const struct {
		const char *override, *expected;
	} rows[] = {
		{ "wibble=1",
		  "--wibble: the machine has no such option; it has add, cpu, lock, set, trust, "
		  "clock, colour, disk" },
		{ "memory=9", "--memory: \"9\" is not a size" },
		{ "x.y=1", "--set x.y: the machine has no instance x" },
		{ "a.y=1", "--set a.y: plugin good has no property y; it has count" },
		{ "a.count=99", "--set a.count: count: \"99\" is not a number from 1 to 16" },
		{ "a.placement=process", "--set a.placement: \"process\" is not a placement of a "
					 "device or back end: inline" },
		{ "a.count", "--set a.count: say NAME.PROPERTY=VALUE" },
		{ "d0.count=1", "--set d0.count: d0 is not in the machine as it is started; it "
				"comes with --disk" },
		{ "colour=hot", "--colour: \"hot\" is not one of cold, warm" },
		{ "serial=blue", "--serial: mode: \"blue\" is not one of red, green" },
		{ "disk=/x,mode", "--disk: \"mode\" is not KEY=VALUE" },
		{ "disk=/x,colour=1", "--disk: plugin good has no property colour" },
		{ "nic=bridge", "--nic: no place for \"bridge\"; it takes none, user, tap; the "
				"machine has room for 2" },
		{ "nic=tap", "plugin: no plugin not-installed" },
		{ "cpu=walker", "cpu: walker is a plugin of kind mmu, not cpu" },
		{ "cpu=processor-b,speed=1", "--cpu: plugin processor-b has no property speed" },
		{ "clock=\xff", "text that is not UTF-8" },
	};

	for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autoptr(GError) error = NULL;
		g_autoptr(TsrConfig) config = configure(&error, rows[i].override, NULL);

		CU_ASSERT_PTR_NULL(config);
		check_text(rows[i].override, error ? error->message : NULL, rows[i].expected);
	}
}

static void test_added_instances(void)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(TsrConfig) config =
		configure(&error, "x.count=7",
			  "add=x=good >=1,<2,connect.other=b,text=a,,b=c,resource.regs.base=0x700,"
			  "address=02.1",
			  "add=y=link,connect.next=x", NULL);
	TsrInstanceConfig *x;

	if (!config)
		g_printerr("\n%s\n", error->message);
	CU_ASSERT_PTR_NOT_NULL_FATAL(config);
	x = tsr_config_find(config, "x");
	CU_ASSERT_PTR_NOT_NULL_FATAL(x);
	CU_ASSERT_STRING_EQUAL(tsr_plugin_get_version(x->plugin), "1.2.0");
	CU_ASSERT_STRING_EQUAL(property(config, "x", "text"), "a,b=c");
	CU_ASSERT_STRING_EQUAL(property(config, "x", "count"), "7");
	CU_ASSERT_EQUAL(tsr_config_find_resource(x, "regs")->base, 0x700);
	CU_ASSERT_EQUAL(x->pci_device, 2);
	CU_ASSERT_TRUE(position(config, "b") < position(config, "x"));
	CU_ASSERT_TRUE(position(config, "x") < position(config, "y"));
}

static void test_wrong_additions(void)
{
	static const struct {
		const char *override, *expected;
	} rows[] = {
		{ "add=x", "--add x: say NAME=PLUGIN or NAME=PLUGIN,KEY=VALUE" },
		{ "add=x=", "--add x: say NAME=PLUGIN" },
		{ "add=x.y=good", "--add x.y: an instance's name has letters, digits, - and _" },
		{ "add=a=good", "--add a: the machine has an instance of that name; --set a.KEY" },
		{ "add=x=not-installed", "--add x: no plugin not-installed" },
		{ "add=x=good >=9", "--add x: no plugin good >=9; installed: 2.0.0, 1.2.0, 1.0.0" },
		{ "add=x=good,slot=disk", "--add x: slot cannot be set here" },
		{ "add=x=good,wibble", "--add x: \"wibble\" is not KEY=VALUE" },
		{ "add=x=good,wibble=1", "--add x: plugin good has no property wibble; it has" },
		{ "add=x=link",
		  "--add x: plugin link needs next (test.thing/1); add connect.next" },
		{ "add=x=link,connect.next=q", "--add x: the machine has no instance \"q\"" },
	};

	for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autoptr(GError) error = NULL;
		g_autoptr(TsrConfig) config = configure(&error, rows[i].override, NULL);

		CU_ASSERT_PTR_NULL(config);
		check_text(rows[i].override, error ? error->message : NULL, rows[i].expected);
	}
}

/* -- a manifest that extends another */

static char *beside_machine(const char *name, const char *text)
{
	g_autofree char *folder = g_path_get_dirname(machine_path);
	char *path = g_build_filename(folder, name, NULL);

	CU_ASSERT_TRUE(g_file_set_contents(path, text, -1, NULL));
	return path;
}

static TsrConfig *configure_text(const char *text, const char *const *overrides, GError **error)
{
	g_autofree char *path = beside_machine("upper.machine", text);
	TsrConfig *config = tsr_config_new_from_file(registry, path, overrides, error);

	remove(path);
	return config;
}

/* A slot's default is no more than that: what is set besides it counts. */
static void test_settings_win_over_defaults(void)
{
	static const char text[] = "[Machine]\nextends=little.machine\n"
				   "[Instance n0]\nslot.default=user,count=9,size=16K\n";
	static const char *const overrides[] = { "n0.count=5", NULL };
	g_autoptr(GError) error = NULL;
	g_autoptr(TsrConfig) config = configure_text(text, overrides, &error);

	CU_ASSERT_PTR_NOT_NULL_FATAL(config);
	CU_ASSERT_STRING_EQUAL(property(config, "n0", "count"), "5");
	CU_ASSERT_STRING_EQUAL(property(config, "n0", "size"), "16384");
}

static void test_extending_machine(void)
{
	static const char text[] = "[Machine]\nextends=little.machine\nmemory=16M\n"
				   "[Options]\nlabel=x.text\n"
				   "[Instance a]\ncount=3\nconnect.other=x\naddress=\n"
				   "[Instance b]\nplugin=\n"
				   "[Instance d0]\nslot=\nfile=rel/y\n"
				   "[Instance n0]\nslot.default=user,count=9\n"
				   "[Instance x]\nplugin=good\n"
				   "[Instance cpu0]\nplugin=processor-b\n";
	static const char *const overrides[] = { "label=hi", "colour=cold", NULL };
	g_autoptr(GError) error = NULL;
	g_autoptr(TsrConfig) config = configure_text(text, NULL, &error), none = NULL;
	g_autofree char *folder = g_path_get_dirname(machine_path),
			*y = g_build_filename(folder, "rel/y", NULL);
	TsrInstanceConfig *a;

	if (!config)
		g_printerr("\n%s\n", error->message);
	CU_ASSERT_PTR_NOT_NULL_FATAL(config);
	a = tsr_config_find(config, "a");
	CU_ASSERT_STRING_EQUAL(config->name, "upper");
	CU_ASSERT_EQUAL(config->memory, 16 << 20);
	CU_ASSERT_STRING_EQUAL(property(config, "a", "count"), "3");
	CU_ASSERT_STRING_EQUAL(property(config, "a", "size"), "8192");
	CU_ASSERT_STRING_EQUAL(g_hash_table_lookup(a->connections, "other"), "x");
	CU_ASSERT_EQUAL(a->pci_device, -1);
	CU_ASSERT_PTR_NULL(tsr_config_find(config, "b"));
	CU_ASSERT_STRING_EQUAL(property(config, "d0", "file"), y);
	CU_ASSERT_PTR_NOT_NULL(tsr_config_find(config, "drive0"));
	CU_ASSERT_STRING_EQUAL(property(config, "n0", "count"), "9");
	CU_ASSERT_STRING_EQUAL(property(config, "cpu0", "check"), "");
	none = configure_text(text, overrides, &error);
	check_text("an option of what is gone", error ? error->message : NULL,
		   "colour.cold: the machine has no instance b");
}

static void test_versions_are_pinned_for_all(void)
{
	static const struct {
		const char *versions, *a, *b; /* versions; NULL: an error */
	} rows[] = {
		{ "", "1.2.0", "2.0.0" },
		{ "good=1.2\n", "1.2.0", "1.2.0" },
		{ "good==1.0.0\n", "1.0.0", "1.0.0" },
		{ "good=<2\n", "1.2.0", "1.2.0" },
		{ "good= <1.2 , >=1 \n", "1.0.0", "1.0.0" },
		{ "good=\nnot-installed=7\n", "1.2.0", "2.0.0" },
	};

	for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autofree char *text = g_strconcat(
			"[Machine]\nextends=little.machine\n[Versions]\n", rows[i].versions, NULL);
		g_autoptr(GError) error = NULL;
		g_autoptr(TsrConfig) config = configure_text(text, NULL, &error);

		if (!config)
			g_printerr("\n%s%s\n", text, error->message);
		CU_ASSERT_PTR_NOT_NULL_FATAL(config);
		CU_ASSERT_STRING_EQUAL(tsr_plugin_get_version(tsr_config_find(config, "a")->plugin),
				       rows[i].a);
		CU_ASSERT_STRING_EQUAL(tsr_plugin_get_version(tsr_config_find(config, "b")->plugin),
				       rows[i].b);
	}
}

static void test_wrong_extensions(void)
{
	static const struct {
		const char *text, *expected;
	} rows[] = {
		{ "[Machine]\nextends=wibble\n",
		  "upper.machine:2: extends: wibble: no such machine" },
		{ "[Machine]\nextends=upper.machine\n", "upper.machine is extended by itself" },
		{ "[Machine]\nextends=/etc/passwd\n",
		  ":2: extends: /etc/passwd is not in the manifest's folder" },
		{ "[Machine]\nextends=./wibble\n", ":2: extends: Failed to open file" },
		{ "[Machine]\nextends=little.machine\n[Instance q]\ncount=1\n",
		  ":3: [Instance q]: key plugin is missing; the machine that this one extends has "
		  "no" },
		{ "[Machine]\nextends=little.machine\n[Instance b]\nplugin=\n",
		  "little.machine:18: connect.other: the machine has no instance \"b\"" },
		{ "[Machine]\nextends=little.machine\n[Versions]\ngood=>=2\n",
		  "plugin: no plugin good >=1,<2,>=2; installed: 2.0.0, 1.2.0, 1.0.0 (with the "
		  "versions of " },
		{ "[Machine]\nextends=little.machine\n[Versions]\ngood=newest\n",
		  ":4: good: \"newest\" is neither a version as 1.2.3 nor a range as >=1.2,<2" },
		{ "[Machine]\nextends=little.machine\n[Instance b]\nplugin=link\n"
		  "connect.wibble=d0\n",
		  ":5: connect.wibble: plugin link has no need wibble" },
	};

	for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autoptr(GError) error = NULL;
		g_autoptr(TsrConfig) config = configure_text(rows[i].text, NULL, &error);

		CU_ASSERT_PTR_NULL(config);
		check_text(rows[i].text, error ? error->message : NULL, rows[i].expected);
	}
}

static void test_too_many_for_the_slots(void)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(TsrConfig) config = configure(&error, "disk=/x", "disk=/y", "disk=/z", NULL);

	CU_ASSERT_PTR_NULL(config);
	check_text("three disks", error ? error->message : NULL,
		   "--disk: no place for \"/z\"; the machine has room for 2");
}

/* -- what this tree ships */

/* Every manifest of a folder parses; those of machines as far as their groups and keys go. */
static void test_our_own_plugin_manifests(void)
{
	g_autofree char *folder = g_build_filename(PRESETS, "plugins", NULL);
	GDir *dir = g_dir_open(folder, 0, NULL);
	const char *name;

	CU_ASSERT_PTR_NOT_NULL_FATAL(dir);
	while ((name = g_dir_read_name(dir))) {
		g_autofree char *path = g_build_filename(folder, name, NULL);
		g_autoptr(GError) error = NULL;
		g_autoptr(TsrPlugin) plugin = g_str_has_suffix(name, ".plugin")
						      ? tsr_plugin_new_from_file(path, &error)
						      : NULL;

		if (error)
			g_printerr("\n%s\n", error->message);
		CU_ASSERT_PTR_NULL(error);
		if (plugin)
			CU_ASSERT_TRUE(tsr_loader_check_abi(plugin, NULL));
	}
	g_dir_close(dir);
}

static const CU_TestInfo tests[] = {
	{ "version ranges", test_version_ranges },
	{ "broken files are refused with file, line and key", test_broken_files },
	{ "a long file is refused", test_long_file_is_refused },
	{ "the newest version that fits is found", test_newest_that_fits_is_found },
	{ "the scan refuses with reasons", test_scan_refuses_with_reasons },
	{ "the loader refuses with reasons", test_loader_refuses_with_reasons },
	{ "the loader takes entries of other sizes", test_loader_takes_entries_of_other_sizes },
	{ "versions load side by side", test_versions_load_side_by_side },
	{ "manifests leave room for others", test_manifests_leave_room_for_others },
	{ "a need takes the first alternative", test_need_takes_the_first_alternative },
	{ "a config takes what is written", test_config_takes_what_is_written },
	{ "slots decide what exists", test_slots_decide_what_exists },
	{ "an auto slot follows the environment", test_auto_slot_follows_the_environment },
	{ "overrides reach their properties", test_overrides_reach_their_properties },
	{ "keys of a slot reach other places", test_slot_keys_reach_other_places },
	{ "wrong overrides", test_wrong_overrides },
	{ "instances are added", test_added_instances },
	{ "wrong additions", test_wrong_additions },
	{ "settings win over the defaults of slots", test_settings_win_over_defaults },
	{ "a machine extends another", test_extending_machine },
	{ "versions are pinned for all", test_versions_are_pinned_for_all },
	{ "wrong extensions", test_wrong_extensions },
	{ "too many for the slots", test_too_many_for_the_slots },
	{ "our own plugin manifests parse", test_our_own_plugin_manifests },
	CU_TEST_INFO_NULL,
};

static void write_machine(void)
{
	g_autofree char *folder = g_dir_make_tmp("tessera-test-XXXXXX", NULL);

	machine_path = g_build_filename(folder, "little.machine", NULL);
	g_file_set_contents(machine_path, machine_text, -1, NULL);
}

static void remove_machine(void)
{
	g_autofree char *folder = g_path_get_dirname(machine_path);

	remove(machine_path);
	remove(folder);
	g_free(machine_path);
}

int main(void)
{
	static const char *const folders[] = { FIXTURES, FIXTURES_AGAIN, "/nonexistent", NULL };

	registry = tsr_registry_new_for_folders(folders);
	write_machine();
	int status = unit_run("manifests", tests);

	remove_machine();
	g_object_unref(registry);
	return status;
}
