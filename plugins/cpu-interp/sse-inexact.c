/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * PE together with an unmasked overflow or underflow: it then says whether the result with an
 * unbounded exponent is inexact (IEEE 754-1985, 7.3 and 7.4; SDM volume 1, 4.9.1.4 and 4.9.1.5),
 * which the masked instruction on the host does not show. The x87 computes that, with its 15-bit
 * exponents and precision control set to that of the format.
 */
#include "fpu.h"
#include "sse-inexact.h"

/* The opcodes of 0F 58 to 0F 5E that this is asked about. */
enum { ADD = 0x58, MUL = 0x59, CONVERT = 0x5a, SUB = 0x5c, DIV = 0x5e };

/* How many lanes, and of what. */
struct form {
	bool from_double, to_double;
	unsigned lanes;
};

static struct form form_of(const struct op *op)
{
	bool wide = op->prefix == 0x66 || op->prefix == 0xf2,
	     scalar = op->prefix == 0xf2 || op->prefix == 0xf3;

	return (struct form){ .from_double = wide,
			      .to_double = wide && op->opcode != CONVERT,
			      .lanes = scalar ? 1
				       : wide ? 2
					      : 4 };
}

/* A lane widened to a double, which holds every single; denormals as DAZ has them. */
static double lane(const uint8_t *bytes, bool wide, unsigned i, uint32_t mxcsr)
{
	uint64_t bits = 0, magnitude;
	unsigned size = wide ? 8 : 4, fraction = wide ? 52 : 23;
	float narrow;
	double value;

	memcpy(&bits, bytes + size * i, size);
	magnitude = bits & ~(UINT64_C(1) << (8 * size - 1));
	if ((mxcsr & TSR_MXCSR_DAZ) && !(magnitude >> fraction))
		bits &= ~magnitude;
	memcpy(&narrow, &bits, sizeof(narrow));
	memcpy(&value, &bits, sizeof(value));
	return wide ? value : (double)narrow;
}

#define X87(text) \
	__asm__ volatile("fldl %1\n\t" text "\n\tfnstsw %0\n\tfstp %%st(0)" \
			 : "=m"(status) \
			 : "m"(a), "m"(b))

static uint16_t compute(uint8_t opcode, double a, double b)
{
	uint16_t status;

	switch (opcode) {
	case ADD:
		X87("faddl %2");
		break;
	case MUL:
		X87("fmull %2");
		break;
	case SUB:
		X87("fsubl %2");
		break;
	case DIV:
	default:
		X87("fdivl %2");
		break;
	}
	return status;
}

static bool lane_inexact(const struct op *op, const struct form *f, double a, double b,
			 uint32_t mxcsr)
{
	uint16_t fcw = (uint16_t)(TSR_X87_EXCEPTIONS | (f->to_double ? TSR_FCW_PC_DOUBLE : 0) |
				  (mxcsr >> TSR_MXCSR_RC_SHIFT & 3) << TSR_FCW_RC_SHIFT),
		 status;

	__asm__ volatile("fninit\n\tfldcw %0" : : "m"(fcw));
	status = op->opcode == CONVERT ? compute(MUL, b, 1)
				       : compute(op->opcode, a, b); /* a conversion: times one */
	__asm__ volatile("fninit");
	return status & TSR_FSW_PE;
}

bool sse_inexact(const struct op *op, const uint8_t *a, const uint8_t *b, uint32_t mxcsr)
{
	struct form f = form_of(op);
	bool inexact = false;

	for (unsigned i = 0; i < f.lanes; i++)
		inexact |= lane_inexact(op, &f, lane(a, f.from_double, i, mxcsr),
					lane(b, f.from_double, i, mxcsr), mxcsr);
	return inexact;
}
