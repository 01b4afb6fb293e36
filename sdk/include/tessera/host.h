/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the core gives to an instance. `host` is passed to attach and stays valid until detach has
 * returned. host->get(host, "tessera.io/1") returns a constant table; the functions of a table take
 * the instance's `host` as their first argument, or an object that the table made. An instance
 * fetches its tables once, in attach.
 */
#ifndef TESSERA_HOST_H
#define TESSERA_HOST_H

#include "abi.h"
#include "error.h"

struct tsr_host {
	uint32_t size;
	struct tsr_abi abi; /* of the core */
	const char *name;   /* the instance's name in the machine manifest, e.g. "net0" */
	/* A host table by name, valid until detach; NULL when this core has no such table. [any] */
	const void *(*get)(const struct tsr_host *host, const char *table);
	/* Since ABI 1.2. The version of the core's build, for messages ("0.1.0"). */
	const char *version;
	/* Since ABI 1.2. The absolute path of the folder that has the plugin's manifest, where
	 * files of its own may be; attach is the time to open them, since a machine's jail closes
	 * before the guest runs. NULL: the plugin runs where it can open nothing. */
	const char *folder;
};

/* -- "tessera.properties/1": values of the manifest's properties, after the machine manifest and
 * --set */
#define TSR_PROPERTIES "tessera.properties/1"
struct tsr_properties {
	uint32_t size;
	uint32_t flags; /* 0: none are defined */
	/* The value of a property. To ask for one that the plugin's manifest lacks is a mistake,
	 * which fails attach and realize and is logged at other times. A string belongs to the core
	 * and is valid until that property changes; it is never NULL, and "" when it is not set.
	 * [locked] */
	const char *(*get_string)(const struct tsr_host *host, const char *name);
	int64_t (*get_int)(const struct tsr_host *host, const char *name);
	bool (*get_bool)(const struct tsr_host *host, const char *name);
	/* Sets a listener: `changed` is called, [locked], after a property with `mutable=true` was
	 * written from outside. When it returns false and an error, the property keeps its old
	 * value. [main & !running] */
	void (*on_change)(const struct tsr_host *host, const char *name,
			  bool (*changed)(void *self, const char *name, struct tsr_error *error),
			  void *self);
	/* Sets the value that others read, of a property with `writable=false` in the manifest.
	 * [locked] */
	void (*set_string)(const struct tsr_host *host, const char *name, const char *value);
	void (*set_int)(const struct tsr_host *host, const char *name, int64_t value);
	/* Since ABI 1.2. As set_string. [locked] */
	void (*set_bool)(const struct tsr_host *host, const char *name, bool value);
	/* Since ABI 1.2. Whether the plugin's manifest has a property of this name: for code that
	 * several plugins share. [locked] */
	bool (*has)(const struct tsr_host *host, const char *name);
};

/* -- "tessera.io/1": port and MMIO handlers */
#define TSR_IO "tessera.io/1"
struct tsr_region; /* a claimed range; owned by the core, freed at detach */

struct tsr_io_ops {
	uint32_t size;
	uint32_t flags; /* 0: none are defined; the core takes no other */
	/* Bit mask of the widths in bytes that the handlers take (1, 2, 4; MMIO: 8 too). The core
	 * splits an access of another width into allowed ones, or cuts a narrower read out of an
	 * allowed one. */
	uint32_t widths;
	uint32_t reserved; /* 0 */
	/* `offset` is in bytes from the region's start, `width` in bytes. Without `read`, reads
	 * give all ones; without `write`, writes are ignored. [locked] */
	uint64_t (*read)(void *self, uint64_t offset, unsigned width);
	void (*write)(void *self, uint64_t offset, uint64_t value, unsigned width);
};

struct tsr_io {
	uint32_t size;
	uint32_t flags; /* 0: none are defined */
	/* Claims the manifest's [Resource <name>] of type ports or mmio and enables it. NULL and
	 * error when another instance has the range with the same priority. [main & !running] */
	struct tsr_region *(*claim)(const struct tsr_host *host, const char *name,
				    const struct tsr_io_ops *ops, void *self,
				    struct tsr_error *error);
	/* Claims `length` ports whose place the guest decides (such as ACPI's PM base); they are
	 * disabled until `enable`. NULL and error as above. [main & !running] */
	struct tsr_region *(*claim_ports)(const struct tsr_host *host, const char *name,
					  uint16_t base, unsigned length,
					  const struct tsr_io_ops *ops, void *self,
					  struct tsr_error *error);
	/* Puts the region at another port or guest physical address. [locked] */
	void (*move)(struct tsr_region *region, uint64_t base);
	/* Shows or hides the region. [locked] */
	void (*enable)(struct tsr_region *region, bool enabled);
	/* Since ABI 1.2. Gives the region up before detach does: the pointer is not valid any more.
	 * One of a BAR belongs to its function; to remove that is a mistake, and it stays. [main &
	 * !running] */
	void (*remove)(struct tsr_region *region);
};

/* -- "tessera.memory/1": memory that the guest sees without a handler's help */
#define TSR_MEMORY "tessera.memory/1"
enum tsr_memory_flags {
	TSR_MEMORY_ROM = 1,       /* the guest's writes are dropped */
	TSR_MEMORY_DIRTY_LOG = 2, /* writes are logged per 4 KiB page */
	TSR_MEMORY_DISABLED = 4,  /* not visible until enabled */
};
/* Which of several regions at an address answers: the one with the highest priority; of two with
 * the same, the younger. Two enabled regions of plugins may not overlap at the same priority. */
enum tsr_region_priority {
	TSR_PRIORITY_RAM = 0,   /* guest RAM; of ports: those that a manifest claims */
	TSR_PRIORITY_BOARD = 1, /* what the board decodes when nothing else does: flash; ports that
				   the guest places */
	TSR_PRIORITY_MMIO = 5, /* registers in memory that a manifest claims; windows of adapters */
	TSR_PRIORITY_OVERLAY = 6, /* over such a window while it is enabled */
	TSR_PRIORITY_BAR = 10,    /* base address registers of PCI, and cards of the ISA bus */
};
struct tsr_memory {
	uint32_t size;
	uint32_t flags; /* 0: none are defined */
	/* `length` bytes (a multiple of 4096) of zeroed memory at `base`; *bytes is its host
	 * address, valid until detach. priority: enum tsr_region_priority, or a number between.
	 * NULL and error when the range cannot be, another instance has it with the same priority,
	 * or there is no memory. [main & !running] */
	struct tsr_region *(*map)(const struct tsr_host *host, const char *name, tsr_gpa base,
				  uint64_t length, int priority, unsigned flags, uint8_t **bytes,
				  struct tsr_error *error);
	/* A range of `length` bytes with handlers that is not in the manifest. Priorities and
	 * errors as `map`. [main & !running] */
	struct tsr_region *(*map_io)(const struct tsr_host *host, const char *name, tsr_gpa base,
				     uint64_t length, int priority, unsigned flags,
				     const struct tsr_io_ops *ops, void *self,
				     struct tsr_error *error);
	/* A second place for `length` bytes of `target` from `offset` on. Priorities and errors as
	 * `map`. [main & !running] */
	struct tsr_region *(*alias)(const struct tsr_host *host, const char *name, tsr_gpa base,
				    uint64_t length, int priority, unsigned flags,
				    struct tsr_region *target, uint64_t offset,
				    struct tsr_error *error);
	/* Puts the region at another address; shows or hides it. [locked] */
	void (*move)(struct tsr_region *region, tsr_gpa base);
	void (*enable)(struct tsr_region *region, bool enabled);
	/* Copies and clears the dirty bits of `count` pages of the region from page `first` on: bit
	 * n % 8 of bitmap[n / 8] is page first + n. Returns true if any was set. [locked; bitmap:
	 * out count bits] */
	bool (*fetch_dirty)(struct tsr_region *region, uint32_t first, uint32_t count,
			    uint8_t *bitmap);
	/* DEPRECATED DRAFT, for plugins that are older than draft/shadow-ram.h: its
	 * tsr_shadow_ram.set, with `base` and `length` in bytes. NULL in the first stable version
	 * of the ABI. [locked] */
	void (*shadow)(const struct tsr_host *host, tsr_gpa base, uint64_t length, bool read_ram,
		       bool write_ram);
	/* Bytes of guest RAM in all, and below 4 GiB. [any] */
	uint64_t (*ram_size)(const struct tsr_host *host);
	uint64_t (*ram_below_4g)(const struct tsr_host *host);
	/* DEPRECATED DRAFTS, for plugins that are older than draft/a20.h: its tsr_a20.set and
	 * tsr_a20.get, true while the gate is open. NULL in the first stable version of the ABI.
	 * [locked] */
	void (*set_a20)(const struct tsr_host *host, bool enabled);
	bool (*get_a20)(const struct tsr_host *host);
	/* Since ABI 1.2. As tsr_io.remove; memory of the region is gone too, and so are its
	 * aliases. [main & !running] */
	void (*remove)(struct tsr_region *region);
};

/* -- "tessera.irq/1": lines */
#define TSR_IRQ "tessera.irq/1"
/* A line's end, where its source has it: the core's, so that a source makes one indirect call.
 * Frozen. */
struct tsr_irq {
	/* Sets the level, 0 or 1. Setting the level that the line has is cheap and does nothing.
	 * [locked] */
	void (*set)(void *to, int level);
	void *to;
};
/* Sets the level of a line, 0 or 1. [locked] */
static inline void tsr_irq_set(const struct tsr_irq *irq, int level)
{
	irq->set(irq->to, level);
}
struct tsr_irq_table {
	uint32_t size;
	uint32_t flags; /* 0: none are defined */
	/* The line that the manifest's [Resource <name>] of type irq names; it belongs to the core
	 * and is valid until detach. Never NULL: a line that is not connected goes nowhere. The
	 * sources of one input are ORed. [main & !running] */
	const struct tsr_irq *(*get)(const struct tsr_host *host, const char *name);
};

/* -- "tessera.dma/1": guest memory as a bus master or DMA controller sees it */
#define TSR_DMA "tessera.dma/1"
struct tsr_dma {
	uint32_t size;
	uint32_t flags; /* 0: none are defined */
	/* Copies `length` bytes from or to guest memory. False when a byte lies outside of RAM and
	 * ROM (reads give all ones there, writes are dropped there; the rest is done) or when a PCI
	 * function's bus mastering is off (nothing is done). The A20 gate does not matter.
	 * Translated code in the written pages is invalidated. [locked] */
	bool (*read)(const struct tsr_host *host, tsr_gpa from, void *to, uint64_t length);
	bool (*write)(const struct tsr_host *host, tsr_gpa to, const void *from, uint64_t length);
	/* `map` gives direct access to a run of RAM: it returns the host address and cuts *length
	 * to the run's end; NULL: use read and write. Call `written` after filling it. The address
	 * is valid while the lock is held, and also while a worker runs a request that holds it.
	 * [locked; length: in out] */
	void *(*map)(const struct tsr_host *host, tsr_gpa at, uint64_t *length, bool for_write);
	void (*written)(const struct tsr_host *host, tsr_gpa at, uint64_t length);
	/* Since ABI 1.2. The run of `length` bytes that `map` gave for `at` is not used any more;
	 * `is_written`: as `written` first. A plugin that calls it for each run lets a core move
	 * guest memory. [locked] */
	void (*unmap)(const struct tsr_host *host, tsr_gpa at, uint64_t length, bool is_written);
};

/* -- "tessera.clock/1": the only time there is */
#define TSR_CLOCK "tessera.clock/1"
struct tsr_timer;
struct tsr_clock {
	uint32_t size;
	uint32_t flags; /* 0: none are defined */
	/* Guest time: ns since power-on. It stands still in a pause. [any] */
	uint64_t (*now)(const struct tsr_host *host);
	/* Makes a timer, which belongs to the core and lives until detach; never NULL. `expired`
	 * runs, [locked], at the deadline or shortly after it, and is given the deadline that the
	 * timer was armed for. [main & !running] */
	struct tsr_timer *(*timer_new)(const struct tsr_host *host,
				       void (*expired)(void *self, uint64_t deadline_ns),
				       void *self);
	/* Sets the deadline, in ns of guest time; it replaces an earlier one. [locked] */
	void (*arm)(struct tsr_timer *timer, uint64_t deadline_ns);
	/* Drops the deadline, if there is one. [locked] */
	void (*cancel)(struct tsr_timer *timer);
	/* The guest's wall clock: seconds since 1970-01-01 UTC. [any] */
	uint64_t (*wall)(const struct tsr_host *host);
	/* Since ABI 1.2. The same in ns. [any] */
	uint64_t (*wall_ns)(const struct tsr_host *host);
	/* Since ABI 1.2. Gives the timer up before detach does: its deadline is dropped, and the
	 * pointer is not valid any more. [main & !running] */
	void (*timer_free)(struct tsr_timer *timer);
};
/* a * b / c, where the product may have 128 bits. [any] */
static inline uint64_t tsr_muldiv(uint64_t a, uint64_t b, uint64_t c)
{
	__extension__ typedef unsigned __int128
		tsr_product; /* for callers that compile with -Wpedantic */

	return (uint64_t)((tsr_product)a * b / c);
}

/* -- "tessera.random/1": the only source of random numbers */
#define TSR_RANDOM "tessera.random/1"
struct tsr_random {
	uint32_t size;
	uint32_t flags; /* 0: none are defined */
	/* Fills `length` bytes from the machine's source of random numbers. [locked] */
	void (*fill)(const struct tsr_host *host, void *to, size_t length);
};

/* -- "tessera.log/1": messages for whoever runs the machine */
#define TSR_LOG "tessera.log/1"
enum tsr_log_level { TSR_LOG_ERROR, TSR_LOG_WARNING, TSR_LOG_INFO, TSR_LOG_DEBUG };
struct tsr_log {
	uint32_t size;
	uint32_t flags; /* 0: none are defined */
	/* Writes one line; `format` has no newline. `site` is an address that is unique to the
	 * place, such as a static variable's: of a site's errors and warnings some are written at
	 * once and then one now and then, of its other lines some a second, and the next line says
	 * how many were left out. What a guest does wrong is at most DEBUG. [any] */
	void (*write)(const struct tsr_host *host, const void *site, enum tsr_log_level level,
		      const char *format, ...) TSR_PRINTF(4, 5);
	/* Since ABI 1.2. The same line as a text, for languages without variadic functions. [any]
	 */
	void (*write_text)(const struct tsr_host *host, const void *site, enum tsr_log_level level,
			   const char *text);
};
/* Writes a line from here, as a site of its own. [any] */
#define tsr_log_at(table, host, level, ...) \
	do { \
		static const char tsr_log_site = 0; \
		(table)->write((host), &tsr_log_site, (level), __VA_ARGS__); \
	} while (0)

/* -- "tessera.bus/1": other instances */
#define TSR_BUS "tessera.bus/1"
struct tsr_bus {
	uint32_t size;
	uint32_t flags; /* 0: none are defined */
	/* What the manifest's [Needs <name>] is connected to, in *out. False when the need is
	 * optional and not connected. [main & !running] */
	bool (*get)(const struct tsr_host *host, const char *name, struct tsr_interface *out);
	/* Emits the signal `event` of the machine (TsrMachine::event) for this instance, later and
	 * on the main loop. `detail` may be "". The event "fault" is TsrMachine::device-fault too:
	 * this instance cannot do its work, and `detail` says why in one line for the user. [any]
	 */
	void (*emit)(const struct tsr_host *host, const char *event, const char *detail);
	/* Since ABI 1.2. Which interface get() gives for a need whose manifest lists several, as
	 * "tessera.block/1": the first of the list that the provider has. The text lives as long as
	 * the instance. NULL: it is not connected. [main & !running] */
	const char *(*which)(const struct tsr_host *host, const char *name);
};

/* -- "tessera.machine/1": the power switch and the reset lines */
#define TSR_MACHINE "tessera.machine/1"
struct tsr_machine_table {
	uint32_t size;
	uint32_t flags; /* 0: none are defined */
	/* Each returns at once, and takes effect when the virtual CPU next leaves the guest.
	 * power_off: the guest switches itself off, exit status 0. stop: it ends with a status of 0
	 * to 255 and a line for the user. [any] */
	void (*power_off)(const struct tsr_host *host);
	void (*reset)(const struct tsr_host *host, int kind /* enum tsr_reset */);
	void (*stop)(const struct tsr_host *host, int exit_status, const char *why);
};

/* -- "tessera.worker/1": host work that blocks */
#define TSR_WORKER "tessera.worker/1"
struct tsr_worker {
	uint32_t size;
	uint32_t flags; /* 0: none are defined */
	/* Starts a job: `work` runs on another thread without the lock and may touch only `job`;
	 * then `done` runs, [locked], never from inside submit. `ordered`: jobs of this instance
	 * run one after the other. Without `work` (NULL), `done` runs soon. In deterministic
	 * machines `done` runs a fixed guest time later. The caller owns `job` and keeps it alive
	 * until `done`. [locked] */
	void (*submit)(const struct tsr_host *host, void (*work)(void *job),
		       void (*done)(void *job), void *job, bool ordered);
	/* Waits until `done` has run for all jobs of this instance. [locked] */
	void (*drain)(const struct tsr_host *host);
	/* Watches a file descriptor of the host: `ready` runs, [locked], when poll(2) reports one
	 * of `events` (POLLIN, POLLOUT). Returns an id above 0 for unwatch. The descriptor stays
	 * the caller's; it is closed after unwatch. [locked] */
	unsigned (*watch)(const struct tsr_host *host, int fd, short events,
			  void (*ready)(void *self, short revents), void *self);
	void (*unwatch)(const struct tsr_host *host, unsigned id);
	/* Since ABI 1.2. The way under the lock for a thread of the plugin's own: `call` runs soon,
	 * [locked], with `user`, which stays the caller's. What was posted before detach and has
	 * not run yet does not run; a plugin ends its threads in `quiesce` and `detach`. In
	 * deterministic machines two runs differ by when posts arrive. [any] */
	void (*post)(const struct tsr_host *host, void (*call)(void *user), void *user);
};

#endif
