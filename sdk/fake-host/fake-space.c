/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Port and physical space of the fake machine: a list of regions, looked up linearly, and the DMA
 * API over it. */
#include "fake-private.h"

struct tsr_region *fake_region_new(struct fake_device *d, enum fake_region_kind kind, uint64_t base,
				   uint64_t length)
{
	struct tsr_region *r = calloc(1, sizeof(*r));

	r->device = d;
	r->kind = kind;
	r->base = base;
	r->length = length;
	r->enabled = true;
	r->next = fake.regions;
	fake.regions = r;
	return r;
}

static void region_free(struct tsr_region *r)
{
	free(r->bytes);
	free(r->dirty);
	free(r);
}

void fake_space_free(void)
{
	while (fake.regions) {
		struct tsr_region *r = fake.regions;

		fake.regions = r->next;
		region_free(r);
	}
}

/* And its aliases. */
void fake_region_remove(struct tsr_region *region)
{
	struct tsr_region **at = &fake.regions;

	while (*at) {
		struct tsr_region *r = *at;

		if (r != region && r->target != region) {
			at = &r->next;
			continue;
		}
		*at = r->next;
		region_free(r);
	}
}

static struct tsr_region *region_at(bool ports, uint64_t address)
{
	struct tsr_region *best = NULL;

	for (struct tsr_region *r = fake.regions; r; r = r->next) {
		if (r->ports != ports || !r->enabled || address < r->base ||
		    address - r->base >= r->length)
			continue;
		if (!best || r->priority > best->priority)
			best = r;
	}
	return best;
}

static uint64_t ones(unsigned width)
{
	return width == 8 ? ~0ull : (1ull << (width * 8)) - 1;
}

/* The allowed width for an access of `width`: the same, otherwise a narrower one, otherwise a wider
 * one. */
static unsigned width_for(const struct tsr_io_ops *ops, unsigned width)
{
	if (!(ops->widths & 15))
		fake_die("tsr_io_ops.widths is empty");
	for (unsigned w = width; w; w >>= 1)
		if (ops->widths & w)
			return w;
	for (unsigned w = width; w <= 8; w <<= 1)
		if (ops->widths & w)
			return w;
	return width;
}

static uint64_t io_read(struct tsr_region *r, uint64_t offset, unsigned width)
{
	unsigned w = width_for(r->ops, width);
	uint64_t value = 0;

	if (!r->ops->read)
		return ones(width);
	if (w > width) {
		value = r->ops->read(r->self, offset & ~(uint64_t)(w - 1), w);
		return value >> ((offset & (w - 1)) * 8) & ones(width);
	}
	for (unsigned i = 0; i < width; i += w)
		value |= (r->ops->read(r->self, offset + i, w) & ones(w)) << (i * 8);
	return value;
}

static void io_write(struct tsr_region *r, uint64_t offset, uint64_t value, unsigned width)
{
	unsigned w = width_for(r->ops, width);

	if (!r->ops->write)
		return;
	if (w > width) {
		r->ops->write(r->self, offset & ~(uint64_t)(w - 1),
			      value << ((offset & (w - 1)) * 8), w);
		return;
	}
	for (unsigned i = 0; i < width; i += w)
		r->ops->write(r->self, offset + i, value >> (i * 8) & ones(w), w);
}

/* -- ports */

static bool crosses(const struct tsr_region *r, uint64_t address, unsigned width)
{
	return !r || address - r->base + width > r->length;
}

uint32_t fake_port_read(uint16_t port, unsigned width)
{
	struct tsr_region *r = region_at(true, port);
	uint32_t value = 0;

	if (!crosses(r, port, width))
		return io_read(r, port - r->base, width) & ones(width);
	if (width == 1)
		return 0xff;
	for (unsigned i = 0; i < width; i++)
		value |= fake_port_read(port + i, 1) << (i * 8);
	return value;
}

void fake_port_write(uint16_t port, uint32_t value, unsigned width)
{
	struct tsr_region *r = region_at(true, port);

	if (!crosses(r, port, width))
		io_write(r, port - r->base, value & ones(width), width);
	else if (width > 1)
		for (unsigned i = 0; i < width; i++)
			fake_port_write(port + i, value >> (i * 8) & 0xff, 1);
}

/* -- physical memory */

/* The plain memory at gpa, or NULL and *io. */
static uint8_t *bytes_at(tsr_gpa gpa, bool write, struct tsr_region **region, uint64_t *offset)
{
	struct tsr_region *r = region_at(false, gpa);

	*region = NULL;
	if (gpa < 1 << 20 && (fake.shadow[gpa >> 12] & (write ? 2 : 1)))
		return fake.ram + gpa;
	if (!r)
		return gpa < FAKE_RAM_SIZE ? fake.ram + gpa : NULL;
	*offset = gpa - r->base;
	while (r->kind == FAKE_ALIAS) {
		*offset += r->target_offset;
		r = r->target;
	}
	*region = r;
	return r->kind == FAKE_BYTES ? r->bytes + *offset : NULL;
}

uint64_t fake_mmio_read(tsr_gpa gpa, unsigned width)
{
	struct tsr_region *r;
	uint64_t offset, value = 0;
	uint8_t *bytes = bytes_at(gpa, false, &r, &offset);

	if (!bytes && r && r->kind == FAKE_IO && offset + width <= r->length)
		return io_read(r, offset, width) & ones(width);
	if (width == 1)
		return bytes ? *bytes : 0xff;
	for (unsigned i = 0; i < width; i++)
		value |= fake_mmio_read(gpa + i, 1) << (i * 8);
	return value;
}

static void store_byte(uint8_t *bytes, struct tsr_region *r, uint64_t offset, uint8_t value)
{
	if (r && (r->flags & TSR_MEMORY_ROM))
		return;
	*bytes = value;
	if (r)
		r->dirty[offset >> 12] = 1;
}

void fake_mmio_write(tsr_gpa gpa, uint64_t value, unsigned width)
{
	struct tsr_region *r;
	uint64_t offset = 0;
	uint8_t *bytes = bytes_at(gpa, true, &r, &offset);

	if (!bytes && r && r->kind == FAKE_IO && offset + width <= r->length)
		io_write(r, offset, value & ones(width), width);
	else if (width > 1)
		for (unsigned i = 0; i < width; i++)
			fake_mmio_write(gpa + i, value >> (i * 8) & 0xff, 1);
	else if (bytes)
		store_byte(bytes, r, offset, value);
}

uint8_t *fake_ram(tsr_gpa gpa)
{
	if (gpa >= FAKE_RAM_SIZE)
		fake_die("fake_ram: %llx is beyond RAM", (unsigned long long)gpa);
	return fake.ram + gpa;
}

bool fake_a20(void)
{
	return fake.a20;
}

/* -- tessera.io/1 */

static struct tsr_region *new_io(struct fake_device *d, bool ports, uint64_t base, uint64_t length,
				 const struct tsr_io_ops *ops, void *self)
{
	struct tsr_region *r = fake_region_new(d, FAKE_IO, base, length);

	r->ports = ports;
	r->ops = ops;
	r->self = self;
	return r;
}

uint64_t fake_resource_number(struct fake_device *d, const char *name, const char *key)
{
	char row[128];
	const char *value;

	snprintf(row, sizeof(row), "resource.%s.%s", name, key);
	value = fake_row_get(d, row);
	if (!value)
		fake_die("%s: no %s in the manifest or the rows", d->id, row);
	return strtoull(value, NULL, 0);
}

static struct tsr_region *fake_claim(const struct tsr_host *host, const char *name,
				     const struct tsr_io_ops *ops, void *self,
				     struct tsr_error *error)
{
	struct fake_device *d = fake_device_of(host);
	char row[128];
	const char *type;

	snprintf(row, sizeof(row), "resource.%s.type", name);
	type = fake_row_get(d, row);
	return new_io(d, !type || strcmp(type, "mmio") != 0, fake_resource_number(d, name, "base"),
		      fake_resource_number(d, name, "length"), ops, self);
}

static struct tsr_region *fake_claim_ports(const struct tsr_host *host, const char *name,
					   uint16_t base, unsigned length,
					   const struct tsr_io_ops *ops, void *self,
					   struct tsr_error *error)
{
	struct tsr_region *r = new_io(fake_device_of(host), true, base, length, ops, self);

	r->enabled = base != 0;
	return r;
}

static void fake_move(struct tsr_region *region, uint64_t base)
{
	region->base = base;
}

static void fake_enable(struct tsr_region *region, bool enabled)
{
	region->enabled = enabled;
}

static void fake_remove(struct tsr_region *region)
{
	if (region)
		fake_region_remove(region);
}

const struct tsr_io fake_io_table = {
	.size = sizeof(struct tsr_io),
	.claim = fake_claim,
	.claim_ports = fake_claim_ports,
	.move = fake_move,
	.enable = fake_enable,
	.remove = fake_remove,
};

/* -- tessera.memory/1 */

static struct tsr_region *fake_map(const struct tsr_host *host, const char *name, tsr_gpa base,
				   uint64_t length, int priority, unsigned flags, uint8_t **bytes,
				   struct tsr_error *error)
{
	struct tsr_region *r = fake_region_new(fake_device_of(host), FAKE_BYTES, base, length);

	if (!length || (length & TSR_PAGE_MASK) || (base & TSR_PAGE_MASK))
		fake_die("%s: map of %s is not made of pages", host->name, name);
	r->priority = priority;
	r->flags = flags;
	r->enabled = !(flags & TSR_MEMORY_DISABLED);
	r->bytes = calloc(1, length);
	r->dirty = calloc(1, length >> 12);
	if (bytes)
		*bytes = r->bytes;
	return r;
}

static struct tsr_region *fake_map_io(const struct tsr_host *host, const char *name, tsr_gpa base,
				      uint64_t length, int priority, unsigned flags,
				      const struct tsr_io_ops *ops, void *self,
				      struct tsr_error *error)
{
	struct tsr_region *r = new_io(fake_device_of(host), false, base, length, ops, self);

	r->priority = priority;
	r->flags = flags;
	r->enabled = !(flags & TSR_MEMORY_DISABLED);
	return r;
}

static struct tsr_region *fake_alias(const struct tsr_host *host, const char *name, tsr_gpa base,
				     uint64_t length, int priority, unsigned flags,
				     struct tsr_region *target, uint64_t offset,
				     struct tsr_error *error)
{
	struct tsr_region *r = fake_region_new(fake_device_of(host), FAKE_ALIAS, base, length);

	if (offset + length > target->length)
		fake_die("%s: alias %s leaves its target", host->name, name);
	r->priority = priority;
	r->flags = flags;
	r->enabled = !(flags & TSR_MEMORY_DISABLED);
	r->target = target;
	r->target_offset = offset;
	return r;
}

static bool fake_fetch_dirty(struct tsr_region *region, uint32_t first, uint32_t count,
			     uint8_t *bitmap)
{
	bool any = false;

	memset(bitmap, 0, (count + 7) / 8);
	for (uint32_t i = 0; i < count; i++) {
		if ((uint64_t)(first + i) << 12 >= region->length)
			fake_die("fetch_dirty beyond the region's end");
		if (!region->dirty[first + i])
			continue;
		region->dirty[first + i] = 0;
		bitmap[i / 8] |= 1 << (i % 8);
		any = true;
	}
	return any;
}

static void fake_shadow(const struct tsr_host *host, tsr_gpa base, uint64_t length, bool read_ram,
			bool write_ram)
{
	if (base + length > 1 << 20 || ((base | length) & TSR_PAGE_MASK))
		fake_die("shadow of a bad range");
	memset(fake.shadow + (base >> 12), (read_ram ? 1 : 0) | (write_ram ? 2 : 0), length >> 12);
}

static uint64_t fake_ram_size(const struct tsr_host *host)
{
	return FAKE_RAM_SIZE;
}

static void fake_set_a20(const struct tsr_host *host, bool enabled)
{
	fake.a20 = enabled;
}

static bool fake_get_a20(const struct tsr_host *host)
{
	return fake.a20;
}

const struct tsr_memory fake_memory_table = {
	.size = sizeof(struct tsr_memory),
	.map = fake_map,
	.map_io = fake_map_io,
	.alias = fake_alias,
	.move = fake_move,
	.enable = fake_enable,
	.fetch_dirty = fake_fetch_dirty,
	.shadow = fake_shadow, /* for older plugins, as set_a20 and get_a20 */
	.ram_size = fake_ram_size,
	.ram_below_4g = fake_ram_size,
	.set_a20 = fake_set_a20,
	.get_a20 = fake_get_a20,
	.remove = fake_remove,
};

const struct tsr_shadow_ram fake_shadow_ram_table = {
	.size = sizeof(struct tsr_shadow_ram),
	.set = fake_shadow,
};

const struct tsr_a20 fake_a20_table = {
	.size = sizeof(struct tsr_a20),
	.set = fake_set_a20,
	.get = fake_get_a20,
};

/* -- tessera.dma/1 */

static bool may_master(const struct tsr_host *host)
{
	const struct fake_host_ref *ref = (const struct fake_host_ref *)host;

	return !ref->function || (fake_pci_table.config_get(ref->function, 4, 1) & 4);
}

static bool dma_read(const struct tsr_host *host, tsr_gpa from, void *to, uint64_t length)
{
	bool good = true;

	if (!may_master(host))
		return false;
	for (uint64_t i = 0; i < length; i++) {
		struct tsr_region *r;
		uint64_t offset;
		uint8_t *bytes = bytes_at(from + i, false, &r, &offset);

		((uint8_t *)to)[i] = bytes ? *bytes : 0xff;
		good = good && bytes;
	}
	fake_trace(from);
	fake_trace(length);
	return good;
}

static bool dma_write(const struct tsr_host *host, tsr_gpa to, const void *from, uint64_t length)
{
	bool good = true;

	if (!may_master(host))
		return false;
	for (uint64_t i = 0; i < length; i++) {
		struct tsr_region *r;
		uint64_t offset = 0;
		uint8_t *bytes = bytes_at(to + i, true, &r, &offset);

		if (bytes)
			store_byte(bytes, r, offset, ((const uint8_t *)from)[i]);
		good = good && bytes;
	}
	fake_trace(to);
	fake_trace_bytes(from, length);
	return good;
}

static void *dma_map(const struct tsr_host *host, tsr_gpa at, uint64_t *length, bool for_write)
{
	if (!may_master(host) || at < 1 << 20 || at >= FAKE_RAM_SIZE)
		return NULL;
	if (*length > FAKE_RAM_SIZE - at)
		*length = FAKE_RAM_SIZE - at;
	return fake.ram + at;
}

static void dma_written(const struct tsr_host *host, tsr_gpa at, uint64_t length)
{
	fake_trace(at);
	fake_trace(length);
}

static void dma_unmap(const struct tsr_host *host, tsr_gpa at, uint64_t length, bool is_written)
{
	if (is_written)
		dma_written(host, at, length);
}

const struct tsr_dma fake_dma_table = {
	.size = sizeof(struct tsr_dma),
	.read = dma_read,
	.write = dma_write,
	.map = dma_map,
	.written = dma_written,
	.unmap = dma_unmap,
};
