/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The raw back end on an image in a folder of its own. */
#ifndef BENCH_H
#define BENCH_H

#include <CUnit/Basic.h>

#include "fake-host.h"
#include "unit.h"

#define LENGTH (1u << 20) /* of the image, bytes */

extern char folder[64], image[96]; /* paths */
extern const struct tsr_block *block;
extern void *disk;
extern enum tsr_block_status last; /* of the request that was completed last */
extern unsigned completions, changes;

/* A pattern in a new file, and whether bytes are those of the pattern. */
void fill(const char *path, size_t length);
bool as_filled(const uint8_t *bytes, size_t offset, size_t length);
uint64_t hash(const char *path);

/* Makes the back end; false with error. */
bool open_with(const char *file, const char *mode, const char *read_only, const char *format,
	       struct tsr_error *error);
/* A new image, and the back end on it. */
void start(const char *mode);
void on_done(struct tsr_block_request *request, enum tsr_block_status status);
/* Submits a request and runs the workers. */
enum tsr_block_status request(enum tsr_block_op op, uint64_t offset, void *buffer, uint64_t length);
struct tsr_block_info info(void);

int bench_run(const char *name, const CU_TestInfo *tests);

#endif
