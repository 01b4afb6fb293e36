/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Any bytes as a recording of a device: refused with a message, or read to its end. The checksum
 * would stop almost every input, so an end is put behind each, which is right if there is a whole
 * number of events.
 */
#include <stdlib.h>
#include <string.h>

#include "recording/file.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerInitialize(int *argc, char ***argv);

/* How many events are whole; the description is skipped. */
static guint64 count_events(const uint8_t *data, size_t size)
{
	struct tsr_recording_event e = { .time_ns = 0 };
	size_t at = size < TSR_RECORDING_FRONT ? 0 : tsr_recording_front_length(data);
	guint64 count = 0;
	gssize used;

	if (!at || at > size)
		return 0;
	while ((used = tsr_recording_take(data + at, size - at, &e)) > 0) {
		at += (size_t)used;
		count++;
	}
	return count;
}

static GBytes *seal(const uint8_t *data, size_t size)
{
	struct tsr_recording_event end = {
		.kind = TSR_RECORDING_END,
		.values = { TSR_RECORDING_END_STOPPED, count_events(data, size),
			    tsr_recording_sum(TSR_RECORDING_SUM_START, data, size) }
	};
	uint8_t *all = g_malloc(size + TSR_RECORDING_HEAD_MAX);

	if (size)
		memcpy(all, data, size);
	return g_bytes_new_take(all, size + tsr_recording_put(all + size, &end, 0));
}

static void read_all(GBytes *bytes)
{
	g_autoptr(GError) error = NULL;
	struct tsr_recording *r = tsr_recording_new(bytes, "input", &error);
	uint64_t last = 0;

	if (!r != !!error)
		abort();
	while (r && tsr_recording_peek(r)->kind != TSR_RECORDING_END) {
		const struct tsr_recording_event *e = tsr_recording_peek(r);

		if (e->time_ns < last || !tsr_recording_find(e->kind))
			abort();
		last = e->time_ns + tsr_recording_sum(0, e->data, e->length) * 0;
		tsr_recording_skip(r);
	}
	tsr_recording_free(r);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	g_autoptr(GBytes) plain = g_bytes_new(data, size);
	g_autoptr(GBytes) sealed = seal(data, size);

	read_all(plain);
	read_all(sealed);
	return 0;
}

/* A good front to start from. */
int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	g_auto(GVariantDict) d = G_VARIANT_DICT_INIT(NULL);
	g_autoptr(GVariant) all = NULL;
	g_autoptr(GByteArray) front = NULL;
	const char *folder = *argc > 1 ? (*argv)[*argc - 1] : "";
	g_autofree char *name = g_build_filename(folder, "good-front", NULL);

	g_variant_dict_insert(&d, "plugin", "s", "x");
	g_variant_dict_insert(&d, "time", "t", (guint64)5);
	all = g_variant_ref_sink(g_variant_dict_end(&d));
	front = tsr_recording_front(all);
	g_byte_array_append(front, (const guint8 *)"\1\0\0\0\1\0\0\17\0\0\0\0\0\0", 14);
	if (g_file_test(folder, G_FILE_TEST_IS_DIR))
		g_file_set_contents(name, (const char *)front->data, front->len, NULL);
	return 0;
}
