/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Follows pointers at random through 8 MiB: a node for each cache line, so that native code has no
 * smaller working set for having larger pointers. */
#include "bench.h"

#define NODES (8u << 20 >> 6)
#define STEPS 100000

static struct node {
	struct node *next;
	uint32_t value;
} __attribute__((aligned(64))) nodes[NODES];

static uint32_t order[NODES];

/* One cycle over all nodes in random order. */
static void link(void)
{
	uint32_t seed = 1;

	for (uint32_t i = 0; i < NODES; i++)
		order[i] = i;
	for (uint32_t i = NODES - 1; i; i--) {
		uint32_t other = (next_random(&seed) >> 8) % i, kept = order[i];

		order[i] = order[other];
		order[other] = kept;
	}
	for (uint32_t i = 0; i < NODES; i++) {
		nodes[order[i]].next = &nodes[order[(i + 1) % NODES]];
		nodes[order[i]].value = next_random(&seed);
	}
}

uint32_t work(uint32_t count)
{
	const struct node *at = nodes;
	uint32_t sum = 0;

	link();
	while (count--) {
		for (uint32_t i = 0; i < STEPS; i++) {
			sum += at->value;
			at = at->next;
		}
		sum = mix(sum, count);
	}
	return sum;
}
