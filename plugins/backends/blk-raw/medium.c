/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * An open medium. A writer holds an exclusive open-file-description lock on the whole file, a
 * reader a shared one on a byte far beyond any image: one writer or many readers, and no clash with
 * readers of other programs. The process's exit frees both.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "blk-raw.h"

#define READER_BYTE ((off_t)1 << 62)

/* Formats that are not raw, by the bytes at their start: given to a guest as they are, they are
 * almost surely a mistake. */
static const struct foreign {
	const char *name;
	unsigned length;
	const char *magic;
} foreign_formats[] = {
	{ "qcow2", 4, "QFI\xfb" },
	{ "VMDK", 4, "KDMV" },
	{ "VMDK", 4, "COWD" },
	{ "VMDK", 21, "# Disk DescriptorFile" },
	{ "VHDX", 8, "vhdxfile" },
	{ "VDI", 20, "<<< Oracle VM Virtua" },
	{ "xz", 6,
	  "\xfd"
	  "7zXZ" },
	{ "gzip", 3, "\x1f\x8b\x08" },
	{ "zstd", 4, "\x28\xb5\x2f\xfd" },
	{ "layer (of a snapshot)", 8, TSR_LAYER_MAGIC },
};

static bool check_format(int fd, const struct medium_options *options, struct tsr_error *error)
{
	char head[32] = { 0 };

	if (!strcmp(options->format, "raw"))
		return true;
	if (strcmp(options->format, "auto"))
		return tsr_error_set(error, TSR_ERROR_INVALID,
				     "format=%s: only raw images are supported; convert it: "
				     "qemu-img convert -O raw OLD NEW",
				     options->format);
	if (pread(fd, head, sizeof(head), 0) < 0)
		return tsr_error_set(error, TSR_ERROR_IO, "%s: %s", options->path, strerror(errno));
	for (size_t i = 0; i < sizeof(foreign_formats) / sizeof(foreign_formats[0]); i++)
		if (!memcmp(head, foreign_formats[i].magic, foreign_formats[i].length))
			return tsr_error_set(error, TSR_ERROR_UNSUPPORTED,
					     "%s is in %s format, not raw; convert it, or give "
					     "format=raw to use its bytes as they are",
					     options->path, foreign_formats[i].name);
	return true;
}

static bool measure(struct medium *m, const char *path, struct tsr_error *error)
{
	struct stat st;
	uint64_t length = 0;

	if (fstat(m->fd, &st))
		return tsr_error_set(error, TSR_ERROR_IO, "%s: %s", path, strerror(errno));
	if (S_ISREG(st.st_mode)) {
		m->regular = true;
		length = (uint64_t)st.st_size;
	} else if (!S_ISBLK(st.st_mode)) {
		return tsr_error_set(error, TSR_ERROR_IO, "%s is neither a file nor a block device",
				     path);
	} else if (ioctl(m->fd, BLKGETSIZE64, &length)) {
		return tsr_error_set(error, TSR_ERROR_IO, "%s: %s", path, strerror(errno));
	}
	if (!length)
		return tsr_error_set(error, TSR_ERROR_IO,
				     "%s is empty; make an image: truncate -s 4G FILE", path);
	m->size = length;
	m->length = (length + SECTOR - 1) / SECTOR * SECTOR;
	return true;
}

/* type: F_WRLCK, F_RDLCK, or F_UNLCK of what a writer or reader has. */
static int set_lock(int fd, bool writer, short type)
{
	struct flock lock = {
		.l_type = type,
		.l_whence = SEEK_SET,
		.l_start = writer ? 0 : READER_BYTE,
		.l_len = writer ? 0 : 1,
	};

	return fcntl(fd, F_OFD_SETLK, &lock);
}

bool medium_lock_file(int fd, const char *path, bool writer, struct tsr_error *error)
{
	if (!set_lock(fd, writer, writer ? F_WRLCK : F_RDLCK))
		return true;
	if (errno == EAGAIN || errno == EACCES)
		return tsr_error_set(error, TSR_ERROR_CONFLICT,
				     "%s is in use by another machine or program; stop that first, "
				     "or use a copy",
				     path);
	return true; /* a file system without locks */
}

bool medium_has_layers(const struct medium *m)
{
	const struct overlay *o = m->overlay;

	while (o && !o->layer)
		o = o->below;
	return o != NULL;
}

static bool is_writer(const struct medium *m)
{
	return !m->read_only && !m->nonpersistent;
}

void medium_unlock(struct medium *m)
{
	set_lock(m->base_fd, is_writer(m), F_UNLCK);
}

bool medium_lock(struct medium *m, struct tsr_error *error)
{
	return medium_lock_file(m->base_fd, m->path, is_writer(m), error);
}

/* Somebody else has opened it. */
static int check_given(const struct medium_options *options, bool writer, struct tsr_error *error)
{
	int flags = fcntl(options->fd, F_GETFL);

	if (flags >= 0 && (!writer || (flags & O_ACCMODE) == O_RDWR))
		return options->fd;
	tsr_error_set(error, TSR_ERROR_IO,
		      "%s was opened for reading only; use mode=nonpersistent or read-only=true, "
		      "or change its permissions",
		      options->path);
	close(options->fd);
	return -1;
}

static int open_file(const struct medium_options *options, bool writer, struct tsr_error *error)
{
	int flags = O_CLOEXEC | O_NOCTTY | O_NONBLOCK | (writer ? O_RDWR : O_RDONLY);
	struct stat st;
	int fd;

	if (writer && !stat(options->path, &st) && S_ISBLK(st.st_mode))
		flags |= O_EXCL; /* refused while the host has it mounted */
	fd = open(options->path, flags);
	if (fd >= 0)
		return fd;
	if (writer && (errno == EACCES || errno == EROFS || errno == EPERM))
		tsr_error_set(error, TSR_ERROR_IO,
			      "%s: %s for writing; use mode=nonpersistent or read-only=true, or "
			      "change its permissions",
			      options->path, strerror(errno));
	else
		tsr_error_set(error, errno == ENOENT ? TSR_ERROR_NOT_FOUND : TSR_ERROR_IO,
			      "%s: %s%s", options->path, strerror(errno),
			      errno == EBUSY ? " (is it mounted?)" : "");
	return -1;
}

/* The file that the user named. Below layers it is only read. */
static bool open_base(struct medium *m, const struct medium_options *options,
		      struct tsr_error *error)
{
	bool writer = !options->read_only && !options->nonpersistent && !options->layer[0];

	m->base_fd = options->fd < 0 ? open_file(options, writer, error)
				     : check_given(options, writer, error);
	m->fd = m->base_fd;
	if (m->fd < 0 || !measure(m, options->path, error) ||
	    !medium_lock_file(m->fd, options->path, writer, error) ||
	    !check_format(m->fd, options, error))
		return false;
	m->path = realpath(options->path, NULL);
	return m->path || (m->path = strdup(options->path));
}

static bool check_disk_size(const struct medium *m, const struct overlay *o,
			    struct tsr_error *error)
{
	if (m->regular && layer_head(o)->disk_size == m->size)
		return true;
	return tsr_error_set(error, TSR_ERROR_CONFLICT,
			     "the snapshots are of an image of %llu bytes, and %s has %llu; put "
			     "the image of that time back",
			     (unsigned long long)layer_head(o)->disk_size, m->path,
			     (unsigned long long)m->size);
}

static bool open_layers(struct medium *m, const struct medium_options *options,
			struct tsr_error *error)
{
	bool writer = !options->read_only && !options->nonpersistent;

	if (!options->layer[0])
		return true;
	m->overlay = layer_open_chain(options->layer, -1, writer, options->boot, error);
	if (!m->overlay || !check_disk_size(m, m->overlay, error))
		return false;
	m->fd = m->overlay->fd;
	return !writer || !layer_set_clean(m->overlay, false) ||
	       tsr_error_set(error, TSR_ERROR_IO, "%s: %s", options->layer, strerror(errno));
}

static bool add_temporary(struct medium *m, const struct medium_options *options,
			  struct tsr_error *error)
{
	struct overlay *o;

	m->nonpersistent = options->nonpersistent && !options->read_only;
	if (!m->nonpersistent)
		return true;
	o = overlay_create(options->overlay_files, m->length, error);
	if (!o)
		return false;
	o->below = m->overlay;
	m->overlay = o;
	return true;
}

struct medium *medium_open(const struct medium_options *options, struct tsr_error *error)
{
	struct medium *m = calloc(1, sizeof(*m));

	if (!m) {
		if (options->fd >= 0)
			close(options->fd);
		tsr_error_set(error, TSR_ERROR_FAILED, "out of memory");
		return NULL;
	}
	m->references = 1;
	pthread_mutex_init(&m->flush_lock, NULL);
	m->read_only = options->read_only;
	if (!open_base(m, options, error) || !open_layers(m, options, error) ||
	    !add_temporary(m, options, error)) {
		medium_unref(m);
		return NULL;
	}
	identity_open(m);
	return m;
}

/* -- Layers */

static struct overlay *top_layer(const struct medium *m)
{
	return m->overlay && m->overlay->layer ? m->overlay : NULL;
}

static bool is_top_writable(const struct medium *m)
{
	return top_layer(m) && !m->nonpersistent && !m->read_only;
}

const struct overlay *medium_contents(const struct medium *m)
{
	const struct overlay *o = m->overlay;

	while (o && (!o->layer || !o->written))
		o = o->below;
	return o;
}

static const uint8_t *layer_id(const struct overlay *o)
{
	static const uint8_t none[TSR_LAYER_ID];

	return o ? layer_head(o)->id : none;
}

/* What was written is on stable storage, and no more writes follow. */
static bool rest_top(struct medium *m, struct tsr_error *error)
{
	int failure = medium_sync(m);

	if (!failure && top_layer(m))
		failure = layer_set_clean(m->overlay, true);
	return !failure || tsr_error_set(error, TSR_ERROR_IO, "%s: flushing: %s", m->path,
					 medium_reason(failure));
}

static bool push_layer(struct medium *m, struct overlay *o, struct tsr_error *error)
{
	if (memcmp(layer_head(o)->parent, layer_id(m->overlay), TSR_LAYER_ID) || o->written)
		return tsr_error_set(error, TSR_ERROR_CONFLICT,
				     "the layer is not an empty one for what the disk has now");
	if (layer_depth(m->overlay) >= TSR_LAYER_DEPTH_MAX)
		return tsr_error_set(error, TSR_ERROR_CONFLICT,
				     "the disk has %u layers, and cannot have more; delete "
				     "snapshots",
				     TSR_LAYER_DEPTH_MAX);
	if (!check_disk_size(m, o, error) || !rest_top(m, error))
		return false;
	if (layer_set_clean(o, false))
		return tsr_error_set(error, TSR_ERROR_IO, "the layer: %s", strerror(errno));
	o->below = m->overlay;
	m->overlay = o;
	m->fd = o->fd;
	identity_open(m);
	return true;
}

/* The top is still empty. */
static bool pop_layer(struct medium *m, struct tsr_error *error)
{
	struct overlay *o = m->overlay;

	if (o->below && layer_set_clean(o->below, false))
		return tsr_error_set(error, TSR_ERROR_IO, "%s: %s", m->path, strerror(errno));
	m->overlay = o->below;
	m->fd = m->overlay ? m->overlay->fd : m->base_fd;
	o->below = NULL;
	overlay_destroy(o);
	identity_open(m);
	return true;
}

/* The layer below the top, or with none the image. */
static bool is_below_top(const struct medium *m, const char *path)
{
	const char *slash = strrchr(path, '/');
	char name[TSR_LAYER_NAME];

	if (!top_layer(m) || m->overlay->written)
		return false;
	if (!m->overlay->below)
		return !path[0];
	tsr_layer_name(layer_id(m->overlay->below), name);
	return !strcmp(slash ? slash + 1 : path, name);
}

bool medium_set_layer(struct medium *m, const char *path, int fd, const uint8_t boot[TSR_LAYER_ID],
		      struct tsr_error *error)
{
	struct overlay *o;

	if (m->read_only || m->nonpersistent || !m->regular) {
		if (fd >= 0)
			close(fd);
		return tsr_error_set(error, TSR_ERROR_CONFLICT,
				     "only an image in a file that the guest may write has layers");
	}
	if (is_below_top(m, path)) {
		if (fd >= 0)
			close(fd);
		return pop_layer(m, error);
	}
	if (fd < 0)
		fd = open(path, O_RDWR | O_CLOEXEC | O_NOCTTY);
	if (fd < 0)
		return tsr_error_set(error, TSR_ERROR_IO, "%s: %s", path, strerror(errno));
	o = layer_open(fd, true, boot, path, error);
	if (o && push_layer(m, o, error))
		return true;
	overlay_destroy(o);
	return false;
}

struct medium *medium_ref(struct medium *m)
{
	m->references++;
	return m;
}

void medium_unref(struct medium *m)
{
	if (!m || --m->references)
		return;
	if (is_top_writable(m) && !layer_flush(m->overlay) && !m->flush_error)
		layer_set_clean(m->overlay, true);
	overlay_destroy(m->overlay);
	if (m->base_fd >= 0)
		close(m->base_fd);
	pthread_mutex_destroy(&m->flush_lock);
	free(m->path);
	free(m);
}

/* -- I/O */

/* Drops `done` bytes from the front of the pieces; returns how many pieces are gone. */
static unsigned advance(struct iovec *pieces, unsigned count, size_t done)
{
	unsigned i = 0;

	while (i < count && done >= pieces[i].iov_len)
		done -= pieces[i++].iov_len;
	if (i < count) {
		pieces[i].iov_base = (uint8_t *)pieces[i].iov_base + done;
		pieces[i].iov_len -= done;
	}
	return i;
}

static void clear(const struct iovec *pieces, unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		memset(pieces[i].iov_base, 0, pieces[i].iov_len);
}

/* A write behind the new end of a file that somebody truncated would make zeros of what is lost. */
static bool is_shrunk(const struct medium *m)
{
	struct stat st;

	return m->regular && !fstat(m->fd, &st) && (uint64_t)st.st_size < m->size;
}

const char *medium_reason(int error)
{
	return error == MEDIUM_SHRUNK ? "the file is shorter than when it was opened"
				      : strerror(error);
}

/* Moves everything. From the size that the file had when it was opened to the end of that sector a
 * read gives zeros. */
static int transfer(const struct medium *m, bool write, uint64_t offset, const struct iovec *given,
		    unsigned count)
{
	struct iovec copy[SEGMENTS_MAX], *pieces = copy;

	memcpy(copy, given, count * sizeof(copy[0]));
	while (count) {
		ssize_t n = write ? pwritev(m->fd, pieces, (int)count, (off_t)offset)
				  : preadv(m->fd, pieces, (int)count, (off_t)offset);
		unsigned gone;

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 || (n == 0 && write))
			return n < 0 ? errno : EIO;
		if (n == 0 && offset < m->size)
			return MEDIUM_SHRUNK;
		if (n == 0) {
			clear(pieces, count);
			return 0;
		}
		offset += (uint64_t)n;
		gone = advance(pieces, count, (size_t)n);
		pieces += gone;
		count -= gone;
	}
	return 0;
}

int medium_read(struct medium *m, uint64_t offset, const struct iovec *pieces, unsigned count)
{
	int error = 0;

	if (!m->overlay)
		return transfer(m, false, offset, pieces, count);
	for (unsigned i = 0; i < count && !error; i++) {
		error = overlay_read(m->overlay, m, offset, pieces[i].iov_base, pieces[i].iov_len);
		offset += pieces[i].iov_len;
	}
	return error;
}

bool file_read_cached(int fd, bool *cannot, uint64_t offset, const struct iovec *pieces,
		      unsigned count, uint64_t length)
{
	ssize_t n;

	if (*cannot)
		return false;
	n = preadv2(fd, pieces, (int)count, (off_t)offset, RWF_NOWAIT);
	if (n < 0 && (errno == EOPNOTSUPP || errno == ENOSYS || errno == EINVAL))
		*cannot = true;
	return n >= 0 && (uint64_t)n == length;
}

bool medium_read_cached(struct medium *m, uint64_t offset, const struct iovec *pieces,
			unsigned count, uint64_t length)
{
	if (!m->overlay)
		return file_read_cached(m->fd, &m->no_cached_reads, offset, pieces, count, length);
	for (unsigned i = 0; i < count; i++) {
		if (!overlay_read_cached(m->overlay, m, offset, pieces[i].iov_base,
					 pieces[i].iov_len))
			return false;
		offset += pieces[i].iov_len;
	}
	return true;
}

int medium_write(struct medium *m, uint64_t offset, const struct iovec *pieces, unsigned count)
{
	int error = 0;

	identity_before_write(m);
	if (!m->overlay)
		return is_shrunk(m) ? MEDIUM_SHRUNK : transfer(m, true, offset, pieces, count);
	for (unsigned i = 0; i < count && !error; i++) {
		error = overlay_write(m->overlay, offset, pieces[i].iov_base, pieces[i].iov_len);
		offset += pieces[i].iov_len;
	}
	return error;
}

/* Linux reports a failed write-back to one fdatasync of a descriptor only, and may have dropped the
 * pages by then: the next one succeeds without them. Hence one flush at a time, and none after the
 * first that failed. */
static int flush(struct medium *m, int (*sync)(int fd))
{
	int error;

	if (m->nonpersistent || m->read_only)
		return 0;
	pthread_mutex_lock(&m->flush_lock);
	if (!m->flush_error && m->overlay)
		m->flush_error = layer_flush(m->overlay);
	if (!m->flush_error && (!m->overlay || sync == fsync) && sync(m->fd))
		m->flush_error = errno;
	error = m->flush_error;
	pthread_mutex_unlock(&m->flush_lock);
	return error;
}

int medium_flush(struct medium *m)
{
	return flush(m, fdatasync);
}

int medium_sync(struct medium *m)
{
	return flush(m, fsync);
}

/* Advice only: a file system that cannot keeps the bytes. */
int medium_discard(struct medium *m, uint64_t offset, uint64_t length)
{
	if (m->overlay || m->read_only || !m->regular || !length)
		return 0;
	identity_before_write(m);
	(void)!fallocate(m->fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, (off_t)offset,
			 (off_t)length);
	return 0;
}
