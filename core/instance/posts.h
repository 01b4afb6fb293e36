/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The signals that wait for the main loop. Any thread posts them; one source of low priority emits
 * them in their order, a few at a time, so that the main loop gets to everything else in between.
 *
 * A guest can post faster than the main loop emits. Therefore each topic, which is an instance and
 * what it tells, keeps its newest posts only: the oldest is dropped, and counted.
 */
#ifndef TSR_INSTANCE_POSTS_H
#define TSR_INSTANCE_POSTS_H

#include <stdint.h>

#include <tessera-glib/machine.h>

enum tsr_post_kind { TSR_POST_EVENT, TSR_POST_LINE, TSR_POST_PANIC, TSR_POST_STOPPED };

struct tsr_post {
	enum tsr_post_kind kind;
	const char *from;   /* instance or line; "": none */
	const char *event;  /* "" unless it is an event */
	const char *detail; /* or why */
	int number;         /* level or exit status */
};

#define TSR_POSTS_KEPT 64 /* of a topic */
/* Of the event "output": text of which no piece makes up for another. */
#define TSR_POSTS_OUTPUT_KEPT 4096

struct tsr_posts *tsr_posts_new(TsrMachine *m,
				void (*emit)(TsrMachine *m, const struct tsr_post *post));
/* From now on nothing can be posted: the machine is being freed. [main] */
void tsr_posts_close(struct tsr_posts *posts);
void tsr_posts_free(struct tsr_posts *posts);
/* Copies the strings. The machine lives at least until the post is emitted. [any] */
void tsr_posts_add(struct tsr_posts *posts, const struct tsr_post *post);
/* The number of posts that were dropped. [any] */
uint64_t tsr_posts_dropped(struct tsr_posts *posts);

#endif
