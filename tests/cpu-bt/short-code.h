/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Tests of a few instructions, on one rig after the other. */
#ifndef TEST_BT_SHORT_CODE_H
#define TEST_BT_SHORT_CODE_H

#include <tessera/draft/x86-state.h>

#include "rig.h"

#define CODE 0x10000u
#define DATA 0x20000u

extern struct rig *rig;
extern struct tsr_x86_state state;

/* A rig with cpu-bt (rig_new has the options), and a state of flat protected mode at CODE. */
void start(const char *options);
/* Runs these bytes from state.eip on. */
enum tsr_cpu_exit run_code(const void *code, size_t length);
void finish(void);
/* `state`, as it is after the run. */
const struct tsr_x86_state *after(void);

#endif
