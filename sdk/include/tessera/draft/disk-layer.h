/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * DRAFT. The file format of a layer: what was written to a disk since a snapshot was taken of it.
 * A disk with snapshots is a raw image, which is not written any more, and layers above it; a
 * sector is read from the topmost layer that has it. docs/decisions/disk-layers.md has the reasons.
 *
 *   0                     struct tsr_layer_head: what never changes, but for `parent`
 *   512                   struct tsr_layer_use: how the file was left, in a sector of its own
 *   4096                  the current bits: one per sector of 512 bytes, low bits first, set if the
 *                         layer has the sector; padded with zeros to a multiple of 4096 bytes
 *   + size of the bits    the stable bits, of the same form
 *   rounded up to 64 KiB  the sectors, each at its own offset of the disk; a file with holes
 *
 * Numbers are little-endian. A writer keeps these rules, so that a layer is whole however its
 * writer ends:
 *
 * 1. A sector is written to its place first; then its bit is set in the current bits. They are
 *    right while the host is up: a process that is killed loses nothing that it has written.
 * 2. After a host has lost power the current bits may be of sectors that never reached the disk. A
 *    flush therefore puts sectors on stable storage first, then copies the current bits that were
 *    set before it to the stable bits, then puts those on stable storage.
 * 3. Whoever opens a layer takes its current bits if the layer was closed in good order (`clean`)
 *    or if the host is still up that it was last written on (`boot`), else the stable bits, and
 *    makes the current bits the same.
 */
#ifndef TESSERA_DRAFT_DISK_LAYER_H
#define TESSERA_DRAFT_DISK_LAYER_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "draft.h"

#define TSR_LAYER_MAGIC "TSRLAYER"
#define TSR_LAYER_VERSION 1u
#define TSR_LAYER_ID 16u        /* bytes of an id or of a boot's id; all zero: none */
#define TSR_LAYER_SECTOR 512u   /* bytes */
#define TSR_LAYER_USE 512u      /* where struct tsr_layer_use lies */
#define TSR_LAYER_BITS 4096u    /* where the current bits start, and what their size is padded to */
#define TSR_LAYER_ALIGN 65536u  /* where the sectors start is a multiple of it */
#define TSR_LAYER_DEPTH_MAX 64u /* layers above a raw image */
#define TSR_LAYER_DISK_MAX (UINT64_C(1) << 41) /* bytes of a disk */
#define TSR_LAYER_SUFFIX \
	".layer" /* of the file's name; before it the id, 32 hexadecimal digits \
		  */

/* In a file. Frozen: `version` tells of another form. */
struct tsr_layer_head {
	uint8_t magic[8];
	uint32_t version;
	uint32_t reserved;            /* 0 */
	uint8_t id[TSR_LAYER_ID];     /* random */
	uint8_t parent[TSR_LAYER_ID]; /* the layer below, in the same folder; none: a raw image */
	uint64_t disk_size;           /* bytes of the raw image */
};

/* In a file. Frozen. */
struct tsr_layer_use {
	uint32_t in_use; /* 1: it is or was the top of a machine's disk */
	uint32_t clean;  /* 1: closed in good order */
	uint8_t boot[TSR_LAYER_ID];
	/* By what a saved state knows the contents: random, of when it was saved; none: the layer
	 * was written since, or no state was saved. In a lower layer the id takes its place. */
	uint8_t generation[TSR_LAYER_ID];
	uint64_t time_ns; /* of the generation, since 1970 */
};

/* Where the parts of a layer are, in bytes. Frozen: it does not cross the border. */
struct tsr_layer_map {
	uint64_t sectors; /* of the disk */
	uint64_t bits_size, stable_at, data_at;
	uint64_t file_size;
};

/* The next multiple of `unit`. [any] */
static inline uint64_t tsr_layer_round(uint64_t value, uint64_t unit)
{
	return (value + unit - 1) / unit * unit;
}

/* disk_size: at most TSR_LAYER_DISK_MAX. [any] */
static inline struct tsr_layer_map tsr_layer_map_of(uint64_t disk_size)
{
	struct tsr_layer_map map;

	map.sectors = tsr_layer_round(disk_size, TSR_LAYER_SECTOR) / TSR_LAYER_SECTOR;
	map.bits_size = tsr_layer_round((map.sectors + 7) / 8, TSR_LAYER_BITS);
	map.stable_at = TSR_LAYER_BITS + map.bits_size;
	map.data_at = tsr_layer_round(map.stable_at + map.bits_size, TSR_LAYER_ALIGN);
	map.file_size = map.data_at + map.sectors * TSR_LAYER_SECTOR;
	return map;
}

/* Whether it is the head of a layer in a file of that many bytes; any contents are safe. Converts
 * its numbers to the host's order. [any; head: in out] */
static inline bool tsr_layer_check(struct tsr_layer_head *head, uint64_t file_size)
{
	const uint16_t probe = 1;
	uint8_t little;

	memcpy(&little, &probe, 1);
	if (!little) {
		head->version = __builtin_bswap32(head->version);
		head->disk_size = __builtin_bswap64(head->disk_size);
	}
	return !memcmp(head->magic, TSR_LAYER_MAGIC, sizeof(head->magic)) &&
	       head->version == TSR_LAYER_VERSION && !head->reserved && head->disk_size &&
	       head->disk_size <= TSR_LAYER_DISK_MAX &&
	       tsr_layer_map_of(head->disk_size).file_size == file_size;
}

/* The file's name for an id, with its terminating zero. [any] */
#define TSR_LAYER_NAME (2u * TSR_LAYER_ID + sizeof(TSR_LAYER_SUFFIX))
static inline void tsr_layer_name(const uint8_t id[TSR_LAYER_ID], char name[TSR_LAYER_NAME])
{
	static const char digits[] = "0123456789abcdef";

	for (unsigned i = 0; i < TSR_LAYER_ID; i++) {
		name[2 * i] = digits[id[i] >> 4];
		name[2 * i + 1] = digits[id[i] & 15];
	}
	memcpy(name + 2u * TSR_LAYER_ID, TSR_LAYER_SUFFIX, sizeof(TSR_LAYER_SUFFIX));
}

/* Whether it is the id that stands for no layer: all zero. [any] */
static inline bool tsr_layer_is_none(const uint8_t id[TSR_LAYER_ID])
{
	static const uint8_t none[TSR_LAYER_ID] = { 0 };

	return !memcmp(id, none, TSR_LAYER_ID);
}

#endif
