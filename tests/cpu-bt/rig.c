/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <tessera/draft/interpreter.h>

#include "calls/memory-faults.h"
#include "rig.h"

static struct rig *rig_of(const struct tsr_host *host)
{
	return ((struct rig_plugin *)((uint8_t *)(uintptr_t)host -
				      offsetof(struct rig_plugin, host)))
		->rig;
}

/* -- physical memory */
static bool is_io(tsr_gpa gpa)
{
	return gpa >= RIG_IO_BASE && gpa < RIG_IO_BASE + RIG_IO_LENGTH;
}

static void phys_lookup(const struct tsr_host *host, tsr_gpa gpa, struct tsr_phys_page *page)
{
	struct rig *rig = rig_of(host);

	*page = (struct tsr_phys_page){ .gpa = gpa & ~(tsr_gpa)TSR_PAGE_MASK };
	if (page->gpa + TSR_PAGE_SIZE <= RIG_RAM && !is_io(gpa))
		page->read = page->write = rig->ram + page->gpa;
	if (rig->lied_about && page->gpa == rig->lied_about)
		page->read = page->write = rig->ram + RIG_RAM - TSR_PAGE_SIZE;
}

static uint64_t mix(uint64_t h)
{
	h = (h ^ h >> 31) * 0x9e3779b97f4a7c15u;
	return h ^ h >> 29;
}

static uint64_t phys_read(const struct tsr_host *host, tsr_gpa gpa, unsigned width)
{
	struct rig *rig = rig_of(host);
	uint64_t value = UINT64_MAX;

	if (gpa + width <= RIG_RAM && !is_io(gpa)) {
		memcpy(&value, rig->ram + gpa, width);
	} else if (is_io(gpa)) {
		value = mix(gpa); /* a read does not depend on width or order, so that splits do not
				     matter */
		for (unsigned i = 0; i < width; i++)
			((uint8_t *)&value)[i] = (uint8_t)mix(gpa + i);
		rig->io_reads++;
		if (rig->on_io)
			rig->on_io(rig);
	}
	return width == 8 ? value : value & ((UINT64_C(1) << 8 * width) - 1);
}

static void phys_write(const struct tsr_host *host, tsr_gpa gpa, uint64_t value, unsigned width)
{
	struct rig *rig = rig_of(host);

	if (gpa + width <= RIG_RAM && !is_io(gpa))
		memcpy(rig->ram + gpa, &value, width);
	else if (is_io(gpa))
		for (unsigned i = 0; i < width; i++)
			rig->io_hash = mix(rig->io_hash ^ (gpa + i) << 8 ^ (value >> 8 * i & 0xff));
	if (getenv("RIG_TRACE") && is_io(gpa))
		printf("%s: [%llx] = %llx, %u\n", rig->translating ? "bt" : "interp",
		       (unsigned long long)gpa, (unsigned long long)value, width);
	if (rig->on_io && is_io(gpa))
		rig->on_io(rig);
}

static void mark_dirty(const struct tsr_host *host, tsr_gpa gpa)
{
}

static uint8_t *ram_base(const struct tsr_host *host)
{
	return rig_of(host)->ram;
}

static uint64_t ram_size(const struct tsr_host *host)
{
	return RIG_RAM;
}

static int ram_fd(const struct tsr_host *host)
{
	return rig_of(host)->ram_fd;
}

static const struct tsr_memory memory_table = { .size = sizeof(memory_table),
						.ram_size = ram_size,
						.ram_below_4g = ram_size };

/* clang-format off */
static const struct tsr_phys phys_table = {
	.size = sizeof(phys_table), .lookup = phys_lookup, .read = phys_read, .write = phys_write, .mark_dirty = mark_dirty,
	.ram_base = ram_base, .ram_size = ram_size, .ram_fd = ram_fd,
};
/* clang-format on */

/* -- ports and time */
static uint32_t port_read(const struct tsr_host *host, uint16_t port, unsigned width)
{
	struct rig *rig = rig_of(host);

	return (rig->io_given ? rig->io_value : (uint32_t)mix(port)) &
	       (width == 4 ? UINT32_MAX : (1u << 8 * width) - 1);
}

static void port_write(const struct tsr_host *host, uint16_t port, uint32_t value, unsigned width)
{
	struct rig *rig = rig_of(host);

	rig->io_hash = mix(rig->io_hash ^ port ^ (uint64_t)value << 16);
	if (rig->on_io)
		rig->on_io(rig);
}

static uint64_t tsc(const struct tsr_host *host)
{
	return 12345678;
}

static bool handle_faults(const struct tsr_host *host, const struct tsr_fault_handler *handler)
{
	return tsr_memory_faults_set(host, handler);
}

static const struct tsr_cpu_host cpu_host_table = {
	.size = sizeof(cpu_host_table),
	.port_read = port_read,
	.port_write = port_write,
	.tsc = tsc,
	.handle_faults = handle_faults,
};

/* -- properties, bus, machine, log */
static const char *get_string(const struct tsr_host *host, const char *name)
{
	if (!strcmp(name, "check"))
		return rig_of(host)->check;
	if (!strcmp(name, "stress"))
		return rig_of(host)->stress;
	if (!strcmp(name, "dump"))
		return rig_of(host)->dump;
	if (!strcmp(name, "checks"))
		return rig_of(host)->checks;
	if (!strcmp(name, "unchecked"))
		return rig_of(host)->unchecked ? "always" : "off";
	if (!strcmp(name, "share"))
		return rig_of(host)->share;
	if (!strcmp(name, "windows"))
		return rig_of(host)->promote ? "all" : "off";
	return "default";
}

static int64_t get_int(const struct tsr_host *host, const char *name)
{
	return !strcmp(name, "tags")      ? rig_of(host)->tags
	       : !strcmp(name, "promote") ? rig_of(host)->promote
	       : !strcmp(name, "targets") ? rig_of(host)->targets
					  : rig_of(host)->cache;
}

static bool get_bool(const struct tsr_host *host, const char *name)
{
	struct rig *rig = rig_of(host);

	return !strcmp(name, "bmi2")    ? !rig->bmi2
	       : !strcmp(name, "chain") ? !rig->chain
					: !rig->groups;
}

static const struct tsr_properties properties_table = {
	.size = sizeof(properties_table),
	.get_string = get_string,
	.get_int = get_int,
	.get_bool = get_bool,
};

static int acknowledge(void *self)
{
	struct rig *rig = self;

	rig->pins->set(rig->cpu_self, TSR_CPU_INTR, 0);
	return rig->vector;
}

static const struct tsr_intack intack_table = { .size = sizeof(intack_table),
						.acknowledge = acknowledge };

static bool bus_get(const struct tsr_host *host, const char *name, struct tsr_interface *out)
{
	struct rig *rig = rig_of(host);

	if (!strcmp(name, "mmu"))
		*out = (struct tsr_interface){
			rig->mmu.class->get_interface(rig->mmu.self, TSR_MMU), rig->mmu.self
		};
	else if (!strcmp(name, "interpreter"))
		*out = (struct tsr_interface){ rig->interpreter.class->get_interface(
						       rig->interpreter.self, TSR_X86_INTERPRETER),
					       rig->interpreter.self };
	else if (!strcmp(name, "intack"))
		*out = (struct tsr_interface){ &intack_table, rig };
	else
		return false;
	return true;
}

static const struct tsr_bus bus_table = { .size = sizeof(bus_table), .get = bus_get };

static void machine_stop(const struct tsr_host *host, int exit_status, const char *why)
{
	rig_of(host)->stopped = true;
}

static void machine_reset(const struct tsr_host *host, int kind)
{
}

static const struct tsr_machine_table machine_table = { .size = sizeof(machine_table),
							.stop = machine_stop,
							.reset = machine_reset };

static void TSR_PRINTF(4, 5) log_write(const struct tsr_host *host, const void *site,
				       enum tsr_log_level level, const char *format, ...)
{
}

static const struct tsr_log log_table = { .size = sizeof(log_table), .write = log_write };

static const void *host_get(const struct tsr_host *host, const char *table)
{
	/* clang-format off */
	static const struct {
		const char *name;
		const void *table;
	} tables[] = {
		{ TSR_PHYS, &phys_table }, { TSR_CPU_HOST, &cpu_host_table }, { TSR_PROPERTIES, &properties_table },
		{ TSR_BUS, &bus_table },   { TSR_MACHINE, &machine_table },   { TSR_LOG, &log_table },
		{ TSR_MEMORY, &memory_table },
	};
	/* clang-format on */

	for (size_t i = 0; i < sizeof(tables) / sizeof(*tables); i++)
		if (!strcmp(tables[i].name, table))
			return tables[i].table;
	return NULL;
}

/* -- plugins */
static bool plugin_attach(struct rig *rig, struct rig_plugin *p, const char *path, const char *name)
{
	const struct tsr_plugin_entry *entry;
	struct tsr_error error = { 0 };

	p->rig = rig;
	p->host = (struct tsr_host){
		.size = sizeof(p->host), .abi = TSR_ABI_CURRENT, .name = name, .get = host_get
	};
	p->library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
	entry = p->library ? dlsym(p->library, TSR_PLUGIN_SYMBOL) : NULL;
	if (!entry) {
		fprintf(stderr, "%s: %s\n", path, dlerror());
		return false;
	}
	p->class = entry->get_factory(TSR_FACTORY_DEVICE);
	p->self = aligned_alloc(64, (p->class->instance_size + 63) & ~(size_t)63);
	memset(p->self, 0, p->class->instance_size);
	p->attached = true; /* a failed attach is followed by detach, too */
	if (p->class->attach(p->self, &p->host, &error))
		return true;
	fprintf(stderr, "%s: %s\n", name, error.message);
	return false;
}

static bool plugin_realize(struct rig_plugin *p)
{
	struct tsr_error error = { 0 };

	if (p->class->realize && !p->class->realize(p->self, &error)) {
		fprintf(stderr, "%s: %s\n", p->host.name, error.message);
		return false;
	}
	if (p->class->reset)
		p->class->reset(p->self, TSR_RESET_POWER_ON);
	return true;
}

static void plugin_detach(struct rig_plugin *p)
{
	if (p->attached && p->class->detach)
		p->class->detach(p->self);
	free(p->self);
	if (p->library)
		dlclose(p->library);
}

/* The core gives each thread one that calls plugins. */
static void take_signal_stack(void)
{
	static _Thread_local uint8_t stack[65536];
	stack_t now, own = { .ss_sp = stack, .ss_size = sizeof(stack) };

	if (sigaltstack(NULL, &now) == 0 && now.ss_flags & SS_DISABLE)
		sigaltstack(&own, NULL);
}

struct rig *rig_new(bool translating, const char *options)
{
	struct rig *rig = calloc(1, sizeof(*rig));
	struct rig_plugin *cpu = translating ? &rig->translator : &rig->interpreter;
	bool ok;

	take_signal_stack();
	rig->translating = translating;
	rig->check = strstr(options, "lockstep") ? "lockstep" : "off";
	rig->stress = strstr(options, "cold")         ? "cold"
		      : strstr(options, "interrupts") ? "interrupts"
		      : strstr(options, "cramped")    ? "cramped"
						      : "off";
	rig->dump = strstr(options, "dump-one")   ? "10003"
		    : strstr(options, "dump-bad") ? "here"
		    : strstr(options, "dump")     ? "all"
						  : "off";
	rig->share = strstr(options, "noshare")  ? "off"
		     : strstr(options, "shared") ? "always"
						 : "auto";
	rig->promote = strstr(options, "window") ? 1 : strstr(options, "inline") ? 0 : 256;
	rig->unchecked = strstr(options, "unchecked") != NULL;
	rig->checks = strstr(options, "inline") || strstr(options, "window") ? "inline"
		      : strstr(options, "called")                            ? "called"
									     : "auto";
	rig->targets = strstr(options, "notargets")                             ? 0
		       : strstr(options, "inline") || strstr(options, "window") ? 1
										: 64;
	rig->cache = strstr(options, "tiny") ? 64 << 10 : 4 << 20;
	rig->tags = strstr(options, "wrap-each") ? 1 : strstr(options, "wrap") ? 2 : 0;
	rig->bmi2 = strstr(options, "nobmi2");
	rig->chain = strstr(options, "nochain");
	rig->groups = strstr(options, "nogroups");
	rig->ram_fd = memfd_create("rig-ram", MFD_CLOEXEC);
	if (rig->ram_fd < 0 || ftruncate(rig->ram_fd, RIG_RAM))
		abort();
	rig->ram = mmap(NULL, RIG_RAM, PROT_READ | PROT_WRITE, MAP_SHARED, rig->ram_fd, 0);
	ok = plugin_attach(rig, &rig->mmu, MMU_PLUGIN, "mmu0") &&
	     plugin_attach(rig, &rig->interpreter, INTERPRETER_PLUGIN, "interpreter0") &&
	     (!translating || plugin_attach(rig, &rig->translator, TRANSLATOR_PLUGIN, "cpu0"));
	if (ok) {
		rig->cpu_self = cpu->self;
		rig->cpu = cpu->class->get_interface(cpu->self, TSR_CPU);
		rig->pins = cpu->class->get_interface(cpu->self, TSR_IRQ_INPUTS);
		rig->listener = rig->mmu.class->get_interface(rig->mmu.self, TSR_PHYS_LISTENER);
		ok = plugin_realize(&rig->mmu) && plugin_realize(&rig->interpreter) &&
		     (!translating || plugin_realize(cpu));
	}
	if (!ok) {
		rig_free(rig);
		return NULL;
	}
	return rig;
}

void rig_free(struct rig *rig)
{
	plugin_detach(&rig->translator);
	plugin_detach(&rig->interpreter);
	plugin_detach(&rig->mmu);
	munmap(rig->ram, RIG_RAM);
	close(rig->ram_fd);
	free(rig);
}

/* -- set-up */
static void put_gate(uint8_t *at, uint16_t selector, uint32_t offset, uint16_t rights)
{
	uint32_t low = (uint32_t)selector << 16 | (offset & 0xffff),
		 high = (offset & 0xffff0000) | rights;

	memcpy(at, &low, 4);
	memcpy(at + 4, &high, 4);
}

static void put_segment(uint8_t *at, uint32_t base, uint32_t limit, uint32_t rights)
{
	uint32_t low = base << 16 | (limit & 0xffff);
	uint32_t high = (base & 0xff000000) | (base >> 16 & 0xff) | (limit & 0xf0000) | rights;

	memcpy(at, &low, 4);
	memcpy(at + 4, &high, 4);
}

void rig_flat(struct rig *rig, struct tsr_x86_state *s)
{
	static const uint8_t hlt = 0xf4;

	for (unsigned v = 0; v < 256; v++) {
		put_gate(rig->ram + 0x1000 + 8 * v, 8, 0x3000 + 16 * v, 0xee00);
		memset(rig->ram + 0x3000 + 16 * v, 0x90, 16);
		memcpy(rig->ram + 0x3000 + 16 * v, &hlt, 1);
	}
	put_segment(rig->ram + 0x2008, 0, 0xfffff, 0xc09b00);
	put_segment(rig->ram + 0x2010, 0, 0xfffff, 0xc09300);
	put_segment(rig->ram + 0x2018, 0, 0xfffff, 0xc0fb00);
	put_segment(rig->ram + 0x2020, 0, 0xfffff, 0xc0f300);
	put_segment(rig->ram + 0x2028, 0x4000, 0x67, 0x8b00); /* TSS */
	memset(rig->ram + 0x4000, 0, 0x68);
	memcpy(rig->ram + 0x4004, &(uint32_t){ 0x8000 }, 4);
	memcpy(rig->ram + 0x4008, &(uint32_t){ 0x10 }, 4);
	s->size = sizeof(*s);
	rig->cpu->get_state(rig->cpu_self, s);
	s->cr0 = TSR_CR0_PE | TSR_CR0_ET | TSR_CR0_NE;
	s->cr4 = TSR_CR4_OSFXSR | TSR_CR4_OSXMMEXCPT;
	for (unsigned i = 0; i < TSR_SEGMENTS; i++)
		s->segment[i] = (struct tsr_x86_segment){ .selector = i == TSR_CS ? 8 : 0x10,
							  .limit = UINT32_MAX,
							  .access = i == TSR_CS ? 0xc09b : 0xc093 };
	s->tr = (struct tsr_x86_segment){
		.selector = 0x28, .base = 0x4000, .limit = 0x67, .access = 0x8b
	};
	s->gdtr.base = 0x2000;
	s->gdtr.limit = 0x2f;
	s->idtr.base = 0x1000;
	s->idtr.limit = 0x7ff;
	s->cpl = 0;
	s->eflags = 2;
	s->halted = s->shadow = 0;
	s->gpr[TSR_ESP] = 0x8000;
	memset(s->fx, 0, sizeof(s->fx));
	memcpy(s->fx, &(uint16_t){ 0x37f }, 2);
	memcpy(s->fx + 24, &(uint32_t){ 0x1f80 }, 4);
	memcpy(s->fx + 28, &(uint32_t){ 0xffff }, 4);
}

void rig_write(struct rig *rig, uint32_t gpa, const void *bytes, size_t length)
{
	memcpy(rig->ram + gpa, bytes, length);
	rig->listener->written(rig->mmu.self, gpa, length);
}

enum tsr_cpu_exit rig_run(struct rig *rig)
{
	return rig->cpu->run(rig->cpu_self, UINT64_MAX);
}

struct stat_query {
	const char *name;
	uint64_t value;
};

static void stat_put(void *user, const char *name, uint64_t value)
{
	struct stat_query *q = user;

	if (!strcmp(q->name, name))
		q->value = value;
}

uint64_t rig_stat(struct rig *rig, const char *name)
{
	struct stat_query q = { .name = name };

	rig->cpu->stats(rig->cpu_self, stat_put, &q);
	return q.value;
}
