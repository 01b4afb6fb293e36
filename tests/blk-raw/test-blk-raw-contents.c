/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The raw back end: whether a medium has the contents that a saved state is of. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <time.h>
#include <unistd.h>

#include "bench.h"
#include "fault.h"

static struct fake_state *seal(void)
{
	return fake_state_of(block->seal, disk);
}

/* Whether a machine that is made now would load the state; why not is in `refusal`. */
static struct tsr_error refusal;

static bool is_loaded(struct fake_state *s)
{
	memset(&refusal, 0, sizeof(refusal));
	return fake_state_give(s, 2, block->recognize, disk, &refusal);
}

/* Another process, later. */
static void reopen(const char *path, const char *mode, const char *read_only)
{
	fake_finish();
	fake_start();
	CU_ASSERT_FATAL(open_with(path, mode, read_only, "auto", NULL));
}

static void write_a_sector(void)
{
	uint8_t b[512] = { 1 };

	CU_ASSERT_EQUAL(request(TSR_BLOCK_WRITE, 0, b, 512), TSR_BLOCK_OK);
}

/* Gives the file the time at which it was changed before, plus `seconds` and without its part of a
 * second. */
static void change_time(const char *path, int seconds, bool whole)
{
	struct stat st;
	struct timespec times[2];

	stat(path, &st);
	times[0] = st.st_atim;
	times[1] = st.st_mtim;
	times[1].tv_sec += seconds;
	if (whole)
		times[1].tv_nsec = 0;
	utimensat(AT_FDCWD, path, times, 0);
}

static void a_written_medium_is_not_recognized(void)
{
	struct fake_state *first, *second, *third;

	start("persistent");
	write_a_sector();
	first = seal();
	CU_ASSERT(is_loaded(first));
	second = seal(); /* nothing was written in between */
	CU_ASSERT(is_loaded(first) && is_loaded(second));
	reopen(image, "persistent", "false");
	CU_ASSERT(is_loaded(first));
	write_a_sector();
	CU_ASSERT_FALSE(is_loaded(first));
	CU_ASSERT_EQUAL(refusal.code, TSR_ERROR_CONFLICT);
	CU_ASSERT_PTR_NOT_NULL(strstr(refusal.message, "image.img was written by a guest"));
	third = seal();
	CU_ASSERT(is_loaded(third));
	CU_ASSERT_FALSE(is_loaded(first) || is_loaded(second));
	reopen(image, "persistent", "false");
	CU_ASSERT(is_loaded(third));
	request(TSR_BLOCK_DISCARD, 0, NULL, 4096);
	CU_ASSERT_FALSE(is_loaded(third));
	fake_state_free(first);
	fake_state_free(second);
	fake_state_free(third);
	fake_finish();
}

/* The same without extended attributes: the time of the last change is left. */
static void a_change_is_seen_by_its_time(void)
{
	struct fake_state *s;

	start("persistent");
	fault_set(image, "xattr 95");
	s = seal();
	CU_ASSERT(is_loaded(s));
	usleep(20000); /* longer than the host's clock takes to advance */
	write_a_sector();
	CU_ASSERT_FALSE(is_loaded(s));
	CU_ASSERT_EQUAL(refusal.code, TSR_ERROR_CONFLICT);
	CU_ASSERT_PTR_NOT_NULL(strstr(refusal.message, "image.img was changed at "));
	fake_state_free(s);
	fault_set(NULL, NULL);
	fake_finish();
}

/* Whatever happens to the time of the last change: a tool has set it back. */
static void a_change_is_seen_by_the_generation(void)
{
	struct fake_state *s;
	struct stat before;

	start("persistent");
	s = seal();
	stat(image, &before);
	write_a_sector();
	utimensat(AT_FDCWD, image, (struct timespec[]){ before.st_atim, before.st_mtim }, 0);
	CU_ASSERT_FALSE(is_loaded(s));
	fake_state_free(s);
	fake_finish();
}

static void copies(void)
{
	char copy[128], command[512];
	struct fake_state *s;
	static const struct {
		const char *with;
		bool loaded;
	} rows[] = {
		{ "cp -a", true },
		{ "cp -p", true }, /* without the generation */
		{ "cp", false },
	};

	start("persistent");
	write_a_sector();
	s = seal();
	snprintf(copy, sizeof(copy), "%s/copy.img", folder);
	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		unlink(copy);
		usleep(20000);
		snprintf(command, sizeof(command), "%s %s %s", rows[i].with, image, copy);
		CU_ASSERT_EQUAL(system(command), 0);
		reopen(copy, "persistent", "false");
		CU_ASSERT_EQUAL(is_loaded(s), rows[i].loaded);
		if (rows[i].loaded) {
			change_time(copy, 0, true); /* what a copy by seconds leaves */
			CU_ASSERT(is_loaded(s));
		}
		change_time(copy, 1, true);
		CU_ASSERT_FALSE(is_loaded(s));
	}
	unlink(copy);
	fake_state_free(s);
	fake_finish();
}

static void another_size_cannot_be_forced(void)
{
	struct fake_state *s;

	start("persistent");
	s = seal();
	CU_ASSERT_EQUAL(truncate(image, LENGTH * 2), 0);
	reopen(image, "persistent", "false");
	CU_ASSERT_FALSE(is_loaded(s));
	CU_ASSERT_EQUAL(refusal.code, TSR_ERROR_IO);
	CU_ASSERT_PTR_NOT_NULL(strstr(refusal.message, "had 1048576 bytes"));
	fake_state_free(s);
	fake_finish();
}

/* A read-only medium only warns; what an overlay lies on must be the same. Neither is written. */
static void media_that_are_not_written(void)
{
	static const struct {
		const char *mode, *read_only;
		bool loaded;
	} rows[] = { { "persistent", "true", true }, { "nonpersistent", "false", false } };
	struct fake_state *s;
	char text[64], copy[128];

	snprintf(copy, sizeof(copy), "%s/copy.img", folder);
	for (unsigned i = 0; i < 2; i++) {
		start("persistent");
		reopen(image, rows[i].mode, rows[i].read_only);
		s = seal();
		CU_ASSERT(getxattr(image, "user.tessera.generation", text, sizeof(text)) < 0);
		CU_ASSERT(is_loaded(s));
		change_time(image, 5, false);
		CU_ASSERT_EQUAL(is_loaded(s), rows[i].loaded);
		CU_ASSERT_EQUAL(rename(image, copy), 0);
		reopen(copy, rows[i].mode, rows[i].read_only);
		CU_ASSERT_FALSE(is_loaded(s)); /* another file of another time */
		fake_state_free(s);
		fake_finish();
	}
}

/* After a loss of power the old generation must not be with new contents. */
static void the_old_generation_goes_before_a_write(void)
{
	char log[128], line[256], calls[64] = "";
	struct fake_state *s;
	FILE *f;

	start("persistent");
	s = seal();
	snprintf(log, sizeof(log), "%s/calls", folder);
	fclose(fopen(log, "w"));
	setenv("TESSERA_FAULT_LOG", log, 1);
	fault_set(image, "");
	write_a_sector();
	write_a_sector();
	unsetenv("TESSERA_FAULT_LOG");
	fault_set(NULL, NULL);
	f = fopen(log, "r");
	while (fgets(line, sizeof(line), f))
		strcat(strcat(calls, strtok(line, " ")), " ");
	fclose(f);
	CU_ASSERT_STRING_EQUAL(calls, "xattr sync write write ");
	fake_state_free(s);
	fake_finish();
}

static void a_medium_that_cannot_be_synced_is_not_sealed(void)
{
	struct fake_state *s;

	start("persistent");
	fault_set(image, "sync EIO once");
	s = seal();
	CU_ASSERT(fake_state_remove(s, TSR_STATE_FAILURE));
	CU_ASSERT_STRING_EQUAL(fake_requests()->event, "fault");
	fault_set(NULL, NULL);
	CU_ASSERT_EQUAL(request(TSR_BLOCK_FLUSH, 0, NULL, 0), TSR_BLOCK_IO_ERROR);
	fake_state_free(s);
	fake_finish();
}

static void scrambled_contents(void)
{
	for (uint64_t seed = 1; seed < 100; seed++) {
		struct fake_state *s;

		start("persistent");
		s = seal();
		fake_state_scramble(s, seed);
		is_loaded(s);
		fake_state_free(s);
		fake_finish();
	}
}

int main(void)
{
	static const CU_TestInfo tests[] = {
		UNIT_ROW(a_written_medium_is_not_recognized),
		UNIT_ROW(a_change_is_seen_by_its_time),
		UNIT_ROW(a_change_is_seen_by_the_generation),
		UNIT_ROW(copies),
		UNIT_ROW(another_size_cannot_be_forced),
		UNIT_ROW(media_that_are_not_written),
		UNIT_ROW(the_old_generation_goes_before_a_write),
		UNIT_ROW(a_medium_that_cannot_be_synced_is_not_sealed),
		UNIT_ROW(scrambled_contents),
		CU_TEST_INFO_NULL,
	};

	return bench_run("blk-raw, contents", tests);
}
