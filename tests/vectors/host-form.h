/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef TEST_HOST_FORM_H
#define TEST_HOST_FORM_H

#include "rows.h"

/* Why a row cannot run on the host, a process in 64-bit mode; HOST_RUNS: it can. */
enum host_class {
	HOST_RUNS,
	HOST_MODE,     /* 16-bit, real or virtual-8086 mode */
	HOST_SET_UP,   /* segments, pages, control registers that a process cannot have */
	HOST_SYSTEM,   /* privileged, or of the machine: ports, CPUID, TSC, descriptor tables */
	HOST_TRANSFER, /* stack and far transfers: another operand size in 64-bit mode */
	HOST_SEGMENT,  /* segment registers */
	HOST_ADDRESS,  /* 16-bit addresses */
	HOST_ABSENT,   /* no such encoding in 64-bit mode */
	HOST_NEWER,    /* undefined for the guest, an instruction on the host */
	HOST_POINTERS, /* stores the x87's last instruction, which differs by processor */
	HOST_CLASSES,
};

struct host_form {
	uint8_t code[15];
	unsigned length;
	bool string, jump; /* string: RSI and RDI are host addresses */
};

/* The row's instruction as this host is to run it; memory operands get a GS prefix, 32-bit
 * addresses an address-size one. */
enum host_class host_form(const struct row *row, struct host_form *form);

#endif
