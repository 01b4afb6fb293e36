/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * How many flows a network keeps. Each has a descriptor of the process, which disks, the control
 * socket and its clients need too: those get theirs in any case. Many flows cost time as well,
 * because libslirp walks along all of them for each packet.
 */
#include <sys/resource.h>

#include "net-user.h"

#define HELD_BACK 64 /* for control, files that are opened later, other libraries */
#define MACHINE 64   /* what a machine has open itself, about */
#define MOST_STREAMS 512
#define MOST_DATAGRAMS 512
#define LEAST 8 /* flows of a kind, whatever the limit is */

static unsigned at_most(uint64_t value, unsigned most)
{
	return value < LEAST ? LEAST : value > most ? most : (unsigned)value;
}

struct limits limits_of(uint64_t descriptors)
{
	uint64_t held_back = descriptors / 4 < HELD_BACK ? descriptors / 4 : HELD_BACK;
	uint64_t ceiling = descriptors - held_back;
	uint64_t flows = ceiling > MACHINE ? ceiling - MACHINE : 0;

	return (struct limits){
		.streams = at_most(flows / 2, MOST_STREAMS),
		.datagrams = at_most(flows / 2, MOST_DATAGRAMS),
		.ceiling = ceiling > INT32_MAX ? INT32_MAX : (int)ceiling,
	};
}

struct limits limits_of_process(void)
{
	struct rlimit limit = { .rlim_cur = 1024 };

	getrlimit(RLIMIT_NOFILE, &limit);
	return limits_of(limit.rlim_cur);
}
