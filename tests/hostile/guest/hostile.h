/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The storms of hostile.c's table, and what they share. Each runs until the machine ends. */
#ifndef HOSTILE_H
#define HOSTILE_H

#include "abuse.h"

/* Patched in the ROM by the rig (tests/hostile/run). */
extern volatile const struct orders {
	char magic[4];
	char storm[24];
	uint32_t port; /* a TCP port of the host that takes connections and accepts none */
} orders;

enum { IDE_ID = 0x70108086, PCNET_ID = 0x20001022 };
#define SCRATCH 0x100000u /* memory from here to the end of 32 MiB is a storm's own */

/* Counts a round; every `each` of them is a '.' on the console, and the first is the line `ready`:
 * from then on the rig measures. */
void round_done(unsigned each);

/* Interrupts: `on_interrupt` is called with the line's number (0-15) and ends what the device
 * wants; hostile.c tells the 8259s. `mask` has a 0 for each line that may interrupt. */
void start_interrupts(uint16_t mask, void (*on_interrupt)(unsigned line));

/* disks.c */
void storm_tray(void);
void storm_tray_interrupts(void);
void storm_drive_resets(void);
void storm_flushes(void);
/* floods.c */
void storm_serial(void);
void storm_debug_ports(void);
void storm_vga(void);
void storm_keyboard(void);
void storm_bars(void);
void storm_fw_cfg(void);
void storm_timers(void);
/* memory.c */
void storm_code(void);
void storm_pages(void);
/* network.c */
void storm_udp(void);
void storm_tcp(void);
/* resets.c */
void storm_board_resets(void);
void storm_processor_resets(void);
void storm_triple_faults(void);

#endif
