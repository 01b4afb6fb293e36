/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The machine for a plugin, as a manifest: the preset pc without processor, pictures and windows,
 * the plugin, what its needs are connected to, and who uses what it provides. A plugin that the
 * preset has is tested where it is there.
 */
#include "core.h"

#include <glib/gstdio.h>
#include <string.h>

#include "tool.h"

#define PRESET "pc"
#define DRIVER "sdk-driver"
#define DEVICE "device0"
#define ADDRESS "1e.0" /* of a PCI function that has no other; the second: 1d.0 */
#define SECOND_ADDRESS "1d.0"
#define SECOND_PORTS 0x8000u
#define SECOND_MMIO 0x08000000u
#define IMAGE_BYTES (1u << 20)

struct order {
	const struct check *check;
	TsrRegistry *registry;
	GString *text, *places;
	unsigned peers;
};

static char *instance; /* its name */
static char *accessed; /* the driver's places */

const char *core_instance(void)
{
	return instance;
}

const char *core_places(void)
{
	return accessed;
}

TsrRegistry *core_registry(const struct check *check)
{
	const char *old = g_getenv("TESSERA_PLUGIN_PATH");
	g_autofree char *driver = tool_driver_folder();
	g_autofree char *path =
		g_strjoin(":", check->folder, driver, old && *old ? old : NULL, NULL);

	g_setenv("TESSERA_PLUGIN_PATH", path, TRUE);
	return tsr_registry_new();
}

/* -- The preset */

/* The instance of the preset that is of the plugin; NULL: it has none. (transfer full) */
static char *find_in_preset(const struct order *order)
{
	static const char *const settings[] = { "ui=none",   "nic=none", "serial=none",
						"memory=2M", "trust",    NULL };
	g_autoptr(GError) error = NULL;
	g_autoptr(TsrMachine) machine =
		tsr_machine_new_from_file(order->registry, PRESET, settings, &error);
	g_autoptr(GVariant) status = NULL, plugins = NULL;
	g_autofree char *wanted = g_strconcat(order->check->id, " ", NULL);
	const char *name, *plugin;
	GVariantIter rows;

	if (!machine)
		check_fail("the preset " PRESET " cannot be made here: %s", error->message);
	status = tsr_machine_get_status(machine);
	plugins = g_variant_lookup_value(status, "plugins", G_VARIANT_TYPE("a{ss}"));
	g_variant_iter_init(&rows, plugins);
	while (g_variant_iter_next(&rows, "{&s&s}", &name, &plugin))
		if (g_str_has_prefix(plugin, wanted))
			return g_strdup(name);
	return NULL;
}

static const char *row_value(const GPtrArray *rows, const char *key)
{
	for (guint i = 0; i < rows->len; i++) {
		const char *row = rows->pdata[i];

		if (g_str_has_prefix(row, key) && row[strlen(key)] == '=')
			return row + strlen(key) + 1;
	}
	return NULL;
}

/* -- Places that the driver accesses */

/* The place of a resource, from what the command line says of it; `shift` moves it. */
static guint64 base_of(const struct order *order, const TsrResource *r, guint64 shift)
{
	g_autofree char *key = g_strconcat("resource.", r->name, ".base", NULL);
	const char *base = row_value(order->check->rows, key);

	return (base ? g_ascii_strtoull(base, NULL, 0) : r->base) ^ shift;
}

static gboolean is_range(const TsrResource *r)
{
	return (r->type == TSR_RESOURCE_PORTS || r->type == TSR_RESOURCE_MMIO) && r->length;
}

static void add_place(struct order *order, const TsrResource *r, guint64 base)
{
	g_string_append_printf(order->places,
			       "%s:0x%" G_GINT64_MODIFIER "x:0x%" G_GINT64_MODIFIER "x ",
			       r->type == TSR_RESOURCE_PORTS ? "ports" : "memory", base, r->length);
}

static void add_places(struct order *order)
{
	GPtrArray *resources = tsr_plugin_get_resources(order->check->plugin);
	const char *address = row_value(order->check->rows, "address");

	for (guint i = 0; i < resources->len; i++)
		if (is_range(resources->pdata[i]))
			add_place(order, resources->pdata[i],
				  base_of(order, resources->pdata[i], 0));
	for (guint i = 0; i < order->check->places->len; i++)
		g_string_append_printf(order->places, "%s ",
				       (char *)order->check->places->pdata[i]);
	if (address ? *address != 0 : g_str_equal(instance, DEVICE))
		g_string_append_printf(order->places, "pci:%s ", address ? address : ADDRESS);
}

/* -- What it is connected to */

static void add_peer(struct order *order, const char *id, const char *more)
{
	g_string_append_printf(order->text, "\n[Instance peer%u]\nplugin=%s\n%s", order->peers++,
			       id, more);
}

/* An image of numbers, which is the same in each run. */
static void add_image(struct order *order)
{
	g_autofree char *name = g_strdup_printf("image%u", order->peers);
	g_autofree char *path = g_build_filename(order->check->folder, name, NULL);
	g_autofree char *more = g_strdup_printf("file=%s\nformat=raw\nmode=nonpersistent\n", path);
	g_autofree char *bytes = g_malloc(IMAGE_BYTES);

	for (guint i = 0; i < IMAGE_BYTES; i++)
		bytes[i] = (char)(i * 7 + (i >> 9) * 13);
	g_file_set_contents(path, bytes, IMAGE_BYTES, NULL);
	add_peer(order, "blk-raw", more);
}

/* Appends "connect.NEED=PEER" for a need, and the peer's group to `peers`. Needs of host things are
 * left open where they may be: what comes from the host is not repeatable. */
static void meet_need(struct order *order, const TsrNeed *need, GString *lines)
{
	if (g_str_equal(need->interface, TSR_BLOCK)) {
		g_string_append_printf(lines, "connect.%s=peer%u\n", need->name, order->peers);
		add_image(order);
	} else if (!need->optional) {
		check_skip("it needs %s: name a plugin that provides it with --connect "
			   "%s=MANIFEST",
			   need->interface, need->name);
	}
}

static void meet_needs(struct order *order, TsrPlugin *plugin, const char *taken, GString *lines)
{
	GPtrArray *needs = tsr_plugin_get_needs(plugin);

	for (guint i = 0; i < needs->len; i++) {
		const TsrNeed *need = needs->pdata[i];

		if ((taken && g_str_equal(need->name, taken)) ||
		    strstr(lines->str, need->name)) /* the command line connects it */
			continue;
		meet_need(order, need, lines);
	}
}

/* The plugin of "NEED=MANIFEST"; *need is the first part. */
static TsrPlugin *neighbour(const struct order *order, const char *word, char **need)
{
	g_autoptr(GKeyFile) file = g_key_file_new();
	const char *manifest = strchr(word, '=') + 1;
	g_autofree char *id = NULL;
	TsrPlugin *plugin;

	*need = g_strndup(word, (gsize)(manifest - word - 1));
	g_key_file_load_from_file(file, manifest, G_KEY_FILE_NONE, NULL);
	id = g_key_file_get_string(file, "Plugin", "id", NULL);
	plugin = id ? tsr_registry_find(order->registry, id, NULL) : NULL;
	if (!plugin)
		check_fail("%s: no plugin of this id is found; TESSERA_PLUGIN_PATH says where more "
			   "are",
			   manifest);
	return plugin;
}

static void add_connections(struct order *order, GString *lines)
{
	for (guint i = 0; i < order->check->connections->len; i++) {
		g_autoptr(GString) more = g_string_new(NULL);
		g_autofree char *need = NULL;
		TsrPlugin *plugin = neighbour(order, order->check->connections->pdata[i], &need);

		meet_needs(order, plugin, NULL, more);
		g_string_append_printf(lines, "connect.%s=peer%u\n", need, order->peers);
		add_peer(order, tsr_plugin_get_id(plugin), more->str);
	}
}

/* -- Who uses it */

static void add_user(struct order *order, TsrPlugin *plugin, const char *need)
{
	g_autoptr(GString) more = g_string_new(NULL);
	GPtrArray *resources = tsr_plugin_get_resources(plugin);

	g_string_append_printf(more, "connect.%s=" DEVICE "\n", need);
	meet_needs(order, plugin, need, more);
	for (guint i = 0; i < resources->len; i++)
		if (is_range(resources->pdata[i]))
			add_place(order, resources->pdata[i],
				  ((TsrResource *)resources->pdata[i])->base);
	add_peer(order, tsr_plugin_get_id(plugin), more->str);
}

/* Behind a card or a port of the machine: through its registers the plugin is used. */
static const struct {
	const char *interface, *groups, *places;
} usual_users[] = {
	{ TSR_CHARDEV,
	  "\n[Instance user0]\nplugin=uart-16550a\nconnect.backend=" DEVICE "\n"
	  "resource.regs.base=0x3e8\nresource.irq.line=isa:5\n",
	  "ports:0x3e8:8 " },
	{ TSR_NET, "\n[Instance user0]\nplugin=pcnet\naddress=1c.0\nconnect.backend=" DEVICE "\n",
	  "pci:1c.0 " },
	{ TSR_BLOCK,
	  "\n[Instance user0]\nplugin=ata-disk\nconnect.medium=" DEVICE "\n"
	  "\n[Instance user1]\nplugin=isa-ide\nresource.command.base=0x1e8\n"
	  "resource.control.base=0x3ee\nresource.irq.line=isa:11\nconnect.master=user0\n",
	  "ports:0x1e8:8 ports:0x3ee:1 " },
};

static void add_users(struct order *order)
{
	const char *const *provides = tsr_plugin_get_provides(order->check->plugin);

	for (guint i = 0; i < order->check->users->len; i++) {
		g_autofree char *need = NULL;
		TsrPlugin *plugin = neighbour(order, order->check->users->pdata[i], &need);

		add_user(order, plugin, need);
	}
	if (order->check->users->len || !g_str_equal(order->check->kind, "backend"))
		return;
	for (guint i = 0; i < G_N_ELEMENTS(usual_users); i++)
		if (g_strv_contains(provides, usual_users[i].interface)) {
			g_string_append(order->text, usual_users[i].groups);
			g_string_append(order->places, usual_users[i].places);
		}
}

/* -- All of it */

static void add_board(struct order *order)
{
	const char *const without[] = { "interpreter0", "vga0" };

	g_string_append(order->text, "[Machine]\nextends=" PRESET "\nname=check\nmemory=2M\n"
				     "clock=deterministic\nips=100M\nrtc-base=946684800\n");
	for (guint i = 0; i < G_N_ELEMENTS(without); i++)
		if (g_strcmp0(instance, without[i]) != 0 && !g_str_equal(order->check->kind, "ui"))
			g_string_append_printf(order->text, "\n[Instance %s]\nplugin=\n",
					       without[i]);
	for (guint i = 0; i < order->check->without->len; i++)
		g_string_append_printf(order->text, "\n[Instance %s]\nplugin=\n",
				       (char *)order->check->without->pdata[i]);
}

static void add_device(struct order *order)
{
	g_autoptr(GString) lines = g_string_new(NULL);
	gboolean is_new = g_str_equal(instance, DEVICE);

	add_connections(order, lines);
	if (is_new)
		meet_needs(order, order->check->plugin, NULL, lines);
	g_string_append_printf(order->text, "\n[Instance %s]\n%s", instance, lines->str);
	if (is_new)
		g_string_append_printf(order->text, "plugin=%s =%s\n", order->check->id,
				       tsr_plugin_get_version(order->check->plugin));
	if (is_new && !row_value(order->check->rows, "address"))
		g_string_append(order->text, "address=" ADDRESS "\n");
	for (guint i = 0; i < order->check->rows->len; i++)
		g_string_append_printf(order->text, "%s\n", (char *)order->check->rows->pdata[i]);
}

/* The same at other places. */
static void add_second(struct order *order)
{
	GPtrArray *resources = tsr_plugin_get_resources(order->check->plugin);
	g_autoptr(GString) lines = g_string_new(NULL);

	meet_needs(order, order->check->plugin, NULL, lines);
	g_string_append_printf(
		order->text, "\n[Instance second]\nplugin=%s =%s\naddress=" SECOND_ADDRESS "\n%s",
		order->check->id, tsr_plugin_get_version(order->check->plugin), lines->str);
	g_string_append(order->places, "pci:" SECOND_ADDRESS " ");
	for (guint i = 0; i < resources->len; i++) {
		const TsrResource *r = resources->pdata[i];
		guint64 base = base_of(order, r,
				       r->type == TSR_RESOURCE_PORTS ? SECOND_PORTS : SECOND_MMIO);

		if (!is_range(r))
			continue;
		add_place(order, r, base);
		g_string_append_printf(order->text, "resource.%s.base=0x%" G_GINT64_MODIFIER "x\n",
				       r->name, base);
	}
}

static char *write_manifest(const struct order *order, unsigned count)
{
	g_autofree char *name = g_strdup_printf("check%u.machine", count);
	char *path = g_build_filename(order->check->folder, name, NULL);

	g_string_append_printf(order->text, "\n[Instance cpu0]\nplugin=" DRIVER "\nplaces=%s\n",
			       order->places->str);
	if (!g_file_set_contents(path, order->text->str, -1, NULL))
		check_fail("%s cannot be written", path);
	return path;
}

/* What others use gets an instance of its own, to which they are connected. */
static gboolean is_used(const struct check *check)
{
	return check->users->len || strcmp(check->kind, "backend") == 0;
}

char *core_write_machine(const struct check *check, TsrRegistry *registry, unsigned count)
{
	g_autoptr(GString) text = g_string_new(NULL), places = g_string_new(NULL);
	struct order order = { check, registry, text, places, 0 };

	if (strcmp(check->kind, "device") != 0 && strcmp(check->kind, "backend") != 0 &&
	    strcmp(check->kind, "ui") != 0)
		check_skip("not for the kind %s: the driver takes the processor's place",
			   check->kind);
	g_free(instance);
	instance = is_used(check) ? NULL : find_in_preset(&order);
	if (count > 1 && instance)
		check_skip("the machine has it already, as %s", instance);
	if (!instance)
		instance = g_strdup(DEVICE);
	add_board(&order);
	if (strcmp(check->kind, "ui") != 0) {
		add_device(&order);
		add_users(&order);
		add_places(&order);
	}
	if (count > 1)
		add_second(&order);
	g_free(accessed);
	accessed = g_strdup(order.places->str);
	return write_manifest(&order, count);
}
