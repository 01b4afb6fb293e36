/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * See channel.h. An access of the guest is answered in less time than the kernel needs to wake a
 * process, so whoever waits looks at the word for some microseconds before it sleeps; on a host
 * with one processor it sleeps at once.
 */
#define _GNU_SOURCE
#include "isolation/channel.h"

#include <immintrin.h>
#include <linux/futex.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define SPIN_CYCLES 60000 /* about 20 us */
#define SLICE_MS 20       /* between two looks whether the process is still there */

static _Atomic bool can_spin;

void iso_channel_init(void)
{
	atomic_store(&can_spin, sysconf(_SC_NPROCESSORS_ONLN) > 1);
}

static uint64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

void iso_wake(struct iso_shared *shared)
{
	syscall(SYS_futex, &shared->turn, FUTEX_WAKE, INT32_MAX, NULL, NULL, 0);
}

void iso_give(struct iso_shared *shared, enum iso_side to)
{
	atomic_store(&shared->turn, to);
	if (atomic_load(&shared->sleeps) & to)
		iso_wake(shared);
}

static bool spin(struct iso_shared *shared, enum iso_side own)
{
	uint64_t end = __rdtsc() + SPIN_CYCLES;

	do {
		if (atomic_load_explicit(&shared->turn, memory_order_acquire) == own)
			return true;
		_mm_pause();
	} while (atomic_load_explicit(&can_spin, memory_order_relaxed) && __rdtsc() < end);
	return false;
}

bool iso_wait(struct iso_shared *shared, enum iso_side own, unsigned limit_ms)
{
	const struct timespec slice = { .tv_nsec = SLICE_MS * 1000000L };
	uint64_t end = 0;
	uint32_t turn;

	if (spin(shared, own))
		return true;
	for (;;) {
		atomic_fetch_or(&shared->sleeps, own);
		turn = atomic_load(&shared->turn);
		if (turn != own && !atomic_load(&shared->ended))
			syscall(SYS_futex, &shared->turn, FUTEX_WAIT, turn,
				limit_ms ? &slice : NULL, NULL, 0);
		atomic_fetch_and(&shared->sleeps, ~(uint32_t)own);
		if (atomic_load(&shared->turn) == own)
			return true;
		end = end ? end : now_ms() + limit_ms;
		if (atomic_load(&shared->ended) || (limit_ms && now_ms() > end))
			return false;
	}
}

bool iso_copy(struct iso_message *to, const struct iso_message *from)
{
	memcpy(&to->head, &from->head, sizeof(to->head));
	if (to->head.length > ISO_DATA)
		return false;
	memcpy(to->data, from->data, to->head.length);
	return true;
}
