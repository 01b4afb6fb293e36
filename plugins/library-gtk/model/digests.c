/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * See digests.h. DSP0243 1.1.1 and 2.1.1 (DMTF), section 5.1: a line is “SHA256(NAME)= DIGITS”.
 * Some programs write spaces around the parentheses, as openssl's do. Gap: the certificate (.cert),
 * which signs the manifest, is not read, so this finds accidents and no malice.
 */
#include "model/digests.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "model/foreign.h"
#include "model/inside.h"
#include "model/text.h"

#define SUFFIX ".mf"
#define MANIFEST_BYTES (1 << 20)
#define CHUNK (1 << 20)

static const struct {
	const char *word;
	GChecksumType type;
} kinds[] = {
	{ "SHA1", G_CHECKSUM_SHA1 },     { "SHA256", G_CHECKSUM_SHA256 },
	{ "SHA384", G_CHECKSUM_SHA384 }, { "SHA512", G_CHECKSUM_SHA512 },
	{ "MD5", G_CHECKSUM_MD5 },
};

typedef struct {
	GChecksumType type;
	char *path, *digits;
} Digest;

typedef struct {
	const char *name; /* of the manifest, for messages */
	char *folder;
	GPtrArray *notes;
	struct tsr_progress *progress;
	GCancellable *cancellable;
	GArray *digests; /* Digest */
} Check;

static void digest_clear(gpointer data)
{
	Digest *digest = data;

	g_free(digest->path);
	g_free(digest->digits);
}

/* -- The manifest */

/* -1: there is none of that name. */
static int find_kind(const char *word)
{
	for (guint i = 0; i < G_N_ELEMENTS(kinds); i++)
		if (g_ascii_strcasecmp(word, kinds[i].word) == 0)
			return (int)i;
	return -1;
}

static void note_kind(Check *c, const char *file, const char *kind)
{
	g_autofree char *name = g_filename_display_name(file), *shown = g_utf8_make_valid(kind, -1);

	g_ptr_array_add(c->notes,
			g_strdup_printf(_("“%s” was not compared with its digest, which is of the "
					  "unknown kind “%s”."),
					name, shown));
}

static void add(Check *c, const char *word, const char *file, const char *digits)
{
	const int kind = find_kind(word);
	Digest digest = { 0 };
	struct stat info;

	if (kind < 0) {
		note_kind(c, file, word);
		return;
	}
	digest.path = tsr_inside_find(c->folder, file, c->name, NULL);
	if (!digest.path)
		return;
	digest.type = kinds[kind].type;
	digest.digits = g_strdup(digits);
	g_array_append_val(c->digests, digest);
	if (c->progress && stat(digest.path, &info) == 0)
		c->progress->total += info.st_size;
}

/* A file's name may have parentheses. */
static gboolean take_line(Check *c, char *line)
{
	char *name = strchr(line, '('), *end = strrchr(line, ')'), *equals;

	if (!name || !end || end < name || !(equals = strchr(end, '=')))
		return FALSE;
	*name++ = '\0';
	*end = '\0';
	add(c, g_strstrip(line), name, g_strstrip(equals + 1));
	return TRUE;
}

static gboolean fail_manifest(const Check *c, GError **error)
{
	g_set_error(error, TSR_LIBRARY_ERROR, TSR_LIBRARY_ERROR_INVALID,
		    _("“%s” is damaged, or is not a list of digests. Copy the machine again."),
		    c->name);
	return FALSE;
}

static gboolean read_manifest(Check *c, const char *path, GError **error)
{
	g_autofree char *text = NULL;
	g_auto(GStrv) lines = NULL;
	struct stat info;
	gsize length;

	if (stat(path, &info) != 0 || !S_ISREG(info.st_mode) || info.st_size > MANIFEST_BYTES)
		return fail_manifest(c, error);
	if (!g_file_get_contents(path, &text, &length, error))
		return FALSE;
	lines = g_strsplit(text, "\n", TSR_FOREIGN_ITEMS_MAX + 1);
	if (strlen(text) != length || g_strv_length(lines) > TSR_FOREIGN_ITEMS_MAX)
		return fail_manifest(c, error);
	for (char **line = lines; *line; line++)
		if (*g_strstrip(*line) && !take_line(c, *line))
			return fail_manifest(c, error);
	return TRUE;
}

/* -- The files */

static gboolean fail_file(const Check *c, const char *path, GError **error)
{
	g_autofree char *name = g_filename_display_basename(path);

	g_set_error(
		error, TSR_LIBRARY_ERROR, TSR_LIBRARY_ERROR_INVALID,
		_("“%s” is damaged, or was changed: it does not have the digest that “%s” names. "
		  "Copy the machine again; if the change is wanted, unpack it and remove “%s”."),
		name, c->name, c->name);
	return FALSE;
}

static gboolean fail_read(const char *path, int failure, GError **error)
{
	g_autofree char *name = g_filename_display_basename(path);

	g_set_error(error, TSR_LIBRARY_ERROR, TSR_LIBRARY_ERROR_FAILED,
		    _("“%s” cannot be read: %s."), name, g_strerror(failure));
	return FALSE;
}

static gboolean sum_up(Check *c, const char *path, GChecksum *sum, GError **error)
{
	g_autofree guchar *bytes = g_malloc(CHUNK);
	int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC), failure = errno;
	ssize_t got = -1;

	while (fd >= 0 && !g_cancellable_is_cancelled(c->cancellable) &&
	       (got = read(fd, bytes, CHUNK)) > 0) {
		g_checksum_update(sum, bytes, got);
		tsr_progress_advance(c->progress, got);
	}
	if (fd >= 0) {
		failure = errno;
		close(fd);
	}
	if (g_cancellable_set_error_if_cancelled(c->cancellable, error))
		return FALSE;
	return got == 0 || fail_read(path, failure, error);
}

static gboolean compare(Check *c, const Digest *digest, GError **error)
{
	g_autoptr(GChecksum) sum = g_checksum_new(digest->type);

	if (!sum_up(c, digest->path, sum, error))
		return FALSE;
	return g_ascii_strcasecmp(g_checksum_get_string(sum), digest->digits) == 0 ||
	       fail_file(c, digest->path, error);
}

gboolean tsr_digests_check(const char *description, GPtrArray *notes, struct tsr_progress *progress,
			   GCancellable *cancellable, GError **error)
{
	const char *dot = strrchr(description, '.');
	g_autofree char *stem = g_strndup(description, (gsize)(dot - description)),
			*path = g_strconcat(stem, SUFFIX, NULL),
			*name = g_filename_display_basename(path);
	Check c = { .name = name,
		    .folder = g_path_get_dirname(description),
		    .notes = notes,
		    .progress = progress,
		    .cancellable = cancellable,
		    .digests = g_array_new(FALSE, FALSE, sizeof(Digest)) };
	gboolean good = TRUE;

	g_array_set_clear_func(c.digests, digest_clear);
	if (g_file_test(path, G_FILE_TEST_EXISTS))
		good = read_manifest(&c, path, error);
	for (guint i = 0; good && i < c.digests->len; i++)
		good = compare(&c, &g_array_index(c.digests, Digest, i), error);
	g_array_unref(c.digests);
	g_free(c.folder);
	return good;
}
