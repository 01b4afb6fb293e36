/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a jail depends on: what is needed of the host, and which kinds of threads there are. */
#ifndef TSR_JAIL_KINDS_H
#define TSR_JAIL_KINDS_H

/* What a plugin needs of the host beyond the files and sockets that it opens when the machine is
 * built: bits, and the words of `needs-host` in a plugin manifest, in the same order. */
enum tsr_jail_need {
	TSR_JAIL_NETWORK = 1, /* new sockets */
	TSR_JAIL_FILES = 2,   /* files of its choice */
	TSR_JAIL_EXEC = 4,    /* other programs: no jail */
	TSR_JAIL_DISPLAY = 8, /* a window with its drivers: no jail */
	/* No plugin's, and no word: the machine is to take in other versions of its plugins. */
	TSR_JAIL_UPGRADES = 16,
};
#define TSR_JAIL_NONE_POSSIBLE (TSR_JAIL_EXEC | TSR_JAIL_DISPLAY)

/* The system calls of these differ; every other thread has those of MAIN, which are the sum. */
enum tsr_jail_thread {
	TSR_JAIL_MAIN,
	TSR_JAIL_VCPU,
	TSR_JAIL_WORKER,
	TSR_JAIL_POLL,
	TSR_JAIL_THREADS
};

/* What can still be read, so that another version of a plugin can be loaded; beside it the shared
 * libraries of the host. Lists end with NULL. */
struct tsr_jail_upgrades {
	const char *const *folders; /* of plugins, with all that lies in them */
	const char *const *files;   /* NULL: none */
};

#endif
