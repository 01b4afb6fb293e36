/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A machine for unit tests of devices: it has every table of host.h, pci.h, display.h and input.h,
 * without a core. A process has one fake machine; fake_start() makes a new one. When a device
 * misuses the ABI (an unknown property, a duplicate state field, a bad BAR), the test aborts with
 * a message. All functions are for the test's main thread.
 *
 * The sources of the device are compiled into its test, which is linked with pkg-config's
 * tessera-fake-host; its plugin entry gives the class. In Tessera's own tree:
 *
 *	set(device ${CMAKE_SOURCE_DIR}/plugins/devices/uart-16550a)
 *	tessera_add_test(test-uart-16550a SOURCES test-uart-16550a.c ${device}/uart.c
 *		LIBRARIES tessera-fake-host)
 *
 *	static void transmits_a_byte(void)
 *	{
 *		fake_start();
 *		fake_connect("backend", &my_chardev_table, &my_chardev); // [Needs backend]
 *		void *uart = fake_device_new(NULL, "uart-16550a", (struct fake_row[]){
 *			{ "resource.regs.base", "0x2f8" }, // as in a machine manifest;
 *			{ "fifo", "true" }, // else the default
 *			{ NULL, NULL } });
 *		fake_port_write(0x2f9, 2, 1); // port, value, width
 *		fake_clock_advance(1000000); // ns; timers fire in order
 *		CU_ASSERT_EQUAL(fake_irq_level("irq"), 1); // the manifest's [Resource irq]
 *		CU_ASSERT(fake_device_round_trip(uart)); // the same after a load
 *		fake_device_fuzz_registers(1, 100000);
 *		fake_finish();
 *	}
 */
#ifndef FAKE_HOST_H
#define FAKE_HOST_H

#include <tessera/tessera.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A key and its value as in an [Instance] group: a property, `resource.NAME.KEY`, `address` (DD.F).
 */
struct fake_row {
	const char *name;
	const char *value;
};

/* -- machine */
/* The folder in which manifests are looked up by id; a build may define another. */
#ifndef FAKE_MANIFESTS
#define FAKE_MANIFESTS "."
#endif

/* Starts an empty machine: 16 MiB of RAM, clock at 0, wall clock at 2000-01-01 00:00:00 UTC. The
 * manifests are in `folder`, a string that stays valid until fake_finish. */
void fake_start_in(const char *folder);

/* The same with FAKE_MANIFESTS. */
static inline void fake_start(void)
{
	fake_start_in(FAKE_MANIFESTS);
}

void fake_finish(void); /* detaches all devices in reverse order and frees everything */

/* -- devices */
/* Makes a device. `device_class`: NULL for that of the plugin entry in the test. `id` names the
 * manifest ID.plugin in the folder of the manifests, and the instance; a name that ends with
 * ".plugin" is the manifest's path, whose id names the instance. NULL: without a manifest all rows
 * are accepted. `rows` ends with a NULL name, and may be NULL. Returns the instance after attach,
 * realize and a power-on reset; aborts when attach fails. */
void *fake_device_new(const struct tsr_device_class *device_class, const char *id,
		      const struct fake_row *rows);
/* The same, but attach may fail: then NULL and error. */
void *fake_device_try(const struct tsr_device_class *device_class, const char *id,
		      const struct fake_row *rows, struct tsr_error *error);
void fake_device_delete(void *self);
void fake_device_reset(void *self, enum tsr_reset kind);
const void *fake_device_interface(void *self, const char *interface);
const struct tsr_host *fake_device_host(void *self);
bool fake_device_set(void *self, const char *property, const char *value,
		     struct tsr_error *error); /* as a user does while the machine runs */
const char *fake_device_get(void *self, const char *property);
/* Random reads and writes of every claimed port, MMIO range, BAR and configuration space. Time
 * passes meanwhile, and work completes. */
void fake_device_fuzz_registers(uint64_t seed, unsigned count);

/* What a need is connected to, for all devices that are made from now on. Without a table: not
 * connected. */
void fake_connect(const char *need, const void *table, void *self);

/* Adds a host table of the test ("tessera.phys/1"), or replaces one, until fake_finish. */
void fake_host_table(const char *name, const void *table);

/* -- state. Saved fields have paths: "group/field". */
struct fake_state;
struct fake_state *fake_device_save(void *self);
bool fake_device_load(void *self, struct fake_state *state, uint32_t version,
		      struct tsr_error *error);
/* What `save` writes, and `load` with it: for functions that are not a device's own save and load.
 */
struct fake_state *fake_state_of(void (*save)(void *self, struct tsr_state_writer *out),
				 void *self);
bool fake_state_give(struct fake_state *state, uint32_t version,
		     bool (*load)(void *self, struct tsr_state_reader *in, struct tsr_error *error),
		     void *self, struct tsr_error *error);
bool fake_device_round_trip(void *self); /* false: prints the first field that differs */
void fake_state_free(struct fake_state *state);
bool fake_state_remove(struct fake_state *state,
		       const char *path); /* as if an older version had not written it */
bool fake_state_same(const struct fake_state *a,
		     struct fake_state *b); /* false: prints the first field that differs */
bool fake_state_set(struct fake_state *state, const char *path,
		    uint64_t value); /* an integer field */
/* Replaces integers by random bits and bytes by random bytes: load must reject the state or survive
 * it. */
void fake_state_scramble(struct fake_state *state, uint64_t seed);

/* -- the whole machine. It is loaded into one that was made by the same calls and has just been
 * started. What is connected to its needs is not part of it. No work may be pending. */
struct fake_snapshot;
struct fake_snapshot *fake_machine_save(void);
bool fake_machine_load(const struct fake_snapshot *snapshot, struct tsr_error *error);
bool fake_snapshot_same(const struct fake_snapshot *a,
			const struct fake_snapshot *b); /* devices and memory */
void fake_snapshot_free(struct fake_snapshot *snapshot);

/* -- ports and physical memory, as the CPU sees them. Where nothing is, reads give all ones.
 * Widths: 1, 2, 4; memory: 8 */
uint32_t fake_port_read(uint16_t port, unsigned width);
void fake_port_write(uint16_t port, uint32_t value, unsigned width);
uint64_t fake_mmio_read(tsr_gpa gpa, unsigned width); /* RAM too */
void fake_mmio_write(tsr_gpa gpa, uint64_t value, unsigned width);
uint8_t *fake_ram(tsr_gpa gpa); /* host address of guest RAM, flat from 0 */
#define FAKE_RAM_SIZE (16u << 20)
bool fake_a20(void);

/* -- interrupt lines, by the name of the manifest's resource ("irq") or as "id/irq"; an unknown
 * name aborts */
int fake_irq_level(const char *name);
unsigned fake_irq_edges(const char *name); /* rising edges since the start */

/* -- clock */
uint64_t fake_clock_now(void);
void fake_clock_advance(uint64_t ns); /* timers expire, each at its deadline */
void fake_clock_advance_to(uint64_t ns);
uint64_t fake_clock_next(void);             /* earliest deadline, UINT64_MAX: none */
void fake_clock_set_wall(uint64_t seconds); /* since 1970: the wall clock's time now */

/* -- work */
void fake_workers_run(
	void); /* runs each submitted job and its `done`, also those submitted meanwhile */
unsigned fake_workers_pending(void);
void fake_poll(int timeout_ms); /* one poll(2) over the watched descriptors */

/* -- PCI. bdf: device << 3 | function. A device without `address` gets the first free slot from 1
 * on. */
uint32_t fake_pci_read(unsigned bdf, unsigned offset, unsigned width);
void fake_pci_write(unsigned bdf, unsigned offset, uint32_t value, unsigned width);
int fake_pci_intx(unsigned bdf);
unsigned fake_pci_of(void *self); /* bdf of the instance's first function */
/* Gives addresses to the function's BARs (I/O from C000h, memory from E0000000h) and turns decoding
 * and bus mastering on. */
void fake_pci_enable(unsigned bdf);
uint32_t fake_pci_bar(unsigned bdf, unsigned bar); /* its base, without the type bits */

/* -- display and input */
const uint32_t *fake_display_refresh(bool full, unsigned *width, unsigned *height, size_t *stride);
size_t fake_display_text(char *buffer, size_t length);
unsigned fake_display_damages(void); /* damage calls since the last refresh began */
/* The hardware cursor (tessera.display-hints/1): its image, NULL: it has none, and in *cursor the
 * rest; a viewer that draws it, or does not; a viewer that would like a picture of this size. */
struct fake_cursor {
	unsigned width, height, hot_x, hot_y;
	int x, y;
	bool visible;
};
const uint32_t *fake_display_cursor(struct fake_cursor *cursor);
void fake_display_draw_cursor(bool draws);
void fake_display_hint_mode(unsigned width, unsigned height);
void fake_key(unsigned code, bool down);
void fake_pointer(int dx, int dy, int wheel, unsigned buttons);
void fake_pointer_absolute(unsigned x, unsigned y, int wheel, unsigned buttons);
unsigned fake_leds(void);

/* -- requests of devices to the machine since the start */
struct fake_requests {
	unsigned power_offs, resets, stops;
	int reset_kind, exit_status; /* of the last */
	unsigned events;             /* tsr_bus.emit calls */
	char event[64], detail[256]; /* of the last */
};
const struct fake_requests *fake_requests(void);

/* -- log */
bool fake_log_contains(const char *text);
unsigned fake_log_count(enum tsr_log_level level);

/* A deterministic source of random numbers for tests. */
uint64_t fake_random(uint64_t *state);

#ifdef __cplusplus
}
#endif

#endif
