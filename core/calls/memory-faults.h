/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Accesses to memory that the host refuses (SIGSEGV), made by code that a plugin has emitted and
 * wants to hear of: tsr_cpu_host.handle_faults.
 */
#ifndef TSR_MEMORY_FAULTS_H
#define TSR_MEMORY_FAULTS_H

#include <tessera/draft/cpu.h>

#define TSR_MEMORY_FAULTS 64 /* handlers at a time, in the process */

/* NULL: the owner has none any more. False: there is no room. [main & !running] */
bool tsr_memory_faults_set(const void *owner, const struct tsr_fault_handler *handler);

#endif
