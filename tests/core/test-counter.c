/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* CLOCK_MONOTONIC by the time-stamp counter, beside the host's own. Where the host's clock is
 * another one, and while the host does not let this thread read it at once, the two are the same.
 */
#include <string.h>

#include <CUnit/Basic.h>

#include "run/counter.h"
#include "unit.h"

#define FOR_NS 300000000 /* the rate is known after 20 ms */
#define BEHIND_NS 100000

static struct tsr_counter counter;
static uint64_t last, early, late, back;

static void read_once(void)
{
	uint64_t before = tsr_host_ns(), now = tsr_counter_ns(&counter), after = tsr_host_ns();

	early += now + BEHIND_NS < before;
	late += now > after;
	back += now < last;
	last = now;
}

static void read_for(uint64_t ns)
{
	uint64_t end = tsr_host_ns() + ns;

	last = early = late = back = 0;
	while (last < end)
		read_once();
}

static void it_goes_with_the_hosts_clock(void)
{
	tsr_counter_init(&counter);
	read_for(FOR_NS);
	CU_ASSERT_EQUAL(early, 0);
	CU_ASSERT_EQUAL(late, 0);
	CU_ASSERT_EQUAL(back, 0);
}

/* As after the host slept, or the virtual machine that it is was moved. */
static void a_counter_that_jumps_is_found_out(void)
{
	const uint64_t jumps[] = { (uint64_t)1 << 40, -((uint64_t)1 << 30) };

	for (unsigned i = 0; i < 2; i++) {
		counter.ticks += jumps[i];
		counter.first_ticks += jumps[i];
		read_for(FOR_NS);
		CU_ASSERT_EQUAL(early, 0);
		CU_ASSERT_EQUAL(late, 0);
	}
}

static void without_it_the_time_is_the_hosts(void)
{
	memset(&counter, 0, sizeof(counter));
	read_for(FOR_NS / 10);
	CU_ASSERT_EQUAL(counter.window, 0);
	CU_ASSERT_EQUAL(early, 0);
	CU_ASSERT_EQUAL(late, 0);
}

int main(void)
{
	CU_TestInfo tests[] = {
		UNIT_ROW(it_goes_with_the_hosts_clock),
		UNIT_ROW(a_counter_that_jumps_is_found_out),
		UNIT_ROW(without_it_the_time_is_the_hosts),
		CU_TEST_INFO_NULL,
	};

	return unit_run("counter", tests);
}
