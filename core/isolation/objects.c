/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What an isolated device has claimed of the machine, and the calls that this leads to. */
#include <string.h>
#include <sys/mman.h>

#include "isolation/proxy-parts.h"

#define OBJECTS_MAX 256

/* -- What the core and back ends call */

static void on_timer(void *self, uint64_t deadline_ns)
{
	struct iso_object *o = self;
	struct iso_message m;

	iso_message_init(&m, ISO_TIMER, o->id);
	m.head.a[0] = deadline_ns;
	iso_proxy_enter(o->proxy, &m);
}

static void call_config(struct iso_object *o, uint32_t what, unsigned offset, unsigned width)
{
	struct iso_message m;

	iso_message_init(&m, what, o->id);
	m.head.a[0] = offset;
	m.head.a[1] = width;
	iso_proxy_enter(o->proxy, &m);
}

static void on_config_read(void *self, unsigned offset, unsigned width)
{
	call_config(self, ISO_CONFIG_READ, offset, width);
}

static void on_config_written(void *self, unsigned offset, unsigned width)
{
	call_config(self, ISO_CONFIG_WRITTEN, offset, width);
}

static bool on_changed(void *self, const char *name, struct tsr_error *error)
{
	struct iso_object *o = self;
	struct iso_message m;

	iso_message_init(&m, ISO_CHANGED, o->id);
	iso_message_set_text(&m, name);
	if (!iso_proxy_enter(o->proxy, &m))
		return tsr_error_set(error, TSR_ERROR_FAILED, "its process has ended");
	return m.head.a[0] ||
	       tsr_error_set(error, (enum tsr_error_code)m.head.a[1], "%s", iso_message_text(&m));
}

static size_t on_room(void *to)
{
	struct iso_object *o = to;
	struct iso_message m;

	iso_message_init(&m, ISO_ROOM, o->id);
	return iso_proxy_enter(o->proxy, &m) ? (size_t)m.head.a[0] : 0;
}

static bool on_can_receive(void *to)
{
	struct iso_object *o = to;
	struct iso_message m;

	iso_message_init(&m, ISO_CAN_RECEIVE, o->id);
	return iso_proxy_enter(o->proxy, &m) && m.head.a[0];
}

/* A frame that is too long for a message is one that no card takes. */
static void on_receive(void *to, const uint8_t *bytes, size_t length)
{
	struct iso_object *o = to;
	struct iso_message m;

	while (length) {
		uint32_t part = (uint32_t)MIN(length, ISO_DATA);

		iso_message_init(&m, ISO_RECEIVE, o->id);
		m.head.length = part;
		memcpy(m.data, bytes, part);
		if (!iso_proxy_enter(o->proxy, &m))
			return;
		bytes += part;
		length -= part;
	}
}

static void on_link(void *to, bool up)
{
	struct iso_object *o = to;
	struct iso_message m;

	o->is_down = !up;
	iso_message_init(&m, ISO_LINK, o->id);
	m.head.a[0] = up;
	iso_proxy_enter(o->proxy, &m);
}

static void on_medium(void *user)
{
	struct iso_object *o = user;
	struct iso_message m;

	iso_message_init(&m, ISO_MEDIUM, o->id);
	iso_proxy_enter(o->proxy, &m);
}

void iso_objects_wake(struct iso_object *o)
{
	const struct tsr_chardev *chardev = o->to.table;
	const struct tsr_net *net = o->to.table;

	if (!o->is_connected || o->peer == ISO_PEER_BLOCK)
		return;
	if (o->peer == ISO_PEER_CHARDEV) {
		chardev->ready(o->to.self);
		return;
	}
	if (o->is_down && o->port.net.link_changed)
		on_link(o, false);
	net->ready(o->to.self);
}

void iso_objects_connect(struct iso_object *o, bool has_link)
{
	const struct tsr_chardev *chardev = o->to.table;
	const struct tsr_block *block = o->to.table;
	const struct tsr_net *net = o->to.table;

	if (o->is_connected)
		return;
	o->is_connected = true;
	if (o->peer == ISO_PEER_CHARDEV) {
		o->port.chardev = (struct tsr_chardev_port){ .size = sizeof(o->port.chardev),
							     .to = o,
							     .room = on_room,
							     .receive = on_receive };
		chardev->connect(o->to.self, &o->port.chardev);
	} else if (o->peer == ISO_PEER_BLOCK) {
		block->listen(o->to.self, on_medium, o);
	} else {
		o->port.net = (struct tsr_net_port){ .size = sizeof(o->port.net),
						     .to = o,
						     .can_receive = on_can_receive,
						     .receive = on_receive,
						     .link_changed = has_link ? on_link : NULL };
		net->connect(o->to.self, &o->port.net);
	}
}

/* -- Making: each returns whether it could, and otherwise says why */

static bool make_claim(struct iso_object *o, struct iso_message *m, struct tsr_error *error)
{
	struct iso_proxy *p = o->proxy;

	iso_access_fill_ops(o, &m->head);
	if (o->what == ISO_CLAIM)
		o->region = p->t.io->claim(p->host, iso_message_text(m), &o->ops, o, error);
	else
		o->region =
			p->t.io->claim_ports(p->host, iso_message_text(m), (uint16_t)m->head.a[2],
					     (unsigned)m->head.a[3], &o->ops, o, error);
	return o->region != NULL;
}

static bool make_line(struct iso_object *o, struct iso_message *m, struct tsr_error *error)
{
	o->irq = o->proxy->t.irq->get(o->proxy->host, iso_message_text(m));
	return true;
}

static bool make_timer(struct iso_object *o, struct iso_message *m, struct tsr_error *error)
{
	o->timer = o->proxy->t.clock->timer_new(o->proxy->host, on_timer, o);
	return true;
}

static bool make_function(struct iso_object *o, struct iso_message *m, struct tsr_error *error)
{
	struct iso_proxy *p = o->proxy;
	struct tsr_pci_id id;

	if (p->function || m->head.length != sizeof(id))
		return tsr_error_set(error, TSR_ERROR_UNSUPPORTED,
				     "an isolated device has one PCI function; remove "
				     "isolation=process");
	memcpy(&id, m->data, sizeof(id));
	id.size = sizeof(id);
	o->pci_ops = (struct tsr_pci_ops){
		.size = sizeof(o->pci_ops),
		.config_read = m->head.a[0] & ISO_HAS_READ ? on_config_read : NULL,
		.config_written = m->head.a[0] & ISO_HAS_WRITE ? on_config_written : NULL,
	};
	if (m->head.a[1] == UINT64_MAX)
		o->function = p->t.pci->add(p->host, &id, &o->pci_ops, o, error);
	else
		o->function =
			p->t.pci_fixed->add(p->host, (unsigned)m->head.a[1], (unsigned)m->head.a[2],
					    &id, &o->pci_ops, o, error);
	p->function = o->function;
	return o->function != NULL;
}

static bool make_bar(struct iso_object *o, struct iso_message *m, struct tsr_error *error)
{
	struct iso_object *f = iso_objects_find(o->proxy, m->head.id, ISO_FUNCTION);

	iso_access_fill_ops(o, &m->head);
	if (!f)
		return tsr_error_set(error, TSR_ERROR_FAILED, "it has no such PCI function");
	return o->proxy->t.pci->bar_io(f->function, m->head.a[2] & 0xff,
				       (enum tsr_pci_bar_kind)(m->head.a[2] >> 8 & 0xff),
				       (uint32_t)m->head.a[3], &o->ops, o, error);
}

static bool make_capability(struct iso_object *o, struct iso_message *m, struct tsr_error *error)
{
	struct iso_object *f = iso_objects_find(o->proxy, m->head.id, ISO_FUNCTION);
	unsigned offset;

	if (!f)
		return tsr_error_set(error, TSR_ERROR_FAILED, "it has no such PCI function");
	if (!o->proxy->t.pci->add_capability(f->function, (uint8_t)m->head.a[0],
					     (unsigned)m->head.a[1], &offset, error))
		return false;
	o->at = offset;
	return true;
}

static bool make_listener(struct iso_object *o, struct iso_message *m, struct tsr_error *error)
{
	o->proxy->t.properties->on_change(o->proxy->host, iso_message_text(m), on_changed, o);
	return true;
}

static bool make_peer(struct iso_object *o, struct iso_message *m, struct tsr_error *error)
{
	struct iso_proxy *p = o->proxy;
	const char *need = iso_message_text(m), *which;

	if (!p->t.bus->get(p->host, need, &o->to))
		return true;
	which = p->t.bus->which(p->host, need);
	if (which && strcmp(which, TSR_CHARDEV) == 0)
		o->peer = ISO_PEER_CHARDEV;
	else if (which && strcmp(which, TSR_NET) == 0)
		o->peer = ISO_PEER_NET;
	else if (which && strcmp(which, TSR_BLOCK) == 0)
		o->peer = ISO_PEER_BLOCK;
	return o->peer || tsr_error_set(error, TSR_ERROR_UNSUPPORTED,
					"an isolated device cannot be connected to %s; remove "
					"isolation=process",
					which ? which : need);
}

static bool (*const makers[])(struct iso_object *o, struct iso_message *m,
			      struct tsr_error *error) = {
	[ISO_CLAIM] = make_claim,
	[ISO_CLAIM_PORTS] = make_claim,
	[ISO_IRQ] = make_line,
	[ISO_NEW_TIMER] = make_timer,
	[ISO_FUNCTION] = make_function,
	[ISO_BAR] = make_bar,
	[ISO_LISTEN] = make_listener,
	[ISO_MAP] = iso_memory_map,
	[ISO_MAP_IO] = iso_memory_map_io,
	[ISO_ALIAS] = iso_memory_alias,
	[ISO_BAR_MEMORY] = iso_memory_bar,
	[ISO_ROM] = iso_memory_rom,
	[ISO_DISPLAY] = iso_display_make,
	[ISO_PEER] = make_peer,
	[ISO_CAPABILITY] = make_capability,
};

static GBytes *asked(const struct iso_message *m)
{
	GByteArray *bytes = g_byte_array_new();

	iso_record_add(bytes, &m->head, m->data);
	return g_byte_array_free_to_bytes(bytes);
}

static struct iso_object *make(struct iso_proxy *p, struct iso_message *m, struct tsr_error *error)
{
	struct iso_object *o = g_new0(struct iso_object, 1);

	o->proxy = p;
	o->id = p->objects->len;
	o->what = m->head.what;
	o->asked = asked(m);
	if (makers[o->what](o, m, error)) {
		g_ptr_array_add(p->objects, o);
		return o;
	}
	iso_object_free(o);
	return NULL;
}

static struct iso_object *again(struct iso_proxy *p, const struct iso_message *m)
{
	g_autoptr(GBytes) now = asked(m);
	struct iso_object *o =
		p->next < p->objects->len ? g_ptr_array_index(p->objects, p->next) : NULL;

	if (!o || !g_bytes_equal(now, o->asked))
		return NULL;
	p->next++;
	return o;
}

void iso_objects_make(struct iso_proxy *p, struct iso_message *m)
{
	struct tsr_error error = { TSR_ERROR_FAILED, "it asks for what it had not at first" };
	struct iso_object *o = NULL;

	if (p->is_rebuilding)
		o = again(p, m);
	else if (p->is_built || p->objects->len >= OBJECTS_MAX)
		tsr_error_set(&error, TSR_ERROR_FAILED,
			      "it asks for more of the machine than it can have now");
	else
		o = make(p, m, &error);
	iso_message_init(m, 0, o ? o->id : 0);
	m->head.a[0] = o != NULL;
	m->head.a[1] = o ? o->peer : error.code;
	m->head.a[2] = o ? o->at : 0;
	m->head.a[3] = p->is_rebuilding;
	if (!o)
		iso_message_set_text(m, error.message);
}

void iso_object_free(gpointer object)
{
	struct iso_object *o = object;

	g_bytes_unref(o->asked);
	g_free(o->owed);
	if (o->picture)
		munmap(o->picture, o->picture_size);
	g_free(o);
}

const struct tsr_host *iso_proxy_dma_host(const struct iso_proxy *p, const struct iso_head *head)
{
	return head->id && p->function ? p->t.pci->dma_host(p->function) : p->host;
}
