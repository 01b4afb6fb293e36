/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Time as the MC146818's bytes have it (data sheet, "Time, calendar and alarm locations"). */
#include "rtc.h"

#define DAY 86400

static uint8_t encode(const uint8_t *cmos, unsigned value)
{
	return cmos[REG_B] & B_BINARY ? value : value / 10 << 4 | value % 10;
}

static unsigned decode(const uint8_t *cmos, uint8_t value)
{
	return cmos[REG_B] & B_BINARY ? value : (value >> 4) * 10 + (value & 15);
}

static uint8_t encode_hour(const uint8_t *cmos, unsigned hour)
{
	if (cmos[REG_B] & B_24H)
		return encode(cmos, hour);
	return encode(cmos, hour % 12 ? hour % 12 : 12) | (hour >= 12 ? HOURS_PM : 0);
}

static unsigned decode_hour(const uint8_t *cmos, uint8_t value)
{
	if (cmos[REG_B] & B_24H)
		return decode(cmos, value);
	return decode(cmos, value & ~HOURS_PM) % 12 + (value & HOURS_PM ? 12 : 0);
}

/* Days since 1970-01-01; month 1-12, any day number. */
static int64_t days_of(int64_t year, unsigned month, unsigned day)
{
	int64_t y = month <= 2 ? year - 1 : year;
	int64_t era = (y >= 0 ? y : y - 399) / 400;
	unsigned of_era = y - era * 400, m = month > 2 ? month - 3 : month + 9;

	return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + (153 * m + 2) / 5 + day -
	       1 - 719468;
}

static void date_of(int64_t days, int64_t *year, unsigned *month, unsigned *day)
{
	int64_t z = days + 719468, era = (z >= 0 ? z : z - 146096) / 146097;
	unsigned of_era = z - era * 146097;
	unsigned y = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
	unsigned of_year = of_era - (365 * y + y / 4 - y / 100), m = (5 * of_year + 2) / 153;

	*day = of_year - (153 * m + 2) / 5 + 1;
	*month = m < 10 ? m + 3 : m - 9;
	*year = y + era * 400 + (*month <= 2);
}

static int64_t floor_days(int64_t seconds)
{
	return (seconds >= 0 ? seconds : seconds - (DAY - 1)) / DAY;
}

/* 0 Sunday .. 6; 1970-01-01 was a Thursday. */
static unsigned weekday_of(int64_t seconds)
{
	return ((floor_days(seconds) + 4) % 7 + 7) % 7;
}

void tsr_rtc_from_seconds(uint8_t cmos[CMOS_SIZE], int64_t seconds, unsigned weekday_shift)
{
	int64_t days = floor_days(seconds), year;
	unsigned rest = seconds - days * DAY, month, day;

	date_of(days, &year, &month, &day);
	cmos[REG_SECONDS] = encode(cmos, rest % 60);
	cmos[REG_MINUTES] = encode(cmos, rest / 60 % 60);
	cmos[REG_HOURS] = encode_hour(cmos, rest / 3600);
	cmos[REG_WEEKDAY] = encode(cmos, (weekday_of(seconds) + weekday_shift) % 7 + 1);
	cmos[REG_DAY] = encode(cmos, day);
	cmos[REG_MONTH] = encode(cmos, month);
	cmos[REG_YEAR] = encode(cmos, (unsigned)((year % 100 + 100) % 100));
	cmos[REG_CENTURY] = encode(cmos, (unsigned)(year / 100 % 100 + 100) % 100);
}

int64_t tsr_rtc_to_seconds(const uint8_t cmos[CMOS_SIZE])
{
	int64_t year = decode(cmos, cmos[REG_CENTURY]) * 100 + decode(cmos, cmos[REG_YEAR]);
	unsigned month = decode(cmos, cmos[REG_MONTH]);

	if (month < 1 || month > 12)
		month = 1;
	return days_of(year, month, decode(cmos, cmos[REG_DAY])) * DAY +
	       decode_hour(cmos, cmos[REG_HOURS]) * 3600 + decode(cmos, cmos[REG_MINUTES]) * 60 +
	       decode(cmos, cmos[REG_SECONDS]);
}

unsigned tsr_rtc_weekday_shift(const uint8_t cmos[CMOS_SIZE], int64_t seconds)
{
	return (decode(cmos, cmos[REG_WEEKDAY]) + 13 - weekday_of(seconds)) % 7;
}

static bool matches(uint8_t alarm, uint8_t value)
{
	return (alarm & ALARM_DONT_CARE) == ALARM_DONT_CARE || alarm == value;
}

bool tsr_rtc_alarm_at(const uint8_t cmos[CMOS_SIZE], unsigned second_of_day)
{
	return matches(cmos[REG_SECONDS_ALARM], encode(cmos, second_of_day % 60)) &&
	       matches(cmos[REG_MINUTES_ALARM], encode(cmos, second_of_day / 60 % 60)) &&
	       matches(cmos[REG_HOURS_ALARM], encode_hour(cmos, second_of_day / 3600));
}
