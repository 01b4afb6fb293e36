/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See memory-host.h. */
#include "board/memory-host.h"

#include <string.h>

#include "board/memory-map.h"
#include "board/pci-bus.h"
#include "board/port-space.h"
#include "instance/check.h"
#include "instance/machine-parts.h"

#define ADDRESSES (1ull << 36) /* of guest physical memory, with PAE */
#define SHADOW_END (1u << 20)

/* What the handlers can be called with. */
static bool check_ops(TsrInstance *instance, const char *name, const struct tsr_io_ops *ops,
		      struct tsr_error *error)
{
	if (ops && ops->widths && !(ops->widths & ~15u))
		return true;
	return tsr_mistake_error(&instance->mistakes, error,
				 ops ? "it claims '%s' with handlers of no width that there is; "
				       "widths has bits of 1, 2, 4 and 8"
				     : "it claims '%s' without handlers",
				 name);
}

/* -- Ports and registers in memory, claimed by the manifest's resources */

static struct tsr_region *io_claim(const struct tsr_host *host, const char *name,
				   const struct tsr_io_ops *ops, void *self,
				   struct tsr_error *error)
{
	TsrInstance *instance = tsr_check_host(host, TSR_TAG_BUILDING, "io.claim");
	const TsrResource *resource = tsr_config_find_resource(instance->config, name);
	struct tsr_region template = {
		.owner = instance, .name = (char *)name, .enabled = true, .ops = ops, .self = self
	};

	if (!resource ||
	    (resource->type != TSR_RESOURCE_PORTS && resource->type != TSR_RESOURCE_MMIO)) {
		tsr_error_set(error, TSR_ERROR_NOT_FOUND,
			      "its manifest has no ports or mmio resource '%s'", name);
		return NULL;
	}
	if (!check_ops(instance, name, ops, error))
		return NULL;
	template.base = resource->base;
	template.length = resource->length;
	if (resource->type == TSR_RESOURCE_PORTS)
		return tsr_port_space_add(instance->machine->ports, &template, error);
	template.kind = REGION_IO;
	template.priority = TSR_PRIORITY_MMIO;
	return tsr_memory_map_add(instance->machine->memory, &template, error);
}

static struct tsr_region *io_claim_ports(const struct tsr_host *host, const char *name,
					 uint16_t base, unsigned length,
					 const struct tsr_io_ops *ops, void *self,
					 struct tsr_error *error)
{
	TsrInstance *instance = tsr_check_host(host, TSR_TAG_BUILDING, "io.claim_ports");

	if (!check_ops(instance, name, ops, error))
		return NULL;
	if (!length || base + length > 1u << 16) {
		tsr_mistake_error(&instance->mistakes, error,
				  "it claims %u ports from %xh on, '%s'; there are 10000h", length,
				  base, name);
		return NULL;
	}
	return tsr_port_space_add(instance->machine->ports,
				  &(struct tsr_region){ .owner = instance,
							.name = (char *)name,
							.base = base,
							.length = length,
							.enabled = false,
							.priority = TSR_PRIORITY_BOARD,
							.ops = ops,
							.self = self },
				  error);
}

/* -- Places of regions */

/* Where a guest puts a region is its own affair, also over another one. Otherwise it is the
 * plugin's doing, and it may not take what somebody has. */
static bool may_be_at(struct tsr_region *region, uint64_t base)
{
	const struct tsr_region *other;

	if (region->is_bar) {
		tsr_mistake(&region->owner->mistakes,
			    "it moves, shows or hides '%s'; a BAR is where the guest puts it",
			    region->name);
		return false;
	}
	if (tsr_call_is_by_guest())
		return true;
	other = tsr_region_find_other(region, base);
	if (!other)
		return true;
	tsr_conflict(&region->owner->mistakes,
		     "it enables '%s' at %llxh to %llxh, which '%s' of %s has", region->name,
		     (unsigned long long)base, (unsigned long long)(base + region->length - 1),
		     other->name, tsr_region_owner_name(other));
	return false;
}

static void region_move(struct tsr_region *region, uint64_t base)
{
	if (!region)
		return;
	tsr_check(region->owner, TSR_TAG_LOCKED, "move of a region");
	if (region->base == base)
		return;
	if (!region->enabled || may_be_at(region, base))
		tsr_region_move(region, base);
}

static void region_enable(struct tsr_region *region, bool enabled)
{
	if (!region)
		return;
	tsr_check(region->owner, TSR_TAG_LOCKED, "enable of a region");
	if (region->enabled == enabled)
		return;
	if (!enabled || may_be_at(region, region->base))
		tsr_region_enable(region, enabled);
}

static void region_remove(struct tsr_region *region)
{
	if (!region || !tsr_check_removal(region->owner, "remove of a region"))
		return;
	if (region->is_bar)
		tsr_mistake(&region->owner->mistakes,
			    "it removes '%s'; a BAR goes with its PCI function", region->name);
	else
		tsr_region_remove(region);
}

const struct tsr_io tsr_io_table = {
	.size = sizeof(struct tsr_io),
	.claim = io_claim,
	.claim_ports = io_claim_ports,
	.move = region_move,
	.enable = region_enable,
	.remove = region_remove,
};

/* -- Memory */

static struct tsr_memory_map *map_of(const struct tsr_host *host)
{
	return tsr_instance_of(host)->machine->memory;
}

/* A range that the guest can address, and whose end can be computed. */
static bool check_range(TsrInstance *instance, const char *name, tsr_gpa base, uint64_t length,
			uint64_t unit, struct tsr_error *error)
{
	if (length && length % unit == 0 && base % unit == 0 && base < ADDRESSES &&
	    length <= ADDRESSES - base)
		return true;
	return tsr_mistake_error(&instance->mistakes, error,
				 "it maps '%s' at 0x%llx with 0x%llx bytes; base and length are "
				 "multiples of %u and end below 0x%llx",
				 name, (unsigned long long)base, (unsigned long long)length,
				 (unsigned)unit, (unsigned long long)ADDRESSES);
}

static struct tsr_region *host_map(const struct tsr_host *host, const char *name, tsr_gpa base,
				   uint64_t length, int priority, unsigned flags, uint8_t **bytes,
				   struct tsr_error *error)
{
	struct tsr_region *r;

	if (!check_range(tsr_check_host(host, TSR_TAG_BUILDING, "memory.map"), name, base, length,
			 TSR_PAGE_SIZE, error))
		return NULL;
	r = tsr_memory_map_add_bytes(
		map_of(host),
		&(struct tsr_region){ .owner = tsr_instance_of(host),
				      .name = (char *)name,
				      .base = base,
				      .length = length,
				      .priority = priority,
				      .flags = flags,
				      .enabled = !(flags & TSR_MEMORY_DISABLED) },
		error);
	if (r)
		*bytes = r->bytes;
	return r;
}

static struct tsr_region *host_map_io(const struct tsr_host *host, const char *name, tsr_gpa base,
				      uint64_t length, int priority, unsigned flags,
				      const struct tsr_io_ops *ops, void *self,
				      struct tsr_error *error)
{
	if (!check_ops(tsr_check_host(host, TSR_TAG_BUILDING, "memory.map_io"), name, ops, error) ||
	    !check_range(tsr_instance_of(host), name, base, length, 1, error))
		return NULL;
	return tsr_memory_map_add(map_of(host),
				  &(struct tsr_region){ .kind = REGION_IO,
							.owner = tsr_instance_of(host),
							.name = (char *)name,
							.base = base,
							.length = length,
							.priority = priority,
							.flags = flags,
							.enabled = !(flags & TSR_MEMORY_DISABLED),
							.ops = ops,
							.self = self },
				  error);
}

static bool check_target(TsrInstance *instance, const char *name, const struct tsr_region *target,
			 uint64_t offset, uint64_t length, struct tsr_error *error)
{
	if (target && target->map && target->owner == instance && offset <= target->length &&
	    length <= target->length - offset && offset % TSR_PAGE_SIZE == 0)
		return true;
	return tsr_mistake_error(&instance->mistakes, error,
				 "it maps '%s' as an alias of what is no memory of its own, or "
				 "beyond the end of that",
				 name);
}

static struct tsr_region *host_alias(const struct tsr_host *host, const char *name, tsr_gpa base,
				     uint64_t length, int priority, unsigned flags,
				     struct tsr_region *target, uint64_t offset,
				     struct tsr_error *error)
{
	TsrInstance *instance = tsr_check_host(host, TSR_TAG_BUILDING, "memory.alias");

	if (!check_range(instance, name, base, length, TSR_PAGE_SIZE, error) ||
	    !check_target(instance, name, target, offset, length, error))
		return NULL;
	return tsr_memory_map_add(map_of(host),
				  &(struct tsr_region){ .kind = REGION_ALIAS,
							.owner = tsr_instance_of(host),
							.name = (char *)name,
							.base = base,
							.length = length,
							.priority = priority,
							.flags = flags,
							.enabled = !(flags & TSR_MEMORY_DISABLED),
							.target = target,
							.offset = offset },
				  error);
}

static void shadow_ram_set(const struct tsr_host *host, tsr_gpa base, uint64_t length,
			   bool read_ram, bool write_ram)
{
	TsrInstance *instance = tsr_check_host(host, TSR_TAG_LOCKED, "shadow_ram.set");

	if (base % TSR_PAGE_SIZE || length % TSR_PAGE_SIZE || base > SHADOW_END ||
	    length > SHADOW_END - base)
		tsr_mistake(&instance->mistakes,
			    "it shadows 0x%llx bytes at 0x%llx; base and length are multiples of "
			    "4096 and end below 1 MiB",
			    (unsigned long long)length, (unsigned long long)base);
	else
		tsr_memory_map_shadow(map_of(host), base, length, read_ram, write_ram);
}

static bool host_fetch_dirty(struct tsr_region *region, uint32_t first, uint32_t count,
			     uint8_t *bitmap)
{
	tsr_check(region->owner, TSR_TAG_LOCKED, "memory.fetch_dirty");
	if (region->dirty && first + (uint64_t)count <= region->length >> TSR_PAGE_SHIFT)
		return tsr_region_fetch_dirty(region, first, count, bitmap);
	tsr_mistake(&region->owner->mistakes,
		    region->dirty ? "it fetches dirty pages beyond the end of '%s'"
				  : "it fetches dirty pages of '%s', which has no dirty log",
		    region->name);
	memset(bitmap, 0, (count + 7) / 8);
	return false;
}

static uint64_t host_ram_size(const struct tsr_host *host)
{
	uint64_t size;

	tsr_memory_map_ram(map_of(host), &size);
	return size;
}

static void a20_set(const struct tsr_host *host, bool enabled)
{
	tsr_check_host(host, TSR_TAG_LOCKED, "a20.set");
	tsr_memory_map_set_a20(map_of(host), enabled);
}

static bool a20_get(const struct tsr_host *host)
{
	tsr_check_host(host, TSR_TAG_LOCKED, "a20.get");
	return tsr_memory_map_get_a20(map_of(host));
}

const struct tsr_memory tsr_memory_table = {
	.size = sizeof(struct tsr_memory),
	.map = host_map,
	.map_io = host_map_io,
	.alias = host_alias,
	.move = region_move,
	.enable = region_enable,
	.fetch_dirty = host_fetch_dirty,
	.shadow = shadow_ram_set, /* for older plugins, as set_a20 and get_a20 */
	.ram_size = host_ram_size,
	.ram_below_4g = host_ram_size,
	.set_a20 = a20_set,
	.get_a20 = a20_get,
	.remove = region_remove,
};

const struct tsr_shadow_ram tsr_shadow_ram_table = {
	.size = sizeof(struct tsr_shadow_ram),
	.set = shadow_ram_set,
};

const struct tsr_a20 tsr_a20_table = {
	.size = sizeof(struct tsr_a20),
	.set = a20_set,
	.get = a20_get,
};

/* -- DMA, through a PCI function only while it may be bus master */

static bool may_master(const struct tsr_host *host)
{
	const struct tsr_host_record *record = (const struct tsr_host_record *)host;

	return !record->function || tsr_pci_function_is_master(record->function);
}

static bool dma_read(const struct tsr_host *host, tsr_gpa from, void *to, uint64_t length)
{
	tsr_check_host(host, TSR_TAG_LOCKED, "dma.read");
	return may_master(host) && tsr_memory_map_dma(map_of(host), from, to, length, false);
}

static bool dma_write(const struct tsr_host *host, tsr_gpa to, const void *from, uint64_t length)
{
	tsr_check_host(host, TSR_TAG_LOCKED, "dma.write");
	return may_master(host) && tsr_memory_map_dma(map_of(host), to, (void *)from, length, true);
}

static void *dma_map(const struct tsr_host *host, tsr_gpa at, uint64_t *length, bool for_write)
{
	tsr_check_host(host, TSR_TAG_LOCKED, "dma.map");
	return may_master(host) ? tsr_memory_map_run(map_of(host), at, length, for_write) : NULL;
}

static void dma_written(const struct tsr_host *host, tsr_gpa at, uint64_t length)
{
	tsr_check_host(host, TSR_TAG_LOCKED, "dma.written");
	tsr_memory_map_written(map_of(host), at, length);
}

/* Guest RAM does not move, so there is nothing to release. */
static void dma_unmap(const struct tsr_host *host, tsr_gpa at, uint64_t length, bool is_written)
{
	tsr_check_host(host, TSR_TAG_LOCKED, "dma.unmap");
	if (is_written)
		tsr_memory_map_written(map_of(host), at, length);
}

const struct tsr_dma tsr_dma_table = {
	.size = sizeof(struct tsr_dma),
	.read = dma_read,
	.write = dma_write,
	.map = dma_map,
	.written = dma_written,
	.unmap = dma_unmap,
};

/* -- Guest physical memory, for MMUs and processors */

static void phys_lookup(const struct tsr_host *host, tsr_gpa gpa, struct tsr_phys_page *page)
{
	tsr_memory_map_lookup(map_of(host), gpa, page);
}

static uint64_t phys_read(const struct tsr_host *host, tsr_gpa gpa, unsigned width)
{
	return tsr_memory_map_read(map_of(host), gpa, width);
}

static void phys_write(const struct tsr_host *host, tsr_gpa gpa, uint64_t value, unsigned width)
{
	tsr_memory_map_write(map_of(host), gpa, value, width);
}

static void phys_mark_dirty(const struct tsr_host *host, tsr_gpa gpa)
{
	tsr_memory_map_mark_dirty(map_of(host), gpa);
}

static uint8_t *phys_ram_base(const struct tsr_host *host)
{
	return tsr_memory_map_ram(map_of(host), NULL);
}

static int phys_ram_fd(const struct tsr_host *host)
{
	return tsr_memory_map_ram_fd(map_of(host));
}

const struct tsr_phys tsr_phys_table = {
	.size = sizeof(struct tsr_phys),
	.lookup = phys_lookup,
	.read = phys_read,
	.write = phys_write,
	.mark_dirty = phys_mark_dirty,
	.ram_base = phys_ram_base,
	.ram_size = host_ram_size,
	.ram_fd = phys_ram_fd,
};
