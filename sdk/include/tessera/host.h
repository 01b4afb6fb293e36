/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the host gives to an instance. `host` is passed to attach and stays valid until detach
 * returned. host->get(host, "tessera.ports/1") returns a constant table; every function in a table
 * takes the instance's `host` first. Fetch tables once, in attach.
 */
#ifndef TESSERA_HOST_H
#define TESSERA_HOST_H

#include "abi.h"
#include "error.h"

struct tsr_host {
	uint32_t size;
	struct tsr_abi abi; /* of the core */
	const char *name;   /* the instance's name in the machine manifest, e.g. "net0" */
	/* NULL when the core has no such table. [any] */
	const void *(*get)(const struct tsr_host *host, const char *table);
};

/* -- "tessera.properties/1": values of the manifest's properties, after the machine manifest and --set */
#define TSR_PROPERTIES "tessera.properties/1"
struct tsr_properties {
	uint32_t size;
	/* Asking for a property the plugin's manifest lacks is a bug and asserts. Strings are owned by the
	 * host and valid until the next change of that property; "" when unset. [locked] */
	const char *(*get_string)(const struct tsr_host *host, const char *name);
	int64_t (*get_int)(const struct tsr_host *host, const char *name);
	bool (*get_bool)(const struct tsr_host *host, const char *name);
	/* `changed` is called [locked] after a property with `mutable=true` was written from outside. It may
	 * refuse with false and an error: the old value is kept. */
	void (*on_change)(const struct tsr_host *host, const char *name,
			  bool (*changed)(void *self, const char *name, struct tsr_error *error), void *self);
	/* Set the value that others read (status properties, `writable=false` in the manifest). [locked] */
	void (*set_string)(const struct tsr_host *host, const char *name, const char *value);
	void (*set_int)(const struct tsr_host *host, const char *name, int64_t value);
};

/* -- "tessera.io/1": port and MMIO handlers */
#define TSR_IO "tessera.io/1"
struct tsr_region; /* a claimed range; owned by the core, freed at detach */

enum tsr_io_flags {
	TSR_IO_UNLOCKED = 1, /* the handlers may be called without the machine lock: they lock themselves */
};

struct tsr_io_ops {
	uint32_t size;
	uint32_t flags;
	/* Bit mask of the widths in bytes the handlers take (1, 2, 4; MMIO: 8 too). An access of another
	 * width is split into (or, for narrower reads, cut out of) an allowed one by the core. */
	uint32_t widths;
	/* offset in bytes from the region's start; NULL read: all ones; NULL write: ignored. [locked] */
	uint64_t (*read)(void *self, uint64_t offset, unsigned width);
	void (*write)(void *self, uint64_t offset, uint64_t value, unsigned width);
};

struct tsr_io {
	uint32_t size;
	/* Claims the manifest's [Resource <name>] of type ports or mmio and enables it. NULL and error when
	 * the range is taken by an instance with the same priority. `ops` stays valid until detach. */
	struct tsr_region *(*claim)(const struct tsr_host *host, const char *name, const struct tsr_io_ops *ops,
				    void *self, struct tsr_error *error);       /* [main & !running] */
	/* Port ranges whose place the guest decides (ACPI PM base): claimed disabled at base 0. `length` bytes. */
	struct tsr_region *(*claim_ports)(const struct tsr_host *host, const char *name, uint16_t base,
					  unsigned length, const struct tsr_io_ops *ops, void *self,
					  struct tsr_error *error);              /* [main & !running] */
	void (*move)(struct tsr_region *region, uint64_t base);                 /* [locked] */
	void (*enable)(struct tsr_region *region, bool enabled);                /* [locked] */
};

/* -- "tessera.memory/1": memory that the guest sees without a handler's help */
#define TSR_MEMORY "tessera.memory/1"
enum tsr_memory_flags {
	TSR_MEMORY_ROM = 1,       /* the guest's writes are dropped */
	TSR_MEMORY_DIRTY_LOG = 2, /* writes are logged per 4 KiB page */
	TSR_MEMORY_DISABLED = 4,  /* not visible until enabled */
};
struct tsr_memory {
	uint32_t size;
	/* `length` bytes (a multiple of 4096) of zeroed memory at `base`; *bytes is its host address, valid
	 * until detach. Higher priorities hide lower ones; guest RAM has 0, BARs 10. [main & !running] */
	struct tsr_region *(*map)(const struct tsr_host *host, const char *name, tsr_gpa base, uint64_t length,
				  int priority, unsigned flags, uint8_t **bytes, struct tsr_error *error);
	/* An MMIO range at run time (not from the manifest). Same priorities. [main & !running] */
	struct tsr_region *(*map_io)(const struct tsr_host *host, const char *name, tsr_gpa base, uint64_t length,
				     int priority, unsigned flags, const struct tsr_io_ops *ops, void *self,
				     struct tsr_error *error);
	/* A second view of `length` bytes of `target` from `offset`. [main & !running] */
	struct tsr_region *(*alias)(const struct tsr_host *host, const char *name, tsr_gpa base, uint64_t length,
				    int priority, unsigned flags, struct tsr_region *target, uint64_t offset,
				    struct tsr_error *error);
	void (*move)(struct tsr_region *region, tsr_gpa base);    /* [locked] */
	void (*enable)(struct tsr_region *region, bool enabled);  /* [locked] */
	/* Copies and clears the dirty bits of pages [first, first + count) of the region: bit n of
	 * bitmap[n / 8] is page first + n. Returns true if any was set. [locked] */
	bool (*fetch_dirty)(struct tsr_region *region, uint32_t first, uint32_t count, uint8_t *bitmap);
	/* Where reads and writes of guest RAM shadowing a ROM go (PAM): for [base, base + length), multiples of
	 * 4096 below 1 MiB. read_ram/write_ram: RAM if true, else what lies there otherwise. [locked] */
	void (*shadow)(const struct tsr_host *host, tsr_gpa base, uint64_t length, bool read_ram, bool write_ram);
	/* Bytes of guest RAM in all; below the PCI hole; above 4 GiB. [any] */
	uint64_t (*ram_size)(const struct tsr_host *host);
	uint64_t (*ram_below_4g)(const struct tsr_host *host);
	/* A20 gate: when false, physical address bit 20 is forced to zero. [locked] */
	void (*set_a20)(const struct tsr_host *host, bool enabled);
	bool (*get_a20)(const struct tsr_host *host);
};

/* -- "tessera.irq/1": lines */
#define TSR_IRQ "tessera.irq/1"
struct tsr_irq {
	void (*set)(void *to, int level); /* 0 or 1; setting the level it has is cheap and does nothing [locked] */
	void *to;
};
static inline void tsr_irq_set(const struct tsr_irq *irq, int level)
{
	irq->set(irq->to, level);
}
struct tsr_irq_table {
	uint32_t size;
	/* The line that the manifest's [Resource <name>] of type irq names; owned by the core, valid until
	 * detach. Never NULL: an unconnected line goes nowhere. Several sources of one line are ORed. [main & !running] */
	const struct tsr_irq *(*get)(const struct tsr_host *host, const char *name);
};
/* Provided by interrupt controllers and others with input pins: "tessera.irq-inputs/1" */
#define TSR_IRQ_INPUTS "tessera.irq-inputs/1"
struct tsr_irq_inputs {
	uint32_t size;
	unsigned count;
	void (*set)(void *self, unsigned input, int level); /* [locked] only on a change of level */
};
/* Provided by the interrupt controller that answers the processor: "tessera.intack/1" */
#define TSR_INTACK "tessera.intack/1"
struct tsr_intack {
	uint32_t size;
	/* The INTA cycle: the vector (0-255) of the highest request, which becomes in service. [locked] */
	int (*acknowledge)(void *self);
};

/* -- "tessera.dma/1": guest memory as a bus master or DMA controller sees it */
#define TSR_DMA "tessera.dma/1"
struct tsr_dma {
	uint32_t size;
	/* Both return false when a byte lies outside RAM and ROM (reads give all ones there, writes are
	 * dropped there; the rest is done) or, for a PCI function, when bus mastering is off (nothing is
	 * done). A20 does not matter. Translated code in written pages is invalidated. [locked] */
	bool (*read)(const struct tsr_host *host, tsr_gpa from, void *to, uint64_t length);
	bool (*write)(const struct tsr_host *host, tsr_gpa to, const void *from, uint64_t length);
	/* A run of RAM for zero copy: the host address, *length cut to the run's end; NULL: use read/write.
	 * After filling it, `written` tells the machine. Valid while the lock is held, and across a worker's
	 * run if the request keeps it. [locked] */
	void *(*map)(const struct tsr_host *host, tsr_gpa at, uint64_t *length, bool for_write);
	void (*written)(const struct tsr_host *host, tsr_gpa at, uint64_t length);
};

/* -- "tessera.clock/1": the only time there is */
#define TSR_CLOCK "tessera.clock/1"
struct tsr_timer;
struct tsr_clock {
	uint32_t size;
	uint64_t (*now)(const struct tsr_host *host); /* ns of guest time since power-on, stands still in pause [any] */
	/* `expired` runs [locked] at or shortly after the deadline, with the deadline it was armed for. */
	struct tsr_timer *(*timer_new)(const struct tsr_host *host,
				       void (*expired)(void *self, uint64_t deadline_ns), void *self); /* [main & !running] */
	void (*arm)(struct tsr_timer *timer, uint64_t deadline_ns); /* replaces an earlier deadline [locked] */
	void (*cancel)(struct tsr_timer *timer);                    /* [locked] */
	uint64_t (*wall)(const struct tsr_host *host); /* seconds since 1970-01-01 UTC of the guest's wall clock [any] */
};
/* a * b / c without overflow of the product. */
static inline uint64_t tsr_muldiv(uint64_t a, uint64_t b, uint64_t c)
{
	__extension__ typedef unsigned __int128 tsr_product; /* for callers that compile with -Wpedantic */

	return (uint64_t)((tsr_product)a * b / c);
}

/* -- "tessera.random/1" */
#define TSR_RANDOM "tessera.random/1"
struct tsr_random {
	uint32_t size;
	void (*fill)(const struct tsr_host *host, void *to, size_t length); /* the machine's source [locked] */
};

/* -- "tessera.log/1" */
#define TSR_LOG "tessera.log/1"
enum tsr_log_level { TSR_LOG_ERROR, TSR_LOG_WARNING, TSR_LOG_INFO, TSR_LOG_DEBUG };
struct tsr_log {
	uint32_t size;
	/* One line, without a newline. `site` is any address unique to the place (a static variable's): each
	 * site is limited to some lines a second. What a guest does wrong is at most DEBUG. [any] */
	void (*write)(const struct tsr_host *host, const void *site, enum tsr_log_level level, const char *format, ...)
		TSR_PRINTF(4, 5);
};
#define tsr_log_at(table, host, level, ...) \
	do { \
		static const char tsr_log_site; \
		(table)->write((host), &tsr_log_site, (level), __VA_ARGS__); \
	} while (0)

/* -- "tessera.bus/1": other instances */
#define TSR_BUS "tessera.bus/1"
struct tsr_bus {
	uint32_t size;
	/* What the manifest's [Needs <name>] was connected to. False when it is optional and unconnected. */
	bool (*get)(const struct tsr_host *host, const char *name, struct tsr_interface *out); /* [main & !running] */
	/* A control-plane event: GObject signal `event` of this instance on the machine's bus, delivered on the
	 * main loop later. detail may be "". [any] */
	void (*emit)(const struct tsr_host *host, const char *event, const char *detail);
};

/* -- "tessera.machine/1": the power switch and the reset lines */
#define TSR_MACHINE "tessera.machine/1"
struct tsr_machine_table {
	uint32_t size;
	/* Each takes effect when the virtual CPU next leaves the guest; all return at once. [any] */
	void (*power_off)(const struct tsr_host *host);                    /* exit status 0 */
	void (*reset)(const struct tsr_host *host, int kind /* enum tsr_reset */);
	void (*stop)(const struct tsr_host *host, int exit_status, const char *why); /* debug exit, panic */
};

/* -- "tessera.worker/1": host work that blocks */
#define TSR_WORKER "tessera.worker/1"
struct tsr_worker {
	uint32_t size;
	/* `work` runs on a thread of its own without the lock; then `done` [locked]. Order between jobs of one
	 * instance is kept if ordered. In deterministic machines the completion's time is a function of guest time.
	 * work NULL: there is nothing to wait for; `done` runs soon, as ever not from inside submit. */
	void (*submit)(const struct tsr_host *host, void (*work)(void *job), void (*done)(void *job), void *job,
		       bool ordered); /* [locked] */
	/* Waits until all jobs of this instance are done (their `done` has run). [locked] */
	void (*drain)(const struct tsr_host *host);
	/* Watch a host file descriptor: `ready` runs [locked] when poll(2) reports one of `events`
	 * (POLLIN, POLLOUT). Returns an id > 0 for unwatch. [locked] */
	unsigned (*watch)(const struct tsr_host *host, int fd, short events, void (*ready)(void *self, short revents),
			  void *self);
	void (*unwatch)(const struct tsr_host *host, unsigned id);
};

#endif
