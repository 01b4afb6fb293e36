/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The writer of aml.h. Package lengths always take three bytes, which holds 1 MiB and needs no
 * second pass.
 * Source: ACPI 1.0b, 6.4 (resource descriptors) and 16.2 (AML grammar).
 */
#include <stdlib.h>
#include <string.h>

#include "aml.h"

#define PACKAGE_LENGTH_BYTES 3

void aml_bytes(struct aml *a, const void *bytes, size_t length)
{
	if (a->length + length > a->capacity) {
		size_t capacity = (a->length + length) * 2;
		uint8_t *grown = a->failed ? NULL : realloc(a->bytes, capacity);

		if (!grown) {
			a->failed = true;
			return;
		}
		a->bytes = grown;
		a->capacity = capacity;
	}
	memcpy(a->bytes + a->length, bytes, length);
	a->length += length;
}

void aml_byte(struct aml *a, unsigned value)
{
	uint8_t byte = (uint8_t)value;

	aml_bytes(a, &byte, 1);
}

void aml_le(struct aml *a, uint32_t value, unsigned width)
{
	for (unsigned i = 0; i < width; i++)
		aml_byte(a, value >> (8 * i));
}

void aml_op(struct aml *a, enum aml_op op)
{
	if (op > 0xff)
		aml_byte(a, op >> 8);
	aml_byte(a, op);
}

void aml_open(struct aml *a, enum aml_op op)
{
	aml_op(a, op);
	if (a->depth < AML_DEPTH)
		a->open[a->depth] = a->length;
	else
		a->failed = true;
	a->depth++;
	aml_le(a, 0, PACKAGE_LENGTH_BYTES);
}

void aml_close(struct aml *a)
{
	size_t at, length;

	a->depth--;
	if (a->failed)
		return;
	at = a->open[a->depth];
	length = a->length - at;
	a->bytes[at] = (uint8_t)(0x80 | (length & 15));
	a->bytes[at + 1] = (uint8_t)(length >> 4);
	a->bytes[at + 2] = (uint8_t)(length >> 12);
}

void aml_path(struct aml *a, const char *path)
{
	const char *dot;

	if (*path == '\\')
		aml_byte(a, *path++);
	dot = strchr(path, '.');
	if (dot)
		aml_byte(a, 0x2e); /* DualNamePrefix */
	aml_bytes(a, path, 4);
	if (dot)
		aml_bytes(a, dot + 1, 4);
}

void aml_integer(struct aml *a, uint32_t value)
{
	unsigned width = value > 0xffff ? 4 : value > 0xff ? 2 : 1;
	static const uint8_t prefix[] = { 0, 0x0a, 0x0b, 0, 0x0c };

	if (value <= 1) {
		aml_byte(a, value);
		return;
	}
	aml_byte(a, prefix[width]);
	aml_le(a, value, width);
}

void aml_name(struct aml *a, const char *path)
{
	aml_op(a, AML_NAME);
	aml_path(a, path);
}

void aml_name_integer(struct aml *a, const char *path, uint32_t value)
{
	aml_name(a, path);
	aml_integer(a, value);
}

static uint32_t hex_digit(char c)
{
	return (uint32_t)(c <= '9' ? c - '0' : c - 'A' + 10);
}

/* Three letters of five bits, four hexadecimal digits; the whole stored with its first byte
 * lowest. */
void aml_name_eisaid(struct aml *a, const char *path, const char *id)
{
	uint32_t letters = (uint32_t)((id[0] - '@') << 10 | (id[1] - '@') << 5 | (id[2] - '@'));
	uint32_t digits = hex_digit(id[3]) << 12 | hex_digit(id[4]) << 8 | hex_digit(id[5]) << 4 |
			  hex_digit(id[6]);

	aml_name(a, path);
	aml_byte(a, 0x0c);
	aml_byte(a, letters >> 8);
	aml_byte(a, letters);
	aml_byte(a, digits >> 8);
	aml_byte(a, digits);
}

void aml_open_scope(struct aml *a, const char *path)
{
	aml_open(a, AML_SCOPE);
	aml_path(a, path);
}

void aml_open_device(struct aml *a, const char *name)
{
	aml_open(a, AML_DEVICE);
	aml_path(a, name);
}

void aml_open_method(struct aml *a, const char *name, unsigned flags)
{
	aml_open(a, AML_METHOD);
	aml_path(a, name);
	aml_byte(a, flags);
}

void aml_open_package(struct aml *a, unsigned elements)
{
	aml_open(a, AML_PACKAGE);
	aml_byte(a, elements);
}

/* -- Resources */

/* The buffer's size is a word constant, patched at the end. */
void aml_open_resources(struct aml *a, const char *name)
{
	aml_name(a, name);
	aml_open(a, AML_BUFFER);
	aml_byte(a, 0x0b);
	aml_le(a, 0, 2);
}

void aml_close_resources(struct aml *a)
{
	aml_le(a, 0x0079, 2); /* end tag, no checksum */
	if (!a->failed) {
		size_t start = a->open[a->depth - 1] + PACKAGE_LENGTH_BYTES + 1;
		size_t size = a->length - start - 2;

		a->bytes[start] = (uint8_t)size;
		a->bytes[start + 1] = (uint8_t)(size >> 8);
	}
	aml_close(a);
}

void aml_resource_io(struct aml *a, uint16_t base, uint8_t length)
{
	aml_byte(a, 0x47);
	aml_byte(a, 1); /* decodes 16 bits */
	aml_le(a, base, 2);
	aml_le(a, base, 2);
	aml_byte(a, 1); /* alignment */
	aml_byte(a, length);
}

void aml_resource_irq(struct aml *a, uint16_t mask)
{
	aml_byte(a, 0x22);
	aml_le(a, mask, 2);
}

void aml_resource_dma(struct aml *a, uint8_t mask)
{
	aml_byte(a, 0x2a);
	aml_byte(a, mask);
	aml_byte(a, 0);
}

/* An address space descriptor of a bridge's window (produced, fixed, positively decoded),
 * integers of `width` bytes. */
static void window(struct aml *a, unsigned type, unsigned specific, uint32_t first, uint32_t last,
		   unsigned width)
{
	aml_byte(a, width == 2 ? 0x88 : 0x87);
	aml_le(a, 3 + 5 * width, 2);
	aml_byte(a, type);
	aml_byte(a, 0x0c);
	aml_byte(a, specific);
	aml_le(a, 0, width); /* granularity */
	aml_le(a, first, width);
	aml_le(a, last, width);
	aml_le(a, 0, width); /* translation */
	aml_le(a, last - first + 1, width);
}

void aml_resource_bus(struct aml *a, uint16_t first, uint16_t last)
{
	window(a, 2, 0, first, last, 2);
}

void aml_resource_io_window(struct aml *a, uint16_t first, uint16_t last)
{
	window(a, 1, 3, first, last, 2);
}

void aml_resource_memory_window(struct aml *a, uint32_t first, uint32_t last)
{
	window(a, 0, 1, first, last, 4);
}

void aml_resource_interrupts(struct aml *a, const uint8_t *irqs, unsigned count)
{
	aml_byte(a, 0x89);
	aml_le(a, 2 + 4 * count, 2);
	aml_byte(a, 0x09); /* consumed, level, active high, shared */
	aml_byte(a, count);
	for (unsigned i = 0; i < count; i++)
		aml_le(a, irqs[i], 4);
}
