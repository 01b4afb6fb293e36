/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * DRAFT. Port accesses that reach one bridge first and belong to another. The i440FX claims CF8h
 * for whole dwords only; bytes there belong to the ISA bridge (PIIX3: the reset control register at
 * CF9h).
 */
#ifndef TESSERA_DRAFT_ISA_FORWARD_H
#define TESSERA_DRAFT_ISA_FORWARD_H

#include "../host.h"
#include "draft.h"

#define TSR_ISA_FORWARD "tessera.isa-forward/1"
struct tsr_isa_forward {
	uint32_t size;
	uint32_t flags; /* 0: none are defined */
	/* Reads a byte; FFh where nothing answers. [locked] */
	uint8_t (*read)(void *self, uint16_t port);
	/* Writes a byte; ignored where nothing answers. [locked] */
	void (*write)(void *self, uint16_t port, uint8_t value);
};

#endif
