/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* PCI bus 0 of the fake machine: configuration space, BAR decoding, INTx levels. */
#include "fake-private.h"

struct tsr_pci_function {
	struct fake_host_ref ref; /* for DMA */
	struct tsr_pci_function *next;
	unsigned bdf;
	const struct tsr_pci_ops *ops;
	void *self;
	uint8_t config[256], write_mask[256], clear_mask[256];
	bool is_capability[256];
	struct tsr_region *bars[7]; /* 6: expansion ROM */
	enum tsr_pci_bar_kind kinds[7];
	int level;
};

static struct tsr_pci_function *functions;

static uint32_t get32(const uint8_t *at)
{
	return at[0] | at[1] << 8 | at[2] << 16 | (uint32_t)at[3] << 24;
}

static void put(uint8_t *at, uint32_t value, unsigned width)
{
	for (unsigned i = 0; i < width; i++)
		at[i] = value >> (i * 8);
}

static unsigned bar_offset(unsigned bar)
{
	return bar == 6 ? 0x30 : 0x10 + bar * 4;
}

static struct tsr_pci_function *function_at(unsigned bdf)
{
	struct tsr_pci_function *f = functions;

	while (f && f->bdf != bdf)
		f = f->next;
	return f;
}

static struct tsr_pci_function *function_need(unsigned bdf)
{
	struct tsr_pci_function *f = function_at(bdf);

	if (!f)
		fake_die("no PCI function %02x.%x", bdf >> 3, bdf & 7);
	return f;
}

static void decode(struct tsr_pci_function *f)
{
	for (unsigned bar = 0; bar < 7; bar++) {
		struct tsr_region *r = f->bars[bar];
		uint32_t value = get32(f->config + bar_offset(bar));
		bool io = f->kinds[bar] == TSR_PCI_BAR_IO;

		if (!r)
			continue;
		r->base = value & ~(io ? 3u : bar == 6 ? 0x7ffu : 15u);
		r->enabled = (f->config[4] & (io ? 1 : 2)) && r->base && (bar != 6 || (value & 1));
	}
}

/* -- tessera.pci/1 */

static struct tsr_pci_function *add_bdf(const struct tsr_host *host, unsigned bdf,
					const struct tsr_pci_id *id, const struct tsr_pci_ops *ops,
					void *self, struct tsr_error *error)
{
	struct tsr_pci_function *f;

	if (id->size < TSR_SIZE_TO(struct tsr_pci_id, reserved)) {
		tsr_error_set(error, TSR_ERROR_INVALID,
			      "its tsr_pci_id has a size of %u bytes, which is too small",
			      id->size);
		return NULL;
	}
	if (function_at(bdf)) {
		tsr_error_set(error, TSR_ERROR_CONFLICT, "PCI address %02x.%x is taken", bdf >> 3,
			      bdf & 7);
		return NULL;
	}
	f = calloc(1, sizeof(*f));
	f->ref = *(const struct fake_host_ref *)host;
	f->ref.function = f;
	f->bdf = bdf;
	f->ops = ops;
	f->self = self;
	put(f->config, id->vendor, 2);
	put(f->config + 2, id->device, 2);
	put(f->config + 8, id->revision | id->class_code << 8, 4);
	f->config[0x0e] = id->header_type;
	put(f->config + 0x2c, id->subsystem_vendor, 2);
	put(f->config + 0x2e, id->subsystem, 2);
	f->config[0x3d] = id->interrupt_pin;
	put(f->write_mask + 4, 0x0147, 2);
	f->clear_mask[7] = 0xf9;
	f->write_mask[0x0c] = f->write_mask[0x0d] = f->write_mask[0x3c] = 0xff;
	f->next = functions;
	functions = f;
	return f;
}

static struct tsr_pci_function *fake_add(const struct tsr_host *host, const struct tsr_pci_id *id,
					 const struct tsr_pci_ops *ops, void *self,
					 struct tsr_error *error)
{
	const char *address = fake_row_get(fake_device_of(host), "address");
	unsigned device = 1, function = 0;

	if (address) {
		if (sscanf(address, "%x.%x", &device, &function) != 2 || device > 31 ||
		    function > 7)
			fake_die("%s: address=%s", host->name, address);
	} else {
		while (function_at(device << 3))
			device++;
	}
	return add_bdf(host, device << 3 | function, id, ops, self, error);
}

static struct tsr_pci_function *fake_add_at(const struct tsr_host *host, unsigned device,
					    unsigned function, const struct tsr_pci_id *id,
					    const struct tsr_pci_ops *ops, void *self,
					    struct tsr_error *error)
{
	return add_bdf(host, device << 3 | function, id, ops, self, error);
}

static void set_bar(struct tsr_pci_function *f, unsigned bar, enum tsr_pci_bar_kind kind,
		    uint32_t length, unsigned type, struct tsr_region *r)
{
	if (bar > 6 || f->bars[bar] || (length & (length - 1)) ||
	    length < (kind == TSR_PCI_BAR_IO ? 4u : 16u))
		fake_die("%s: bad BAR %u of %u bytes", f->ref.host.name, bar, length);
	f->bars[bar] = r;
	f->kinds[bar] = kind;
	r->enabled = false;
	f->config[bar_offset(bar)] = type;
	put(f->write_mask + bar_offset(bar), ~(length - 1) | (bar == 6), 4);
}

static bool fake_bar_io(struct tsr_pci_function *f, unsigned bar, enum tsr_pci_bar_kind kind,
			uint32_t length, const struct tsr_io_ops *ops, void *self,
			struct tsr_error *error)
{
	struct tsr_region *r = fake_region_new(f->ref.device, FAKE_IO, 0, length);

	r->ports = kind == TSR_PCI_BAR_IO;
	r->ops = ops;
	r->self = self;
	r->priority = 10;
	set_bar(f, bar, kind, length, kind == TSR_PCI_BAR_IO, r);
	return true;
}

static bool fake_bar_memory(struct tsr_pci_function *f, unsigned bar, uint32_t length,
			    bool prefetchable, unsigned memory_flags, uint8_t **bytes,
			    struct tsr_region **region, struct tsr_error *error)
{
	uint8_t *memory;
	struct tsr_region *r =
		fake_memory_table.map(&f->ref.host, "BAR", 0, length < 4096 ? 4096 : length, 10,
				      memory_flags, &memory, error);

	set_bar(f, bar, TSR_PCI_BAR_MEMORY, length, prefetchable ? 8 : 0, r);
	if (bytes)
		*bytes = memory;
	if (region)
		*region = r;
	return true;
}

static bool fake_rom(struct tsr_pci_function *f, const void *image, size_t length,
		     struct tsr_error *error)
{
	uint32_t size = 4096;
	uint8_t *bytes;
	struct tsr_region *r;

	while (size < length)
		size <<= 1;
	r = fake_memory_table.map(&f->ref.host, "ROM", 0, size, 10, TSR_MEMORY_ROM, &bytes, error);
	memcpy(bytes, image, length);
	set_bar(f, 6, TSR_PCI_BAR_MEMORY, size, 0, r);
	return true;
}

static uint8_t *fake_config(struct tsr_pci_function *f)
{
	return f->config;
}

static uint8_t *fake_write_mask(struct tsr_pci_function *f)
{
	return f->write_mask;
}

static uint8_t *fake_clear_mask(struct tsr_pci_function *f)
{
	return f->clear_mask;
}

/* Whether a register lies in the configuration space, of which the rest is told. */
static void check_register(const struct tsr_pci_function *f, unsigned offset, unsigned width)
{
	if ((width != 1 && width != 2 && width != 4) || offset > 256 - width)
		fake_die("%s: %u bytes at %u of a configuration space", f->ref.host.name, width,
			 offset);
}

static uint32_t fake_config_get(struct tsr_pci_function *f, unsigned offset, unsigned width)
{
	uint32_t value = 0;

	check_register(f, offset, width);
	for (unsigned i = 0; i < width; i++)
		value |= (uint32_t)f->config[offset + i] << (i * 8);
	return value;
}

static void fake_config_set(struct tsr_pci_function *f, unsigned offset, unsigned width,
			    uint32_t value)
{
	check_register(f, offset, width);
	put(f->config + offset, value, width);
	decode(f);
}

static void fake_config_bits(struct tsr_pci_function *f, unsigned offset, unsigned width,
			     uint32_t writable, uint32_t cleared)
{
	check_register(f, offset, width);
	put(f->write_mask + offset, writable, width);
	put(f->clear_mask + offset, cleared, width);
}

static bool is_free(const struct tsr_pci_function *f, unsigned offset, unsigned length)
{
	for (unsigned i = offset; i < offset + length; i++)
		if (f->is_capability[i] || f->config[i] || f->write_mask[i] || f->clear_mask[i])
			return false;
	return true;
}

static bool fake_add_capability(struct tsr_pci_function *f, uint8_t id, unsigned length,
				unsigned *offset, struct tsr_error *error)
{
	unsigned place = 0x40, link = 0x34;

	if (length < 2 || length > 192)
		fake_die("%s: a capability of %u bytes", f->ref.host.name, length);
	while (place + length <= 256 && !is_free(f, place, length))
		place += 4;
	if (place + length > 256)
		return tsr_error_set(error, TSR_ERROR_CONFLICT,
				     "no room for a capability of %u bytes", length);
	memset(f->is_capability + place, true, length);
	while (f->config[link])
		link = f->config[link] + 1u;
	f->config[place] = id;
	f->config[link] = (uint8_t)place;
	f->config[6] |= 0x10;
	*offset = place;
	return true;
}

static void fake_pci_remove(struct tsr_pci_function *f)
{
	struct tsr_pci_function **at = &functions;

	if (!f)
		return;
	while (*at != f)
		at = &(*at)->next;
	*at = f->next;
	for (unsigned bar = 0; bar < 7; bar++)
		if (f->bars[bar])
			fake_region_remove(f->bars[bar]);
	free(f);
}

static void fake_function_reset(struct tsr_pci_function *f)
{
	put(f->config + 4, 0, 2);
	f->config[0x3c] = 0;
	for (unsigned bar = 0; bar < 7; bar++)
		for (unsigned i = 0; f->bars[bar] && i < 4; i++)
			f->config[bar_offset(bar) + i] &= ~f->write_mask[bar_offset(bar) + i];
	decode(f);
}

static void fake_set_intx(struct tsr_pci_function *f, int level)
{
	if (!f->config[0x3d])
		fake_die("%s: INTx of a function without a pin", f->ref.host.name);
	if (f->level == (level != 0))
		return;
	f->level = level != 0;
	fake_trace(fake.now << 1 | f->level);
	fake_trace(f->bdf);
}

static const struct tsr_host *fake_dma_host(struct tsr_pci_function *f)
{
	return &f->ref.host;
}

static unsigned fake_address(struct tsr_pci_function *f)
{
	return f->bdf;
}

const struct tsr_pci fake_pci_table = {
	.size = sizeof(struct tsr_pci),
	.add = fake_add,
	.add_at = fake_add_at, /* for older plugins */
	.bar_io = fake_bar_io,
	.bar_memory = fake_bar_memory,
	.rom = fake_rom,
	.config = fake_config,
	.write_mask = fake_write_mask,
	.clear_mask = fake_clear_mask,
	.reset = fake_function_reset,
	.set_intx = fake_set_intx,
	.dma_host = fake_dma_host,
	.address = fake_address,
	.config_get = fake_config_get,
	.config_set = fake_config_set,
	.config_bits = fake_config_bits,
	.add_capability = fake_add_capability,
	.remove = fake_pci_remove,
};

const struct tsr_pci_fixed fake_pci_fixed_table = {
	.size = sizeof(struct tsr_pci_fixed),
	.add = fake_add_at,
};

/* -- for tests and host bridges */

uint32_t fake_pci_read(unsigned bdf, unsigned offset, unsigned width)
{
	struct tsr_pci_function *f = function_at(bdf);
	uint32_t value = 0;

	for (unsigned i = 0; i < width; i++)
		value |= 0xffu << (i * 8);
	if (!f || offset + width > 256)
		return value;
	if (f->ops && f->ops->config_read)
		f->ops->config_read(f->self, offset, width);
	value = 0;
	for (unsigned i = 0; i < width; i++)
		value |= (uint32_t)f->config[offset + i] << (i * 8);
	return value;
}

void fake_pci_write(unsigned bdf, unsigned offset, uint32_t value, unsigned width)
{
	struct tsr_pci_function *f = function_at(bdf);

	if (!f || offset + width > 256)
		return;
	for (unsigned i = 0; i < width; i++) {
		uint8_t byte = value >> (i * 8), *at = &f->config[offset + i],
			mask = f->write_mask[offset + i];

		*at = (*at & ~mask) | (byte & mask);
		*at &= ~(byte & f->clear_mask[offset + i]);
	}
	decode(f);
	if (f->ops && f->ops->config_written)
		f->ops->config_written(f->self, offset, width);
}

static uint32_t host_config_read(const struct tsr_host *host, unsigned bdf, unsigned offset,
				 unsigned width)
{
	return fake_pci_read(bdf, offset, width);
}

static void host_config_write(const struct tsr_host *host, unsigned bdf, unsigned offset,
			      uint32_t value, unsigned width)
{
	fake_pci_write(bdf, offset, value, width);
}

const struct tsr_pci_host fake_pci_host_table = {
	.size = sizeof(struct tsr_pci_host),
	.config_read = host_config_read,
	.config_write = host_config_write,
};

int fake_pci_intx(unsigned bdf)
{
	return function_need(bdf)->level;
}

unsigned fake_pci_of(void *self)
{
	struct fake_device *d = fake_device_find(self);
	struct tsr_pci_function *found = NULL;

	for (struct tsr_pci_function *f = functions; f; f = f->next)
		if (f->ref.device == d)
			found = f; /* the list has the newest first */
	if (!found)
		fake_die("%s has no PCI function", d->id);
	return found->bdf;
}

void fake_pci_enable(unsigned bdf)
{
	static const uint32_t start[] = {
		[TSR_PCI_BAR_IO] = 0xc000, [TSR_PCI_BAR_MEMORY] = 0xe0000000
	};
	struct tsr_pci_function *f = function_need(bdf);

	for (unsigned bar = 0; bar < 7; bar++) {
		uint32_t mask = get32(f->write_mask + bar_offset(bar));
		uint32_t base = start[f->kinds[bar]];

		if (!f->bars[bar])
			continue;
		base += f->kinds[bar] == TSR_PCI_BAR_IO ? bdf << 8 | bar << 10
							: bar << 26 | (bdf & 0xf8) << 18;
		fake_pci_write(bdf, bar_offset(bar), (base & mask) | (bar == 6), 4);
	}
	fake_pci_write(bdf, 4, fake_pci_read(bdf, 4, 2) | 7, 2);
}

uint32_t fake_pci_bar(unsigned bdf, unsigned bar)
{
	struct tsr_pci_function *f = function_need(bdf);

	if (bar > 6 || !f->bars[bar])
		fake_die("PCI function %02x.%x has no BAR %u", bdf >> 3, bdf & 7, bar);
	return f->bars[bar]->base;
}

void fake_pci_reset(struct fake_device *d)
{
	for (struct tsr_pci_function *f = functions; f; f = f->next)
		if (f->ref.device == d)
			fake_function_reset(f);
}

/* One random configuration access. */
void fake_pci_fuzz(uint64_t *seed)
{
	unsigned width = 1 << fake_random(seed) % 3, count = 0, pick;
	struct tsr_pci_function *f;

	for (f = functions; f; f = f->next)
		count++;
	if (!count)
		return;
	pick = fake_random(seed) % count;
	for (f = functions; pick--; f = f->next)
		;
	if (fake_random(seed) & 1)
		fake_pci_read(f->bdf, fake_random(seed) % 256 & ~(width - 1), width);
	else
		fake_pci_write(f->bdf, fake_random(seed) % 256 & ~(width - 1), fake_random(seed),
			       width);
	if (fake_random(seed) % 4 == 0)
		fake_pci_enable(f->bdf);
}

uint64_t fake_pci_lines(uint64_t lines)
{
	for (struct tsr_pci_function *f = functions; f; f = f->next)
		lines = lines << 1 | (f->level != 0);
	return lines;
}

size_t fake_pci_size(void)
{
	size_t length = 0;

	_Static_assert(sizeof(functions->config) + 1 == FAKE_PCI_SAVED, "configuration and level");
	for (struct tsr_pci_function *f = functions; f; f = f->next)
		length += FAKE_PCI_SAVED;
	return length;
}

uint8_t *fake_pci_put(void)
{
	size_t length = 0, each = sizeof(functions->config);
	uint8_t *bytes = NULL;

	for (struct tsr_pci_function *f = functions; f; f = f->next) {
		bytes = realloc(bytes, length + each + 1);
		memcpy(bytes + length, f->config, each);
		bytes[length + each] = (uint8_t)f->level;
		length += each + 1;
	}
	return bytes;
}

void fake_pci_get(const uint8_t *from)
{
	for (struct tsr_pci_function *f = functions; f; f = f->next) {
		memcpy(f->config, from, sizeof(f->config));
		f->level = from[sizeof(f->config)];
		from += sizeof(f->config) + 1;
		decode(f);
	}
}

void fake_pci_free(void)
{
	while (functions) {
		struct tsr_pci_function *f = functions;

		functions = f->next;
		free(f);
	}
}
