/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Delivery of interrupts and faults in its common case. */
#ifndef TSR_BT_GATE_H
#define TSR_BT_GATE_H

#include "code/bt.h"

struct bt_event {
	enum bt_gate kind; /* BT_GATE_INT: the gate's DPL is checked */
	uint8_t vector;
	bool has_error_code;
	uint32_t error_code;
	uint32_t eip, eflags; /* as they are pushed */
};

/* Delivers the event. False: it is not the common case, or it faults; then nothing is done. */
bool tsr_bt_gate(struct tsr_bt *bt, const struct bt_event *e);

#endif
