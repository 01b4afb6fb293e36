/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The fake machine's insides, shared by its files. */
#ifndef FAKE_PRIVATE_H
#define FAKE_PRIVATE_H

#include <stdlib.h>
#include <string.h>

#include <tessera/draft/a20.h>
#include <tessera/draft/display-hints.h>
#include <tessera/draft/isa-dma.h>
#include <tessera/draft/option-rom.h>
#include <tessera/draft/pci-host.h>
#include <tessera/draft/shadow-ram.h>

#include "fake-host.h"

#define FAKE_ROWS 128
#define FAKE_DEVICES 32

struct fake_text_row {
	char name[96];
	char value[160];
	bool (*changed)(void *self, const char *name, struct tsr_error *error);
	void *changed_self;
};

struct fake_line {
	struct fake_line *next;
	struct fake_device *device;
	char name[64];
	struct tsr_irq irq;
	int level;
	unsigned edges;
};

/* A host pointer as a device holds it: the instance's own, or that of one of its PCI functions. */
struct fake_host_ref {
	struct tsr_host host; /* first */
	struct fake_device *device;
	struct tsr_pci_function *function; /* NULL: the instance itself */
};

struct fake_device {
	struct fake_host_ref ref;
	const struct tsr_device_class *class;
	char id[64];
	char plugin[96];   /* "ID VERSION" of its manifest */
	char library[128]; /* of its manifest */
	bool is_script;    /* its manifest has a language */
	char script[1280]; /* the path of the library, if that is a script */
	bool strict;       /* has a manifest */
	uint32_t state_version;
	struct fake_text_row rows[FAKE_ROWS];
	unsigned row_count;
	void *self;
};

enum fake_region_kind { FAKE_IO, FAKE_BYTES, FAKE_ALIAS };

struct tsr_region {
	struct tsr_region *next;
	struct fake_device *device;
	enum fake_region_kind kind;
	bool ports, enabled;
	uint64_t base, length;
	int priority;
	unsigned flags; /* enum tsr_memory_flags */
	const struct tsr_io_ops *ops;
	void *self;
	uint8_t *bytes;
	uint8_t *dirty; /* one byte per page */
	struct tsr_region *target;
	uint64_t target_offset;
	uint32_t rom_image; /* bytes of an option ROM's image; 0: it is none */
	char rom_name[48];  /* of its resource */
};

struct fake_machine {
	bool started;
	const char *folder; /* of the manifests */
	struct fake_device *devices[FAKE_DEVICES];
	unsigned device_count;
	struct tsr_region *regions;
	struct fake_line *lines;
	uint8_t *ram;
	uint8_t shadow[256]; /* per page below 1 MiB: 1 reads, 2 writes go to RAM */
	bool a20;
	uint64_t now, wall_base;
	struct tsr_timer *timers;
	struct fake_job *jobs;
	struct fake_watch *watches;
	unsigned watch_id;
	uint64_t random;
	uint64_t trace; /* a sum over all DMA and all changes of lines, in order and with their
			   times */
	struct fake_requests requests;
	char *log;
	size_t log_length;
	unsigned log_counts[4];
	struct fake_need {
		char name[64];
		struct tsr_interface interface;
	} needs[32];
	struct {
		const char *name;
		const void *table;
	} tables[16];
};

extern struct fake_machine fake;

struct fake_device *fake_device_of(const struct tsr_host *host);
struct fake_device *fake_device_find(void *self);
const char *fake_row_get(struct fake_device *d, const char *name); /* NULL: no such row */
struct fake_text_row *fake_row_find(struct fake_device *d, const char *name);
void fake_row_set(struct fake_device *d, const char *name, const char *value);
/* Dies when the device has a manifest without the property. */
struct fake_text_row *fake_property(const struct tsr_host *host, const char *name);
/* Takes over the manifest of an id, or of a path. */
void fake_manifest_read(struct fake_device *d, const char *id);
_Noreturn void fake_die(const char *format, ...) TSR_PRINTF(1, 2);

struct tsr_region *fake_region_new(struct fake_device *d, enum fake_region_kind kind, uint64_t base,
				   uint64_t length);
void fake_region_remove(struct tsr_region *region);
/* A number of the manifest's resource, such as its base; dies without it. */
uint64_t fake_resource_number(struct fake_device *d, const char *name, const char *key);
/* Disarms the device's timers. */
void fake_clock_cancel(const struct fake_device *d);
void fake_clock_free(void);
void fake_work_free(void); /* but jobs */
void fake_space_free(void);
void fake_pci_free(void);
void fake_pci_reset(struct fake_device *d);
/* Configuration spaces and INTx levels of all functions, in the order of their making; put: free
 * the result. */
uint8_t *fake_pci_put(void);
void fake_pci_get(const uint8_t *from);
/* The length of what put gives: so many bytes for each function. */
#define FAKE_PCI_SAVED 257u
size_t fake_pci_size(void);
void fake_pci_fuzz(uint64_t *seed);
/* `lines` with the INTx levels of all functions below it, a bit each. */
uint64_t fake_pci_lines(uint64_t lines);
void fake_ui_free(void);
bool fake_ui_has_display(void);
bool fake_ui_has_input(void);
/* The path of one of a state's fields: `number` modulo their count. "" without fields. */
const char *fake_state_path(const struct fake_state *state, unsigned number);
/* Adds to the trace. */
void fake_trace(uint64_t value);
void fake_trace_bytes(const void *bytes, size_t length);

extern const struct tsr_properties fake_properties_table;
extern const struct tsr_io fake_io_table;
extern const struct tsr_memory fake_memory_table;
extern const struct tsr_shadow_ram fake_shadow_ram_table;
extern const struct tsr_a20 fake_a20_table;
extern const struct tsr_dma fake_dma_table;
extern const struct tsr_pci fake_pci_table;
extern const struct tsr_pci_fixed fake_pci_fixed_table;
extern const struct tsr_pci_host fake_pci_host_table;
extern const struct tsr_display_table fake_display_tbl;
extern const struct tsr_display_hints fake_display_hints_table;
extern const struct tsr_option_rom fake_option_rom_table;
extern const struct tsr_isa_channels fake_isa_channels_table;
extern const struct tsr_input fake_input_table;
extern const struct tsr_bus fake_bus_table;
extern const struct tsr_clock fake_clock_table;
extern const struct tsr_worker fake_worker_table;

#endif
