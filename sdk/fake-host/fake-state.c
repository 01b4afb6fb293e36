/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Device state in memory: a flat list of fields with paths. */
#include "fake-private.h"

struct field {
	char path[160];
	bool is_bytes;
	unsigned width; /* of an integer */
	uint64_t value;
	uint8_t *data;
	size_t length;
};

struct fake_state {
	struct field *fields;
	unsigned count;
};

struct cursor {
	struct fake_state *state;
	char prefix[128]; /* "group/" */
};

struct writer {
	struct tsr_state_writer base;
	struct cursor at;
};

struct reader {
	struct tsr_state_reader base;
	struct cursor at;
};

static struct field *find(struct fake_state *s, const char *path)
{
	for (unsigned i = 0; i < s->count; i++)
		if (strcmp(s->fields[i].path, path) == 0)
			return &s->fields[i];
	return NULL;
}

static struct field *at_name(struct cursor *at, const char *name)
{
	char path[160];

	snprintf(path, sizeof(path), "%s%s", at->prefix, name);
	return find(at->state, path);
}

static void enter(struct cursor *at, const char *group)
{
	size_t used = strlen(at->prefix);

	if (used + strlen(group) + 2 > sizeof(at->prefix))
		fake_die("state groups nest too deep at %s", group);
	snprintf(at->prefix + used, sizeof(at->prefix) - used, "%s/", group);
}

static void leave(struct cursor *at)
{
	size_t used = strlen(at->prefix);

	if (!used)
		fake_die("state: end without begin");
	for (used--; used && at->prefix[used - 1] != '/'; used--)
		;
	at->prefix[used] = 0;
}

/* -- writer */

static struct field *add(struct tsr_state_writer *w, const char *name)
{
	struct cursor *at = &((struct writer *)w)->at;
	struct fake_state *s = at->state;
	struct field *f;

	if (!name || !*name || strchr(name, '/'))
		fake_die("state: bad field name");
	if (at_name(at, name))
		fake_die("state: field %s%s written twice", at->prefix, name);
	s->fields = realloc(s->fields, (s->count + 1) * sizeof(*s->fields));
	f = &s->fields[s->count++];
	memset(f, 0, sizeof(*f));
	snprintf(f->path, sizeof(f->path), "%s%s", at->prefix, name);
	return f;
}

static void write_uint(struct tsr_state_writer *w, const char *name, uint64_t value, unsigned bytes)
{
	struct field *f = add(w, name);

	f->width = bytes;
	f->value = bytes == 8 ? value : value & ((1ull << (bytes * 8)) - 1);
}

static void write_bytes(struct tsr_state_writer *w, const char *name, const void *data,
			size_t length)
{
	struct field *f = add(w, name);

	f->is_bytes = true;
	f->length = length;
	f->data = malloc(length + 1);
	if (length)
		memcpy(f->data, data, length);
}

static void write_begin(struct tsr_state_writer *w, const char *group)
{
	enter(&((struct writer *)w)->at, group);
}

static void write_end(struct tsr_state_writer *w)
{
	leave(&((struct writer *)w)->at);
}

static const struct tsr_state_writer_ops writer_ops = {
	.size = sizeof(writer_ops),
	.uint = write_uint,
	.bytes = write_bytes,
	.begin = write_begin,
	.end = write_end,
};

/* -- reader */

static bool read_uint(struct tsr_state_reader *r, const char *name, uint64_t *out, unsigned bytes)
{
	struct field *f = at_name(&((struct reader *)r)->at, name);

	if (!f || f->is_bytes || f->width != bytes)
		return false;
	*out = f->value;
	return true;
}

static bool read_bytes(struct tsr_state_reader *r, const char *name, void *data, size_t length)
{
	struct field *f = at_name(&((struct reader *)r)->at, name);

	if (!f || !f->is_bytes || f->length != length)
		return false;
	if (length)
		memcpy(data, f->data, length);
	return true;
}

static int64_t read_length(struct tsr_state_reader *r, const char *name)
{
	struct field *f = at_name(&((struct reader *)r)->at, name);

	return f && f->is_bytes ? (int64_t)f->length : -1;
}

static bool read_begin(struct tsr_state_reader *r, const char *group)
{
	struct cursor *at = &((struct reader *)r)->at;
	char prefix[160];

	snprintf(prefix, sizeof(prefix), "%s%s/", at->prefix, group);
	for (unsigned i = 0; i < at->state->count; i++)
		if (strncmp(at->state->fields[i].path, prefix, strlen(prefix)) == 0) {
			enter(at, group);
			return true;
		}
	return false;
}

static void read_end(struct tsr_state_reader *r)
{
	leave(&((struct reader *)r)->at);
}

static const struct tsr_state_reader_ops reader_ops = {
	.size = sizeof(reader_ops),
	.uint = read_uint,
	.bytes = read_bytes,
	.length = read_length,
	.begin = read_begin,
	.end = read_end,
};

/* -- for tests */

struct fake_state *fake_state_of(void (*save)(void *self, struct tsr_state_writer *out), void *self)
{
	struct fake_state *s = calloc(1, sizeof(*s));
	struct writer w = { .base.ops = &writer_ops, .at.state = s };

	if (save)
		save(self, &w.base);
	if (w.at.prefix[0])
		fake_die("save left group %s open", w.at.prefix);
	return s;
}

bool fake_state_give(struct fake_state *state, uint32_t version,
		     bool (*load)(void *self, struct tsr_state_reader *in, struct tsr_error *error),
		     void *self, struct tsr_error *error)
{
	struct reader r = { .base = { .ops = &reader_ops, .version = version }, .at.state = state };
	bool ok = !load || load(self, &r.base, error);

	if (ok && r.at.prefix[0])
		fake_die("load left group %s open", r.at.prefix);
	return ok;
}

struct fake_state *fake_device_save(void *self)
{
	return fake_state_of(fake_device_find(self)->class->save, self);
}

bool fake_device_load(void *self, struct fake_state *state, uint32_t version,
		      struct tsr_error *error)
{
	return fake_state_give(state, version, fake_device_find(self)->class->load, self, error);
}

static bool same(const struct field *a, const struct field *b)
{
	if (!b || a->is_bytes != b->is_bytes || a->width != b->width || a->value != b->value ||
	    a->length != b->length)
		return false;
	return !a->is_bytes || memcmp(a->data, b->data, a->length) == 0;
}

bool fake_state_same(const struct fake_state *a, struct fake_state *b)
{
	for (unsigned i = 0; i < a->count; i++)
		if (!same(&a->fields[i], find(b, a->fields[i].path))) {
			fprintf(stderr, "the saved field %s differs\n", a->fields[i].path);
			return false;
		}
	return a->count == b->count;
}

bool fake_device_round_trip(void *self)
{
	struct fake_state *before = fake_device_save(self), *after;
	struct tsr_error error = { 0 };
	bool ok;

	fake_device_reset(self, TSR_RESET_POWER_ON);
	ok = fake_device_load(self, before, fake_device_find(self)->state_version, &error);
	if (!ok)
		fprintf(stderr, "round trip: load refused: %s\n", error.message);
	after = fake_device_save(self);
	ok = ok && fake_state_same(before, after);
	fake_state_free(before);
	fake_state_free(after);
	return ok;
}

void fake_state_free(struct fake_state *state)
{
	for (unsigned i = 0; i < state->count; i++)
		free(state->fields[i].data);
	free(state->fields);
	free(state);
}

const char *fake_state_path(const struct fake_state *state, unsigned number)
{
	return state->count ? state->fields[number % state->count].path : "";
}

bool fake_state_remove(struct fake_state *state, const char *path)
{
	struct field *f = find(state, path);

	if (!f)
		return false;
	free(f->data);
	*f = state->fields[--state->count];
	return true;
}

bool fake_state_set(struct fake_state *state, const char *path, uint64_t value)
{
	struct field *f = find(state, path);

	if (!f || f->is_bytes)
		return false;
	f->value = value;
	return true;
}

void fake_state_scramble(struct fake_state *state, uint64_t seed)
{
	for (unsigned i = 0; i < state->count; i++) {
		struct field *f = &state->fields[i];

		f->value = fake_random(&seed) >> (fake_random(&seed) % 64);
		if (f->width && f->width < 8)
			f->value &= (1ull << (f->width * 8)) - 1;
		for (size_t n = 0; n < f->length; n++)
			f->data[n] = fake_random(&seed);
	}
}
