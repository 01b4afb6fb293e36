/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * See installer.h. libarchive reads ISO 9660 with Rock Ridge or Joliet; nothing of the disc is
 * mounted or executed. The places of the files are those of Debian's discs for i386 (Installation
 * Guide, 5.1.3), the fields of the kernel those of the Linux boot protocol
 * (Documentation/x86/boot.rst, "The Real-Mode Kernel Header").
 *
 * The answers are a file preseed.cfg in the root of the initial RAM disk, which the installer reads
 * before its first question (Installation Guide, B.2.1). The kernel unpacks archives that follow
 * each other (Documentation/driver-api/early-userspace/buffer-format.rst), so the disc's own one
 * stays as it is, and another one comes after it.
 */
#include "model/installer.h"

#include <archive.h>
#include <archive_entry.h>
#include <crypt.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "model/text.h"

#define BLOCK (64 << 10)
#define FILE_BYTES (512 << 20) /* more than any kernel or initial RAM disk of an installer */
#define ALIGNMENT 4            /* of archives in an initial RAM disk */
#define HEADER_BYTES 0x238
#define HEADER_MAGIC 0x202
#define XLOADFLAGS 0x236
#define XLF_KERNEL_64 1
#define SHA512_CRYPT "$6$" /* crypt(5); yescrypt is not known before Debian 11 */

#define ALL_FILES ((1u << N_FILES) - 1)

enum { KERNEL, INITRD, N_FILES };

static const struct {
	const char *files[N_FILES];
} layouts[] = {
	{ { "install.386/vmlinuz", "install.386/initrd.gz" } }, /* CD and DVD */
	{ { "linux", "initrd.gz" } },                           /* the netboot disc, mini.iso */
};

static gboolean fail_invalid(const char *disc, GError **error)
{
	g_autofree char *name = g_filename_display_basename(disc);

	g_set_error(error, TSR_LIBRARY_ERROR, TSR_LIBRARY_ERROR_INVALID,
		    _("“%s” has no installer of Debian for i386."), name);
	return FALSE;
}

static gboolean fail_written(const char *path, GError **error)
{
	int failure = errno;
	g_autofree char *name = g_filename_display_name(path);

	g_set_error(error, TSR_LIBRARY_ERROR, TSR_LIBRARY_ERROR_FAILED,
		    _("“%s” cannot be written: %s."), name, g_strerror(failure));
	return FALSE;
}

/* -- Reading the disc */

typedef struct archive Archive;

static void archive_close(Archive *archive)
{
	archive_read_free(archive);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Archive, archive_close)

static Archive *open_disc(const char *disc)
{
	g_autoptr(Archive) archive = archive_read_new();

	if (!archive || archive_read_support_format_iso9660(archive) != ARCHIVE_OK ||
	    archive_read_open_filename(archive, disc, BLOCK) != ARCHIVE_OK)
		return NULL;
	return g_steal_pointer(&archive);
}

/* Which of an installer's files an entry is; N_FILES: none. */
static guint which_file(struct archive_entry *entry, guint *layout)
{
	const char *path = archive_entry_pathname(entry);

	if (!path || archive_entry_filetype(entry) != AE_IFREG)
		return N_FILES;
	for (guint i = 0; i < G_N_ELEMENTS(layouts); i++)
		for (guint file = 0; file < N_FILES; file++)
			if (g_str_equal(path, layouts[i].files[file])) {
				*layout = i;
				return file;
			}
	return N_FILES;
}

static gboolean is_32_bit_kernel(Archive *archive)
{
	guint8 header[HEADER_BYTES];

	return archive_read_data(archive, header, sizeof header) == sizeof header &&
	       memcmp(header + HEADER_MAGIC, "HdrS", 4) == 0 &&
	       !(header[XLOADFLAGS] & XLF_KERNEL_64);
}

/* Which layout the disc has. */
static gboolean find_layout(const char *disc, guint *out, GError **error)
{
	g_autoptr(Archive) archive = open_disc(disc);
	guint found[G_N_ELEMENTS(layouts)] = { 0 }, layout = 0;
	struct archive_entry *entry;

	while (archive && archive_read_next_header(archive, &entry) == ARCHIVE_OK) {
		guint file = which_file(entry, &layout);

		if (file == N_FILES || (file == KERNEL && !is_32_bit_kernel(archive)))
			continue;
		found[layout] |= 1u << file;
		if (found[layout] == ALL_FILES) {
			*out = layout;
			return TRUE;
		}
	}
	return fail_invalid(disc, error);
}

gboolean tsr_installer_find(const char *disc, GError **error)
{
	guint layout;

	return find_layout(disc, &layout, error);
}

/* -- Writing the files */

static gboolean write_all(int fd, const void *bytes, size_t length)
{
	const char *at = bytes;

	while (length) {
		ssize_t written = write(fd, at, length);

		if (written < 0 && errno == EINTR)
			continue;
		if (written <= 0)
			return FALSE;
		at += written;
		length -= (size_t)written;
	}
	return TRUE;
}

static gboolean copy_data(Archive *archive, const char *disc, int fd, const char *path,
			  GCancellable *cancellable, GError **error)
{
	g_autofree char *block = g_malloc(BLOCK);
	gint64 total = 0;
	ssize_t length;

	while ((length = archive_read_data(archive, block, BLOCK)) > 0) {
		total += length;
		if (total > FILE_BYTES)
			return fail_invalid(disc, error);
		if (g_cancellable_set_error_if_cancelled(cancellable, error))
			return FALSE;
		if (!write_all(fd, block, (size_t)length))
			return fail_written(path, error);
	}
	return (length == 0 && total > 0) || fail_invalid(disc, error);
}

static gboolean copy_entry(Archive *archive, const char *disc, const char *path,
			   GCancellable *cancellable, GError **error)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	gboolean done;

	if (fd < 0)
		return fail_written(path, error);
	done = copy_data(archive, disc, fd, path, cancellable, error);
	if (done && fsync(fd) != 0)
		done = fail_written(path, error);
	close(fd);
	return done;
}

static gboolean copy_layout(const char *disc, guint wanted, const char *const paths[N_FILES],
			    GCancellable *cancellable, GError **error)
{
	g_autoptr(Archive) archive = open_disc(disc);
	guint found = 0, layout = 0;
	struct archive_entry *entry;

	while (archive && found != ALL_FILES &&
	       archive_read_next_header(archive, &entry) == ARCHIVE_OK) {
		guint file = which_file(entry, &layout);

		if (file == N_FILES || layout != wanted)
			continue;
		if (!copy_entry(archive, disc, paths[file], cancellable, error))
			return FALSE;
		found |= 1u << file;
	}
	return found == ALL_FILES || fail_invalid(disc, error);
}

/* -- The answers */

/* An archive of one file, in the format "newc" of cpio. NULL: there is no memory for it. */
static GBytes *pack_answers(const char *answers)
{
	gsize length = strlen(answers), used = 0, room = length + 4096;
	g_autofree char *bytes = g_malloc0(room);
	struct archive *archive = archive_write_new();
	struct archive_entry *entry = archive_entry_new();
	gboolean done = archive && entry;

	if (done) {
		archive_entry_set_pathname(entry, "preseed.cfg");
		archive_entry_set_filetype(entry, AE_IFREG);
		archive_entry_set_perm(entry, 0600);
		archive_entry_set_size(entry, (gint64)length);
		done = archive_write_set_format_cpio_newc(archive) == ARCHIVE_OK &&
		       archive_write_set_bytes_in_last_block(archive, 1) == ARCHIVE_OK &&
		       archive_write_open_memory(archive, bytes, room, &used) == ARCHIVE_OK &&
		       archive_write_header(archive, entry) == ARCHIVE_OK &&
		       archive_write_data(archive, answers, length) == (ssize_t)length &&
		       archive_write_close(archive) == ARCHIVE_OK;
	}
	archive_entry_free(entry);
	archive_write_free(archive);
	return done ? g_bytes_new_take(g_steal_pointer(&bytes), used) : NULL;
}

static gboolean append_answers(const char *path, const char *answers, GError **error)
{
	static const char zeros[ALIGNMENT];
	g_autoptr(GBytes) packed = pack_answers(answers);
	int fd = open(path, O_WRONLY | O_APPEND | O_CLOEXEC);
	off_t end = fd < 0 ? -1 : lseek(fd, 0, SEEK_END);
	gboolean done = packed && end >= 0 &&
			write_all(fd, zeros, (size_t)(-end & (ALIGNMENT - 1))) &&
			write_all(fd, g_bytes_get_data(packed, NULL), g_bytes_get_size(packed)) &&
			fsync(fd) == 0;

	if (!done)
		fail_written(path, error);
	if (fd >= 0)
		close(fd);
	return done;
}

gboolean tsr_installer_unpack(const char *disc, const char *answers, const char *kernel,
			      const char *initrd, GCancellable *cancellable, GError **error)
{
	const char *const paths[N_FILES] = { [KERNEL] = kernel, [INITRD] = initrd };
	guint layout;

	return find_layout(disc, &layout, error) &&
	       copy_layout(disc, layout, paths, cancellable, error) &&
	       append_answers(initrd, answers, error);
}

char *tsr_installer_hash(const char *password, GError **error)
{
	g_autofree struct crypt_data *data = g_new0(struct crypt_data, 1);
	char salt[CRYPT_GENSALT_OUTPUT_SIZE];
	char *hash = NULL;

	if (crypt_gensalt_rn(SHA512_CRYPT, 0, NULL, 0, salt, sizeof salt))
		hash = g_strdup(crypt_r(password, salt, data));
	explicit_bzero(data, sizeof *data);
	if (hash && *hash != '*')
		return hash;
	g_free(hash);
	g_set_error(error, TSR_LIBRARY_ERROR, TSR_LIBRARY_ERROR_INVALID,
		    _("This password cannot be used."));
	return NULL;
}
