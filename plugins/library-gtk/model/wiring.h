/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * How the parts of a machine are wired, and where each is drawn: in columns, so that what uses
 * another part stands left of it, as far as they do not use each other in a circle. Columns and
 * rows are counted from 0. [any]
 */
#ifndef TSR_LIBRARY_WIRING_H
#define TSR_LIBRARY_WIRING_H

#include "model/parts.h"
#include "model/rates.h"

struct tsr_wiring_place {
	guint column;
	double row; /* columns that are shorter than others stand in the middle */
};

struct tsr_wiring_node {
	char *part;
	struct tsr_wiring_place place;
};

struct tsr_wiring_edge {
	guint from, to;   /* nodes: the part that uses, the part that is used */
	char *names;      /* of the needs, or of the interrupt lines */
	gboolean is_line; /* interrupt lines */
	GArray *bends;    /* struct tsr_wiring_place: one in each column that it crosses */
};

struct tsr_wiring {
	GPtrArray *nodes; /* struct tsr_wiring_node, in the order of the parts */
	GPtrArray *edges; /* struct tsr_wiring_edge */
	guint columns, rows;
};

/* Of the parts that exist: their connections, and their interrupt lines, which the catalogue's
 * plugins have by default. Placed. */
struct tsr_wiring *tsr_wiring_new(const struct tsr_parts *parts,
				  const struct tsr_catalogue *catalogue);
void tsr_wiring_free(struct tsr_wiring *wiring);
/* "mmu → mmu0, intack → pic0": what a node is connected to, with rates if there are any; empty:
 * nothing. rates: NULL, none. To be freed. */
char *tsr_wiring_describe(const struct tsr_wiring *wiring, guint node, TsrRates *rates);

/* Counts the columns from the other side, for languages from right to left; twice: as before. */
void tsr_wiring_mirror(struct tsr_wiring *wiring);

/* What crosses an edge, of all of its needs or lines. rates NULL: nothing. */
struct tsr_rate tsr_wiring_rate(const struct tsr_wiring *wiring, const struct tsr_wiring_edge *edge,
				TsrRates *rates);

/* For tests: a wiring without places, and its parts. */
struct tsr_wiring *tsr_wiring_begin(void);
void tsr_wiring_add_node(struct tsr_wiring *wiring, const char *part);
/* Adds the name to the edge of this kind that is there, or makes one. */
void tsr_wiring_add_edge(struct tsr_wiring *wiring, guint from, guint to, const char *name,
			 gboolean is_line);
/* wiring-layout.c: gives places. Once. */
void tsr_wiring_layout(struct tsr_wiring *wiring);

#endif
