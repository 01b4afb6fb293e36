/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * PCI bus 0 (PCI Local Bus Specification 2.1, chapters 2.2.6 and 6): configuration space, BAR
 * decoding, bus mastering, INTx. Functions declare themselves; the host bridge brings configuration
 * cycles; the router (PIIX3) takes INTx.
 */
#include "board/pci-bus.h"

#include <string.h>

#include <tessera/bytes.h>

#include "board/memory-map.h"
#include "board/pci-config.h"
#include "board/pci-private.h"
#include "board/port-space.h"
#include "instance/check.h"
#include "instance/instance.h"
#include "instance/machine-parts.h"

enum { PCI_INTERRUPT_LINE = 0x3c };

struct tsr_pci_bus *tsr_pci_bus_new(TsrMachine *m)
{
	struct tsr_pci_bus *pci = g_new0(struct tsr_pci_bus, 1);

	pci->machine = m;
	return pci;
}

void tsr_pci_bus_free(struct tsr_pci_bus *pci)
{
	if (!pci)
		return;
	for (unsigned i = 0; i < DEVICES * FUNCTIONS; i++)
		g_free(pci->at[i / FUNCTIONS][i % FUNCTIONS]);
	g_free(pci);
}

gboolean tsr_pci_bus_connect(struct tsr_pci_bus *pci, GError **error)
{
	for (unsigned i = 0; i < pci->machine->instances->len; i++) {
		struct tsr_interface router;
		if (tsr_instance_get_interface(g_ptr_array_index(pci->machine->instances, i),
					       TSR_PCI_ROUTER, &router)) {
			pci->router = router.table;
			pci->router_self = router.self;
		}
	}
	return TRUE;
}

static struct tsr_pci_function *find(struct tsr_pci_bus *pci, unsigned bdf)
{
	return bdf >> 8 ? NULL : pci->at[(bdf >> 3) & 31][bdf & 7];
}

static uint32_t host_config_read(const struct tsr_host *host, unsigned bdf, unsigned offset,
				 unsigned width)
{
	struct tsr_pci_function *f = find(
		tsr_check_host(host, TSR_TAG_LOCKED, "pci-host.config_read")->machine->pci, bdf);

	offset &= 0xff;
	if (!f)
		return tsr_pci_all_ones(width);
	if (f->ops && TSR_HAS(f->ops, config_read))
		TSR_CALLING(&f->instance->callee, "config_read",
			    f->ops->config_read(f->self, offset, width));
	return tsr_pci_function_get(f, offset, width);
}

static void host_config_write(const struct tsr_host *host, unsigned bdf, unsigned offset,
			      uint32_t value, unsigned width)
{
	struct tsr_pci_function *f = find(
		tsr_check_host(host, TSR_TAG_LOCKED, "pci-host.config_write")->machine->pci, bdf);

	offset &= 0xff;
	if (!f)
		return;
	for (unsigned i = 0; i < width && offset + i < 256; i++) {
		uint8_t byte = (uint8_t)(value >> (8 * i)), *old = &f->config[offset + i];
		uint8_t mask = f->write_mask[offset + i];
		*old = (uint8_t)((*old & ~mask) | (byte & mask));
		*old &= (uint8_t) ~(byte & f->clear_mask[offset + i]);
	}
	tsr_pci_function_changed(f, offset, width);
	if (f->ops && TSR_HAS(f->ops, config_written))
		TSR_CALLING(&f->instance->callee, "config_written",
			    f->ops->config_written(f->self, offset, width));
}

const struct tsr_pci_host tsr_pci_host_table = {
	.size = sizeof(struct tsr_pci_host),
	.config_read = host_config_read,
	.config_write = host_config_write,
};

/* -- Functions */

static void init_config(struct tsr_pci_function *f, const struct tsr_pci_id *id)
{
	uint8_t *c = f->config;

	tsr_pci_put(c + 0x00, id->vendor, 2);
	tsr_pci_put(c + 0x02, id->device, 2);
	c[0x08] = id->revision;
	tsr_pci_put(c + 0x09, id->class_code, 3);
	c[0x0e] = id->header_type;
	tsr_pci_put(c + 0x2c, id->subsystem_vendor, 2);
	tsr_pci_put(c + 0x2e, id->subsystem, 2);
	c[0x3d] = id->interrupt_pin;
	tsr_pci_put(f->write_mask + PCI_COMMAND, 0x0147, 2);
	f->clear_mask[PCI_STATUS + 1] = 0xf9;
	f->write_mask[0x0c] = f->write_mask[0x0d] = 0xff;
	f->write_mask[PCI_INTERRUPT_LINE] = id->interrupt_pin ? 0xff : 0;
	memcpy(f->reset_value, c, sizeof(f->reset_value));
}

static struct tsr_pci_function *pci_add_at(const struct tsr_host *host, unsigned device,
					   unsigned function, const struct tsr_pci_id *id,
					   const struct tsr_pci_ops *ops, void *self,
					   struct tsr_error *error)
{
	TsrInstance *instance = tsr_check_host(host, TSR_TAG_BUILDING, "pci_fixed.add");
	struct tsr_pci_bus *pci = instance->machine->pci;
	struct tsr_pci_id known = { .size = sizeof(known) };

	if (id->size < TSR_SIZE_TO(struct tsr_pci_id, reserved)) {
		tsr_error_set(error, TSR_ERROR_INVALID,
			      "its tsr_pci_id has a size of %u bytes, which is too small",
			      id->size);
		return NULL;
	}
	tsr_struct_fill(&known, id);
	if (device >= DEVICES || function >= FUNCTIONS) {
		tsr_error_set(error, TSR_ERROR_INVALID, "there is no PCI address %02x.%x", device,
			      function);
		return NULL;
	}
	if (pci->at[device][function]) {
		tsr_error_set(error, TSR_ERROR_CONFLICT, "PCI address %02x.%x is taken by %s",
			      device, function, pci->at[device][function]->instance->config->name);
		return NULL;
	}
	struct tsr_pci_function *f = g_new0(struct tsr_pci_function, 1);
	f->bus = pci;
	f->instance = instance;
	f->record = instance->record;
	f->record.function = f;
	f->device = device;
	f->function = function;
	f->ops = ops;
	f->self = self;
	f->pin = known.interrupt_pin & 7;
	f->is_frozen = instance->replaces != NULL;
	init_config(f, &known);
	pci->at[device][function] = f;
	return f;
}

/* The address of the machine manifest, or the first free device from 2 on. */
static struct tsr_pci_function *pci_add(const struct tsr_host *host, const struct tsr_pci_id *id,
					const struct tsr_pci_ops *ops, void *self,
					struct tsr_error *error)
{
	TsrInstance *instance = tsr_check_host(host, TSR_TAG_BUILDING, "pci.add");
	const TsrInstanceConfig *config = instance->config;

	if (config->pci_device >= 0)
		return pci_add_at(host, (unsigned)config->pci_device,
				  (unsigned)config->pci_function, id, ops, self, error);
	for (unsigned device = 2; device < DEVICES; device++)
		if (!instance->machine->pci->at[device][0])
			return pci_add_at(host, device, 0, id, ops, self, error);
	tsr_error_set(error, TSR_ERROR_CONFLICT, "no PCI device number is free");
	return NULL;
}

/* Whether this BAR can be made; the last one is the expansion ROM's. */
static bool check_bar(struct tsr_pci_function *f, unsigned bar, uint32_t length, uint32_t least,
		      struct tsr_error *error)
{
	struct tsr_mistakes *mistakes = &f->instance->mistakes;

	if (bar >= BARS)
		return tsr_mistake_error(mistakes, error,
					 "it adds BAR %u; a function has BARs 0 to 5", bar);
	if (f->bars[bar].region)
		return tsr_mistake_error(mistakes, error,
					 bar == ROM_BAR ? "it adds the expansion ROM twice"
							: "it adds BAR %u twice",
					 bar);
	if (length < least || (length & (length - 1)))
		return tsr_mistake_error(mistakes, error,
					 "it adds BAR %u with %u bytes; the length is a power of "
					 "two of at least %u",
					 bar, length, least);
	return true;
}

static void set_bar_masks(struct tsr_pci_function *f, unsigned bar, uint32_t length, uint32_t fixed)
{
	unsigned at = tsr_pci_bar_register(bar);

	tsr_pci_put(f->write_mask + at, ~(length - 1) | (bar == ROM_BAR ? 1 : 0), 4);
	tsr_pci_put(f->config + at, fixed, 4);
	tsr_pci_put(f->reset_value + at, fixed, 4);
}

static bool pci_bar_io(struct tsr_pci_function *f, unsigned bar, enum tsr_pci_bar_kind kind,
		       uint32_t length, const struct tsr_io_ops *ops, void *self,
		       struct tsr_error *error)
{
	g_autofree char *name = g_strdup_printf("bar%u", bar);
	struct tsr_region template = { .owner = f->instance,
				       .name = name,
				       .length = length,
				       .priority = TSR_PRIORITY_BAR,
				       .is_bar = true,
				       .ops = ops,
				       .self = self };

	tsr_check(f->instance, TSR_TAG_BUILDING, "pci.bar_io");
	if (bar >= ROM_BAR || !ops)
		return tsr_mistake_error(&f->instance->mistakes, error,
					 ops ? "it adds BAR %u with handlers; a function has BARs "
					       "0 to 5"
					     : "it adds BAR %u without handlers",
					 bar);
	if (!check_bar(f, bar, length, kind == TSR_PCI_BAR_IO ? 4 : 16, error))
		return false;
	if (kind != TSR_PCI_BAR_IO && kind != TSR_PCI_BAR_MEMORY)
		return tsr_error_set(error, TSR_ERROR_UNSUPPORTED,
				     "%s: this Tessera does not know BARs of kind %d", name,
				     (int)kind);
	if (kind == TSR_PCI_BAR_IO) {
		f->bars[bar].region = tsr_port_space_add(f->bus->machine->ports, &template, error);
	} else {
		template.kind = REGION_IO;
		f->bars[bar].region = tsr_memory_map_add(f->bus->machine->memory, &template, error);
	}
	f->bars[bar].kind = kind;
	f->bars[bar].length = length;
	set_bar_masks(f, bar, length, kind == TSR_PCI_BAR_IO ? 1 : 0);
	return f->bars[bar].region != NULL;
}

static bool map_bar(struct tsr_pci_function *f, unsigned bar, uint32_t length, uint32_t fixed,
		    unsigned flags, uint8_t **bytes, struct tsr_error *error)
{
	g_autofree char *name = bar == ROM_BAR ? g_strdup("rom") : g_strdup_printf("bar%u", bar);

	tsr_check(f->instance, TSR_TAG_BUILDING, "pci.bar_memory");
	if (!check_bar(f, bar, length, TSR_PAGE_SIZE, error))
		return false;
	f->bars[bar].region =
		tsr_memory_map_add_bytes(f->bus->machine->memory,
					 &(struct tsr_region){ .owner = f->instance,
							       .name = name,
							       .length = length,
							       .priority = TSR_PRIORITY_BAR,
							       .is_bar = true,
							       .flags = flags },
					 error);
	if (f->bars[bar].region)
		*bytes = f->bars[bar].region->bytes;
	f->bars[bar].kind = TSR_PCI_BAR_MEMORY;
	f->bars[bar].length = length;
	set_bar_masks(f, bar, length, fixed);
	return f->bars[bar].region != NULL;
}

static bool pci_bar_memory(struct tsr_pci_function *f, unsigned bar, uint32_t length,
			   bool prefetchable, unsigned memory_flags, uint8_t **bytes,
			   struct tsr_region **region, struct tsr_error *error)
{
	bool good = bar != ROM_BAR ? map_bar(f, bar, length, prefetchable ? 8 : 0, memory_flags,
					     bytes, error)
				   : tsr_mistake_error(&f->instance->mistakes, error,
						       "it adds BAR 6; a function has BARs 0 to 5");

	if (region && good)
		*region = f->bars[bar].region;
	return good;
}

static bool pci_rom(struct tsr_pci_function *f, const void *image, size_t length,
		    struct tsr_error *error)
{
	uint32_t size = TSR_PAGE_SIZE;
	uint8_t *bytes;

	if (length > 1 << 24)
		return tsr_error_set(error, TSR_ERROR_INVALID, "an option ROM has at most 16 MiB");
	while (size < length)
		size <<= 1;
	if (!map_bar(f, ROM_BAR, size, 0, TSR_MEMORY_ROM, &bytes, error))
		return false;
	/* When it succeeds, map_bar has set bytes. */
	/* NOLINTNEXTLINE(clang-analyzer-core.*) */
	memset(bytes, 0xff, size);
	memcpy(bytes, image, length);
	return true;
}

static void pci_set_intx(struct tsr_pci_function *f, int level)
{
	struct tsr_pci_bus *pci = f->bus;

	tsr_check(f->instance, TSR_TAG_LOCKED, "pci.set_intx");
	level = level != 0;
	if (f->intx == level || !f->pin || f->is_frozen)
		return;
	f->intx = level;
	/* Interrupt status, PCI 2.3, is not in 2.1: the bit stays clear. */
	unsigned *high = &pci->high[f->device][f->pin - 1];
	*high += level ? 1u : -1u;
	if (*high == (unsigned)level && pci->router)
		pci->router->set(pci->router_self, f->device, f->pin - 1, level);
}

static void pci_reset(struct tsr_pci_function *f)
{
	tsr_pci_put(f->config + PCI_COMMAND, tsr_load_le32(f->reset_value + PCI_COMMAND), 4);
	for (unsigned bar = 0; bar < BARS; bar++)
		if (f->bars[bar].region)
			tsr_pci_put(f->config + tsr_pci_bar_register(bar),
				    tsr_load_le32(f->reset_value + tsr_pci_bar_register(bar)), 4);
	f->config[PCI_INTERRUPT_LINE] = 0;
	tsr_pci_function_decode(f);
	pci_set_intx(f, 0);
}

static const struct tsr_host *pci_dma_host(struct tsr_pci_function *f)
{
	return &f->record.host;
}

static unsigned pci_address(struct tsr_pci_function *f)
{
	return f->device << 3 | f->function;
}

static void pci_remove(struct tsr_pci_function *f)
{
	if (!f || !tsr_check_removal(f->instance, "pci.remove"))
		return;
	pci_set_intx(f, 0);
	for (unsigned bar = 0; bar < BARS; bar++)
		if (f->bars[bar].region)
			tsr_region_remove(f->bars[bar].region);
	f->bus->at[f->device][f->function] = NULL;
	g_free(f);
}

const struct tsr_pci tsr_pci_table = {
	.size = sizeof(struct tsr_pci),
	.add = pci_add,
	.add_at = pci_add_at, /* for older plugins */
	.bar_io = pci_bar_io,
	.bar_memory = pci_bar_memory,
	.rom = pci_rom,
	.config = tsr_pci_function_config,
	.write_mask = tsr_pci_function_write_mask,
	.clear_mask = tsr_pci_function_clear_mask,
	.reset = pci_reset,
	.set_intx = pci_set_intx,
	.dma_host = pci_dma_host,
	.address = pci_address,
	.config_get = tsr_pci_function_config_get,
	.config_set = tsr_pci_function_config_set,
	.config_bits = tsr_pci_function_config_bits,
	.add_capability = tsr_pci_function_add_capability,
	.remove = pci_remove,
};

const struct tsr_pci_fixed tsr_pci_fixed_table = {
	.size = sizeof(struct tsr_pci_fixed),
	.add = pci_add_at,
};

int tsr_pci_function_get_intx(const struct tsr_pci_function *f, unsigned *pin,
			      const TsrInstance **owner)
{
	*pin = f->is_frozen ? 0 : f->pin;
	*owner = f->instance;
	return f->intx;
}

GPtrArray *tsr_pci_bus_list(struct tsr_pci_bus *pci, const TsrInstance *owner)
{
	GPtrArray *list = g_ptr_array_new();

	for (unsigned i = 0; i < DEVICES * FUNCTIONS; i++) {
		struct tsr_pci_function *f = pci->at[i / FUNCTIONS][i % FUNCTIONS];

		if (f && f->instance == owner)
			g_ptr_array_add(list, f);
	}
	return list;
}

const uint8_t *tsr_pci_function_look(const struct tsr_pci_function *f, int *intx)
{
	*intx = f->intx;
	return f->config;
}

struct tsr_pci_target tsr_pci_function_set_target(struct tsr_pci_function *f,
						  struct tsr_pci_target target)
{
	struct tsr_pci_target former = { f->ops, f->self };

	f->ops = target.ops;
	f->self = target.self;
	return former;
}

bool tsr_pci_function_is_master(const struct tsr_pci_function *f)
{
	return f->config[PCI_COMMAND] & COMMAND_MASTER;
}

void tsr_pci_function_keep_reset_values(struct tsr_pci_function *f)
{
	memcpy(f->reset_value + PCI_STATUS, f->config + PCI_STATUS, 2);
	for (unsigned i = PCI_BAR0; i < sizeof(f->config); i++)
		f->reset_value[i] = f->config[i];
}

/* Every byte that the guest can write; the function's own reset comes after this one. */
static void reset_config(struct tsr_pci_function *f)
{
	for (unsigned i = 0; i < sizeof(f->config); i++)
		f->config[i] = (uint8_t)((f->config[i] & ~f->write_mask[i]) |
					 (f->reset_value[i] & f->write_mask[i]));
	pci_reset(f);
}

void tsr_pci_bus_reset(struct tsr_pci_bus *pci)
{
	for (unsigned i = 0; i < DEVICES * FUNCTIONS; i++) {
		struct tsr_pci_function *f = pci->at[i / FUNCTIONS][i % FUNCTIONS];
		if (!f)
			continue;
		if (!pci->keeps_values)
			tsr_pci_function_keep_reset_values(f);
		reset_config(f);
	}
	pci->keeps_values = true;
}

static void function_name(const struct tsr_pci_function *f, char name[16])
{
	g_snprintf(name, 16, "%02x.%x", f->device, f->function);
}

void tsr_pci_bus_put_state(struct tsr_pci_bus *pci, struct tsr_state_writer *out)
{
	char name[16];

	for (unsigned i = 0; i < DEVICES * FUNCTIONS; i++) {
		struct tsr_pci_function *f = pci->at[i / FUNCTIONS][i % FUNCTIONS];
		if (!f)
			continue;
		function_name(f, name);
		out->ops->begin(out, name);
		tsr_state_put_bytes(out, "config", f->config, sizeof(f->config));
		tsr_state_put_bool(out, "intx", f->intx);
		out->ops->end(out);
	}
}

/* Configuration only; the router's own state knows the levels of INTx. */
void tsr_pci_bus_get_state(struct tsr_pci_bus *pci, struct tsr_state_reader *in)
{
	char name[16];

	memset(pci->high, 0, sizeof(pci->high));
	for (unsigned i = 0; i < DEVICES * FUNCTIONS; i++) {
		struct tsr_pci_function *f = pci->at[i / FUNCTIONS][i % FUNCTIONS];
		bool intx = false;
		if (!f)
			continue;
		function_name(f, name);
		if (!in->ops->begin(in, name))
			continue;
		tsr_state_get_bytes(in, "config", f->config, sizeof(f->config));
		tsr_state_get_bool(in, "intx", &intx);
		in->ops->end(in);
		f->intx = intx;
		if (f->pin)
			pci->high[f->device][f->pin - 1] += intx;
		tsr_pci_function_decode(f);
	}
}
