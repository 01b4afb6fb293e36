/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Accesses of the guest to ports and registers of an isolated device. */
#include "isolation/proxy-parts.h"

static uint64_t on_read(void *self, uint64_t offset, unsigned width)
{
	struct iso_object *o = self;
	struct iso_message m;

	iso_message_init(&m, ISO_READ, o->id);
	m.head.a[0] = offset;
	m.head.a[1] = width;
	return iso_proxy_enter(o->proxy, &m) ? m.head.a[0] : ~UINT64_C(0);
}

static void on_write(void *self, uint64_t offset, uint64_t value, unsigned width)
{
	struct iso_object *o = self;
	struct iso_message m;

	iso_message_init(&m, ISO_WRITE, o->id);
	m.head.a[0] = offset;
	m.head.a[1] = width;
	m.head.a[2] = value;
	iso_proxy_enter(o->proxy, &m);
}

void iso_access_fill_ops(struct iso_object *o, const struct iso_head *h)
{
	o->ops = (struct tsr_io_ops){ .size = sizeof(o->ops),
				      .widths = (uint32_t)h->a[0],
				      .read = h->a[1] & ISO_HAS_READ ? on_read : NULL,
				      .write = h->a[1] & ISO_HAS_WRITE ? on_write : NULL };
}
