/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Whether the host lets the process have the descriptors and threads that a machine needs. GLib
 * ends the process when it has none for a main context or its own worker, so both are tried out
 * first.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <string.h>
#include <unistd.h>

#include "program/program.h"

/* A machine with three disks has 20; more is for the control socket and saved states. */
#define DESCRIPTORS 24
/* The guard's, GLib's, the clock's, the virtual CPU's, five of workers; the viewer of a wait. */
#define THREADS 10

static int try_descriptors(void)
{
	int fd[DESCRIPTORS], n = 0, failure = 0;

	while (n < DESCRIPTORS && !failure) {
		fd[n] = open("/dev/null", O_RDONLY | O_CLOEXEC);
		failure = fd[n] < 0 ? errno : 0;
		n += !failure;
	}
	while (n > 0)
		close(fd[--n]);
	return failure;
}

static void *wait_for_the_end(void *gate)
{
	pthread_mutex_lock(gate);
	pthread_mutex_unlock(gate);
	return NULL;
}

static int try_threads(void)
{
	pthread_mutex_t gate = PTHREAD_MUTEX_INITIALIZER;
	pthread_t thread[THREADS];
	int n = 0, failure = 0;

	pthread_mutex_lock(&gate);
	while (n < THREADS && !failure) {
		failure = pthread_create(&thread[n], NULL, wait_for_the_end, &gate);
		n += !failure;
	}
	pthread_mutex_unlock(&gate);
	while (n > 0)
		pthread_join(thread[--n], NULL);
	return failure;
}

int program_check_needs(void)
{
	int failure = try_descriptors();

	if (failure)
		return program_fail(
			TSR_EXIT_MACHINE_FAILED,
			"cannot open %d files: %s; raise the limit on open files (ulimit -n)",
			DESCRIPTORS, strerror(failure));
	failure = try_threads();
	if (failure)
		return program_fail(
			TSR_EXIT_MACHINE_FAILED,
			"cannot start %d threads: %s; raise the limit on processes (ulimit -u) "
			"or address space (ulimit -v)",
			THREADS, strerror(failure));
	return 0;
}
