/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The keyboard controller and what is plugged into it. */
#ifndef I8042_H
#define I8042_H

#include <tessera/draft/a20.h>
#include <tessera/tessera.h>

#include "protocol.h"

#define PS2_QUEUE_SIZE 16u
#define PS2_BYTE_NS 600000u /* 11 bits at the fastest clock a device may use, 16.7 kHz */

/* Bytes a device has for the controller. More than fit are dropped; an empty queue gives 0. */
struct ps2_queue {
	uint8_t bytes[PS2_QUEUE_SIZE];
	uint8_t count;
};

/* -- keymap.c */
enum key_type { KEY_TYPEMATIC, KEY_MAKE_BREAK, KEY_MAKE_ONLY }; /* in set 3 */

enum key_special { KEY_PLAIN, KEY_GRAY, KEY_SLASH, KEY_PRINT, KEY_PAUSE, KEY_NO_BREAK };

struct key {
	uint8_t evdev; /* linux/input-event-codes.h */
	uint8_t set2;
	bool extended; /* E0 before the code in sets 1 and 2 */
	uint8_t set3;  /* 0: none */
	uint8_t type;
	uint8_t special;
};

const struct key *key_find(unsigned evdev);
const struct key *key_find_set3(uint8_t code);
uint8_t key_translate(uint8_t set2); /* the controller's table from set 2 to set 1 */

/* -- keyboard.c */
struct keyboard {
	struct ps2_queue replies, keys; /* replies go first */
	uint64_t ready_at;              /* ns: when the next byte has crossed the wire */
	uint8_t expects;                /* the command whose argument comes next; 0: none */
	uint8_t last;                   /* the last byte sent, for Resend */
	bool scanning;
	uint8_t set; /* 1-3 */
	uint8_t leds;
	uint8_t typematic;  /* argument of KBD_SET_TYPEMATIC */
	uint8_t types[256]; /* set 3: enum key_type by code */
	uint8_t down[256];  /* by evdev code */
	uint8_t repeating;  /* evdev code; 0: none */
	uint64_t repeat_at; /* ns */
};

struct i8042;
void keyboard_reset(struct keyboard *k);
void keyboard_command(struct i8042 *c, uint8_t byte);
void keyboard_key(struct i8042 *c, unsigned evdev, bool down);
void keyboard_on_repeat(struct i8042 *c);
bool keyboard_has_byte(const struct keyboard *k);
uint8_t keyboard_take(struct keyboard *k);

/* -- mouse.c */
struct mouse {
	struct ps2_queue replies, packets;
	uint64_t ready_at;
	bool present, five_buttons;
	uint8_t expects;
	uint8_t last[PS2_QUEUE_SIZE]; /* the last answer or packet, for Resend */
	uint8_t last_length;
	uint8_t id;        /* enum mouse_type */
	uint8_t knocks[2]; /* the last two sample rates before this one */
	bool enabled, remote, wrap, scaled;
	bool refused; /* the last command was invalid */
	uint8_t resolution, rate;
	uint8_t buttons, told_buttons;
	int32_t dx, dy, dz; /* moved since the last packet; y up */
	bool waiting;       /* a report went out less than a sample ago */
	uint64_t sample_at; /* ns */
};

void mouse_reset(struct mouse *m);
void mouse_command(struct i8042 *c, uint8_t byte);
void mouse_move(struct i8042 *c, int dx, int dy, int wheel, unsigned buttons);
void mouse_on_sample(struct i8042 *c);
bool mouse_has_byte(const struct mouse *m);
uint8_t mouse_take(struct mouse *m);

/* -- controller.c */
struct i8042 {
	const struct tsr_host *host;
	const struct tsr_clock *clock;
	const struct tsr_a20 *a20;
	const struct tsr_machine_table *machine;
	const struct tsr_input *input;
	const struct tsr_irq *keyboard_irq, *mouse_irq;
	struct tsr_timer *wire_timer, *repeat_timer, *sample_timer;

	uint8_t ram[32]; /* ram[0] is the command byte ("mode") */
	uint8_t status;
	uint8_t output;       /* the output buffer: keeps its byte after it was read */
	uint8_t output_port;  /* bit 1 (A20) is the machine's */
	uint8_t expects;      /* the controller command whose argument comes next; 0: none */
	uint8_t break_prefix; /* translation: SCAN_BREAK_SET_1 after SCAN_BREAK */
	struct keyboard keyboard;
	struct mouse mouse;
};

void i8042_reset(struct i8042 *c);
uint8_t i8042_read_data(struct i8042 *c);
void i8042_write_data(struct i8042 *c, uint8_t value);
uint8_t i8042_read_status(struct i8042 *c);
void i8042_write_command(struct i8042 *c, uint8_t value);
void i8042_pump(struct i8042 *c); /* moves a byte into the output buffer if it is free */
void i8042_update_irqs(struct i8042 *c);

/* -- state.c */
void i8042_save(struct i8042 *c, struct tsr_state_writer *out);
bool i8042_load(struct i8042 *c, struct tsr_state_reader *in);

static inline bool ps2_put(struct ps2_queue *q, uint8_t byte)
{
	if (q->count == PS2_QUEUE_SIZE)
		return false;
	q->bytes[q->count++] = byte;
	return true;
}

static inline uint8_t ps2_take(struct ps2_queue *q)
{
	uint8_t byte = q->bytes[0];

	if (!q->count)
		return 0;
	q->count--;
	for (unsigned i = 0; i < q->count; i++)
		q->bytes[i] = q->bytes[i + 1];
	return byte;
}

#endif
