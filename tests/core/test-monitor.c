/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Watching a machine: which events a pattern wants, where taps stand and when they are gone, and
 * what a watcher that does not read misses. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include <CUnit/Basic.h>
#include <tessera-glib/watch.h>

#include "board/lines.h"
#include "board/memory-host.h"
#include "board/memory-map.h"
#include "board/pci-bus.h"
#include "board/port-space.h"
#include "instance/lock.h"
#include "little-machine.h"
#include "monitor/pattern.h"
#include "monitor/taps.h"
#include "run/host-clock.h"
#include "run/timekeeper.h"
#include "run/worker.h"
#include "unit.h"

/* -- Patterns */

static const struct {
	const char *patterns; /* separated by spaces */
	struct tsr_monitor_event event;
	gboolean wanted;
} matches[] = {
#define PORT(device_, what_, port, bytes) \
	{ \
		.kind = TSR_MONITOR_PORTS, .device = (device_), .what = (what_), \
		.address = (port), .width = (bytes) \
	}
#define LINE(device_, what_, input) \
	{ \
		.kind = TSR_MONITOR_IRQ, .device = (device_), .what = (what_), .data = (input), \
		.data_length = sizeof(input) - 1 \
	}
#define DMA(device_, from, bytes) \
	{ \
		.kind = TSR_MONITOR_DMA, .device = (device_), .what = "memory", .address = (from), \
		.length = (bytes) \
	}
	{ "", PORT("uart0", "regs", 0x3f8, 1), TRUE },
	{ "uart0", PORT("uart0", "regs", 0x3f8, 1), TRUE },
	{ "uart0", PORT("uart1", "regs", 0x3f8, 1), FALSE },
	{ "uart*", PORT("uart1", "regs", 0x2f8, 1), TRUE },
	{ "uart0.*", PORT("uart0", "regs", 0x3f8, 1), TRUE },
	{ "uart0.regs", PORT("uart0", "regs", 0x3f8, 1), TRUE },
	{ "uart0.other", PORT("uart0", "regs", 0x3f8, 1), FALSE },
	{ "uart0.ports", PORT("uart0", "regs", 0x3f8, 1), TRUE },
	{ "uart0.irq", PORT("uart0", "regs", 0x3f8, 1), FALSE },
	{ "uart0.irq", LINE("uart0", "irq", "pic0:4"), TRUE },
	{ "ports", PORT("uart0", "regs", 0x3f8, 1), TRUE },
	{ "mmio", PORT("uart0", "regs", 0x3f8, 1), FALSE },
	{ "ports:3f8", PORT("uart0", "regs", 0x3f8, 1), TRUE },
	{ "ports:0x3f9-0x3ff", PORT("uart0", "regs", 0x3f8, 1), FALSE },
	{ "ports:3f9-3ff", PORT("uart0", "regs", 0x3f8, 2), TRUE },
	{ "ports:3f0-3f7", PORT("uart0", "regs", 0x3f8, 1), FALSE },
	{ "ports:60 ports:64", PORT("kbd0", "command", 0x64, 1), TRUE },
	{ "dma:1000-1fff", DMA("nic0", 0x0ff0, 17), TRUE },
	{ "dma:1000-1fff", DMA("nic0", 0x0ff0, 16), FALSE },
	{ "irq:pic0:4", LINE("uart0", "irq", "pic0:4"), TRUE },
	{ "irq:pic0:4", LINE("uart1", "irq", "pic0:3"), FALSE },
	{ "irq:uart*", LINE("uart1", "irq", "pic0:3"), TRUE },
	{ "irq:*", LINE("uart1", "irq", ""), TRUE },
	{ "!ports", PORT("uart0", "regs", 0x3f8, 1), FALSE },
	{ "!ports", LINE("uart0", "irq", "pic0:4"), TRUE },
	{ "ports !ports:3f8-3ff", PORT("uart0", "regs", 0x3f8, 1), FALSE },
	{ "ports !ports:3f8-3ff", PORT("uart1", "regs", 0x2f8, 1), TRUE },
	{ "ports !uart0", PORT("uart0", "regs", 0x3f8, 1), FALSE },
};

static void patterns_want_what_they_name(void)
{
	for (guint i = 0; i < G_N_ELEMENTS(matches); i++) {
		const struct tsr_monitor_event *e = &matches[i].event;
		g_auto(GStrv) texts = g_strsplit(matches[i].patterns, " ", -1);
		struct tsr_patterns *patterns;

		patterns = tsr_patterns_new(
			(const char *const *)(*matches[i].patterns ? texts : NULL), NULL);
		CU_ASSERT_PTR_NOT_NULL_FATAL(patterns);
		if (tsr_patterns_match(patterns, e) != matches[i].wanted) {
			fprintf(stderr, "\"%s\" and row %u\n", matches[i].patterns, i);
			CU_FAIL("a pattern");
		}
		/* No tap may be left out that an event needs. */
		CU_ASSERT(!matches[i].wanted ||
			  tsr_patterns_may_match(patterns, e->kind, e->device, e->what));
		tsr_patterns_free(patterns);
	}
}

static void what_is_no_pattern_is_an_error(void)
{
	static const char *const wrong[] = { "",          "!",           "ports:", "ports:xyz",
					     "ports:2-1", "ports:1-2-3", "irq:",   ".x",
					     "nic0.",     "wibble:1" };

	for (guint i = 0; i < G_N_ELEMENTS(wrong); i++) {
		const char *texts[] = { wrong[i], NULL };
		g_autoptr(GError) error = NULL;

		CU_ASSERT_PTR_NULL(tsr_patterns_new(texts, &error));
		CU_ASSERT_PTR_NOT_NULL_FATAL(error);
		CU_ASSERT_PTR_NOT_NULL(strstr(error->message, "is not a pattern"));
	}
}

/* -- Taps */

static TsrMachine *m;
static struct little_device *dev;
static TsrWatchReader *reader;
static int stream; /* what it reads */

static int watch(const char *pattern)
{
	const char *patterns[] = { pattern, NULL };
	int ends[2];

	CU_ASSERT_EQUAL_FATAL(pipe2(ends, O_CLOEXEC), 0);
	CU_ASSERT_TRUE_FATAL(tsr_machine_watch(m, ends[1], patterns, NULL));
	close(ends[1]);
	return ends[0];
}

static void begin_reading(const char *pattern)
{
	stream = watch(pattern);
	reader = tsr_watch_reader_new(stream);
}

static void end_reading(void)
{
	g_clear_object(&reader);
	close(stream);
}

/* NULL: the stream has ended. */
static TsrWatchEvent *next_event(void)
{
	g_autoptr(GError) error = NULL;
	TsrWatchEvent *event;

	while (!(event = tsr_watch_reader_next(reader, &error)))
		if (error || !tsr_watch_reader_read(reader, &error))
			break;
	CU_ASSERT_PTR_NULL(error);
	return event;
}

static void begin(void)
{
	m = little_machine_new(1, TSR_CLOCK_REALTIME, NULL);
	dev = little_device(m);
}

/* The next event: KIND DEVICE.WHAT OP ADDRESS WIDTH VALUE; "": the stream has ended. */
static const char *next(void)
{
	static char text[600];
	g_autoptr(TsrWatchEvent) e = next_event();

	if (!e)
		return "";
	snprintf(text, sizeof(text), "%u %s.%s %u %llx %u %llx", tsr_watch_event_get_kind(e),
		 tsr_watch_event_get_device(e), tsr_watch_event_get_what(e),
		 tsr_watch_event_get_op(e), (unsigned long long)tsr_watch_event_get_address(e),
		 tsr_watch_event_get_width(e), (unsigned long long)tsr_watch_event_get_value(e));
	return text;
}

static void accesses_and_lines_are_told(void)
{
	g_auto(GStrv) lines = NULL;

	begin();
	lines = tsr_machine_list_lines(m);
	CU_ASSERT_EQUAL_FATAL(g_strv_length(lines), 1);
	CU_ASSERT(g_str_has_prefix(lines[0], "dev0:irq -> cpu0:"));
	begin_reading("dev0");
	tsr_machine_lock(m);
	CU_ASSERT_EQUAL(tsr_port_read(m->ports, (uint16_t)dev->ports->base + 1, 1), 0x41);
	tsr_port_write(m->ports, (uint16_t)dev->ports->base + 2, 0x1234, 2);
	tsr_irq_set(dev->irq, 1);
	tsr_irq_set(dev->irq, 1);
	tsr_irq_set(dev->irq, 0);
	CU_ASSERT_EQUAL(dev->last_value, 0x12);
	tsr_machine_unlock(m);
	CU_ASSERT_STRING_EQUAL(next(), "0 dev0.regs 0 301 1 41");
	CU_ASSERT_STRING_EQUAL(next(), "0 dev0.regs 1 302 1 34");
	CU_ASSERT_STRING_EQUAL(next(), "0 dev0.regs 1 303 1 12");
	CU_ASSERT_STRING_EQUAL(next(), "2 dev0.irq 2 0 0 1");
	CU_ASSERT_STRING_EQUAL(next(), "2 dev0.irq 2 0 0 0");
	g_object_unref(m);
	CU_ASSERT_STRING_EQUAL(next(), "");
	end_reading();
}

/* While another version takes the device's place, its line keeps the level. */
static void a_line_that_stays_is_not_told(void)
{
	TsrInstance *instance;

	begin();
	instance = tsr_machine_find_instance(m, "dev0");
	begin_reading("irq");
	tsr_machine_lock(m);
	tsr_lines_freeze(m->lines, instance);
	tsr_irq_set(dev->irq, 1);
	tsr_lines_thaw_back(m->lines, instance, NULL);
	tsr_irq_set(dev->irq, 1);
	tsr_machine_unlock(m);
	CU_ASSERT_STRING_EQUAL(next(), "2 dev0.irq 2 0 0 1");
	g_object_unref(m);
	CU_ASSERT_STRING_EQUAL(next(), "");
	end_reading();
}

/* What a region and a line have while nobody watches, they have again. */
static void no_tap_stays(void)
{
	const struct tsr_io_ops *ops;
	void (*set)(void *to, int level);
	int first, second;

	begin();
	ops = dev->ports->ops;
	set = dev->irq->set;
	first = watch("ports:64"); /* a pattern of addresses can mean every region of ports */
	CU_ASSERT_PTR_NOT_EQUAL(dev->ports->ops, ops);
	CU_ASSERT_PTR_EQUAL(dev->irq->set, set);
	second = watch("irq");
	CU_ASSERT_PTR_NOT_EQUAL(dev->irq->set, set);
	close(first);
	while (dev->ports->ops != ops)
		g_main_context_iteration(NULL, TRUE);
	CU_ASSERT_PTR_EQUAL(dev->ports->self, dev);
	CU_ASSERT_PTR_NOT_EQUAL(dev->irq->set, set);
	close(second);
	while (dev->irq->set != set)
		g_main_context_iteration(NULL, TRUE);
	first = watch("nobody");
	CU_ASSERT_PTR_EQUAL(dev->ports->ops, ops);
	CU_ASSERT_PTR_EQUAL(dev->irq->set, set);
	close(first);
	g_object_unref(m);
}

static void dma_is_told(void)
{
	uint32_t word = 0;
	uint64_t length = 16;

	begin();
	begin_reading("dma:2000-2fff");
	tsr_machine_lock(m);
	CU_ASSERT_TRUE(dev->dma->write(dev->host, 0x2000, &word, 4));
	CU_ASSERT_TRUE(dev->dma->read(dev->host, 0x3000, &word, 4));
	CU_ASSERT_TRUE(dev->dma->read(dev->host, 0x1ffd, &word, 4));
	CU_ASSERT_PTR_NOT_NULL(dev->dma->map(dev->host, 0x2010, &length, true));
	dev->dma->written(dev->host, 0x2010, 16);
	tsr_machine_unlock(m);
	CU_ASSERT_STRING_EQUAL(next(), "3 dev0.memory 1 2000 0 0");
	CU_ASSERT_STRING_EQUAL(next(), "3 dev0.memory 0 1ffd 0 0");
	CU_ASSERT_STRING_EQUAL(next(), "3 dev0.memory 4 2010 0 0");
	CU_ASSERT_STRING_EQUAL(next(), "3 dev0.memory 5 2010 0 0");
	end_reading();
	g_object_unref(m);
}

/* Whether the device's table of that name is, function for function, the core's own: a call through
 * it is one indirect call, and leads to no shim. */
static bool has_no_shim(const char *name, const void *table)
{
	uint32_t size;

	memcpy(&size, table, sizeof(size));
	return memcmp(dev->host->get(dev->host, name), table, size) == 0;
}

static void tables_without_taps_are_the_cores(void)
{
	static const struct {
		const char *name;
		const void *table;
	} tables[] = {
		{ TSR_CLOCK, &tsr_clock_table },
		{ TSR_PCI, &tsr_pci_table },
		{ TSR_PROPERTIES, &tsr_properties_table },
		{ TSR_WORKER, &tsr_worker_table },
	};

	begin();
	CU_ASSERT_TRUE(has_no_shim(TSR_DMA, &tsr_dma_table));
	begin_reading("dma");
	CU_ASSERT_FALSE(has_no_shim(TSR_DMA, &tsr_dma_table));
	for (size_t i = 0; i < G_N_ELEMENTS(tables); i++)
		CU_ASSERT_TRUE(has_no_shim(tables[i].name, tables[i].table));
	end_reading();
	while (!has_no_shim(TSR_DMA, &tsr_dma_table))
		g_main_context_iteration(NULL, TRUE);
	g_object_unref(m);
}

/* -- Connections: a back end and its user, without plugins */

static struct back_end {
	const struct tsr_net_port *port;
	struct tsr_block_request *request;
	unsigned sent, received, done;
	enum tsr_block_status status;
} back_end;

static void net_connect(void *self, const struct tsr_net_port *port)
{
	((struct back_end *)self)->port = port;
}

static void net_send(void *self, const uint8_t *frame, size_t length)
{
	((struct back_end *)self)->sent += (unsigned)length;
}

static void net_ready(void *self)
{
}

static void card_receive(void *to, const uint8_t *frame, size_t length)
{
	((struct back_end *)to)->received += (unsigned)length;
}

static void block_submit(void *self, struct tsr_block_request *request)
{
	((struct back_end *)self)->request = request;
}

static void on_block_done(struct tsr_block_request *request, enum tsr_block_status status)
{
	struct back_end *b = request->user;

	b->done++;
	b->status = status;
}

static const struct tsr_net net_table = {
	.size = sizeof(net_table), .connect = net_connect, .send = net_send, .ready = net_ready
};
static const struct tsr_block block_table = { .size = sizeof(block_table), .submit = block_submit };

static const void *link_up(const char *user, const char *interface, const void *table)
{
	struct tsr_interface out = { .table = table, .self = &back_end };

	back_end = (struct back_end){ 0 };
	tsr_taps_add_link(m->taps, NULL, user, "need", interface, &out);
	CU_ASSERT_PTR_EQUAL(out.self, &back_end);
	return out.table;
}

static void packets_are_told(void)
{
	const struct tsr_net_port card = { .size = sizeof(card),
					   .to = &back_end,
					   .receive = card_receive };
	static const uint8_t frame[60];
	const struct tsr_net *net;

	begin();
	net = link_up("nic0", TSR_NET, &net_table);
	net->connect(&back_end, &card);
	CU_ASSERT_PTR_EQUAL(net->send, net_send);
	CU_ASSERT_PTR_EQUAL(back_end.port->receive, card_receive);
	begin_reading("packets");
	tsr_machine_lock(m);
	net->send(&back_end, frame, 60);
	back_end.port->receive(back_end.port->to, frame, 42);
	tsr_machine_unlock(m);
	CU_ASSERT_EQUAL(back_end.sent, 60);
	CU_ASSERT_EQUAL(back_end.received, 42);
	CU_ASSERT_STRING_EQUAL(next(), "4 nic0.need 6 0 0 0");
	CU_ASSERT_STRING_EQUAL(next(), "4 nic0.need 7 0 0 0");
	end_reading();
	while (net->send != net_send)
		g_main_context_iteration(NULL, TRUE);
	CU_ASSERT_PTR_EQUAL(back_end.port->receive, card_receive);
	net->connect(&back_end, NULL);
	CU_ASSERT_PTR_NULL(back_end.port);
	g_object_unref(m);
}

/* Also one that is under way when the tap is taken away. */
static void block_requests_are_told(void)
{
	struct tsr_block_request request = { .size = sizeof(request),
					     .op = TSR_BLOCK_WRITE,
					     .offset = 512,
					     .length = 1024,
					     .done = on_block_done,
					     .user = &back_end };
	const struct tsr_block *block;

	begin();
	block = link_up("drive0", TSR_BLOCK, &block_table);
	block->submit(&back_end, &request);
	CU_ASSERT_PTR_EQUAL(back_end.request, &request);
	begin_reading("drive0.block");
	tsr_machine_lock(m);
	block->submit(&back_end, &request);
	CU_ASSERT_EQUAL(back_end.request->length, 1024);
	back_end.request->done(back_end.request, TSR_BLOCK_READ_ONLY);
	CU_ASSERT_EQUAL(back_end.done, 1);
	CU_ASSERT_EQUAL(back_end.status, TSR_BLOCK_READ_ONLY);
	block->submit(&back_end, &request);
	tsr_machine_unlock(m);
	CU_ASSERT_STRING_EQUAL(next(), "5 drive0.need 1 200 0 1");
	CU_ASSERT_STRING_EQUAL(next(), "5 drive0.need 10 200 2 1");
	end_reading();
	while (block->submit != block_submit)
		g_main_context_iteration(NULL, TRUE);
	tsr_machine_lock(m);
	back_end.request->done(back_end.request, TSR_BLOCK_OK);
	tsr_machine_unlock(m);
	CU_ASSERT_EQUAL(back_end.done, 2);
	g_object_unref(m);
}

static void what_a_slow_reader_misses_is_counted(void)
{
	enum { ACCESSES = 200000 };
	uint64_t seen = 0, lost = 0;

	begin();
	begin_reading("ports");
	tsr_machine_lock(m);
	for (int i = 0; i < ACCESSES; i++)
		tsr_port_write(m->ports, (uint16_t)dev->ports->base, 1, 1);
	tsr_machine_unlock(m);
	while (seen + lost < ACCESSES) {
		g_autoptr(TsrWatchEvent) e = next_event();

		if (!e)
			break;
		if (tsr_watch_event_get_kind(e) == TSR_WATCH_KIND_LOST)
			lost += tsr_watch_event_get_value(e);
		else
			seen++;
	}
	CU_ASSERT_EQUAL(seen + lost, ACCESSES);
	CU_ASSERT(seen > 0 && lost > 0);
	end_reading();
	g_object_unref(m);
}

static void eight_can_watch(void)
{
	const char *all[] = { NULL };
	g_autoptr(GError) error = NULL;
	int fds[8], ends[2];

	begin();
	for (int i = 0; i < 8; i++)
		fds[i] = watch("dev0");
	CU_ASSERT_EQUAL_FATAL(pipe2(ends, O_CLOEXEC), 0);
	CU_ASSERT_FALSE(tsr_machine_watch(m, ends[1], all, &error));
	CU_ASSERT(g_error_matches(error, TSR_MACHINE_ERROR, TSR_MACHINE_ERROR_STATE));
	for (int i = 0; i < 8; i++)
		close(fds[i]);
	close(ends[0]);
	close(ends[1]);
	g_object_unref(m);
}

int main(void)
{
	CU_TestInfo tests[] = {
		UNIT_ROW(patterns_want_what_they_name),
		UNIT_ROW(what_is_no_pattern_is_an_error),
		UNIT_ROW(accesses_and_lines_are_told),
		UNIT_ROW(a_line_that_stays_is_not_told),
		UNIT_ROW(no_tap_stays),
		UNIT_ROW(dma_is_told),
		UNIT_ROW(tables_without_taps_are_the_cores),
		UNIT_ROW(packets_are_told),
		UNIT_ROW(block_requests_are_told),
		UNIT_ROW(what_a_slow_reader_misses_is_counted),
		UNIT_ROW(eight_can_watch),
		CU_TEST_INFO_NULL,
	};

	return unit_run("monitor", tests);
}
