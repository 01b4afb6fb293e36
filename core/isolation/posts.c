/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What an isolated device posted: each function lets one post happen, false if it is not allowed.
 * `text` is the data with a 0 behind it. */
#include <string.h>

#include "isolation/proxy-parts.h"

#define WAITING_MAX (64 * ISO_POSTED) /* bytes of posts that wait for others */
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

	if (o && !p->is_rebuilding) /* the guest has set it up */
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
	const struct iso_object *o = iso_objects_get(p, post->head->id);

	if (!o || !o->region)
		return false;
	if (post->head->what == ISO_MOVE)
		p->t.io->move(o->region, post->head->a[0]);
	else
		p->t.io->enable(o->region, post->head->a[0] != 0);
	return true;
}

static bool dma(struct iso_proxy *p, const struct post *post)
{
	p->t.dma->write(iso_proxy_dma_host(p, post->head), post->head->a[0], post->data,
			post->head->length);
	return true;
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

	if (!o || !o->peer || o->peer == ISO_PEER_BLOCK)
		return false;
	if (o->peer == ISO_PEER_NET)
		((const struct tsr_net *)o->to.table)->ready(o->to.self);
	else
		((const struct tsr_chardev *)o->to.table)->ready(o->to.self);
	return true;
}

static bool submit(struct iso_proxy *p, const struct post *post)
{
	return iso_block_submit(p, post->head, post->data);
}

static bool lock(struct iso_proxy *p, const struct post *post)
{
	return iso_block_lock(p, post->head);
}

static bool take_rom_part(struct iso_proxy *p, const struct post *post)
{
	return iso_memory_take_part(p, post->head, post->data);
}

static bool damage(struct iso_proxy *p, const struct post *post)
{
	return iso_display_damage(p, post->head);
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

static bool put_memory(struct iso_proxy *p, const struct post *post)
{
	const uint8_t *bytes = iso_memory_find(p, post->head);

	if (!bytes || !p->writer)
		return false;
	p->writer->ops->bytes(p->writer, post->text, bytes, (size_t)post->head->a[0]);
	return true;
}

static bool put_field(struct iso_proxy *p, const struct post *post)
{
	const struct iso_head *h = post->head;
	size_t name = strlen(post->text);

	if (h->what == ISO_PUT_BYTES && (name >= h->length || h->a[0] != h->length - name - 1))
		return false;
	if (p->writer)
		put(p->writer, post);
	return p->writer != NULL;
}

static bool (*const posts[])(struct iso_proxy *p, const struct post *post) = {
	[ISO_SET_LINE] = set_line,
	[ISO_SET_INTX] = set_intx,
	[ISO_ARM] = arm,
	[ISO_CANCEL] = arm,
	[ISO_MOVE] = place,
	[ISO_ENABLE] = place,
	[ISO_PCI_RESET] = pci_reset,
	[ISO_DMA] = dma,
	[ISO_WRITTEN] = written,
	[ISO_FRAME] = send_frame,
	[ISO_NEXT] = go_on,
	[ISO_SUBMIT] = submit,
	[ISO_LOCK] = lock,
	[ISO_LOG] = write_log,
	[ISO_EMIT] = emit,
	[ISO_SET_STRING] = set_string,
	[ISO_POWER_OFF] = switch_machine,
	[ISO_ASK_RESET] = switch_machine,
	[ISO_STOP] = switch_machine,
	[ISO_DAMAGE] = damage,
	[ISO_ROM_PART] = take_rom_part,
	[ISO_LACKS] = lack,
	[ISO_PUT_UINT] = put_field,
	[ISO_PUT_BYTES] = put_field,
	[ISO_PUT_MEMORY] = put_memory,
	[ISO_PUT_BEGIN] = put_field,
	[ISO_PUT_END] = put_field,
};

static bool take(struct iso_proxy *p, const struct iso_head *head, uint8_t *data)
{
	const struct post post = { head, data, (char *)data };

	if (head->what >= G_N_ELEMENTS(posts))
		return false;
	data[head->length] = 0;
	return posts[head->what](p, &post);
}

/* Moves what was posted to the end of what waits. */
static bool collect(struct iso_proxy *p)
{
	struct iso_shared *shared = p->process->shared;
	uint32_t length = ((volatile struct iso_shared *)shared)->posted_length;

	if (length > ISO_POSTED || p->posts->len > WAITING_MAX)
		return false;
	g_byte_array_append(p->posts, shared->posted, length);
	shared->posted_length = 0;
	return true;
}

/* The post that waits first, as a copy with a byte behind its data. */
static bool take_first(struct iso_proxy *p, guint *at)
{
	g_autofree uint8_t *data = NULL;
	struct iso_head head;

	if (p->posts->len - *at < sizeof(head))
		return false;
	memcpy(&head, p->posts->data + *at, sizeof(head));
	*at += (guint)sizeof(head);
	if (head.length > p->posts->len - *at)
		return false;
	data = g_malloc(head.length + 1);
	memcpy(data, p->posts->data + *at, head.length);
	*at += MIN(iso_padded(head.length), p->posts->len - *at);
	if (*at > ISO_POSTED) { /* what has happened needs no room */
		g_byte_array_remove_range(p->posts, 0, *at);
		*at = 0;
	}
	return take(p, &head, data);
}

/* A post can lead to another call of the device, whose posts then wait behind those of this one. */
bool iso_proxy_take_posts(struct iso_proxy *p)
{
	bool good = collect(p);
	guint at = 0;

	if (p->is_taking)
		return good;
	p->is_taking = true;
	while (good && p->life != ISO_LOST && at < p->posts->len)
		good = take_first(p, &at);
	p->is_taking = false;
	g_byte_array_set_size(p->posts, 0);
	p->chained = 0;
	return good;
}
