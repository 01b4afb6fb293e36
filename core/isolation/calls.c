/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Calls of an isolated device: the turn goes to its process and comes back, with questions between.
 */
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

#include "isolation/proxy-parts.h"

#define CALL_MS 10000 /* longer than any host is busy; then the process counts as hanging */
#define REPORT_MS 2000

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
	if (WIFSIGNALED(p->wait_status))
		snprintf(text, 128, "its process was ended by signal %d (%s)",
			 WTERMSIG(p->wait_status), g_strsignal(WTERMSIG(p->wait_status)));
	else
		snprintf(text, 128, "its process ended with status %d",
			 WEXITSTATUS(p->wait_status));
}

void iso_proxy_end(struct iso_proxy *p)
{
	bool is_gone = true;

	p->life = ISO_DEAD;
	p->ends++;
	if (!iso_process_has_ended(p->process, REPORT_MS, &p->wait_status, &is_gone) || is_gone)
		p->life = ISO_LOST;
}

void iso_proxy_break(struct iso_proxy *p, const char *why)
{
	static const char site;

	if (p->life != ISO_ALIVE)
		return;
	p->t.log->write(p->host, &site, TSR_LOG_WARNING, "its process %s, and is ended", why);
	iso_process_kill(p->process);
	iso_proxy_end(p);
}

/* -- The configuration space of its PCI function is copied with the turn */

static void config_pointers(const struct iso_proxy *p, uint8_t *out[3])
{
	out[0] = p->t.pci->config(p->config_of);
	out[1] = p->t.pci->write_mask(p->config_of);
	out[2] = p->t.pci->clear_mask(p->config_of);
}

static void config_give(struct iso_proxy *p)
{
	uint8_t *from[3];

	if (!p->config_of)
		return;
	config_pointers(p, from);
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
	config_pointers(p, to);
	for (unsigned i = 0; i < 3; i++) {
		memcpy(copy, p->process->shared->config[i], ISO_CONFIG);
		if (memcmp(copy, p->config[i], ISO_CONFIG) == 0)
			continue;
		for (unsigned n = 0; n < ISO_CONFIG; n++)
			if (copy[n] != p->config[i][n])
				to[i][n] = copy[n];
	}
}

/* -- Calls */

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
			iso_proxy_break(p, "does not answer");
		return false;
	}
	if (!iso_copy(m, &shared->message)) {
		iso_proxy_break(p, "sent what is no message");
		return false;
	}
	config_take(p);
	if (!p->reactions->take_posts(p))
		iso_proxy_break(p, "posted what is not allowed");
	return p->life == ISO_ALIVE;
}

bool iso_proxy_call(struct iso_proxy *p, struct iso_message *m)
{
	enum iso_kind kind = ISO_CALL;
	bool good = false;

	if (p->life != ISO_ALIVE || p->depth >= ISO_DEPTH) {
		if (p->depth >= ISO_DEPTH)
			iso_proxy_break(p, "calls without end");
		return false;
	}
	p->depth++;
	while (exchange(p, m, kind)) {
		good = m->head.kind == ISO_REPLY;
		if (good)
			break;
		if (m->head.kind != ISO_QUESTION || !p->reactions->answer(p, m)) {
			iso_proxy_break(p, "asked for what is not allowed");
			break;
		}
		if (p->life != ISO_ALIVE) /* in a call that the answer has led to */
			break;
		kind = ISO_ANSWER;
	}
	p->depth--;
	return good;
}

bool iso_proxy_enter(struct iso_proxy *p, struct iso_message *m)
{
	if (p->life == ISO_DEAD && !p->depth && !p->is_rebuilding)
		p->reactions->revive(p);
	if (!iso_proxy_call(p, m))
		return false;
	p->reactions->touch(p);
	return true;
}
