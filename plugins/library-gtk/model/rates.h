/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What crosses the connections and interrupt lines of a machine that runs, second by second. While
 * an object is there, `tessera monitor` watches the machine in a process of its own; the machine's
 * registers and memory are not watched.
 */
#ifndef TSR_LIBRARY_RATES_H
#define TSR_LIBRARY_RATES_H

#include <gio/gio.h>

struct tsr_rate {
	double events, bytes; /* a second */
};

/* Signal: changed, once a second. */
#define TSR_TYPE_RATES (tsr_rates_get_type())
G_DECLARE_FINAL_TYPE(TsrRates, tsr_rates, TSR, RATES, GObject)

/* program: the path of `tessera`; socket: of the machine. A process that fails shows no rates.
 * [main] */
TsrRates *tsr_rates_new(const char *program, const char *socket);
/* Ends the process, now. [main] */
void tsr_rates_stop(TsrRates *self);
/* In the last second: of a need of a part, or of one of its lines. 0: nothing. [main] */
struct tsr_rate tsr_rates_get(TsrRates *self, const char *part, const char *name, gboolean is_line);
/* "12/s" or "12/s, 4.0 KiB/s" in one or two lines; "": nothing. To be freed. */
char *tsr_rate_describe(const struct tsr_rate *rate, const char *between);
/* For tests: reads a line as `tessera monitor --rates` prints it. */
void tsr_rates_take_line(TsrRates *self, const char *line);

#endif
