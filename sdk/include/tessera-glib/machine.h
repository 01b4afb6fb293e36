/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A machine: the control plane's view of it. Every function is [main]: called on the thread that owns the GLib main context the
 * machine was made on. Signals are emitted there.
 */
#ifndef TESSERA_GLIB_MACHINE_H
#define TESSERA_GLIB_MACHINE_H

#include <gio/gio.h>

#include "bus.h"
#include "registry.h"

G_BEGIN_DECLS

/**
 * TsrMachineState:
 * @TSR_MACHINE_LOADED: plugins are instantiated and wired
 * @TSR_MACHINE_RUNNING: the guest runs
 * @TSR_MACHINE_PAUSED: the guest and its clock stand still
 * @TSR_MACHINE_STOPPED: it is over; the exit status says how
 */
typedef enum { TSR_MACHINE_LOADED, TSR_MACHINE_RUNNING, TSR_MACHINE_PAUSED, TSR_MACHINE_STOPPED } TsrMachineState;

#define TSR_MACHINE_ERROR (tsr_machine_error_quark())
GQuark tsr_machine_error_quark(void);
typedef enum {
	TSR_MACHINE_ERROR_FAILED,
	TSR_MACHINE_ERROR_INVALID,
	TSR_MACHINE_ERROR_NOT_FOUND,
	TSR_MACHINE_ERROR_STATE, /* not in this state of the life cycle */
	TSR_MACHINE_ERROR_IO,
	TSR_MACHINE_ERROR_VERSION,
} TsrMachineError;

/* Exit statuses (DESIGN, Failure). */
#define TSR_EXIT_POWERED_OFF 0
#define TSR_EXIT_MACHINE_FAILED 1
#define TSR_EXIT_USAGE 2
#define TSR_EXIT_GUEST_ERROR 3
#define TSR_EXIT_TIMEOUT 124

#define TSR_TYPE_MACHINE (tsr_machine_get_type())
/* The cast is TSR_MACHINE_OBJECT(): TSR_MACHINE names a table of the device ABI. */
G_DECLARE_FINAL_TYPE(TsrMachine, tsr_machine, TSR, MACHINE_OBJECT, GObject)

/*
 * Signals:
 *   state-changed (TsrMachineState state)
 *   stopped (int exit_status, const char *why)
 *   event (const char *instance, const char *event, const char *detail)   what instances emit on the bus: "output" of a
 *          chardev with kind=signal, "media-changed", "leds", …
 *   display-changed (guint display, guint width, guint height)
 *   line-changed (const char *line, int level)                            with a tap on the line only
 *   device-fault (const char *instance, const char *what)
 *   guest-panicked (const char *why)                                      triple fault
 * Properties: name (string), state (TsrMachineState), exit-status (int)
 */

/**
 * tsr_machine_new_from_file:
 * @registry: where the plugins are
 * @file: a machine manifest's path, or a preset's name
 * @overrides: (array zero-terminated=1) (nullable): NAME.PROPERTY=VALUE, and options as on the command line without their dashes
 *             ("kernel=FILE", "serial=signal", "memory=64M")
 *
 * Loads, wires and realizes a machine; nothing runs yet. Returns: (transfer full): the machine, or NULL with @error set
 */
TsrMachine *tsr_machine_new_from_file(TsrRegistry *registry, const char *file, const char *const *overrides, GError **error);

const char *tsr_machine_get_name(TsrMachine *self);
TsrMachineState tsr_machine_get_state(TsrMachine *self);
int tsr_machine_get_exit_status(TsrMachine *self);
/**
 * tsr_machine_get_bus:
 * Returns: (transfer none): the machine's bus
 */
TsrBus *tsr_machine_get_bus(TsrMachine *self);

/* Life cycle. start: reset and run (or go on from a loaded state). All return FALSE with @error in the wrong state. */
gboolean tsr_machine_start(TsrMachine *self, GError **error);
gboolean tsr_machine_pause(TsrMachine *self, GError **error);
gboolean tsr_machine_resume(TsrMachine *self, GError **error);
gboolean tsr_machine_reset(TsrMachine *self, GError **error);
/* The power switch: stops the machine at once with that exit status. Harmless when stopped. */
void tsr_machine_stop(TsrMachine *self, int exit_status, const char *why);
/* Iterates the main context until the machine is stopped; starts it if it is only loaded. Returns the exit status. */
int tsr_machine_run(TsrMachine *self, GError **error);

/* The whole machine's state in a file, written beside and renamed; pauses while it does. load: in state LOADED, into a machine
 * of the same make; refuses before anything is changed when the file does not fit. */
gboolean tsr_machine_save(TsrMachine *self, const char *path, GError **error);
gboolean tsr_machine_load(TsrMachine *self, const char *path, GError **error);

/**
 * tsr_machine_list_instances:
 * Returns: (transfer full) (array zero-terminated=1): names
 */
char **tsr_machine_list_instances(TsrMachine *self);
/* A property of an instance as text; NULL with @error. */
char *tsr_machine_get_instance_property(TsrMachine *self, const char *instance, const char *property, GError **error);
gboolean tsr_machine_set_instance_property(TsrMachine *self, const char *instance, const char *property, const char *value,
					   GError **error);

/* Displays. A picture is 32-bit XRGB8888. */
guint tsr_machine_get_n_displays(TsrMachine *self);
/**
 * tsr_machine_get_frame:
 * @serial: (inout): the serial of the frame the caller has, 0 for none
 * @width: (out): in pixels
 * @height: (out): in pixels
 *
 * Returns: (transfer full) (nullable): pixels of the display, width * 4 bytes a row; NULL if nothing changed since @serial
 */
GBytes *tsr_machine_get_frame(TsrMachine *self, guint display, guint64 *serial, guint *width, guint *height);
gboolean tsr_machine_screenshot(TsrMachine *self, guint display, const char *png_path, GError **error);
/* The text on a text-mode screen, or NULL in graphics modes. (transfer full) */
char *tsr_machine_get_screen_text(TsrMachine *self, guint display);

/* Input. Codes as in linux/input-event-codes.h; buttons: 1 left, 2 right, 4 middle. */
void tsr_machine_send_key(TsrMachine *self, guint code, gboolean down);
void tsr_machine_send_pointer(TsrMachine *self, int dx, int dy, int wheel, guint buttons);
void tsr_machine_send_pointer_absolute(TsrMachine *self, guint x, guint y, int wheel, guint buttons);

/* Counters of CPU, MMU and machine, a "name value" a line. (transfer full) */
char *tsr_machine_get_stats(TsrMachine *self);

/* Taps: emit line-changed for a line "INSTANCE:RESOURCE" or "PROVIDER:INPUT". */
gboolean tsr_machine_tap_line(TsrMachine *self, const char *line, gboolean on, GError **error);

/* For plugins of the control plane (kind ui): host->get(host, TSR_GMACHINE) is the TsrMachine they belong to; not owned. */
#define TSR_GMACHINE "tessera.gmachine/1"

G_END_DECLS

#endif
