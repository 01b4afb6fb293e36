/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The fake machine's clock, which stands still until a test advances it, and the timers on it. */
#include "fake-private.h"

struct tsr_timer {
	struct tsr_timer *next;
	struct fake_device *device;
	void (*expired)(void *self, uint64_t deadline_ns);
	void *self;
	uint64_t deadline; /* UINT64_MAX: not armed */
};

static uint64_t clock_now(const struct tsr_host *host)
{
	return fake.now;
}

static uint64_t clock_wall(const struct tsr_host *host)
{
	return fake.wall_base + fake.now / 1000000000;
}

static struct tsr_timer *timer_new(const struct tsr_host *host,
				   void (*expired)(void *self, uint64_t deadline_ns), void *self)
{
	struct tsr_timer *t = calloc(1, sizeof(*t));

	t->device = fake_device_of(host);
	t->expired = expired;
	t->self = self;
	t->deadline = UINT64_MAX;
	t->next = fake.timers;
	fake.timers = t;
	return t;
}

static void timer_arm(struct tsr_timer *timer, uint64_t deadline_ns)
{
	timer->deadline = deadline_ns;
}

static void timer_cancel(struct tsr_timer *timer)
{
	timer->deadline = UINT64_MAX;
}

static uint64_t clock_wall_ns(const struct tsr_host *host)
{
	return fake.wall_base * 1000000000 + fake.now;
}

static void timer_free(struct tsr_timer *timer)
{
	struct tsr_timer **at = &fake.timers;

	if (!timer)
		return;
	while (*at && *at != timer)
		at = &(*at)->next;
	if (!*at)
		fake_die("timer_free of a timer that is not there");
	*at = timer->next;
	free(timer);
}

const struct tsr_clock fake_clock_table = {
	.size = sizeof(struct tsr_clock),
	.now = clock_now,
	.timer_new = timer_new,
	.arm = timer_arm,
	.cancel = timer_cancel,
	.wall = clock_wall,
	.wall_ns = clock_wall_ns,
	.timer_free = timer_free,
};

static struct tsr_timer *timer_earliest(void)
{
	struct tsr_timer *best = NULL;

	for (struct tsr_timer *t = fake.timers; t; t = t->next)
		if (t->deadline != UINT64_MAX && (!best || t->deadline < best->deadline))
			best = t;
	return best;
}

uint64_t fake_clock_now(void)
{
	return fake.now;
}

uint64_t fake_clock_next(void)
{
	struct tsr_timer *t = timer_earliest();

	return t ? t->deadline : UINT64_MAX;
}

void fake_clock_advance_to(uint64_t ns)
{
	struct tsr_timer *t;
	unsigned standing = 0;

	while ((t = timer_earliest()) && t->deadline <= ns) {
		uint64_t deadline = t->deadline;

		standing = deadline > fake.now ? 0 : standing + 1;
		if (standing > 100000)
			fake_die("%s: a timer expires endlessly at %llu ns", t->device->id,
				 (unsigned long long)fake.now);
		if (deadline > fake.now)
			fake.now = deadline;
		t->deadline = UINT64_MAX;
		t->expired(t->self, deadline);
	}
	if (ns > fake.now)
		fake.now = ns;
}

void fake_clock_advance(uint64_t ns)
{
	fake_clock_advance_to(fake.now + ns);
}

void fake_clock_set_wall(uint64_t seconds)
{
	fake.wall_base = seconds - fake.now / 1000000000;
}

void fake_clock_cancel(const struct fake_device *d)
{
	for (struct tsr_timer *t = fake.timers; t; t = t->next)
		if (t->device == d)
			t->deadline = UINT64_MAX;
}

void fake_clock_free(void)
{
	while (fake.timers) {
		struct tsr_timer *t = fake.timers;

		fake.timers = t->next;
		free(t);
	}
}
