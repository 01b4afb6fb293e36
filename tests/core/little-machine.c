/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "little-machine.h"

#include <string.h>

#include <tessera/draft/interrupts.h>

#include "machine/machine.h"
#include "manifest/plugin.h"

/* -- Device */

static uint64_t dev_read(void *self, uint64_t offset, unsigned width)
{
	struct little_device *dev = self;

	dev->last_offset = offset;
	dev->last_width = width;
	return 0x40 + offset;
}

static void dev_write(void *self, uint64_t offset, uint64_t value, unsigned width)
{
	struct little_device *dev = self;

	dev->last_offset = offset;
	dev->last_value = value;
	dev->last_width = width;
}

static const struct tsr_io_ops dev_ops = {
	.size = sizeof(dev_ops), .widths = 1, .read = dev_read, .write = dev_write
};

static void dev_expired(void *self, uint64_t deadline_ns)
{
	struct little_device *dev = self;

	dev->expired++;
	dev->deadline = deadline_ns;
	if (dev->period)
		dev->clock->arm(dev->timer, deadline_ns + dev->period);
	tsr_irq_set(dev->irq, 1);
}

static bool dev_attach(void *self, const struct tsr_host *host, struct tsr_error *error)
{
	struct little_device *dev = self;

	dev->host = host;
	dev->io = host->get(host, TSR_IO);
	dev->memory = host->get(host, TSR_MEMORY);
	dev->shadow_ram = host->get(host, TSR_SHADOW_RAM);
	dev->a20 = host->get(host, TSR_A20);
	dev->pci = host->get(host, TSR_PCI);
	dev->pci_fixed = host->get(host, TSR_PCI_FIXED);
	dev->dma = host->get(host, TSR_DMA);
	dev->clock = host->get(host, TSR_CLOCK);
	dev->worker = host->get(host, TSR_WORKER);
	dev->machine = host->get(host, TSR_MACHINE);
	dev->irq = ((const struct tsr_irq_table *)host->get(host, TSR_IRQ))->get(host, "irq");
	dev->timer = dev->clock->timer_new(host, dev_expired, dev);
	dev->ports = dev->io->claim(host, "regs", &dev_ops, dev, error);
	return dev->ports != NULL;
}

static void dev_reset(void *self, enum tsr_reset kind)
{
	((struct little_device *)self)->resets++;
}

static void dev_save(void *self, struct tsr_state_writer *out)
{
	struct little_device *dev = self;

	tsr_state_put_u32(out, "number", dev->number);
	out->ops->begin(out, "group");
	if (dev->save_failure)
		tsr_state_fail(out, dev->save_failure);
	out->ops->end(out);
}

static bool dev_load(void *self, struct tsr_state_reader *in, struct tsr_error *error)
{
	struct little_device *dev = self;

	if (dev->refuse_load || !tsr_state_get_u32(in, "number", &dev->number))
		return tsr_error_set(error, TSR_ERROR_INVALID, "no number");
	return true;
}

bool little_device_knows_every_name;

static const void *dev_interface(void *self, const char *name)
{
	return little_device_knows_every_name ? &dev_ops : NULL;
}

static const struct tsr_device_class dev_class = { .size = sizeof(dev_class),
						   .instance_size = sizeof(struct little_device),
						   .attach = dev_attach,
						   .reset = dev_reset,
						   .save = dev_save,
						   .load = dev_load,
						   .get_interface = dev_interface };

/* -- Processor */

static enum tsr_cpu_exit cpu_run(void *self, uint64_t budget)
{
	struct little_processor *cpu = self;

	enum tsr_cpu_exit why;

	cpu->runs++;
	why = cpu->body ? cpu->body(cpu, budget) : TSR_CPU_HALTED;
	cpu->kicked = 0; /* not before: a kick that came earlier makes run return at once */
	return why;
}

static void cpu_kick(void *self)
{
	struct little_processor *cpu = self;

	cpu->kicked = 1;
}

static uint64_t cpu_instructions(void *self)
{
	return ((struct little_processor *)self)->count;
}

static void cpu_input(void *self, unsigned input, int level)
{
	struct little_processor *cpu = self;

	cpu->intr = level;
	cpu->level_changes++;
}

static const struct tsr_cpu cpu_table = { .size = sizeof(cpu_table),
					  .run = cpu_run,
					  .kick = cpu_kick,
					  .instructions = cpu_instructions };
static const struct tsr_irq_inputs cpu_inputs = { .size = sizeof(cpu_inputs),
						  .count = TSR_CPU_PINS,
						  .set = cpu_input };

static bool plain_attach(void *self, const struct tsr_host *host, struct tsr_error *error)
{
	return true;
}

static const void *cpu_interface(void *self, const char *name)
{
	if (strcmp(name, TSR_CPU) == 0)
		return &cpu_table;
	return strcmp(name, TSR_IRQ_INPUTS) == 0 ? &cpu_inputs : NULL;
}

static const struct tsr_device_class cpu_class = { .size = sizeof(cpu_class),
						   .instance_size = sizeof(struct little_processor),
						   .attach = plain_attach,
						   .get_interface = cpu_interface };

/* -- MMU */

static void note(struct little_mmu *mmu, unsigned *counter, tsr_gpa gpa, uint64_t length)
{
	(*counter)++;
	mmu->last_gpa = gpa;
	mmu->last_length = length;
}

static void mmu_changed(void *self, tsr_gpa gpa, uint64_t length)
{
	note(self, &((struct little_mmu *)self)->changed, gpa, length);
}

static void mmu_written(void *self, tsr_gpa gpa, uint64_t length)
{
	note(self, &((struct little_mmu *)self)->written, gpa, length);
}

static void mmu_protect(void *self, tsr_gpa gpa, uint64_t length)
{
	note(self, &((struct little_mmu *)self)->protected_, gpa, length);
}

static const struct tsr_phys_listener mmu_listener = { .size = sizeof(mmu_listener),
						       .mapping_changed = mmu_changed,
						       .written = mmu_written,
						       .protect = mmu_protect };

static const void *mmu_interface(void *self, const char *name)
{
	return strcmp(name, TSR_PHYS_LISTENER) == 0 ? &mmu_listener : NULL;
}

static const struct tsr_device_class mmu_class = { .size = sizeof(mmu_class),
						   .instance_size = sizeof(struct little_mmu),
						   .attach = plain_attach,
						   .get_interface = mmu_interface };

/* -- The machine */

static const void *dev_factory(const char *name)
{
	return &dev_class;
}

static const void *cpu_factory(const char *name)
{
	return &cpu_class;
}

static const void *mmu_factory(const char *name)
{
	return &mmu_class;
}

static const struct tsr_plugin_entry entries[] = {
	{ sizeof(entries[0]), TSR_ABI_CURRENT, "little-mmu", "1.0.0", mmu_factory },
	{ sizeof(entries[0]), TSR_ABI_CURRENT, "little-cpu", "1.0.0", cpu_factory },
	{ sizeof(entries[0]), TSR_ABI_CURRENT, "little-dev", "1.0.0", dev_factory },
};

#define HEAD(id, kind, provides) \
	"[Plugin]\nid=" id "\nversion=1.0.0\nname=x\ndescription=x\nkind=" kind \
	"\nlibrary=x.so\nabi-oldest=1.0\nabi-newest=1\n" \
	"provides=" provides \
	"\nstate-version=2\nstate-oldest=1\nlicence=LGPL-2.1-or-later\nvendor=Tests\n"

static const char *const manifests[] = {
	HEAD("little-mmu", "mmu", "tessera.phys-listener/1"),
	HEAD("little-cpu", "cpu", "tessera.cpu/1;tessera.irq-inputs/1"),
	HEAD("little-dev", "device", "") "[Resource regs]\ntype=ports\nbase=0x300\nlength=8\n"
					 "[Resource irq]\ntype=irq\nline=processor:0\n"
					 "[Resource rom]\ntype=rom\nbase=0xd0000\nlength=4096\n"
					 "[Resource rom2]\ntype=rom\nbase=0xc8000\nlength=8192\n"
					 "[Resource lost]\ntype=rom\nbase=0xf0000\nlength=4096\n"
					 "[Resource dma]\ntype=dma\nchannel=3\n"
					 "[Property image]\ntype=string\n"
					 "text=The path of a ROM\n"
					 "[Needs processor]\noptional=true\n"
					 "interface=tessera.cpu/99;tessera.irq-inputs/1;"
					 "tessera.cpu/1\n"
					 "[Needs nothing]\noptional=true\n"
					 "interface=tessera.cpu/1\n",
};

static const char *const names[] = { "mmu0", "cpu0", "dev0" };

static void instance_config_free(gpointer data)
{
	TsrInstanceConfig *config = data;

	g_free(config->name);
	g_object_unref(config->plugin);
	g_hash_table_unref(config->properties);
	g_hash_table_unref(config->connections);
	g_ptr_array_unref(config->resources);
	g_free(config);
}

static TsrInstanceConfig *instance_config(unsigned i)
{
	g_autoptr(GError) error = NULL;
	TsrInstanceConfig *config = g_new0(TsrInstanceConfig, 1);

	config->name = g_strdup(names[i]);
	config->plugin = tsr_plugin_new_from_manifest("little.plugin", manifests[i],
						      strlen(manifests[i]), &error);
	g_assert_no_error(error);
	config->entry = &entries[i];
	config->properties = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
	config->connections = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
	if (tsr_plugin_find_need(config->plugin, "processor"))
		g_hash_table_insert(config->connections, g_strdup("processor"), g_strdup("cpu0"));
	config->resources = g_ptr_array_ref(tsr_plugin_get_resources(config->plugin));
	config->pci_device = config->pci_function = -1;
	return config;
}

TsrMachine *little_machine_new(unsigned memory, TsrClockMode clock, GError **error)
{
	TsrConfig *config = g_new0(TsrConfig, 1);

	config->name = g_strdup("little");
	config->description = g_strdup("");
	config->memory = (guint64)memory << 20;
	config->clock = clock;
	config->ips = 1000000;
	config->cpu = g_strdup("cpu0");
	config->mmu = g_strdup("mmu0");
	config->aliases = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
	g_hash_table_insert(config->aliases, g_strdup("processor"), g_strdup("cpu0"));
	config->instances = g_ptr_array_new_with_free_func(instance_config_free);
	for (unsigned i = 0; i < G_N_ELEMENTS(names); i++)
		g_ptr_array_add(config->instances, instance_config(i));
	return tsr_machine_new_from_config(config, error);
}

struct little_device *little_device(TsrMachine *m)
{
	return tsr_machine_find_instance(m, "dev0")->self;
}

struct little_processor *little_processor(TsrMachine *m)
{
	return tsr_machine_find_instance(m, "cpu0")->self;
}

struct little_mmu *little_mmu(TsrMachine *m)
{
	return tsr_machine_find_instance(m, "mmu0")->self;
}

int little_machine_run(TsrMachine *m)
{
	g_autoptr(GError) error = NULL;
	int status = tsr_machine_run(m, &error);

	g_assert_no_error(error);
	return status;
}
