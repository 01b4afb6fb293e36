/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The table of all tables that a plugin finds by name at its host, and the small ones that no other
 * file has: log, bus, machine, randomness.
 */
#include "machine/host-tables.h"

#include <string.h>

#include "board/display.h"
#include "board/display-hints.h"
#include "board/input.h"
#include "board/isa-channels.h"
#include "board/lines.h"
#include "board/memory-host.h"
#include "board/option-rom.h"
#include "board/pci-bus.h"
#include "instance/bus.h"
#include "instance/check.h"
#include "instance/instance.h"
#include "instance/machine-parts.h"
#include "instance/signals.h"
#include "links/links.h"
#include "manifest/plugin.h"
#include "manifest/text.h"
#include "monitor/taps.h"
#include "run/host-clock.h"
#include "run/timekeeper.h"
#include "run/vcpu.h"
#include "run/worker.h"

/* -- Log */

static void TSR_PRINTF(4, 0) log_format(const struct tsr_host *host, const void *site,
					enum tsr_log_level level, const char *format, va_list args)
{
	static const GLogLevelFlags levels[] = { [TSR_LOG_ERROR] = G_LOG_LEVEL_CRITICAL,
						 [TSR_LOG_WARNING] = G_LOG_LEVEL_WARNING,
						 [TSR_LOG_INFO] = G_LOG_LEVEL_INFO,
						 [TSR_LOG_DEBUG] = G_LOG_LEVEL_DEBUG };
	TsrInstance *instance = tsr_check_host(host, TSR_TAG_ANY, "log.write");
	const char *name = instance->config->name;
	guint like_it, others;

	if ((unsigned)level >= G_N_ELEMENTS(levels)) {
		tsr_mistake(&instance->mistakes, "log: there is no level %u", (unsigned)level);
		return;
	}
	if (!tsr_log_budget_take(&instance->log, site, level >= TSR_LOG_INFO, &like_it, &others))
		return;
	g_autofree char *text = g_strdup_vprintf(format, args);
	tsr_text_make_harmless(text);
	if (others)
		g_log("tessera", levels[level], "%s: %s (%u other lines of it were left out)", name,
		      text, others);
	else if (like_it)
		g_log("tessera", levels[level], "%s: %s (%u like it were left out)", name, text,
		      like_it);
	else
		g_log("tessera", levels[level], "%s: %s", name, text);
}

static void log_write(const struct tsr_host *host, const void *site, enum tsr_log_level level,
		      const char *format, ...)
{
	va_list args;

	va_start(args, format);
	log_format(host, site, level, format, args);
	va_end(args);
}

static void log_write_text(const struct tsr_host *host, const void *site, enum tsr_log_level level,
			   const char *text)
{
	log_write(host, site, level, "%s", text);
}

static const struct tsr_log log_table = { .size = sizeof(struct tsr_log),
					  .write = log_write,
					  .write_text = log_write_text };

/* -- Bus, machine, randomness */

/* Which of the interfaces of a need its provider gives, and by which instance; NULL: it is not
 * connected. */
static const char *chosen_interface(TsrInstance *instance, const char *name, const char **provider)
{
	const TsrNeed *need = tsr_plugin_find_need(instance->config->plugin, name);
	TsrInstanceConfig *connected;

	*provider = g_hash_table_lookup(instance->config->connections, name);
	connected = *provider ? tsr_config_find(instance->machine->config, *provider) : NULL;
	return need && connected ? tsr_need_choose(need, connected->plugin) : NULL;
}

static bool bus_get(const struct tsr_host *host, const char *name, struct tsr_interface *out)
{
	TsrInstance *instance = tsr_check_host(host, TSR_TAG_BUILDING, "bus.get");
	const char *provider, *interface = chosen_interface(instance, name, &provider);
	g_autoptr(GError) error = NULL;

	if (!interface)
		return false;
	if (tsr_bus_connect_need(instance->machine->bus, instance->config->name, name, interface,
				 provider, out, &error)) {
		tsr_links_hand_out(instance->machine->links, instance, name, provider, interface,
				   out);
		tsr_taps_add_link(instance->machine->taps, instance, instance->config->name, name,
				  interface, out);
		return true;
	}
	g_warning("%s", error->message);
	return false;
}

static const char *bus_which(const struct tsr_host *host, const char *name)
{
	const char *provider;

	return chosen_interface(tsr_check_host(host, TSR_TAG_BUILDING, "bus.which"), name,
				&provider);
}

static void bus_emit(const struct tsr_host *host, const char *event, const char *detail)
{
	TsrInstance *instance = tsr_check_host(host, TSR_TAG_ANY, "bus.emit");
	g_autofree char *text = g_utf8_make_valid(detail ? detail : "", -1);

	if (!event || !g_utf8_validate(event, -1, NULL))
		tsr_mistake(&instance->mistakes, "it emits an event whose name is not UTF-8");
	else
		tsr_machine_post_event(instance->machine, instance->config->name, event, text);
}

static const struct tsr_bus bus_table = {
	.size = sizeof(struct tsr_bus), .get = bus_get, .emit = bus_emit, .which = bus_which
};

static void machine_power_off(const struct tsr_host *host)
{
	tsr_vcpu_request_stop(tsr_check_host(host, TSR_TAG_ANY, "machine.power_off")->machine,
			      TSR_EXIT_POWERED_OFF, "the guest powered off");
}

static void machine_reset(const struct tsr_host *host, int kind)
{
	TsrInstance *instance = tsr_check_host(host, TSR_TAG_ANY, "machine.reset");

	if (kind < TSR_RESET_POWER_ON || kind > TSR_RESET_SOFT)
		tsr_mistake(&instance->mistakes, "it asks for the reset %d; there are 0 to %d",
			    kind, TSR_RESET_SOFT);
	else
		tsr_vcpu_request_reset(instance->machine, (enum tsr_reset)kind);
}

static void machine_stop(const struct tsr_host *host, int exit_status, const char *why)
{
	TsrInstance *instance = tsr_check_host(host, TSR_TAG_ANY, "machine.stop");
	g_autofree char *text = tsr_text_make_harmless(g_strdup(why));

	if (exit_status < 0 || exit_status > 255) {
		tsr_mistake(&instance->mistakes,
			    "it stops the machine with status %d; there are 0 to 255", exit_status);
		exit_status = TSR_EXIT_MACHINE_FAILED;
	}
	tsr_vcpu_request_stop(instance->machine, exit_status, text);
}

static const struct tsr_machine_table machine_table = {
	.size = sizeof(struct tsr_machine_table),
	.power_off = machine_power_off,
	.reset = machine_reset,
	.stop = machine_stop,
};

/* xorshift128+ (Vigna 2014): not for secrets, the guest has its own entropy. */
static uint64_t next_random(uint64_t s[2])
{
	uint64_t a = s[0], b = s[1];

	s[0] = b;
	a ^= a << 23;
	s[1] = a ^ b ^ (a >> 17) ^ (b >> 26);
	return s[1] + b;
}

static void random_fill(const struct tsr_host *host, void *to, size_t length)
{
	TsrMachine *m = tsr_check_host(host, TSR_TAG_LOCKED, "random.fill")->machine;
	uint8_t *bytes = to;

	for (size_t i = 0; i < length; i++)
		bytes[i] = (uint8_t)(next_random(m->random) >> 24);
}

static const struct tsr_random random_table = { .size = sizeof(struct tsr_random),
						.fill = random_fill };

const void *tsr_host_tables_get(const struct tsr_host *host, const char *name)
{
	/* clang-format off */
	static const struct {
		const char *name;
		const void *table;
	} tables[] = {
		{ TSR_PROPERTIES, &tsr_properties_table }, { TSR_IO, &tsr_io_table },
		{ TSR_MEMORY, &tsr_memory_table },     { TSR_IRQ, &tsr_irq_table_impl },
		{ TSR_DMA, &tsr_dma_table },           { TSR_CLOCK, &tsr_clock_table },
		{ TSR_RANDOM, &random_table },         { TSR_LOG, &log_table },
		{ TSR_BUS, &bus_table },               { TSR_MACHINE, &machine_table },
		{ TSR_WORKER, &tsr_worker_table },     { TSR_PCI, &tsr_pci_table },
		{ TSR_PCI_HOST, &tsr_pci_host_table }, { TSR_DISPLAY, &tsr_display_table_impl },
		{ TSR_INPUT, &tsr_input_table },       { TSR_PHYS, &tsr_phys_table },
		{ TSR_CPU_HOST, &tsr_cpu_host_table }, { TSR_FILES, &tsr_files_table },
		{ TSR_SCRIPT, &tsr_script_table },     { TSR_SHADOW_RAM, &tsr_shadow_ram_table },
		{ TSR_A20, &tsr_a20_table },           { TSR_PCI_FIXED, &tsr_pci_fixed_table },
		{ TSR_OPTION_ROM, &tsr_option_rom_table },
		{ TSR_ISA_CHANNELS, &tsr_isa_channels_table },
		{ TSR_DISPLAY_HINTS, &tsr_display_hints_table },
	};
	/* clang-format on */

	if (strcmp(name, TSR_GMACHINE) == 0)
		return tsr_instance_of(host)->machine;
	for (gsize i = 0; i < G_N_ELEMENTS(tables); i++)
		if (strcmp(tables[i].name, name) == 0)
			return tsr_taps_find_table(tsr_instance_of(host)->machine->taps, name,
						   tables[i].table);
	return NULL;
}
