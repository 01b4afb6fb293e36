/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See io-dispatch.h. */
#include "board/io-dispatch.h"

#include "instance/machine-parts.h"

static inline void note_owner(const struct tsr_region *r)
{
	if (r->owner)
		r->owner->machine->doing_for = r->owner;
}

uint64_t tsr_io_dispatch_read(const struct tsr_region *r, uint64_t offset, unsigned width)
{
	const struct tsr_io_ops *ops = r->ops;
	unsigned step = width;
	uint64_t value = 0;

	if (!ops->read)
		return ~0ull;
	note_owner(r);
	if (ops->widths & width)
		return ops->read(r->self, offset, width);
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

void tsr_io_dispatch_write(const struct tsr_region *r, uint64_t offset, uint64_t value,
			   unsigned width)
{
	const struct tsr_io_ops *ops = r->ops;
	unsigned step = width;

	if (!ops->write)
		return;
	note_owner(r);
	if (ops->widths & width) {
		ops->write(r->self, offset, value, width);
		return;
	}
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
