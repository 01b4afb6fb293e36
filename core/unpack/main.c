/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * tessera-unpack FOLDER FILES BYTES <ARCHIVE: see README.md. The folder begins empty and gets no
 * links, so a path without ".." stays inside of it. Formats and filters are listed one by one:
 * libarchive has others that start programs of the host.
 */
#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <glib/gstdio.h>
#include <locale.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define BLOCK 65536
#define STATUS_FAILED 1
#define STATUS_USAGE 2
#define STATUS_TOO_MUCH 3

typedef struct {
	struct archive *archive;
	guint64 files, bytes; /* that are left */
	goffset size;         /* of the archive; 0: not known */
	int permyriad;        /* told last */
} Unpacking;

static int fail(const char *format, ...) G_GNUC_PRINTF(1, 2);

/* Returns the exit status. */
static int fail(const char *format, ...)
{
	g_autofree char *text = NULL;
	va_list arguments;

	va_start(arguments, format);
	text = g_strdup_vprintf(format, arguments);
	va_end(arguments);
	g_printerr("%s\n", text);
	return STATUS_FAILED;
}

static int fail_archive(Unpacking *u)
{
	const char *why = archive_error_string(u->archive);

	return fail("is damaged, or not an archive that is known: %s", why ? why : "no reason");
}

static int fail_size(void)
{
	g_printerr("holds more than is allowed\n");
	return STATUS_TOO_MUCH;
}

/* A member's name is a stranger's, and messages are for terminals. */
static char *shown(const char *path)
{
	return g_strescape(path, NULL);
}

static void tell_progress(Unpacking *u)
{
	int done = u->size ? (int)(archive_filter_bytes(u->archive, -1) * 10000 / u->size) : 0;

	if (done == u->permyriad)
		return;
	u->permyriad = done;
	g_print("(%d.%02d/100%%)\r", done / 100, done % 100);
}

/* -- Where a member goes */

/* Without "." and doubled slashes; "": the folder itself. NULL: it leads elsewhere. */
static char *clean_path(const char *path)
{
	g_auto(GStrv) words = g_strsplit(path, "/", -1);
	g_autoptr(GStrvBuilder) kept = g_strv_builder_new();
	g_auto(GStrv) all = NULL;

	if (*path == '/')
		return NULL;
	for (char **word = words; *word; word++) {
		if (g_str_equal(*word, ".."))
			return NULL;
		if (**word && !g_str_equal(*word, "."))
			g_strv_builder_add(kept, *word);
	}
	all = g_strv_builder_end(kept);
	return g_strjoinv("/", all);
}

static int make_folders(const char *path)
{
	if (!*path || g_mkdir_with_parents(path, 0755) == 0)
		return 0;
	return fail("%s: %s", path, g_strerror(errno));
}

static const char *name_kind(struct archive_entry *entry)
{
	if (archive_entry_hardlink(entry))
		return "a hard link";
	switch (archive_entry_filetype(entry)) {
	case AE_IFLNK:
		return "a symbolic link";
	case AE_IFCHR:
	case AE_IFBLK:
		return "a device";
	case AE_IFIFO:
		return "a pipe";
	default:
		return "of a kind that is not known";
	}
}

/* -- Members */

static gboolean write_all(int fd, const char *bytes, gsize length, off_t at)
{
	while (length) {
		gssize done = pwrite(fd, bytes, length, at);

		if (done < 0 && errno == EINTR)
			continue;
		if (done <= 0)
			return FALSE;
		bytes += done;
		at += done;
		length -= (gsize)done;
	}
	return TRUE;
}

/* Holes count, too: who reads the file reads them. */
static int copy_content(Unpacking *u, int fd, const char *path)
{
	guint64 written = 0;

	for (;;) {
		const void *bytes;
		gsize length;
		la_int64_t at;
		int status = archive_read_data_block(u->archive, &bytes, &length, &at);

		if (status == ARCHIVE_EOF)
			break;
		if (status != ARCHIVE_OK && status != ARCHIVE_WARN)
			return fail_archive(u);
		if (at < 0 || (guint64)at > u->bytes || length > u->bytes - (guint64)at)
			return fail_size();
		if (!write_all(fd, bytes, length, at))
			return fail("%s: %s", path, g_strerror(errno));
		written = MAX(written, (guint64)at + length);
		tell_progress(u);
	}
	u->bytes -= written;
	return 0;
}

static int unpack_file(Unpacking *u, struct archive_entry *entry, const char *path)
{
	g_autofree char *parent = g_path_get_dirname(path), *name = shown(path);
	int status = make_folders(parent);
	int fd = status ? -1
			: open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);

	if (status)
		return status;
	if (fd < 0)
		return fail("%s: %s", name, g_strerror(errno));
	status = copy_content(u, fd, name);
	/* A file may end with a hole. */
	if (!status && archive_entry_size_is_set(entry) &&
	    ftruncate(fd, archive_entry_size(entry)) != 0)
		status = fail("%s: %s", name, g_strerror(errno));
	if (close(fd) != 0 && !status)
		status = fail("%s: %s", name, g_strerror(errno));
	return status;
}

static int unpack_member(Unpacking *u, struct archive_entry *entry)
{
	const char *own = archive_entry_pathname(entry);
	g_autofree char *path = own ? clean_path(own) : NULL,
			*name = own ? shown(own) : g_strdup("?");
	const gboolean is_file =
		archive_entry_filetype(entry) == AE_IFREG && !archive_entry_hardlink(entry);

	if (!path)
		return fail("\"%s\" leads out of the archive", name);
	if (!u->files-- || (guint64)archive_entry_size(entry) > u->bytes)
		return fail_size();
	if (archive_entry_filetype(entry) == AE_IFDIR)
		return make_folders(path);
	if (is_file && *path)
		return unpack_file(u, entry, path);
	return fail("\"%s\" is %s; nothing but files and folders is unpacked", name,
		    name_kind(entry));
}

static int unpack_all(Unpacking *u)
{
	struct archive_entry *entry;
	guint64 count = 0;
	int status = 0;

	while (!status) {
		int got = archive_read_next_header(u->archive, &entry);

		if (got == ARCHIVE_EOF)
			return count ? 0 : fail("holds nothing");
		if (got != ARCHIVE_OK && got != ARCHIVE_WARN)
			return fail_archive(u);
		status = unpack_member(u, entry);
		count++;
	}
	return status;
}

/* -- The program */

static int run(Unpacking *u)
{
	struct stat info;
	int status;

	u->archive = archive_read_new();
	archive_read_support_filter_gzip(u->archive);
	archive_read_support_filter_bzip2(u->archive);
	archive_read_support_filter_xz(u->archive);
	archive_read_support_filter_zstd(u->archive);
	archive_read_support_format_tar(u->archive);
	archive_read_support_format_zip(u->archive);
	if (fstat(STDIN_FILENO, &info) == 0)
		u->size = info.st_size;
	status = archive_read_open_fd(u->archive, STDIN_FILENO, BLOCK) == ARCHIVE_OK
			 ? unpack_all(u)
			 : fail_archive(u);
	archive_read_free(u->archive);
	return status;
}

int main(int argc, char **argv)
{
	Unpacking u = { .permyriad = -1 };

	if (argc != 4) {
		g_printerr("usage: tessera-unpack FOLDER FILES BYTES <ARCHIVE; `tessera` "
			   "starts it\n");
		return STATUS_USAGE;
	}
	setlocale(LC_CTYPE, "C.UTF-8"); /* of the names in archives */
	u.files = g_ascii_strtoull(argv[2], NULL, 10);
	u.bytes = g_ascii_strtoull(argv[3], NULL, 10);
	if (g_chdir(argv[1]) != 0)
		return fail("%s: %s", argv[1], g_strerror(errno));
	return run(&u);
}
