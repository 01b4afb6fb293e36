/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * See ovf.h. DSP0243 1.1.1 (DMTF): references (section 7.1), disks (9.1), the hardware of a system
 * (8.1 to 8.4), several systems (7.2); resource types and units are those of CIM_Resource-
 * AllocationSettingData and DSP0004, annex C. Names are compared without their namespace's prefix.
 * Of several deployment options (9.8) the default is taken, and of a range (8.4) what it is about.
 */
#include "model/ovf.h"

#include <string.h>

#include "model/text.h"

#define RESOURCE_MEMORY 4
#define RESOURCE_ETHERNET 10
#define RESOURCE_DISK 17
#define MIB ((guint64)1 << 20)

typedef struct {
	const char *name;
	struct tsr_foreign *foreign;
	GHashTable *files;  /* id: href */
	GHashTable *packed; /* ids of files that are compressed */
	GHashTable *disks;  /* diskId: a struct tsr_foreign_disk whose name is the file's id */
	GString *text;      /* of the element */
	char *option;       /* the id of the deployment option; NULL: there are none */
	guint items, systems;

	gboolean in_item, is_skipped; /* an item of another option, or the bound of a range */
	guint64 type, quantity;       /* of the item */
	char *units, *resource;
} Ovf;

/* -- Words */

static const char *local(const char *name)
{
	const char *colon = strrchr(name, ':');

	return colon ? colon + 1 : name;
}

/* NULL: the element has no such attribute. */
static const char *attribute(const char **names, const char **values, const char *wanted)
{
	for (guint i = 0; names[i]; i++)
		if (g_str_equal(local(names[i]), wanted))
			return values[i];
	return NULL;
}

/* “byte * 2^20”, “MegaBytes”, or none: `usual`. 0: it is not known, or too large. */
static guint64 bytes_of(guint64 count, const char *units, guint64 usual)
{
	static const struct {
		const char *word;
		guint shift;
	} words[] = { { "kilo", 10 }, { "mega", 20 }, { "giga", 30 }, { "tera", 40 } };
	g_autofree char *lower = units ? g_ascii_strdown(units, -1) : NULL;
	const char *power = lower ? strstr(lower, "2^") : NULL;
	guint64 unit = !lower || !*lower ? usual : g_str_has_prefix(lower, "byte") ? 1 : 0;

	for (guint i = 0; lower && i < G_N_ELEMENTS(words); i++)
		if (g_str_has_prefix(lower, words[i].word))
			unit = (guint64)1 << words[i].shift;
	if (power)
		unit = (guint64)1 << MIN(g_ascii_strtoull(power + 2, NULL, 10), 62);
	return unit && count <= G_MAXINT64 / unit ? count * unit : 0;
}

static gboolean fail(const Ovf *o, const char *sentence, GError **error)
{
	g_set_error(error, TSR_LIBRARY_ERROR, TSR_LIBRARY_ERROR_INVALID, sentence, o->name);
	return FALSE;
}

/* -- Elements that begin */

/* begin_…: FALSE with error. */
static gboolean begin_file(Ovf *o, const char **names, const char **values, GError **error)
{
	const char *id = attribute(names, values, "id"), *href = attribute(names, values, "href"),
		   *compression = attribute(names, values, "compression");

	if (!id || !href)
		return TRUE;
	g_hash_table_replace(o->files, g_strdup(id), g_strdup(href));
	if (compression && *compression && !g_str_equal(compression, "identity"))
		g_hash_table_add(o->packed, g_strdup(id));
	return TRUE;
}

static gboolean begin_disk(Ovf *o, const char **names, const char **values, GError **error)
{
	const char *id = attribute(names, values, "diskId"),
		   *file = attribute(names, values, "fileRef"),
		   *capacity = attribute(names, values, "capacity"),
		   *units = attribute(names, values, "capacityAllocationUnits");
	struct tsr_foreign_disk *disk;

	if (!id)
		return TRUE;
	if (attribute(names, values, "parentRef"))
		return fail(o,
			    _("“%s” has a disk that is a layer above another. Export the machine "
			      "again without snapshots."),
			    error);
	disk = g_new0(struct tsr_foreign_disk, 1);
	disk->name = g_strdup(file && *file ? file : NULL);
	disk->bytes = capacity ? bytes_of(g_ascii_strtoull(capacity, NULL, 10), units, 1) : 0;
	g_hash_table_replace(o->disks, g_strdup(id), disk);
	return TRUE;
}

static gboolean begin_system(Ovf *o, const char **names, const char **values, GError **error)
{
	const char *id = attribute(names, values, "id");

	if (++o->systems > 1)
		return fail(o,
			    _("“%s” holds several machines. Export the one that you want by "
			      "itself."),
			    error);
	if (!o->foreign->title && id)
		o->foreign->title = g_strdup(id);
	return TRUE;
}

static gboolean begin_os(Ovf *o, const char **names, const char **values, GError **error)
{
	const char *type = attribute(names, values, "osType");

	if (type && strstr(type, "64"))
		o->foreign->is_64_bit = TRUE;
	return TRUE;
}

static gboolean begin_config(Ovf *o, const char **names, const char **values, GError **error)
{
	const char *key = attribute(names, values, "key"),
		   *value = attribute(names, values, "value");

	if (key && value && g_str_equal(key, "firmware") && g_str_equal(value, "efi"))
		o->foreign->has_efi = TRUE;
	return TRUE;
}

/* VirtualBox's, in its own section: “BIOS”, “EFI”, “EFI64”. */
static gboolean begin_firmware(Ovf *o, const char **names, const char **values, GError **error)
{
	const char *type = attribute(names, values, "type");

	if (type && g_str_has_prefix(type, "EFI"))
		o->foreign->has_efi = TRUE;
	return TRUE;
}

/* The first is the default, unless another one says so. */
static gboolean begin_option(Ovf *o, const char **names, const char **values, GError **error)
{
	const char *id = attribute(names, values, "id"),
		   *is_default = attribute(names, values, "default");

	if (id && (!o->option || (is_default && (g_str_equal(is_default, "true") ||
						 g_str_equal(is_default, "1"))))) {
		g_free(o->option);
		o->option = g_strdup(id);
	}
	return TRUE;
}

static gboolean is_of_option(const Ovf *o, const char *configurations)
{
	g_auto(GStrv) ids = g_strsplit_set(configurations, " \t\r\n", -1);

	return o->option && g_strv_contains((const char *const *)ids, o->option);
}

static gboolean begin_item(Ovf *o, const char **names, const char **values, GError **error)
{
	const char *options = attribute(names, values, "configuration");

	o->is_skipped = attribute(names, values, "bound") || (options && !is_of_option(o, options));
	o->in_item = TRUE;
	o->type = o->quantity = 0;
	g_clear_pointer(&o->units, g_free);
	g_clear_pointer(&o->resource, g_free);
	return TRUE;
}

static const struct {
	const char *element;
	gboolean (*begin)(Ovf *o, const char **names, const char **values, GError **error);
} beginnings[] = {
	{ "File", begin_file },
	{ "Disk", begin_disk },
	{ "VirtualSystem", begin_system },
	{ "OperatingSystemSection", begin_os },
	{ "Config", begin_config },
	{ "Configuration", begin_option },
	{ "Firmware", begin_firmware },
	{ "Item", begin_item },
	{ "StorageItem", begin_item },
	{ "EthernetPortItem", begin_item },
};

static void on_start(GMarkupParseContext *context, const char *element, const char **names,
		     const char **values, gpointer data, GError **error)
{
	Ovf *o = data;

	g_string_truncate(o->text, 0);
	for (guint i = 0; i < G_N_ELEMENTS(beginnings); i++) {
		if (!g_str_equal(local(element), beginnings[i].element))
			continue;
		if (++o->items > TSR_FOREIGN_ITEMS_MAX)
			fail(o, _("“%s” describes more than a machine can have."), error);
		else
			beginnings[i].begin(o, names, values, error);
	}
}

static void on_text(GMarkupParseContext *context, const char *text, gsize length, gpointer data,
		    GError **error)
{
	g_string_append_len(((Ovf *)data)->text, text, (gssize)length);
}

/* -- Elements that end */

/* “ovf:/disk/ID”, or “ovf:/file/ID” for one that the section of disks leaves out. */
static gboolean add_disk(Ovf *o, GError **error)
{
	const char *id = o->resource ? strrchr(o->resource, '/') : NULL;
	const gboolean is_file = id && strstr(o->resource, "/file/");
	const struct tsr_foreign_disk *disk =
		id && !is_file ? g_hash_table_lookup(o->disks, id + 1) : NULL;
	const char *file = is_file ? id + 1
			   : disk  ? disk->name
				   : NULL,
		   *href = file ? g_hash_table_lookup(o->files, file) : NULL;

	if ((!is_file && !disk) || (file && !href))
		return fail(o, _("“%s” is damaged: it lacks one of its disks."), error);
	if (file && g_hash_table_contains(o->packed, file))
		return fail(o,
			    _("“%s” has a disk that is compressed as a file. Unpack it, and "
			      "correct the description."),
			    error);
	tsr_foreign_add_disk(o->foreign, g_strdup(href), disk ? disk->bytes : 0);
	return TRUE;
}

static void end_item(Ovf *o, GError **error)
{
	o->in_item = FALSE;
	if (o->is_skipped)
		return;
	if (o->type == RESOURCE_MEMORY)
		o->foreign->memory_mib =
			(guint)MIN(bytes_of(o->quantity, o->units, MIB) / MIB, G_MAXUINT);
	else if (o->type == RESOURCE_ETHERNET)
		o->foreign->has_network = TRUE;
	else if (o->type == RESOURCE_DISK)
		add_disk(o, error);
}

static void end_value(Ovf *o, const char *element)
{
	const char *text = g_strstrip(o->text->str);

	if (g_str_equal(element, "ResourceType"))
		o->type = g_ascii_strtoull(text, NULL, 10);
	else if (g_str_equal(element, "VirtualQuantity"))
		o->quantity = g_ascii_strtoull(text, NULL, 10);
	else if (g_str_equal(element, "AllocationUnits")) {
		g_free(o->units);
		o->units = g_strdup(text);
	} else if (g_str_equal(element, "HostResource")) {
		g_free(o->resource);
		o->resource = g_strdup(text);
	}
}

/* The name of the system is an element of it, not of its sections, which have others: Info,
 * Description. */
static void on_end(GMarkupParseContext *context, const char *element, gpointer data, GError **error)
{
	Ovf *o = data;
	const char *word = local(element);
	const GSList *stack = g_markup_parse_context_get_element_stack(context);

	if (g_str_equal(word, "Item") || g_str_equal(word, "StorageItem") ||
	    g_str_equal(word, "EthernetPortItem")) {
		end_item(o, error);
	} else if (o->in_item) {
		end_value(o, word);
	} else if (g_str_equal(word, "OSType")) { /* VirtualBox's: “Debian_64” */
		o->foreign->is_64_bit |= strstr(o->text->str, "_64") != NULL;
	} else if (g_str_equal(word, "Name") && stack->next &&
		   g_str_equal(local(stack->next->data), "VirtualSystem")) {
		g_free(o->foreign->title);
		o->foreign->title = g_strdup(g_strstrip(o->text->str));
	}
	g_string_truncate(o->text, 0);
}

/* -- The whole */

static void disk_free(gpointer data)
{
	struct tsr_foreign_disk *disk = data;

	g_free(disk->name);
	g_free(disk);
}

static gboolean parse(Ovf *o, const char *text, gsize length, GError **error)
{
	static const GMarkupParser parser = { .start_element = on_start,
					      .end_element = on_end,
					      .text = on_text };
	GMarkupParseContext *context =
		g_markup_parse_context_new(&parser, G_MARKUP_TREAT_CDATA_AS_TEXT, o, NULL);
	g_autoptr(GError) why = NULL;
	gboolean done = g_markup_parse_context_parse(context, text, (gssize)length, &why) &&
			g_markup_parse_context_end_parse(context, &why);

	g_markup_parse_context_free(context);
	if (done)
		return o->systems == 1 ||
		       fail(o, _("“%s” is damaged, or does not describe a machine."), error);
	if (why->domain == TSR_LIBRARY_ERROR)
		g_propagate_error(error, g_steal_pointer(&why));
	else
		g_set_error(error, TSR_LIBRARY_ERROR, TSR_LIBRARY_ERROR_INVALID,
			    _("“%s” is damaged: %s"), o->name, why->message);
	return FALSE;
}

struct tsr_foreign *tsr_ovf_parse(const char *text, gsize length, const char *name, GError **error)
{
	Ovf o = {
		.name = name,
		.foreign = tsr_foreign_new(),
		.files = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free),
		.packed = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL),
		.disks = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, disk_free),
		.text = g_string_new(NULL),
	};

	if (!parse(&o, text, length, error))
		g_clear_pointer(&o.foreign, tsr_foreign_free);
	g_hash_table_unref(o.files);
	g_hash_table_unref(o.packed);
	g_hash_table_unref(o.disks);
	g_string_free(o.text, TRUE);
	g_free(o.option);
	g_free(o.units);
	g_free(o.resource);
	return o.foreign;
}
