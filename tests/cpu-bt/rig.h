/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A machine of processor, MMU and memory alone, made of the real plugins: RAM, a range of MMIO that
 * answers with a function of address and count and remembers what was written, no devices. Two of
 * them run the same program, one on each CPU plugin.
 */
#ifndef TEST_BT_RIG_H
#define TEST_BT_RIG_H

#include <tessera/draft/cpu.h>
#include <tessera/draft/mmu.h>
#include <tessera/draft/phys.h>
#include <tessera/tessera.h>

#define RIG_RAM (4u << 20)
#define RIG_IO_BASE 0xa0000u
#define RIG_IO_LENGTH 0x20000u

struct rig_plugin {
	void *library;
	const struct tsr_device_class *class;
	void *self;
	struct tsr_host host;
	struct rig *rig;
	bool attached;
};

struct rig {
	uint8_t *ram;
	int ram_fd;
	struct rig_plugin mmu, interpreter, translator;
	bool translating;
	const char *check, *stress, *checks, *dump, *bmi2, *chain, *groups, *share;
	int64_t cache, tags;
	const struct tsr_cpu *cpu;
	void *cpu_self;
	const struct tsr_irq_inputs *pins;
	const struct tsr_phys_listener *listener;
	uint64_t io_reads, io_hash; /* of everything written to devices */
	int vector;                 /* what the interrupt controller answers */
	bool stopped;
	bool io_given;    /* ports read io_value instead */
	uint32_t promote; /* 0: no windows */
	bool unchecked;   /* user level uses the exact window */
	uint32_t targets; /* 0: no maps of targets */
	uint32_t io_value;
	void (*on_io)(struct rig *rig);
	tsr_gpa lied_about; /* a page that is looked up as another, as if translated code wrote
			       elsewhere; 0: none */
};

/* translating: cpu-bt with cpu-interp as its service, else cpu-interp. Options, words in a string:
 * lockstep, cold, interrupts, cramped, tiny (a cache of 64 KiB), wrap (the numbers of two tags),
 * wrap-each (of one), * nobmi2, nochain, nogroups, inline and called (memory checks), window
 * (inline, and each page is promoted when it is first used; inline alone uses no window; with both,
 * each target is noted when it is first jumped to), unchecked (with window: user level has no
 * checks, but signals), shared (user level's blocks do not contain their address) and noshare,
 * notargets (no maps of them), dump (all blocks), dump-one (those with an
 * instruction at 10003h), dump-bad (a value that is refused). NULL and a message on stderr: failed.
 */
struct rig *rig_new(bool translating, const char *options);
void rig_free(struct rig *rig);
/* Flat 32-bit protected mode, CPL 0, paging off; IDT and GDT are put at 0x1000 and 0x2000; each
 * vector's handler is a HLT of its own at 0x3000 + 16 * vector. */
void rig_flat(struct rig *rig, struct tsr_x86_state *state);
void rig_write(struct rig *rig, uint32_t gpa, const void *bytes,
	       size_t length); /* as DMA does: the MMU is notified */
enum tsr_cpu_exit rig_run(struct rig *rig);
uint64_t rig_stat(struct rig *rig, const char *name);

#endif
