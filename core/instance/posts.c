/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See posts.h. */
#include "instance/posts.h"

#include "instance/machine-parts.h"

/* Replies to D-Bus calls are made at G_PRIORITY_DEFAULT and come first; a window is redrawn at
 * G_PRIORITY_HIGH_IDLE + 20, after this. */
#define PRIORITY (G_PRIORITY_DEFAULT + 10)
#define AT_A_TIME 16

struct topic {
	enum tsr_post_kind kind;
	const char *from, *event; /* interned */
	unsigned waiting, kept;
};

struct entry {
	struct topic *topic;
	char *detail;
	int number;
};

struct tsr_posts {
	TsrMachine *machine;
	void (*emit)(TsrMachine *m, const struct tsr_post *post);
	GMutex mutex; /* for the rest */
	GPtrArray *topics;
	GQueue waiting;  /* of struct entry */
	GSource *source; /* attached, will look at `waiting`; the context owns it */
	uint64_t dropped;
	bool closed;
};

struct tsr_posts *tsr_posts_new(TsrMachine *m,
				void (*emit)(TsrMachine *m, const struct tsr_post *post))
{
	struct tsr_posts *posts = g_new0(struct tsr_posts, 1);

	posts->machine = m;
	posts->emit = emit;
	g_mutex_init(&posts->mutex);
	posts->topics = g_ptr_array_new_with_free_func(g_free);
	g_queue_init(&posts->waiting);
	return posts;
}

static void entry_free(gpointer data)
{
	struct entry *entry = data;

	g_free(entry->detail);
	g_free(entry);
}

void tsr_posts_close(struct tsr_posts *posts)
{
	g_mutex_lock(&posts->mutex);
	posts->closed = true;
	g_mutex_unlock(&posts->mutex);
}

void tsr_posts_free(struct tsr_posts *posts)
{
	g_queue_clear_full(&posts->waiting, entry_free);
	g_ptr_array_unref(posts->topics);
	g_mutex_clear(&posts->mutex);
	g_free(posts);
}

/* -- Mutex held */

static struct topic *find_topic(struct tsr_posts *posts, const struct tsr_post *post)
{
	const char *from = g_intern_string(post->from), *event = g_intern_string(post->event);
	struct topic *topic;

	for (guint i = 0; i < posts->topics->len; i++) {
		topic = g_ptr_array_index(posts->topics, i);
		if (topic->kind == post->kind && topic->from == from && topic->event == event)
			return topic;
	}
	topic = g_new0(struct topic, 1);
	topic->kind = post->kind;
	topic->from = from;
	topic->event = event;
	topic->kept = g_str_equal(event, "output") ? TSR_POSTS_OUTPUT_KEPT : TSR_POSTS_KEPT;
	g_ptr_array_add(posts->topics, topic);
	return topic;
}

static void drop_oldest(struct tsr_posts *posts, struct topic *topic)
{
	for (GList *at = posts->waiting.head; at; at = at->next) {
		if (((struct entry *)at->data)->topic != topic)
			continue;
		entry_free(at->data);
		g_queue_delete_link(&posts->waiting, at);
		topic->waiting--;
		posts->dropped++;
		return;
	}
}

static struct entry *take(struct tsr_posts *posts)
{
	struct entry *entry = g_queue_pop_head(&posts->waiting);

	if (entry)
		entry->topic->waiting--;
	return entry;
}

/* -- Emitting */

static bool emit_next(struct tsr_posts *posts)
{
	g_mutex_lock(&posts->mutex);
	struct entry *entry = take(posts);
	g_mutex_unlock(&posts->mutex);
	if (!entry)
		return false;
	posts->emit(posts->machine, &(struct tsr_post){ .kind = entry->topic->kind,
							.from = entry->topic->from,
							.event = entry->topic->event,
							.detail = entry->detail,
							.number = entry->number });
	entry_free(entry);
	return true;
}

static gboolean on_idle(gpointer data)
{
	struct tsr_posts *posts = data;
	gboolean more;

	for (unsigned i = 0; i < AT_A_TIME && emit_next(posts); i++)
		;
	g_mutex_lock(&posts->mutex);
	/* A handler that ran the main loop may have ended this source; then there may be another.
	 */
	more = posts->source == g_main_current_source() && posts->waiting.length > 0;
	if (!more && posts->source == g_main_current_source())
		posts->source = NULL;
	g_mutex_unlock(&posts->mutex);
	return more;
}

static void source_done(gpointer data)
{
	g_object_unref(((struct tsr_posts *)data)->machine);
}

static void attach(struct tsr_posts *posts)
{
	GSource *source = g_idle_source_new();

	g_object_ref(posts->machine);
	g_source_set_priority(source, PRIORITY);
	g_source_set_can_recurse(source, TRUE);
	g_source_set_callback(source, on_idle, posts, source_done);
	posts->source = source;
	g_source_attach(source, posts->machine->context);
	g_source_unref(source);
}

static void add(struct tsr_posts *posts, const struct tsr_post *post)
{
	struct entry *entry = g_new0(struct entry, 1);

	entry->detail = g_strdup(post->detail);
	entry->number = post->number;
	entry->topic = find_topic(posts, post);
	if (entry->topic->waiting == entry->topic->kept)
		drop_oldest(posts, entry->topic);
	entry->topic->waiting++;
	g_queue_push_tail(&posts->waiting, entry);
	if (!posts->source)
		attach(posts);
	/* Clients that call without end must not keep the machine from ending. */
	if (post->kind == TSR_POST_STOPPED)
		g_source_set_priority(posts->source, G_PRIORITY_DEFAULT);
}

void tsr_posts_add(struct tsr_posts *posts, const struct tsr_post *post)
{
	g_mutex_lock(&posts->mutex);
	if (!posts->closed)
		add(posts, post);
	g_mutex_unlock(&posts->mutex);
}

uint64_t tsr_posts_dropped(struct tsr_posts *posts)
{
	uint64_t dropped;

	g_mutex_lock(&posts->mutex);
	dropped = posts->dropped;
	g_mutex_unlock(&posts->mutex);
	return dropped;
}
