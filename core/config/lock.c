/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See lock.h. */
#include "config/lock.h"

#include <string.h>

#include <tessera-glib/machine.h>

#include "config/digest.h"
#include "manifest/plugin.h"

#define DIGEST_LENGTH 64
#define DIGEST_SHOWN 12 /* digits of a digest in messages */

char *tsr_lock_path_beside(const char *machine)
{
	gsize length = strlen(machine);

	if (g_str_has_suffix(machine, ".machine"))
		length -= strlen(".machine");
	return g_strdup_printf("%.*s%s", (int)length, machine, TSR_LOCK_SUFFIX);
}

/* -- reading */

static gboolean is_digest(const char *text)
{
	return strlen(text) == DIGEST_LENGTH && strspn(text, "0123456789abcdef") == DIGEST_LENGTH;
}

static gboolean check_digest(TsrLock *lock, TsrGroup *group, const char *name, GError **error)
{
	const TsrKey *key = tsr_group_key(group, name);

	return (key && is_digest(key->value)) ||
	       tsr_keyfile_error(
		       error, TSR_MACHINE_ERROR_INVALID, lock->file, key ? key->line : group->line,
		       name, "a SHA-256 of 64 hexadecimal digits belongs here; %s", lock->remedy);
}

static gboolean check_group(TsrLock *lock, TsrGroup *group, GError **error)
{
	if (g_str_equal(group->name, "Lock") || g_str_equal(group->name, "Instances"))
		return TRUE;
	if (tsr_group_suffix(group, "Plugin"))
		return check_digest(lock, group, "manifest", error) &&
		       check_digest(lock, group, "library", error);
	if (tsr_group_suffix(group, "Firmware"))
		return check_digest(lock, group, "sha256", error);
	return tsr_keyfile_error(error, TSR_MACHINE_ERROR_INVALID, lock->file, group->line, NULL,
				 "unknown group [%s]; there are [Lock], [Instances], [Plugin ID "
				 "VERSION] and [Firmware INSTANCE.PROPERTY]",
				 group->name);
}

static gboolean check_lock(TsrLock *lock, GError **error)
{
	TsrGroup *head = tsr_keyfile_group(lock->file, "Lock");
	const TsrKey *format = head ? tsr_group_key(head, "format") : NULL;

	if (!format || !g_str_equal(format->value, TSR_LOCK_FORMAT))
		return tsr_keyfile_error(
			error, TSR_MACHINE_ERROR_INVALID, lock->file, format ? format->line : 1,
			"[Lock]", "this Tessera reads locks with format=" TSR_LOCK_FORMAT "; %s",
			lock->remedy);
	for (guint i = 0; i < lock->file->groups->len; i++)
		if (!check_group(lock, g_ptr_array_index(lock->file->groups, i), error))
			return FALSE;
	return TRUE;
}

TsrLock *tsr_lock_load(const char *path, const char *machine, GError **error)
{
	g_autoptr(TsrLock) lock = g_new0(TsrLock, 1);

	lock->remedy =
		g_strdup_printf("`tessera lock %s` writes a lock of what is there now", machine);
	lock->file = tsr_keyfile_load(path, error);
	if (!lock->file || !check_lock(lock, error))
		return NULL;
	return g_steal_pointer(&lock);
}

void tsr_lock_free(TsrLock *lock)
{
	if (!lock)
		return;
	tsr_keyfile_free(lock->file);
	g_free(lock->remedy);
	g_free(lock);
}

const char *tsr_lock_find_instance(TsrLock *lock, const char *name)
{
	TsrGroup *group = tsr_keyfile_group(lock->file, "Instances");
	const TsrKey *key = group ? tsr_group_key(group, name) : NULL;

	return key ? key->value : NULL;
}

/* -- comparing */

static gboolean check_file(TsrLock *lock, TsrGroup *group, const char *name, const char *path,
			   GError **error)
{
	g_autofree char *digest = tsr_digest_file(path, error);
	const TsrKey *key = tsr_group_key(group, name);

	if (!digest || g_str_equal(digest, key->value))
		return digest != NULL;
	return tsr_keyfile_error(
		error, TSR_MACHINE_ERROR_VERSION, lock->file, key->line, group->name,
		"%s has another content: its SHA-256 is %.*s…, that of the lock "
		"%.*s…; install what was locked, or %s",
		path, DIGEST_SHOWN, digest, DIGEST_SHOWN, key->value, lock->remedy);
}

gboolean tsr_lock_check_plugin(TsrLock *lock, TsrPlugin *plugin, GError **error)
{
	g_autofree char *name = g_strdup_printf("Plugin %s %s", plugin->id, plugin->version);
	TsrGroup *group = tsr_keyfile_group(lock->file, name);

	if (!group)
		return tsr_keyfile_error(error, TSR_MACHINE_ERROR_VERSION, lock->file, 1, NULL,
					 "the lock has no group [%s]; %s", name, lock->remedy);
	return check_file(lock, group, "manifest", plugin->path, error) &&
	       check_file(lock, group, "library", plugin->library, error);
}

gboolean tsr_lock_check_firmware(TsrLock *lock, const char *instance, const char *property,
				 const char *path, gboolean is_firmware, GError **error)
{
	g_autofree char *name = g_strdup_printf("Firmware %s.%s", instance, property);
	TsrGroup *group = tsr_keyfile_group(lock->file, name);

	if (!group)
		return !is_firmware || !*path ||
		       tsr_keyfile_error(error, TSR_MACHINE_ERROR_VERSION, lock->file, 1, NULL,
					 "%s.%s is %s, and nothing in the lock; %s", instance,
					 property, path, lock->remedy);
	if (*path)
		return check_file(lock, group, "sha256", path, error);
	return tsr_keyfile_error(
		error, TSR_MACHINE_ERROR_VERSION, lock->file, group->line, group->name,
		"no such firmware is installed; install what was locked, or %s", lock->remedy);
}
