/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A writer of ACPI machine language: enough of ACPI 1.0b chapter 16 for a PC's description. Calls
 * are made in the order of the language's own prefix notation; whatever has a package length is
 * opened and closed.
 */
#ifndef FW_CFG_AML_H
#define FW_CFG_AML_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define AML_DEPTH 8

struct aml {
	uint8_t *bytes; /* malloc'ed; the user's to free */
	size_t length, capacity;
	size_t open[AML_DEPTH]; /* where the package lengths are */
	unsigned depth;
	bool failed; /* no memory, or nested deeper than AML_DEPTH */
};

enum aml_op {
	AML_ZERO = 0x00,
	AML_ONE = 0x01,
	AML_NAME = 0x08,
	AML_SCOPE = 0x10,
	AML_BUFFER = 0x11,
	AML_PACKAGE = 0x12,
	AML_METHOD = 0x14,
	AML_LOCAL0 = 0x60,
	AML_ARG0 = 0x68,
	AML_STORE = 0x70,
	AML_AND = 0x7b,
	AML_OR = 0x7d,
	AML_CREATE_DWORD_FIELD = 0x8a,
	AML_LLESS = 0x95,
	AML_IF = 0xa0,
	AML_RETURN = 0xa4,
	AML_REGION = 0x5b80,
	AML_FIELD = 0x5b81,
	AML_DEVICE = 0x5b82,
	AML_PROCESSOR = 0x5b83,
};

void aml_byte(struct aml *a, unsigned value);
void aml_le(struct aml *a, uint32_t value, unsigned width);
void aml_bytes(struct aml *a, const void *bytes, size_t length);
void aml_op(struct aml *a, enum aml_op op);
void aml_open(struct aml *a, enum aml_op op); /* with a package length */
void aml_close(struct aml *a);
/* Segments of four characters, at most two, separated by '.'; may start with '\\'. */
void aml_path(struct aml *a, const char *path);
void aml_integer(struct aml *a, uint32_t value);

/* Name (path, …): the value follows. */
void aml_name(struct aml *a, const char *path);
void aml_name_integer(struct aml *a, const char *path, uint32_t value);
void aml_name_eisaid(struct aml *a, const char *path, const char *id); /* "PNP0A03" */
/* Scope, Device, Method: to be closed. flags: number of arguments, 8: serialized. */
void aml_open_scope(struct aml *a, const char *path);
void aml_open_device(struct aml *a, const char *name);
void aml_open_method(struct aml *a, const char *name, unsigned flags);
void aml_open_package(struct aml *a, unsigned elements);

/* Name (name, ResourceTemplate () { … }): to be closed by aml_close_resources. */
void aml_open_resources(struct aml *a, const char *name);
void aml_close_resources(struct aml *a);
void aml_resource_io(struct aml *a, uint16_t base, uint8_t length);
void aml_resource_irq(struct aml *a, uint16_t mask); /* edge, active high */
void aml_resource_dma(struct aml *a, uint8_t mask);  /* 8 bit, compatible */
void aml_resource_bus(struct aml *a, uint16_t first, uint16_t last);
void aml_resource_io_window(struct aml *a, uint16_t first, uint16_t last);
void aml_resource_memory_window(struct aml *a, uint32_t first, uint32_t last);
/* Level, shared, one of them. */
void aml_resource_interrupts(struct aml *a, const uint8_t *irqs, unsigned count);

#endif
