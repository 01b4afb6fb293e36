/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What an isolated device asks the core: each function takes the question, and m becomes the
 * answer. */
#include <string.h>

#include "isolation/proxy-parts.h"

/* a[0] is the answer. */
static void answer(struct iso_message *m, uint64_t value)
{
	iso_message_init(m, 0, 0);
	m->head.a[0] = value;
}

static bool get_string(struct iso_proxy *p, struct iso_message *m)
{
	const char *value = p->t.properties->get_string(p->host, iso_message_text(m));

	answer(m, 0);
	iso_message_set_text(m, value);
	return true;
}

static bool get_int(struct iso_proxy *p, struct iso_message *m)
{
	answer(m, (uint64_t)p->t.properties->get_int(p->host, iso_message_text(m)));
	return true;
}

static bool get_bool(struct iso_proxy *p, struct iso_message *m)
{
	answer(m, p->t.properties->get_bool(p->host, iso_message_text(m)));
	return true;
}

static bool has_property(struct iso_proxy *p, struct iso_message *m)
{
	answer(m, p->t.properties->has(p->host, iso_message_text(m)));
	return true;
}

static bool get_wall(struct iso_proxy *p, struct iso_message *m)
{
	answer(m, m->head.id ? p->t.clock->wall_ns(p->host) : p->t.clock->wall(p->host));
	return true;
}

static bool get_random(struct iso_proxy *p, struct iso_message *m)
{
	uint64_t length = m->head.a[0];

	if (length > ISO_DATA)
		return false;
	answer(m, 0);
	m->head.length = (uint32_t)length;
	p->t.random->fill(p->host, m->data, length);
	return true;
}

static bool get_ram_size(struct iso_proxy *p, struct iso_message *m)
{
	answer(m, p->t.memory->ram_size(p->host));
	m->head.a[1] = p->t.memory->ram_below_4g(p->host);
	return true;
}

static bool get_a20(struct iso_proxy *p, struct iso_message *m)
{
	answer(m, p->t.a20->get(p->host));
	return true;
}

/* -- DMA. Through the function only while that may be bus master. */

static bool dma_read(struct iso_proxy *p, struct iso_message *m)
{
	const struct tsr_host *host = iso_proxy_dma_host(p, &m->head);
	uint64_t from = m->head.a[0], length = m->head.a[1];

	if (length > ISO_DATA)
		return false;
	answer(m, p->t.dma->read(host, from, m->data, length));
	m->head.length = (uint32_t)length;
	return true;
}

static bool dma_write(struct iso_proxy *p, struct iso_message *m)
{
	const struct tsr_host *host = iso_proxy_dma_host(p, &m->head);

	answer(m, p->t.dma->write(host, m->head.a[0], m->data, m->head.length));
	return true;
}

/* Where the run lies in guest RAM, whose file the device has mapped. */
static bool dma_map(struct iso_proxy *p, struct iso_message *m)
{
	uint64_t length = MIN(m->head.a[1], 1u << 20);
	const uint8_t *ram = p->t.phys->ram_base(p->host);
	const uint8_t *at = p->t.dma->map(iso_proxy_dma_host(p, &m->head), m->head.a[0], &length,
					  m->head.a[2] != 0);

	if (at && (at < ram || at + length > ram + p->t.memory->ram_size(p->host)))
		at = NULL; /* other memory than RAM */
	answer(m, at != NULL);
	m->head.a[1] = length;
	m->head.a[2] = at ? (uint64_t)(at - ram) : 0;
	return true;
}

/* -- PCI */

static bool use_config(struct iso_proxy *p, struct iso_message *m)
{
	const struct iso_object *f = iso_objects_find(p, m->head.id, ISO_FUNCTION);

	if (!f)
		return false;
	p->config_of = f->function;
	answer(m, 1);
	return true;
}

static bool get_address(struct iso_proxy *p, struct iso_message *m)
{
	const struct iso_object *f = iso_objects_find(p, m->head.id, ISO_FUNCTION);

	if (!f)
		return false;
	answer(m, p->t.pci->address(f->function));
	return true;
}

/* -- Connections */

static bool connect_peer(struct iso_proxy *p, struct iso_message *m)
{
	struct iso_object *peer = iso_objects_find(p, m->head.id, ISO_PEER);

	if (!peer || !peer->peer || (p->is_built && !p->is_rebuilding))
		return false;
	iso_objects_connect(peer, m->head.a[0] != 0);
	answer(m, 1);
	return true;
}

/* Of a call that is repeated: how many of the characters were sent at the first time. */
static uint32_t sent_before(struct iso_proxy *p, const struct iso_message *m)
{
	uint32_t length = MIN(m->head.length, p->sent->len - p->sent_again);

	if (memcmp(p->sent->data + p->sent_again, m->data, length) != 0)
		length = 0;
	p->sent_again = length ? p->sent_again + length : p->sent->len;
	return length;
}

static bool send_bytes(struct iso_proxy *p, struct iso_message *m)
{
	struct iso_object *peer = iso_objects_find(p, m->head.id, ISO_PEER);
	const struct tsr_chardev *chardev;
	uint32_t length;

	if (!peer || peer->peer != ISO_PEER_CHARDEV)
		return false;
	length = p->sent_again < p->sent->len ? sent_before(p, m) : 0;
	if (!length && m->head.length) {
		chardev = peer->to.table;
		length = (uint32_t)chardev->write(peer->to.self, m->data, m->head.length);
		g_byte_array_append(p->sent, m->data, MIN(length, m->head.length));
		p->sent_again = p->sent->len;
	}
	answer(m, length);
	return true;
}

static bool flush(struct iso_proxy *p, struct iso_message *m)
{
	answer(m, 1);
	return true;
}

/* -- The state that it loads */

static bool get_uint(struct iso_proxy *p, struct iso_message *m)
{
	unsigned bytes = (unsigned)m->head.a[0];
	uint64_t value = 0;
	bool good;

	if (!p->reader)
		return false;
	good = p->reader->ops->uint(p->reader, iso_message_text(m), &value, bytes);
	answer(m, good);
	m->head.a[1] = value;
	return true;
}

static bool get_bytes(struct iso_proxy *p, struct iso_message *m)
{
	g_autofree char *name = g_strdup(iso_message_text(m));
	uint64_t length = m->head.a[0];
	bool good;

	if (!p->reader || length > ISO_DATA)
		return false;
	good = p->reader->ops->bytes(p->reader, name, m->data, length);
	answer(m, good);
	m->head.length = good ? (uint32_t)length : 0;
	return true;
}

static bool get_length(struct iso_proxy *p, struct iso_message *m)
{
	if (!p->reader)
		return false;
	answer(m, (uint64_t)p->reader->ops->length(p->reader, iso_message_text(m)));
	return true;
}

static bool get_begin(struct iso_proxy *p, struct iso_message *m)
{
	if (!p->reader)
		return false;
	answer(m, p->reader->ops->begin(p->reader, iso_message_text(m)));
	return true;
}

static bool get_end(struct iso_proxy *p, struct iso_message *m)
{
	if (!p->reader)
		return false;
	p->reader->ops->end(p->reader);
	answer(m, 1);
	return true;
}

static bool (*const questions[])(struct iso_proxy *p, struct iso_message *m) = {
	[ISO_GET_STRING] = get_string,
	[ISO_GET_INT] = get_int,
	[ISO_GET_BOOL] = get_bool,
	[ISO_HAS] = has_property,
	[ISO_WALL] = get_wall,
	[ISO_RANDOM] = get_random,
	[ISO_RAM_SIZE] = get_ram_size,
	[ISO_GET_A20] = get_a20,
	[ISO_DMA_READ] = dma_read,
	[ISO_DMA_WRITE] = dma_write,
	[ISO_DMA_MAP] = dma_map,
	[ISO_CONFIG_USE] = use_config,
	[ISO_ADDRESS] = get_address,
	[ISO_CONNECT] = connect_peer,
	[ISO_SEND] = send_bytes,
	[ISO_FLUSH] = flush,
	[ISO_GET_UINT] = get_uint,
	[ISO_GET_BYTES] = get_bytes,
	[ISO_GET_MEMORY] = iso_memory_get_field,
	[ISO_GET_LENGTH] = get_length,
	[ISO_GET_BEGIN] = get_begin,
	[ISO_GET_END] = get_end,
	[ISO_DRAIN] = iso_block_drain,
	[ISO_EJECT] = iso_block_eject,
	[ISO_BLOCK_INFO] = iso_block_info,
	[ISO_FETCH_DIRTY] = iso_memory_fetch_dirty,
	[ISO_RESIZE] = iso_display_resize,
	[ISO_PIXELS] = iso_display_pixels,
};

/* What was posted before it has nothing to do with it, and can wait for the end of the call. */
static bool can_go_first(uint32_t what)
{
	return (what >= ISO_GET_STRING && what <= ISO_DMA_READ) || what == ISO_DMA_MAP ||
	       (what >= ISO_ADDRESS && what <= ISO_PIXELS) || what == ISO_BLOCK_INFO;
}

bool iso_proxy_answer(struct iso_proxy *p, struct iso_message *m)
{
	if (!can_go_first(m->head.what) && !iso_proxy_take_posts(p))
		return false;
	if (m->head.what <= ISO_PEER) {
		iso_objects_make(p, m);
		return true;
	}
	return m->head.what < G_N_ELEMENTS(questions) && questions[m->head.what](p, m);
}
