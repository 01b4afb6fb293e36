/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * SMBIOS 2.8 structures and their entry point. SeaBIOS copies them into memory, puts its own type 0
 * (BIOS information) before them, and corrects address, length, count and checksums of the entry
 * point.
 *
 * Source: DMTF DSP0134 2.8.0: 5.2.1 (entry point), 6.1 (structures and their strings), 7 (the
 * fields).
 * Gaps: the processor's CPUID words, its caches and clock are "unknown".
 */
#include <stdlib.h>
#include <string.h>

#include "aml.h"
#include "smbios.h"

#define ANCHOR_SIZE 31u
#define MAX_STRINGS 4
#define KIB 1024u
#define MIB (1024u * 1024u)
#define GIB_4 0x100000000ull
#define HANDLE(type) ((unsigned)(type) << 8)

enum {
	SYSTEM = 1,
	ENCLOSURE = 3,
	PROCESSOR = 4,
	MEMORY_ARRAY = 16,
	MEMORY_DEVICE = 17,
	MEMORY_MAPPED = 19,
	BOOT = 32,
	END = 127
};
enum {
	ANCHOR_CHECKSUM = 4,
	ANCHOR_LENGTH = 5,
	ANCHOR_VERSION = 6,
	ANCHOR_LARGEST = 8,
	ANCHOR_DMI = 16,
	ANCHOR_DMI_CHECKSUM = 21,
	ANCHOR_TABLE_LENGTH = 22,
	ANCHOR_COUNT = 28,
	ANCHOR_BCD = 30
};
enum { NO_CACHE = 0xffff, NO_ERROR_HANDLE = 0xfffe, SIZE_IS_EXTENDED = 0x7fff };

struct smbios {
	struct aml table;
	size_t start; /* of the structure that is open */
	const char *strings[MAX_STRINGS];
	unsigned used, count;
	size_t largest;
};

/* -- Structures */

static void open_structure(struct smbios *s, unsigned type, unsigned instance)
{
	s->start = s->table.length;
	s->used = 0;
	aml_byte(&s->table, type);
	aml_byte(&s->table, 0); /* length of the formatted area */
	aml_le(&s->table, HANDLE(type) + instance, 2);
}

static void byte(struct smbios *s, unsigned value)
{
	aml_byte(&s->table, value);
}

static void word(struct smbios *s, unsigned value)
{
	aml_le(&s->table, value, 2);
}

static void dword(struct smbios *s, uint32_t value)
{
	aml_le(&s->table, value, 4);
}

static void qword(struct smbios *s, uint64_t value)
{
	dword(s, (uint32_t)value);
	dword(s, (uint32_t)(value >> 32));
}

/* A field that names a string by its number; 0: there is none. */
static void text(struct smbios *s, const char *string)
{
	if (!*string) {
		byte(s, 0);
		return;
	}
	if (s->used == MAX_STRINGS) {
		s->table.failed = true;
		return;
	}
	s->strings[s->used++] = string;
	byte(s, s->used);
}

/* The strings, and a 0 that ends them; two if there are none. */
static void close_structure(struct smbios *s)
{
	size_t formatted = s->table.length - s->start;

	for (unsigned i = 0; i < s->used; i++)
		aml_bytes(&s->table, s->strings[i], strlen(s->strings[i]) + 1);
	if (!s->used)
		byte(s, 0);
	byte(s, 0);
	if (s->table.failed)
		return;
	s->table.bytes[s->start + 1] = (uint8_t)formatted;
	s->count++;
	if (s->table.length - s->start > s->largest)
		s->largest = s->table.length - s->start;
}

/* -- What they say */

static void system_information(struct smbios *s, const struct smbios_machine *machine) /* 7.2 */
{
	open_structure(s, SYSTEM, 0);
	text(s, machine->manufacturer);
	text(s, machine->product);
	text(s, ""); /* version */
	text(s, ""); /* serial number */
	qword(s, 0); /* UUID: there is none */
	qword(s, 0);
	byte(s, 6);  /* woken up by the power switch */
	text(s, ""); /* SKU */
	text(s, ""); /* family */
	close_structure(s);
}

static void enclosure(struct smbios *s, const struct smbios_machine *machine) /* 7.4 */
{
	open_structure(s, ENCLOSURE, 0);
	text(s, machine->manufacturer);
	byte(s, 1);  /* other */
	text(s, ""); /* version */
	text(s, ""); /* serial number */
	text(s, ""); /* asset tag */
	byte(s, 3);  /* boot-up, power supply and thermal state: safe */
	byte(s, 3);
	byte(s, 3);
	byte(s, 2);  /* security: unknown */
	dword(s, 0); /* for the OEM */
	byte(s, 0);  /* height: unspecified */
	byte(s, 0);  /* power cords: unspecified */
	byte(s, 0);  /* no contained elements */
	byte(s, 0);
	text(s, ""); /* SKU */
	close_structure(s);
}

static void processor(struct smbios *s, const struct smbios_machine *machine) /* 7.5 */
{
	open_structure(s, PROCESSOR, 0);
	text(s, "CPU 1");
	byte(s, 3); /* central processor */
	byte(s, 1); /* family: other */
	text(s, machine->manufacturer);
	qword(s, 0); /* CPUID's words */
	text(s, ""); /* version */
	byte(s, 0);  /* voltage */
	word(s, 0);  /* clock, maximum and current speed: unknown */
	word(s, 0);
	word(s, 0);
	byte(s, 0x41); /* populated, enabled */
	byte(s, 1);    /* upgrade: other */
	word(s, NO_CACHE);
	word(s, NO_CACHE);
	word(s, NO_CACHE);
	text(s, ""); /* serial number */
	text(s, ""); /* asset tag */
	text(s, ""); /* part number */
	byte(s, 1);  /* cores, of them enabled, threads */
	byte(s, 1);
	byte(s, 1);
	word(s, 2); /* characteristics: unknown */
	word(s, 1); /* family once more */
	close_structure(s);
}

static void memory_array(struct smbios *s, uint64_t ram) /* 7.17 */
{
	bool large = ram / KIB >= 0x80000000u;

	open_structure(s, MEMORY_ARRAY, 0);
	byte(s, 1); /* location: other */
	byte(s, 3); /* use: system memory */
	byte(s, 6); /* multi-bit ECC: some systems want it */
	dword(s, large ? 0x80000000u : (uint32_t)(ram / KIB));
	word(s, NO_ERROR_HANDLE);
	word(s, 1); /* devices */
	qword(s, large ? ram : 0);
	close_structure(s);
}

static void memory_device(struct smbios *s, uint64_t ram) /* 7.18 */
{
	bool large = ram / MIB >= SIZE_IS_EXTENDED;

	open_structure(s, MEMORY_DEVICE, 0);
	word(s, HANDLE(MEMORY_ARRAY));
	word(s, NO_ERROR_HANDLE);
	word(s, 64); /* bits in all, of data */
	word(s, 64);
	word(s, large ? SIZE_IS_EXTENDED : (unsigned)(ram / MIB));
	byte(s, 9); /* DIMM */
	byte(s, 0); /* of no set */
	text(s, "DIMM 0");
	text(s, ""); /* bank */
	byte(s, 7);  /* RAM */
	word(s, 0);  /* detail */
	word(s, 0);  /* speed: unknown */
	text(s, ""); /* manufacturer */
	text(s, ""); /* serial number */
	text(s, ""); /* asset tag */
	text(s, ""); /* part number */
	byte(s, 0);  /* rank: unknown */
	dword(s, large ? (uint32_t)(ram / MIB) : 0);
	word(s, 0); /* configured speed: unknown */
	word(s, 0); /* voltages: unknown */
	word(s, 0);
	word(s, 0);
	close_structure(s);
}

/* 7.20: [base, base + length); nothing if that is empty. */
static void memory_mapped(struct smbios *s, unsigned instance, uint64_t base, uint64_t length)
{
	uint64_t last = base + length - 1;
	bool large = last / KIB >= UINT32_MAX;

	if (!length)
		return;
	open_structure(s, MEMORY_MAPPED, instance);
	dword(s, large ? UINT32_MAX : (uint32_t)(base / KIB));
	dword(s, large ? UINT32_MAX : (uint32_t)(last / KIB));
	word(s, HANDLE(MEMORY_ARRAY));
	byte(s, 1); /* devices that form a row */
	qword(s, large ? base : 0);
	qword(s, large ? last : 0);
	close_structure(s);
}

static void boot_status(struct smbios *s) /* 7.33 */
{
	open_structure(s, BOOT, 0);
	dword(s, 0); /* reserved */
	word(s, 0);
	byte(s, 0); /* no errors */
	close_structure(s);
}

static void build_table(struct smbios *s, const struct smbios_machine *machine)
{
	uint64_t ram = machine->ram_below_4g + machine->ram_above_4g;

	system_information(s, machine);
	enclosure(s, machine);
	processor(s, machine);
	memory_array(s, ram);
	memory_device(s, ram);
	memory_mapped(s, 0, 0, machine->ram_below_4g);
	memory_mapped(s, 1, GIB_4, machine->ram_above_4g);
	boot_status(s);
	open_structure(s, END, 0);
	close_structure(s);
}

/* -- The entry point */

static uint8_t sum(const uint8_t *bytes, size_t length)
{
	uint8_t total = 0;

	while (length--)
		total += *bytes++;
	return total;
}

static void build_anchor(uint8_t anchor[ANCHOR_SIZE], const struct smbios *s)
{
	memset(anchor, 0, ANCHOR_SIZE);
	memcpy(anchor, "_SM_", 4);
	anchor[ANCHOR_LENGTH] = ANCHOR_SIZE;
	anchor[ANCHOR_VERSION] = 2;
	anchor[ANCHOR_VERSION + 1] = 8;
	put_le(anchor + ANCHOR_LARGEST, s->largest, 2);
	memcpy(anchor + ANCHOR_DMI, "_DMI_", 5);
	put_le(anchor + ANCHOR_TABLE_LENGTH, s->table.length, 2);
	put_le(anchor + ANCHOR_COUNT, s->count, 2);
	anchor[ANCHOR_BCD] = 0x28;
	anchor[ANCHOR_DMI_CHECKSUM] -= sum(anchor + ANCHOR_DMI, ANCHOR_SIZE - ANCHOR_DMI);
	anchor[ANCHOR_CHECKSUM] -= sum(anchor, ANCHOR_DMI);
}

static bool check_text(const char *name, const char *string, struct tsr_error *error)
{
	return strlen(string) <= SMBIOS_MAX_TEXT ||
	       tsr_error_set(error, TSR_ERROR_INVALID, "%s: a text has at most %d characters", name,
			     SMBIOS_MAX_TEXT);
}

bool smbios_add(struct fw_cfg_items *items, const struct smbios_machine *machine,
		struct tsr_error *error)
{
	struct smbios s = { .count = 0 };
	uint8_t anchor[ANCHOR_SIZE];
	bool ok;

	if (!check_text("manufacturer", machine->manufacturer, error) ||
	    !check_text("product", machine->product, error))
		return false;
	build_table(&s, machine);
	build_anchor(anchor, &s);
	ok = !s.table.failed &&
	     items_add_file(items, "etc/smbios/smbios-anchor", anchor, sizeof(anchor)) &&
	     items_add_file(items, "etc/smbios/smbios-tables", s.table.bytes, s.table.length);
	free(s.table.bytes);
	return ok || tsr_error_set(error, TSR_ERROR_FAILED, "no memory for the SMBIOS tables");
}
