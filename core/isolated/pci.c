/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Its PCI function. The configuration space and its masks are a copy in the shared memory, which
 * goes over with the turn in both directions. */
#include "isolated/device-parts.h"

static struct tsr_pci_function *add_function(const struct tsr_pci_id *id,
					     const struct tsr_pci_ops *ops, void *self,
					     uint64_t slot, uint64_t number,
					     struct tsr_error *error)
{
	struct iso_message m = { .head = { .what = ISO_FUNCTION, .length = sizeof(*id) } };
	struct tsr_pci_id copy = { .size = sizeof(copy) };
	struct object *o;

	tsr_struct_fill(&copy, id);
	memcpy(m.data, &copy, sizeof(copy));
	m.head.a[0] = (ops && TSR_HAS(ops, config_read) ? ISO_HAS_READ : 0) |
		      (ops && TSR_HAS(ops, config_written) ? ISO_HAS_WRITE : 0);
	m.head.a[1] = slot;
	m.head.a[2] = number;
	o = device_make(&m, error);
	if (o) {
		o->pci_ops = ops;
		o->self = self;
	}
	return (struct tsr_pci_function *)o;
}

static struct tsr_pci_function *add(const struct tsr_host *host, const struct tsr_pci_id *id,
				    const struct tsr_pci_ops *ops, void *self,
				    struct tsr_error *error)
{
	return add_function(id, ops, self, UINT64_MAX, 0, error);
}

static struct tsr_pci_function *add_at(const struct tsr_host *host, unsigned slot,
				       unsigned function, const struct tsr_pci_id *id,
				       const struct tsr_pci_ops *ops, void *self,
				       struct tsr_error *error)
{
	return add_function(id, ops, self, slot, function, error);
}

static bool bar_io(struct tsr_pci_function *f, unsigned bar, enum tsr_pci_bar_kind kind,
		   uint32_t length, const struct tsr_io_ops *ops, void *self,
		   struct tsr_error *error)
{
	struct iso_message m = { .head = { .what = ISO_BAR, .id = device_object(f)->id } };
	struct object *o;

	device_fill_ops(&m, ops);
	m.head.a[2] = (bar & 0xff) | (uint64_t)kind << 8;
	m.head.a[3] = length;
	o = device_make(&m, error);
	if (o) {
		o->ops = ops;
		o->self = self;
	}
	return o != NULL;
}

/* From now on the copies go over; the answer brings the first ones. */
static uint8_t *use(struct tsr_pci_function *f, unsigned which)
{
	static bool is_used;

	if (!is_used)
		device_ask_about(ISO_CONFIG_USE, device_object(f)->id, NULL);
	is_used = true;
	return device.shared->config[which];
}

static uint8_t *config(struct tsr_pci_function *f)
{
	return use(f, 0);
}

static uint8_t *write_mask(struct tsr_pci_function *f)
{
	return use(f, 1);
}

static uint8_t *clear_mask(struct tsr_pci_function *f)
{
	return use(f, 2);
}

static bool is_register(unsigned offset, unsigned width)
{
	return (width == 1 || width == 2 || width == 4) && offset <= ISO_CONFIG - width;
}

static uint32_t config_get(struct tsr_pci_function *f, unsigned offset, unsigned width)
{
	const uint8_t *from = use(f, 0);
	uint32_t value = 0;

	if (!is_register(offset, width))
		return width >= 4 ? 0xffffffffu : (1u << (8 * width)) - 1;
	for (unsigned i = 0; i < width; i++)
		value |= (uint32_t)from[offset + i] << (8 * i);
	return value;
}

static void put(struct tsr_pci_function *f, unsigned which, unsigned offset, unsigned width,
		uint32_t value)
{
	uint8_t *to = use(f, which);

	for (unsigned i = 0; is_register(offset, width) && i < width; i++)
		to[offset + i] = (uint8_t)(value >> (8 * i));
}

static void config_set(struct tsr_pci_function *f, unsigned offset, unsigned width, uint32_t value)
{
	put(f, 0, offset, width, value);
}

static void config_bits(struct tsr_pci_function *f, unsigned offset, unsigned width,
			uint32_t writable, uint32_t cleared)
{
	put(f, 1, offset, width, writable);
	put(f, 2, offset, width, cleared);
}

/* An object, so that a device that is made again is told the same offset. */
static bool add_capability(struct tsr_pci_function *f, uint8_t id, unsigned length,
			   unsigned *offset, struct tsr_error *error)
{
	struct iso_message m = {
		.head = { .what = ISO_CAPABILITY, .id = device_object(f)->id, .a = { id, length } }
	};

	use(f, 0);
	if (!device_make(&m, error))
		return false;
	*offset = (unsigned)m.head.a[2];
	return true;
}

static void reset(struct tsr_pci_function *f)
{
	device_post_level(ISO_PCI_RESET, device_object(f)->id, 0);
	device_ask_about(ISO_FLUSH, 0, NULL);
}

static void set_intx(struct tsr_pci_function *f, int level)
{
	struct object *o = device_object(f);

	if (o->level == (level != 0))
		return;
	o->level = level != 0;
	device_post_level(ISO_SET_INTX, o->id, level != 0);
}

static const struct tsr_host *dma_host(struct tsr_pci_function *f)
{
	return &device.dma_host;
}

static unsigned address(struct tsr_pci_function *f)
{
	return (unsigned)device_ask_about(ISO_ADDRESS, device_object(f)->id, NULL);
}

/* The core keeps it: a device that is made again adds it again. */
static void remove_function(struct tsr_pci_function *f)
{
	set_intx(f, 0);
	reset(f);
}

const struct tsr_pci device_pci = {
	.size = sizeof(device_pci),
	.add = add,
	.add_at = add_at,
	.bar_io = bar_io,
	.bar_memory = device_add_bar,
	.rom = device_add_rom,
	.config = config,
	.write_mask = write_mask,
	.clear_mask = clear_mask,
	.reset = reset,
	.set_intx = set_intx,
	.dma_host = dma_host,
	.address = address,
	.config_get = config_get,
	.config_set = config_set,
	.config_bits = config_bits,
	.add_capability = add_capability,
	.remove = remove_function,
};

const struct tsr_pci_fixed device_pci_fixed = {
	.size = sizeof(device_pci_fixed),
	.add = add_at,
};
