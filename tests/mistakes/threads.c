/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Calls on a thread, or at a time, that their tags forbid. Without TESSERA_CHECK most of them pass
 * unseen. */
#include <pthread.h>

#include "bad.h"

/* Makes calls on a thread of the plugin's own, and waits until it ends. The jail lets nobody start
 * threads once the guest runs. */
static bool on_own_thread(struct bad *bad, void *(*make_call)(void *))
{
	pthread_t thread;

	return pthread_create(&thread, NULL, make_call, bad) == 0 &&
	       pthread_join(thread, NULL) == 0;
}

static void *set_line(void *self)
{
	struct bad *bad = self;

	tsr_irq_set(bad->line, 1);
	return NULL;
}

static void *read_memory(void *self)
{
	struct bad *bad = self;
	const struct tsr_dma *dma = bad->host->get(bad->host, TSR_DMA);
	char byte;

	dma->read(bad->host, 0, &byte, 1);
	return NULL;
}

static void *arm_timer(void *self)
{
	struct bad *bad = self;

	bad->clock->arm(bad->timer, UINT64_MAX);
	return NULL;
}

static void *enable_ports(void *self)
{
	struct bad *bad = self;

	bad->io->enable(bad->spare, false);
	return NULL;
}

static void *submit_work(void *self)
{
	struct bad *bad = self;

	bad->worker->submit(bad->host, NULL, NULL, bad, false);
	return NULL;
}

/* What any thread may call. */
static void *do_no_wrong(void *self)
{
	struct bad *bad = self;

	bad->clock->now(bad->host);
	tsr_log_at(bad->log, bad->host, TSR_LOG_ERROR, "from a thread");
	return NULL;
}

static bool line_on_own_thread(struct bad *bad, struct tsr_error *error)
{
	return on_own_thread(bad, set_line);
}

static bool dma_on_own_thread(struct bad *bad, struct tsr_error *error)
{
	return on_own_thread(bad, read_memory);
}

static bool timer_on_own_thread(struct bad *bad, struct tsr_error *error)
{
	return on_own_thread(bad, arm_timer);
}

static bool ports_on_own_thread(struct bad *bad, struct tsr_error *error)
{
	return on_own_thread(bad, enable_ports);
}

static bool submit_on_own_thread(struct bad *bad, struct tsr_error *error)
{
	return on_own_thread(bad, submit_work);
}

static bool no_wrong_on_own_thread(struct bad *bad, struct tsr_error *error)
{
	return on_own_thread(bad, do_no_wrong);
}

static bool drain_in_work(struct bad *bad, struct tsr_error *error)
{
	bad->worker->drain(bad->host);
	return true;
}

static bool claim_too_late(struct bad *bad, struct tsr_error *error)
{
	static const struct tsr_io_ops ops = { .size = sizeof(ops), .widths = 1 };

	return bad->io->claim_ports(bad->host, "late", 0, 8, &ops, bad, NULL) != NULL;
}

static bool timer_too_late(struct bad *bad, struct tsr_error *error)
{
	return bad->clock->timer_new(bad->host, NULL, bad) != NULL;
}

/* The other bad device is detached first. */
static bool log_after_detach(struct bad *bad, struct tsr_error *error)
{
	tsr_log_at(bad->log, bad_last_host, TSR_LOG_ERROR, "from the beyond");
	return true;
}

const struct mistake threads[] = {
	{ "line-on-own-thread", REALIZE, line_on_own_thread },
	{ "dma-on-own-thread", REALIZE, dma_on_own_thread },
	{ "timer-on-own-thread", REALIZE, timer_on_own_thread },
	{ "ports-on-own-thread", REALIZE, ports_on_own_thread },
	{ "submit-on-own-thread", REALIZE, submit_on_own_thread },
	{ "no-wrong-on-own-thread", REALIZE, no_wrong_on_own_thread },
	{ "drain-in-work", WORK, drain_in_work },
	{ "claim-too-late", WRITE, claim_too_late },
	{ "timer-too-late", WRITE, timer_too_late },
	{ "log-after-detach", DETACH, log_after_detach },
	{ NULL, 0, NULL },
};
