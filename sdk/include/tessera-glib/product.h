/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a machine is made of, for integrators: locks, reasons, bundles. No code of a plugin runs.
 * Control plane. */
#ifndef TESSERA_GLIB_PRODUCT_H
#define TESSERA_GLIB_PRODUCT_H

#include <tessera-glib/registry.h>

G_BEGIN_DECLS

/**
 * tsr_product_lock:
 * @registry: where the plugins are
 * @file: a machine manifest's path, or a preset's name
 * @overrides: (array zero-terminated=1) (nullable): as tsr_machine_new_from_file() takes them
 * @error: what is wrong with the machine, or a file that cannot be read
 *
 * Writes down what the machine is made of: each plugin's id, version and SHA-256, and that of
 * firmware. All instances of the manifest count whose plugins are installed, also those that only
 * an option brings, but not slots that an override leaves empty ("ui=none"). A machine that is made
 * with the lock ("lock=FILE", or a file NAME.lock beside NAME.machine) is refused if it is not made
 * of exactly that. [main]
 *
 * Returns: (transfer full): the text of a lock file, or NULL with @error set
 */
TSR_EXPORT char *tsr_product_lock(TsrRegistry *registry, const char *file,
				  const char *const *overrides, GError **error);

/**
 * tsr_product_explain:
 * @registry: where the plugins are
 * @file: a machine manifest's path, or a preset's name
 * @overrides: (array zero-terminated=1) (nullable): as tsr_machine_new_from_file() takes them
 * @error: why the machine cannot be made
 *
 * Says why the machine would be made of the plugins that it would be made of: for each instance the
 * plugin, its version, where it lies, who asks for it, which other versions there are and why they
 * are not used, what it is connected to; and which instances of the manifest are not in this
 * machine. [main]
 *
 * Returns: (transfer full): text for people, or NULL with @error set
 */
TSR_EXPORT char *tsr_product_explain(TsrRegistry *registry, const char *file,
				     const char *const *overrides, GError **error);

/**
 * tsr_product_describe:
 * @registry: where the plugins are
 * @file: a machine manifest's path, or a preset's name
 * @overrides: (array zero-terminated=1) (nullable): as tsr_machine_new_from_file() takes them
 * @error: why the manifest cannot be read
 *
 * Describes a machine for a program that shows or changes it: a dictionary with the machine's
 * `name`, `description`, `memory`, `cpu` and `mmu` as they are written; `files`, the manifests that
 * it is read from, the outermost first; `aliases`, names that lines of interrupts have for
 * instances; `problem`, why the machine cannot be made, or an empty
 * text; and `instances`, in the manifest's order, dictionaries with
 *
 * - `name`, `where` (file and line), `plugin` (its id), `requirement` (id and versions as they are
 *   written), `version` (that of the plugin; empty: none is installed that fits), `slot`;
 * - `exists`: whether it is in the machine as it is started with these overrides;
 * - `settings`: its keys as they are written;
 * - `connections`: need to instance; `properties`: with defaults, only if there is no problem.
 *
 * No code of a plugin runs: resources that two instances claim are found when the machine is made.
 * [main]
 *
 * Returns: (transfer full): a dictionary (a{sv}), or NULL with @error set
 */
TSR_EXPORT GVariant *tsr_product_describe(TsrRegistry *registry, const char *file,
					  const char *const *overrides, GError **error);

/**
 * tsr_product_bundle:
 * @registry: where the plugins are
 * @file: a machine manifest's path, or a preset's name
 * @overrides: (array zero-terminated=1) (nullable): as tsr_machine_new_from_file() takes them
 * @program: the program `tessera` that shall run the machine
 * @folder: where the bundle is made: it does not exist, or is empty
 * @error: what is wrong with the machine, or a file that cannot be read or written; the folder is
 *         then not complete
 *
 * Makes a folder with all that the machine needs, which runs by itself (`FOLDER/run`) on a host
 * with the C library that it was made on, or a newer one: the program, the plugins of all instances
 * as tsr_product_lock() counts them, firmware, shared libraries, the machine's manifests and the
 * files that they name by relative paths, the machine's lock, and a list of all that as SPDX 2.3.
 * [main]
 *
 * Returns: whether it was made
 */
TSR_EXPORT gboolean tsr_product_bundle(TsrRegistry *registry, const char *file,
				       const char *const *overrides, const char *program,
				       const char *folder, GError **error);

G_END_DECLS

#endif
