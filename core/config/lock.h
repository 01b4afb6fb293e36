/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A lock file: what a machine is made of, each plugin with its version and the SHA-256 of its two
 * files, and the firmware. `tessera lock` writes it (product/lock.c); a machine that is made with
 * it is made of exactly that.
 */
#ifndef TSR_CONFIG_LOCK_H
#define TSR_CONFIG_LOCK_H

#include <tessera-glib/registry.h>

#include "manifest/keyfile.h"

#define TSR_LOCK_FORMAT "1"
#define TSR_LOCK_SUFFIX ".lock"

typedef struct {
	TsrKeyFile *file;
	char *remedy; /* what to do when something else is meant, for messages */
} TsrLock;

/* The lock beside a machine's manifest, FILE.lock for FILE.machine. (transfer full) */
char *tsr_lock_path_beside(const char *machine);

/* machine: as the user names it, for messages. NULL with error. */
TsrLock *tsr_lock_load(const char *path, const char *machine, GError **error);
void tsr_lock_free(TsrLock *lock);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(TsrLock, tsr_lock_free)

/* "ID VERSION" of the instance's plugin; NULL: the machine had no such instance, or no such plugin
 * was installed, when the lock was written. */
const char *tsr_lock_find_instance(TsrLock *lock, const char *name);

/* Whether the plugin's manifest and library are those of the lock. */
gboolean tsr_lock_check_plugin(TsrLock *lock, TsrPlugin *plugin, GError **error);

/* Whether the property INSTANCE.PROPERTY is firmware of the lock, or, if it is none there,
 * is_firmware is false, too. path: "" if there is no file. */
gboolean tsr_lock_check_firmware(TsrLock *lock, const char *instance, const char *property,
				 const char *path, gboolean is_firmware, GError **error);

#endif
