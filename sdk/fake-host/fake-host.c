/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The fake machine: devices, lines, log. Clock, work, rows and properties, address spaces, PCI,
 * state and user interface have files of their own. */
#include "fake-private.h"

#include <stdarg.h>
#include <sys/mman.h>

#include <tessera/draft/script.h>
#include <tessera/plugin.h>

extern const struct tsr_plugin_entry tessera_plugin_entry __attribute__((weak));

struct fake_machine fake;

_Noreturn void fake_die(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	fputs("fake host: ", stderr);
	vfprintf(stderr, format, args);
	fputc('\n', stderr);
	va_end(args);
	abort();
}

uint64_t fake_random(uint64_t *state)
{
	uint64_t x = *state += 0x9e3779b97f4a7c15;

	x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9;
	x = (x ^ x >> 27) * 0x94d049bb133111eb;
	return x ^ x >> 31;
}

void fake_trace(uint64_t value)
{
	fake.trace = (fake.trace ^ value) * 0x100000001b3; /* as FNV-1a, a number at a time */
}

void fake_trace_bytes(const void *bytes, size_t length)
{
	for (size_t i = 0; i < length; i++)
		fake_trace(((const uint8_t *)bytes)[i]);
}

struct fake_device *fake_device_of(const struct tsr_host *host)
{
	return ((const struct fake_host_ref *)host)->device;
}

struct fake_device *fake_device_find(void *self)
{
	for (unsigned i = 0; i < fake.device_count; i++)
		if (fake.devices[i]->self == self)
			return fake.devices[i];
	fake_die("not a device of this machine");
}

/* -- lines */

static void line_set(void *to, int level)
{
	struct fake_line *line = to;

	level = level != 0;
	if (level == line->level)
		return;
	line->edges += level;
	line->level = level;
	fake_trace(fake.now << 1 | level);
	fake_trace_bytes(line->name, strlen(line->name));
}

static const struct tsr_irq *irq_get(const struct tsr_host *host, const char *name)
{
	struct fake_device *d = fake_device_of(host);
	struct fake_line *line;
	char row[128];

	snprintf(row, sizeof(row), "resource.%s.type", name);
	if (d->strict && !fake_row_get(d, row))
		fake_die("%s: no [Resource %s] in its manifest", d->id, name);
	for (line = fake.lines; line; line = line->next)
		if (line->device == d && strcmp(line->name, name) == 0)
			return &line->irq;
	line = calloc(1, sizeof(*line));
	line->device = d;
	snprintf(line->name, sizeof(line->name), "%s", name);
	line->irq.set = line_set;
	line->irq.to = line;
	line->next = fake.lines;
	fake.lines = line;
	return &line->irq;
}

static const struct tsr_irq_table irq_table = { .size = sizeof(struct tsr_irq_table),
						.get = irq_get };

static struct fake_line *line_find(const char *name)
{
	char full[136];

	for (struct fake_line *line = fake.lines; line; line = line->next) {
		snprintf(full, sizeof(full), "%s/%s", line->device->id, line->name);
		if (strcmp(line->name, name) == 0 || strcmp(full, name) == 0)
			return line;
	}
	fake_die("no device has asked for a line %s", name);
}

int fake_irq_level(const char *name)
{
	return line_find(name)->level;
}

unsigned fake_irq_edges(const char *name)
{
	return line_find(name)->edges;
}

/* -- random, log, bus, machine */

static void random_fill(const struct tsr_host *host, void *to, size_t length)
{
	for (size_t i = 0; i < length; i++)
		((uint8_t *)to)[i] = fake_random(&fake.random);
}

static const struct tsr_random random_table = { .size = sizeof(struct tsr_random),
						.fill = random_fill };

static void log_write_text(const struct tsr_host *host, const void *site, enum tsr_log_level level,
			   const char *text)
{
	size_t length = strlen(text);

	fake.log_counts[level]++;
	if (fake.log_length > 1 << 20)
		fake.log_length = 0;
	fake.log = realloc(fake.log, fake.log_length + length + 2);
	memcpy(fake.log + fake.log_length, text, length);
	fake.log_length += length;
	fake.log[fake.log_length++] = '\n';
	fake.log[fake.log_length] = 0;
}

static void TSR_PRINTF(4, 5) log_write(const struct tsr_host *host, const void *site,
				       enum tsr_log_level level, const char *format, ...)
{
	char line[512];
	va_list args;

	va_start(args, format);
	vsnprintf(line, sizeof(line), format, args);
	va_end(args);
	log_write_text(host, site, level, line);
}

static const struct tsr_log log_table = { .size = sizeof(struct tsr_log),
					  .write = log_write,
					  .write_text = log_write_text };

bool fake_log_contains(const char *text)
{
	return fake.log && strstr(fake.log, text);
}

unsigned fake_log_count(enum tsr_log_level level)
{
	return fake.log_counts[level];
}

static bool bus_get(const struct tsr_host *host, const char *name, struct tsr_interface *out)
{
	for (unsigned i = 0; i < 32; i++)
		if (fake.needs[i].interface.table && strcmp(fake.needs[i].name, name) == 0) {
			*out = fake.needs[i].interface;
			return true;
		}
	return false;
}

static void bus_emit(const struct tsr_host *host, const char *event, const char *detail)
{
	fake.requests.events++;
	snprintf(fake.requests.event, sizeof(fake.requests.event), "%s", event);
	snprintf(fake.requests.detail, sizeof(fake.requests.detail), "%s", detail);
}

const struct tsr_bus fake_bus_table = { .size = offsetof(struct tsr_bus, which),
					.get = bus_get,
					.emit = bus_emit };

void fake_connect(const char *need, const void *table, void *self)
{
	struct fake_need *slot = NULL;

	for (unsigned i = 0; i < 32; i++)
		if (strcmp(fake.needs[i].name, need) == 0 || (!slot && !fake.needs[i].name[0]))
			slot = &fake.needs[i];
	if (!slot)
		fake_die("too many needs");
	snprintf(slot->name, sizeof(slot->name), "%s", need);
	slot->interface = (struct tsr_interface){ table, self };
}

static const char *script_file(const struct tsr_host *host)
{
	const struct fake_device *d = fake_device_of(host);

	return d->script[0] ? d->script : NULL;
}

static const char *script_plugin(const struct tsr_host *host)
{
	const struct fake_device *d = fake_device_of(host);

	return d->plugin[0] ? d->plugin : d->id;
}

static const struct tsr_script script_table = { .size = sizeof(struct tsr_script),
						.file = script_file,
						.plugin = script_plugin };

static void power_off(const struct tsr_host *host)
{
	fake.requests.power_offs++;
}

static void machine_reset(const struct tsr_host *host, int kind)
{
	fake.requests.resets++;
	fake.requests.reset_kind = kind;
}

static void machine_stop(const struct tsr_host *host, int exit_status, const char *why)
{
	fake.requests.stops++;
	fake.requests.exit_status = exit_status;
}

static const struct tsr_machine_table machine_table = {
	.size = sizeof(struct tsr_machine_table),
	.power_off = power_off,
	.reset = machine_reset,
	.stop = machine_stop,
};

const struct fake_requests *fake_requests(void)
{
	return &fake.requests;
}

/* -- devices */

static const void *host_get(const struct tsr_host *host, const char *table)
{
	/* clang-format off */
	static const struct {
		const char *name;
		const void *table;
	} tables[] = {
		{ TSR_PROPERTIES, &fake_properties_table }, { TSR_IO, &fake_io_table },
		{ TSR_MEMORY, &fake_memory_table },    { TSR_IRQ, &irq_table },
		{ TSR_DMA, &fake_dma_table },          { TSR_CLOCK, &fake_clock_table },
		{ TSR_RANDOM, &random_table },         { TSR_LOG, &log_table },
		{ TSR_BUS, &fake_bus_table },               { TSR_MACHINE, &machine_table },
		{ TSR_WORKER, &fake_worker_table },         { TSR_PCI, &fake_pci_table },
		{ TSR_PCI_HOST, &fake_pci_host_table }, { TSR_DISPLAY, &fake_display_tbl },
		{ TSR_INPUT, &fake_input_table },      { TSR_SCRIPT, &script_table },
		{ TSR_SHADOW_RAM, &fake_shadow_ram_table }, { TSR_A20, &fake_a20_table },
		{ TSR_PCI_FIXED, &fake_pci_fixed_table },
		{ TSR_OPTION_ROM, &fake_option_rom_table },
		{ TSR_ISA_CHANNELS, &fake_isa_channels_table },
		{ TSR_DISPLAY_HINTS, &fake_display_hints_table },
	};
	/* clang-format on */

	for (unsigned i = 0; i < 16 && fake.tables[i].name; i++)
		if (strcmp(fake.tables[i].name, table) == 0)
			return fake.tables[i].table;
	for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++)
		if (strcmp(tables[i].name, table) == 0)
			return tables[i].table;
	return NULL;
}

void fake_host_table(const char *name, const void *table)
{
	unsigned i = 0;

	while (fake.tables[i].name && strcmp(fake.tables[i].name, name) != 0)
		if (++i == 16)
			fake_die("too many host tables");
	fake.tables[i].name = name;
	fake.tables[i].table = table;
}

static struct fake_device *device_prepare(const struct tsr_device_class *class, const char *id,
					  const struct fake_row *rows)
{
	struct fake_device *d = calloc(1, sizeof(*d));

	if (!class && &tessera_plugin_entry)
		class = tessera_plugin_entry.get_factory(TSR_FACTORY_DEVICE);
	if (!class || fake.device_count == FAKE_DEVICES)
		fake_die("no class for %s, or too many devices", id ? id : "a device");
	d->class = class;
	d->state_version = 1;
	snprintf(d->id, sizeof(d->id), "%s", id ? id : "device");
	if (id)
		fake_manifest_read(d, id);
	for (; rows && rows->name; rows++) {
		if (d->strict && !fake_row_find(d, rows->name) &&
		    strncmp(rows->name, "resource.", 9) != 0 && strcmp(rows->name, "address") != 0)
			fake_die("%s: no property %s in its manifest", id, rows->name);
		fake_row_set(d, rows->name, rows->value);
	}
	d->ref.host = (struct tsr_host){ .size = sizeof(struct tsr_host),
					 .abi = { TSR_ABI_MAJOR, TSR_ABI_MINOR },
					 .name = d->id,
					 .get = host_get,
					 .version = "fake",
					 .folder = fake.folder };
	d->ref.device = d;
	d->self = aligned_alloc(64, (class->instance_size + 63) & ~(size_t)63);
	memset(d->self, 0, class->instance_size);
	return d;
}

void *fake_device_try(const struct tsr_device_class *class, const char *id,
		      const struct fake_row *rows, struct tsr_error *error)
{
	struct fake_device *d = device_prepare(class, id, rows);
	void *self = d->self;

	fake.devices[fake.device_count++] = d;
	if (!d->class->attach(self, &d->ref.host, error) ||
	    (d->class->realize && !d->class->realize(self, error))) {
		fake_device_delete(self);
		return NULL;
	}
	if (d->class->reset)
		d->class->reset(self, TSR_RESET_POWER_ON);
	return self;
}

void *fake_device_new(const struct tsr_device_class *class, const char *id,
		      const struct fake_row *rows)
{
	struct tsr_error error = { 0 };
	void *self = fake_device_try(class, id, rows, &error);

	if (!self)
		fake_die("%s: %s", id ? id : "device", error.message);
	return self;
}

/* The device's regions stay allocated until the end but disabled; its timers are disarmed. */
void fake_device_delete(void *self)
{
	struct fake_device *d = fake_device_find(self);
	unsigned i = 0;

	fake_workers_run();
	if (d->class->detach)
		d->class->detach(self);
	for (struct tsr_region *r = fake.regions; r; r = r->next)
		r->enabled = r->enabled && r->device != d;
	fake_clock_cancel(d);
	while (fake.devices[i] != d)
		i++;
	memmove(&fake.devices[i], &fake.devices[i + 1], (--fake.device_count - i) * sizeof(d));
	for (struct fake_line **at = &fake.lines; *at;) {
		struct fake_line *line = *at;

		if (line->device != d) {
			at = &line->next;
			continue;
		}
		*at = line->next;
		free(line);
	}
	free(d->self);
	free(d);
}

void fake_device_reset(void *self, enum tsr_reset kind)
{
	struct fake_device *d = fake_device_find(self);

	if (kind != TSR_RESET_SOFT)
		fake_pci_reset(d);
	if (d->class->reset)
		d->class->reset(self, kind);
}

const void *fake_device_interface(void *self, const char *interface)
{
	struct fake_device *d = fake_device_find(self);

	return d->class->get_interface ? d->class->get_interface(self, interface) : NULL;
}

const struct tsr_host *fake_device_host(void *self)
{
	return &fake_device_find(self)->ref.host;
}

bool fake_device_set(void *self, const char *name, const char *value, struct tsr_error *error)
{
	struct fake_device *d = fake_device_find(self);
	struct fake_text_row *row = fake_property(&d->ref.host, name), old = *row;

	fake_row_set(d, name, value);
	if (!row->changed || row->changed(row->changed_self, name, error))
		return true;
	*row = old;
	return false;
}

const char *fake_device_get(void *self, const char *name)
{
	return fake_properties_table.get_string(&fake_device_find(self)->ref.host, name);
}

static void fuzz_region(struct tsr_region *r, uint64_t *seed)
{
	unsigned width = 1 << fake_random(seed) % 3;
	uint64_t address = r->base + fake_random(seed) % r->length;
	uint64_t value = fake_random(seed) >> fake_random(seed) % 64;
	bool write = fake_random(seed) & 1;

	if (r->ports && write)
		fake_port_write(address, value, width);
	else if (r->ports)
		fake_port_read(address, width);
	else if (write)
		fake_mmio_write(address, value, width);
	else
		fake_mmio_read(address, width);
}

void fake_device_fuzz_registers(uint64_t seed, unsigned count)
{
	while (count--) {
		unsigned regions = 0, pick;
		struct tsr_region *r;

		for (r = fake.regions; r; r = r->next)
			regions += r->enabled;
		pick = regions ? fake_random(&seed) % regions : 0;
		for (r = fake.regions; r; r = r->next)
			if (r->enabled && !pick--)
				break;
		if (r)
			fuzz_region(r, &seed);
		if (fake_random(&seed) % 16 == 0)
			fake_pci_fuzz(&seed);
		if (fake_random(&seed) % 8 == 0)
			fake_clock_advance(fake_random(&seed) >> (40 + fake_random(&seed) % 24));
		if (fake_random(&seed) % 32 == 0)
			fake_workers_run();
	}
}

/* -- machine */

void fake_start_in(const char *folder)
{
	fake_finish();
	fake.folder = folder;
	fake.started = true;
	fake.ram = mmap(NULL, FAKE_RAM_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
			-1, 0);
	if (fake.ram == MAP_FAILED)
		fake_die("no memory for the guest");
	fake.a20 = true;
	fake.wall_base = 946684800;
	fake.random = 1;
}

void fake_finish(void)
{
	while (fake.device_count)
		fake_device_delete(fake.devices[fake.device_count - 1]->self);
	fake_space_free();
	fake_pci_free();
	fake_ui_free();
	fake_clock_free();
	fake_work_free();
	if (fake.ram)
		munmap(fake.ram, FAKE_RAM_SIZE);
	free(fake.log);
	memset(&fake, 0, sizeof(fake));
}
