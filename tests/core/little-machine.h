/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A machine for tests of the core: a processor that calls back instead of running code, an MMU that
 * records the calls that it gets, and one device ("dev0") whose instance struct the test can see.
 * No plugin is loaded from disk.
 */
#ifndef LITTLE_MACHINE_H
#define LITTLE_MACHINE_H

#include <tessera/draft/a20.h>
#include <tessera/draft/cpu.h>
#include <tessera/draft/mmu.h>
#include <tessera/draft/pci-host.h>
#include <tessera/draft/shadow-ram.h>
#include <tessera/tessera.h>

#include "instance/instance.h"
#include "instance/machine-parts.h"

struct little_device {
	const struct tsr_host *host;
	const struct tsr_io *io;
	const struct tsr_memory *memory;
	const struct tsr_shadow_ram *shadow_ram;
	const struct tsr_a20 *a20;
	const struct tsr_pci *pci;
	const struct tsr_pci_fixed *pci_fixed;
	const struct tsr_dma *dma;
	const struct tsr_clock *clock;
	const struct tsr_irq *irq;
	const struct tsr_worker *worker;
	const struct tsr_machine_table *machine;
	struct tsr_timer *timer;
	struct tsr_region *ports;
	uint64_t last_offset, last_value;
	unsigned last_width, resets, expired;
	uint64_t deadline;
	uint64_t period; /* of the timer, which then arms itself; 0: it does not */
	uint32_t number; /* saved */
	bool refuse_load;
	const char *save_failure; /* NULL: it can be saved */
};

struct little_processor {
	unsigned runs, kicks, level_changes;
	int intr;
	/* What run does; NULL: halts. */
	enum tsr_cpu_exit (*body)(struct little_processor *cpu, uint64_t budget);
	uint64_t count;
	atomic_int kicked;
};

struct little_mmu {
	unsigned changed, written, protected_;
	tsr_gpa last_gpa;
	uint64_t last_length;
};

/* The device gives a table for every name, as no plugin may. */
extern bool little_device_knows_every_name;

/* `memory` in MiB. The machine, or NULL with error. */
TsrMachine *little_machine_new(unsigned memory, TsrClockMode clock, GError **error);
struct little_device *little_device(TsrMachine *m);
struct little_processor *little_processor(TsrMachine *m);
struct little_mmu *little_mmu(TsrMachine *m);
/* Iterates the main loop until the machine stopped. */
int little_machine_run(TsrMachine *m);

#endif
