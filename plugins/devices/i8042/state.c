/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Saved state of controller, keyboard and mouse: one table of fields each. */
#include <string.h>

#include "i8042.h"

struct field {
	const char *name;
	uint16_t offset;
	uint8_t bytes; /* of an integer; 0: a byte array of `length` */
	uint16_t length;
	bool flag; /* the integer is a bool */
};

#define SIZE(type, member) sizeof(((struct type *)0)->member)
#define INT(type, member) \
	{ \
#member, offsetof(struct type, member), SIZE(type, member), 0, false \
	}
#define FLAG(type, member) \
	{ \
#member, offsetof(struct type, member), sizeof(bool), 0, true \
	}
#define BYTES(type, member) \
	{ \
#member, offsetof(struct type, member), 0, SIZE(type, member), false \
	}
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const struct field controller_fields[] = {
	BYTES(i8042, ram),       INT(i8042, status),  INT(i8042, output),
	INT(i8042, output_port), INT(i8042, expects), INT(i8042, break_prefix),
};

static const struct field keyboard_fields[] = {
	INT(keyboard, ready_at),  INT(keyboard, expects),   INT(keyboard, last),
	FLAG(keyboard, scanning), INT(keyboard, set),       INT(keyboard, leds),
	INT(keyboard, typematic), BYTES(keyboard, types),   BYTES(keyboard, down),
	INT(keyboard, repeating), INT(keyboard, repeat_at),
};

static const struct field mouse_fields[] = {
	INT(mouse, ready_at),    INT(mouse, expects),      BYTES(mouse, last),
	INT(mouse, last_length), INT(mouse, id),           BYTES(mouse, knocks),
	FLAG(mouse, enabled),    FLAG(mouse, remote),      FLAG(mouse, wrap),
	FLAG(mouse, scaled),     INT(mouse, resolution),   INT(mouse, rate),
	INT(mouse, buttons),     INT(mouse, told_buttons), INT(mouse, dx),
	INT(mouse, dy),          INT(mouse, dz),           FLAG(mouse, waiting),
	INT(mouse, sample_at),
};

static void put_fields(struct tsr_state_writer *out, const struct field *fields, size_t count,
		       const void *base)
{
	for (size_t i = 0; i < count; i++) {
		const uint8_t *at = (const uint8_t *)base + fields[i].offset;
		uint64_t value = 0;

		memcpy(&value, at, fields[i].bytes);
		if (fields[i].bytes)
			out->ops->uint(out, fields[i].name, value, fields[i].bytes);
		else
			tsr_state_put_bytes(out, fields[i].name, at, fields[i].length);
	}
}

static bool get_fields(struct tsr_state_reader *in, const struct field *fields, size_t count,
		       void *base)
{
	bool ok = true;

	for (size_t i = 0; ok && i < count; i++) {
		uint8_t *at = (uint8_t *)base + fields[i].offset;
		uint64_t value = 0;

		if (!fields[i].bytes) {
			ok = tsr_state_get_bytes(in, fields[i].name, at, fields[i].length);
			continue;
		}
		ok = in->ops->uint(in, fields[i].name, &value, fields[i].bytes);
		if (fields[i].flag)
			value = value != 0;
		if (ok)
			memcpy(at, &value, fields[i].bytes);
	}
	return ok;
}

static bool get_queue(struct tsr_state_reader *in, const char *name, struct ps2_queue *q)
{
	int64_t count = in->ops->length(in, name);

	if (count < 0 || count > PS2_QUEUE_SIZE ||
	    !tsr_state_get_bytes(in, name, q->bytes, (size_t)count))
		return false;
	q->count = (uint8_t)count;
	return true;
}

void i8042_save(struct i8042 *c, struct tsr_state_writer *out)
{
	put_fields(out, controller_fields, COUNT(controller_fields), c);
	out->ops->begin(out, "keyboard");
	put_fields(out, keyboard_fields, COUNT(keyboard_fields), &c->keyboard);
	tsr_state_put_bytes(out, "replies", c->keyboard.replies.bytes, c->keyboard.replies.count);
	tsr_state_put_bytes(out, "keys", c->keyboard.keys.bytes, c->keyboard.keys.count);
	out->ops->end(out);
	out->ops->begin(out, "mouse");
	put_fields(out, mouse_fields, COUNT(mouse_fields), &c->mouse);
	tsr_state_put_bool(out, "refused", c->mouse.refused);
	tsr_state_put_bytes(out, "replies", c->mouse.replies.bytes, c->mouse.replies.count);
	tsr_state_put_bytes(out, "packets", c->mouse.packets.bytes, c->mouse.packets.count);
	out->ops->end(out);
}

static bool load_keyboard(struct tsr_state_reader *in, struct keyboard *k)
{
	bool ok;

	if (!in->ops->begin(in, "keyboard"))
		return false;
	ok = get_fields(in, keyboard_fields, COUNT(keyboard_fields), k) &&
	     get_queue(in, "replies", &k->replies) && get_queue(in, "keys", &k->keys);
	in->ops->end(in);
	return ok && k->set >= 1 && k->set <= 3;
}

static bool load_mouse(struct tsr_state_reader *in, struct mouse *m)
{
	bool ok;

	if (!in->ops->begin(in, "mouse"))
		return false;
	ok = get_fields(in, mouse_fields, COUNT(mouse_fields), m) &&
	     get_queue(in, "replies", &m->replies) && get_queue(in, "packets", &m->packets);
	m->refused = false; /* absent from version 1 */
	tsr_state_get_bool(in, "refused", &m->refused);
	in->ops->end(in);
	return ok && m->last_length <= PS2_QUEUE_SIZE;
}

/* Version 1 kept an answer of the controller that waited for the output buffer. */
static void load_waiting_answer(struct i8042 *c, struct tsr_state_reader *in)
{
	if (!tsr_state_get_bytes(in, "own", &c->output, 1))
		return;
	c->status = (c->status | STATUS_OUTPUT) & ~STATUS_AUX;
}

bool i8042_load(struct i8042 *c, struct tsr_state_reader *in)
{
	struct i8042 fresh = *c;

	if (!get_fields(in, controller_fields, COUNT(controller_fields), &fresh) ||
	    !load_keyboard(in, &fresh.keyboard) || !load_mouse(in, &fresh.mouse))
		return false;
	load_waiting_answer(&fresh, in);
	*c = fresh;
	if (c->keyboard.repeating)
		c->clock->arm(c->repeat_timer, c->keyboard.repeat_at);
	if (c->mouse.waiting)
		c->clock->arm(c->sample_timer, c->mouse.sample_at);
	if (c->input)
		c->input->leds(c->host, c->keyboard.leds);
	i8042_update_irqs(c);
	i8042_pump(c);
	return true;
}
