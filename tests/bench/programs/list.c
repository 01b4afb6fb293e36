/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A linked list that is reversed and merge-sorted, a small matrix product, and a state machine that
 * reads numbers: the mixture of embedded control code. */
#include "bench.h"

#define NODES 512
#define SIDE 24

struct node {
	struct node *next;
	uint32_t value;
};

static struct node nodes[NODES];
static int16_t left[SIDE][SIDE], right[SIDE][SIDE];
static char text[1024];

static struct node *make_list(uint32_t seed)
{
	for (unsigned i = 0; i < NODES; i++) {
		nodes[i].value = next_random(&seed) >> 8;
		nodes[i].next = i + 1 < NODES ? &nodes[i + 1] : NULL;
	}
	return nodes;
}

static struct node *reverse(struct node *list)
{
	struct node *done = NULL;

	while (list) {
		struct node *next = list->next;

		list->next = done;
		done = list;
		list = next;
	}
	return done;
}

static struct node *merge(struct node *a, struct node *b)
{
	struct node *head = NULL, **end = &head;

	while (a && b) {
		struct node **least = a->value <= b->value ? &a : &b;

		*end = *least;
		end = &(*end)->next;
		*least = (*least)->next;
	}
	*end = a ? a : b;
	return head;
}

static struct node *sort(struct node *list, unsigned length)
{
	struct node *middle = list, *rest;

	if (length < 2)
		return list;
	for (unsigned i = 1; i < length / 2; i++)
		middle = middle->next;
	rest = middle->next;
	middle->next = NULL;
	return merge(sort(list, length / 2), sort(rest, length - length / 2));
}

static uint32_t matrices(uint32_t seed)
{
	uint32_t sum = 0;

	for (unsigned i = 0; i < SIDE * SIDE; i++) {
		left[i / SIDE][i % SIDE] = (int16_t)(next_random(&seed) >> 20);
		right[i / SIDE][i % SIDE] = (int16_t)(next_random(&seed) >> 20);
	}
	for (unsigned i = 0; i < SIDE; i++) {
		for (unsigned k = 0; k < SIDE; k++) {
			int32_t cell = 0;

			for (unsigned j = 0; j < SIDE; j++)
				cell += left[i][j] * right[j][k];
			sum = mix(sum, (uint32_t)cell);
		}
	}
	return sum;
}

enum state { START, SIGN, WHOLE, FRACTION, EXPONENT, WRONG, STATES };

static enum state step(enum state state, char c)
{
	int digit = c >= '0' && c <= '9';

	switch (state) {
	case START:
		return digit ? WHOLE : c == '-' || c == '+' ? SIGN : WRONG;
	case SIGN:
		return digit ? WHOLE : WRONG;
	case WHOLE:
		return digit ? WHOLE : c == '.' ? FRACTION : c == 'e' ? EXPONENT : WRONG;
	case FRACTION:
		return digit ? FRACTION : c == 'e' ? EXPONENT : WRONG;
	case EXPONENT:
		return digit ? EXPONENT : WRONG;
	default:
		return WRONG;
	}
}

static uint32_t numbers(uint32_t seed)
{
	static const char alphabet[] = "0123456789012345678901234567.e+,";
	uint32_t ended[STATES] = { 0 }, sum = 0;
	enum state state = START;

	for (unsigned i = 0; i < sizeof(text); i++)
		text[i] = alphabet[next_random(&seed) >> 27];
	for (unsigned i = 0; i < sizeof(text); i++) {
		if (text[i] == ',') {
			ended[state]++;
			state = START;
		} else {
			state = step(state, text[i]);
		}
	}
	for (unsigned i = 0; i < STATES; i++)
		sum = mix(sum, ended[i]);
	return sum;
}

uint32_t work(uint32_t count)
{
	uint32_t sum = 0;

	while (count--) {
		struct node *list = sort(reverse(make_list(sum)), NODES);

		for (; list; list = list->next)
			sum = mix(sum, list->value);
		sum = mix(sum, matrices(sum));
		sum = mix(sum, numbers(sum));
	}
	return sum;
}
