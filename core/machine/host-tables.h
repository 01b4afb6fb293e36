/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Where plugins get the tables of host.h and the like: every instance's host asks here. */
#ifndef TSR_MACHINE_HOST_TABLES_H
#define TSR_MACHINE_HOST_TABLES_H

#include <tessera/host.h>

/* As tsr_host.get: the table of that name, or NULL. */
const void *tsr_host_tables_get(const struct tsr_host *host, const char *name);

#endif
