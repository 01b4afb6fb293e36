/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What was written to a medium whose own file is never written. Sectors lie at their own offsets in
 * a file (holes cost nothing) and a bit per sector says which are there. That of a nonpersistent
 * medium has no name from its birth, so that nothing survives the process however it ends; layers
 * (layer.c) are kept. What an overlay does not hold is read from the one below it.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "blk-raw.h"

#define CHUNK (1u << 20) /* bytes of one saved field */

static int open_anonymous(void)
{
	const char *folders[] = { getenv("TMPDIR"), "/var/tmp", "/tmp" };
	int fd;

	for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]); i++)
		if (folders[i] &&
		    (fd = open(folders[i], O_TMPFILE | O_RDWR | O_CLOEXEC | O_EXCL, 0600)) >= 0)
			return fd;
	return memfd_create("tessera-overlay", MFD_CLOEXEC);
}

void overlay_files_open(struct overlay_files *files)
{
	for (unsigned i = 0; i < OVERLAY_FILES; i++) {
		files->fd[i] = open_anonymous();
		if (files->fd[i] < 0)
			files->error = errno;
	}
}

void overlay_files_close(struct overlay_files *files)
{
	for (unsigned i = 0; i < OVERLAY_FILES; i++)
		if (files->fd[i] >= 0)
			close(files->fd[i]);
}

static int take_file(struct overlay_files *files)
{
	for (unsigned i = 0; i < OVERLAY_FILES; i++) {
		int fd = files->fd[i];

		if (fd < 0)
			continue;
		files->fd[i] = -1;
		return fd;
	}
	errno = files->error ? files->error : EBUSY;
	return -1;
}

/* Empty, as it was. */
static void give_back(struct overlay_files *files, int fd)
{
	bool empty = !ftruncate(fd, 0);

	for (unsigned i = 0; i < OVERLAY_FILES && empty; i++) {
		if (files->fd[i] >= 0)
			continue;
		files->fd[i] = fd;
		return;
	}
	close(fd);
}

struct overlay *overlay_new(uint64_t length)
{
	struct overlay *o = calloc(1, sizeof(*o));

	if (!o)
		return NULL;
	o->fd = -1;
	o->length = length;
	o->bits_length = (size_t)(length / SECTOR + 7) / 8;
	o->bits = mmap(NULL, o->bits_length, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (o->bits == MAP_FAILED) {
		free(o);
		return NULL;
	}
	pthread_mutex_init(&o->lock, NULL);
	return o;
}

struct overlay *overlay_create(struct overlay_files *files, uint64_t length,
			       struct tsr_error *error)
{
	struct overlay *o = overlay_new(length);

	if (!o) {
		tsr_error_set(error, TSR_ERROR_FAILED, "mode=nonpersistent: out of memory");
		return NULL;
	}
	o->files = files;
	o->fd = take_file(files);
	if (o->fd >= 0 && !ftruncate(o->fd, (off_t)length))
		return o;
	tsr_error_set(error, TSR_ERROR_IO,
		      "mode=nonpersistent: no temporary file for the changes: %s (is TMPDIR full?)",
		      strerror(errno));
	overlay_destroy(o);
	return NULL;
}

void overlay_destroy(struct overlay *o)
{
	while (o) {
		struct overlay *below = o->below;

		pthread_mutex_destroy(&o->lock);
		munmap(o->bits, o->bits_length);
		if (o->fd >= 0 && o->files)
			give_back(o->files, o->fd);
		else if (o->fd >= 0)
			close(o->fd);
		layer_free(o->layer);
		free(o);
		o = below;
	}
}

static bool bit(const struct overlay *o, uint64_t sector)
{
	return o->bits[sector / 8] >> (sector % 8) & 1;
}

/* How many sectors from `sector` on, before `end`, have the bit that `sector` has. Whole bytes at a
 * time where possible. */
static uint64_t run(const struct overlay *o, uint64_t sector, uint64_t end)
{
	bool value = bit(o, sector);
	uint8_t whole = value ? 0xff : 0;
	uint64_t at = sector;

	while (at < end) {
		if (at % 8 == 0 && o->bits[at / 8] == whole)
			at += 8;
		else if (bit(o, at) == value)
			at++;
		else
			break;
	}
	return (at < end ? at : end) - sector;
}

/* Zeros from `size` on, where the file ended when it was opened. */
static int read_all(int fd, uint64_t size, uint64_t offset, uint8_t *to, uint64_t length)
{
	while (length) {
		ssize_t n = pread(fd, to, length, (off_t)offset);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return errno;
		if (n == 0 && offset < size)
			return MEDIUM_SHRUNK;
		if (n == 0) {
			memset(to, 0, length);
			return 0;
		}
		to += n;
		offset += (uint64_t)n;
		length -= (uint64_t)n;
	}
	return 0;
}

static int write_all(int fd, uint64_t offset, const uint8_t *from, uint64_t length)
{
	while (length) {
		ssize_t n = pwrite(fd, from, length, (off_t)offset);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? errno : EIO;
		from += n;
		offset += (uint64_t)n;
		length -= (uint64_t)n;
	}
	return 0;
}

/* The part of a sector-aligned range that lies within one run; ranges inside a sector (segments of
 * odd sizes) count too. */
static uint64_t run_bytes(const struct overlay *o, uint64_t offset, uint64_t length)
{
	uint64_t end = (offset + length + SECTOR - 1) / SECTOR;
	uint64_t stop = (offset / SECTOR + run(o, offset / SECTOR, end)) * SECTOR;

	return stop - offset < length ? stop - offset : length;
}

static int read_run(struct overlay *o, struct medium *base, uint64_t offset, uint8_t *to,
		    uint64_t length)
{
	if (bit(o, offset / SECTOR))
		return read_all(o->fd, o->data_at + o->length, o->data_at + offset, to, length);
	return o->below ? overlay_read(o->below, base, offset, to, length)
			: read_all(base->base_fd, base->size, offset, to, length);
}

/* EAGAIN: not all of it is in the host's memory. */
static int read_run_cached(struct overlay *o, struct medium *base, uint64_t offset, uint8_t *to,
			   uint64_t length)
{
	struct iovec piece = { to, length };
	bool good;

	if (bit(o, offset / SECTOR))
		good = file_read_cached(o->fd, &o->no_cached_reads, o->data_at + offset, &piece, 1,
					length);
	else if (o->below)
		good = overlay_read_cached(o->below, base, offset, to, length);
	else
		good = file_read_cached(base->base_fd, &base->no_cached_reads, offset, &piece, 1,
					length);
	return good ? 0 : EAGAIN;
}

/* Run by run, with the lock held. */
static int read_runs(struct overlay *o, struct medium *base, uint64_t offset, uint8_t *to,
		     uint64_t length,
		     int (*read)(struct overlay *o, struct medium *base, uint64_t offset,
				 uint8_t *to, uint64_t length))
{
	int error = 0;

	while (length && !error) {
		uint64_t n = run_bytes(o, offset, length);

		error = read(o, base, offset, to, n);
		to += n;
		offset += n;
		length -= n;
	}
	return error;
}

int overlay_read(struct overlay *o, struct medium *base, uint64_t offset, void *to, uint64_t length)
{
	int error;

	pthread_mutex_lock(&o->lock);
	error = read_runs(o, base, offset, to, length, read_run);
	pthread_mutex_unlock(&o->lock);
	return error;
}

bool overlay_read_cached(struct overlay *o, struct medium *base, uint64_t offset, void *to,
			 uint64_t length)
{
	bool good;

	if (pthread_mutex_trylock(&o->lock))
		return false;
	good = !read_runs(o, base, offset, to, length, read_run_cached);
	pthread_mutex_unlock(&o->lock);
	return good;
}

static int mark(struct overlay *o, uint64_t offset, uint64_t length)
{
	uint64_t end = (offset + length + SECTOR - 1) / SECTOR;

	if (o->layer)
		return layer_mark(o, offset / SECTOR, end);
	for (uint64_t s = offset / SECTOR; s < end; s++) {
		o->written += !bit(o, s);
		o->bits[s / 8] |= (uint8_t)(1u << (s % 8));
	}
	return 0;
}

/* Whole requests are whole sectors; their pieces are written one after the other, so a sector cut
 * by two pieces is complete before the request is done. */
int overlay_write(struct overlay *o, uint64_t offset, const void *from, uint64_t length)
{
	int error;

	pthread_mutex_lock(&o->lock);
	error = write_all(o->fd, o->data_at + offset, from, length);
	if (!error)
		error = mark(o, offset, length);
	pthread_mutex_unlock(&o->lock);
	return error;
}

/* -- State: runs of written sectors, cut into fields of at most CHUNK bytes */

static int save_runs(struct overlay *o, struct tsr_state_writer *out, uint8_t *buffer)
{
	uint64_t end = o->length / SECTOR, count = 0;

	for (uint64_t s = 0, n; s < end; s += n) {
		int error;
		char name[32];

		n = run(o, s, end);
		if (!bit(o, s))
			continue;
		if (n > CHUNK / SECTOR)
			n = CHUNK / SECTOR;
		error = read_all(o->fd, o->length, s * SECTOR, buffer, n * SECTOR);
		if (error)
			return error;
		snprintf(name, sizeof(name), "run-%llu", (unsigned long long)count++);
		out->ops->begin(out, name);
		tsr_state_put_u64(out, "sector", s);
		tsr_state_put_bytes(out, "data", buffer, n * SECTOR);
		out->ops->end(out);
	}
	tsr_state_put_u64(out, "runs", count);
	tsr_state_put_u64(out, "sectors", o->written);
	return 0;
}

void overlay_save(struct overlay *o, struct tsr_state_writer *out)
{
	uint8_t *buffer = malloc(CHUNK);
	char why[160];
	int error;

	pthread_mutex_lock(&o->lock);
	out->ops->begin(out, "overlay");
	error = buffer ? save_runs(o, out, buffer) : ENOMEM;
	if (error) {
		snprintf(why, sizeof(why), "the changes of a nonpersistent medium: %s",
			 medium_reason(error));
		tsr_state_fail(out, why);
	}
	out->ops->end(out);
	pthread_mutex_unlock(&o->lock);
	free(buffer);
}

static bool load_run(struct overlay *o, struct tsr_state_reader *in, uint8_t *buffer)
{
	int64_t length = in->ops->length(in, "data");
	uint64_t sector;

	return tsr_state_get_u64(in, "sector", &sector) && length > 0 && length <= CHUNK &&
	       length % SECTOR == 0 && sector <= o->length / SECTOR &&
	       (uint64_t)length <= o->length - sector * SECTOR &&
	       tsr_state_get_bytes(in, "data", buffer, (size_t)length) &&
	       !overlay_write(o, sector * SECTOR, buffer, (uint64_t)length);
}

static bool load_runs(struct overlay *o, struct tsr_state_reader *in, uint8_t *buffer)
{
	uint64_t count, sectors;

	if (!tsr_state_get_u64(in, "runs", &count) || !tsr_state_get_u64(in, "sectors", &sectors))
		return false;
	for (uint64_t i = 0; i < count; i++) {
		char name[32];
		bool good;

		snprintf(name, sizeof(name), "run-%llu", (unsigned long long)i);
		if (!in->ops->begin(in, name))
			return false;
		good = load_run(o, in, buffer);
		in->ops->end(in);
		if (!good)
			return false;
	}
	return o->written == sectors;
}

bool overlay_load(struct overlay *o, struct tsr_state_reader *in, struct tsr_error *error)
{
	uint8_t *buffer = malloc(CHUNK);
	bool good = false;

	if (buffer && in->ops->begin(in, "overlay")) {
		good = load_runs(o, in, buffer);
		in->ops->end(in);
	}
	free(buffer);
	return good || tsr_state_damaged(error, "the changes of a nonpersistent medium");
}
