/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Memory of an isolated device that the guest sees. Its bytes lie in a file that both processes
 * map, so neither is asked when the guest or the device uses them, and they outlive a process: its
 * successor finds what the guest has written since. A field of the device's state whose bytes lie
 * in such memory is therefore kept as a name and a place.
 */
#include <string.h>

#include "isolation/proxy-parts.h"

static uint64_t pages(const struct iso_object *o)
{
	return o->length >> TSR_PAGE_SHIFT;
}

/* -- Making */

/* Where it is to be; returns its name. NULL and error. */
static const char *take_place(struct iso_message *m, struct iso_place *place,
			      struct tsr_error *error)
{
	const char *data = iso_message_text(m);

	if (m->head.length < sizeof(*place)) {
		tsr_error_set(error, TSR_ERROR_FAILED, "it maps memory without a place");
		return NULL;
	}
	memcpy(place, data, sizeof(*place));
	return data + sizeof(*place);
}

/* Puts a part of the memory file to where the region has its bytes. */
static bool share(struct iso_object *o, uint64_t length, unsigned flags, struct tsr_error *error)
{
	struct iso_process *process = o->proxy->process;

	o->length = length;
	o->at = iso_process_take_memory(process, length);
	if (!iso_process_map_memory(process, o->bytes, o->at, length))
		return tsr_error_set(error, TSR_ERROR_IO,
				     "the host has no %llu bytes of memory that an isolated device "
				     "can share; raise the limit on the size of files (ulimit -f)",
				     (unsigned long long)length);
	if (flags & TSR_MEMORY_DIRTY_LOG)
		o->owed = g_malloc0(pages(o) / 8 + 1);
	return true;
}

bool iso_memory_map(struct iso_object *o, struct iso_message *m, struct tsr_error *error)
{
	struct iso_proxy *p = o->proxy;
	struct iso_place place;
	const char *name = take_place(m, &place, error);

	if (!name)
		return false;
	o->region = p->t.memory->map(p->host, name, place.base, place.length, place.priority,
				     place.flags, &o->bytes, error);
	return o->region && share(o, place.length, place.flags, error);
}

bool iso_memory_map_io(struct iso_object *o, struct iso_message *m, struct tsr_error *error)
{
	struct iso_proxy *p = o->proxy;
	struct iso_place place;
	const char *name = take_place(m, &place, error);

	if (!name)
		return false;
	iso_access_fill_ops(o, &m->head);
	o->region = p->t.memory->map_io(p->host, name, place.base, place.length, place.priority,
					place.flags, &o->ops, o, error);
	return o->region != NULL;
}

bool iso_memory_alias(struct iso_object *o, struct iso_message *m, struct tsr_error *error)
{
	struct iso_proxy *p = o->proxy;
	const struct iso_object *target = iso_objects_get(p, m->head.id);
	struct iso_place place;
	const char *name = take_place(m, &place, error);

	if (!name)
		return false;
	o->region = p->t.memory->alias(p->host, name, place.base, place.length, place.priority,
				       place.flags, target ? target->region : NULL, place.offset,
				       error);
	return o->region != NULL;
}

static struct tsr_pci_function *function_of(struct iso_object *o, const struct iso_message *m,
					    struct tsr_error *error)
{
	const struct iso_object *f = iso_objects_find(o->proxy, m->head.id, ISO_FUNCTION);

	if (!f)
		tsr_error_set(error, TSR_ERROR_FAILED, "it has no such PCI function");
	return f ? f->function : NULL;
}

bool iso_memory_bar(struct iso_object *o, struct iso_message *m, struct tsr_error *error)
{
	struct tsr_pci_function *f = function_of(o, m, error);
	uint32_t length = (uint32_t)m->head.a[1];
	unsigned flags = (unsigned)m->head.a[2];

	return f &&
	       o->proxy->t.pci->bar_memory(f, (unsigned)m->head.a[0], length, m->head.a[3] != 0,
					   flags, &o->bytes, &o->region, error) &&
	       share(o, length, flags, error);
}

/* -- Option ROMs: the image is posted in parts */

bool iso_memory_take_part(struct iso_proxy *p, const struct iso_head *head, const uint8_t *data)
{
	if (head->length > ISO_ROM_MAX - p->image->len)
		return false;
	g_byte_array_append(p->image, data, head->length);
	return true;
}

bool iso_memory_rom(struct iso_object *o, struct iso_message *m, struct tsr_error *error)
{
	struct tsr_pci_function *f = function_of(o, m, error);
	GByteArray *image = o->proxy->image;

	if (f && image->len != m->head.a[0])
		return tsr_error_set(error, TSR_ERROR_FAILED, "its option ROM has another length");
	return f && o->proxy->t.pci->rom(f, image->data, image->len, error);
}

/* -- Dirty pages */

void iso_memory_owe(struct iso_object *o)
{
	if (o->owed)
		memset(o->owed, 0xff, pages(o) / 8 + 1);
}

/* What is owed of these pages comes to the bitmap, and is paid. */
static bool pay(struct iso_object *o, uint64_t first, uint64_t count, uint8_t *bitmap)
{
	bool any = false;

	for (uint64_t i = 0; i < count; i++) {
		uint64_t page = first + i;

		if (!(o->owed[page / 8] & 1u << page % 8))
			continue;
		o->owed[page / 8] &= (uint8_t) ~(1u << page % 8);
		bitmap[i / 8] |= (uint8_t)(1u << i % 8);
		any = true;
	}
	return any;
}

bool iso_memory_fetch_dirty(struct iso_proxy *p, struct iso_message *m)
{
	struct iso_object *o = iso_objects_get(p, m->head.id);
	uint64_t first = m->head.a[0], count = m->head.a[1];
	bool any;

	if (!o || !o->owed || first > pages(o) || count > pages(o) - first || count > ISO_DATA * 8)
		return false;
	iso_message_init(m, 0, 0);
	any = p->t.memory->fetch_dirty(o->region, (uint32_t)first, (uint32_t)count, m->data);
	any |= pay(o, first, count, m->data);
	m->head.a[0] = any;
	m->head.length = (uint32_t)(count + 7) / 8;
	return true;
}

/* -- Fields of a saved state */

uint8_t *iso_memory_find(struct iso_proxy *p, const struct iso_head *head)
{
	const struct iso_object *o = iso_objects_get(p, head->id);
	uint64_t length = head->a[0], offset = head->a[1];

	if (!o || !o->bytes || offset > o->length || length > o->length - offset)
		return NULL;
	return o->bytes + offset;
}

bool iso_memory_get_field(struct iso_proxy *p, struct iso_message *m)
{
	uint8_t *bytes = iso_memory_find(p, &m->head);
	bool good;

	if (!bytes || !p->reader)
		return false;
	good = p->reader->ops->bytes(p->reader, iso_message_text(m), bytes, m->head.a[0]);
	iso_message_init(m, 0, 0);
	m->head.a[0] = good;
	return true;
}
