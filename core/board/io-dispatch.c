/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See io-dispatch.h. */
#include "board/io-dispatch.h"

#include "instance/machine-parts.h"

/* The marks cost a load and two stores. */
static inline uintptr_t begin(const struct tsr_region *r, bool write)
{
	return r->owner ? tsr_access_begin(&r->owner->callee, write)
			: tsr_access_begin(NULL, false);
}

/* Widths that the handlers do not take; out of line, so that the others save fewer registers. */
static __attribute__((noinline)) uint64_t read_in_pieces(const struct tsr_region *r,
							 uint64_t offset, unsigned width)
{
	const struct tsr_io_ops *ops = r->ops;
	unsigned step = width;
	uint64_t value = 0;

	while (step > 1 && !(ops->widths & step))
		step >>= 1;
	if (ops->widths & step) {
		for (unsigned i = 0; i < width; i += step)
			value |= (ops->read(r->self, offset + i, step) & ((1ull << (step * 8)) - 1))
				 << (i * 8);
		return value;
	}
	/* Narrower than any: cut it out of the narrowest allowed one. */
	for (step = width * 2; step < 8 && !(ops->widths & step); step <<= 1)
		;
	value = ops->read(r->self, offset & ~(uint64_t)(step - 1), step);
	return value >> ((offset & (step - 1)) * 8);
}

uint64_t tsr_io_dispatch_read(const struct tsr_region *r, uint64_t offset, unsigned width)
{
	const struct tsr_io_ops *ops = r->ops;
	uint64_t value;
	uintptr_t outer;

	if (!ops->read)
		return ~0ull;
	outer = begin(r, false);
	value = ops->widths & width ? ops->read(r->self, offset, width)
				    : read_in_pieces(r, offset, width);
	tsr_access_end(outer);
	return value;
}

static __attribute__((noinline)) void write_in_pieces(const struct tsr_region *r, uint64_t offset,
						      uint64_t value, unsigned width)
{
	const struct tsr_io_ops *ops = r->ops;
	unsigned step = width;

	while (step > 1 && !(ops->widths & step))
		step >>= 1;
	if (ops->widths & step) {
		for (unsigned i = 0; i < width; i += step)
			ops->write(r->self, offset + i,
				   (value >> (i * 8)) & ((1ull << (step * 8)) - 1), step);
		return;
	}
	for (step = width * 2; step < 8 && !(ops->widths & step); step <<= 1)
		;
	ops->write(r->self, offset & ~(uint64_t)(step - 1), value << ((offset & (step - 1)) * 8),
		   step);
}

void tsr_io_dispatch_write(const struct tsr_region *r, uint64_t offset, uint64_t value,
			   unsigned width)
{
	const struct tsr_io_ops *ops = r->ops;
	uintptr_t outer;

	if (!ops->write)
		return;
	outer = begin(r, true);
	if (ops->widths & width)
		ops->write(r->self, offset, value, width);
	else
		write_in_pieces(r, offset, value, width);
	tsr_access_end(outer);
}
