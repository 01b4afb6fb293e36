/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Where the two views of the code cache lie: somebody who knows the address of one, from a pointer
 * that leaked, must not be able to compute the other's.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <CUnit/Basic.h>

#include "rig.h"
#include "unit.h"

#define CACHES 8

struct views {
	uint64_t writable, executable, length;
};

/* The mappings of the memfd of this process's only code cache. */
static bool find_views(struct views *views)
{
	FILE *maps = fopen("/proc/self/maps", "r");
	char line[512], access[8];
	uint64_t from, to;

	memset(views, 0, sizeof(*views));
	while (maps && fgets(line, sizeof(line), maps)) {
		if (!strstr(line, "tessera-code") ||
		    sscanf(line, "%" SCNx64 "-%" SCNx64 " %7s", &from, &to, access) != 3)
			continue;
		views->length = to - from;
		if (!strcmp(access, "rw-s"))
			views->writable = from;
		else if (!strcmp(access, "r-xs"))
			views->executable = from;
	}
	if (maps)
		fclose(maps);
	return views->writable && views->executable;
}

static void views_are_unrelated(void)
{
	uint64_t distance[CACHES];

	for (unsigned i = 0; i < CACHES; i++) {
		struct rig *rig = rig_new(true, "");
		struct views v;

		CU_ASSERT_FATAL(rig != NULL);
		CU_ASSERT_FATAL(find_views(&v));
		distance[i] = v.executable - v.writable;
		/* not neighbours either */
		CU_ASSERT_NOT_EQUAL(v.executable + v.length, v.writable);
		CU_ASSERT_NOT_EQUAL(v.writable + v.length, v.executable);
		for (unsigned k = 0; k < i; k++)
			CU_ASSERT_NOT_EQUAL(distance[i], distance[k]);
		rig_free(rig);
	}
}

int main(void)
{
	static const CU_TestInfo tests[] = {
		UNIT_ROW(views_are_unrelated),
		CU_TEST_INFO_NULL,
	};

	return unit_run("cpu-bt, views of the code cache", tests);
}
