/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * How fast guest time catches up what the host took from the guest (the lag, ns). All clocks of the
 * guest run faster together, by a rate that grows with the lag:
 *
 *   up to 100 ms   a quarter faster, and sleeps are half as long
 *   up to 320 s    a lag of N seconds adds N seconds a second, at least a quarter, at most 8:
 * device drivers have time limits on the guest's clock, and the host's disks do not run faster
 *   above          a fortieth of the lag a second; guests may lose timer ticks
 *
 * A guest that gets one Nth of a processor for long is therefore N - 1 seconds behind, up to N = 9;
 * beyond that 40 N seconds. When the load is over, a lag of up to six minutes is made up within
 * one.
 */
#ifndef TSR_RUN_CATCH_UP_H
#define TSR_RUN_CATCH_UP_H

#include <stdbool.h>
#include <stdint.h>

/* Whether guest time runs so fast that timers are looked after for it. */
bool tsr_catch_up_is_fast(uint64_t lag);
/* What is added to guest time while the guest ran for `ns`. */
uint64_t tsr_catch_up_running(uint64_t lag, uint64_t ns);
/* The part of a sleep of `ns` that is left out. */
uint64_t tsr_catch_up_sleeping(uint64_t lag, uint64_t ns);
/* Host time in which `ns` of guest time pass while the guest runs. */
uint64_t tsr_catch_up_host_time(uint64_t lag, uint64_t ns);

#endif
