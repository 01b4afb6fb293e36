/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How structs of different age are read: TSR_HAS and tsr_struct_fill (abi.h). */
#include <CUnit/Basic.h>

#include <tessera/tessera.h>

#include "unit.h"

/* A table of headers that had no `later` yet, in front of memory that is not its own. */
struct grown {
	uint32_t size;
	uint32_t flags;
	void *first, *later;
};

static void a_member_beyond_the_size_is_absent(void)
{
	static int something;
	const struct grown whole = { sizeof(whole), 0, &something, &something },
			   old = { TSR_SIZE_TO(struct grown, first), 0, &something, &something },
			   empty = { sizeof(empty), 0, &something, NULL };

	CU_ASSERT(TSR_HAS(&whole, later) && TSR_HAS(&whole, first));
	CU_ASSERT(!TSR_HAS(&old, later) && TSR_HAS(&old, first));
	CU_ASSERT(!TSR_HAS(&empty, later) && TSR_HAS(&empty, first));
}

static void a_struct_is_filled_as_far_as_both_know_it(void)
{
	static int a, b;
	const struct grown whole = { sizeof(whole), 0, &a, &b },
			   old = { TSR_SIZE_TO(struct grown, first), 0, &a, &b };
	struct grown room = { TSR_SIZE_TO(struct grown, first), 0, NULL, NULL },
		     more = { sizeof(more), 0, NULL, NULL };

	tsr_struct_fill(&room, &whole);
	CU_ASSERT(room.first == &a && !room.later);
	CU_ASSERT_EQUAL(room.size, TSR_SIZE_TO(struct grown, first));
	tsr_struct_fill(&more, &old);
	CU_ASSERT(more.first == &a && !more.later);
	CU_ASSERT_EQUAL(more.size, sizeof(more));
	more.size = 0; /* a caller that forgot it */
	more.first = NULL;
	tsr_struct_fill(&more, &whole);
	CU_ASSERT_PTR_NULL(more.first);
}

int main(void)
{
	static const CU_TestInfo tests[] = {
		{ "a member beyond the size is absent", a_member_beyond_the_size_is_absent },
		{ "a struct is filled as far as both know it",
		  a_struct_is_filled_as_far_as_both_know_it },
		CU_TEST_INFO_NULL,
	};

	return unit_run("ABI", tests);
}
