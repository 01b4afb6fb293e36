/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Calls of an isolated device: the turn goes to its process and comes back, with questions between.
 */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

#include "board/pci-config.h"
#include "isolation/proxy-parts.h"

#define CALL_S 10 /* longer than any host is busy; then the process counts as hanging */
#define CALL_MS (CALL_S * 1000)
#define REPORT_MS 10000
#define FORGIVEN_US (60 * G_USEC_PER_SEC)
#define CHAIN_MAX 65536 /* calls that lead to each other, at most */
#define REPEATS 3       /* of a call whose process is killed */

/* -- Messages */

void iso_message_init(struct iso_message *m, uint32_t what, uint32_t id)
{
	m->head = (struct iso_head){ .what = what, .id = id };
}

void iso_message_set_text(struct iso_message *m, const char *text)
{
	size_t length = MIN(strlen(text), ISO_DATA - 1);

	memcpy(m->data, text, length);
	m->head.length = (uint32_t)length;
}

const char *iso_message_text(struct iso_message *m)
{
	m->data[MIN(m->head.length, ISO_DATA - 1)] = 0;
	return (const char *)m->data;
}

/* -- The end of its process */

void iso_proxy_describe_end(const struct iso_proxy *p, char text[128])
{
	if (p->fault)
		snprintf(text, 128, "its process %s, and was ended", p->fault);
	else if (WIFSIGNALED(p->wait_status))
		snprintf(text, 128, "its process was ended by signal %d (%s)",
			 WTERMSIG(p->wait_status), g_strsignal(WTERMSIG(p->wait_status)));
	else
		snprintf(text, 128, "its process ended with status %d",
			 WEXITSTATUS(p->wait_status));
}

bool iso_proxy_is_innocent(const struct iso_proxy *p)
{
	return !p->fault && WIFSIGNALED(p->wait_status) && WTERMSIG(p->wait_status) == SIGKILL;
}

void iso_proxy_note_end(struct iso_proxy *p)
{
	uint64_t now = (uint64_t)g_get_monotonic_time();

	p->life = ISO_DEAD;
	if (now - p->end_began_us > FORGIVEN_US) {
		p->end_began_us = now;
		p->ends = p->failures = 0;
	}
	p->ends++;
	p->failures += !iso_proxy_is_innocent(p);
}

void iso_proxy_end(struct iso_proxy *p)
{
	bool is_gone = true, has_ended;

	has_ended = iso_process_has_ended(p->process, REPORT_MS, &p->wait_status, &is_gone);
	iso_proxy_note_end(p);
	if (!has_ended || is_gone)
		p->life = ISO_LOST;
}

void iso_proxy_kill(struct iso_proxy *p, const char *why)
{
	p->fault = why;
	iso_process_kill(p->process);
	iso_proxy_end(p);
}

void iso_proxy_break(struct iso_proxy *p, const char *why)
{
	if (p->life == ISO_ALIVE)
		iso_proxy_kill(p, why);
}

/* -- The configuration space of its PCI function is copied with the turn */

static void config_give(struct iso_proxy *p)
{
	uint8_t *from[3];

	if (!p->config_of)
		return;
	tsr_pci_function_get_pointers(p->config_of, from);
	for (unsigned i = 0; i < 3; i++) {
		memcpy(p->config[i], from[i], ISO_CONFIG);
		memcpy(p->process->shared->config[i], from[i], ISO_CONFIG);
	}
}

/* What the device has changed. A device that is made again says what it says at first, while the
 * guest has set up its function since. */
static void config_take(struct iso_proxy *p)
{
	uint8_t copy[ISO_CONFIG], *to[3];

	if (!p->config_of || p->is_rebuilding)
		return;
	tsr_pci_function_get_pointers(p->config_of, to);
	for (unsigned i = 0; i < 3; i++) {
		memcpy(copy, p->process->shared->config[i], ISO_CONFIG);
		if (memcmp(copy, p->config[i], ISO_CONFIG) == 0)
			continue;
		for (unsigned n = 0; n < ISO_CONFIG; n++) {
			if (copy[n] == p->config[i][n])
				continue;
			if (i == 0)
				p->t.pci->config_set(p->config_of, n, 1, copy[n]);
			else
				to[i][n] = copy[n];
		}
	}
}

/* -- Calls */

/* Whether the device had finished the call when its process ended: then the reply is there. */
static bool is_done(const struct iso_proxy *p)
{
	struct iso_shared *shared = p->process->shared;

	return p->depth == 1 && p->life != ISO_ALIVE && !p->fault && shared->call &&
	       atomic_load(&shared->done) >> ISO_DONE_SHIFT == p->calls;
}

/* Sends m, and makes it what comes back. */
static bool exchange(struct iso_proxy *p, struct iso_message *m, enum iso_kind kind)
{
	struct iso_shared *shared = p->process->shared;

	m->head.kind = kind;
	memcpy(&shared->message.head, &m->head, sizeof(m->head));
	memcpy(shared->message.data, m->data, m->head.length);
	config_give(p);
	shared->now_ns = p->t.clock->now(p->host);
	iso_give(shared, ISO_DEVICE);
	if (!iso_wait(shared, ISO_CORE, CALL_MS)) {
		if (atomic_load(&shared->ended))
			iso_proxy_end(p);
		else
			iso_proxy_break(p, "did not answer for " G_STRINGIFY(CALL_S) " seconds");
		if (!is_done(p))
			return false;
	}
	if (!iso_copy(m, &shared->message)) {
		iso_proxy_break(p, "sent what is no message");
		return false;
	}
	config_take(p);
	return true;
}

/* A call from outside that is to be kept when it is done. */
static uint64_t number(struct iso_proxy *p, const struct iso_message *m)
{
	return p->is_built && !p->is_rebuilding && m->head.what != ISO_SAVE ? ++p->calls : 0;
}

/* The call, and the questions that it leads to. */
static bool converse(struct iso_proxy *p, struct iso_message *m)
{
	enum iso_kind kind = ISO_CALL;

	while (exchange(p, m, kind)) {
		if (m->head.kind == ISO_REPLY)
			return true;
		if (m->head.kind != ISO_QUESTION || !p->reactions->answer(p, m)) {
			iso_proxy_break(p, "asked for what is not allowed");
			return false;
		}
		if (p->life != ISO_ALIVE) /* in a call that the answer has led to */
			return false;
		kind = ISO_ANSWER;
	}
	return false;
}

bool iso_proxy_call(struct iso_proxy *p, struct iso_message *m)
{
	bool good;

	if (p->life != ISO_ALIVE)
		return false;
	if (p->depth >= ISO_DEPTH || p->chained++ >= CHAIN_MAX) {
		iso_proxy_break(p, "calls without end");
		return false;
	}
	if (!p->depth)
		p->process->shared->call = number(p, m);
	p->depth++;
	good = converse(p, m);
	p->depth--;
	if (good && !p->depth && !p->reactions->take_posts(p))
		iso_proxy_break(p, "posted what is not allowed");
	return good;
}

/* Calls that can be made once more, of a process with the state from before them. */
static bool can_repeat(const struct iso_proxy *p, uint32_t what)
{
	return p->is_built && !p->depth && p->life == ISO_DEAD && iso_proxy_is_innocent(p) &&
	       (what == ISO_RESET || what >= ISO_READ);
}

static void revive(struct iso_proxy *p)
{
	if (p->life == ISO_DEAD && p->is_built && !p->depth && !p->is_rebuilding)
		p->reactions->revive(p);
}

/* Of a timer that has expired the state from before the call says that it will, so loading it has
 * set the timer once more. */
static void revive_for(struct iso_proxy *p, const struct iso_message *call)
{
	const struct iso_object *o;

	if (p->life != ISO_DEAD)
		return;
	revive(p);
	if (call->head.what != ISO_TIMER)
		return;
	o = g_ptr_array_index(p->objects, call->head.id);
	p->t.clock->cancel(o->timer);
}

/* After a call from outside or within another one: a process that ended in it has a successor. */
static void settle(struct iso_proxy *p)
{
	revive(p);
	if (!p->depth && !p->is_rebuilding)
		p->reactions->wake(p);
}

bool iso_proxy_tell(struct iso_proxy *p, struct iso_message *m)
{
	bool good;

	if (!p->depth) {
		g_byte_array_set_size(p->sent, 0);
		p->sent_again = 0;
	}
	good = iso_proxy_call(p, m);
	settle(p);
	return good;
}

bool iso_proxy_enter(struct iso_proxy *p, struct iso_message *m)
{
	struct iso_message first;
	bool good, again;

	iso_copy(&first, m);
	if (!p->depth)
		g_byte_array_set_size(p->sent, 0);
	for (unsigned i = 0;; i++) {
		revive_for(p, &first);
		if (!p->depth)
			p->sent_again = 0;
		good = iso_proxy_call(p, m);
		again = !good && i < REPEATS && can_repeat(p, first.head.what);
		if (!again)
			break;
		iso_copy(m, &first);
	}
	settle(p);
	return good;
}
