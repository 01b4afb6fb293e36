/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A hash table that counts keys, then a quicksort of its entries that asks a callback. */
#include "bench.h"

#define SLOTS 16384
#define KEYS 20000

struct entry {
	uint32_t key, times;
};

typedef int (*compare)(const struct entry *a, const struct entry *b);

static struct entry table[SLOTS], entries[SLOTS];

static int by_times(const struct entry *a, const struct entry *b)
{
	if (a->times != b->times)
		return a->times > b->times ? -1 : 1;
	return a->key < b->key ? -1 : a->key > b->key;
}

static int by_key(const struct entry *a, const struct entry *b)
{
	return a->key < b->key ? -1 : a->key > b->key;
}

/* Kept opaque, so that the call through the pointer stays one. */
static compare volatile orders[] = { by_times, by_key };

static void note(uint32_t key)
{
	uint32_t slot = key * 2654435761u >> 18;

	while (table[slot].times && table[slot].key != key)
		slot = (slot + 1) % SLOTS;
	table[slot].key = key;
	table[slot].times++;
}

static void swap(struct entry *a, struct entry *b)
{
	struct entry kept = *a;

	*a = *b;
	*b = kept;
}

static void quicksort(struct entry *first, struct entry *last, compare order)
{
	while (first < last) {
		struct entry pivot = first[(last - first) / 2], *low = first, *high = last;

		while (low <= high) {
			while (order(low, &pivot) < 0)
				low++;
			while (order(high, &pivot) > 0)
				high--;
			if (low <= high)
				swap(low++, high--);
		}
		quicksort(first, high, order);
		first = low;
	}
}

uint32_t work(uint32_t count)
{
	uint32_t sum = 1, seed = 1;

	while (count--) {
		unsigned used = 0;

		for (unsigned i = 0; i < SLOTS; i++)
			table[i].times = 0;
		for (unsigned i = 0; i < KEYS; i++)
			note((next_random(&seed) >> 16) * (seed >> 24) & 0x1fff);
		for (unsigned i = 0; i < SLOTS; i++)
			if (table[i].times)
				entries[used++] = table[i];
		quicksort(entries, entries + used - 1, orders[count % 2]);
		for (unsigned i = 0; i < used; i++)
			sum = mix(sum, entries[i].key + entries[i].times);
	}
	return sum;
}
