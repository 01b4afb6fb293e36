/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * See layer-file.h. A merge keeps the rules of disk-layer.h: sectors are on stable storage before
 * their bits are set. Sectors that are written twice, because the first time was cut off, are the
 * same sectors. What a merge changes keeps what saved states know it by (blk-raw's identity.c),
 * because the contents, seen from above, are the same.
 */
#define _GNU_SOURCE
#include "snapshot/layer-file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "config/snapshot-index.h"
#include "snapshot/file.h"

#define PIECE (1u << 20) /* bytes that are copied at a time; a multiple of 8 sectors */
#define READER_BYTE ((off_t)1 << 62)
#define GENERATION "user.tessera.generation"

static void parse_id(const char *text, uint8_t id[TSR_LAYER_ID])
{
	memset(id, 0, TSR_LAYER_ID);
	for (guint i = 0; text && i < TSR_LAYER_ID; i++)
		id[i] = (uint8_t)(g_ascii_xdigit_value(text[2 * i]) << 4 |
				  g_ascii_xdigit_value(text[2 * i + 1]));
}

/* -- Locks */

int tsr_layer_file_lock(const char *path, gboolean writer, GError **error)
{
	struct flock lock = { .l_type = writer ? F_WRLCK : F_RDLCK,
			      .l_whence = SEEK_SET,
			      .l_start = writer ? 0 : READER_BYTE,
			      .l_len = writer ? 0 : 1 };
	int fd = open(path, O_CLOEXEC | O_NOCTTY | O_NONBLOCK | (writer ? O_RDWR : O_RDONLY));

	if (fd < 0) {
		tsr_file_fail(path, "open it", errno, error);
		return -1;
	}
	if (!fcntl(fd, F_OFD_SETLK, &lock) || (errno != EAGAIN && errno != EACCES))
		return fd;
	close(fd);
	g_set_error(error, TSR_MACHINE_ERROR, TSR_MACHINE_ERROR_STATE,
		    "%s is in use; power the machine off first", path);
	return -1;
}

/* -- Making */

gboolean tsr_layer_file_create(const char *folder, const char *parent, guint64 disk_size, char **id,
			       GError **error)
{
	struct tsr_layer_head head = { .version = GUINT32_TO_LE(TSR_LAYER_VERSION),
				       .disk_size = GUINT64_TO_LE(disk_size) };
	char name[TSR_LAYER_NAME];
	g_autofree char *path = NULL;
	int fd, failure = 0;

	if (disk_size > TSR_LAYER_DISK_MAX) {
		g_set_error(error, TSR_MACHINE_ERROR, TSR_MACHINE_ERROR_INVALID,
			    "%s: a disk of more than 2 TiB cannot have snapshots", folder);
		return FALSE;
	}
	memcpy(head.magic, TSR_LAYER_MAGIC, sizeof(head.magic));
	parse_id(parent, head.parent);
	if (getrandom(head.id, sizeof(head.id), 0) != (ssize_t)sizeof(head.id))
		return tsr_file_fail(folder, "draw a random number", errno, error);
	tsr_layer_name(head.id, name);
	path = g_build_filename(folder, TSR_SNAPSHOTS_FOLDER, name, NULL);
	fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0)
		return tsr_file_fail(path, "make it", errno, error);
	if (ftruncate(fd, (off_t)tsr_layer_map_of(disk_size).file_size) ||
	    pwrite(fd, &head, sizeof(head), 0) != (ssize_t)sizeof(head) || fsync(fd))
		failure = errno;
	close(fd);
	if (failure) {
		unlink(path);
		return tsr_file_fail(path, "make it", failure, error);
	}
	*id = g_strndup(name, 2 * (gsize)TSR_LAYER_ID);
	return TRUE;
}

/* -- Opening */

void tsr_layer_file_free(TsrLayerFile *layer)
{
	if (!layer)
		return;
	if (layer->fd >= 0)
		close(layer->fd);
	g_free(layer->bits);
	g_free(layer->path);
	g_free(layer);
}

static gboolean is_this_boot(const uint8_t boot[TSR_LAYER_ID])
{
	g_autofree char *text = NULL;
	uint8_t now[TSR_LAYER_ID];

	if (!g_file_get_contents("/proc/sys/kernel/random/boot_id", &text, NULL, NULL))
		return FALSE;
	for (char *dash; (dash = strchr(text, '-'));)
		memmove(dash, dash + 1, strlen(dash));
	if (strspn(text, "0123456789abcdef") < 2 * (gsize)TSR_LAYER_ID)
		return FALSE;
	parse_id(text, now);
	return memcmp(now, boot, TSR_LAYER_ID) == 0;
}

/* The bits that count: disk-layer.h, rule 3. */
static gboolean read_bits(TsrLayerFile *layer, GError **error)
{
	guint64 at;

	if (!tsr_file_read(layer->fd, &layer->use, sizeof(layer->use), TSR_LAYER_USE))
		return tsr_file_fail(layer->path, "read it", errno, error);
	at = layer->use.clean || is_this_boot(layer->use.boot) ? TSR_LAYER_BITS
							       : layer->map.stable_at;
	if (!tsr_file_read(layer->fd, layer->bits, layer->map.bits_size, at))
		return tsr_file_fail(layer->path, "read it", errno, error);
	for (guint64 i = 0; i < layer->map.bits_size; i++)
		layer->written += (guint)__builtin_popcount(layer->bits[i]);
	return TRUE;
}

TsrLayerFile *tsr_layer_file_open(const char *folder, const char *id, gboolean writable,
				  GError **error)
{
	g_autoptr(TsrLayerFile) layer = g_new0(TsrLayerFile, 1);
	struct stat st;

	layer->path = tsr_snapshot_layer_path(folder, id);
	layer->fd = open(layer->path,
			 O_CLOEXEC | O_NOCTTY | O_NONBLOCK | (writable ? O_RDWR : O_RDONLY));
	if (layer->fd < 0 || fstat(layer->fd, &st)) {
		tsr_file_fail(layer->path, "open it", errno, error);
		return NULL;
	}
	if (!S_ISREG(st.st_mode) ||
	    !tsr_file_read(layer->fd, &layer->head, sizeof(layer->head), 0) ||
	    !tsr_layer_check(&layer->head, (guint64)st.st_size)) {
		g_set_error(error, TSR_MACHINE_ERROR, TSR_MACHINE_ERROR_INVALID,
			    "%s is not a layer of a disk, or is damaged", layer->path);
		return NULL;
	}
	layer->map = tsr_layer_map_of(layer->head.disk_size);
	layer->bits = g_try_malloc0(layer->map.bits_size);
	if (!layer->bits) {
		tsr_file_fail(layer->path, "open it", ENOMEM, error);
		return NULL;
	}
	return read_bits(layer, error) ? g_steal_pointer(&layer) : NULL;
}

/* -- Merging */

guint64 tsr_layer_file_count_missing(const TsrLayerFile *to, const TsrLayerFile *from)
{
	guint64 count = 0;

	for (guint64 i = 0; i < from->map.bits_size && i < to->map.bits_size; i++)
		count += (guint)__builtin_popcount(from->bits[i] & (uint8_t)~to->bits[i]);
	return count;
}

static gboolean has(const uint8_t *bits, guint64 sector)
{
	return bits[sector / 8] >> (sector % 8) & 1;
}

typedef struct {
	const TsrLayerFile *from;
	const uint8_t *without; /* sectors that are not copied; NULL: none */
	int to;
	guint64 to_at; /* where sector 0 lies */
	uint8_t *buffer;
} Copy;

static gboolean is_wanted(const Copy *c, guint64 sector)
{
	return has(c->from->bits, sector) && !(c->without && has(c->without, sector));
}

static gboolean copy_run(const Copy *c, guint64 sector, guint64 count)
{
	const guint64 offset = sector * TSR_LAYER_SECTOR, size = c->from->head.disk_size;
	guint64 length = count * TSR_LAYER_SECTOR;

	if (!tsr_file_read(c->from->fd, c->buffer, length, c->from->map.data_at + offset))
		return FALSE;
	if (!c->to_at && length > size - offset) /* an image may end inside of a sector */
		length = size - offset;
	return tsr_file_write(c->to, c->buffer, length, c->to_at + offset);
}

static gboolean copy_sectors(const Copy *c)
{
	const guint64 end = c->from->map.sectors;

	for (guint64 sector = 0, count; sector < end; sector += count ? count : 1) {
		if (sector % 8 == 0 && !c->from->bits[sector / 8]) {
			count = 8;
			continue;
		}
		for (count = 0; count < PIECE / TSR_LAYER_SECTOR && sector + count < end &&
				is_wanted(c, sector + count);)
			count++;
		if (count && !copy_run(c, sector, count))
			return FALSE;
	}
	return !fdatasync(c->to);
}

/* What a state knows the contents by. */
typedef struct {
	struct timespec times[2];
	char generation[64];
	ssize_t length;
} Identity;

static gboolean get_identity(int fd, Identity *identity)
{
	struct stat st;

	if (fstat(fd, &st))
		return FALSE;
	identity->times[0] = st.st_atim;
	identity->times[1] = st.st_mtim;
	identity->length =
		fgetxattr(fd, GENERATION, identity->generation, sizeof(identity->generation));
	return TRUE;
}

static gboolean set_identity(int fd, const Identity *identity)
{
	if (identity->length > 0)
		fsetxattr(fd, GENERATION, identity->generation, (gsize)identity->length, 0);
	else
		fremovexattr(fd, GENERATION);
	return !futimens(fd, identity->times) && !fsync(fd);
}

static gboolean put_bits(TsrLayerFile *layer)
{
	layer->use.clean = 1;
	return tsr_file_write(layer->fd, layer->bits, layer->map.bits_size, TSR_LAYER_BITS) &&
	       tsr_file_write(layer->fd, layer->bits, layer->map.bits_size, layer->map.stable_at) &&
	       !fdatasync(layer->fd) &&
	       tsr_file_write(layer->fd, &layer->use, sizeof(layer->use), TSR_LAYER_USE) &&
	       !fdatasync(layer->fd);
}

static gboolean put_parent(TsrLayerFile *layer, const uint8_t parent[TSR_LAYER_ID])
{
	memcpy(layer->head.parent, parent, TSR_LAYER_ID);
	return tsr_file_write(layer->fd, parent, TSR_LAYER_ID,
			      offsetof(struct tsr_layer_head, parent)) &&
	       !fdatasync(layer->fd);
}

static const uint8_t *generation_of(const TsrLayerFile *layer)
{
	return tsr_layer_is_none(layer->use.generation) ? layer->head.id : layer->use.generation;
}

gboolean tsr_layer_file_pull(TsrLayerFile *to, const TsrLayerFile *from, GError **error)
{
	g_autofree uint8_t *buffer = g_malloc(PIECE);
	const Copy copy = { from, to->bits, to->fd, to->map.data_at, buffer };

	if (!copy_sectors(&copy))
		return tsr_file_fail(to->path, "merge layers", errno, error);
	if (!to->written) { /* it had the contents of the one below */
		memcpy(to->use.generation, generation_of(from), TSR_LAYER_ID);
		to->use.time_ns = from->use.time_ns;
	}
	for (guint64 i = 0; i < to->map.bits_size; i++)
		to->bits[i] |= from->bits[i];
	to->written += from->written;
	if (!put_bits(to) || !put_parent(to, from->head.parent))
		return tsr_file_fail(to->path, "merge layers", errno, error);
	return TRUE;
}

/* As the image has it. */
static void make_identity(const TsrLayerFile *layer, Identity *identity)
{
	const uint8_t *generation = generation_of(layer);

	identity->length = 2 * (ssize_t)TSR_LAYER_ID;
	for (guint i = 0; i < TSR_LAYER_ID; i++)
		g_snprintf(identity->generation + 2 * (gsize)i, 3, "%02x", generation[i]);
	identity->times[0] = (struct timespec){ .tv_nsec = UTIME_OMIT };
	identity->times[1] = (struct timespec){
		.tv_sec = (time_t)(layer->use.time_ns / 1000000000u),
		.tv_nsec =
			layer->use.time_ns ? (long)(layer->use.time_ns % 1000000000u) : UTIME_NOW,
	};
}

gboolean tsr_layer_file_push(const TsrLayerFile *from, const char *image, GError **error)
{
	g_autofree uint8_t *buffer = g_malloc(PIECE);
	int fd = open(image, O_RDWR | O_CLOEXEC);
	const Copy copy = { from, NULL, fd, 0, buffer };
	Identity identity = { .length = 0 };
	int failure = 0;

	if (fd < 0)
		return tsr_file_fail(image, "open it", errno, error);
	if (!get_identity(fd, &identity))
		failure = errno;
	if (from->written)
		make_identity(from, &identity);
	if (!failure && (!copy_sectors(&copy) || !set_identity(fd, &identity)))
		failure = errno;
	close(fd);
	return !failure || tsr_file_fail(image, "merge a layer into it", failure, error);
}

gboolean tsr_layer_file_set_parent(TsrLayerFile *layer, const char *parent, GError **error)
{
	uint8_t id[TSR_LAYER_ID];

	parse_id(parent, id);
	return !memcmp(layer->head.parent, id, sizeof(id)) || put_parent(layer, id) ||
	       tsr_file_fail(layer->path, "change its parent", errno, error);
}

/* -- Sharing and deleting */

gboolean tsr_layer_file_unshare(const char *path, GError **error)
{
	g_autofree char *beside = NULL;
	Identity identity;
	struct stat st;
	int from = open(path, O_RDONLY | O_CLOEXEC), to, failure = 0;

	if (from < 0)
		return tsr_file_fail(path, "open it", errno, error);
	if (!fstat(from, &st) && st.st_nlink < 2) {
		close(from);
		return TRUE;
	}
	beside = g_strconcat(path, ".new", NULL);
	/* Of a process that was ended, or a stranger's link, which is not followed. */
	unlink(beside);
	to = open(beside, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (to < 0 || !get_identity(from, &identity) || !tsr_file_copy(from, to) ||
	    !set_identity(to, &identity) || rename(beside, path))
		failure = errno;
	if (to >= 0)
		close(to);
	close(from);
	return (!failure && tsr_file_sync_folder(path)) ||
	       tsr_file_fail(path, "copy it", failure ? failure : errno, error);
}

void tsr_layer_file_remove(const char *path)
{
	static const uint8_t nothing[8];
	struct stat st;
	int fd = tsr_layer_file_lock(path, TRUE, NULL);

	if (fd < 0)
		return;
	if (!fstat(fd, &st) && st.st_nlink == 1)
		tsr_file_write(fd, nothing, sizeof(nothing), 0);
	unlink(path);
	close(fd);
}
