/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Recordings of devices: events as bytes, what of a file is refused, and what a machine records. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include <CUnit/Basic.h>

#include "board/port-space.h"
#include "instance/lock.h"
#include "little-machine.h"
#include "recording/file.h"
#include "unit.h"

/* -- Events */

static const struct tsr_recording_event events[] = {
	{ TSR_RECORDING_READ, 7, 0, { 5, 1 }, NULL, 0 },
	{ TSR_RECORDING_NOW, 300, 0, { UINT64_MAX }, NULL, 0 },
	{ TSR_RECORDING_DMA_WRITE, 300, 0, { 0x1000, 4, 1 }, "data", 4 },
	{ TSR_RECORDING_RETURN, 1ull << 40, 0, { 0x60 }, NULL, 0 },
};

static void events_are_read_as_they_were_written(void)
{
	for (size_t i = 0; i < G_N_ELEMENTS(events); i++) {
		const struct tsr_recording_event *e = &events[i];
		struct tsr_recording_event got = { .time_ns = 7 };
		uint8_t bytes[TSR_RECORDING_HEAD_MAX + 4];
		size_t head = tsr_recording_put(bytes, e, 7), length = head + e->length;

		if (e->length)
			memcpy(bytes + head, e->data, e->length);
		for (size_t cut = 0; cut < length; cut++)
			CU_ASSERT_EQUAL(tsr_recording_take(bytes, cut, &got), 0);
		got.time_ns = 7;
		CU_ASSERT_EQUAL(tsr_recording_take(bytes, length, &got), (gssize)length);
		CU_ASSERT_EQUAL(got.kind, e->kind);
		CU_ASSERT_EQUAL(got.time_ns, e->time_ns);
		CU_ASSERT_EQUAL(memcmp(got.values, e->values, sizeof(got.values)), 0);
		CU_ASSERT_EQUAL(got.length, e->length);
		CU_ASSERT(!e->length || memcmp(got.data, e->data, e->length) == 0);
	}
}

static void what_is_no_event_is_damaged(void)
{
	static const struct {
		uint8_t bytes[16];
		gssize result;
	} rows[] = {
		{ { 0 }, -1 },   /* no kind */
		{ { 200 }, -1 }, /* a kind of another version */
		{ { 1, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x02 },
		  -1 },                                               /* > 64 bits */
		{ { 1, 0, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0x7f }, -1 }, /* data */
		{ { 1, 0, 0, 0, 0, 0, 0 }, 7 },
	};

	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		struct tsr_recording_event e = { .time_ns = 0 };

		CU_ASSERT_EQUAL(tsr_recording_take(rows[i].bytes, sizeof(rows[i].bytes), &e),
				rows[i].result);
	}
}

/* -- Files */

static void add(GByteArray *to, const struct tsr_recording_event *e, uint64_t before)
{
	uint8_t head[TSR_RECORDING_HEAD_MAX];

	g_byte_array_append(to, head, (guint)tsr_recording_put(head, e, before));
	if (e->length)
		g_byte_array_append(to, e->data, (guint)e->length);
}

/* start: the guest time at which it begins, ns. */
static GByteArray *make_file_at(uint64_t start)
{
	g_auto(GVariantDict) d = G_VARIANT_DICT_INIT(NULL);
	g_autoptr(GVariant) all = NULL;
	struct tsr_recording_event end = { .kind = TSR_RECORDING_END,
					   .values = { TSR_RECORDING_END_STOPPED,
						       G_N_ELEMENTS(events) } };
	uint64_t before = 7;
	GByteArray *file;

	g_variant_dict_insert(&d, "time", "t", start);
	all = g_variant_ref_sink(g_variant_dict_end(&d));
	file = tsr_recording_front(all);
	for (size_t i = 0; i < G_N_ELEMENTS(events); i++) {
		add(file, &events[i], before);
		before = events[i].time_ns;
	}
	end.values[2] = tsr_recording_sum(TSR_RECORDING_SUM_START, file->data, file->len);
	add(file, &end, 0);
	return file;
}

static GByteArray *make_file(void)
{
	return make_file_at(7);
}

/* NULL: it is taken; otherwise the message. (transfer full) */
static char *refusal(const guint8 *data, gsize length)
{
	g_autoptr(GBytes) bytes = g_bytes_new(data, length);
	g_autoptr(GError) error = NULL;
	struct tsr_recording *r = tsr_recording_new(bytes, "x.rec", &error);

	CU_ASSERT_EQUAL(!r, error != NULL);
	tsr_recording_free(r);
	return error ? g_strdup(error->message) : NULL;
}

static void a_file_is_read(void)
{
	g_autoptr(GByteArray) file = make_file();
	g_autoptr(GBytes) bytes = g_bytes_new(file->data, file->len);
	struct tsr_recording *r = tsr_recording_new(bytes, "x.rec", NULL);

	CU_ASSERT_PTR_NOT_NULL_FATAL(r);
	for (size_t i = 0; i < G_N_ELEMENTS(events); i++) {
		CU_ASSERT_EQUAL(tsr_recording_get_number(r), i + 1);
		CU_ASSERT_EQUAL(tsr_recording_peek(r)->kind, events[i].kind);
		CU_ASSERT_EQUAL(tsr_recording_peek(r)->time_ns, events[i].time_ns);
		tsr_recording_skip(r);
	}
	CU_ASSERT_EQUAL(tsr_recording_peek(r)->kind, TSR_RECORDING_END);
	tsr_recording_skip(r);
	CU_ASSERT_EQUAL(tsr_recording_peek(r)->kind, TSR_RECORDING_END);
	tsr_recording_free(r);
}

static void a_file_that_is_cut_off_is_refused(void)
{
	g_autoptr(GByteArray) file = make_file();

	for (guint length = 0; length < file->len; length++) {
		g_autofree char *why = refusal(file->data, length);

		CU_ASSERT_PTR_NOT_NULL_FATAL(why);
		CU_ASSERT_PTR_NOT_NULL(
			strstr(why, length < TSR_RECORDING_FRONT ? "no recording" : "cut off"));
	}
}

static void a_file_that_is_damaged_is_refused(void)
{
	g_autoptr(GByteArray) file = make_file();

	for (guint at = 0; at < file->len; at++) {
		g_autofree char *why = NULL;

		file->data[at] ^= 0x40;
		why = refusal(file->data, file->len);
		file->data[at] ^= 0x40;
		if (at >= file->len - 16) /* its end may be another end */
			continue;
		CU_ASSERT_PTR_NOT_NULL(why);
	}
}

static void time_that_runs_over_is_damaged(void)
{
	g_autoptr(GByteArray) file = make_file_at(UINT64_MAX);
	g_autofree char *why = refusal(file->data, file->len);

	CU_ASSERT_PTR_NOT_NULL_FATAL(why);
	CU_ASSERT_PTR_NOT_NULL(strstr(why, "it is damaged at event "));
}

static void another_format_is_said(void)
{
	g_autoptr(GByteArray) file = make_file();
	g_autofree char *why = NULL;

	file->data[8] = 2;
	why = refusal(file->data, file->len);
	CU_ASSERT_STRING_EQUAL(why,
			       "x.rec: its format is 2, and this version of Tessera knows 1 to "
			       "1; use the version that made it, or a newer one");
}

/* -- A machine */

/* The events that the machine wrote into the pipe, by kinds, a letter each. */
static char *kinds_of(int fd)
{
	static const char letters[] = { [TSR_RECORDING_READ] = 'r',   [TSR_RECORDING_WRITE] = 'w',
					[TSR_RECORDING_RETURN] = '.', [TSR_RECORDING_LINE] = 'l',
					[TSR_RECORDING_RESET] = 'R',  [TSR_RECORDING_END] = 'E',
					[TSR_RECORDING_ARM] = 'a',    [TSR_RECORDING_NOW] = 'n' };
	g_autoptr(GByteArray) all = g_byte_array_new();
	struct tsr_recording_event e = { .time_ns = 0 };
	GString *text = g_string_new(NULL);
	uint8_t bytes[4096];
	gssize used;
	ssize_t n;

	while ((n = read(fd, bytes, sizeof(bytes))) > 0)
		g_byte_array_append(all, bytes, (guint)n);
	for (size_t at = tsr_recording_front_length(all->data);
	     (used = tsr_recording_take(all->data + at, all->len - at, &e)) > 0; at += (size_t)used)
		g_string_append_c(text, (gsize)e.kind < sizeof(letters) && letters[e.kind]
						? letters[e.kind]
						: '?');
	return g_string_free(text, FALSE);
}

static void a_device_is_recorded(void)
{
	static const char *const record[] = { "record:dev0", NULL };
	TsrMachine *m = little_machine_new(1, TSR_CLOCK_REALTIME, NULL);
	g_autofree char *kinds = NULL;
	g_autoptr(GError) error = NULL;
	int ends[2];

	CU_ASSERT_EQUAL_FATAL(pipe2(ends, O_CLOEXEC), 0);
	CU_ASSERT_FALSE(tsr_machine_watch(m, ends[1], record, &error));
	CU_ASSERT_PTR_NOT_NULL(strstr(error->message, "tessera.irq-inputs/1"));
	g_clear_error(&error);
	g_hash_table_remove(tsr_instance_of(little_device(m)->host)->config->connections,
			    "processor");
	CU_ASSERT_TRUE_FATAL(tsr_machine_watch(m, ends[1], record, NULL));
	CU_ASSERT_FALSE(tsr_machine_watch(m, ends[1], record, &error)); /* one at a time */
	close(ends[1]);
	tsr_machine_lock(m);
	tsr_port_write(m->ports, 0x300, 1, 1);
	tsr_port_read(m->ports, 0x300, 1);
	tsr_irq_set(little_device(m)->irq, 1); /* by nobody's call: not recorded */
	tsr_port_write(m->ports, 0x300, 2, 1);
	tsr_machine_unlock(m);
	g_object_unref(m);
	kinds = kinds_of(ends[0]);
	CU_ASSERT_STRING_EQUAL(kinds, "w.r.w.E");
	close(ends[0]);
}

static void what_cannot_be_recorded_is_an_error(void)
{
	static const char *const nobody[] = { "record:nobody", NULL };
	TsrMachine *m = little_machine_new(1, TSR_CLOCK_REALTIME, NULL);
	g_autoptr(GError) error = NULL;

	CU_ASSERT_FALSE(tsr_machine_watch(m, 1, nobody, &error));
	CU_ASSERT(g_error_matches(error, TSR_MACHINE_ERROR, TSR_MACHINE_ERROR_NOT_FOUND));
	g_object_unref(m);
}

int main(void)
{
	CU_TestInfo tests[] = {
		UNIT_ROW(events_are_read_as_they_were_written),
		UNIT_ROW(what_is_no_event_is_damaged),
		UNIT_ROW(a_file_is_read),
		UNIT_ROW(a_file_that_is_cut_off_is_refused),
		UNIT_ROW(a_file_that_is_damaged_is_refused),
		UNIT_ROW(time_that_runs_over_is_damaged),
		UNIT_ROW(another_format_is_said),
		UNIT_ROW(a_device_is_recorded),
		UNIT_ROW(what_cannot_be_recorded_is_an_error),
		CU_TEST_INFO_NULL,
	};

	return unit_run("recording", tests);
}
