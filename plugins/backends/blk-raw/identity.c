/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * By what the contents of a medium are known again when a state is loaded. A state that meets other
 * contents than its guest remembers destroys the file system on them.
 *
 * 1. A file has a generation in the extended attribute `user.tessera.generation`: a random number,
 *    drawn when a state is saved, replaced by the word `written` before the first write after that.
 *    It goes with a copy that keeps extended attributes (cp -a), and no two copies that were
 *    changed since have the same.
 * 2. Its size and the time of its last change tell of other programs' writes, and of ours where the
 *    file system has no extended attributes. fdatasync does not put that time on stable storage;
 *    hence the fsync when a state is saved, and the one that follows the word `written`.
 * 3. Of a block device only the size is known.
 * 4. A layer has the generation, and a time with it, in its own head, so that they are there on any
 *    file system. A medium with layers has the contents of the topmost one that is not empty: an
 *    empty layer above a snapshot is what the snapshot's state is of.
 *
 * The path is no part of it: a folder with a machine, its media and its states can be moved.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <time.h>
#include <unistd.h>

#include "blk-raw.h"

#define GENERATION "user.tessera.generation"
#define GENERATION_BYTES 16
#define GENERATION_TEXT (2 * GENERATION_BYTES + 1)
static const char written[] = "written";

struct identity {
	char path[4096];
	uint64_t size; /* bytes */
	bool regular;  /* the rest is known */
	uint64_t mtime;
	uint32_t mtime_ns;
	char generation[GENERATION_TEXT]; /* "": none */
};

static bool is_writer(const struct medium *m)
{
	return !m->nonpersistent && !m->read_only;
}

static void read_generation(int fd, char text[GENERATION_TEXT])
{
	ssize_t length = fgetxattr(fd, GENERATION, text, GENERATION_TEXT - 1);

	text[length > 0 ? length : 0] = 0;
}

static bool write_generation(const struct medium *m, const char *text)
{
	return !fsetxattr(m->fd, GENERATION, text, strlen(text), 0);
}

static void print(const uint8_t bytes[GENERATION_BYTES], char text[GENERATION_TEXT])
{
	for (unsigned i = 0; i < GENERATION_BYTES; i++)
		snprintf(text + 2 * (size_t)i, 3, "%02x", bytes[i]);
}

/* Not the machine's source of random numbers, which repeats itself in deterministic machines. No
 * guest sees it. */
static bool draw(uint8_t bytes[GENERATION_BYTES])
{
	return getrandom(bytes, GENERATION_BYTES, 0) == GENERATION_BYTES;
}

/* The layer that is written; NULL: it is the file. */
static struct overlay *written_layer(const struct medium *m)
{
	return m->overlay && m->overlay->layer ? m->overlay : NULL;
}

void identity_open(struct medium *m)
{
	char text[GENERATION_TEXT];

	if (!is_writer(m) || !m->regular)
		return;
	if (written_layer(m)) {
		atomic_store(&m->sealed,
			     !tsr_layer_is_none(layer_use(written_layer(m))->generation));
		return;
	}
	read_generation(m->fd, text);
	atomic_store(&m->sealed, text[0] && strcmp(text, written) != 0);
}

/* 0 or an error. */
static int break_seal(struct medium *m)
{
	static const uint8_t none[TSR_LAYER_ID];

	if (written_layer(m))
		return layer_set_generation(written_layer(m), none, 0);
	return write_generation(m, written) && fsync(m->fd) ? errno : 0;
}

void identity_before_write(struct medium *m)
{
	if (!atomic_load_explicit(&m->sealed, memory_order_acquire))
		return;
	pthread_mutex_lock(&m->flush_lock);
	if (atomic_load(&m->sealed)) {
		int error = break_seal(m);

		if (error && !m->flush_error)
			m->flush_error = error;
		atomic_store_explicit(&m->sealed, false, memory_order_release);
	}
	pthread_mutex_unlock(&m->flush_lock);
}

static int seal_layer(struct overlay *o, const uint8_t generation[GENERATION_BYTES])
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return layer_set_generation(o, generation,
				    (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec);
}

int identity_seal(struct medium *m)
{
	uint8_t bytes[GENERATION_BYTES];
	char text[GENERATION_TEXT];

	if (!is_writer(m))
		return 0;
	if (m->regular && !atomic_load(&m->sealed) && draw(bytes)) {
		print(bytes, text);
		atomic_store(&m->sealed, written_layer(m) ? !seal_layer(written_layer(m), bytes)
							  : write_generation(m, text));
	}
	return medium_sync(m);
}

/* -- In a state */

/* One that is not written any more, and that no state was saved with, has its id. */
static void take_layer(const struct overlay *o, struct identity *id)
{
	const struct tsr_layer_use *use = layer_use(o);

	print(tsr_layer_is_none(use->generation) ? layer_head(o)->id : use->generation,
	      id->generation);
	id->mtime = use->time_ns / 1000000000u;
	id->mtime_ns = (uint32_t)(use->time_ns % 1000000000u);
}

static bool take(const struct medium *m, struct identity *id)
{
	const struct overlay *layer = medium_contents(m);
	struct stat st;

	*id = (struct identity){ .size = m->size, .regular = m->regular };
	snprintf(id->path, sizeof(id->path), "%s", m->path);
	if (!m->regular)
		return true;
	if (layer)
		take_layer(layer, id);
	if (layer)
		return true;
	if (fstat(m->base_fd, &st))
		return false;
	id->size = (uint64_t)st.st_size;
	id->mtime = (uint64_t)st.st_mtim.tv_sec;
	id->mtime_ns = (uint32_t)st.st_mtim.tv_nsec;
	read_generation(m->base_fd, id->generation);
	return true;
}

bool identity_put(const struct medium *m, struct tsr_state_writer *out)
{
	struct identity id;

	if (!take(m, &id))
		return false;
	if (!strcmp(id.generation, written)) /* a file that cannot be given another */
		id.generation[0] = 0;
	tsr_state_put_bytes(out, "path", id.path, strlen(id.path));
	tsr_state_put_u64(out, "size", id.size);
	tsr_state_put_bool(out, "regular", id.regular);
	tsr_state_put_u64(out, "mtime", id.mtime);
	tsr_state_put_u32(out, "mtime-ns", id.mtime_ns);
	tsr_state_put_bytes(out, "generation", id.generation, strlen(id.generation));
	return true;
}

static bool get_text(struct tsr_state_reader *in, const char *name, char *text, size_t room)
{
	int64_t length = in->ops->length(in, name);

	return length >= 0 && length < (int64_t)room &&
	       tsr_state_get_bytes(in, name, text, (size_t)length);
}

static bool get(struct tsr_state_reader *in, struct identity *id)
{
	*id = (struct identity){ 0 };
	return get_text(in, "path", id->path, sizeof(id->path)) &&
	       tsr_state_get_u64(in, "size", &id->size) &&
	       tsr_state_get_bool(in, "regular", &id->regular) &&
	       tsr_state_get_u64(in, "mtime", &id->mtime) &&
	       tsr_state_get_u32(in, "mtime-ns", &id->mtime_ns) &&
	       get_text(in, "generation", id->generation, sizeof(id->generation));
}

/* Programs that copy a file's times may keep whole seconds only. Nobody who writes later leaves a
 * time that is earlier. */
static bool same_time(const struct identity *saved, const struct identity *now)
{
	return saved->mtime == now->mtime &&
	       (saved->mtime_ns == now->mtime_ns || now->mtime_ns == 0);
}

static void print_time(const struct identity *id, char text[64])
{
	time_t seconds = (time_t)id->mtime;
	struct tm tm;
	size_t length;

	length = localtime_r(&seconds, &tm) ? strftime(text, 64, "%Y-%m-%d %H:%M:%S", &tm) : 0;
	snprintf(text + length, 64 - length, ".%09u", id->mtime_ns);
}

/* Whether the contents are the same; otherwise `why`. */
static bool same(const struct identity *saved, const struct identity *now, char *why, size_t room)
{
	char then[64], later[64];

	if (!saved->regular || !now->regular)
		return true;
	if (saved->generation[0] && now->generation[0] &&
	    strcmp(saved->generation, now->generation) != 0) {
		snprintf(why, room, "was written by a guest after the state was saved");
		return false;
	}
	if (same_time(saved, now))
		return true;
	print_time(saved, then);
	print_time(now, later);
	snprintf(why, room, "was changed at %s, and in the state it is of %s", later, then);
	return false;
}

bool identity_check(const struct medium *m, struct tsr_state_reader *in, char *warning, size_t room,
		    struct tsr_error *error)
{
	struct identity saved, now;
	char why[256];

	if (!get(in, &saved))
		return tsr_state_damaged(error, "the medium");
	if (!take(m, &now))
		return tsr_error_set(error, TSR_ERROR_IO, "%s: %s", m->path, strerror(errno));
	if (saved.size != now.size)
		return tsr_error_set(error, TSR_ERROR_IO,
				     "%.200s had %llu bytes when the state was saved and has %llu "
				     "now",
				     m->path, (unsigned long long)saved.size,
				     (unsigned long long)now.size);
	if (same(&saved, &now, why, sizeof(why)))
		return true;
	if (!m->read_only || strcmp(saved.path, now.path) != 0)
		return tsr_error_set(error, TSR_ERROR_CONFLICT, "%.200s %s", m->path, why);
	snprintf(warning, room, "%.200s %s; it is read-only, so nothing can be lost", m->path, why);
	return true;
}
