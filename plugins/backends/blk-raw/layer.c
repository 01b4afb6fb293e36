/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A layer: an overlay in a file that is kept, in the format of tessera/draft/disk-layer.h, which
 * has the rules that make it whole after any end of its writer. All bits are in memory; a change of
 * them goes to the file's current bits at once, and with a flush to its stable bits.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "blk-raw.h"

#define PAGE TSR_LAYER_BITS /* of bits: what is copied to the stable ones as a whole */
#define PIECE 512u          /* bytes of bits that are changed at a time */

struct layer {
	struct tsr_layer_head head;
	struct tsr_layer_map map;
	struct tsr_layer_use use;
	bool trusted;   /* the current bits are right */
	uint8_t *dirty; /* per page of bits: the stable ones differ */
};

const struct tsr_layer_head *layer_head(const struct overlay *o)
{
	return &o->layer->head;
}

unsigned layer_depth(const struct overlay *o)
{
	unsigned depth = 0;

	for (; o; o = o->below)
		depth++;
	return depth;
}

void layer_free(struct layer *l)
{
	if (l)
		free(l->dirty);
	free(l);
}

void layer_get_boot(uint8_t boot[TSR_LAYER_ID])
{
	int fd = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
	char text[64] = "";
	unsigned digit = 0;

	memset(boot, 0, TSR_LAYER_ID);
	if (fd < 0)
		return;
	if (read(fd, text, sizeof(text) - 1) < 0)
		text[0] = 0;
	close(fd);
	for (const char *at = text; *at && digit < 2 * TSR_LAYER_ID; at++) {
		char one[2] = { *at, 0 }, *end;
		unsigned long value = strtoul(one, &end, 16);

		if (end == one)
			continue;
		boot[digit / 2] = (uint8_t)(boot[digit / 2] << 4 | value);
		digit++;
	}
}

static bool get(int fd, void *to, size_t length, uint64_t offset)
{
	ssize_t n = pread(fd, to, length, (off_t)offset);

	if (n >= 0 && (size_t)n < length)
		errno = EIO;
	return n == (ssize_t)length;
}

static bool put(int fd, const void *from, size_t length, uint64_t offset)
{
	ssize_t n = pwrite(fd, from, length, (off_t)offset);

	if (n >= 0 && (size_t)n < length)
		errno = ENOSPC;
	return n == (ssize_t)length;
}

/* -- Opening */

static bool is_trusted(const struct tsr_layer_use *use, const uint8_t boot[TSR_LAYER_ID])
{
	return use->clean || (!tsr_layer_is_none(boot) && !memcmp(use->boot, boot, TSR_LAYER_ID));
}

static void count_bits(struct overlay *o, const uint8_t *bits)
{
	for (unsigned i = 0; i < PAGE; i++)
		o->written += (unsigned)__builtin_popcount(bits[i]);
}

/* Untouched memory stays so: a page of zeros is not copied. */
static bool load_page(struct overlay *o, bool writable, uint64_t page)
{
	static const uint8_t zeros[PAGE];
	struct layer *l = o->layer;
	uint64_t at = page * PAGE, room = o->bits_length - at;
	uint8_t current[PAGE], stable[PAGE];

	if (!get(o->fd, current, PAGE, TSR_LAYER_BITS + at) ||
	    !get(o->fd, stable, PAGE, l->map.stable_at + at))
		return false;
	if (memcmp(current, stable, PAGE) != 0) {
		l->dirty[page] = l->trusted;
		if (!l->trusted && writable && !put(o->fd, stable, PAGE, TSR_LAYER_BITS + at))
			return false;
		if (!l->trusted)
			memcpy(current, stable, PAGE);
	}
	if (!memcmp(current, zeros, PAGE))
		return true;
	memcpy(o->bits + at, current, room < PAGE ? room : PAGE);
	count_bits(o, current);
	return true;
}

static bool load(struct overlay *o, bool writable, const uint8_t boot[TSR_LAYER_ID])
{
	struct tsr_layer_use *use = &o->layer->use;

	if (!get(o->fd, use, sizeof(*use), TSR_LAYER_USE))
		return false;
	o->layer->trusted = is_trusted(use, boot);
	memcpy(use->boot, boot, TSR_LAYER_ID);
	for (uint64_t page = 0; page < o->layer->map.bits_size / PAGE; page++)
		if (!load_page(o, writable, page))
			return false;
	return true;
}

static bool read_head(int fd, struct tsr_layer_head *head, const char *name,
		      struct tsr_error *error)
{
	struct stat st;

	if (fstat(fd, &st) || (S_ISREG(st.st_mode) && st.st_size >= (off_t)TSR_LAYER_ALIGN &&
			       !get(fd, head, sizeof(*head), 0)))
		return tsr_error_set(error, TSR_ERROR_IO, "%s: %s", name, strerror(errno));
	if (S_ISREG(st.st_mode) && st.st_size >= (off_t)TSR_LAYER_ALIGN &&
	    tsr_layer_check(head, (uint64_t)st.st_size))
		return true;
	return tsr_error_set(error, TSR_ERROR_INVALID,
			     "%s is not a layer of a disk, is damaged, or is of another version of "
			     "Tessera",
			     name);
}

static struct overlay *make(int fd, const struct tsr_layer_head *head)
{
	struct overlay *o = overlay_new(tsr_layer_round(head->disk_size, SECTOR));
	struct layer *l = o ? calloc(1, sizeof(*l)) : NULL;

	if (!l) {
		overlay_destroy(o);
		return NULL;
	}
	o->layer = l;
	l->head = *head;
	l->map = tsr_layer_map_of(head->disk_size);
	l->dirty = calloc(1, l->map.bits_size / PAGE);
	o->data_at = l->map.data_at;
	if (!l->dirty) {
		overlay_destroy(o);
		return NULL;
	}
	o->fd = fd;
	return o;
}

struct overlay *layer_open(int fd, bool writable, const uint8_t boot[TSR_LAYER_ID],
			   const char *name, struct tsr_error *error)
{
	struct tsr_layer_head head = { .disk_size = 0 };
	struct overlay *o = NULL;

	if (!read_head(fd, &head, name, error) || !medium_lock_file(fd, name, writable, error)) {
		close(fd);
		return NULL;
	}
	o = make(fd, &head);
	if (!o) {
		close(fd);
		tsr_error_set(error, TSR_ERROR_FAILED, "%s: out of memory", name);
		return NULL;
	}
	if (load(o, writable, boot))
		return o;
	tsr_error_set(error, TSR_ERROR_IO, "%s: %s", name, strerror(errno));
	overlay_destroy(o);
	return NULL;
}

static int open_path(const char *path, bool writable, struct tsr_error *error)
{
	int fd = open(path, O_CLOEXEC | O_NOCTTY | O_NONBLOCK | (writable ? O_RDWR : O_RDONLY));

	if (fd < 0)
		tsr_error_set(error, errno == ENOENT ? TSR_ERROR_NOT_FOUND : TSR_ERROR_IO, "%s: %s",
			      path, strerror(errno));
	return fd;
}

/* The path of the parent, in the folder of `path`; false: too long. */
static bool parent_path(const char *path, const struct overlay *o, char out[4096])
{
	const char *slash = strrchr(path, '/');
	int folder = slash ? (int)(slash - path) + 1 : 0;
	char name[TSR_LAYER_NAME];

	tsr_layer_name(layer_head(o)->parent, name);
	return snprintf(out, 4096, "%.*s%s", folder, path, name) < 4096;
}

static bool add_parent(struct overlay **bottom, const char *path, const uint8_t *boot,
		       struct tsr_error *error)
{
	char parent[4096];
	int fd;

	if (!parent_path(path, *bottom, parent))
		return tsr_error_set(error, TSR_ERROR_INVALID, "%s: the path is too long", path);
	fd = open_path(parent, false, error);
	if (fd < 0)
		return false;
	(*bottom)->below = layer_open(fd, false, boot, parent, error);
	if (!(*bottom)->below)
		return false;
	if ((*bottom)->below->length != (*bottom)->length ||
	    memcmp(layer_head((*bottom)->below)->id, layer_head(*bottom)->parent, TSR_LAYER_ID))
		return tsr_error_set(error, TSR_ERROR_INVALID,
				     "%s is not the layer that its name says", parent);
	*bottom = (*bottom)->below;
	return true;
}

struct overlay *layer_open_chain(const char *path, int fd, bool writable,
				 const uint8_t boot[TSR_LAYER_ID], struct tsr_error *error)
{
	struct overlay *top = NULL, *bottom;

	if (fd < 0)
		fd = open_path(path, writable, error);
	if (fd >= 0)
		top = layer_open(fd, writable, boot, path, error);
	bottom = top;
	for (unsigned depth = 1; bottom && !tsr_layer_is_none(layer_head(bottom)->parent);
	     depth++) {
		if (depth < TSR_LAYER_DEPTH_MAX && add_parent(&bottom, path, boot, error))
			continue;
		if (depth >= TSR_LAYER_DEPTH_MAX)
			tsr_error_set(error, TSR_ERROR_INVALID, "%s has more than %u layers", path,
				      TSR_LAYER_DEPTH_MAX);
		overlay_destroy(top);
		return NULL;
	}
	return top;
}

/* -- Writing */

/* The file's bits change before those in memory: what could not be written is tried again with the
 * next write of the same sector. */
static int mark_piece(struct overlay *o, uint64_t first, uint64_t end)
{
	uint64_t at = first / 8, length = (end - 1) / 8 - at + 1, added = 0;
	uint8_t piece[PIECE];

	memcpy(piece, o->bits + at, length);
	for (uint64_t s = first; s < end; s++) {
		uint8_t mask = (uint8_t)(1u << (s % 8)), *byte = &piece[s / 8 - at];

		added += !(*byte & mask);
		*byte |= mask;
	}
	if (!added)
		return 0;
	if (!put(o->fd, piece, length, TSR_LAYER_BITS + at))
		return errno;
	memcpy(o->bits + at, piece, length);
	o->written += added;
	o->layer->dirty[at / PAGE] = o->layer->dirty[(at + length - 1) / PAGE] = 1;
	return 0;
}

int layer_mark(struct overlay *o, uint64_t first, uint64_t end)
{
	int error = 0;

	while (first < end && !error) {
		uint64_t stop = tsr_layer_round(first + 1, 8u * PIECE);

		stop = stop < end ? stop : end;
		error = mark_piece(o, first, stop);
		first = stop;
	}
	return error;
}

struct page {
	uint64_t at; /* in the bits */
	uint8_t bits[PAGE];
};

static uint64_t count_dirty(const struct overlay *o)
{
	uint64_t count = 0;

	for (uint64_t page = 0; page < o->layer->map.bits_size / PAGE; page++)
		count += o->layer->dirty[page];
	return count;
}

/* The dirty pages as they are now, which are clean from now on. False: out of memory. */
static bool take_dirty(struct overlay *o, struct page **pages, uint64_t *count)
{
	struct page *next;

	*count = count_dirty(o);
	*pages = next = *count ? calloc(*count, sizeof(**pages)) : NULL;
	if (!next)
		return !*count;
	for (uint64_t page = 0; page < o->layer->map.bits_size / PAGE; page++) {
		uint64_t at = page * PAGE, room = o->bits_length - at;

		if (!o->layer->dirty[page])
			continue;
		o->layer->dirty[page] = 0;
		next->at = at;
		memcpy(next++->bits, o->bits + at, room < PAGE ? room : PAGE);
	}
	return true;
}

static int put_stable(struct overlay *o, const struct page *pages, uint64_t count)
{
	for (uint64_t i = 0; i < count; i++)
		if (!put(o->fd, pages[i].bits, PAGE, o->layer->map.stable_at + pages[i].at))
			return errno;
	return count && fdatasync(o->fd) ? errno : 0;
}

/* After an error no flush of the medium succeeds any more: that pages were taken does not matter.
 */
int layer_flush(struct overlay *o)
{
	struct page *pages;
	uint64_t count;
	bool taken;
	int error;

	pthread_mutex_lock(&o->lock);
	taken = take_dirty(o, &pages, &count);
	pthread_mutex_unlock(&o->lock);
	if (!taken)
		return ENOMEM;
	error = fdatasync(o->fd) ? errno : put_stable(o, pages, count);
	free(pages);
	return error;
}

const struct tsr_layer_use *layer_use(const struct overlay *o)
{
	return &o->layer->use;
}

static int put_use(const struct overlay *o)
{
	if (!put(o->fd, &o->layer->use, sizeof(o->layer->use), TSR_LAYER_USE) || fdatasync(o->fd))
		return errno;
	return 0;
}

int layer_set_clean(struct overlay *o, bool clean)
{
	o->layer->use.in_use = 1;
	o->layer->use.clean = clean;
	return put_use(o);
}

int layer_set_generation(struct overlay *o, const uint8_t generation[TSR_LAYER_ID],
			 uint64_t time_ns)
{
	memcpy(o->layer->use.generation, generation, TSR_LAYER_ID);
	o->layer->use.time_ns = time_ns;
	return put_use(o);
}
