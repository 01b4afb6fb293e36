/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Shared by the files of the real-time clock. */
#ifndef RTC_H
#define RTC_H

#include <tessera/tessera.h>

/* clang-format off */
enum rtc_register {
	REG_SECONDS, REG_SECONDS_ALARM, REG_MINUTES, REG_MINUTES_ALARM, REG_HOURS, REG_HOURS_ALARM, REG_WEEKDAY, REG_DAY,
	REG_MONTH, REG_YEAR, REG_A, REG_B, REG_C, REG_D,
	REG_SHUTDOWN = 0x0f, REG_CENTURY = 0x32,
};
/* clang-format on */
enum rtc_a {
	A_RATE = 0x0f,    /* RS3-RS0 */
	A_DIVIDER = 0x70, /* DV2-DV0 */
	A_UIP = 0x80,
	A_DIVIDER_32KHZ = 0x20,
	A_DIVIDER_RESET = 0x60, /* and 70h */
	A_RATE_1024HZ = 0x06,
};
enum rtc_b {
	B_DSE = 0x01,
	B_24H = 0x02,
	B_BINARY = 0x04,
	B_SQWE = 0x08,
	B_UIE = 0x10,
	B_AIE = 0x20,
	B_PIE = 0x40,
	B_SET = 0x80,
};
enum rtc_c { C_UF = 0x10, C_AF = 0x20, C_PF = 0x40, C_IRQF = 0x80, C_FLAGS = 0x70 };
enum rtc_d { D_VRT = 0x80 };
#define HOURS_PM 0x80
#define ALARM_DONT_CARE 0xc0 /* both bits: any value matches */

#define CMOS_SIZE 128

/* -- calendar.c: seconds since 1970 in the proleptic Gregorian calendar to and from register bytes
 */
/* Writes the ten time bytes without alarms, and the century. `weekday_shift`: what the guest set it
 * off by. */
void tsr_rtc_from_seconds(uint8_t cmos[CMOS_SIZE], int64_t seconds, unsigned weekday_shift);
/* A byte that is out of range carries over: 70 seconds are a minute and 10 seconds. */
int64_t tsr_rtc_to_seconds(const uint8_t cmos[CMOS_SIZE]);
/* What the weekday byte says, less what the date says, modulo 7. */
unsigned tsr_rtc_weekday_shift(const uint8_t cmos[CMOS_SIZE], int64_t seconds);
/* Does the alarm go off at this second of the day (0-86399)? */
bool tsr_rtc_alarm_at(const uint8_t cmos[CMOS_SIZE], unsigned second_of_day);

/* -- cmos.c: configuration bytes and the file */
bool tsr_rtc_boot_order(const char *text, uint8_t cmos[CMOS_SIZE], struct tsr_error *error);
void tsr_rtc_describe_machine(const struct tsr_host *host, uint8_t cmos[CMOS_SIZE]);
void tsr_rtc_checksum(uint8_t cmos[CMOS_SIZE]);
/* A missing file leaves `cmos` alone. */
bool tsr_rtc_read_file(const char *path, uint8_t cmos[CMOS_SIZE], struct tsr_error *error);
bool tsr_rtc_write_file(const char *path, const uint8_t cmos[CMOS_SIZE]);

#endif
