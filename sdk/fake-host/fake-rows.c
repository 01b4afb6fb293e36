/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a device of the fake machine is configured with: the rows of its manifest and of its test,
 * and tessera.properties/1 over them. */
#include "fake-private.h"

#include <ctype.h>

struct fake_text_row *fake_row_find(struct fake_device *d, const char *name)
{
	for (unsigned i = 0; i < d->row_count; i++)
		if (strcmp(d->rows[i].name, name) == 0)
			return &d->rows[i];
	return NULL;
}

const char *fake_row_get(struct fake_device *d, const char *name)
{
	struct fake_text_row *row = fake_row_find(d, name);

	return row ? row->value : NULL;
}

void fake_row_set(struct fake_device *d, const char *name, const char *value)
{
	struct fake_text_row *row = fake_row_find(d, name);

	if (!row) {
		if (d->row_count == FAKE_ROWS)
			fake_die("%s: too many rows", d->id);
		row = &d->rows[d->row_count++];
		snprintf(row->name, sizeof(row->name), "%s", name);
	}
	snprintf(row->value, sizeof(row->value), "%s", value);
}

struct fake_text_row *fake_property(const struct tsr_host *host, const char *name)
{
	struct fake_device *d = fake_device_of(host);
	struct fake_text_row *row = fake_row_find(d, name);

	if (!row && d->strict)
		fake_die("%s: no property %s in its manifest", d->id, name);
	if (!row) {
		fake_row_set(d, name, "");
		row = fake_row_find(d, name);
	}
	return row;
}

static const char *get_string(const struct tsr_host *host, const char *name)
{
	return fake_property(host, name)->value;
}

/* Integers may carry k, M, G as in a machine manifest. */
static int64_t get_int(const struct tsr_host *host, const char *name)
{
	char *end;
	int64_t value = strtoll(fake_property(host, name)->value, &end, 0);
	const char *suffix = "kMG", *at = *end ? strchr(suffix, *end) : NULL;

	return at ? value << (10 * (at - suffix + 1)) : value;
}

static bool get_bool(const struct tsr_host *host, const char *name)
{
	const char *value = fake_property(host, name)->value;

	return strcmp(value, "true") == 0 || strcmp(value, "yes") == 0 ||
	       strcmp(value, "on") == 0 || strcmp(value, "1") == 0;
}

static void on_change(const struct tsr_host *host, const char *name,
		      bool (*changed)(void *self, const char *name, struct tsr_error *error),
		      void *self)
{
	fake_property(host, name)->changed = changed;
	fake_property(host, name)->changed_self = self;
}

static void set_string(const struct tsr_host *host, const char *name, const char *value)
{
	fake_property(host, name);
	fake_row_set(fake_device_of(host), name, value);
}

static void set_int(const struct tsr_host *host, const char *name, int64_t value)
{
	char text[32];

	snprintf(text, sizeof(text), "%lld", (long long)value);
	set_string(host, name, text);
}

static void set_bool(const struct tsr_host *host, const char *name, bool value)
{
	set_string(host, name, value ? "true" : "false");
}

static bool has(const struct tsr_host *host, const char *name)
{
	return fake_row_find(fake_device_of(host), name) != NULL;
}

const struct tsr_properties fake_properties_table = {
	.size = sizeof(struct tsr_properties),
	.get_string = get_string,
	.get_int = get_int,
	.get_bool = get_bool,
	.on_change = on_change,
	.set_string = set_string,
	.set_int = set_int,
	.set_bool = set_bool,
	.has = has,
};

/* tessera.script/1 is made of these. */
static void manifest_code(struct fake_device *d, const char *key, const char *value)
{
	size_t length = strlen(d->plugin);

	if (strcmp(key, "id") == 0)
		snprintf(d->plugin, sizeof(d->plugin), "%s", value);
	else if (strcmp(key, "version") == 0)
		snprintf(d->plugin + length, sizeof(d->plugin) - length, " %s", value);
	else if (strcmp(key, "library") == 0)
		snprintf(d->library, sizeof(d->library), "%s", value);
	else if (strcmp(key, "language") == 0)
		d->is_script = true;
}

/* One line of a manifest: [Property x] default= and every key of [Resource x] become rows. */
static void manifest_line(struct fake_device *d, char *group, size_t group_size, char *line)
{
	char name[96], *value = strchr(line, '='), *end = line + strlen(line);

	while (end > line && isspace((unsigned char)end[-1]))
		*--end = 0;
	if (line[0] == '[') {
		snprintf(group, group_size, "%.*s", (int)strcspn(line + 1, "]"), line + 1);
		if (strncmp(group, "Property ", 9) == 0)
			fake_row_set(d, group + 9, "");
	} else if (value && line[0] != '#') {
		*value++ = 0;
		if (strcmp(group, "Plugin") == 0 && strcmp(line, "id") == 0)
			snprintf(d->id, sizeof(d->id), "%s", value);
		if (strcmp(group, "Plugin") == 0)
			manifest_code(d, line, value);
		if (strcmp(group, "Plugin") == 0 && strcmp(line, "state-version") == 0)
			d->state_version = (uint32_t)strtoul(value, NULL, 10);
		if (strncmp(group, "Property ", 9) == 0 && strcmp(line, "default") == 0)
			fake_row_set(d, group + 9, value);
		if (strncmp(group, "Resource ", 9) == 0) {
			snprintf(name, sizeof(name), "resource.%.40s.%.40s", group + 9, line);
			fake_row_set(d, name, value);
		}
	}
}

/* The script stands beside its manifest. */
static void manifest_script(struct fake_device *d, const char *manifest)
{
	const char *end = strrchr(manifest, '/');
	int folder = end ? (int)(end - manifest) : 1;

	if (d->is_script)
		snprintf(d->script, sizeof(d->script), "%.*s/%s", folder, end ? manifest : ".",
			 d->library);
}

void fake_manifest_read(struct fake_device *d, const char *id)
{
	const char *end = strrchr(id, '.');
	char path[1024], line[1024], group[96] = "";
	FILE *file;

	if (end && strcmp(end, ".plugin") == 0)
		snprintf(path, sizeof(path), "%s", id);
	else
		snprintf(path, sizeof(path), "%s/%s.plugin", fake.folder, id);
	file = fopen(path, "r");
	if (!file)
		fake_die("no manifest %s", path);
	while (fgets(line, sizeof(line), file))
		manifest_line(d, group, sizeof(group), line);
	fclose(file);
	manifest_script(d, path);
	d->strict = true;
}
