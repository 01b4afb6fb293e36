/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The shadow MMU's private types. Invariants that its files share:
 *
 *  1. A table entry exists only while the guest's page tables, as they stand in memory, say so:
 *     every page-table page that an entry was derived from is *used* (page->uses), a used page has
 *     no write entries anywhere, so a store to it comes to tsr_mmu.written, which drops what was
 *     derived from the changed words.
 *  2. Every write entry of a plain-memory page is in that page's reverse map, as is every read
 *     entry of a page outside main RAM (those move: BARs, PAM, VGA windows). The map may hold
 *     stale rows too.
 *  3. A valid byte is 0 only while the page has that entry (a write byte: both entries), and the
 *     view's window has mapped the same memory. Whatever drops an entry drops the byte.
 *  4. A context's table chunk (512 entries, 4 KiB) that is not marked as touched is all zero.
 *  5. In an exact window a page is mapped only as its user entries allow, as long as
 *     exact->is_true; whatever drops an entry of a page that is mapped ends that, and marks the
 *     page. Code may use the window only while it is true.
 *  6. What the contexts of a virtual CPU have in common is true for the one that runs: its
 *     page-directory entries there are those that the common entries come from. Other contexts are
 *     compared when they are switched to (common.c). Chunks there are marked as touched in what is
 *     common, never in the context that maps them.
 */
#ifndef SHADOW_H
#define SHADOW_H

#include <string.h>

#include <tessera/draft/mmu.h>
#include <tessera/draft/x86-facts.h>

#define SHADOW_CONTEXTS 256 /* address spaces kept per virtual CPU */
#define SHADOW_RECENT 1024  /* places where one is looked for first */
#define SHADOW_VCPUS 4
#define SHADOW_CONTEXTS_ALL (SHADOW_VCPUS * SHADOW_CONTEXTS)
#define SHADOW_SPACES (SHADOW_CONTEXTS_ALL + SHADOW_VCPUS) /* and what they have in common */
#define SHADOW_SETS 12                                     /* supervisor fetch sets */
#define SHADOW_SET_SLOTS 64
#define SHADOW_SLOTS \
	2048 /* page-directory entries of an address space: 1024 without, 4 * 512 with PAE */
#define SHADOW_DIRECTORIES 4
#define SHADOW_PAGES (1u << 20) /* linear pages of an address space */
#define SHADOW_CHUNKS 2048      /* of 512 entries */
#define SHADOW_PFNS (1u << 24)  /* 36 physical address bits */
#define SHADOW_PFN_NONE UINT32_MAX
#define SHADOW_DEVICES 16 /* pages of devices that are known, by the lower bits of their number */
#define SHADOW_NO_PAGE UINT64_MAX
#define SHADOW_RMAP_NODES (1u << 19)
/* Each possible use has its own row (trace.c), so rows cannot run out. Row 0 is none. */
#define SHADOW_USE_ROWS (1 + (SHADOW_SPACES + SHADOW_SETS) * (SHADOW_SLOTS + SHADOW_DIRECTORIES))
#define SHADOW_RESIDENT_MAX 4096 /* table chunks that have memory, in all contexts: 16 MiB */
#define SHADOW_IDLE 8192         /* stamps after which an address space counts as out of use */
#define SHADOW_LOOK_EVERY 128    /* switches, for such address spaces */
#define SHADOW_UNTRACE_WRITES 64
/* Linear pages from here on may be common, by 16 MiB: their valid bytes are a page of the host. */
#define SHADOW_COMMON_FIRST (SHADOW_PAGES / 2)
#define SHADOW_GRANULE_SHIFT 12
#define SHADOW_GRANULES ((SHADOW_PAGES - SHADOW_COMMON_FIRST) >> SHADOW_GRANULE_SHIFT)

/* Bytes from a view's base. A page of invalid bytes lies on either side of the valid bytes. */
#define SHADOW_READ_TABLE 0
#define SHADOW_WRITE_TABLE (8l << 20)
#define SHADOW_FETCHED (16l << 20) /* one bit per linear page: filled for FETCH (user view) */
#define SHADOW_TABLES_SIZE (17l << 20)
#define SHADOW_BYTES_SIZE ((1l << 20) + 2 * (long)TSR_PAGE_SIZE)
#define SHADOW_READ_VALID (SHADOW_TABLES_SIZE + (long)TSR_PAGE_SIZE)
#define SHADOW_WRITE_VALID (SHADOW_READ_VALID + SHADOW_BYTES_SIZE)
#define SHADOW_VIEW_SIZE (SHADOW_TABLES_SIZE + 2 * SHADOW_BYTES_SIZE)

/* What identifies a context besides its CR3. */
enum shadow_mode { MODE_PG = 1, MODE_PAE = 2, MODE_PSE = 4, MODE_WP = 8, MODE_NXE = 16 };

enum shadow_page_flags {
	PAGE_CODE = 1,           /* the CPU asked for code_written */
	PAGE_READ_UNTRACKED = 2, /* some table may have a read entry that the reverse map lacks */
	PAGE_FETCHED = 4,        /* was filled for FETCH */
};

/* One guest physical page. */
struct shadow_page {
	uint32_t rmap;  /* first node, 0: none; valid if epoch is the shadow's */
	uint32_t epoch; /* of the reverse map; 0: none */
	uint32_t uses;  /* first use as a page table, 0: none */
	uint8_t flags;
	uint8_t writes; /* since the last fill through it */
};

struct shadow_rmap_node {
	uint32_t mapping; /* context << 21 | view << 20 | linear page */
	uint32_t next;
};

enum shadow_use_kind { USE_PD, USE_PT, USE_SET };

struct shadow_use {
	uint32_t next;
	uint16_t slot;  /* USE_PD: number of the directory (0-3); else the page-directory entry */
	uint16_t owner; /* context; USE_SET: fetch set */
	uint8_t kind;
};

/* Translations used for fetching at supervisor level that several contexts share: those whose
 * page-directory entries are the recorded ones. */
struct shadow_set {
	uint64_t tag;
	uint32_t mode; /* enum shadow_mode without WP */
	bool used;     /* filled for FETCH since the tag is what it is */
	bool alive;
	uint64_t stamp; /* of the last selection */
	unsigned count;
	struct {
		uint16_t slot;
		bool pt;      /* its page table is traced for this set */
		uint64_t pde; /* the bits that decide a fetch */
		uint32_t pfn; /* of the page table */
	} slots[SHADOW_SET_SLOTS];
	uint64_t listed[SHADOW_SLOTS / 64];
	uint64_t *fetched; /* one bit per linear page */
};

#define SLOT_NONE 0u
#define SLOT_LARGE 1u
#define SLOT_PT 2u     /* | page frame number << 2 */
#define SLOT_PT_RAM 3u /* the same, of a page of RAM whose offset is the address */

struct shadow_directory {
	bool ready; /* looked up, traced */
	bool plain; /* RAM: host is valid and what is derived may be kept */
	uint8_t *host;
	tsr_gpa gpa; /* after A20 */
};

/* Linear addresses at their own distance from `base`. User views have one each; the supervisor
 * views of a virtual CPU share one, because kernels map themselves into every address space. */
struct shadow_window {
	uint8_t *base;    /* of linear page 0; NULL: none */
	uint32_t *mapped; /* per linear page: page of RAM + 1 that is mapped there; 0: none */
	struct shadow_context *owner; /* whose user view it serves; NULL: a virtual CPU's */
	unsigned edges; /* between neighbours that are not one mapping of the host: their number */
	unsigned refused; /* promotions since it was full */
	uint64_t stamp;   /* of the last promotion */
};

/* Of a user view: what is mapped there is what its entries allow. */
struct shadow_exact {
	uint8_t *base;  /* of linear page 0; NULL: none was needed yet */
	uint8_t *pages; /* enum shadow_exact_page by linear page */
	bool is_true;
	uint64_t ran;                       /* ticks that the address space has run */
	uint64_t space;                     /* its number */
	unsigned mappings;                  /* of the host, at most, since it was empty */
	uint64_t used[SHADOW_CHUNKS / 64];  /* chunks that may have mapped pages */
	uint64_t stale[SHADOW_CHUNKS / 64]; /* ... marked ones */
};
enum shadow_exact_page {
	EXACT_NONE,
	EXACT_READ,
	EXACT_WRITE,
	EXACT_MAPPED = 3,
	EXACT_STALE = 4,
	EXACT_AGAIN = 8 /* it was mapped before */
};

struct shadow_context {
	bool alive;
	uint16_t id;
	uint32_t cr3, mode;
	uint64_t pdpte[4];
	uint64_t stamp; /* of the last switch to it */
	uint8_t *base[TSR_VIEWS];
	/* Per chunk: index view * 2 + (write table). */
	uint64_t touched[TSR_VIEWS * 2][SHADOW_CHUNKS / 64];
	uint64_t resident[TSR_VIEWS * 2][SHADOW_CHUNKS / 64];
	unsigned resident_count;
	struct shadow_window *window[TSR_VIEWS];
	struct shadow_window own_window;
	struct shadow_exact exact;
	/* As touched: chunks that may have a byte of 0. */
	uint64_t promoted[TSR_VIEWS * 2][SHADOW_CHUNKS / 64];
	struct shadow_directory pd[SHADOW_DIRECTORIES];
	uint32_t slot[SHADOW_SLOTS];
	uint64_t user_tag;
	bool user_used;
	bool regroup; /* a listed page-directory entry changed: a better set is looked for */
	struct shadow_set *set; /* of the supervisor view */
	/* Granules of the supervisor view that are mapped from what is common. */
	uint64_t is_common[SHADOW_GRANULES / 64];
	struct shadow_common *common; /* NULL: none */
	uint64_t agreed;              /* common->changes when it was compared; 0: must be */
};

/* What the contexts of a virtual CPU have in common. */
struct shadow_common {
	struct shadow_context space; /* supervisor view only, of which only the upper half exists */
	unsigned number;             /* of the virtual CPU */
	uint64_t open[SHADOW_GRANULES / 64]; /* is common as yet */
	uint8_t differences[SHADOW_GRANULES];
	uint64_t listed[SHADOW_SLOTS / 64]; /* slots that may have entries */
	uint64_t pde[SHADOW_SLOTS];         /* of a listed slot: what its entries come from */
	uint64_t changes;                   /* of a slot that was added, or its pde */
};

struct shadow_vcpu {
	struct tsr_mmu_vcpu pub; /* first */
	const struct tsr_mmu_listener *listener;
	struct shadow_context *context;
	struct shadow_common *common; /* NULL until there is paging */
	unsigned first;               /* its contexts: [first, first + SHADOW_CONTEXTS) */
	struct shadow_window window;  /* of the supervisor views */
	uint64_t since;               /* tick up to which the context's time is counted */
	struct shadow_context *recent[SHADOW_RECENT]; /* by a hash of CR3; NULL: none */
};

/* clang-format off */
#define SHADOW_COUNTERS(X) \
	X(fill_read) X(fill_write) X(fill_fetch) X(faults) X(traced_fills) X(io_fills) \
	X(switches) X(contexts_made) X(contexts_recycled) X(contexts_aged) X(tables_traced) X(tables_untraced) \
	X(table_writes) X(code_writes) X(slots_dropped) X(rmap_overflows) X(flushes) \
	X(tag_changes) X(sets_made) X(invlpg) \
	X(common_differences) X(common_closed) \
	X(exposures) X(exposures_refused) X(exact_maps) X(exact_settled) X(exact_emptied) \
	X(promotions) X(promotions_refused) X(window_maps) X(window_pages) X(windows_unmapped)
/* clang-format on */

struct shadow {
	const struct tsr_host *host;
	const struct tsr_phys *phys;
	uint8_t *ram_base;
	uint64_t ram_size;
	uint64_t ram_low; /* bytes of it whose offset is the guest physical address */
	uint64_t *in_ram; /* one bit per page below ram_low: it is known to be main RAM */
	struct tsr_phys_page devices[SHADOW_DEVICES]; /* known to be a device's, by page number */
	struct shadow_page *pages;                    /* SHADOW_PFNS, mostly untouched */
	struct shadow_rmap_node *rmap;
	uint32_t rmap_free, rmap_top, epoch;
	struct shadow_use *uses; /* SHADOW_USE_ROWS */
	uint64_t use_changes;    /* counts additions and removals */
	struct shadow_context *contexts[SHADOW_SPACES];
	struct shadow_vcpu *vcpus[SHADOW_VCPUS];
	struct shadow_set sets[SHADOW_SETS];
	unsigned resident;
	struct tsr_mmu_layout layout;
	int ram_fd, invalid_fd; /* guest RAM; SHADOW_BYTES_SIZE invalid bytes. -1: no windows */
	unsigned exact_windows;
	uint8_t *nowhere;          /* as large as an exact window; nothing is mapped. NULL: none */
	int common_fd;             /* -1: nothing is common */
	unsigned edges, edges_max; /* of all windows */
	uint64_t last_tag, last_space;
	uint64_t stamp;
#define X(name) uint64_t name;
	struct {
		SHADOW_COUNTERS(X)
	} count;
#undef X
};

/* Addresses have 36 bits; the mask keeps any other inside the array. */
static inline struct shadow_page *shadow_page(struct shadow *s, tsr_gpa gpa)
{
	return &s->pages[gpa >> TSR_PAGE_SHIFT & (SHADOW_PFNS - 1)];
}

static inline struct shadow_page *shadow_pfn_page(struct shadow *s, uint32_t pfn)
{
	return &s->pages[pfn & (SHADOW_PFNS - 1)];
}

static inline bool shadow_pae(const struct shadow_context *c)
{
	return c->mode & MODE_PAE;
}

static inline unsigned shadow_slot_shift(const struct shadow_context *c)
{
	return shadow_pae(c) ? 21 : 22;
}

_Static_assert(SHADOW_SPACES <= 1u << 11, "shadow_rmap_node.mapping has 11 bits for the context");
_Static_assert(SHADOW_SETS > SHADOW_VCPUS,
	       "a set that no virtual CPU uses can be recycled at any time");

static inline uint64_t *shadow_entry(const struct shadow_context *c, unsigned view, long table,
				     uint32_t page)
{
	return (uint64_t *)(c->base[view] + table) + page;
}

static inline bool shadow_bit(const uint64_t *bits, unsigned n)
{
	return bits[n / 64] >> (n % 64) & 1;
}

static inline void shadow_bit_set(uint64_t *bits, unsigned n)
{
	bits[n / 64] |= 1ull << (n % 64);
}

/* -- context.c: address spaces and their tables */
struct shadow_context *tsr_shadow_context_find(struct shadow *s, struct shadow_vcpu *v,
					       uint32_t cr3, uint32_t mode);
void tsr_shadow_context_flush(struct shadow *s,
			      struct shadow_context *c); /* drops everything derived */
void tsr_shadow_context_free(struct shadow *s, struct shadow_context *c);
void tsr_shadow_contexts_age(struct shadow *s); /* gives memory back that is out of use */
void tsr_shadow_context_touch(struct shadow *s, struct shadow_context *c, unsigned table,
			      unsigned chunk);
/* The entries of linear pages [first, first + count) in both views; user fetch tag too unless
 * `keep_tag`. */
void tsr_shadow_drop_pages(struct shadow *s, struct shadow_context *c, uint32_t first,
			   uint32_t count, bool keep_tag);
void tsr_shadow_drop_writes(struct shadow *s); /* every write entry of every context */
void tsr_shadow_flush(struct shadow *s);       /* everything of every context */

/* -- exact.c: exact windows */
void tsr_shadow_exact_init(struct shadow *s, const struct tsr_mmu_listener *listener);
void tsr_shadow_exact_finish(struct shadow *s);
void tsr_shadow_exact_close(struct shadow *s, struct shadow_context *c);
void tsr_shadow_exact_rest(struct shadow *s, struct shadow_context *c); /* unmaps all of it */
/* The same for the user entries of a context that has one. */
void tsr_shadow_exact_drop(struct shadow *s, struct shadow_context *c, bool write, uint32_t first,
			   uint32_t count);
/* Empties the least recently used one but that of `keep`. False: there is none. */
bool tsr_shadow_exact_make_room(struct shadow *s, const struct shadow_context *keep);
/* Of an address space that is made. */
void tsr_shadow_exact_start(struct shadow *s, struct shadow_context *c);
/* The running context is another one from now on, or its time is wanted. */
void tsr_shadow_exact_count(struct shadow_vcpu *v);
/* Tells the CPU of the running context's. */
void tsr_shadow_exact_publish(const struct shadow *s, const struct shadow_vcpu *v);
void tsr_shadow_settle(struct shadow *s, struct shadow_vcpu *v);
bool tsr_shadow_expose(struct shadow *s, struct shadow_vcpu *v, uint32_t page, bool write);

/* -- window.c: windows and their valid bytes */
void tsr_shadow_windows_init(struct shadow *s); /* before the jail closes */
void tsr_shadow_windows_finish(struct shadow *s);
/* Reserves addresses; w->base stays NULL when there are none. */
void tsr_shadow_window_open(struct shadow *s, struct shadow_window *w);
void tsr_shadow_window_close(struct shadow *s, struct shadow_window *w);
void tsr_shadow_window_rest(struct shadow *s, struct shadow_window *w); /* unmaps all of it */
bool tsr_shadow_bytes_map(struct shadow *s, uint8_t *base); /* the bytes of a view, all invalid */
/* Entries [first, first + count) of a table, all in one chunk, were dropped: so are the bytes. */
void tsr_shadow_bytes_drop(struct shadow *s, struct shadow_context *c, unsigned table,
			   uint32_t first, uint32_t count);
/* An entry was made: its byte is valid if the window has the page. */
void tsr_shadow_bytes_entered(struct shadow *s, struct shadow_context *c, unsigned view,
			      uint32_t page);
bool tsr_shadow_promote(struct shadow *s, struct shadow_context *c, unsigned view, uint32_t page,
			bool write);

static inline void shadow_enter(struct shadow *s, struct shadow_context *c, unsigned view,
				bool write, uint32_t page, const uint8_t *host)
{
	unsigned table = view * 2 + write;

	*shadow_entry(c, view, write ? SHADOW_WRITE_TABLE : SHADOW_READ_TABLE, page) =
		(uint64_t)(uintptr_t)host - ((uint64_t)page << TSR_PAGE_SHIFT);
	if (!shadow_bit(c->touched[table], page / 512))
		tsr_shadow_context_touch(s, c, table, page / 512);
	if (c->window[view]->edges)
		tsr_shadow_bytes_entered(s, c, view, page);
}

/* -- rmap.c: from physical pages to entries. May flush all write entries when the pool is used up.
 */
void tsr_shadow_rmap_add(struct shadow *s, struct shadow_page *p, struct shadow_context *c,
			 unsigned view, uint32_t page, const uint8_t *host);
void tsr_shadow_rmap_drop(struct shadow *s, struct shadow_page *p,
			  bool reads); /* write entries, and read entries */

/* -- trace.c: page tables */
void tsr_shadow_attach_pd(struct shadow *s, struct shadow_context *c, unsigned number, tsr_gpa gpa);
void tsr_shadow_detach_pd(struct shadow *s, struct shadow_context *c, unsigned number);
void tsr_shadow_attach_slot(struct shadow *s, struct shadow_context *c, unsigned slot, tsr_gpa pt,
			    uint8_t *host);
void tsr_shadow_drop_slot(struct shadow *s, struct shadow_context *c, unsigned slot, bool keep_tag);
void tsr_shadow_use_add(struct shadow *s, uint32_t pfn, enum shadow_use_kind kind, unsigned owner,
			unsigned slot);
void tsr_shadow_use_remove(struct shadow *s, uint32_t pfn, enum shadow_use_kind kind,
			   unsigned owner, unsigned slot);
void tsr_shadow_page_written(struct shadow *s, tsr_gpa gpa, uint32_t length); /* within one page */
void tsr_shadow_trace_code(struct shadow *s, tsr_gpa gpa, bool on);

/* -- fetch-set.c: tags */
uint64_t tsr_shadow_new_tag(struct shadow *s);
void tsr_shadow_set_select(struct shadow *s, struct shadow_context *c);
void tsr_shadow_fetched(struct shadow *s, struct shadow_context *c, unsigned view, tsr_gla gla,
			uint64_t pde, uint32_t pt_pfn); /* SHADOW_PFN_NONE: a large page */
bool tsr_shadow_is_fetched(struct shadow_context *c, unsigned view, uint32_t page);
void tsr_shadow_set_pages_changed(struct shadow *s, struct shadow_set *set, uint32_t first,
				  uint32_t count);
void tsr_shadow_set_lost_table(struct shadow *s, struct shadow_set *set, unsigned slot);
void tsr_shadow_set_pde_changed(struct shadow *s, struct shadow_context *c, unsigned slot);
void tsr_shadow_user_changed(struct shadow *s, struct shadow_context *c, uint32_t first,
			     uint32_t count);
void tsr_shadow_change_all_tags(struct shadow *s);
/* Updates the vCPUs' published tags; notifies the listeners if `tell` is set and something changed.
 */
void tsr_shadow_publish(struct shadow *s, bool tell);

/* -- walk.c: page walks */
struct shadow_walk {
	struct shadow_context *holder; /* whose entries a fill makes; NULL: nobody's */
	uint64_t pde, pte;             /* pte 0 for large pages */
	uint8_t *pde_at, *pte_at;      /* NULL: not plain memory */
	tsr_gpa pde_gpa, pte_gpa;      /* after A20 */
	unsigned slot;
	bool large;
	bool plain;     /* all tables in RAM: what is found may be kept */
	tsr_gpa gpa;    /* of the 4 KiB page */
	uint32_t allow; /* TSR_PTE_RW, TSR_PTE_US as all levels give them */
	bool nx;
	uint32_t error; /* of a failed walk: 0 or TSR_PF_P | TSR_PF_RSVD */
};
/* `attach`: trace the directory (fill); else without side effects (probe). */
bool tsr_shadow_walk(struct shadow *s, struct shadow_context *c, tsr_gla gla, bool attach,
		     struct shadow_walk *w);
/* As tsr_phys.lookup, for all but probes. */
void tsr_shadow_lookup(struct shadow *s, tsr_gpa gpa, struct tsr_phys_page *page);
void tsr_shadow_forget_pages(struct shadow *s, tsr_gpa gpa, uint64_t length);
uint64_t tsr_shadow_read_pde(struct shadow *s, struct shadow_context *c, unsigned slot);
void tsr_shadow_set_bits(struct shadow *s, uint8_t *at, tsr_gpa gpa, uint32_t bits);

/* -- common.c: what address spaces have in common */
void tsr_shadow_common_init(struct shadow *s); /* before the jail closes */
void tsr_shadow_common_finish(struct shadow *s);
void tsr_shadow_common_destroy(struct shadow *s, struct shadow_vcpu *v);
void tsr_shadow_common_flush(struct shadow *s, struct shadow_common *k);
void tsr_shadow_common_join(struct shadow *s, struct shadow_vcpu *v, struct shadow_context *c);
/* The context is about to run, or runs and lost its directory: what is common is also its own. */
void tsr_shadow_common_agree(struct shadow *s, struct shadow_context *c);
void tsr_shadow_common_pde_changed(struct shadow *s, struct shadow_context *c, unsigned slot);
struct shadow_context *tsr_shadow_common_holder(struct shadow *s, struct shadow_context *c,
						uint32_t page, const struct shadow_walk *w);
void tsr_shadow_common_note(struct shadow_context *c, unsigned slot, uint64_t pde, bool is_new);

/* Of a linear page in the upper half. */
static inline unsigned shadow_granule(uint32_t page)
{
	return (page - SHADOW_COMMON_FIRST) >> SHADOW_GRANULE_SHIFT;
}

/* Does the supervisor view have the page's entries from what is common? */
static inline bool shadow_is_common(const struct shadow_context *c, uint32_t page)
{
	return page >= SHADOW_COMMON_FIRST && shadow_bit(c->is_common, shadow_granule(page));
}

#endif
