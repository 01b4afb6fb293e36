/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The plugin: one class in two roles. As the machine's processor ("tessera.cpu/1") it has its own
 * state, pins and MMU view; as a service ("tessera.x86-interpreter/1") it works on its caller's.
 * The MMU view is created for the first role only, so an instance that only serves another CPU
 * plugin never has one.
 */
#include <stdlib.h>

#include <tessera/draft/cpu-profile.h>
#include <tessera/draft/x86-state.h>

#include "cpuid.h"
#include "derived.h"
#include "overlay.h"
#include "run.h"
#include "shadow.h"

struct cpu_interp {
	const struct tsr_host *host;
	const struct tsr_properties *properties;
	const struct tsr_cpu_host *cpu_host;
	const struct tsr_phys *phys;
	const struct tsr_irq *ferr;
	struct tsr_interface mmu, intack;
	struct tsr_mmu_listener listener;
	struct tsr_mmu_vcpu *vcpu;
	struct tsr_x86_context *context; /* of the machine's processor */
	struct tsr_x86_state state;
	uint32_t pins;
	bool processor;          /* tessera.cpu/1 was requested */
	bool init;               /* INIT# was asserted: taken at the next boundary */
	_Atomic bool early_kick; /* a kick before there was a context */
};

/* -- the service */
static struct tsr_x86_context *service_create(void *self, const struct tsr_x86_env *env,
					      struct tsr_error *error)
{
	struct tsr_x86_context *c = aligned_alloc(64, (sizeof(*c) + 63) & ~(size_t)63);

	if (!c) {
		tsr_error_set(error, TSR_ERROR_FAILED, "out of memory");
		return NULL;
	}
	memset(c, 0, sizeof(*c));
	if (!cpu_init(c, env, error)) {
		free(c);
		return NULL;
	}
	return c;
}

static void service_destroy(struct tsr_x86_context *c)
{
	if (c)
		cpu_finish(c);
	free(c);
}

static enum tsr_x86_stop service_step(struct tsr_x86_context *c, uint64_t count, uint64_t *executed)
{
	c->fetch_generation++;
	cpu_refresh(c);
	return cpu_step(c, count, executed);
}

static enum tsr_x86_stop service_deliver(struct tsr_x86_context *c, enum tsr_x86_event kind,
					 const struct tsr_x86_fault *fault)
{
	c->fetch_generation++;
	cpu_refresh(c);
	return cpu_deliver(c, kind, fault);
}

static void service_set_pins(struct tsr_x86_context *c, uint32_t pins)
{
	c->pins = pins;
}

static const struct tsr_x86_interpreter interpreter_table = {
	.size = sizeof(interpreter_table),
	.create = service_create,
	.destroy = service_destroy,
	.step = service_step,
	.deliver = service_deliver,
	.shadow_writes = overlay_each,
	.shadow_steps = shadow_steps,
	.set_pins = service_set_pins,
};

/* -- the processor: set-up */
static void on_code_written(void *self, tsr_gpa gpa, uint32_t length)
{
}

static void on_code_unmapped(void *self, tsr_gpa gpa, uint64_t length)
{
	struct cpu_interp *i = self;

	if (i->context)
		i->context->fetch_generation++;
}

static void on_tags_changed(void *self)
{
}

static void on_ferr(void *user, int level)
{
	const struct cpu_interp *i = user;

	if (i->ferr)
		tsr_irq_set(i->ferr, level);
}

static bool processor_create(struct cpu_interp *i, struct tsr_error *error)
{
	const struct tsr_mmu *mmu = i->mmu.table;
	/* clang-format off */
	struct tsr_x86_env env = {
		.size = sizeof(env), .state = &i->state, .mmu = mmu, .mmu_self = i->mmu.self, .phys = i->phys,
		.cpu_host = i->cpu_host, .host = i->host, .model = i->properties->get_string(i->host, "model"),
		.ferr = on_ferr, .user = i,
	};
	/* clang-format on */

	if (i->context)
		return true;
	/* clang-format off */
	i->listener = (struct tsr_mmu_listener){
		.size = sizeof(i->listener), .self = i, .code_written = on_code_written, .code_unmapped = on_code_unmapped,
		.tags_changed = on_tags_changed,
	};
	/* clang-format on */
	i->vcpu = mmu->create(i->mmu.self, &i->listener);
	if (!i->vcpu)
		return tsr_error_set(error, TSR_ERROR_FAILED,
				     "the MMU cannot make a virtual CPU's tables");
	env.mmu_vcpu = i->vcpu;
	i->context = service_create(i, &env, error);
	if (!i->context)
		return false;
	i->context->has_pins = true;
	i->context->pins = i->pins;
	i->context->intack = i->intack.table;
	i->context->intack_self = i->intack.self;
	cpu_set_context(i->context);
	cpu_refresh(i->context);
	return true;
}

static void processor_need(struct cpu_interp *i)
{
	struct tsr_error error;

	if (!processor_create(i, &error))
		abort(); /* realize has created it */
}

/* -- the processor: reset */

static void interp_reset(void *self, enum tsr_reset kind)
{
	struct cpu_interp *i = self;
	const struct tsr_x86_model *model =
		tsr_x86_model_find(i->properties->get_string(i->host, "model"));

	tsr_x86_state_reset(&i->state, kind, model ? model->signature : 0);
	if (i->context) {
		cpu_set_context(i->context);
		cpu_refresh(i->context);
	}
}

/* -- the processor: tessera.cpu/1 */
static enum tsr_cpu_exit cpu_run(void *self, uint64_t budget)
{
	struct cpu_interp *i = self;
	struct tsr_x86_context *c;
	enum tsr_x86_stop stop;
	uint64_t executed;

	processor_need(i);
	c = i->context;
	if (atomic_exchange(&i->early_kick, false))
		return TSR_CPU_KICKED;
	if (i->init) {
		i->init = false;
		interp_reset(i, TSR_RESET_SOFT);
	}
	cpu_refresh_attention(c);
	stop = c->s->halted && !(atomic_load(&c->attention) & (ATT_PIN | ATT_DEBUG))
		       ? TSR_X86_HALT
		       : cpu_step(c, budget, &executed);
	if (stop == TSR_X86_SHUTDOWN)
		return TSR_CPU_SHUTDOWN;
	if (atomic_fetch_and(&c->attention, ~(uint32_t)ATT_KICK) & ATT_KICK)
		return TSR_CPU_KICKED;
	return stop == TSR_X86_HALT ? TSR_CPU_HALTED : TSR_CPU_BUDGET;
}

static void cpu_kick(void *self)
{
	struct cpu_interp *i = self;

	if (i->context)
		atomic_fetch_or(&i->context->attention, ATT_KICK);
	else
		atomic_store(&i->early_kick, true);
}

static void cpu_get_state(void *self, struct tsr_x86_state *state)
{
	struct cpu_interp *i = self;

	tsr_x86_state_give(state, &i->state);
}

static bool cpu_set_state(void *self, const struct tsr_x86_state *state, struct tsr_error *error)
{
	struct cpu_interp *i = self;

	if (!tsr_x86_state_take(&i->state, state))
		return tsr_error_set(error, TSR_ERROR_VERSION,
				     "processor state of version %u, this plugin knows %u",
				     state->version, TSR_X86_STATE_VERSION);
	processor_need(i);
	cpu_set_context(i->context);
	cpu_refresh(i->context);
	return true;
}

static uint64_t cpu_instructions(void *self)
{
	const struct cpu_interp *i = self;

	return i->state.instructions;
}

static void cpu_stats(void *self, void (*put)(void *user, const char *name, uint64_t value),
		      void *user)
{
	const struct cpu_interp *i = self;

	put(user, "instructions", i->state.instructions);
}

static const struct tsr_cpu cpu_table = {
	.size = sizeof(cpu_table),
	.run = cpu_run,
	.kick = cpu_kick,
	.get_state = cpu_get_state,
	.set_state = cpu_set_state,
	.instructions = cpu_instructions,
	.stats = cpu_stats,
};

/* The instruction's EIP changes when it is done. */
static void cpu_sample(void *self, uint64_t pc, uint64_t sp, struct tsr_cpu_place *place)
{
	const struct cpu_interp *i = self;

	tsr_cpu_place_set_mode(place, &i->state);
	place->address = place->block = i->state.segment[TSR_CS].base + i->state.eip;
	place->tier = "interpreter";
	place->cause = NULL;
}

static const struct tsr_cpu_profile profile_table = { .size = sizeof(profile_table),
						      .sample = cpu_sample };

/* -- the processor: pins */
static void pin_set(void *self, unsigned input, int level)
{
	struct cpu_interp *i = self;
	uint32_t bit, old = i->pins;

	if (input >= TSR_CPU_PINS)
		return;
	bit = 1u << input;
	i->pins = level ? old | bit : old & ~bit;
	if (input == TSR_CPU_NMI && level && !(old & bit))
		i->state.nmi_pending = 1;
	if (input == TSR_CPU_INIT && level && !(old & bit)) {
		i->init = true;
		cpu_kick(i);
	}
	if (i->context) {
		i->context->pins = i->pins;
		cpu_refresh_attention(i->context);
	}
}

static const struct tsr_irq_inputs pins_table = { .size = sizeof(pins_table),
						  .count = TSR_CPU_PINS,
						  .set = pin_set };

/* -- life cycle */
static void interp_save(void *self, struct tsr_state_writer *out)
{
	struct cpu_interp *i = self;

	tsr_x86_state_put(out, &i->state);
	tsr_state_put_u32(out, "pins", i->pins);
}

static bool interp_load(void *self, struct tsr_state_reader *in, struct tsr_error *error)
{
	struct cpu_interp *i = self;
	const char *missing = tsr_x86_state_get(in, &i->state);

	if (missing)
		return tsr_error_set(error, TSR_ERROR_INVALID, "the processor's state lacks %s",
				     missing);
	if (!tsr_state_get_u32(in, "pins", &i->pins))
		return tsr_error_set(error, TSR_ERROR_INVALID,
				     "the processor's state lacks its pins");
	if (i->context) {
		i->context->pins = i->pins;
		cpu_set_context(i->context);
		cpu_refresh(i->context);
	}
	return true;
}

static bool interp_attach(void *self, const struct tsr_host *host, struct tsr_error *error)
{
	struct cpu_interp *i = self;
	const struct tsr_bus *bus = host->get(host, TSR_BUS);
	const struct tsr_irq_table *lines = host->get(host, TSR_IRQ);

	i->host = host;
	i->ferr = lines ? lines->get(host, "ferr") : NULL;
	i->properties = host->get(host, TSR_PROPERTIES);
	i->cpu_host = host->get(host, TSR_CPU_HOST);
	i->phys = host->get(host, TSR_PHYS);
	if (!bus || !i->properties || !i->cpu_host || !i->phys)
		return tsr_error_set(error, TSR_ERROR_UNSUPPORTED,
				     "the core lacks a table that a CPU plugin needs");
	if (!bus->get(host, "mmu", &i->mmu))
		i->mmu = (struct tsr_interface){ 0 };
	if (!bus->get(host, "intack", &i->intack))
		i->intack = (struct tsr_interface){ 0 };
	tsr_x86_state_reset(&i->state, TSR_RESET_POWER_ON, 0);
	return true;
}

static bool interp_realize(void *self, struct tsr_error *error)
{
	struct cpu_interp *i = self;

	if (!i->processor)
		return true;
	if (!i->mmu.table)
		return tsr_error_set(error, TSR_ERROR_INVALID,
				     "cpu-interp: the machine's processor needs connect.mmu");
	return processor_create(i, error);
}

static void interp_detach(void *self)
{
	struct cpu_interp *i = self;
	const struct tsr_mmu *mmu = i->mmu.table;

	service_destroy(i->context);
	i->context = NULL;
	if (i->vcpu)
		mmu->destroy(i->mmu.self, i->vcpu);
	i->vcpu = NULL;
}

static const void *interp_get_interface(void *self, const char *interface)
{
	struct cpu_interp *i = self;

	if (!strcmp(interface, TSR_X86_INTERPRETER))
		return &interpreter_table;
	if (!strcmp(interface, TSR_IRQ_INPUTS))
		return &pins_table;
	if (!strcmp(interface, TSR_CPU_PROFILE))
		return &profile_table;
	if (strcmp(interface, TSR_CPU))
		return NULL;
	i->processor = true;
	return &cpu_table;
}

static const struct tsr_device_class interp_class = {
	.size = sizeof(interp_class),
	.instance_size = sizeof(struct cpu_interp),
	.attach = interp_attach,
	.realize = interp_realize,
	.detach = interp_detach,
	.reset = interp_reset,
	.save = interp_save,
	.load = interp_load,
	.get_interface = interp_get_interface,
};

TSR_DEVICE_PLUGIN(interp_class);
