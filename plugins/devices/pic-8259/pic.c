/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Two cascaded 8259A interrupt controllers (Intel 231468-003) with the ELCR of PIIX3 (Intel
 * 290550, 4.4.8).
 *
 * The request of an input follows its level in level mode; in edge mode a rising edge sets it and a
 * falling edge withdraws it, because the data sheet requires the input to stay high until INTA. No
 * INT is given between ICW1 and the last ICW.
 */
#include <string.h>

#include <tessera/draft/interrupts.h>
#include <tessera/plugin.h>
#include <tessera/tessera.h>

#define CASCADE 2

enum init_step { READY, WANT_ICW2, WANT_ICW3, WANT_ICW4 };

enum icw1 { ICW1_IC4 = 0x01, ICW1_SNGL = 0x02, ICW1_LTIM = 0x08, ICW1_INIT = 0x10 };
enum icw4 { ICW4_AEOI = 0x02, ICW4_SFNM = 0x10 };
enum ocw2 { OCW2_L = 0x07, OCW2_EOI = 0x20, OCW2_SL = 0x40, OCW2_R = 0x80 };
#define POLL_I 0x80u    /* poll word: an interrupt is requested */
#define ICW2_BASE 0xf8u /* T7-T3 */
#define SPURIOUS 7      /* the input that is reported when there is no request */
enum { REG_COMMAND };   /* A0 = 0 */
enum ocw3 {
	OCW3_RIS = 0x01,
	OCW3_RR = 0x02,
	OCW3_POLL = 0x04,
	OCW3_SELECT = 0x08,
	OCW3_SMM = 0x20,
	OCW3_ESMM = 0x40
};

struct chip {
	uint8_t lines; /* levels of the inputs */
	uint8_t irr, imr, isr;
	uint8_t elcr;
	uint8_t elcr_mask; /* which inputs may be made level-triggered */
	uint8_t base;      /* ICW2 */
	uint8_t icw1, icw4;
	uint8_t step;  /* enum init_step */
	uint8_t first; /* the input of highest priority */
	bool rotate_aeoi, special_mask, read_isr, poll;
};

struct pic {
	struct chip chips[2]; /* master, slave */
	const struct tsr_irq *out;
};

static uint8_t level_inputs(const struct chip *c)
{
	return c->icw1 & ICW1_LTIM ? 0xff : c->elcr;
}

/* The position of the highest bit of `mask` in the order of priority, 0-7; 8: none. */
static unsigned rank(const struct chip *c, uint8_t mask)
{
	unsigned n = 0;

	while (n < 8 && !(mask >> ((c->first + n) & 7) & 1))
		n++;
	return n;
}

/* The request that would be acknowledged now, or -1. */
static int pending(const struct pic *p, const struct chip *c)
{
	uint8_t blocking = c->isr;
	unsigned request = rank(c, c->irr & ~c->imr);

	if (c->step != READY)
		return -1;
	if (c->special_mask)
		blocking &= ~c->imr;
	if ((c->icw4 & ICW4_SFNM) && c == &p->chips[0])
		blocking &= ~(1 << CASCADE);
	return request < rank(c, blocking) ? (int)((c->first + request) & 7) : -1;
}

static void input_set(struct chip *c, unsigned input, int level)
{
	uint8_t bit = 1 << input;

	if (level && !(c->lines & bit))
		c->irr |= bit;
	if (!level)
		c->irr &= ~bit;
	c->lines = level ? c->lines | bit : c->lines & ~bit;
}

static void update(struct pic *p)
{
	input_set(&p->chips[0], CASCADE, pending(p, &p->chips[1]) >= 0);
	tsr_irq_set(p->out, pending(p, &p->chips[0]) >= 0);
}

/* The INTA cycle of one chip. */
static int take(struct pic *p, struct chip *c)
{
	int input = pending(p, c);

	if (input < 0)
		return SPURIOUS;
	if (!(c->icw4 & ICW4_AEOI))
		c->isr |= 1 << input;
	else if (c->rotate_aeoi)
		c->first = (input + 1) & 7;
	if (!(level_inputs(c) >> input & 1))
		c->irr &= ~(1 << input);
	if (c == &p->chips[1])
		input_set(&p->chips[0], CASCADE, 0); /* the slave's INT falls with each INTA */
	return input;
}

static int pic_acknowledge(void *self)
{
	struct pic *p = self;
	struct chip *c = &p->chips[0];
	bool cascaded = pending(p, c) == CASCADE;
	int input = take(p, c);

	if (cascaded) {
		c = &p->chips[1];
		input = take(p, c);
	}
	update(p);
	return c->base + input;
}

/* -- registers */

static void write_icw1(struct chip *c, uint8_t value)
{
	c->icw1 = value;
	c->imr = c->isr = 0;
	c->icw4 = 0;
	c->first = 0;
	c->rotate_aeoi = c->special_mask = c->read_isr = c->poll = false;
	c->irr = c->lines & level_inputs(c); /* the edge detectors start again */
	c->step = WANT_ICW2;
}

static void end_of_interrupt(struct chip *c, uint8_t command)
{
	uint8_t candidates = c->special_mask ? c->isr & ~c->imr : c->isr;
	unsigned input = command & OCW2_L;

	if (!(command & OCW2_SL)) { /* non-specific: the highest in service */
		if (rank(c, candidates) == 8)
			return;
		input = (c->first + rank(c, candidates)) & 7;
	}
	c->isr &= ~(1 << input);
	if (command & OCW2_R)
		c->first = (input + 1) & 7;
}

static void write_ocw2(struct chip *c, uint8_t value)
{
	if (value & OCW2_EOI)
		end_of_interrupt(c, value);
	else if ((value & OCW2_SL) && (value & OCW2_R)) /* set priority */
		c->first = ((value & OCW2_L) + 1) & 7;
	else if (!(value & OCW2_SL))
		c->rotate_aeoi = value & OCW2_R;
}

static void write_ocw3(struct chip *c, uint8_t value)
{
	if (value & OCW3_ESMM)
		c->special_mask = value & OCW3_SMM;
	c->poll = value & OCW3_POLL;
	if (value & OCW3_RR)
		c->read_isr = value & OCW3_RIS;
}

static void write_icw(struct chip *c, uint8_t value)
{
	if (c->step == WANT_ICW2)
		c->base = value & ICW2_BASE;
	if (c->step == WANT_ICW4)
		c->icw4 = value;
	if (c->step == WANT_ICW2 && !(c->icw1 & ICW1_SNGL))
		c->step = WANT_ICW3;
	else if (c->step != WANT_ICW4 && (c->icw1 & ICW1_IC4))
		c->step = WANT_ICW4;
	else
		c->step = READY;
}

static void chip_write(struct pic *p, struct chip *c, uint64_t offset, uint8_t value)
{
	if (offset == REG_COMMAND && (value & ICW1_INIT))
		write_icw1(c, value);
	else if (offset == REG_COMMAND && (value & OCW3_SELECT))
		write_ocw3(c, value);
	else if (offset == REG_COMMAND)
		write_ocw2(c, value);
	else if (c->step != READY)
		write_icw(c, value);
	else
		c->imr = value;
	update(p);
}

static uint8_t chip_read(struct pic *p, struct chip *c, uint64_t offset)
{
	uint8_t value;

	if (c->poll) {
		c->poll = false;
		value = pending(p, c) < 0 ? 0 : POLL_I | take(p, c);
		update(p);
		return value;
	}
	if (offset != REG_COMMAND)
		return c->imr;
	return c->read_isr ? c->isr : c->irr;
}

static uint64_t master_read(void *self, uint64_t offset, unsigned width)
{
	struct pic *p = self;

	return chip_read(p, &p->chips[0], offset);
}

static void master_write(void *self, uint64_t offset, uint64_t value, unsigned width)
{
	struct pic *p = self;

	chip_write(p, &p->chips[0], offset, value);
}

static uint64_t slave_read(void *self, uint64_t offset, unsigned width)
{
	struct pic *p = self;

	return chip_read(p, &p->chips[1], offset);
}

static void slave_write(void *self, uint64_t offset, uint64_t value, unsigned width)
{
	struct pic *p = self;

	chip_write(p, &p->chips[1], offset, value);
}

static uint64_t elcr_read(void *self, uint64_t offset, unsigned width)
{
	return ((struct pic *)self)->chips[offset].elcr;
}

static void elcr_write(void *self, uint64_t offset, uint64_t value, unsigned width)
{
	struct pic *p = self;
	struct chip *c = &p->chips[offset];

	c->elcr = value & c->elcr_mask;
	c->irr |= c->lines & c->elcr;
	update(p);
}

static const struct tsr_io_ops master_ops = {
	.size = sizeof(master_ops), .widths = 1, .read = master_read, .write = master_write
};
static const struct tsr_io_ops slave_ops = {
	.size = sizeof(slave_ops), .widths = 1, .read = slave_read, .write = slave_write
};
static const struct tsr_io_ops elcr_ops = {
	.size = sizeof(elcr_ops), .widths = 1, .read = elcr_read, .write = elcr_write
};

/* -- interfaces */

static void pic_set_input(void *self, unsigned input, int level)
{
	struct pic *p = self;

	if (input > 15 || input == CASCADE)
		return;
	input_set(&p->chips[input / 8], input % 8, level);
	update(p);
}

static const struct tsr_irq_inputs inputs_table = { sizeof(inputs_table), 16, pic_set_input };
static const struct tsr_intack intack_table = { .size = sizeof(intack_table),
						.acknowledge = pic_acknowledge };

static const void *pic_interface(void *self, const char *interface)
{
	if (strcmp(interface, TSR_IRQ_INPUTS) == 0)
		return &inputs_table;
	return strcmp(interface, TSR_INTACK) == 0 ? &intack_table : NULL;
}

/* -- life cycle */

static bool pic_attach(void *self, const struct tsr_host *host, struct tsr_error *error)
{
	const struct tsr_io *io = host->get(host, TSR_IO);
	const struct tsr_irq_table *irq = host->get(host, TSR_IRQ);
	struct pic *p = self;

	p->out = irq->get(host, "int");
	p->chips[0].elcr_mask =
		0xf8; /* 0, 1 and the cascade are always edge-triggered; so are 8 and 13 */
	p->chips[1].elcr_mask = 0xde;
	return io->claim(host, "master", &master_ops, p, error) &&
	       io->claim(host, "slave", &slave_ops, p, error) &&
	       io->claim(host, "elcr", &elcr_ops, p, error);
}

/* Not initialised, so no interrupt comes before the firmware wrote ICW1 and its followers. */
static void pic_reset(void *self, enum tsr_reset kind)
{
	struct pic *p = self;

	if (kind == TSR_RESET_SOFT)
		return;
	for (unsigned i = 0; i < 2; i++) {
		p->chips[i].elcr = 0;
		p->chips[i].base = 0;
		write_icw1(&p->chips[i], 0);
	}
	update(p);
}

/* clang-format off */
static const struct {
	const char *name;
	size_t offset;
} fields[] = {
#define F(name) { #name, offsetof(struct chip, name) }
	F(lines), F(irr), F(imr), F(isr), F(elcr), F(base), F(icw1), F(icw4), F(step), F(first),
#undef F
};
/* clang-format on */
static const char *const groups[2] = { "master", "slave" };

static void pic_save(void *self, struct tsr_state_writer *out)
{
	struct pic *p = self;

	for (unsigned i = 0; i < 2; i++) {
		struct chip *c = &p->chips[i];

		out->ops->begin(out, groups[i]);
		for (size_t f = 0; f < sizeof(fields) / sizeof(fields[0]); f++)
			tsr_state_put_u8(out, fields[f].name, ((uint8_t *)c)[fields[f].offset]);
		tsr_state_put_bool(out, "rotate-aeoi", c->rotate_aeoi);
		tsr_state_put_bool(out, "special-mask", c->special_mask);
		tsr_state_put_bool(out, "read-isr", c->read_isr);
		tsr_state_put_bool(out, "poll", c->poll);
		out->ops->end(out);
	}
}

static bool load_chip(struct chip *c, struct tsr_state_reader *in)
{
	bool good = true;

	for (size_t f = 0; f < sizeof(fields) / sizeof(fields[0]); f++)
		good &= tsr_state_get_u8(in, fields[f].name, (uint8_t *)c + fields[f].offset);
	good &= tsr_state_get_bool(in, "rotate-aeoi", &c->rotate_aeoi);
	good &= tsr_state_get_bool(in, "special-mask", &c->special_mask);
	good &= tsr_state_get_bool(in, "read-isr", &c->read_isr);
	good &= tsr_state_get_bool(in, "poll", &c->poll);
	return good && c->step <= WANT_ICW4 && c->first < 8 && !(c->elcr & ~c->elcr_mask) &&
	       !(c->base & 7);
}

static bool pic_load(void *self, struct tsr_state_reader *in, struct tsr_error *error)
{
	struct pic *p = self;

	for (unsigned i = 0; i < 2; i++) {
		bool good = in->ops->begin(in, groups[i]);

		if (good) {
			good = load_chip(&p->chips[i], in);
			in->ops->end(in);
		}
		if (!good)
			return tsr_state_damaged(error, i ? "registers of the slave 8259A"
							  : "registers of the master 8259A");
	}
	update(p);
	return true;
}

static const struct tsr_device_class pic_class = {
	.size = sizeof(struct tsr_device_class),
	.instance_size = sizeof(struct pic),
	.attach = pic_attach,
	.reset = pic_reset,
	.save = pic_save,
	.load = pic_load,
	.get_interface = pic_interface,
};

TSR_DEVICE_PLUGIN(pic_class);
