/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * See package-tar.h. The format is that of POSIX.1-2017, pax, "ustar Interchange Format" and "pax
 * Header Block" (of its records only `path` and `size` matter here), with the long names of GNU tar
 * (type L). The folder begins empty and gets no links, so a path without ".." stays inside of it.
 */
#include <errno.h>
#include <fcntl.h>
#include <gio/gio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <tessera-glib/machine.h>

#include "program/package-tar.h"

#define BLOCK 512
#define NAME_BYTES 4096    /* of a path */
#define RECORD_BYTES 65536 /* of a pax header */
#define CHUNK 65536

/* "ustar Interchange Format", the header block. */
struct header {
	char name[100], mode[8], uid[8], gid[8], size[12], mtime[12], chksum[8], typeflag;
	char linkname[100], magic[6], version[2], uname[32], gname[32], devmajor[8], devminor[8];
	char prefix[155], padding[12];
};
G_STATIC_ASSERT(sizeof(struct header) == BLOCK);

typedef struct {
	GInputStream *in;
	const char *archive, *folder;
	char *next_path;  /* of the next member, from a header before it; NULL: its own */
	gint64 next_size; /* the same; -1: its own */
	guint files;
	guint64 bytes;
} Unpacking;

static gboolean refuse(GError **error, const char *format, ...) G_GNUC_PRINTF(2, 3);

static gboolean refuse(GError **error, const char *format, ...)
{
	g_autofree char *text = NULL;
	va_list arguments;

	va_start(arguments, format);
	text = g_strdup_vprintf(format, arguments);
	va_end(arguments);
	g_set_error_literal(error, TSR_MACHINE_ERROR, TSR_MACHINE_ERROR_INVALID, text);
	return FALSE;
}

/* A member's name is a stranger's, and messages are for terminals. */
static char *shown(const char *path)
{
	return g_strescape(path, NULL);
}

/* -- Fields */

static gboolean read_exactly(Unpacking *u, void *buffer, gsize length, GError **error)
{
	gsize got = 0;
	g_autoptr(GError) why = NULL;

	if (!g_input_stream_read_all(u->in, buffer, length, &got, NULL, &why))
		return refuse(error, "%s: is damaged: %s", u->archive, why->message);
	return got == length || refuse(error, "%s: ends in the middle", u->archive);
}

/* Octal digits with blanks around them; FALSE: it is something else. */
static gboolean parse_octal(const char *field, gsize length, guint64 *value)
{
	gsize i = 0;

	*value = 0;
	while (i < length && field[i] == ' ')
		i++;
	for (; i < length && field[i] && field[i] != ' '; i++) {
		if (field[i] < '0' || field[i] > '7')
			return FALSE;
		*value = *value << 3 | (guint64)(field[i] - '0');
	}
	return TRUE;
}

/* The sum of all bytes, with those of the sum itself as blanks. */
static gboolean is_header(const struct header *h)
{
	const guchar *bytes = (const guchar *)h;
	guint64 wanted, sum = 0;

	for (gsize i = 0; i < BLOCK; i++)
		sum += i >= offsetof(struct header, chksum) && i < offsetof(struct header, typeflag)
			       ? ' '
			       : bytes[i];
	return parse_octal(h->chksum, sizeof(h->chksum), &wanted) && wanted == sum;
}

static gboolean is_end(const struct header *h)
{
	static const struct header nothing;

	return memcmp(h, &nothing, BLOCK) == 0;
}

static char *path_of(const struct header *h)
{
	g_autofree char *name = g_strndup(h->name, sizeof(h->name)),
			*prefix = g_strndup(h->prefix, sizeof(h->prefix));
	const gboolean has_prefix = memcmp(h->magic, "ustar", sizeof(h->magic)) == 0 && *prefix;

	return has_prefix ? g_build_filename(prefix, name, NULL) : g_steal_pointer(&name);
}

/* -- Where a member goes */

/* Without "." and doubled slashes; empty: the folder itself. NULL with error. */
static char *clean_path(Unpacking *u, const char *path, GError **error)
{
	g_auto(GStrv) words = g_strsplit(path, "/", -1);
	g_autoptr(GStrvBuilder) kept = g_strv_builder_new();
	g_auto(GStrv) all = NULL;
	g_autofree char *name = shown(path);
	gboolean inside = *path != '/';

	for (char **word = words; *word; word++) {
		inside = inside && !g_str_equal(*word, "..");
		if (**word && !g_str_equal(*word, "."))
			g_strv_builder_add(kept, *word);
	}
	if (!inside) {
		refuse(error, "%s: \"%s\" leads out of the package", u->archive, name);
		return NULL;
	}
	all = g_strv_builder_end(kept);
	return g_strjoinv("/", all);
}

static gboolean make_folders(Unpacking *u, const char *path, GError **error)
{
	g_autofree char *full = g_build_filename(u->folder, path, NULL);

	if (g_mkdir_with_parents(full, 0755) == 0)
		return TRUE;
	return refuse(error, "%s: %s", full, g_strerror(errno));
}

/* -- Members */

/* The rest of the last block is nothing. */
static gboolean skip_padding(Unpacking *u, guint64 size, GError **error)
{
	char rest[BLOCK];

	return read_exactly(u, rest, (BLOCK - size % BLOCK) % BLOCK, error);
}

static gboolean write_all(int fd, const char *bytes, gsize length)
{
	while (length) {
		gssize done = write(fd, bytes, length);

		if (done < 0 && errno == EINTR)
			continue;
		if (done <= 0)
			return FALSE;
		bytes += done;
		length -= (gsize)done;
	}
	return TRUE;
}

static gboolean copy_bytes(Unpacking *u, int fd, const char *path, guint64 size, GError **error)
{
	g_autofree char *chunk = g_malloc(CHUNK);

	for (guint64 left = size; left;) {
		gsize now = (gsize)MIN(left, CHUNK);

		if (!read_exactly(u, chunk, now, error))
			return FALSE;
		if (!write_all(fd, chunk, now))
			return refuse(error, "%s: %s", path, g_strerror(errno));
		left -= now;
	}
	return skip_padding(u, size, error);
}

static gboolean unpack_file(Unpacking *u, const char *path, guint64 size, GError **error)
{
	g_autofree char *full = g_build_filename(u->folder, path, NULL),
			*parent = g_path_get_dirname(path);
	gboolean done;
	int fd;

	if (!make_folders(u, parent, error))
		return FALSE;
	fd = open(full, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
	if (fd < 0)
		return refuse(error, "%s: %s", full, g_strerror(errno));
	done = copy_bytes(u, fd, full, size, error);
	close(fd);
	return done;
}

/* A header that tells of the next one. NULL with error. */
static char *read_text(Unpacking *u, guint64 size, gsize most, GError **error)
{
	g_autofree char *text = size <= most ? g_malloc0(size + 1) : NULL;

	if (!text) {
		refuse(error, "%s: a name is too long", u->archive);
		return NULL;
	}
	if (!read_exactly(u, text, size, error) || !skip_padding(u, size, error))
		return NULL;
	return g_steal_pointer(&text);
}

static void take_record(Unpacking *u, const char *key, const char *value)
{
	if (g_str_equal(key, "path")) {
		g_free(u->next_path);
		u->next_path = g_strdup(value);
	} else if (g_str_equal(key, "size"))
		u->next_size = (gint64)MIN(g_ascii_strtoull(value, NULL, 10), G_MAXINT64);
}

/* "LENGTH KEY=VALUE\n", LENGTH with all of it. */
static gboolean read_records(Unpacking *u, guint64 size, GError **error)
{
	g_autofree char *text = read_text(u, size, RECORD_BYTES, error);

	for (gsize at = 0; text && at < size;) {
		char *blank, *record = text + at;
		guint64 length = g_ascii_strtoull(record, &blank, 10);
		char *equals = *blank == ' ' ? strchr(blank, '=') : NULL;

		if (!equals || !length || length > size - at || equals >= record + length ||
		    record[length - 1] != '\n')
			return refuse(error, "%s: is damaged: a pax header is none", u->archive);
		*equals = '\0';
		record[length - 1] = '\0';
		take_record(u, blank + 1, equals + 1);
		at += length;
	}
	return text != NULL;
}

static const char *kind_of(char typeflag)
{
	switch (typeflag) {
	case '1':
		return "a hard link";
	case '2':
		return "a symbolic link";
	case '3':
	case '4':
		return "a device";
	case '6':
		return "a pipe";
	default:
		return "of a kind that is not known";
	}
}

static gboolean refuse_size(Unpacking *u, GError **error)
{
	return refuse(error, "%s: " PACKAGE_TOO_LARGE, u->archive, PACKAGE_FILES,
		      (guint)(PACKAGE_BYTES >> 20));
}

static gboolean unpack_member(Unpacking *u, const struct header *h, guint64 size, GError **error)
{
	g_autofree char *own = u->next_path ? g_steal_pointer(&u->next_path) : path_of(h),
			*path = clean_path(u, own, error), *name = shown(own);

	if (u->next_size >= 0)
		size = (guint64)u->next_size;
	u->next_size = -1;
	if (!path)
		return FALSE;
	if (size > PACKAGE_BYTES - u->bytes)
		return refuse_size(u, error);
	if (h->typeflag == '5' || (h->typeflag == '0' && g_str_has_suffix(own, "/")))
		return make_folders(u, path, error);
	if ((h->typeflag != '0' && h->typeflag != '\0') || !*path)
		return refuse(error,
			      "%s: \"%s\" is %s; a package holds nothing but files and folders",
			      u->archive, name, kind_of(h->typeflag));
	u->bytes += size;
	return unpack_file(u, path, size, error);
}

/* -- The archive */

static gboolean unpack_header(Unpacking *u, const struct header *h, GError **error)
{
	guint64 size;

	if (!is_header(h) || !parse_octal(h->size, sizeof(h->size), &size))
		return refuse(error,
			      "%s: is not a plugin's package: neither a folder nor a tar archive "
			      "(.tar, .tar.gz); unpack it, and choose its folder",
			      u->archive);
	if (++u->files > PACKAGE_FILES)
		return refuse_size(u, error);
	switch (h->typeflag) {
	case 'x':
		return read_records(u, size, error);
	case 'g': { /* of all members; nothing of that matters */
		g_autofree char *text = read_text(u, size, RECORD_BYTES, error);

		return text != NULL;
	}
	case 'L':
		g_free(u->next_path);
		u->next_path = read_text(u, size, NAME_BYTES, error);
		return u->next_path != NULL;
	default:
		return unpack_member(u, h, size, error);
	}
}

static gboolean unpack_all(Unpacking *u, GError **error)
{
	for (;;) {
		struct header h;

		if (!read_exactly(u, &h, BLOCK, error))
			return FALSE;
		if (is_end(&h))
			return TRUE;
		if (!unpack_header(u, &h, error))
			return FALSE;
	}
}

/* By its first bytes: RFC 1952, section 2.3.1. NULL with error. */
static GInputStream *open_archive(const char *archive, GError **error)
{
	g_autoptr(GFile) file = g_file_new_for_path(archive);
	g_autoptr(GFileInputStream) plain = g_file_read(file, NULL, error);
	g_autoptr(GInputStream) buffered = NULL;
	g_autoptr(GConverter) gunzip = NULL;
	const guchar *start;
	gsize length;

	if (!plain)
		return NULL;
	buffered = g_buffered_input_stream_new(G_INPUT_STREAM(plain));
	if (g_buffered_input_stream_fill(G_BUFFERED_INPUT_STREAM(buffered), BLOCK, NULL, error) < 0)
		return NULL;
	start = g_buffered_input_stream_peek_buffer(G_BUFFERED_INPUT_STREAM(buffered), &length);
	if (length < 2 || start[0] != 0x1f || start[1] != 0x8b)
		return g_steal_pointer(&buffered);
	gunzip = G_CONVERTER(g_zlib_decompressor_new(G_ZLIB_COMPRESSOR_FORMAT_GZIP));
	return g_converter_input_stream_new(buffered, gunzip);
}

gboolean program_package_unpack(const char *archive, const char *folder, GError **error)
{
	g_autoptr(GInputStream) in = open_archive(archive, error);
	Unpacking u = { .in = in, .archive = archive, .folder = folder, .next_size = -1 };
	gboolean done = in && unpack_all(&u, error);

	g_free(u.next_path);
	return done;
}
