/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The rows of this folder, as its README describes them: read, made into a machine's state and
 * memory, and compared with what came out. Every runner uses this; none knows the text form.
 */
#ifndef TEST_ROWS_H
#define TEST_ROWS_H

#include <tessera/tessera.h>
#include <tessera/draft/x86.h>

#define ROWS_CODE 0x1000u
#define ROWS_HANDLER 0x2000u /* and 16 bytes for each vector: a HLT */
#define ROWS_RAM 0x90000u    /* all that rows and their tables use lies below */
#define ROWS_STACK0 \
	0x20000u /* where ring 0's stack begins when a fault comes from an outer ring \
		  */

enum row_mode { ROW_32, ROW_16, ROW_REAL, ROW_USER, ROW_V86, ROW_MODES };

struct row_memory {
	tsr_gla at;
	uint8_t bytes[64];
	unsigned count;
};

/* What a row says before, or after, the instruction. */
struct row_side {
	struct tsr_x86_state state;
	struct row_memory memory[8];
	unsigned memory_count;
	uint32_t flags_ignored; /* EFLAGS bits that the manual leaves undefined, or that the row
				   does not care for */
	uint16_t fsw_ignored;
};

struct row {
	char text[512];
	const char *file;
	unsigned line;
	enum row_mode mode;
	uint8_t code[32];
	unsigned length;
	struct row_side before, after;
	int vector;               /* -1: the instruction completes */
	bool has_error, kept_eip; /* kept_eip: a trap, whose EIP is the next instruction's */
	uint32_t error;
	uint32_t io;
	struct {
		uint32_t page;
		char kind; /* '-' absent, 'r' read-only, 's' supervisor's */
	} pages[4];
	unsigned page_count;
};

/* False: *problem is what is wrong with the line, a static string. */
bool row_parse(struct row *row, const char *line, const char **problem);
/* Each row of each *.txt in `folder`; returns how many there were, 0 and a message if one cannot be
 * read. */
unsigned rows_each(const char *folder, void (*each)(void *user, const struct row *row), void *user);

/* Tables, code and data into ROWS_RAM bytes of memory, which need not be clear. */
void row_set_up(const struct row *row, uint8_t *ram);
/* Linear address of what is executed next when all is as expected. */
tsr_gla row_next(const struct row *row);
/* Prints what differs; true: nothing. */
bool row_check(const struct row *row, const struct tsr_x86_state *got, const uint8_t *ram);
/* Is the next instruction the row's own, or within it? Then nothing can be put there to stop at. */
bool row_meets_itself(const struct row *row);

#endif
