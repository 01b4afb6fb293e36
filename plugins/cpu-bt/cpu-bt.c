/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * cpu-bt: the binary translator as a CPU plugin. This file is its life cycle: properties, needs,
 * pins, reset, saved state.
 */
#include <stdlib.h>
#include <string.h>

#include <tessera/draft/x86-facts.h>
#include <tessera/draft/x86-models.h>
#include <tessera/draft/x86-state.h>

#include "code/cache.h"
#include "code/decode.h"
#include "code/flags.h"
#include "code/returns.h"
#include "code/targets.h"
#include "lockstep.h"
#include "profile.h"
#include "run.h"
#include "runtime/fp.h"
#include "runtime/mode.h"
#include "runtime/requests.h"
#include "runtime/runtime.h"
#include "runtime/unchecked.h"
#include "save.h"
#include "stats.h"
#include "translate/block.h"

/* -- notifications from the MMU */

static void on_code_written(void *self, tsr_gpa gpa, uint32_t length)
{
	struct tsr_bt *bt = self;

	bt->stats.code_writes++;
	tsr_bt_cache_written(bt, gpa, length);
}

static void on_code_unmapped(void *self, tsr_gpa gpa, uint64_t length)
{
	tsr_bt_cache_unmapped(self, gpa, length);
}

static void on_tags_changed(void *self)
{
	struct tsr_bt *bt = self;

	if (bt->board.vcpu)
		tsr_bt_retag(bt);
}

/* -- pins */

static void set_pin(void *self, unsigned input, int level)
{
	struct tsr_bt *bt = self;

	if (input == TSR_CPU_INTR) {
		bt->hot.intr_waiting = level != 0;
	} else if (input == TSR_CPU_NMI) {
		if (level && !bt->pins.nmi_level)
			bt->state.nmi_pending = 1;
		bt->pins.nmi_level = level;
	} else if (input == TSR_CPU_INIT) {
		bt->pins.init = level != 0;
	} else if (input == TSR_CPU_IGNNE && TSR_HAS(bt->board.interpreter, set_pins)) {
		bt->board.interpreter->set_pins(bt->board.context, level ? 1u << TSR_CPU_IGNNE : 0);
	}
	if (tsr_bt_wanted(bt))
		tsr_bt_request_exit(bt);
}

static const struct tsr_irq_inputs pins = { .size = sizeof(pins),
					    .count = TSR_CPU_PINS,
					    .set = set_pin };

/* -- state */

static void get_state(void *self, struct tsr_x86_state *state)
{
	struct tsr_bt *bt = self;

	if (bt->run.inside)
		tsr_bt_flags_out(bt);
	else
		tsr_bt_fp_unload(bt);
	tsr_x86_state_give(state, &bt->state);
}

/* The state was replaced: the MMU and everything derived follow. */
static void state_changed(struct tsr_bt *bt)
{
	const struct tsr_x86_state *s = &bt->state;
	struct tsr_mmu_context context = { s->cr0, s->cr3, s->cr4, s->efer, s->pdpte };

	bt->hot.fp_loaded = bt->hot.fp_code = bt->hot.fp_data = 0;
	if (bt->board.vcpu)
		bt->board.mmu->set_context(bt->board.mmu_self, bt->board.vcpu, &context);
}

static bool set_state(void *self, const struct tsr_x86_state *state, struct tsr_error *error)
{
	struct tsr_bt *bt = self;

	tsr_bt_fp_unload(bt);
	if (!tsr_x86_state_take(&bt->state, state))
		return tsr_error_set(error, TSR_ERROR_VERSION,
				     "processor state of version %u cannot be loaded",
				     state->version);
	state_changed(bt);
	return true;
}

static uint64_t instructions(void *self)
{
	const struct tsr_bt *bt = self;

	return bt->state.instructions;
}

/* clang-format off */
static const struct tsr_cpu cpu = {
	.size = sizeof(cpu), .run = tsr_bt_run, .kick = tsr_bt_kick, .get_state = get_state, .set_state = set_state,
	.instructions = instructions, .stats = tsr_bt_stats,
};
/* clang-format on */

static void on_reset(void *self, enum tsr_reset kind)
{
	struct tsr_bt *bt = self;

	tsr_bt_fp_unload(bt);
	tsr_x86_state_reset(&bt->state, kind, bt->model.signature);
	bt->pins.init = false;
	state_changed(bt);
}

/* -- processor models: what the translator must know of them; the interpreter has the rest */

static uint32_t model_isa(const struct tsr_x86_model *model)
{
	static const struct {
		enum tsr_x86_feature feature;
		enum bt_isa isa;
	} sets[] = {
		{ TSR_CPU_FPU, BT_ISA_X87 },   { TSR_CPU_CX8, BT_ISA_PENTIUM },
		{ TSR_CPU_SEP, BT_ISA_SEP },   { TSR_CPU_CMOV, BT_ISA_CMOV },
		{ TSR_CPU_MMX, BT_ISA_MMX },   { TSR_CPU_SSE, BT_ISA_SSE },
		{ TSR_CPU_SSE2, BT_ISA_SSE2 },
	};
	uint32_t isa = BT_ISA_BASE;

	for (size_t i = 0; i < sizeof(sets) / sizeof(*sets); i++)
		if (tsr_x86_model_has(model, sets[i].feature))
			isa |= sets[i].isa;
	return isa;
}

static bool choose_model(struct tsr_bt *bt, struct tsr_error *error)
{
	const char *name = bt->board.properties->get_string(bt->board.host, "model");
	const struct tsr_x86_model *model = tsr_x86_model_find(name);

	if (!model)
		return tsr_error_set(error, TSR_ERROR_INVALID, "no processor model \"%s\"", name);
	bt->model.signature = model->signature;
	bt->model.isa = model_isa(model);
	return true;
}

/* -- life cycle */

static bool probe_host(struct tsr_bt *bt)
{
	__builtin_cpu_init();
	bt->host_cpu.bmi2 = __builtin_cpu_supports("bmi2") &&
			    bt->board.properties->get_bool(bt->board.host, "bmi2");
	__asm__("movw %%cs, %0\n\tmovw %%ss, %1" : "=r"(bt->host_cpu.cs), "=r"(bt->host_cpu.ss));
	return true;
}

static void choose_forms(struct tsr_bt *bt)
{
	const char *name = bt->board.properties->get_string(bt->board.host, "stress");

	if (!strcmp(name, "cold"))
		bt->options.stress = BT_STRESS_COLD;
	else if (!strcmp(name, "interrupts"))
		bt->options.stress = BT_STRESS_INTERRUPTS;
	bt->options.cramped = !strcmp(name, "cramped");
	name = bt->board.properties->get_string(bt->board.host, "checks");
	bt->options.checks = !strcmp(name, "called")   ? BT_CHECKS_CALLED
			     : !strcmp(name, "inline") ? BT_CHECKS_INLINE
						       : BT_CHECKS_AUTO;
	bt->hot.until_sample = BT_SAMPLE_EVERY;
	bt->options.chain =
		!bt->options.stress && bt->board.properties->get_bool(bt->board.host, "chain");
}

static void choose_tags(struct tsr_bt *bt)
{
	int64_t tags = bt->board.properties->get_int(bt->board.host, "tags");

	bt->options.tags = tags > 0 && tags < BT_TAG_MAX ? (uint32_t)tags : BT_TAG_MAX;
}

/* off, all, or the address of an instruction in hexadecimal */
static bool choose_dump(struct tsr_bt *bt, struct tsr_error *error)
{
	const char *text = bt->board.properties->get_string(bt->board.host, "dump");
	char *end;

	bt->options.dump = *text && strcmp(text, "off");
	bt->options.dump_all = !strcmp(text, "all");
	if (!bt->options.dump || bt->options.dump_all)
		return true;
	bt->options.dump_eip = (uint32_t)strtoul(text, &end, 16);
	return !*end ||
	       tsr_error_set(error, TSR_ERROR_INVALID,
			     "dump=%s is neither off, all nor an address in hexadecimal", text);
}

static bool attach(void *self, const struct tsr_host *host, struct tsr_error *error)
{
	struct tsr_bt *bt = self;
	struct tsr_interface i;
	const struct tsr_bus *bus = host->get(host, TSR_BUS);
	const struct tsr_irq_table *lines = host->get(host, TSR_IRQ);

	bt->board.host = host;
	bt->hot.host_mxcsr = TSR_MXCSR_RESET;
	bt->board.ferr = lines ? lines->get(host, "ferr") : NULL;
	bt->board.properties = host->get(host, TSR_PROPERTIES);
	bt->board.log = host->get(host, TSR_LOG);
	bt->board.phys = host->get(host, TSR_PHYS);
	bt->board.cpu_host = host->get(host, TSR_CPU_HOST);
	bt->board.machine = host->get(host, TSR_MACHINE);
	if (!bus->get(host, "mmu", &i))
		return tsr_error_set(error, TSR_ERROR_INVALID, "needs an MMU; set connect.mmu");
	bt->board.mmu = i.table;
	bt->board.mmu_self = i.self;
	if (!bus->get(host, "interpreter", &i))
		return tsr_error_set(error, TSR_ERROR_INVALID,
				     "needs an interpreter; set connect.interpreter");
	bt->board.interpreter = i.table;
	bt->board.interpreter_self = i.self;
	if (bus->get(host, "intack", &i)) {
		bt->board.intack = i.table;
		bt->board.intack_self = i.self;
	}
	choose_forms(bt);
	choose_tags(bt);
	bt->options.targets = (uint32_t)bt->board.properties->get_int(host, "targets");
	bt->options.groups = bt->board.properties->get_bool(host, "groups");
	bt->options.sampled = !strcmp(bt->board.properties->get_string(host, "check"), "sampled");
	bt->options.lockstep = bt->options.sampled ||
			       !strcmp(bt->board.properties->get_string(host, "check"), "lockstep");
	bt->fallbacks = calloc(tsr_bt_mnemonic_count(), sizeof(*bt->fallbacks));
	return choose_dump(bt, error) && choose_model(bt, error) && bt->fallbacks &&
	       tsr_bt_tags_init(bt) && tsr_bt_translate_init(bt) && probe_host(bt);
}

static void on_ferr(void *user, int level)
{
	const struct tsr_bt *bt = user;

	if (bt->board.ferr)
		tsr_irq_set(bt->board.ferr, level);
}

static bool create_interpreter(struct tsr_bt *bt, struct tsr_error *error)
{
	/* clang-format off */
	struct tsr_x86_env env = {
		.size = sizeof(env), .state = &bt->state, .mmu = bt->board.mmu, .mmu_self = bt->board.mmu_self, .mmu_vcpu = bt->board.vcpu,
		.phys = bt->board.phys, .cpu_host = bt->board.cpu_host, .host = bt->board.host,
		.model = bt->board.properties->get_string(bt->board.host, "model"), .ferr = on_ferr, .user = bt,
	};
	/* clang-format on */

	bt->board.context = bt->board.interpreter->create(bt->board.interpreter_self, &env, error);
	return bt->board.context != NULL;
}

static void choose_sharing(struct tsr_bt *bt)
{
	const char *name = bt->board.properties->get_string(bt->board.host, "share");

	bt->options.share = bt->options.lockstep      ? BT_SHARE_OFF
			    : !strcmp(name, "off")    ? BT_SHARE_OFF
			    : !strcmp(name, "always") ? BT_SHARE_ALWAYS
						      : BT_SHARE_AUTO;
}

/* Another MMU may have no windows, or be of a time when there were none. */
static void choose_windows(struct tsr_bt *bt)
{
	const struct tsr_mmu *mmu = bt->board.mmu;
	const char *name = bt->board.properties->get_string(bt->board.host, "windows");

	bt->options.promote = (uint32_t)bt->board.properties->get_int(bt->board.host, "promote");
	bt->hot.until_promote = bt->options.promote;
	if (!bt->host_cpu.bmi2 || !bt->board.layout->read_valid || !bt->board.layout->write_valid ||
	    mmu->size <= offsetof(struct tsr_mmu, promote) || !mmu->promote)
		return;
	bt->options.windows = !strcmp(name, "off")   ? BT_WINDOWS_OFF
			      : !strcmp(name, "all") ? BT_WINDOWS_ALL
						     : BT_WINDOWS_USER;
}

static bool realize(void *self, struct tsr_error *error)
{
	struct tsr_bt *bt = self;

	bt->board.listener = (struct tsr_mmu_listener){ .size = sizeof(bt->board.listener),
							.self = bt,
							.code_written = on_code_written,
							.code_unmapped = on_code_unmapped,
							.tags_changed = on_tags_changed };
	bt->board.layout = bt->board.mmu->layout(bt->board.mmu_self);
	choose_windows(bt);
	choose_sharing(bt);
	tsr_bt_unchecked_choose(bt);
	bt->board.vcpu = bt->board.mmu->create(bt->board.mmu_self, &bt->board.listener);
	if (!bt->board.vcpu)
		return tsr_error_set(error, TSR_ERROR_FAILED,
				     "the MMU has no memory for a processor's tables");
	if (!tsr_bt_returns_init(bt, error))
		return false;
	tsr_bt_targets_init(bt);
	on_reset(bt, TSR_RESET_POWER_ON);
	tsr_bt_stats_start(bt);
	if (!tsr_bt_cache_init(bt, (size_t)bt->board.properties->get_int(bt->board.host, "cache"),
			       error) ||
	    !tsr_bt_runtime_emit(bt, error) || !create_interpreter(bt, error))
		return false;
	tsr_bt_unchecked_init(bt);
	return !bt->options.lockstep || tsr_bt_lockstep_init(bt, error);
}

static void detach(void *self)
{
	struct tsr_bt *bt = self;

	tsr_bt_unchecked_finish(bt);
	if (bt->board.context)
		bt->board.interpreter->destroy(bt->board.context);
	if (bt->board.vcpu)
		bt->board.mmu->destroy(bt->board.mmu_self, bt->board.vcpu);
	tsr_bt_lockstep_finish(bt);
	tsr_bt_cache_finish(bt);
	tsr_bt_returns_finish(bt);
	tsr_bt_targets_finish(bt);
	tsr_bt_tags_finish(bt);
	tsr_bt_translate_finish(bt);
	free(bt->fallbacks);
}

static bool on_load(void *self, struct tsr_state_reader *in, struct tsr_error *error)
{
	if (!tsr_bt_load(self, in, error))
		return false;
	state_changed(self);
	return true;
}

static const void *get_interface(void *self, const char *interface)
{
	if (!strcmp(interface, TSR_CPU))
		return &cpu;
	if (!strcmp(interface, TSR_IRQ_INPUTS))
		return &pins;
	if (!strcmp(interface, TSR_CPU_PROFILE))
		return &tsr_bt_profile;
	return NULL;
}

/* clang-format off */
static const struct tsr_device_class class = {
	.size = sizeof(class), .instance_size = sizeof(struct tsr_bt), .attach = attach, .realize = realize, .detach = detach,
	.reset = on_reset, .save = tsr_bt_save, .load = on_load, .get_interface = get_interface,
};
/* clang-format on */

TSR_DEVICE_PLUGIN(class);
