/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The 65,536 ports: a flat table of regions, painted in order of priority (enum
 * tsr_region_priority), then age. */
#include "board/port-space.h"

#include "board/io-dispatch.h"

#define PORTS 65536u

struct tsr_port_space {
	struct tsr_region *at[PORTS];
	GPtrArray *regions; /* ascending priority, then age: later ones win */
};

static void paint(struct tsr_port_space *ports, uint64_t base, uint64_t length)
{
	uint64_t end = MIN(base + length, PORTS);

	for (uint64_t p = base; p < end; p++)
		ports->at[p] = NULL;
	for (unsigned i = 0; i < ports->regions->len; i++) {
		struct tsr_region *r = g_ptr_array_index(ports->regions, i);
		if (!r->enabled)
			continue;
		for (uint64_t p = MAX(r->base, base); p < MIN(r->base + r->length, end); p++)
			ports->at[p] = r;
	}
}

static void region_free(gpointer data)
{
	struct tsr_region *r = data;

	g_free(r->name);
	g_free(r);
}

struct tsr_port_space *tsr_port_space_new(void)
{
	struct tsr_port_space *ports = g_new0(struct tsr_port_space, 1);

	ports->regions = g_ptr_array_new_with_free_func(region_free);
	return ports;
}

void tsr_port_space_free(struct tsr_port_space *ports)
{
	if (!ports)
		return;
	g_ptr_array_unref(ports->regions);
	g_free(ports);
}

void tsr_port_space_drop(struct tsr_port_space *ports, const TsrInstance *owner)
{
	for (unsigned i = ports->regions->len; i-- > 0;) {
		struct tsr_region *r = g_ptr_array_index(ports->regions, i);
		if (r->owner != owner)
			continue;
		uint64_t base = r->base, length = r->length;
		g_ptr_array_remove_index(ports->regions, i);
		paint(ports, base, length);
	}
}

GPtrArray *tsr_port_space_get_regions(const struct tsr_port_space *ports)
{
	return ports->regions;
}

GPtrArray *tsr_port_space_set_aside(struct tsr_port_space *ports, const TsrInstance *owner)
{
	GPtrArray *aside = g_ptr_array_new_with_free_func(region_free);

	tsr_regions_set_aside(ports->regions, owner, aside);
	for (guint i = 0; i < aside->len; i++) {
		const struct tsr_region *r = g_ptr_array_index(aside, i);
		paint(ports, r->base, r->length);
	}
	return aside;
}

void tsr_port_space_put_back(struct tsr_port_space *ports, GPtrArray *aside)
{
	g_autoptr(GPtrArray) back = g_ptr_array_copy(aside, NULL, NULL);

	g_ptr_array_set_free_func(back, NULL);
	tsr_regions_put_back(ports->regions, aside);
	for (guint i = 0; i < back->len; i++) {
		const struct tsr_region *r = g_ptr_array_index(back, i);
		paint(ports, r->base, r->length);
	}
	g_ptr_array_unref(aside);
}

static void ports_repaint(struct tsr_region *r, uint64_t old_base)
{
	paint(r->ports, old_base, r->length);
	if (old_base != r->base)
		paint(r->ports, r->base, r->length);
}

struct tsr_region *tsr_port_space_add(struct tsr_port_space *ports,
				      const struct tsr_region *template, struct tsr_error *error)
{
	const struct tsr_region *taken = tsr_region_find_conflict(ports->regions, template);
	struct tsr_region *r;

	if (taken) {
		tsr_error_set(error, TSR_ERROR_CONFLICT,
			      "%s: ports %llxh-%llxh are taken by %s of %s", template->name,
			      (unsigned long long)template->base,
			      (unsigned long long)(template->base + template->length - 1),
			      taken->name, tsr_region_owner_name(taken));
		return NULL;
	}
	if (!tsr_region_check(template, error))
		return NULL;
	r = tsr_region_insert(ports->regions, template);
	r->kind = REGION_PORTS;
	r->ports = ports;
	r->repaint = ports_repaint;
	if (r->enabled)
		paint(ports, r->base, r->length);
	return r;
}

/* No region answers to all of it. */
static __attribute__((noinline)) uint32_t read_bytes(struct tsr_port_space *ports, uint16_t port,
						     unsigned width)
{
	uint32_t value = 0;

	if (width == 1)
		return 0xff;
	for (unsigned i = 0; i < width; i++)
		value |= tsr_port_read(ports, (uint16_t)(port + i), 1) << (i * 8);
	return value;
}

uint32_t tsr_port_read(struct tsr_port_space *ports, uint16_t port, unsigned width)
{
	struct tsr_region *r = ports->at[port];

	if (!r || port + width > r->base + r->length)
		return read_bytes(ports, port, width);
	return (uint32_t)tsr_io_dispatch_read(r, port - r->base, width) &
	       (uint32_t)((1ull << (width * 8)) - 1);
}

static __attribute__((noinline)) void write_bytes(struct tsr_port_space *ports, uint16_t port,
						  uint32_t value, unsigned width)
{
	for (unsigned i = 0; width > 1 && i < width; i++)
		tsr_port_write(ports, (uint16_t)(port + i), (value >> (i * 8)) & 0xff, 1);
}

void tsr_port_write(struct tsr_port_space *ports, uint16_t port, uint32_t value, unsigned width)
{
	struct tsr_region *r = ports->at[port];

	if (r && port + width <= r->base + r->length)
		tsr_io_dispatch_write(r, port - r->base, value, width);
	else
		write_bytes(ports, port, value, width);
}
