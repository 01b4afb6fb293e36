/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The plugin on the fake host: one instance, what its needs are connected to, whom it is connected
 * to, and what comes from outside. Serial lines, networks and media are the surroundings'; other
 * interfaces are those of plugins that the command line names.
 */
#include "check.h"

#include <fake-private.h>
#include <malloc.h>
#include <stdio.h>
#include <string.h>

#include "surroundings.h"

#define PLUGINS 8
#define ROWS 32
#define FILLED (2u << 20) /* bytes of guest memory with numbers that may be addresses */
#define SECOND_PORTS 0x8000u
#define SECOND_MMIO 0x08000000u

struct neighbour {
	char *need, *manifest;
	const struct tsr_device_class *class;
};

static struct {
	const struct check *check;
	const struct tsr_device_class *class;
	struct neighbour connections[PLUGINS], users[PLUGINS];
	unsigned connection_count, user_count, row_count, media_count;
	struct fake_row rows[ROWS + 1];
	bool serial, net;
	void *device;
} host;

/* -- Before a machine is made */

static unsigned read_neighbours(GPtrArray *words, struct neighbour *out)
{
	for (guint i = 0; i < words->len; i++) {
		const char *word = words->pdata[i], *value = strchr(word, '=');
		g_autofree char *library = NULL;

		if (!value || i == PLUGINS)
			check_fail("%s is not NEED=MANIFEST", word);
		out[i].need = g_strndup(word, (gsize)(value - word));
		out[i].manifest = g_strdup(value + 1);
		library = check_code_of(out[i].manifest);
		if (!library)
			check_fail("%s is a script, and what runs it is not installed",
				   out[i].manifest);
		out[i].class = check_class_of(library);
	}
	return words->len;
}

static void read_rows(const struct check *check)
{
	for (guint i = 0; i < check->rows->len; i++) {
		const char *word = check->rows->pdata[i], *value = strchr(word, '=');

		if (!value || i == ROWS)
			check_fail("%s is not PROPERTY=VALUE", word);
		host.rows[i] =
			(struct fake_row){ g_strndup(word, (gsize)(value - word)), value + 1 };
	}
	host.row_count = check->rows->len;
}

void check_host_begin(const struct check *check)
{
	if (strcmp(check->kind, "device") != 0 && strcmp(check->kind, "backend") != 0)
		check_skip("not for the kind %s: the fake host has no processor and no window",
			   check->kind);
	host.check = check;
	host.class = check_class_of(check->code);
	host.connection_count = read_neighbours(check->connections, host.connections);
	host.user_count = read_neighbours(check->users, host.users);
	read_rows(check);
}

/* -- Needs */

/* The interface of a need in a manifest; the first of several. (transfer full) */
static char *interface_of(GKeyFile *manifest, const char *group)
{
	char *text = g_key_file_get_string(manifest, group, "interface", NULL);

	return text ? g_strdelimit(text, ";", 0) : g_strdup("");
}

static void meet_need(GKeyFile *manifest, const char *group)
{
	g_autofree char *interface = interface_of(manifest, group);
	const char *need = group + strlen("Needs ");

	if (strcmp(interface, TSR_CHARDEV) == 0) {
		fake_connect(need, &serial_table, NULL);
		host.serial = true;
	} else if (strcmp(interface, TSR_NET) == 0) {
		fake_connect(need, &net_table, NULL);
		host.net = true;
	} else if (strcmp(interface, TSR_BLOCK) == 0 && host.media_count < MEDIA) {
		fake_connect(need, &medium_table, &media[host.media_count++]);
	} else if (g_key_file_get_boolean(manifest, group, "optional", NULL)) {
		fake_connect(need, NULL, NULL);
	} else {
		check_skip("it needs %s: name a plugin that provides it with --connect %s=MANIFEST",
			   interface, need);
	}
}

static bool is_connected(const char *need)
{
	for (unsigned i = 0; i < host.connection_count; i++)
		if (strcmp(host.connections[i].need, need) == 0)
			return true;
	return false;
}

/* Meets the needs of a plugin, but those that other plugins meet: `taken`, and for the plugin under
 * test the connections of the command line. */
static void meet_needs(const char *path, const char *taken)
{
	g_autoptr(GKeyFile) manifest = g_key_file_new();
	g_auto(GStrv) groups = NULL;

	g_key_file_load_from_file(manifest, path, G_KEY_FILE_NONE, NULL);
	groups = g_key_file_get_groups(manifest, NULL);
	for (char **group = groups; *group; group++) {
		const char *need = *group + strlen("Needs ");

		if (g_str_has_prefix(*group, "Needs ") && (!taken || strcmp(need, taken) != 0) &&
		    (taken || !is_connected(need)))
			meet_need(manifest, *group);
	}
}

static const void *interface_for(const char *path, const char *need, void *provider)
{
	g_autoptr(GKeyFile) manifest = g_key_file_new();
	g_autofree char *group = g_strconcat("Needs ", need, NULL), *interface = NULL;
	const void *table;

	g_key_file_load_from_file(manifest, path, G_KEY_FILE_NONE, NULL);
	interface = interface_of(manifest, group);
	table = fake_device_interface(provider, interface);
	if (!table)
		check_fail(
			"%s has no need %s, or what it is to be connected to does not provide %s",
			path, need, interface);
	return table;
}

/* -- Machines */

static void *make_one(const struct tsr_device_class *class, const char *manifest,
		      const struct fake_row *rows)
{
	struct tsr_error error = { 0 };
	void *device;

	check_phase("attach");
	device = fake_device_try(class, manifest, rows, &error);
	if (!device)
		check_fail("attach failed with the defaults%s: %s",
			   host.row_count ? " and what --set says" : "",
			   error.message[0] ? error.message : "(without an error's text)");
	return device;
}

/* Small numbers are as frequent as great ones: many are addresses within the memory. */
static void fill_memory(void)
{
	uint32_t *words = (uint32_t *)fake_ram(0);
	uint64_t seed = 7;

	for (unsigned i = 0; i < FILLED / sizeof(*words); i++) {
		uint64_t random = fake_random(&seed);

		words[i] = (uint32_t)random >> (random >> 32 & 31);
	}
}

static void enable_functions(void)
{
	for (unsigned bdf = 0; bdf < 256; bdf++)
		if (fake_pci_read(bdf, 0, 2) != 0xffff)
			fake_pci_enable(bdf);
}

static void make(void)
{
	host.media_count = 0;
	for (unsigned i = 0; i < host.connection_count; i++) {
		const struct neighbour *n = &host.connections[i];
		void *other;

		meet_needs(n->manifest, "");
		other = make_one(n->class, n->manifest, NULL);
		fake_connect(n->need, interface_for(host.check->manifest, n->need, other), other);
	}
	meet_needs(host.check->manifest, NULL);
	host.device = make_one(host.class, host.check->manifest, host.rows);
	for (unsigned i = 0; i < host.user_count; i++) {
		const struct neighbour *n = &host.users[i];

		meet_needs(n->manifest, n->need);
		fake_connect(n->need, interface_for(n->manifest, n->need, host.device),
			     host.device);
		make_one(n->class, n->manifest, NULL);
	}
	if (!host.user_count)
		provided_connect(host.device, tsr_plugin_get_provides(host.check->plugin));
	enable_functions();
	check_phase("a guest's access, time or input");
}

static void start(void)
{
	static int perturb = 0x55;

	mallopt(M_PERTURB,
		perturb ^= 0xff); /* memory that is not initialised differs between runs */
	serial_start();
	net_start();
	media_start();
	provided_start();
}

void *check_host_start(void)
{
	start();
	fake_start();
	make();
	return host.device;
}

static void make_filled(void)
{
	make();
	fill_memory();
}

/* Each range of ports and memory moves to a place of its own. */
static void shift_resources(struct fake_row *rows, unsigned count)
{
	GPtrArray *resources = tsr_plugin_get_resources(host.check->plugin);

	for (guint i = 0; i < resources->len && count < ROWS; i++) {
		const TsrResource *r = resources->pdata[i];
		guint64 shift = r->type == TSR_RESOURCE_PORTS ? SECOND_PORTS : SECOND_MMIO;

		if (r->type == TSR_RESOURCE_IRQ || r->type == TSR_RESOURCE_DMA)
			continue;
		rows[count].name = g_strdup_printf("resource.%s.base", r->name);
		rows[count++].value = g_strdup_printf("0x%" G_GINT64_MODIFIER "x", r->base ^ shift);
	}
	rows[count] = (struct fake_row){ NULL, NULL };
}

void *check_host_second(struct tsr_error *error)
{
	struct fake_row rows[2 * ROWS + 1];

	memcpy(rows, host.rows, sizeof(host.rows));
	shift_resources(rows, host.row_count);
	check_phase("attach of a second instance");
	return fake_device_try(host.class, host.check->manifest, rows, error);
}

/* -- From outside */

static void type_and_point(uint64_t *seed)
{
	unsigned code = (unsigned)(fake_random(seed) % 128),
		 kind = (unsigned)(fake_random(seed) % 4);
	int dx = (int)(fake_random(seed) % 64) - 32, dy = (int)(fake_random(seed) % 64) - 32;

	if (kind < 2)
		fake_key(code, kind);
	else
		fake_pointer(dx, dy, kind == 3 ? 1 : 0, code & 7);
}

void check_host_picture(void)
{
	unsigned width, height;
	size_t stride;
	uint64_t sum = 0;
	const uint32_t *pixels;

	if (!fake_ui_has_display())
		return;
	pixels = fake_display_refresh(false, &width, &height, &stride);
	for (size_t i = 0; pixels && i < (size_t)height * stride / 4; i++)
		sum = sum * 31 + pixels[i];
	compare_log(LOG_STIMULUS, 0, (uint64_t)width << 16 | height, sum);
}

static void look(uint64_t *seed)
{
	if (fake_random(seed) % 8 == 0)
		check_host_picture();
}

static void stimulate(uint64_t *seed)
{
	void (*choices[8])(uint64_t * seed);
	unsigned count = 0;

	if (host.serial)
		choices[count++] = serial_stimulate;
	if (host.net)
		choices[count++] = net_stimulate;
	if (host.media_count)
		choices[count++] = media_stimulate;
	if (fake_ui_has_input())
		choices[count++] = type_and_point;
	if (fake_ui_has_display())
		choices[count++] = look;
	if (!host.user_count && provided_stimulate(seed))
		return;
	if (count)
		choices[fake_random(seed) % count](seed);
}

static void settle(void)
{
	media_settle();
	if (!host.user_count)
		provided_settle();
}

void check_host_settle(void)
{
	settle();
	fake_workers_run();
}

const struct compare_machine check_machine = {
	.name = "the plugin",
	.start = start,
	.make = make_filled,
	.stimulate = stimulate,
	.settle = settle,
};
