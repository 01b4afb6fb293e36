/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Saved states: what is saved comes back; files that do not fit or are damaged are refused with a
 * reason. */
#include <CUnit/Basic.h>
#include <glib/gstdio.h>
#include <string.h>

#include "little-machine.h"
#include "board/memory-map.h"
#include "state/state-fields.h"
#include "state/state-file.h"
#include "unit.h"

static char *path;

static int set_up(void)
{
	path = g_strdup_printf("%s/tessera-test-state-%d", g_get_tmp_dir(), (int)getpid());
	TsrMachine *m = little_machine_new(2, TSR_CLOCK_REALTIME, NULL);
	uint8_t *ram = tsr_memory_map_ram(m->memory, NULL);

	memcpy(ram + 0x123456, "remembered", 10);
	little_device(m)->number = 0xabcd1234;
	gboolean good = tsr_machine_save(m, path, NULL);
	g_object_unref(m);
	return !good;
}

static int clean_up(void)
{
	g_unlink(path);
	g_free(path);
	return 0;
}

static void what_is_saved_comes_back(void)
{
	TsrMachine *m = little_machine_new(2, TSR_CLOCK_REALTIME, NULL);

	CU_ASSERT_TRUE(tsr_machine_load(m, path, NULL));
	CU_ASSERT_EQUAL(little_device(m)->number, 0xabcd1234);
	CU_ASSERT_EQUAL(memcmp(tsr_memory_map_ram(m->memory, NULL) + 0x123456, "remembered", 10),
			0);
	unsigned resets = little_device(m)->resets;
	tsr_machine_start(m, NULL);
	CU_ASSERT_EQUAL(little_device(m)->resets, resets);
	g_object_unref(m);
}

static void expect_refusal(unsigned memory, bool refuse, const char *file, const char *why)
{
	TsrMachine *m = little_machine_new(memory, TSR_CLOCK_REALTIME, NULL);
	g_autoptr(GError) error = NULL;

	little_device(m)->refuse_load = refuse;
	CU_ASSERT_FALSE(tsr_machine_load(m, file, &error));
	CU_ASSERT_PTR_NOT_NULL_FATAL(error);
	if (!strstr(error->message, why))
		printf("    got: %s\n", error->message);
	CU_ASSERT_PTR_NOT_NULL(strstr(error->message, why));
	g_object_unref(m);
}

static void what_does_not_fit_is_refused(void)
{
	expect_refusal(3, false, path, "2 MiB of memory, this machine has 3");
	expect_refusal(2, true, path, "dev0: no number");
	expect_refusal(2, false, "/nonexistent/state", "cannot read");
}

/* And the file that was there before is left alone. */
static void what_a_device_cannot_save_fails(void)
{
	TsrMachine *m = little_machine_new(2, TSR_CLOCK_REALTIME, NULL);
	g_autoptr(GError) error = NULL;

	tsr_machine_start(m, NULL);
	little_device(m)->save_failure = "its disk is gone";
	CU_ASSERT_FALSE(tsr_machine_save(m, path, &error));
	CU_ASSERT_PTR_NOT_NULL_FATAL(error);
	CU_ASSERT_STRING_EQUAL(error->message, "cannot save: dev0: its disk is gone");
	g_object_unref(m);
	what_is_saved_comes_back();
}

static void every_damaged_byte_is_seen(void)
{
	g_autofree char *contents = NULL, *damaged = g_strdup_printf("%s-damaged", path);
	gsize length;

	g_file_get_contents(path, &contents, &length, NULL);
	for (gsize at = 0; at < length; at += 1 + length / 97) {
		contents[at] ^= 0x10;
		g_file_set_contents(damaged, contents, (gssize)length, NULL);
		expect_refusal(2, false, damaged, damaged);
		contents[at] ^= 0x10;
	}
	for (gsize cut = 0; cut < length; cut += 1 + length / 31) {
		g_file_set_contents(damaged, contents, (gssize)cut, NULL);
		expect_refusal(2, false, damaged, damaged);
	}
	g_unlink(damaged);
}

static void fields_are_found_by_name_type_and_group(void)
{
	struct tsr_state_writer *w = tsr_variant_writer_new(NULL);
	uint32_t u32 = 7;
	uint16_t u16 = 8;
	char bytes[3];

	tsr_state_put_u32(w, "a", 0x12345678);
	w->ops->begin(w, "group");
	tsr_state_put_u16(w, "a", 0x9abc);
	tsr_state_put_bytes(w, "b", "xyz", 3);
	w->ops->end(w);
	g_autoptr(GVariant) all = g_variant_ref_sink(tsr_variant_writer_end(w, NULL));
	struct tsr_state_reader *r = tsr_variant_reader_new(all, 1, NULL);
	CU_ASSERT_TRUE(tsr_state_get_u32(r, "a", &u32));
	CU_ASSERT_EQUAL(u32, 0x12345678);
	CU_ASSERT_FALSE(tsr_state_get_u16(r, "a", &u16));
	CU_ASSERT_EQUAL(u16, 8);
	CU_ASSERT_FALSE(r->ops->begin(r, "none"));
	CU_ASSERT_TRUE(r->ops->begin(r, "group"));
	CU_ASSERT_TRUE(tsr_state_get_u16(r, "a", &u16));
	CU_ASSERT_EQUAL(u16, 0x9abc);
	CU_ASSERT_EQUAL(r->ops->length(r, "b"), 3);
	CU_ASSERT_FALSE(tsr_state_get_bytes(r, "b", bytes, 2));
	CU_ASSERT_TRUE(tsr_state_get_bytes(r, "b", bytes, 3));
	r->ops->end(r);
	tsr_variant_reader_free(r);
}

int main(void)
{
	static CU_TestInfo tests[] = {
		{ "what is saved comes back", what_is_saved_comes_back },
		{ "what does not fit is refused", what_does_not_fit_is_refused },
		{ "what a device cannot save fails", what_a_device_cannot_save_fails },
		{ "every damaged byte is seen", every_damaged_byte_is_seen },
		{ "fields are found by name, type and group",
		  fields_are_found_by_name_type_and_group },
		CU_TEST_INFO_NULL,
	};
	static const CU_SuiteInfo suites[] = { { "state", set_up, clean_up, NULL, NULL, tests },
					       CU_SUITE_INFO_NULL };

	return unit_run_suites(suites);
}
