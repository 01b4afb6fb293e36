/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One counter of an 8254, as a function of time. All times are ticks of CLK. */
#ifndef COUNTER_H
#define COUNTER_H

#include <stdbool.h>
#include <stdint.h>

#define COUNTER_NEVER UINT64_MAX

/* Control word (data sheet, figure 7). */
#define CONTROL_BCD 0x01u
#define CONTROL_MODE(control) ((control) >> 1 & 7u)
#define CONTROL_RW(control) ((control) >> 4 & 3u) /* enum counter_access */
#define CONTROL_SC(control) ((control) >> 6 & 3u) /* the counter's number, or: */
#define SC_READ_BACK 3u

/* Status byte (data sheet, figure 11). */
#define STATUS_OUTPUT_SHIFT 7
#define STATUS_NULL_COUNT_SHIFT 6
#define STATUS_RW_SHIFT 4
#define STATUS_MODE_SHIFT 1

enum counter_mode {
	MODE_TERMINAL_COUNT, /* interrupt on terminal count */
	MODE_ONE_SHOT,       /* hardware retriggerable */
	MODE_RATE,
	MODE_SQUARE_WAVE,
	MODE_SOFTWARE_STROBE,
	MODE_HARDWARE_STROBE,
};
enum counter_access { ACCESS_LATCH, ACCESS_LSB, ACCESS_MSB, ACCESS_BOTH };

struct counter {
	uint8_t mode;   /* enum counter_mode */
	uint8_t access; /* enum counter_access, not ACCESS_LATCH */
	bool bcd;
	bool gate;
	bool loaded;     /* a count was written since the control word */
	bool counting;   /* start is valid: CE counts or is held by the gate */
	bool held;       /* the gate is low in modes 0, 2, 3 and 4: elapsed does not grow */
	bool null_count; /* the count register holds what CE has not got yet */
	bool half_written, half_read; /* of two bytes the first is done */
	bool count_latched, status_latched;
	uint8_t first_byte; /* the low byte that waits for the high one */
	uint8_t latched_status;
	uint16_t latched_count; /* as read */
	uint32_t count;         /* count register: 1 to 65536 */
	uint32_t period;        /* the count that CE works on */
	uint64_t start;         /* when CE was loaded with it */
	uint64_t written;       /* when `count` was written */
	uint64_t elapsed;       /* while held */
};

void pit_counter_reset(struct counter *c, bool gate);
void pit_counter_control(struct counter *c, uint8_t control, uint64_t now);
void pit_counter_latch(struct counter *c, uint64_t now, bool count, bool status);
void pit_counter_write(struct counter *c, uint8_t value, uint64_t now);
uint8_t pit_counter_read(struct counter *c, uint64_t now);
void pit_counter_gate(struct counter *c, bool gate, uint64_t now);
/* Brings CE up to `now`. Call before out, next_edge. */
void pit_counter_advance(struct counter *c, uint64_t now);
bool pit_counter_out(const struct counter *c, uint64_t now);
/* The next tick after `now` at which OUT has changed; in modes 2 and 4 the end of the one-tick low
 * pulse only. */
uint64_t pit_counter_next_edge(const struct counter *c, uint64_t now);

#endif
