/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * See landlock.h. Every file is open by now, so nothing is allowed but to read the name servers
 * when there is a network: libraries look them up anew while they run. Headers of Debian 12 know
 * version 2 only; the numbers are those of linux/landlock.h of Linux 6.15.
 */
#define _GNU_SOURCE
#include "jail/landlock.h"

#include <fcntl.h>
#include <glib.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "jail/kinds.h"

#ifndef SYS_landlock_create_ruleset
#define SYS_landlock_create_ruleset 444
#define SYS_landlock_add_rule 445
#endif

#define CREATE_RULESET_VERSION 1u
#define RULE_PATH_BENEATH 1
#define FS_READ_FILE (UINT64_C(1) << 2)
#define NET_TCP UINT64_C(3)    /* bind, connect */
#define SCOPED_ALL UINT64_C(3) /* abstract UNIX sockets, signals */
#define RESOLV_CONF "/etc/resolv.conf"

struct ruleset {
	uint64_t fs, net, scoped;
};

struct path_beneath {
	uint64_t allowed;
	int32_t parent;
} __attribute__((packed));

/* Bits of accesses to files by version: 0 to 12, REFER, TRUNCATE, and (5) IOCTL_DEV. */
static const uint64_t fs_accesses[] = { 0, 0x1fff, 0x3fff, 0x7fff, 0x7fff, 0xffff };

static void allow_reading(int ruleset, const char *path)
{
	struct path_beneath rule = { .allowed = FS_READ_FILE };

	rule.parent = open(path, O_PATH | O_CLOEXEC);
	if (rule.parent < 0)
		return;
	syscall(SYS_landlock_add_rule, ruleset, RULE_PATH_BENEATH, &rule, 0);
	close(rule.parent);
}

/* A host that moves to another network replaces the file. Where it is a link into a folder of its
 * own, as resolved's and NetworkManager's are, the new one is readable, too. */
static void allow_name_servers(int ruleset)
{
	char *real = realpath(RESOLV_CONF, NULL);
	g_autofree char *folder = real ? g_path_get_dirname(real) : NULL;

	allow_reading(ruleset, RESOLV_CONF);
	if (folder && g_str_has_prefix(folder, "/run/"))
		allow_reading(ruleset, folder);
	free(real);
}

int tsr_jail_landlock(unsigned needs, int *version)
{
	long found = syscall(SYS_landlock_create_ruleset, NULL, 0, CREATE_RULESET_VERSION);
	struct ruleset rules = { 0 };
	int fd;

	*version = found > 0 ? (int)found : 0;
	if (!*version)
		return -1;
	if (!(needs & TSR_JAIL_FILES))
		rules.fs = fs_accesses[MIN(*version, 5)];
	if (*version >= 4 && !(needs & TSR_JAIL_NETWORK))
		rules.net = NET_TCP;
	if (*version >= 6)
		rules.scoped = SCOPED_ALL;
	if (!rules.fs && !rules.net && !rules.scoped)
		return -1;
	fd = (int)syscall(SYS_landlock_create_ruleset, &rules,
			  *version >= 6   ? sizeof(rules)
			  : *version >= 4 ? offsetof(struct ruleset, scoped)
					  : offsetof(struct ruleset, net),
			  0);
	if (fd >= 0 && rules.fs && needs & TSR_JAIL_NETWORK)
		allow_name_servers(fd);
	return fd;
}
