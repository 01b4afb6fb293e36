/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * FSTENV FLDENV FSAVE FRSTOR, in the four layouts of Intel SDM volume 1, 8.1.10, and FXSAVE
 * FXRSTOR. The host computes the tag word and the effect of loaded flags; the layouts are made
 * here, because 64-bit mode has only the 32-bit protected one.
 */
#include "sse.h"
#include "instructions.h"
#include "thunk.h"

/* The 32-bit protected-mode layout: what the host's FNSTENV and FLDENV use. */
struct environment {
	uint32_t fcw, fsw, ftw, fip, fcs_fop, fdp, fds;
};

static void environment_get(cpu *c, struct environment *env)
{
	const struct tsr_x86_fx *fx = fx_of(c);

	fpu_run_nowait(c, thunk_fixed(c, THUNK_FNSTENV),
		       env); /* also masks all exceptions, as it must */
	env->fip = fx->fip;
	env->fcs_fop = fx->fcs | (fx->fop & TSR_FOP_MASK) << 16;
	env->fdp = fx->fdp;
	env->fds = fx->fds | 0xffff0000;
}

static void environment_set(cpu *c, struct environment *env)
{
	struct tsr_x86_fx *fx = fx_of(c);
	struct environment host = { .fcw = env->fcw & 0xffff,
				    .fsw = env->fsw & 0xffff,
				    .ftw = env->ftw & 0xffff };

	fx->fsw &= (uint16_t)~TSR_FSW_PENDING; /* TOP stays, and with it the places of the
						  registers; pending exceptions are replaced */
	fpu_run_nowait(c, thunk_fixed(c, THUNK_FLDENV), &host);
	fx->fip = env->fip;
	fx->fcs = (uint16_t)env->fcs_fop;
	fx->fop = env->fcs_fop >> 16 & TSR_FOP_MASK;
	fx->fdp = env->fdp;
	fx->fds = (uint16_t)env->fds;
	fpu_update_ferr(c);
}

static unsigned environment_bytes(const struct op *op)
{
	return op->flags & OP_WIDE ? 28 : 14;
}

static tsr_gla environment_operand(cpu *c, const struct op *op, unsigned length, bool write)
{
	tsr_gla gla = memory_operand(c, op, length, write);

	memory_check_alignment(c, gla, op->flags & OP_WIDE ? 4 : 2, c->view);
	return gla;
}

static void encode32(const struct environment *env, bool real, uint32_t out[7])
{
	uint32_t fop = env->fcs_fop >> 16, ip = env->fip, dp = env->fdp;

	out[0] = env->fcw | 0xffff0000;
	out[1] = env->fsw | 0xffff0000;
	out[2] = env->ftw | 0xffff0000;
	if (real) {
		ip += (env->fcs_fop & 0xffff) << 4;
		dp += (env->fds & 0xffff) << 4;
		out[3] = (ip & 0xffff) | 0xffff0000;
		out[4] = (ip >> 16) << 12 | fop;
		out[5] = (dp & 0xffff) | 0xffff0000;
		out[6] = (dp >> 16) << 12;
	} else {
		out[3] = ip;
		out[4] = env->fcs_fop;
		out[5] = dp;
		out[6] = env->fds;
	}
}

static void encode16(const struct environment *env, bool real, uint16_t out[7])
{
	uint32_t fop = env->fcs_fop >> 16, ip = env->fip, dp = env->fdp;

	out[0] = (uint16_t)env->fcw;
	out[1] = (uint16_t)env->fsw;
	out[2] = (uint16_t)env->ftw;
	if (real) {
		ip += (env->fcs_fop & 0xffff) << 4;
		dp += (env->fds & 0xffff) << 4;
	}
	out[3] = (uint16_t)ip;
	out[4] = (uint16_t)(real ? (ip >> 16 & 15) << 12 | fop : env->fcs_fop);
	out[5] = (uint16_t)dp;
	out[6] = (uint16_t)(real ? (dp >> 16 & 15) << 12 : env->fds);
}

static void decode32(const uint32_t in[7], bool real, struct environment *env)
{
	*env = (struct environment){ .fcw = in[0],
				     .fsw = in[1],
				     .ftw = in[2],
				     .fip = in[3],
				     .fcs_fop = in[4],
				     .fdp = in[5],
				     .fds = in[6] };
	if (real) {
		env->fip = (in[3] & 0xffff) | (in[4] >> 12 & 0xffff) << 16;
		env->fcs_fop = (in[4] & TSR_FOP_MASK) << 16;
		env->fdp = (in[5] & 0xffff) | (in[6] >> 12 & 0xffff) << 16;
		env->fds = 0;
	}
}

static void decode16(const uint16_t in[7], bool real, struct environment *env)
{
	*env = (struct environment){ .fcw = in[0],
				     .fsw = in[1],
				     .ftw = in[2],
				     .fip = in[3],
				     .fcs_fop = in[4],
				     .fdp = in[5],
				     .fds = in[6] };
	if (real) {
		env->fip = in[3] | (uint32_t)(in[4] >> 12) << 16;
		env->fcs_fop = (in[4] & TSR_FOP_MASK) << 16;
		env->fdp = in[5] | (uint32_t)(in[6] >> 12) << 16;
		env->fds = 0;
	}
}

static void encode(cpu *c, const struct op *op, const struct environment *env, void *out)
{
	if (op->flags & OP_WIDE)
		encode32(env, paragraph_mode(c), out);
	else
		encode16(env, paragraph_mode(c), out);
}

static void decode(cpu *c, const struct op *op, const void *in, struct environment *env)
{
	if (op->flags & OP_WIDE)
		decode32(in, paragraph_mode(c), env);
	else
		decode16(in, paragraph_mode(c), env);
}

void op_fnstenv(cpu *c, const struct op *op)
{
	unsigned n = environment_bytes(op);
	struct environment env;
	uint32_t image[7];
	tsr_gla gla;

	fpu_check_device(c);
	gla = environment_operand(c, op, n, true);
	memory_check_write(c, gla, n, c->view);
	environment_get(c, &env);
	encode(c, op, &env, image);
	memory_write_bytes(c, gla, image, n, c->view);
	fpu_update_ferr(c);
}

void op_fldenv(cpu *c, const struct op *op)
{
	unsigned n = environment_bytes(op);
	struct environment env;
	uint32_t image[7];

	fpu_check_device(c);
	fpu_check_pending(c);
	memory_read_bytes(c, environment_operand(c, op, n, false), image, n, c->view);
	decode(c, op, image, &env);
	environment_set(c, &env);
}

void op_fnsave(cpu *c, const struct op *op)
{
	unsigned n = environment_bytes(op);
	struct tsr_x86_fx *fx = fx_of(c);
	struct environment env;
	uint8_t image[108];
	tsr_gla gla;

	fpu_check_device(c);
	gla = environment_operand(c, op, n + 80, true);
	memory_check_write(c, gla, n + 80, c->view);
	environment_get(c, &env);
	encode(c, op, &env, image);
	for (unsigned i = 0; i < 8; i++)
		memcpy(image + n + 10 * i, fx->st[i], 10);
	memory_write_bytes(c, gla, image, n + 80, c->view);
	fpu_run_nowait(c, thunk_fixed(c, THUNK_FNINIT), NULL);
	memset(c->s->fx + TSR_FX_POINTERS, 0, TSR_FX_POINTERS_SIZE);
	fpu_update_ferr(c);
}

void op_frstor(cpu *c, const struct op *op)
{
	unsigned n = environment_bytes(op);
	struct tsr_x86_fx *fx = fx_of(c);
	struct environment env;
	uint8_t image[108];

	fpu_check_device(c);
	fpu_check_pending(c);
	memory_read_bytes(c, environment_operand(c, op, n + 80, false), image, n + 80, c->view);
	decode(c, op, image, &env);
	environment_set(c, &env);
	for (unsigned i = 0; i < 8; i++)
		memcpy(fx->st[i], image + n + 10 * i, 10);
}

/* -- FXSAVE, FXRSTOR: 288 bytes are written, the rest of the 512 stays as it was */
static tsr_gla fx_operand(cpu *c, const struct op *op, bool write)
{
	tsr_gla gla;

	if (c->s->cr0 & (TSR_CR0_EM | TSR_CR0_TS))
		fault_raise(c, TSR_VECTOR_NM);
	gla = memory_operand(c, op, sizeof(struct tsr_x86_fx), write);
	if (gla & 15)
		fault_gp0(c);
	return gla;
}

void op_fxsave(cpu *c, const struct op *op)
{
	tsr_gla gla = fx_operand(c, op, true);
	struct tsr_x86_fx image = *fx_of(c);

	image.mxcsr_mask = sse_mxcsr_mask(c);
	memory_write_bytes(c, gla, &image, TSR_FX_WRITTEN, c->view);
}

void op_fxrstor(cpu *c, const struct op *op)
{
	tsr_gla gla = fx_operand(c, op, false);
	struct tsr_x86_fx *fx = fx_of(c), image = *fx;

	memory_read_bytes(c, gla, &image, TSR_FX_WRITTEN, c->view);
	if (image.mxcsr & ~sse_mxcsr_mask(c))
		fault_gp0(c);
	image.mxcsr_mask = sse_mxcsr_mask(c);
	image.reserved = 0;
	image.reserved2 = image.reserved3 = 0;
	image.fop &= TSR_FOP_MASK;
	*fx = image;
	fpu_run_nowait(c, thunk_fixed(c, THUNK_NOTHING),
		       NULL); /* the host computes ES and clears reserved bits */
	fpu_update_ferr(c);
}
