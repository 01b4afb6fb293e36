/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The reader of a watched machine's stream, with streams that no machine of this version writes: of
 * later versions, and damaged ones. What a machine does write is in test-monitor.c. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include <CUnit/Basic.h>
#include <tessera-glib/machine.h>
#include <tessera-glib/watch.h>

#include "monitor/record.h"
#include "unit.h"

static GByteArray *bytes;
static const struct tsr_monitor_header header = {
	.size = sizeof(header), .magic = TSR_MONITOR_MAGIC, .time_ns = 1000, .wall_ns = 5000000
};

static void put(const void *from, size_t size)
{
	g_byte_array_append(bytes, from, (guint)size);
}

static void begin(void)
{
	bytes = g_byte_array_new();
	put(&header, sizeof(header));
}

/* Two letters for the device, one for what, and data; sizes are what they ought to be. */
static struct tsr_monitor_record record_of(uint8_t kind)
{
	return (struct tsr_monitor_record){ .size = sizeof(struct tsr_monitor_record) + 8,
					    .kind = kind,
					    .head = sizeof(struct tsr_monitor_record),
					    .time_ns = 1700,
					    .length = 9,
					    .data_length = 3,
					    .device_length = 2,
					    .what_length = 1 };
}

static void put_record(const struct tsr_monitor_record *record, const char tail[8])
{
	put(record, sizeof(*record));
	put(tail, 8);
}

/* A reader of all that was put. */
static TsrWatchReader *read_all(void)
{
	int ends[2];
	TsrWatchReader *reader;

	CU_ASSERT_EQUAL_FATAL(pipe2(ends, O_CLOEXEC), 0);
	CU_ASSERT_EQUAL_FATAL(write(ends[1], bytes->data, bytes->len), (ssize_t)bytes->len);
	close(ends[1]);
	reader = tsr_watch_reader_new(ends[0]);
	CU_ASSERT_TRUE(tsr_watch_reader_read(reader, NULL));
	CU_ASSERT_FALSE(tsr_watch_reader_read(reader, NULL)); /* no more */
	close(ends[0]);
	g_byte_array_unref(bytes);
	return reader;
}

/* Of what was put: the error's code, or -1. */
static int read_error(void)
{
	g_autoptr(TsrWatchReader) reader = read_all();
	g_autoptr(GError) error = NULL;
	TsrWatchEvent *event;

	while ((event = tsr_watch_reader_next(reader, &error)))
		tsr_watch_event_unref(event);
	CU_ASSERT(!error || error->domain == TSR_MACHINE_ERROR);
	return error ? error->code : -1;
}

static void an_event_says_what_the_record_does(void)
{
	const struct tsr_monitor_record record = record_of(TSR_MONITOR_CHARS);
	g_autoptr(TsrWatchReader) reader = NULL;
	g_autoptr(TsrWatchEvent) e = NULL;
	g_autofree char *text = NULL, *json = NULL;
	gsize length;

	begin();
	put_record(&record, "ab\xffk\"\n!");
	reader = read_all();
	e = tsr_watch_reader_next(reader, NULL);
	CU_ASSERT_PTR_NOT_NULL_FATAL(e);
	CU_ASSERT_PTR_NULL(tsr_watch_reader_next(reader, NULL));
	CU_ASSERT_EQUAL(tsr_watch_event_get_kind(e), TSR_WATCH_KIND_CHARS);
	CU_ASSERT_EQUAL(tsr_watch_event_get_op(e), TSR_WATCH_OP_READ);
	CU_ASSERT_EQUAL(tsr_watch_event_get_time(e), 1700);
	CU_ASSERT_EQUAL(tsr_watch_event_get_wall_time(e), 5000700);
	CU_ASSERT_STRING_EQUAL(tsr_watch_event_get_device(e), "ab");
	CU_ASSERT_STRING_EQUAL(tsr_watch_event_get_what(e), "?"); /* is no UTF-8 */
	CU_ASSERT_EQUAL(tsr_watch_event_get_length(e), 9);
	CU_ASSERT_EQUAL(memcmp(tsr_watch_event_get_data(e, &length), "k\"\n", 3), 0);
	CU_ASSERT_EQUAL(length, 3);
	CU_ASSERT(tsr_watch_event_get_size(e) >= 3);
	text = tsr_watch_event_to_text(e);
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "9 bytes \"k\\x22\\n\""));
	json = tsr_watch_event_to_json(e);
	CU_ASSERT(g_str_has_prefix(json, "{\"time_ns\": 1700, \"kind\": \"chars\", "));
	CU_ASSERT(g_str_has_suffix(json, "\"data\": \"6b220a\"}"));
}

/* A later version may lengthen the header and records, and have kinds of its own. */
static void what_a_later_version_adds_is_skipped(void)
{
	struct tsr_monitor_header longer = header;
	struct tsr_monitor_record unknown = record_of(TSR_MONITOR_KINDS);
	struct tsr_monitor_record later = record_of(TSR_MONITOR_SIGNAL);
	g_autoptr(TsrWatchReader) reader = NULL;
	g_autoptr(TsrWatchEvent) e = NULL;
	g_autoptr(GError) error = NULL;

	bytes = g_byte_array_new();
	longer.size += 16;
	put(&longer, sizeof(longer));
	put("0123456789abcdef", 16);
	put_record(&unknown, "xxxxxxxx");
	later.size += 8;
	later.head += 8;
	put(&later, sizeof(later));
	put("new part", 8);
	put("abcdef\0", 8);
	reader = read_all();
	e = tsr_watch_reader_next(reader, &error);
	CU_ASSERT_PTR_NULL(error);
	CU_ASSERT_PTR_NOT_NULL_FATAL(e);
	CU_ASSERT_EQUAL(tsr_watch_event_get_kind(e), TSR_WATCH_KIND_SIGNAL);
	CU_ASSERT_STRING_EQUAL(tsr_watch_event_get_device(e), "ab");
	CU_ASSERT_STRING_EQUAL(tsr_watch_event_get_what(e), "c");
}

static void a_record_that_is_not_all_there_is_waited_for(void)
{
	const struct tsr_monitor_record record = record_of(TSR_MONITOR_SIGNAL);

	for (size_t size = 0; size < sizeof(record); size++) {
		begin();
		put(&record, size);
		CU_ASSERT_EQUAL(read_error(), -1);
	}
}

/* Each a record in which one member is wrong. */
static void what_is_damaged_is_an_error(void)
{
	static const struct {
		uint32_t size, head, data_length, device_length;
	} wrong[] = {
		{ .size = 0 },
		{ .size = 7 },
		{ .size = 1u << 21 },
		{ .size = UINT32_MAX },
		{ .size = UINT32_MAX, .data_length = 1u << 30 },
		{ .size = sizeof(struct tsr_monitor_record) - 8 },
		{ .size = sizeof(struct tsr_monitor_record) },
		{ .size = sizeof(struct tsr_monitor_record) + 8, .head = 8 },
		{ .size = sizeof(struct tsr_monitor_record) + 8, .head = 255 },
		{ .size = sizeof(struct tsr_monitor_record) + 8, .data_length = 6 },
		{ .size = sizeof(struct tsr_monitor_record) + 8, .data_length = UINT32_MAX },
		{ .size = sizeof(struct tsr_monitor_record) + 8, .device_length = UINT16_MAX },
	};

	for (guint i = 0; i < G_N_ELEMENTS(wrong); i++) {
		struct tsr_monitor_record record = record_of(TSR_MONITOR_SIGNAL);

		record.size = wrong[i].size;
		record.head = wrong[i].head ? (uint8_t)wrong[i].head : record.head;
		record.data_length = wrong[i].data_length ? wrong[i].data_length : 3;
		record.device_length =
			wrong[i].device_length ? (uint16_t)wrong[i].device_length : 2;
		begin();
		put_record(&record, "abcdefg");
		CU_ASSERT_EQUAL(read_error(), TSR_MACHINE_ERROR_INVALID);
	}
}

static void what_has_another_header_is_of_another_version(void)
{
	static const uint32_t sizes[] = { 0, 4, sizeof(header) - 8, UINT32_MAX };
	struct tsr_monitor_header other = header;

	other.magic++;
	bytes = g_byte_array_new();
	put(&other, sizeof(other));
	CU_ASSERT_EQUAL(read_error(), TSR_MACHINE_ERROR_VERSION);
	for (guint i = 0; i < G_N_ELEMENTS(sizes); i++) {
		other = header;
		other.size = sizes[i];
		bytes = g_byte_array_new();
		put(&other, sizeof(other));
		CU_ASSERT_EQUAL(read_error(), TSR_MACHINE_ERROR_VERSION);
	}
}

static void what_cannot_be_read_or_written_is_an_error(void)
{
	g_autoptr(TsrWatchReader) reader = tsr_watch_reader_new(-1);
	g_autoptr(TsrWatchCapture) full = tsr_watch_capture_new("/dev/full", NULL);
	g_autoptr(GError) unread = NULL, missing = NULL, no_space = NULL;

	CU_ASSERT_FALSE(tsr_watch_reader_read(reader, &unread));
	CU_ASSERT(g_error_matches(unread, TSR_MACHINE_ERROR, TSR_MACHINE_ERROR_IO));
	CU_ASSERT_PTR_NULL(tsr_watch_capture_new("/nowhere/at/all", &missing));
	CU_ASSERT(g_error_matches(missing, G_IO_ERROR, G_IO_ERROR_NOT_FOUND));
	CU_ASSERT_PTR_NOT_NULL_FATAL(full);
	CU_ASSERT_FALSE(tsr_watch_capture_flush(full, NULL));
	CU_ASSERT_FALSE(tsr_watch_capture_close(full, &no_space));
	CU_ASSERT(g_error_matches(no_space, G_IO_ERROR, G_IO_ERROR_NO_SPACE));
	CU_ASSERT_TRUE(tsr_watch_capture_close(full, NULL)); /* does nothing */
}

int main(void)
{
	CU_TestInfo tests[] = {
		UNIT_ROW(an_event_says_what_the_record_does),
		UNIT_ROW(what_a_later_version_adds_is_skipped),
		UNIT_ROW(a_record_that_is_not_all_there_is_waited_for),
		UNIT_ROW(what_is_damaged_is_an_error),
		UNIT_ROW(what_has_another_header_is_of_another_version),
		UNIT_ROW(what_cannot_be_read_or_written_is_an_error),
		CU_TEST_INFO_NULL,
	};

	return unit_run("watch", tests);
}
