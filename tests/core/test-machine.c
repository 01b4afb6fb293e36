/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The life cycle, the lock, timers, lines and workers, with a processor that runs C functions. */
#include <CUnit/Basic.h>
#include <stdlib.h>
#include <string.h>

#include <tessera/draft/interrupts.h>

#include "board/pci-bus.h"
#include "little-machine.h"
#include "instance/lock.h"
#include "instance/log-rate.h"
#include "run/timekeeper.h"
#include "run/vcpu.h"
#include "unit.h"

static TsrMachine *the_machine;

static enum tsr_cpu_exit spin_until_kicked(struct little_processor *cpu, uint64_t budget)
{
	while (!cpu->kicked)
		;
	return TSR_CPU_KICKED;
}

static void starts_pauses_resumes_and_stops(void)
{
	TsrMachine *m = little_machine_new(1, TSR_CLOCK_REALTIME, NULL);
	g_autoptr(GError) error = NULL;

	little_processor(m)->body = spin_until_kicked;
	CU_ASSERT_TRUE(tsr_machine_start(m, NULL));
	CU_ASSERT_EQUAL(little_device(m)->resets, 1);
	CU_ASSERT_FALSE(tsr_machine_resume(m, &error));
	CU_ASSERT_EQUAL(error->code, TSR_MACHINE_ERROR_STATE);
	CU_ASSERT_TRUE(tsr_machine_pause(m, NULL));
	uint64_t then = tsr_timekeeper_now(m->clock);
	g_usleep(2000);
	CU_ASSERT_EQUAL(tsr_timekeeper_now(m->clock), then);
	CU_ASSERT_TRUE(tsr_machine_resume(m, NULL));
	tsr_machine_stop(m, 7, "a test");
	CU_ASSERT_EQUAL(little_machine_run(m), 7);
	g_object_unref(m);
}

static void the_lock_gets_in_while_the_guest_spins(void)
{
	TsrMachine *m = little_machine_new(1, TSR_CLOCK_REALTIME, NULL);

	little_processor(m)->body = spin_until_kicked;
	tsr_machine_start(m, NULL);
	for (int i = 0; i < 200; i++) {
		tsr_machine_lock(m);
		unsigned runs = little_processor(m)->runs;
		CU_ASSERT_EQUAL(little_processor(m)->runs, runs);
		tsr_machine_unlock(m);
	}
	tsr_machine_stop(m, 0, "");
	CU_ASSERT_EQUAL(little_machine_run(m), 0);
	g_object_unref(m);
}

static enum tsr_cpu_exit power_off_on_interrupt(struct little_processor *cpu, uint64_t budget)
{
	struct little_device *dev = little_device(the_machine);

	if (!dev->expired && dev->deadline == 0) {
		dev->deadline = 1;
		dev->clock->arm(dev->timer, dev->clock->now(dev->host) + 3000000);
	}
	if (cpu->intr)
		dev->machine->power_off(dev->host);
	return TSR_CPU_HALTED;
}

static void a_timer_wakes_a_halted_guest(void)
{
	the_machine = little_machine_new(1, TSR_CLOCK_REALTIME, NULL);
	little_processor(the_machine)->body = power_off_on_interrupt;
	CU_ASSERT_EQUAL(little_machine_run(the_machine), 0);
	CU_ASSERT_EQUAL(little_device(the_machine)->expired, 1);
	CU_ASSERT(little_processor(the_machine)->runs < 20);
	g_object_unref(the_machine);
}

static enum tsr_cpu_exit count_budget(struct little_processor *cpu, uint64_t budget)
{
	struct little_device *dev = little_device(the_machine);

	if (cpu->intr) {
		dev->machine->stop(dev->host, 3, "done");
		return TSR_CPU_HALTED;
	}
	if (cpu->count == 0) {
		dev->clock->arm(dev->timer, 5000000);
		cpu->count = 10;
		return TSR_CPU_KICKED;
	}
	cpu->count += budget;
	return TSR_CPU_BUDGET;
}

static void a_deterministic_deadline_is_an_instruction_count(void)
{
	the_machine = little_machine_new(1, TSR_CLOCK_DETERMINISTIC, NULL);
	little_processor(the_machine)->body = count_budget;
	CU_ASSERT_EQUAL(little_machine_run(the_machine), 3);
	CU_ASSERT_EQUAL(little_processor(the_machine)->count, 5000);
	CU_ASSERT_EQUAL(little_device(the_machine)->deadline, 5000000);
	g_object_unref(the_machine);
}

struct job {
	TsrMachine *machine;
	GThread *worked_on;
	int order;
};
static int done_order;

static void work(void *data)
{
	((struct job *)data)->worked_on = g_thread_self();
}

static void done(void *data)
{
	struct job *job = data;

	job->order = ++done_order;
	if (job->order == 3)
		tsr_vcpu_request_stop(job->machine, 9, "all done");
}

static void ordered_work_completes_in_order_off_this_thread(void)
{
	TsrMachine *m = little_machine_new(1, TSR_CLOCK_REALTIME, NULL);
	struct little_device *dev = little_device(m);
	struct job jobs[3] = { { m, NULL, 0 }, { m, NULL, 0 }, { m, NULL, 0 } };

	done_order = 0;
	tsr_machine_lock(m);
	for (int i = 0; i < 3; i++)
		dev->worker->submit(dev->host, work, done, &jobs[i], true);
	tsr_machine_unlock(m);
	CU_ASSERT_EQUAL(little_machine_run(m), 9);
	for (int i = 0; i < 3; i++) {
		CU_ASSERT_EQUAL(jobs[i].order, i + 1);
		CU_ASSERT_PTR_NOT_EQUAL(jobs[i].worked_on, g_thread_self());
	}
	g_object_unref(m);
}

static enum tsr_cpu_exit triple_fault(struct little_processor *cpu, uint64_t budget)
{
	return TSR_CPU_SHUTDOWN;
}

/* PCI 2.1, chapter 2.2.1: RST# brings registers to a consistent state, also those of the function's
 * own. */
static void a_reset_reaches_every_register_of_a_pci_function(void)
{
	static const struct tsr_pci_id id = {
		.size = sizeof(id), .vendor = 1, .device = 2, .interrupt_pin = 1
	};
	static const struct {
		unsigned offset;
		uint8_t reset_value;
	} registers[] = { { 0x04, 0 }, { 0x0c, 0 }, { 0x0d, 0 }, { 0x3c, 0 }, { 0x40, 0x5a } };
	TsrMachine *m = little_machine_new(1, TSR_CLOCK_REALTIME, NULL);
	const struct tsr_host *host = little_device(m)->host;
	struct tsr_pci_function *f;
	unsigned bdf;

	tsr_machine_lock(m);
	f = tsr_pci_table.add(host, &id, NULL, NULL, NULL);
	bdf = tsr_pci_table.address(f);
	tsr_pci_table.config_set(f, 0x40, 1, 0x5a);
	tsr_pci_table.config_bits(f, 0x40, 1, 0xff, 0);
	tsr_machine_do_reset(m, TSR_RESET_POWER_ON);
	for (unsigned i = 0; i < G_N_ELEMENTS(registers); i++)
		tsr_pci_host_table.config_write(host, bdf, registers[i].offset, 7, 1);
	CU_ASSERT_EQUAL(tsr_pci_host_table.config_read(host, bdf, 0x40, 1), 7);
	tsr_machine_do_reset(m, TSR_RESET_HARD);
	for (unsigned i = 0; i < G_N_ELEMENTS(registers); i++)
		CU_ASSERT_EQUAL(tsr_pci_host_table.config_read(host, bdf, registers[i].offset, 1),
				registers[i].reset_value);
	CU_ASSERT_EQUAL(tsr_pci_host_table.config_read(host, bdf, 0, 4), 0x00020001);
	tsr_machine_unlock(m);
	g_object_unref(m);
}

static void a_triple_fault_stops_or_resets(void)
{
	TsrMachine *m = little_machine_new(1, TSR_CLOCK_REALTIME, NULL);

	m->config->on_triple_fault = TSR_ON_TRIPLE_FAULT_STOP;
	little_processor(m)->body = triple_fault;
	CU_ASSERT_EQUAL(little_machine_run(m), TSR_EXIT_GUEST_ERROR);
	g_object_unref(m);

	m = little_machine_new(1, TSR_CLOCK_REALTIME, NULL);
	m->config->exit_on_reset = TRUE;
	little_processor(m)->body = triple_fault;
	CU_ASSERT_EQUAL(little_machine_run(m), 0);
	g_object_unref(m);
}

static struct little_device *asks_for_reset;
static enum tsr_reset wanted_reset;

static enum tsr_cpu_exit ask_for_reset(struct little_processor *cpu, uint64_t budget)
{
	asks_for_reset->machine->reset(asks_for_reset->host, wanted_reset);
	return TSR_CPU_KICKED;
}

/* Of the board and of the processor alone: no instance says that the guest is resumed. */
static void every_reset_can_end_the_run(void)
{
	for (wanted_reset = TSR_RESET_HARD; wanted_reset <= TSR_RESET_SOFT; wanted_reset++) {
		TsrMachine *m = little_machine_new(1, TSR_CLOCK_REALTIME, NULL);

		m->config->exit_on_reset = TRUE;
		asks_for_reset = little_device(m);
		little_processor(m)->body = ask_for_reset;
		CU_ASSERT_EQUAL(little_machine_run(m), 0);
		g_object_unref(m);
	}
}

static void on_line(TsrMachine *m, const char *line, int level, gpointer data)
{
	*(int *)data += level ? 1 : 100;
}

static void on_fault(TsrMachine *m, const char *instance, const char *what, unsigned *seen)
{
	CU_ASSERT_STRING_EQUAL(instance, "dev0");
	CU_ASSERT_STRING_EQUAL(what, "disk.img: writing: No space left on device");
	++*seen;
}

static void a_fault_of_a_device_is_a_signal(void)
{
	TsrMachine *m = little_machine_new(1, TSR_CLOCK_REALTIME, NULL);
	const struct tsr_host *host = little_device(m)->host;
	const struct tsr_bus *bus = host->get(host, TSR_BUS);
	unsigned seen = 0;

	g_signal_connect(m, "device-fault", G_CALLBACK(on_fault), &seen);
	bus->emit(host, "leds", "7");
	bus->emit(host, "fault", "disk.img: writing: No space left on device");
	CU_ASSERT_EQUAL(seen, 0);
	while (g_main_context_iteration(NULL, FALSE))
		;
	CU_ASSERT_EQUAL(seen, 1);
	g_object_unref(m);
}

static void a_need_says_which_alternative_it_got(void)
{
	TsrMachine *m = little_machine_new(1, TSR_CLOCK_REALTIME, NULL);
	const struct tsr_host *host = little_device(m)->host;
	const struct tsr_bus *bus = host->get(host, TSR_BUS);
	const char *which;
	struct tsr_interface found = { 0 };

	tsr_machine_lock(m);
	which = bus->which(host, "processor");
	CU_ASSERT_STRING_EQUAL_FATAL(which ? which : "nothing", TSR_IRQ_INPUTS);
	CU_ASSERT_TRUE(bus->get(host, "processor", &found));
	CU_ASSERT_EQUAL(((const struct tsr_irq_inputs *)found.table)->size,
			sizeof(struct tsr_irq_inputs));
	CU_ASSERT_PTR_NULL(bus->which(host, "nothing"));
	CU_ASSERT_PTR_NULL(bus->which(host, "never heard of"));
	CU_ASSERT_FALSE(bus->get(host, "nothing", &found));
	tsr_machine_unlock(m);
	g_object_unref(m);
}

/* What a main loop hears of a guest that never stops telling. */
struct heard {
	unsigned trays, outputs, calls, before_call;
	int last_tray, last_output;
	bool in_order;
};

static void on_any_event(TsrMachine *m, const char *instance, const char *event, const char *detail,
			 struct heard *heard)
{
	int number = atoi(detail);
	bool tray = strcmp(event, "tray") == 0;
	int *last = tray ? &heard->last_tray : &heard->last_output;

	heard->in_order &= number > *last;
	*last = number;
	++*(tray ? &heard->trays : &heard->outputs);
}

/* Stands for a D-Bus call: GDBus hands them over at this priority. */
static gboolean on_call(gpointer data)
{
	struct heard *heard = data;

	heard->calls++;
	heard->before_call = heard->trays + heard->outputs;
	return G_SOURCE_REMOVE;
}

static void tell(const struct tsr_bus *bus, const struct tsr_host *host, const char *event, int n)
{
	char text[16];

	snprintf(text, sizeof(text), "%d", n);
	bus->emit(host, event, text);
}

static uint64_t dropped(TsrMachine *m)
{
	g_autofree char *stats = tsr_machine_get_stats(m);
	const char *at = strstr(stats, "signals-dropped ");

	return at ? g_ascii_strtoull(at + strlen("signals-dropped "), NULL, 10) : 0;
}

static void a_guest_that_tells_too_much_is_cut_short(void)
{
	enum { TOLD = 10000 };
	TsrMachine *m = little_machine_new(1, TSR_CLOCK_REALTIME, NULL);
	const struct tsr_host *host = little_device(m)->host;
	const struct tsr_bus *bus = host->get(host, TSR_BUS);
	struct heard heard = { .in_order = true };

	g_signal_connect(m, "event", G_CALLBACK(on_any_event), &heard);
	for (int i = 1; i <= TOLD; i++) {
		tell(bus, host, "tray", i);
		if (i <= 1000)
			tell(bus, host, "output", i);
	}
	g_idle_add_full(G_PRIORITY_DEFAULT, on_call, &heard, NULL);
	while (g_main_context_iteration(NULL, FALSE))
		;
	CU_ASSERT_EQUAL(heard.calls, 1);
	CU_ASSERT_EQUAL(heard.before_call, 0);
	CU_ASSERT(heard.trays >= 1 && heard.trays <= 100);
	CU_ASSERT_EQUAL(heard.last_tray, TOLD);
	CU_ASSERT_EQUAL(heard.outputs, 1000);
	CU_ASSERT(heard.in_order);
	CU_ASSERT_EQUAL(heard.trays + dropped(m), TOLD);
	g_object_unref(m);
}

/* Text of a serial line is kept for longer, but not for ever, and what is lost is counted. */
static void output_is_bounded_too(void)
{
	enum { TOLD = 100000 };
	TsrMachine *m = little_machine_new(1, TSR_CLOCK_REALTIME, NULL);
	const struct tsr_host *host = little_device(m)->host;
	const struct tsr_bus *bus = host->get(host, TSR_BUS);
	struct heard heard = { .in_order = true };

	g_signal_connect(m, "event", G_CALLBACK(on_any_event), &heard);
	for (int i = 1; i <= TOLD; i++)
		tell(bus, host, "output", i);
	while (g_main_context_iteration(NULL, FALSE))
		;
	CU_ASSERT(heard.outputs >= 1000 && heard.outputs <= 10000);
	CU_ASSERT_EQUAL(heard.last_output, TOLD);
	CU_ASSERT_EQUAL(heard.outputs + dropped(m), TOLD);
	g_object_unref(m);
}

/* It comes after what was told before, whatever else the main loop has to do. */
static gboolean call_again(gpointer data)
{
	++*(unsigned *)data;
	return G_SOURCE_CONTINUE;
}

static enum tsr_cpu_exit tell_and_stop(struct little_processor *cpu, uint64_t budget)
{
	struct little_device *dev = little_device(the_machine);
	const struct tsr_bus *bus = dev->host->get(dev->host, TSR_BUS);

	for (int i = 1; i <= 50; i++)
		tell(bus, dev->host, "tray", i);
	dev->machine->stop(dev->host, 4, "done");
	return TSR_CPU_KICKED;
}

static void stopping_is_heard_amid_calls(void)
{
	struct heard heard = { .in_order = true };
	unsigned calls = 0;
	guint source = g_idle_add_full(G_PRIORITY_DEFAULT, call_again, &calls, NULL);

	the_machine = little_machine_new(1, TSR_CLOCK_REALTIME, NULL);
	g_signal_connect(the_machine, "event", G_CALLBACK(on_any_event), &heard);
	little_processor(the_machine)->body = tell_and_stop;
	CU_ASSERT_EQUAL(little_machine_run(the_machine), 4);
	CU_ASSERT_EQUAL(heard.trays, 50);
	g_source_remove(source);
	g_object_unref(the_machine);
}

static void a_tap_tells_of_a_line(void)
{
	TsrMachine *m = little_machine_new(1, TSR_CLOCK_REALTIME, NULL);
	struct little_device *dev = little_device(m);
	int seen = 0;

	g_signal_connect(m, "line-changed", G_CALLBACK(on_line), &seen);
	CU_ASSERT_FALSE(tsr_machine_tap_line(m, "nobody:3", TRUE, NULL));
	tsr_machine_lock(m);
	tsr_irq_set(dev->irq, 1);
	tsr_irq_set(dev->irq, 0);
	tsr_machine_unlock(m);
	CU_ASSERT_TRUE(tsr_machine_tap_line(m, "dev0:irq", TRUE, NULL));
	tsr_machine_lock(m);
	tsr_irq_set(dev->irq, 1);
	tsr_irq_set(dev->irq, 1);
	tsr_irq_set(dev->irq, 0);
	tsr_machine_unlock(m);
	while (g_main_context_iteration(NULL, FALSE))
		;
	CU_ASSERT_EQUAL(seen, 101);
	CU_ASSERT_EQUAL(little_processor(m)->level_changes, 4);
	g_object_unref(m);
}

static void count_line(const char *domain, GLogLevelFlags level, const char *message,
		       gpointer count)
{
	++*(unsigned *)count;
}

static void keep_line(const char *domain, GLogLevelFlags level, const char *text, gpointer last)
{
	g_free(*(char **)last);
	*(char **)last = g_strdup(text);
}

static void lines_that_were_left_out_are_counted(void)
{
	TsrMachine *m = little_machine_new(1, TSR_CLOCK_REALTIME, NULL);
	const struct tsr_host *host = little_device(m)->host;
	const struct tsr_log *log = host->get(host, TSR_LOG);
	static const char here;
	char *last = NULL;
	guint handler = g_log_set_handler("tessera", G_LOG_LEVEL_MASK, keep_line, &last);

	for (unsigned i = 0; i < 1000; i++)
		log->write(host, &here, TSR_LOG_DEBUG, "line");
	CU_ASSERT_STRING_EQUAL(last, "dev0: line");
	g_usleep(1100000);
	log->write(host, &here, TSR_LOG_DEBUG, "line");
	CU_ASSERT_PTR_NOT_NULL(strstr(last, "line ("));
	CU_ASSERT_PTR_NOT_NULL(strstr(last, " like it were left out)"));
	g_log_remove_handler("tessera", handler);
	g_free(last);
	g_object_unref(m);
}

/* Whatever a guest does for a minute: the lines stay few. */
static void warnings_are_rare(void)
{
	TsrLogRate rate = { 0 };
	guint left_out = 0, lines = 0, all = 0;
	gint64 now = 1000;

	for (; now < 60 * G_USEC_PER_SEC; now += 10000)
		if (tsr_log_rate_take(&rate, now, 5, 10 * G_USEC_PER_SEC, &left_out)) {
			lines++;
			all += left_out + 1;
		}
	CU_ASSERT_EQUAL(lines, 5 + 5);
	CU_ASSERT_EQUAL(all + rate.left_out, 6000);
	now += 60 * G_USEC_PER_SEC; /* after silence all of them again */
	for (lines = 0; tsr_log_rate_take(&rate, now, 5, 10 * G_USEC_PER_SEC, &left_out);)
		lines++;
	CU_ASSERT_EQUAL(lines, 5);
}

/* A place in a device that writes without end is cut off, and heard again in the next second. */
static void each_place_writes_some_lines_a_second(void)
{
	TsrMachine *m = little_machine_new(1, TSR_CLOCK_REALTIME, NULL);
	const struct tsr_host *host = little_device(m)->host;
	const struct tsr_log *log = host->get(host, TSR_LOG);
	static const char here, there;
	unsigned lines = 0;
	guint handler = g_log_set_handler("tessera", G_LOG_LEVEL_MASK, count_line, &lines);

	for (unsigned i = 0; i < 1000; i++)
		log->write(host, &here, TSR_LOG_INFO, "line %u", i);
	CU_ASSERT(lines >= 1 && lines < 100);
	lines = 0;
	log->write(host, &there, TSR_LOG_INFO, "another place");
	CU_ASSERT_EQUAL(lines, 1);
	g_usleep(1100000);
	log->write(host, &here, TSR_LOG_INFO, "a second later");
	CU_ASSERT_EQUAL(lines, 2);
	g_log_remove_handler("tessera", handler);
	g_object_unref(m);
}

static void a_plugin_that_knows_every_interface_is_refused(void)
{
	g_autoptr(GError) error = NULL;

	little_device_knows_every_name = true;
	CU_ASSERT_PTR_NULL(little_machine_new(1, TSR_CLOCK_REALTIME, &error));
	little_device_knows_every_name = false;
	CU_ASSERT_PTR_NOT_NULL_FATAL(error);
	CU_ASSERT_PTR_NOT_NULL(strstr(error->message, "dev0: plugin little-dev 1.0.0: "
						      "its get_interface"));
	CU_ASSERT_EQUAL(error->code, TSR_MACHINE_ERROR_INVALID);
}

int main(void)
{
	/* clang-format off */
	static const CU_TestInfo tests[] = {
		{ "starts, pauses, resumes and stops", starts_pauses_resumes_and_stops },
		{ "each place writes some lines a second", each_place_writes_some_lines_a_second },
		{ "lines that were left out are counted", lines_that_were_left_out_are_counted },
		{ "warnings are rare", warnings_are_rare },
		{ "the lock gets in while the guest spins", the_lock_gets_in_while_the_guest_spins },
		{ "a timer wakes a halted guest", a_timer_wakes_a_halted_guest },
		{ "a deterministic deadline is an instruction count", a_deterministic_deadline_is_an_instruction_count },
		{ "ordered work completes in order, off this thread", ordered_work_completes_in_order_off_this_thread },
		{ "a reset reaches every register of a PCI function",
		  a_reset_reaches_every_register_of_a_pci_function },
		{ "a triple fault stops or resets", a_triple_fault_stops_or_resets },
		{ "every reset can end the run", every_reset_can_end_the_run },
		{ "a fault of a device is a signal", a_fault_of_a_device_is_a_signal },
		{ "a need says which alternative it got", a_need_says_which_alternative_it_got },
		{ "a guest that tells too much is cut short", a_guest_that_tells_too_much_is_cut_short },
		{ "output is bounded too", output_is_bounded_too },
		{ "stopping is heard amid calls", stopping_is_heard_amid_calls },
		{ "a tap tells of a line", a_tap_tells_of_a_line },
		{ "a plugin that knows every interface is refused", a_plugin_that_knows_every_interface_is_refused },
		CU_TEST_INFO_NULL,
	};
	/* clang-format on */

	return unit_run("machine", tests);
}
