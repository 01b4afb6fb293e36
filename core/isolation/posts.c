/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What an isolated device posted: each function lets one post happen, false if it is not allowed.
 * `text` is the data with a 0 behind it. */
#include <string.h>

#include "isolation/proxy-parts.h"

#define SITE(p, id) (&(p)->sites[(id) % sizeof((p)->sites)])

struct post {
	const struct iso_head *head;
	const uint8_t *data;
	char *text;
};

static bool set_line(struct iso_proxy *p, const struct post *post)
{
	const struct iso_object *o = iso_objects_find(p, post->head->id, ISO_IRQ);

	if (o)
		tsr_irq_set(o->irq, post->head->a[0] != 0);
	return o != NULL;
}

static bool set_intx(struct iso_proxy *p, const struct post *post)
{
	const struct iso_object *o = iso_objects_find(p, post->head->id, ISO_FUNCTION);

	if (o)
		p->t.pci->set_intx(o->function, post->head->a[0] != 0);
	return o != NULL;
}

static bool pci_reset(struct iso_proxy *p, const struct post *post)
{
	const struct iso_object *o = iso_objects_find(p, post->head->id, ISO_FUNCTION);

	if (o)
		p->t.pci->reset(o->function);
	return o != NULL;
}

static bool arm(struct iso_proxy *p, const struct post *post)
{
	const struct iso_object *o = iso_objects_find(p, post->head->id, ISO_NEW_TIMER);

	if (o && post->head->what == ISO_ARM)
		p->t.clock->arm(o->timer, post->head->a[0]);
	else if (o)
		p->t.clock->cancel(o->timer);
	return o != NULL;
}

static bool place(struct iso_proxy *p, const struct post *post)
{
	const struct iso_object *o = iso_objects_find(p, post->head->id, ISO_CLAIM);

	o = o ? o : iso_objects_find(p, post->head->id, ISO_CLAIM_PORTS);
	if (o && post->head->what == ISO_MOVE)
		p->t.io->move(o->region, post->head->a[0]);
	else if (o)
		p->t.io->enable(o->region, post->head->a[0] != 0);
	return o != NULL;
}

static bool written(struct iso_proxy *p, const struct post *post)
{
	uint64_t size = p->t.memory->ram_size(p->host), at = post->head->a[0],
		 length = post->head->a[1];

	if (at > size || length > size - at)
		return false;
	p->t.dma->written(p->host, at, length);
	return true;
}

static bool send_frame(struct iso_proxy *p, const struct post *post)
{
	const struct iso_object *o = iso_objects_find(p, post->head->id, ISO_PEER);
	const struct tsr_net *net = o ? o->to.table : NULL;

	if (!o || o->peer != ISO_PEER_NET)
		return false;
	net->send(o->to.self, post->data, post->head->length);
	return true;
}

static bool go_on(struct iso_proxy *p, const struct post *post)
{
	const struct iso_object *o = iso_objects_find(p, post->head->id, ISO_PEER);

	if (!o || !o->peer)
		return false;
	if (o->peer == ISO_PEER_NET)
		((const struct tsr_net *)o->to.table)->ready(o->to.self);
	else
		((const struct tsr_chardev *)o->to.table)->ready(o->to.self);
	return true;
}

static bool write_log(struct iso_proxy *p, const struct post *post)
{
	p->t.log->write(p->host, SITE(p, post->head->id),
			(enum tsr_log_level)(post->head->a[0] & 0xff), "%s", post->text);
	return true;
}

/* Two texts, with a 0 between. */
static const char *second(const struct post *post)
{
	size_t length = strlen(post->text);

	return length < post->head->length ? post->text + length + 1 : "";
}

static bool emit(struct iso_proxy *p, const struct post *post)
{
	p->t.bus->emit(p->host, post->text, second(post));
	return true;
}

static bool set_string(struct iso_proxy *p, const struct post *post)
{
	p->t.properties->set_string(p->host, post->text, second(post));
	return true;
}

static bool switch_machine(struct iso_proxy *p, const struct post *post)
{
	if (post->head->what == ISO_POWER_OFF)
		p->t.machine->power_off(p->host);
	else if (post->head->what == ISO_ASK_RESET)
		p->t.machine->reset(p->host, (int)post->head->a[0]);
	else
		p->t.machine->stop(p->host, (int)post->head->a[0], post->text);
	return true;
}

static bool lack(struct iso_proxy *p, const struct post *post)
{
	g_free(p->lacks);
	p->lacks = g_utf8_make_valid(post->text, -1);
	return true;
}

/* -- State */

static void put(struct tsr_state_writer *w, const struct post *post)
{
	const struct iso_head *h = post->head;

	if (h->what == ISO_PUT_UINT)
		w->ops->uint(w, post->text, h->a[0], (unsigned)h->a[1]);
	else if (h->what == ISO_PUT_BYTES)
		w->ops->bytes(w, post->text, second(post), (size_t)h->a[0]);
	else if (h->what == ISO_PUT_BEGIN)
		w->ops->begin(w, post->text);
	else
		w->ops->end(w);
}

static bool put_field(struct iso_proxy *p, const struct post *post)
{
	const struct iso_head *h = post->head;
	size_t name = strlen(post->text);

	if (h->what == ISO_PUT_BYTES && (name >= h->length || h->a[0] != h->length - name - 1))
		return false;
	if (p->writer)
		put(p->writer, post);
	if (p->recording)
		iso_record_add(p->recording, h, post->data);
	return p->writer || p->recording;
}

static bool end_group(struct iso_proxy *p, const struct post *post)
{
	if (p->reader)
		p->reader->ops->end(p->reader);
	return p->reader != NULL;
}

static bool (*const posts[])(struct iso_proxy *p, const struct post *post) = {
	[ISO_SET_LINE] = set_line,
	[ISO_SET_INTX] = set_intx,
	[ISO_ARM] = arm,
	[ISO_CANCEL] = arm,
	[ISO_MOVE] = place,
	[ISO_ENABLE] = place,
	[ISO_PCI_RESET] = pci_reset,
	[ISO_WRITTEN] = written,
	[ISO_FRAME] = send_frame,
	[ISO_NEXT] = go_on,
	[ISO_LOG] = write_log,
	[ISO_EMIT] = emit,
	[ISO_SET_STRING] = set_string,
	[ISO_POWER_OFF] = switch_machine,
	[ISO_ASK_RESET] = switch_machine,
	[ISO_STOP] = switch_machine,
	[ISO_LACKS] = lack,
	[ISO_PUT_UINT] = put_field,
	[ISO_PUT_BYTES] = put_field,
	[ISO_PUT_BEGIN] = put_field,
	[ISO_PUT_END] = put_field,
	[ISO_GET_END] = end_group,
};

/* The byte behind a post's data is its padding's or the next head's, and is put back. */
static bool take(struct iso_proxy *p, const struct iso_head *head, uint8_t *data)
{
	uint8_t behind = data[head->length];
	struct post post = { head, data, (char *)data };
	bool good;

	if (head->what >= G_N_ELEMENTS(posts))
		return false;
	data[head->length] = 0;
	good = posts[head->what](p, &post);
	data[head->length] = behind;
	return good;
}

bool iso_proxy_take_posts(struct iso_proxy *p)
{
	struct iso_shared *shared = p->process->shared;
	uint32_t length = ((volatile struct iso_shared *)shared)->posted_length, at = 0;
	g_autofree uint8_t *copy = NULL;
	struct iso_head head;

	if (!length)
		return true;
	if (length > ISO_POSTED)
		return false;
	copy = g_malloc(length + 1);
	memcpy(copy, shared->posted, length);
	shared->posted_length = 0;
	while (at < length && p->life == ISO_ALIVE) {
		if (length - at < sizeof(head))
			return false;
		memcpy(&head, copy + at, sizeof(head));
		at += (uint32_t)sizeof(head);
		if (head.length > length - at || !take(p, &head, copy + at))
			return false;
		at += MIN(iso_padded(head.length), length - at);
	}
	return true;
}
