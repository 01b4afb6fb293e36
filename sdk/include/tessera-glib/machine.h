/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A machine: the control plane's view of it. Every function is [main]: called on the thread that
 * owns the GLib main context the machine was made on. Signals are emitted there.
 */
#ifndef TESSERA_GLIB_MACHINE_H
#define TESSERA_GLIB_MACHINE_H

#include <gio/gio.h>
#include <tessera/abi.h>

#include "bus.h"
#include "registry.h"

G_BEGIN_DECLS

/**
 * TsrMachineState:
 * @TSR_MACHINE_LOADED: its instances are made and connected
 * @TSR_MACHINE_RUNNING: the guest runs
 * @TSR_MACHINE_PAUSED: the guest and its clock stand still
 * @TSR_MACHINE_STOPPED: it has ended; the exit status says how
 *
 * The states of a machine.
 */
typedef enum {
	TSR_MACHINE_LOADED,
	TSR_MACHINE_RUNNING,
	TSR_MACHINE_PAUSED,
	TSR_MACHINE_STOPPED
} TsrMachineState;

#define TSR_TYPE_MACHINE_STATE (tsr_machine_state_get_type())
TSR_EXPORT GType tsr_machine_state_get_type(void) G_GNUC_CONST;

#define TSR_MACHINE_ERROR (tsr_machine_error_quark())
/**
 * tsr_machine_error_quark:
 *
 * Gets the domain of #TsrMachineError. [any]
 *
 * Returns: the domain
 */
TSR_EXPORT GQuark tsr_machine_error_quark(void);
/**
 * TsrMachineError:
 * @TSR_MACHINE_ERROR_FAILED: a plugin or the host could not do it
 * @TSR_MACHINE_ERROR_INVALID: a wrong manifest, option or value
 * @TSR_MACHINE_ERROR_NOT_FOUND: no file, plugin, interface, instance, property or display of that
 * name
 * @TSR_MACHINE_ERROR_STATE: not possible in the machine's state
 * @TSR_MACHINE_ERROR_IO: a file cannot be read or written
 * @TSR_MACHINE_ERROR_VERSION: a plugin or a saved state of another version
 *
 * Errors of machines, registries and manifests. The message is one line for the user: what is
 * wrong, where, and what to do.
 */
typedef enum {
	TSR_MACHINE_ERROR_FAILED,
	TSR_MACHINE_ERROR_INVALID,
	TSR_MACHINE_ERROR_NOT_FOUND,
	TSR_MACHINE_ERROR_STATE,
	TSR_MACHINE_ERROR_IO,
	TSR_MACHINE_ERROR_VERSION,
} TsrMachineError;

/* Exit statuses of a machine, and of `tessera run`. */
/**
 * TSR_EXIT_POWERED_OFF:
 *
 * Exit status: the guest switched itself off, or a user ended the machine.
 */
#define TSR_EXIT_POWERED_OFF 0
/**
 * TSR_EXIT_MACHINE_FAILED:
 *
 * Exit status: a plugin or the host could not go on.
 */
#define TSR_EXIT_MACHINE_FAILED 1
/**
 * TSR_EXIT_USAGE:
 *
 * Exit status: a wrong option, value or manifest.
 */
#define TSR_EXIT_USAGE 2
/**
 * TSR_EXIT_GUEST_ERROR:
 *
 * Exit status: the guest stopped in error, say by a triple fault.
 */
#define TSR_EXIT_GUEST_ERROR 3
/**
 * TSR_EXIT_TIMEOUT:
 *
 * Exit status: the time limit ran out.
 */
#define TSR_EXIT_TIMEOUT 124

#define TSR_TYPE_MACHINE (tsr_machine_get_type())
/**
 * TsrMachine:
 *
 * A machine made of plugins. It is made loaded, started once, and stopped once; dropping the last
 * reference takes it apart. In C the cast is TSR_MACHINE_OBJECT(): TSR_MACHINE names a table of the
 * device ABI.
 */
TSR_EXPORT G_DECLARE_FINAL_TYPE(TsrMachine, tsr_machine, TSR, MACHINE_OBJECT, GObject)

/**
 * TsrMachine:name:
 *
 * The name that the machine manifest gives.
 */

/**
 * TsrMachine:state:
 *
 * Where the machine is in its life.
 */

/**
 * TsrMachine:exit-status:
 *
 * The exit status of a stopped machine: 0 to 255, which `tessera run` exits with.
 */

/**
 * TsrMachine::state-changed:
 * @self: the machine
 * @state: the new state
 *
 * The machine changed to another state.
 */

/**
 * TsrMachine::stopped:
 * @self: the machine
 * @exit_status: as tsr_machine_get_exit_status() says
 * @why: one line for the user
 *
 * The machine has ended. Emitted once, after state-changed.
 */

/**
 * TsrMachine::event:
 * @self: the machine
 * @instance: the instance that emits it, or "machine"
 * @event: what happened: "output" of a serial line with kind=signal, "media-changed", "leds", …;
 * also the signal's detail
 * @detail: more about it, as the plugin's README says
 *
 * An instance reports an event.
 */

/**
 * TsrMachine::display-changed:
 * @self: the machine
 * @display: which one, from 0
 * @width: in pixels
 * @height: in pixels
 *
 * The picture of a display has another size.
 */

/**
 * TsrMachine::line-changed:
 * @self: the machine
 * @line: as given to tsr_machine_tap_line()
 * @level: 0 or 1
 *
 * The level of a line with a tap has changed.
 */

/**
 * TsrMachine::device-fault:
 * @self: the machine
 * @instance: the device
 * @what: one line for the user
 *
 * A device or back end cannot do its work, say because a disk image cannot be written.
 */

/**
 * TsrMachine::guest-panicked:
 * @self: the machine
 * @why: "triple fault"
 *
 * The guest's processor shut down. Afterwards the machine is reset or stopped, as its manifest
 * says.
 */

/**
 * tsr_machine_new_from_file:
 * @registry: where the plugins are
 * @file: a machine manifest's path, or a preset's name
 * @overrides: (array zero-terminated=1) (nullable): NAME.PROPERTY=VALUE, and options as on the
 *             command line without their dashes ("kernel=FILE", "serial=signal", "memory=64M",
 *             "trust", "add=NAME=PLUGIN,KEY=VALUE")
 *
 * Makes a machine: loads its plugins, makes and connects its instances. Nothing runs yet. When a
 * step fails, what was made is taken apart again. A manifest that names files outside of its own
 * folder is refused, unless it is an installed preset or "trust" is among the overrides. [main]
 *
 * Returns: (transfer full): the machine, or NULL with @error set
 */
TSR_EXPORT TsrMachine *tsr_machine_new_from_file(TsrRegistry *registry, const char *file,
						 const char *const *overrides, GError **error);

/**
 * tsr_machine_new_remote:
 * @where: "unix:PATH", the control socket of a machine that runs in another process
 *
 * Gets a machine that runs in another process, such as `tessera run --control` starts. Functions
 * and signals are those of a machine in this process, with these differences: keys and pointer
 * movements are sent without waiting for the machine; dropping the last reference leaves the
 * machine as it is; when its process ends, the machine is stopped and its functions fail. Media
 * (the property `file`), states and screenshots that are named are opened by this process, and the
 * machine's works on the open files, so that it may be confined (tsr_machine_enter_jail()). A call
 * that is not answered fails after ten seconds, one that reads or writes the state after ten
 * minutes. [main]
 *
 * Returns: (transfer full): the machine, or NULL with @error set
 */
TSR_EXPORT TsrMachine *tsr_machine_new_remote(const char *where, GError **error);

/**
 * tsr_machine_get_name:
 * @self: a machine
 *
 * Gets the name that the machine manifest gives. [main]
 *
 * Returns: (transfer none): the name
 */
TSR_EXPORT const char *tsr_machine_get_name(TsrMachine *self);
/**
 * tsr_machine_get_state:
 * @self: a machine
 *
 * Gets the state of the machine. [main]
 *
 * Returns: the state
 */
TSR_EXPORT TsrMachineState tsr_machine_get_state(TsrMachine *self);
/**
 * tsr_machine_get_exit_status:
 * @self: a machine
 *
 * Gets how a stopped machine ended. [main]
 *
 * Returns: 0 to 255: 0 the guest powered off, 1 the machine failed, 3 the guest stopped in error,
 *          124 the time limit ran out, or what the guest or the user said
 */
TSR_EXPORT int tsr_machine_get_exit_status(TsrMachine *self);
/**
 * tsr_machine_get_bus:
 * @self: a machine
 *
 * Gets the machine's bus. [main]
 *
 * Returns: (transfer none): the machine's bus
 */
TSR_EXPORT TsrBus *tsr_machine_get_bus(TsrMachine *self);

/* Life cycle. */
/**
 * tsr_machine_start:
 * @self: a machine
 *
 * Switches a loaded machine on, or resumes it from the saved state that was loaded into it. [main]
 *
 * Returns: TRUE, or FALSE with @error set: it was started before
 */
TSR_EXPORT gboolean tsr_machine_start(TsrMachine *self, GError **error);
/**
 * tsr_machine_pause:
 * @self: a machine
 *
 * Pauses the guest and its clock. Returns when no processor executes guest code. [main]
 *
 * Returns: TRUE, or FALSE with @error set: it does not run
 */
TSR_EXPORT gboolean tsr_machine_pause(TsrMachine *self, GError **error);
/**
 * tsr_machine_resume:
 * @self: a machine
 *
 * Resumes a paused machine. [main]
 *
 * Returns: TRUE, or FALSE with @error set: it is not paused
 */
TSR_EXPORT gboolean tsr_machine_resume(TsrMachine *self, GError **error);
/**
 * tsr_machine_reset:
 * @self: a machine
 *
 * Presses the reset button of a machine that runs or is paused. The reset happens after the call.
 * [main]
 *
 * Returns: TRUE, or FALSE with @error set: it is neither
 */
TSR_EXPORT gboolean tsr_machine_reset(TsrMachine *self, GError **error);
/**
 * tsr_machine_stop:
 * @self: a machine
 * @exit_status: 0 to 255
 * @why: (nullable): one line for the user
 *
 * The power switch: stops the machine at once; the signal stopped follows. Does nothing when it is
 * stopped. [main]
 */
TSR_EXPORT void tsr_machine_stop(TsrMachine *self, int exit_status, const char *why);
/**
 * tsr_machine_run:
 * @self: a machine
 *
 * Starts the machine if it is only loaded, and iterates the main context until it is stopped.
 * [main]
 *
 * Returns: the exit status
 */
TSR_EXPORT int tsr_machine_run(TsrMachine *self, GError **error);

/**
 * tsr_machine_enter_jail:
 * @self: a machine that was not started, or one in another process
 *
 * Takes from the whole process, for ever, what a machine that has opened its files does not need
 * any more: capabilities, files by their path, new programs, new executable memory, and sockets if
 * it has no network. It is the last thing to do before tsr_machine_load_fd() or
 * tsr_machine_start(): what is opened by path, also by libraries, must be open. What the host
 * cannot give is left out, and a machine with a plugin that cannot work in a jail gets none;
 * tsr_machine_get_jail() tells. Of a machine in another process: takes from this one what the user
 * interfaces that tsr_machine_show() has opened do not need. The option `upgrades` of the machine
 * (docs/MANIFESTS.md) leaves what tsr_machine_upgrade() needs. [main]
 */
TSR_EXPORT void tsr_machine_enter_jail(TsrMachine *self);
/**
 * tsr_machine_can_enter_jail:
 * @self: a machine
 *
 * Says whether tsr_machine_enter_jail() would confine this process at all. [main]
 *
 * Returns: FALSE if a plugin of the machine cannot work in a jail, or this build has none
 */
TSR_EXPORT gboolean tsr_machine_can_enter_jail(TsrMachine *self);
/**
 * tsr_machine_get_jail:
 * @self: a machine
 *
 * Gets how the machine's process is confined: "full", "partial: REASON" or "off: REASON"; of a
 * machine in another process also "unknown: REASON", if its version of Tessera is older. [main]
 *
 * Returns: (transfer none): the text; it belongs to the machine
 */
TSR_EXPORT const char *tsr_machine_get_jail(TsrMachine *self);

/* Saved states. */
/**
 * tsr_machine_save:
 * @self: a machine
 * @path: (type filename): the file; a new file is written next to it and renamed
 *
 * Writes the state of the whole machine to a file. The guest of a running machine stands still
 * meanwhile. Its media are on stable storage before the state is, and the state and its name when
 * this returns; if any of that fails, the save has failed. [main]
 *
 * Returns: TRUE, or FALSE with @error set
 */
TSR_EXPORT gboolean tsr_machine_save(TsrMachine *self, const char *path, GError **error);
/**
 * tsr_machine_save_fd:
 * @self: a machine
 * @fd: an empty file that is open for writing; it stays the caller's
 * @name: the file's name, for messages
 *
 * Writes the state of the whole machine to an open file, and waits until the host's disk has it.
 * For a process that may not open files itself: the caller makes a new file, and renames it once
 * this has succeeded. After a failure the file's contents are undefined. [main]
 *
 * Returns: TRUE, or FALSE with @error set
 */
TSR_EXPORT gboolean tsr_machine_save_fd(TsrMachine *self, int fd, const char *name, GError **error);
/**
 * tsr_machine_snapshot_fd:
 * @self: a machine
 * @state: an empty file that is open for writing; it stays the caller's
 * @name: its name, for messages
 * @disks: (array zero-terminated=1): the instances of all disks that the guest writes for good
 * @paths: (array zero-terminated=1): for each of them the absolute path of its new layer
 * @layers: for each of them that file, open for reading and writing: an empty layer
 *   (tessera/draft/disk-layer.h) above what the disk has now
 * @error: why not
 *
 * Writes the state of the whole machine, and has its disks written to new layers from then on, so
 * that what they had until then belongs to the state. The guest stands still meanwhile, and does
 * not notice. After a failure the disks are as they were. tsr_snapshots_take() makes the files and
 * keeps the books. [main]
 *
 * Returns: TRUE, or FALSE with @error set
 */
TSR_EXPORT gboolean tsr_machine_snapshot_fd(TsrMachine *self, int state, const char *name,
					    const char *const *disks, const char *const *paths,
					    GUnixFDList *layers, GError **error);
/**
 * tsr_machine_load:
 * @self: a machine
 * @path: (type filename): a file that tsr_machine_save() wrote
 *
 * Loads a saved state into a machine of the same kind that was not started yet. A state that does
 * not fit is rejected before anything is changed, also when a medium was written since. [main]
 *
 * Returns: TRUE, or FALSE with @error set
 */
TSR_EXPORT gboolean tsr_machine_load(TsrMachine *self, const char *path, GError **error);
/**
 * TsrMachineLoadFlags:
 * @TSR_MACHINE_LOAD_DEFAULT: what does not fit is rejected
 * @TSR_MACHINE_LOAD_FORCE_MEDIUM: media may have other contents than when the state was saved,
 * which is logged as a warning; the guest may damage their file systems
 *
 * How a state is loaded.
 */
typedef enum {
	TSR_MACHINE_LOAD_DEFAULT = 0,
	TSR_MACHINE_LOAD_FORCE_MEDIUM = 1 << 0
} TsrMachineLoadFlags;
/**
 * tsr_machine_load_full:
 * @self: a machine
 * @path: (type filename): a file that tsr_machine_save() wrote
 * @flags: what to accept
 *
 * As tsr_machine_load(). [main]
 *
 * Returns: TRUE, or FALSE with @error set
 */
TSR_EXPORT gboolean tsr_machine_load_full(TsrMachine *self, const char *path,
					  TsrMachineLoadFlags flags, GError **error);
/**
 * tsr_machine_load_fd:
 * @self: a machine
 * @fd: a regular file that is open for reading, with a saved state; it stays the caller's
 * @name: the file's name, for messages
 * @flags: what to accept
 *
 * Does what tsr_machine_load_full() does with an open file. [main]
 *
 * Returns: TRUE, or FALSE with @error set
 */
TSR_EXPORT gboolean tsr_machine_load_fd(TsrMachine *self, int fd, const char *name,
					TsrMachineLoadFlags flags, GError **error);

/* Instances and their properties. */
/**
 * tsr_machine_hash_state:
 * @self: a machine
 *
 * Computes a SHA-256 over the guest's memory and the saved state of clock, lines, PCI bus and every
 * instance. Two runs of a deterministic machine have the same hash at the same instruction count.
 * The guest stands still meanwhile. [main]
 *
 * Returns: (transfer full) (nullable): the hash in hexadecimal; NULL with @error before the machine
 * has started
 */
TSR_EXPORT char *tsr_machine_hash_state(TsrMachine *self, GError **error);

/**
 * tsr_machine_list_instances:
 * @self: a machine
 *
 * Lists the machine's instances in the order in which they were made. [main]
 *
 * Returns: (transfer full) (array zero-terminated=1): names
 */
TSR_EXPORT char **tsr_machine_list_instances(TsrMachine *self);
/**
 * tsr_machine_list_lines:
 * @self: a machine
 *
 * Lists the interrupt lines that lead somewhere. [main]
 *
 * Returns: (transfer full) (array zero-terminated=1): "INSTANCE:RESOURCE -> PROVIDER:INPUT" each
 */
TSR_EXPORT char **tsr_machine_list_lines(TsrMachine *self);
/**
 * tsr_machine_list_viewers:
 * @self: a machine
 *
 * Lists the user interfaces that the machine has in a process of their own (placement=process, the
 * default for plugins of kind ui). They are not among its instances, but their properties can be
 * read. `tessera run` starts the process; another program may do so, or call tsr_machine_show().
 * [main]
 *
 * Returns: (transfer full) (array zero-terminated=1): "INSTANCE PLUGIN =VERSION" for each
 */
TSR_EXPORT char **tsr_machine_list_viewers(TsrMachine *self);
/**
 * tsr_machine_show:
 * @self: a machine
 * @registry: where the plugins are
 * @settings: (array zero-terminated=1) (nullable): PROPERTY=VALUE, for properties of the user
 *            interface; ?PROPERTY=VALUE, if it has that property; plugin=ID, another user interface
 *
 * Opens a user interface in this process: the first that tsr_machine_list_viewers() names, with the
 * properties that the machine has for it, or the first plugin of kind ui that is installed. It
 * closes with the last reference to the machine. When the user closes it, it emits ::event::closed,
 * and the program does what follows. [main]
 *
 * Returns: TRUE, or FALSE with @error set
 */
TSR_EXPORT gboolean tsr_machine_show(TsrMachine *self, TsrRegistry *registry,
				     const char *const *settings, GError **error);
/**
 * tsr_machine_get_instance_property:
 * @self: a machine
 * @instance: an instance's name
 * @property: a property of its plugin
 *
 * Gets a property of an instance as text. [main]
 *
 * Returns: (transfer full): the value, or NULL with @error set
 */
TSR_EXPORT char *tsr_machine_get_instance_property(TsrMachine *self, const char *instance,
						   const char *property, GError **error);
/**
 * tsr_machine_set_instance_property:
 * @self: a machine
 * @instance: an instance's name
 * @property: a property of its plugin
 * @value: the value as text
 *
 * Sets a property that can change while the machine runs. [main]
 *
 * Returns: TRUE, or FALSE with @error set
 */
TSR_EXPORT gboolean tsr_machine_set_instance_property(TsrMachine *self, const char *instance,
						      const char *property, const char *value,
						      GError **error);
/**
 * tsr_machine_upgrade:
 * @self: a machine that runs or is paused
 * @instance: an instance's name
 * @version: a version of its plugin, as "1.3.0"; or versions as in a machine manifest (">=1.2,<2"),
 *   of which the newest that is installed is taken; "": of all
 *
 * Puts another version of the instance's plugin in its place. The guest stands meanwhile, and does
 * not notice: the other version takes over the state, the resources and the connections. When it
 * refuses the state, cannot be attached, crashes or does not return, the instance stays as it was,
 * and the error says why. Afterwards the machine emits TsrMachine::event `upgraded` for it. In
 * a jail it is possible if the machine has the option `upgrades` only. [main]
 *
 * Returns: TRUE, or FALSE with @error set
 */
TSR_EXPORT gboolean tsr_machine_upgrade(TsrMachine *self, const char *instance, const char *version,
					GError **error);
/**
 * tsr_machine_insert_fd:
 * @self: a machine
 * @instance: an instance with a property `file`, such as a disk's back end
 * @fd: the medium, open for reading, and for writing if the instance is to write; it stays the
 *   caller's
 * @name: the file's absolute path, which becomes the value of `file`; it is not opened
 *
 * Puts a medium into a drive, by an open file. The property tells it as if the file had been given
 * by its path. [main]
 *
 * Returns: TRUE, or FALSE with @error set
 */
TSR_EXPORT gboolean tsr_machine_insert_fd(TsrMachine *self, const char *instance, int fd,
					  const char *name, GError **error);

/* Displays. */
/**
 * tsr_machine_get_n_displays:
 * @self: a machine
 *
 * Counts the displays. [main]
 *
 * Returns: how many there are
 */
TSR_EXPORT guint tsr_machine_get_n_displays(TsrMachine *self);
/**
 * TsrFrame:
 * @serial: grows with each frame of a display; 0: none
 * @width: of the picture, in pixels
 * @height: of the picture, in pixels
 * @damage_x: left side of what has changed since the frame before, in pixels
 * @damage_y: its upper side
 * @damage_width: its width
 * @damage_height: its height
 *
 * A frame that the caller has of a display. Fill it with zeros before the first one.
 */
typedef struct {
	guint64 serial;
	guint width, height;
	guint damage_x, damage_y, damage_width, damage_height;
} TsrFrame;

/**
 * tsr_machine_refresh_display:
 * @self: a machine
 * @display: which one, from 0
 * @frame: the frame that the caller has; it becomes the newest one
 *
 * Has the adapter draw what has changed, into the display's memory. The adapter draws at no other
 * time. [main]
 *
 * Returns: TRUE if there is a newer frame than the caller's
 */
TSR_EXPORT gboolean tsr_machine_refresh_display(TsrMachine *self, guint display, TsrFrame *frame);
/**
 * tsr_machine_borrow_frame:
 * @self: a machine
 * @display: which one, from 0
 * @frame: the frame that the caller has; it becomes the newest one
 *
 * As tsr_machine_refresh_display(), and gives out the display's memory: the picture as 32-bit
 * XRGB8888 in host byte order, width * 4 bytes a row. It is not a copy: the next frame is drawn
 * into the same bytes. Does not wait for a machine in another process that is busy. [main]
 *
 * Returns: (transfer full) (nullable): pixels of the display; NULL if there is no newer frame
 */
TSR_EXPORT GBytes *tsr_machine_borrow_frame(TsrMachine *self, guint display, TsrFrame *frame);
/**
 * TsrCursor:
 * @serial: of its image, which the caller has; 0: it has none yet
 * @width: of the image, in pixels
 * @height: of the image, in pixels
 * @hot_x: the pixel of the image that is at @x
 * @hot_y: the pixel of the image that is at @y
 * @x: in pixels of the picture; may lie outside
 * @y: in pixels of the picture
 * @visible: whether it is to be seen
 *
 * The hardware cursor of a display's adapter. Fill it with zeros before the first call.
 */
typedef struct {
	guint64 serial;
	guint width, height;
	guint hot_x, hot_y;
	gint x, y;
	gboolean visible;
} TsrCursor;

/**
 * tsr_machine_get_cursor:
 * @self: a machine
 * @display: which one, from 0
 * @cursor: the cursor that the caller has; it becomes that of now
 *
 * Gets the display's hardware cursor, which lies over the picture and is no part of it while a
 * viewer draws it: tsr_machine_draw_cursor(). A machine in another process shows none. [main]
 *
 * Returns: (transfer full) (nullable): its image, as ARGB8888 with premultiplied alpha in host byte
 *   order, width * 4 bytes a row; NULL if it is the one that the caller has
 */
TSR_EXPORT GBytes *tsr_machine_get_cursor(TsrMachine *self, guint display, TsrCursor *cursor);
/**
 * tsr_machine_draw_cursor:
 * @self: a machine
 * @display: which one, from 0
 * @draws: TRUE: from now on the caller draws the cursor; FALSE: no longer
 *
 * Says that a viewer draws the hardware cursor itself. While none does, the adapter draws it into
 * its picture. Who has said TRUE says FALSE before it ends. [main]
 *
 * Returns: FALSE if the caller cannot: the machine is in another process, or has no such display
 */
TSR_EXPORT gboolean tsr_machine_draw_cursor(TsrMachine *self, guint display, gboolean draws);
/**
 * tsr_machine_hint_mode:
 * @self: a machine
 * @display: which one, from 0
 * @width: in pixels, 1 to 16384
 * @height: in pixels, 1 to 16384
 *
 * Says what size a viewer would like the picture to have, such as its window's. The adapter tells
 * the guest if it can; the guest decides. Nothing happens with a machine in another process. [main]
 */
TSR_EXPORT void tsr_machine_hint_mode(TsrMachine *self, guint display, guint width, guint height);
/**
 * tsr_machine_open_display:
 * @self: a machine
 * @display: which one, from 0
 *
 * Opens the memory of a display, for another process to map. It can be read only, it grows and
 * never shrinks. The picture that tsr_machine_refresh_display() describes begins at its first byte,
 * with width * 4 bytes a row; it may be longer than the file was when it was opened. [main]
 *
 * Returns: a file descriptor that the caller closes; -1 with @error set
 */
TSR_EXPORT int tsr_machine_open_display(TsrMachine *self, guint display, GError **error);
/**
 * tsr_machine_get_frame:
 * @self: a machine
 * @display: which one, from 0
 * @serial: (inout): the serial of the frame the caller has, 0 for none
 * @width: (out): in pixels
 * @height: (out): in pixels
 *
 * Gets the picture of a display as 32-bit XRGB8888 in host byte order. [main]
 *
 * Returns: (transfer full) (nullable): pixels of the display, width * 4 bytes a row; NULL if
 * nothing changed since @serial
 */
TSR_EXPORT GBytes *tsr_machine_get_frame(TsrMachine *self, guint display, guint64 *serial,
					 guint *width, guint *height);
/**
 * tsr_machine_screenshot:
 * @self: a machine
 * @display: which one, from 0
 * @png_path: (type filename): the file to write
 *
 * Writes the picture of a display as PNG. [main]
 *
 * Returns: TRUE, or FALSE with @error set
 */
TSR_EXPORT gboolean tsr_machine_screenshot(TsrMachine *self, guint display, const char *png_path,
					   GError **error);
/**
 * tsr_machine_get_png:
 * @self: a machine
 * @display: which one, from 0
 *
 * Gets the picture of a display as PNG. [main]
 *
 * Returns: (transfer full): the bytes of a PNG file, or NULL with @error set
 */
TSR_EXPORT GBytes *tsr_machine_get_png(TsrMachine *self, guint display, GError **error);
/**
 * tsr_machine_screenshot_fd:
 * @self: a machine
 * @display: which one, from 0
 * @fd: an empty file that is open for writing; it stays the caller's
 *
 * Writes the picture of a display as PNG to an open file. [main]
 *
 * Returns: TRUE, or FALSE with @error set
 */
TSR_EXPORT gboolean tsr_machine_screenshot_fd(TsrMachine *self, guint display, int fd,
					      GError **error);
/**
 * tsr_machine_get_screen_text:
 * @self: a machine
 * @display: which one, from 0
 *
 * Gets the characters on a text-mode screen, a line a row. [main]
 *
 * Returns: (transfer full) (nullable): the text, or NULL in graphics modes
 */
TSR_EXPORT char *tsr_machine_get_screen_text(TsrMachine *self, guint display);

/* Input. */
/**
 * tsr_machine_send_key:
 * @self: a machine
 * @code: a KEY_ code of linux/input-event-codes.h
 * @down: whether it is pressed or released
 *
 * Presses or releases a key. [main]
 */
TSR_EXPORT void tsr_machine_send_key(TsrMachine *self, guint code, gboolean down);
/**
 * tsr_machine_send_pointer:
 * @self: a machine
 * @dx: counts to the right
 * @dy: counts down
 * @wheel: notches since the last call, away from the user is positive
 * @buttons: those that are down: 1 left, 2 right, 4 middle, added
 *
 * Moves the mouse. [main]
 */
TSR_EXPORT void tsr_machine_send_pointer(TsrMachine *self, int dx, int dy, int wheel,
					 guint buttons);
/**
 * tsr_machine_send_pointer_absolute:
 * @self: a machine
 * @x: 0 left to 65535 right
 * @y: 0 top to 65535 bottom
 * @wheel: notches since the last call, away from the user is positive
 * @buttons: those that are down: 1 left, 2 right, 4 middle, added
 *
 * Places an absolute pointer, where the machine has one. [main]
 */
TSR_EXPORT void tsr_machine_send_pointer_absolute(TsrMachine *self, guint x, guint y, int wheel,
						  guint buttons);

/* Observation. */
/**
 * tsr_machine_get_status:
 * @self: a machine
 *
 * Gets what somebody wants to know who looks after the machine, in the order in which to show it. A
 * later version may add values. [main]
 *
 * - name, state, jail (s), exit-status (i), instances (as), plugins (a{ss}, "ID VERSION" by
 * instance)
 * - seconds-since-start (d): of the host's time, paused or not; guest-time-ns and clock-lag-ns (t),
 * see tsr_machine_get_clock_lag()
 * - media (aa{sv}): of each block back end instance (s), present and read-only (b), bytes (t), and
 * its properties file and mode (s)
 * - networks (aa{sv}): of each network back end instance and plugin (s), and its properties link
 * and hostfwd (s)
 * - faults (a{ss}): what the host failed to do, by instance
 * - signals-dropped (t)
 *
 * Returns: (transfer full): a dictionary of the type a{sv}; empty if a machine in another process
 * cannot be asked
 */
TSR_EXPORT GVariant *tsr_machine_get_status(TsrMachine *self);
/**
 * tsr_machine_get_stats:
 * @self: a machine
 *
 * Gets the counters of processor, MMU and machine. [main]
 *
 * Returns: (transfer full): a line "name value" for each
 */
TSR_EXPORT char *tsr_machine_get_stats(TsrMachine *self);

/**
 * tsr_machine_start_profile:
 * @self: a machine
 * @symbols: (array zero-terminated=1) (nullable): files with names of the guest's functions: FILE
 * or FILE\@ADDRESS, a System.map of Linux or an ELF file for 32-bit x86; ADDRESS is the linear
 * address, in hexadecimal, at which the guest has what the file starts with
 *
 * From now on, or from the start of the guest on, the machine looks up to 270 times a second at
 * what the virtual CPU is at; what an earlier profile has found is gone. The machine's process
 * needs SIGPROF for that. The files are read now, by a machine of this process before it is in a
 * jail; one in another process takes none. Without files, those of an earlier profile count. While
 * no profile is taken, a machine does nothing for it. [main]
 *
 * Returns: TRUE, or FALSE with @error set: %TSR_MACHINE_ERROR_STATE, a profile is taken already, or
 * the machine has ended; %TSR_MACHINE_ERROR_NOT_FOUND, the processor's plugin cannot tell what it
 * is at, or there is no such file; a file is no list of names
 */
TSR_EXPORT gboolean tsr_machine_start_profile(TsrMachine *self, const char *const *symbols,
					      GError **error);
/**
 * tsr_machine_stop_profile:
 * @self: a machine
 *
 * Looks no more at what the virtual CPU is at. What was found can be read until the next
 * tsr_machine_start_profile(). [main]
 *
 * Returns: TRUE, or FALSE with @error set: %TSR_MACHINE_ERROR_STATE, no profile is taken
 */
TSR_EXPORT gboolean tsr_machine_stop_profile(TsrMachine *self, GError **error);
/**
 * tsr_machine_get_profile:
 * @self: a machine
 * @format: "txt", columns of text; "folded", collapsed stacks with microseconds; "svg", a flame
 * graph; "json"; "tsv", a table for programs without functions, blocks and stacks, small enough to
 * be asked for each second: lines of a section ("tier", "mode", "cause", "device", "code"), a name,
 * nanoseconds and samples, separated by tabs, after lines "running", "elapsed-ns", "cpu-ns" and
 * "samples" with a number each
 *
 * Gets where the virtual CPU's time went from tsr_machine_start_profile() to
 * tsr_machine_stop_profile(), or until now. [main]
 *
 * Returns: (transfer full): the profile, or NULL with @error set: none was taken, or there is no
 * such format
 */
TSR_EXPORT char *tsr_machine_get_profile(TsrMachine *self, const char *format, GError **error);

/**
 * tsr_machine_get_clock_lag:
 * @self: a machine
 *
 * Gets how far the guest's clocks are behind because the host gave its processors to others, or
 * stopped the process. The guest's clocks run faster until it is made up. Above a second the event
 * "clock" of the instance "machine" says so, and again when it is over. Always 0 with a
 * deterministic clock. [main]
 *
 * Returns: nanoseconds
 */
TSR_EXPORT guint64 tsr_machine_get_clock_lag(TsrMachine *self);
/**
 * tsr_machine_tap_line:
 * @self: a machine
 * @line: "INSTANCE:RESOURCE" or "PROVIDER:INPUT"
 * @on: whether the tap is set or removed
 *
 * Sets or removes a tap: while it is set, the signal line-changed reports each change of the line's
 * level. [main]
 *
 * Returns: TRUE, or FALSE with @error set: there is no such line
 */
TSR_EXPORT gboolean tsr_machine_tap_line(TsrMachine *self, const char *line, gboolean on,
					 GError **error);
/**
 * tsr_machine_watch:
 * @self: a machine
 * @fd: the writing end of a pipe, or a socket; it stays the caller's, and does not block any more
 * @patterns: (array zero-terminated=1): what is wanted, as `tessera monitor` takes it; none: all
 * @error: return location of an error
 *
 * Writes what crosses the borders of the machine's devices to @fd, from now on until its reader
 * closes the other end, or the machine is freed: accesses to ports and registers, interrupt lines,
 * DMA, packets, block requests, characters, signals. #TsrWatchReader reads it, as `tessera monitor`
 * does; its format can change with Tessera's version. A reader that is slow stalls nothing: what
 * does not fit into 4 MiB is dropped, and the stream says how much. While nobody watches, a machine
 * does nothing for it. Eight can watch at a time.
 *
 * With the one pattern "record:DEVICE" it writes all that crosses the border of that device
 * instead, after its state, as `tessera sdk replay` takes it. One device can be recorded at a time.
 * A recording has no gaps: it ends when 32 MiB wait for its reader. [main]
 *
 * Returns: TRUE, or FALSE with @error set: what is no pattern, or too many watch
 */
TSR_EXPORT gboolean tsr_machine_watch(TsrMachine *self, int fd, const char *const *patterns,
				      GError **error);

/**
 * TSR_GMACHINE:
 *
 * A host table for plugins of the control plane (kind ui): host->get(host, TSR_GMACHINE) is the
 * #TsrMachine that they belong to. It is not owned.
 */
#define TSR_GMACHINE "tessera.gmachine/1"

G_END_DECLS

#endif
