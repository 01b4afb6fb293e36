/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The guest physical map.
 *
 * Regions are painted in order of priority into a flat array of pages, one entry per 4 KiB page of
 * the 4 GiB that the machine decodes (RAM ends below the PCI hole, so nothing lies above). A
 * look-up is one array access; painting happens only when the map changes. A page that a region
 * covers in part is marked and resolved by search.
 *
 * Known gap: physical addresses from 4 GiB up are open bus.
 */
#define _GNU_SOURCE
#include "board/memory-map.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <tessera-glib/machine.h>

#include "board/io-dispatch.h"

#define PAGES (1u << 20)
#define TOO_BIG "raise the limit on the size of files (ulimit -f), or reduce --memory"
#define SHADOW_PAGES 256 /* below 1 MiB */

enum { SHADOW_UNMANAGED, SHADOW_RAM, SHADOW_OTHER };

/* What answers reads and writes of a page; NULL: open bus. */
struct page_entry {
	struct tsr_region *read, *write;
};

struct tsr_memory_map {
	int fd;
	uint8_t *ram;
	uint64_t ram_size;
	struct tsr_region *ram_region;
	GPtrArray *regions; /* ascending priority, then age: later ones win */
	struct page_entry *pages;
	struct tsr_region partial; /* marks pages that must be searched */
	uint8_t shadow_read[SHADOW_PAGES], shadow_write[SHADOW_PAGES];
	bool a20;
	const struct tsr_phys_listener *listener;
	void *listener_self;
};

/* -- Painting */

static bool shadow_hides(const struct tsr_memory_map *map, const struct tsr_region *r,
			 uint64_t page, bool write)
{
	if (page >= SHADOW_PAGES)
		return false;
	uint8_t mode = write ? map->shadow_write[page] : map->shadow_read[page];
	if (mode == SHADOW_UNMANAGED)
		return false;
	return (r == map->ram_region) != (mode == SHADOW_RAM);
}

static void paint_page(struct tsr_memory_map *map, struct tsr_region *r, uint64_t page)
{
	struct page_entry *entry = &map->pages[page];
	bool whole = r->base <= page << TSR_PAGE_SHIFT &&
		     r->base + r->length >= (page + 1) << TSR_PAGE_SHIFT;

	/* Partly covered pages, and what is painted over them, are searched. */
	if (!whole) {
		entry->read = entry->write = &map->partial;
		return;
	}
	if (!shadow_hides(map, r, page, false))
		entry->read = r;
	if (!shadow_hides(map, r, page, true))
		entry->write = r;
}

static void paint(struct tsr_memory_map *map, uint64_t base, uint64_t length)
{
	uint64_t first = base >> TSR_PAGE_SHIFT, last = (base + length - 1) >> TSR_PAGE_SHIFT;

	if (!length || first >= PAGES)
		return;
	last = MIN(last, PAGES - 1);
	memset(&map->pages[first], 0, (last - first + 1) * sizeof(*map->pages));
	for (unsigned i = 0; i < map->regions->len; i++) {
		struct tsr_region *r = g_ptr_array_index(map->regions, i);
		if (!r->enabled || !r->length)
			continue;
		uint64_t from = MAX(r->base >> TSR_PAGE_SHIFT, first);
		uint64_t to = MIN((r->base + r->length - 1) >> TSR_PAGE_SHIFT, last);
		for (uint64_t page = from; page <= to && page < PAGES; page++)
			paint_page(map, r, page);
	}
	if (map->listener)
		map->listener->mapping_changed(map->listener_self, first << TSR_PAGE_SHIFT,
					       (last - first + 1) << TSR_PAGE_SHIFT);
}

static struct tsr_region *search(struct tsr_memory_map *map, tsr_gpa gpa, bool write)
{
	for (unsigned i = map->regions->len; i-- > 0;) {
		struct tsr_region *r = g_ptr_array_index(map->regions, i);
		if (r->enabled && gpa >= r->base && gpa - r->base < r->length &&
		    !shadow_hides(map, r, gpa >> TSR_PAGE_SHIFT, write))
			return r;
	}
	return NULL;
}

/* What is painted at gpa, or answers there if only a part of the page is painted; NULL: open bus.
 */
static inline struct tsr_region *painted(struct tsr_memory_map *map, tsr_gpa gpa, bool write)
{
	const struct page_entry *entry;
	struct tsr_region *r;

	if (gpa >> TSR_PAGE_SHIFT >= PAGES)
		return NULL;
	entry = &map->pages[gpa >> TSR_PAGE_SHIFT];
	r = write ? entry->write : entry->read;
	return r == &map->partial ? search(map, gpa, write) : r;
}

/* The region that answers at gpa, and the offset in it, aliases resolved; NULL: open bus. */
static inline struct tsr_region *resolve(struct tsr_memory_map *map, tsr_gpa gpa, bool write,
					 uint64_t *offset)
{
	struct tsr_region *r = painted(map, gpa, write);

	if (!r)
		return NULL;
	*offset = gpa - r->base;
	while (r->kind == REGION_ALIAS) {
		*offset += r->offset;
		r = r->target;
		if (*offset >= r->length)
			return NULL;
	}
	return r;
}

static inline tsr_gpa a20_address(const struct tsr_memory_map *map, tsr_gpa gpa)
{
	return map->a20 ? gpa : gpa & ~(tsr_gpa)(1 << 20);
}

/* -- Regions */

static void region_free(gpointer data)
{
	struct tsr_region *r = data;

	if (r->kind == REGION_MEMORY && r->owner)
		munmap(r->bytes, r->length);
	g_free(r->dirty);
	g_free(r->name);
	g_free(r);
}

static void memory_repaint(struct tsr_region *r, uint64_t old_base)
{
	paint(r->map, old_base, r->length);
	if (old_base != r->base)
		paint(r->map, r->base, r->length);
}

struct tsr_region *tsr_memory_map_add(struct tsr_memory_map *map, const struct tsr_region *template,
				      struct tsr_error *error)
{
	const struct tsr_region *taken = tsr_region_find_conflict(map->regions, template);
	struct tsr_region *r;

	if (taken) {
		tsr_error_set(error, TSR_ERROR_CONFLICT,
			      "%s: memory at 0x%llx, %llu bytes, is taken by %s of %s",
			      template->name, (unsigned long long)template->base,
			      (unsigned long long)template->length, taken->name,
			      tsr_region_owner_name(taken));
		return NULL;
	}
	if (!tsr_region_check(template, error))
		return NULL;
	r = tsr_region_insert(map->regions, template);
	r->map = map;
	r->repaint = memory_repaint;
	if (r->kind == REGION_MEMORY && (r->flags & TSR_MEMORY_DIRTY_LOG))
		r->dirty = g_malloc0(r->length >> TSR_PAGE_SHIFT);
	if (r->enabled)
		paint(map, r->base, r->length);
	return r;
}

struct tsr_region *tsr_memory_map_add_bytes(struct tsr_memory_map *map,
					    const struct tsr_region *template,
					    struct tsr_error *error)
{
	struct tsr_region with_bytes = *template;
	struct tsr_region *r;

	with_bytes.kind = REGION_MEMORY;
	with_bytes.bytes = mmap(NULL, template->length, PROT_READ | PROT_WRITE,
				MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (with_bytes.bytes == MAP_FAILED) {
		tsr_error_set(error, TSR_ERROR_IO, "%s: no memory for %llu bytes", template->name,
			      (unsigned long long)template->length);
		return NULL;
	}
	r = tsr_memory_map_add(map, &with_bytes, error);
	if (!r)
		munmap(with_bytes.bytes, template->length);
	return r;
}

void tsr_memory_map_drop(struct tsr_memory_map *map, const TsrInstance *owner)
{
	for (unsigned i = map->regions->len; i-- > 0;) {
		struct tsr_region *r = g_ptr_array_index(map->regions, i);
		if (r->owner != owner)
			continue;
		bool was_enabled = r->enabled;
		uint64_t base = r->base, length = r->length;
		g_ptr_array_remove_index(map->regions, i);
		if (was_enabled)
			paint(map, base, length);
	}
}

static void paint_all(struct tsr_memory_map *map, const GPtrArray *regions)
{
	for (guint i = 0; i < regions->len; i++) {
		const struct tsr_region *r = g_ptr_array_index(regions, i);
		if (r->enabled)
			paint(map, r->base, r->length);
	}
}

GPtrArray *tsr_memory_map_set_aside(struct tsr_memory_map *map, const TsrInstance *owner)
{
	GPtrArray *aside = g_ptr_array_new_with_free_func(region_free);

	tsr_regions_set_aside(map->regions, owner, aside);
	paint_all(map, aside);
	return aside;
}

void tsr_memory_map_put_back(struct tsr_memory_map *map, GPtrArray *aside)
{
	g_autoptr(GPtrArray) back = g_ptr_array_copy(aside, NULL, NULL);

	g_ptr_array_set_free_func(back, NULL);
	tsr_regions_put_back(map->regions, aside);
	paint_all(map, back);
	g_ptr_array_unref(aside);
}

bool tsr_memory_map_detach_copy(struct tsr_memory_map *map)
{
	return mmap(map->ram, map->ram_size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_FIXED,
		    map->fd, 0) != MAP_FAILED;
}

/* -- The map */

struct tsr_memory_map *tsr_memory_map_new(uint64_t ram_size, GError **error)
{
	struct tsr_memory_map *map = g_new0(struct tsr_memory_map, 1);

	map->fd = memfd_create("guest-ram", MFD_CLOEXEC);
	map->ram = MAP_FAILED;
	if (map->fd >= 0 && ftruncate(map->fd, (off_t)ram_size) == 0)
		map->ram = mmap(NULL, ram_size, PROT_READ | PROT_WRITE, MAP_SHARED, map->fd, 0);
	if (map->ram != MAP_FAILED)
		map->pages = mmap(NULL, PAGES * sizeof(*map->pages), PROT_READ | PROT_WRITE,
				  MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (map->ram == MAP_FAILED || map->pages == MAP_FAILED) {
		g_set_error(error, TSR_MACHINE_ERROR, TSR_MACHINE_ERROR_FAILED,
			    "cannot get %" G_GUINT64_FORMAT " MiB of memory for the guest: %s; %s",
			    ram_size >> 20, g_strerror(errno),
			    errno == EFBIG ? TOO_BIG : "reduce --memory");
		if (map->ram != MAP_FAILED)
			munmap(map->ram, ram_size);
		if (map->fd >= 0)
			close(map->fd);
		g_free(map);
		return NULL;
	}
	map->ram_size = ram_size;
	map->regions = g_ptr_array_new_with_free_func(region_free);
	map->a20 = true;
	map->ram_region = tsr_memory_map_add(map,
					     &(struct tsr_region){ .kind = REGION_MEMORY,
								   .name = "ram",
								   .length = ram_size,
								   .enabled = true,
								   .bytes = map->ram },
					     NULL);
	return map;
}

void tsr_memory_map_free(struct tsr_memory_map *map)
{
	if (!map)
		return;
	map->listener = NULL;
	g_ptr_array_unref(map->regions);
	munmap(map->ram, map->ram_size);
	munmap(map->pages, PAGES * sizeof(*map->pages));
	close(map->fd);
	g_free(map);
}

void tsr_memory_map_set_listener(struct tsr_memory_map *map,
				 const struct tsr_phys_listener *listener, void *self)
{
	map->listener = listener;
	map->listener_self = self;
}

uint8_t *tsr_memory_map_ram(struct tsr_memory_map *map, uint64_t *size)
{
	if (size)
		*size = map->ram_size;
	return map->ram;
}

int tsr_memory_map_ram_fd(const struct tsr_memory_map *map)
{
	return map->fd;
}

void tsr_memory_map_reset(struct tsr_memory_map *map, bool clear_ram)
{
	if (clear_ram) {
		if (fallocate(map->fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0,
			      (off_t)map->ram_size) != 0)
			memset(map->ram, 0, map->ram_size);
		if (map->listener)
			map->listener->mapping_changed(map->listener_self, 0, map->ram_size);
	}
	memset(map->shadow_read, SHADOW_UNMANAGED, sizeof(map->shadow_read));
	memset(map->shadow_write, SHADOW_UNMANAGED, sizeof(map->shadow_write));
	map->a20 = true;
	paint(map, 0, 1 << 20);
}

void tsr_memory_map_put_state(struct tsr_memory_map *map, struct tsr_state_writer *out)
{
	tsr_state_put_bytes(out, "shadow-read", map->shadow_read, sizeof(map->shadow_read));
	tsr_state_put_bytes(out, "shadow-write", map->shadow_write, sizeof(map->shadow_write));
	tsr_state_put_bool(out, "a20", map->a20);
}

void tsr_memory_map_get_state(struct tsr_memory_map *map, struct tsr_state_reader *in)
{
	tsr_state_get_bytes(in, "shadow-read", map->shadow_read, sizeof(map->shadow_read));
	tsr_state_get_bytes(in, "shadow-write", map->shadow_write, sizeof(map->shadow_write));
	tsr_state_get_bool(in, "a20", &map->a20);
	for (unsigned i = 0; i < SHADOW_PAGES; i++) {
		map->shadow_read[i] %= 3;
		map->shadow_write[i] %= 3;
	}
	if (map->listener)
		map->listener->mapping_changed(map->listener_self, 0, 1ull << 36);
	paint(map, 0, 1 << 20);
}

/* -- Accesses */

GPtrArray *tsr_memory_map_get_regions(const struct tsr_memory_map *map)
{
	return map->regions;
}

void tsr_memory_map_lookup(struct tsr_memory_map *map, tsr_gpa gpa, struct tsr_phys_page *page)
{
	struct page_entry entry;
	uint64_t offset;
	struct tsr_region *r;

	gpa = a20_address(map, gpa) & ~(tsr_gpa)TSR_PAGE_MASK;
	*page = (struct tsr_phys_page){ .gpa = gpa };
	if (gpa >> TSR_PAGE_SHIFT >= PAGES)
		return;
	entry = map->pages[gpa >> TSR_PAGE_SHIFT];
	if (entry.read == &map->partial)
		return;
	r = resolve(map, gpa, false, &offset);
	if (r && r->kind == REGION_MEMORY)
		page->read = r->bytes + offset;
	if (entry.write != entry.read)
		r = resolve(map, gpa, true, &offset);
	if (r && r->kind == REGION_MEMORY && !(r->flags & TSR_MEMORY_ROM)) {
		page->write = r->bytes + offset;
		page->dirty_log = r->dirty != NULL;
	}
}

static void mark_dirty(struct tsr_region *r, uint64_t offset, uint64_t length)
{
	if (!r->dirty || !length)
		return;
	uint64_t last = MIN(offset + length, r->length) - 1;
	memset(&r->dirty[offset >> TSR_PAGE_SHIFT], 1,
	       (last >> TSR_PAGE_SHIFT) - (offset >> TSR_PAGE_SHIFT) + 1);
}

static uint64_t read_within_page(struct tsr_memory_map *map, tsr_gpa gpa, unsigned width)
{
	uint64_t offset, value = 0;
	struct tsr_region *r = resolve(map, a20_address(map, gpa), false, &offset);

	if (!r || offset + width > r->length) {
		value = ~0ull;
	} else if (r->kind == REGION_MEMORY) {
		memcpy(&value, r->bytes + offset, width);
		return value;
	} else {
		value = tsr_io_dispatch_read(r, offset, width);
	}
	return width == 8 ? value : value & ((1ull << (width * 8)) - 1);
}

static void write_within_page(struct tsr_memory_map *map, tsr_gpa gpa, uint64_t value,
			      unsigned width)
{
	uint64_t offset;
	struct tsr_region *r = resolve(map, a20_address(map, gpa), true, &offset);

	if (!r || offset + width > r->length)
		return;
	if (r->kind == REGION_MEMORY) {
		if (r->flags & TSR_MEMORY_ROM)
			return;
		memcpy(r->bytes + offset, &value, width);
		mark_dirty(r, offset, width);
	} else {
		tsr_io_dispatch_write(r, offset, value, width);
	}
}

static bool crosses_page(tsr_gpa gpa, unsigned width)
{
	return (gpa & TSR_PAGE_MASK) + width > TSR_PAGE_SIZE;
}

uint64_t tsr_memory_map_read(struct tsr_memory_map *map, tsr_gpa gpa, unsigned width)
{
	uint64_t value = 0;

	if (!crosses_page(gpa, width))
		return read_within_page(map, gpa, width);
	for (unsigned i = 0; i < width; i++)
		value |= read_within_page(map, gpa + i, 1) << (i * 8);
	return value;
}

void tsr_memory_map_write(struct tsr_memory_map *map, tsr_gpa gpa, uint64_t value, unsigned width)
{
	if (!crosses_page(gpa, width)) {
		write_within_page(map, gpa, value, width);
		return;
	}
	for (unsigned i = 0; i < width; i++)
		write_within_page(map, gpa + i, (value >> (i * 8)) & 0xff, 1);
}

/* -- DMA: A20 does not matter, handlers are not reached. */

static bool dma_page(struct tsr_memory_map *map, tsr_gpa at, uint8_t *bytes, uint64_t length,
		     bool write)
{
	uint64_t offset;
	struct tsr_region *r = resolve(map, at, write, &offset);

	if (!r || r->kind != REGION_MEMORY || offset + length > r->length ||
	    (write && (r->flags & TSR_MEMORY_ROM))) {
		if (!write)
			memset(bytes, 0xff, length);
		return false;
	}
	if (!write) {
		memcpy(bytes, r->bytes + offset, length);
		return true;
	}
	memcpy(r->bytes + offset, bytes, length);
	mark_dirty(r, offset, length);
	if (map->listener)
		map->listener->written(map->listener_self, at, length);
	return true;
}

bool tsr_memory_map_dma(struct tsr_memory_map *map, tsr_gpa at, void *bytes, uint64_t length,
			bool write)
{
	uint8_t *at_bytes = bytes;
	bool good = true;

	while (length) {
		uint64_t chunk = MIN(length, TSR_PAGE_SIZE - (at & TSR_PAGE_MASK));
		good &= dma_page(map, at, at_bytes, chunk, write);
		at += chunk;
		at_bytes += chunk;
		length -= chunk;
	}
	return good;
}

static uint8_t *run_page(struct tsr_memory_map *map, tsr_gpa at, bool write)
{
	uint64_t offset;
	struct tsr_region *r = resolve(map, at, write, &offset);

	if (!r || r->kind != REGION_MEMORY || (write && (r->flags & TSR_MEMORY_ROM)) || r->dirty)
		return NULL;
	return r->bytes + offset;
}

void *tsr_memory_map_run(struct tsr_memory_map *map, tsr_gpa at, uint64_t *length, bool write)
{
	uint8_t *start = run_page(map, at, write);
	uint64_t good = TSR_PAGE_SIZE - (at & TSR_PAGE_MASK);

	if (!start || !*length)
		return NULL;
	while (good < *length && run_page(map, at + good, write) == start + good)
		good += TSR_PAGE_SIZE;
	*length = MIN(good, *length);
	return start;
}

void tsr_memory_map_written(struct tsr_memory_map *map, tsr_gpa at, uint64_t length)
{
	if (map->listener && length)
		map->listener->written(map->listener_self, at, length);
}

/* -- Changes */

void tsr_memory_map_shadow(struct tsr_memory_map *map, tsr_gpa base, uint64_t length, bool read_ram,
			   bool write_ram)
{
	memset(&map->shadow_read[base >> TSR_PAGE_SHIFT], read_ram ? SHADOW_RAM : SHADOW_OTHER,
	       length >> TSR_PAGE_SHIFT);
	memset(&map->shadow_write[base >> TSR_PAGE_SHIFT], write_ram ? SHADOW_RAM : SHADOW_OTHER,
	       length >> TSR_PAGE_SHIFT);
	paint(map, base, length);
}

void tsr_memory_map_set_a20(struct tsr_memory_map *map, bool enabled)
{
	if (map->a20 == enabled)
		return;
	map->a20 = enabled;
	if (map->listener)
		map->listener->mapping_changed(map->listener_self, 0, 1ull << 36);
}

bool tsr_memory_map_get_a20(const struct tsr_memory_map *map)
{
	return map->a20;
}

/* -- Dirty pages */

void tsr_memory_map_mark_dirty(struct tsr_memory_map *map, tsr_gpa gpa)
{
	uint64_t offset;
	struct tsr_region *r = resolve(map, a20_address(map, gpa), true, &offset);

	if (r && r->kind == REGION_MEMORY)
		mark_dirty(r, offset, 1);
}

/* Where a region's bytes are visible: itself and its aliases, one call of protect for each. */
static void protect(struct tsr_memory_map *map, struct tsr_region *target, uint64_t offset,
		    uint64_t length)
{
	for (unsigned i = 0; i < map->regions->len; i++) {
		struct tsr_region *r = g_ptr_array_index(map->regions, i);
		if (!r->enabled ||
		    (r != target && !(r->kind == REGION_ALIAS && r->target == target)))
			continue;
		uint64_t from = r == target ? 0 : r->offset, to = from + r->length;
		uint64_t first = MAX(from, offset), end = MIN(to, offset + length);
		if (first < end)
			map->listener->protect(map->listener_self, r->base + first - from,
					       end - first);
	}
}

bool tsr_region_fetch_dirty(struct tsr_region *region, uint32_t first, uint32_t count,
			    uint8_t *bitmap)
{
	bool any = false;

	memset(bitmap, 0, (count + 7) / 8);
	for (uint32_t i = 0; i < count;) {
		uint32_t run = 0;
		while (i + run < count && region->dirty[first + i + run]) {
			region->dirty[first + i + run] = 0;
			bitmap[(i + run) / 8] |= (uint8_t)(1 << (i + run) % 8);
			run++;
		}
		if (run && region->map->listener)
			protect(region->map, region, (uint64_t)(first + i) << TSR_PAGE_SHIFT,
				(uint64_t)run << TSR_PAGE_SHIFT);
		any |= run > 0;
		i += run + 1;
	}
	return any;
}
