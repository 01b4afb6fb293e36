/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A treap of 32,768 keys: insertions by rotation, look-ups, deletions. */
#include "bench.h"

#define NODES 32768

struct node {
	struct node *child[2];
	uint32_t key, priority;
};

static struct node nodes[NODES];

/* Makes the child on that side the root of the subtree. */
static struct node *rotate(struct node *root, int side)
{
	struct node *up = root->child[side];

	root->child[side] = up->child[!side];
	up->child[!side] = root;
	return up;
}

static struct node *insert(struct node *root, struct node *node)
{
	int side;

	if (!root)
		return node;
	side = node->key > root->key;
	root->child[side] = insert(root->child[side], node);
	return root->child[side]->priority > root->priority ? rotate(root, side) : root;
}

static struct node *remove(struct node *root, uint32_t key)
{
	int side;

	if (!root)
		return NULL;
	if (root->key != key) {
		side = key > root->key;
		root->child[side] = remove(root->child[side], key);
		return root;
	}
	if (!root->child[0] || !root->child[1])
		return root->child[!root->child[0]];
	side = root->child[1]->priority > root->child[0]->priority;
	root = rotate(root, side);
	root->child[!side] = remove(root->child[!side], key);
	return root;
}

static uint32_t find(const struct node *root, uint32_t key)
{
	uint32_t depth = 1;

	while (root && root->key != key) {
		root = root->child[key > root->key];
		depth++;
	}
	return root ? depth : 0;
}

uint32_t work(uint32_t count)
{
	uint32_t sum = 0, seed = 1;

	while (count--) {
		struct node *root = NULL;

		for (unsigned i = 0; i < NODES; i++) {
			nodes[i] = (struct node){ .key = next_random(&seed) >> 8 };
			nodes[i].priority = next_random(&seed) >> 8;
			root = insert(root, &nodes[i]);
		}
		for (unsigned i = 0; i < NODES; i++)
			sum = mix(sum, find(root, nodes[i * 77 % NODES].key + (i % 4 == 0)));
		for (unsigned i = 0; i < NODES; i += 2)
			root = remove(root, nodes[i].key);
		sum = mix(sum, root->key);
	}
	return sum;
}
