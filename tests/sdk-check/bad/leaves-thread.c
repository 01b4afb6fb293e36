/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Each instance leaves a thread.
 * only: leaks
 * fails: leaks
 * says: threads run
 */
#include <pthread.h>
#include <unistd.h>
static void *bad_work(void *data)
{
	pause();
	return data;
}
#define ON_ATTACH(d) \
	do { \
		pthread_t thread; \
		if (pthread_create(&thread, NULL, bad_work, NULL)) \
			return false; \
	} while (0)
#include "../device.h"
