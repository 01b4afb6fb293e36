/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The table of all tables that a plugin finds by name at its host, and the small ones that no other
 * file has: log, bus, machine, randomness.
 */
#include "machine/host-tables.h"

#include <string.h>

#include "board/display.h"
#include "board/input.h"
#include "board/lines.h"
#include "board/memory-host.h"
#include "board/pci-bus.h"
#include "instance/bus.h"
#include "instance/instance.h"
#include "instance/log-rate.h"
#include "instance/machine-parts.h"
#include "instance/signals.h"
#include "run/timekeeper.h"
#include "run/vcpu.h"
#include "run/worker.h"

#define LOG_BURST 5
/* Debugging is for a person who waits for it. */
#define LOG_INTERVAL_US (10 * G_USEC_PER_SEC)
#define LOG_DEBUG_INTERVAL_US (G_USEC_PER_SEC / 5)

/* -- Log */

static bool log_allowed(TsrInstance *instance, const void *site, enum tsr_log_level level,
			guint *left_out)
{
	gint64 interval = level < TSR_LOG_INFO ? LOG_INTERVAL_US : LOG_DEBUG_INTERVAL_US;
	TsrLogRate *rate;

	g_mutex_lock(&instance->log_mutex);
	rate = g_hash_table_lookup(instance->log_sites, site);
	if (!rate) {
		rate = g_new0(TsrLogRate, 1);
		g_hash_table_insert(instance->log_sites, (gpointer)site, rate);
	}
	bool allowed =
		tsr_log_rate_take(rate, g_get_monotonic_time(), LOG_BURST, interval, left_out);
	g_mutex_unlock(&instance->log_mutex);
	return allowed;
}

static void log_write(const struct tsr_host *host, const void *site, enum tsr_log_level level,
		      const char *format, ...)
{
	static const GLogLevelFlags levels[] = { [TSR_LOG_ERROR] = G_LOG_LEVEL_CRITICAL,
						 [TSR_LOG_WARNING] = G_LOG_LEVEL_WARNING,
						 [TSR_LOG_INFO] = G_LOG_LEVEL_INFO,
						 [TSR_LOG_DEBUG] = G_LOG_LEVEL_DEBUG };
	TsrInstance *instance = tsr_instance_of(host);
	const char *name = instance->config->name;
	guint left_out = 0;
	va_list args;

	if ((unsigned)level >= G_N_ELEMENTS(levels) ||
	    !log_allowed(instance, site, level, &left_out))
		return;
	va_start(args, format);
	g_autofree char *text = g_strdup_vprintf(format, args);
	va_end(args);
	if (left_out)
		g_log("tessera", levels[level], "%s: %s (%u like it were left out)", name, text,
		      left_out);
	else
		g_log("tessera", levels[level], "%s: %s", name, text);
}

static const struct tsr_log log_table = { .size = sizeof(struct tsr_log), .write = log_write };

/* -- Bus, machine, randomness */

static bool bus_get(const struct tsr_host *host, const char *name, struct tsr_interface *out)
{
	TsrInstance *instance = tsr_instance_of(host);
	const char *provider = g_hash_table_lookup(instance->config->connections, name);
	GPtrArray *needs = tsr_plugin_get_needs(instance->config->plugin);
	g_autoptr(GError) error = NULL;

	for (guint i = 0; provider && needs && i < needs->len; i++) {
		const TsrNeed *need = g_ptr_array_index(needs, i);
		if (strcmp(need->name, name) != 0)
			continue;
		if (tsr_bus_connect_need(instance->machine->bus, instance->config->name, name,
					 need->interface, provider, out, &error))
			return true;
		g_warning("%s", error->message);
	}
	return false;
}

static void bus_emit(const struct tsr_host *host, const char *event, const char *detail)
{
	TsrInstance *instance = tsr_instance_of(host);

	tsr_machine_post_event(instance->machine, instance->config->name, event,
			       detail ? detail : "");
}

static const struct tsr_bus bus_table = { .size = sizeof(struct tsr_bus),
					  .get = bus_get,
					  .emit = bus_emit };

static void machine_power_off(const struct tsr_host *host)
{
	tsr_vcpu_request_stop(tsr_instance_of(host)->machine, TSR_EXIT_POWERED_OFF,
			      "the guest powered off");
}

static void machine_reset(const struct tsr_host *host, int kind)
{
	tsr_vcpu_request_reset(tsr_instance_of(host)->machine, (enum tsr_reset)kind);
}

static void machine_stop(const struct tsr_host *host, int exit_status, const char *why)
{
	tsr_vcpu_request_stop(tsr_instance_of(host)->machine, exit_status, why);
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
	TsrMachine *m = tsr_instance_of(host)->machine;
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
	};
	/* clang-format on */

	if (strcmp(name, TSR_GMACHINE) == 0)
		return tsr_instance_of(host)->machine;
	for (gsize i = 0; i < G_N_ELEMENTS(tables); i++)
		if (strcmp(tables[i].name, name) == 0)
			return tables[i].table;
	return NULL;
}
