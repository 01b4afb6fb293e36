/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Memory that the guest sees: a part of the memory file, which the machine's process has mapped,
 * too. A process that has taken the place of another one does not write there before it has its
 * state, because the guest has used that memory since; until then the device has memory of its own
 * at the same addresses.
 */
#define _GNU_SOURCE
#include <sys/mman.h>
#include <unistd.h>

#include "isolated/device-parts.h"

#define PLACES 32

/* Memory with bytes. */
struct place {
	uint32_t id;
	uint8_t *bytes;  /* the device's */
	uint8_t *guests; /* the same until it is settled, but the guest's; NULL: it is */
	uint64_t length;
};
static struct place places[PLACES];
static unsigned place_count;

/* -- Bytes */

static uint8_t *map_file(uint64_t offset, uint64_t length)
{
	return mmap(NULL, length, PROT_READ | PROT_WRITE, MAP_SHARED, device.memory_fd,
		    (off_t)offset);
}

/* The bytes of memory that the core has made; the answer says where they are. */
static uint8_t *add_place(const struct iso_message *answer, uint64_t length)
{
	struct place *p = &places[place_count];
	uint8_t *guests = MAP_FAILED, *own = MAP_FAILED;
	bool is_made_again = answer->head.a[3];

	if (place_count == PLACES)
		return NULL;
	guests = map_file(answer->head.a[2], length);
	if (is_made_again)
		own = mmap(NULL, length, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (guests == MAP_FAILED || (is_made_again && own == MAP_FAILED))
		return NULL;
	*p = (struct place){ .id = answer->head.id,
			     .bytes = is_made_again ? own : guests,
			     .guests = is_made_again ? guests : NULL,
			     .length = length };
	place_count++;
	return p->bytes;
}

bool device_is_settled(void)
{
	for (unsigned i = 0; i < place_count; i++)
		if (places[i].guests)
			return false;
	return true;
}

/* Pages that are the same need not be in the file. */
static void copy_pages(uint8_t *to, const uint8_t *from, uint64_t length)
{
	for (uint64_t at = 0; at < length; at += TSR_PAGE_SIZE)
		if (memcmp(to + at, from + at, TSR_PAGE_SIZE) != 0)
			memcpy(to + at, from + at, TSR_PAGE_SIZE);
}

void device_settle(bool keeps_guests)
{
	for (unsigned i = 0; i < place_count; i++) {
		struct place *p = &places[i];

		if (!p->guests)
			continue;
		if (!keeps_guests)
			copy_pages(p->guests, p->bytes, p->length);
		if (mremap(p->guests, p->length, p->length, MREMAP_MAYMOVE | MREMAP_FIXED,
			   p->bytes) == MAP_FAILED)
			_exit(1);
		p->guests = NULL;
	}
}

/* -- Fields of its state that lie there */

bool device_find_field(const void *bytes, size_t length, struct iso_head *head)
{
	uintptr_t at = (uintptr_t)bytes;

	for (unsigned i = 0; i < place_count; i++) {
		const struct place *p = &places[i];
		uintptr_t start = (uintptr_t)p->bytes;

		if (at < start || at - start > p->length || length > p->length - (at - start))
			continue;
		*head = (struct iso_head){ .id = p->id, .a = { length, at - start } };
		return true;
	}
	return false;
}

void device_take_field(const struct iso_head *head)
{
	for (unsigned i = 0; i < place_count; i++) {
		const struct place *p = &places[i];

		if (p->id == head->id && p->guests)
			memcpy(p->bytes + head->a[1], p->guests + head->a[1], head->a[0]);
	}
}

/* -- tessera.memory/1 */

static void set_place(struct iso_message *m, const char *name, const struct iso_place *place)
{
	size_t length = strlen(name), room = ISO_DATA - sizeof(*place) - 1;

	length = length < room ? length : room;
	memcpy(m->data, place, sizeof(*place));
	memcpy(m->data + sizeof(*place), name, length);
	m->head.length = (uint32_t)(sizeof(*place) + length);
}

static void no_room(struct tsr_error *error)
{
	tsr_error_set(error, TSR_ERROR_IO,
		      "the process of an isolated device has no room for its memory");
}

static struct tsr_region *map(const struct tsr_host *host, const char *name, tsr_gpa base,
			      uint64_t length, int priority, unsigned flags, uint8_t **bytes,
			      struct tsr_error *error)
{
	struct iso_message m = { .head = { .what = ISO_MAP } };
	struct object *o;

	set_place(&m, name,
		  &(struct iso_place){
			  .base = base, .length = length, .priority = priority, .flags = flags });
	o = device_make(&m, error);
	if (!o)
		return NULL;
	*bytes = add_place(&m, length);
	if (!*bytes)
		no_room(error);
	return *bytes ? (struct tsr_region *)o : NULL;
}

static struct tsr_region *map_io(const struct tsr_host *host, const char *name, tsr_gpa base,
				 uint64_t length, int priority, unsigned flags,
				 const struct tsr_io_ops *ops, void *self, struct tsr_error *error)
{
	struct iso_message m = { .head = { .what = ISO_MAP_IO } };
	struct object *o;

	device_fill_ops(&m, ops);
	set_place(&m, name,
		  &(struct iso_place){
			  .base = base, .length = length, .priority = priority, .flags = flags });
	o = device_make(&m, error);
	if (o) {
		o->ops = ops;
		o->self = self;
	}
	return (struct tsr_region *)o;
}

static struct tsr_region *alias(const struct tsr_host *host, const char *name, tsr_gpa base,
				uint64_t length, int priority, unsigned flags,
				struct tsr_region *target, uint64_t offset, struct tsr_error *error)
{
	struct iso_message m = { .head = { .what = ISO_ALIAS, .id = OBJECTS_MAX } };

	if (target)
		m.head.id = device_object(target)->id;
	set_place(&m, name,
		  &(struct iso_place){ .base = base,
				       .length = length,
				       .offset = offset,
				       .priority = priority,
				       .flags = flags });
	return (struct tsr_region *)device_make(&m, error);
}

static void move(struct tsr_region *region, tsr_gpa base)
{
	device_io.move(region, base);
}

static void enable(struct tsr_region *region, bool enabled)
{
	device_io.enable(region, enabled);
}

/* So many pages at a time as a message has room for. */
static bool fetch_dirty(struct tsr_region *region, uint32_t first, uint32_t count, uint8_t *bitmap)
{
	bool any = false;

	while (count) {
		uint32_t part = count < ISO_DATA * 8 ? count : ISO_DATA * 8;
		struct iso_message m = { .head = { .what = ISO_FETCH_DIRTY,
						   .id = device_object(region)->id } };

		m.head.a[0] = first;
		m.head.a[1] = part;
		device_ask(&m);
		memcpy(bitmap, m.data, (part + 7) / 8);
		any |= m.head.a[0] != 0;
		bitmap += part / 8;
		first += part;
		count -= part;
	}
	return any;
}

/* The core keeps its object, so that a device that is made again finds the same ones. */
static void remove_region(struct tsr_region *region)
{
	if (region)
		enable(region, false);
}

static void shadow(const struct tsr_host *host, tsr_gpa base, uint64_t length, bool read_ram,
		   bool write_ram)
{
}

static uint64_t ram_size(const struct tsr_host *host)
{
	return device_ask_about(ISO_RAM_SIZE, 0, NULL);
}

static uint64_t ram_below_4g(const struct tsr_host *host)
{
	struct iso_message m = { .head = { .what = ISO_RAM_SIZE } };

	device_ask(&m);
	return m.head.a[1];
}

static void set_a20(const struct tsr_host *host, bool enabled)
{
}

static bool get_a20(const struct tsr_host *host)
{
	return device_ask_about(ISO_GET_A20, 0, NULL);
}

const struct tsr_memory device_memory = {
	.size = sizeof(device_memory),
	.map = map,
	.map_io = map_io,
	.alias = alias,
	.move = move,
	.enable = enable,
	.fetch_dirty = fetch_dirty,
	.shadow = shadow,
	.ram_size = ram_size,
	.ram_below_4g = ram_below_4g,
	.set_a20 = set_a20,
	.get_a20 = get_a20,
	.remove = remove_region,
};

/* -- Of PCI functions */

bool device_add_bar(struct tsr_pci_function *f, unsigned bar, uint32_t length, bool prefetchable,
		    unsigned flags, uint8_t **bytes, struct tsr_region **region,
		    struct tsr_error *error)
{
	struct iso_message m = { .head = { .what = ISO_BAR_MEMORY,
					   .id = device_object(f)->id,
					   .a = { bar, length, flags, prefetchable } } };
	struct object *o = device_make(&m, error);

	if (!o)
		return false;
	*bytes = add_place(&m, length);
	if (region)
		*region = (struct tsr_region *)o;
	if (!*bytes)
		no_room(error);
	return *bytes != NULL;
}

bool device_add_rom(struct tsr_pci_function *f, const void *image, size_t length,
		    struct tsr_error *error)
{
	struct iso_message m = { .head = { .what = ISO_ROM, .id = device_object(f)->id } };
	const uint8_t *bytes = image;

	if (length > ISO_ROM_MAX)
		return tsr_error_set(error, TSR_ERROR_INVALID, "an option ROM has at most %u MiB",
				     ISO_ROM_MAX >> 20);
	for (size_t at = 0, part; at < length; at += part) {
		part = length - at < ISO_DATA ? length - at : ISO_DATA;
		device_post(&(struct iso_head){ .what = ISO_ROM_PART, .length = (uint32_t)part },
			    bytes + at);
	}
	m.head.a[0] = length;
	return device_make(&m, error) != NULL;
}
