/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See memory-host.h. */
#include "board/memory-host.h"

#include "board/memory-map.h"
#include "board/pci-bus.h"
#include "board/port-space.h"
#include "instance/machine-parts.h"

/* -- Ports and registers in memory, claimed by the manifest's resources */

static struct tsr_region *io_claim(const struct tsr_host *host, const char *name,
				   const struct tsr_io_ops *ops, void *self,
				   struct tsr_error *error)
{
	TsrInstance *instance = tsr_instance_of(host);
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
	TsrInstance *instance = tsr_instance_of(host);

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

const struct tsr_io tsr_io_table = {
	.size = sizeof(struct tsr_io),
	.claim = io_claim,
	.claim_ports = io_claim_ports,
	.move = tsr_region_move,
	.enable = tsr_region_enable,
};

/* -- Memory */

static struct tsr_memory_map *map_of(const struct tsr_host *host)
{
	return tsr_instance_of(host)->machine->memory;
}

static struct tsr_region *host_map(const struct tsr_host *host, const char *name, tsr_gpa base,
				   uint64_t length, int priority, unsigned flags, uint8_t **bytes,
				   struct tsr_error *error)
{
	struct tsr_region *r;

	g_assert(length && length % TSR_PAGE_SIZE == 0);
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

static struct tsr_region *host_alias(const struct tsr_host *host, const char *name, tsr_gpa base,
				     uint64_t length, int priority, unsigned flags,
				     struct tsr_region *target, uint64_t offset,
				     struct tsr_error *error)
{
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

static void host_shadow(const struct tsr_host *host, tsr_gpa base, uint64_t length, bool read_ram,
			bool write_ram)
{
	tsr_memory_map_shadow(map_of(host), base, length, read_ram, write_ram);
}

static uint64_t host_ram_size(const struct tsr_host *host)
{
	uint64_t size;

	tsr_memory_map_ram(map_of(host), &size);
	return size;
}

static void host_set_a20(const struct tsr_host *host, bool enabled)
{
	tsr_memory_map_set_a20(map_of(host), enabled);
}

static bool host_get_a20(const struct tsr_host *host)
{
	return tsr_memory_map_get_a20(map_of(host));
}

const struct tsr_memory tsr_memory_table = {
	.size = sizeof(struct tsr_memory),
	.map = host_map,
	.map_io = host_map_io,
	.alias = host_alias,
	.move = tsr_region_move,
	.enable = tsr_region_enable,
	.fetch_dirty = tsr_region_fetch_dirty,
	.shadow = host_shadow,
	.ram_size = host_ram_size,
	.ram_below_4g = host_ram_size,
	.set_a20 = host_set_a20,
	.get_a20 = host_get_a20,
};

/* -- DMA, through a PCI function only while it may be bus master */

static bool may_master(const struct tsr_host *host)
{
	const struct tsr_host_record *record = (const struct tsr_host_record *)host;

	return !record->function || tsr_pci_function_is_master(record->function);
}

static bool dma_read(const struct tsr_host *host, tsr_gpa from, void *to, uint64_t length)
{
	return may_master(host) && tsr_memory_map_dma(map_of(host), from, to, length, false);
}

static bool dma_write(const struct tsr_host *host, tsr_gpa to, const void *from, uint64_t length)
{
	return may_master(host) && tsr_memory_map_dma(map_of(host), to, (void *)from, length, true);
}

static void *dma_map(const struct tsr_host *host, tsr_gpa at, uint64_t *length, bool for_write)
{
	return may_master(host) ? tsr_memory_map_run(map_of(host), at, length, for_write) : NULL;
}

static void dma_written(const struct tsr_host *host, tsr_gpa at, uint64_t length)
{
	tsr_memory_map_written(map_of(host), at, length);
}

const struct tsr_dma tsr_dma_table = {
	.size = sizeof(struct tsr_dma),
	.read = dma_read,
	.write = dma_write,
	.map = dma_map,
	.written = dma_written,
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

const struct tsr_phys tsr_phys_table = {
	.size = sizeof(struct tsr_phys),
	.lookup = phys_lookup,
	.read = phys_read,
	.write = phys_write,
	.mark_dirty = phys_mark_dirty,
	.ram_base = phys_ram_base,
	.ram_size = host_ram_size,
};
