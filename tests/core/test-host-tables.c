/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a plugin can take back of what it has added, its PCI function's configuration space, and the
 * way under the lock for threads of its own. */
#include <CUnit/Basic.h>
#include <string.h>

#include <tessera/display.h>
#include <tessera/input.h>

#include "board/memory-map.h"
#include "board/pci-bus.h"
#include "instance/lock.h"
#include "little-machine.h"
#include "machine/machine.h"
#include "run/vcpu.h"
#include "unit.h"

#define BASE 0x8000000

static TsrMachine *m;
static struct little_device *dev;

static void make(void)
{
	m = little_machine_new(16, TSR_CLOCK_REALTIME, NULL);
	tsr_machine_lock(m);
	dev = little_device(m);
}

static void end(void)
{
	tsr_machine_unlock(m);
	g_clear_object(&m);
}

/* -- The configuration space */

static struct tsr_pci_function *add_function(void)
{
	static const struct tsr_pci_id id = {
		.size = sizeof(id), .vendor = 0x1234, .device = 0x5678, .interrupt_pin = 1
	};
	struct tsr_pci_function *f = dev->pci->add(dev->host, &id, NULL, dev, NULL);

	CU_ASSERT_PTR_NOT_NULL_FATAL(f);
	return f;
}

static uint32_t guest_reads(struct tsr_pci_function *f, unsigned offset, unsigned width)
{
	return tsr_pci_host_table.config_read(dev->host, dev->pci->address(f), offset, width);
}

static void guest_writes(struct tsr_pci_function *f, unsigned offset, uint32_t value)
{
	tsr_pci_host_table.config_write(dev->host, dev->pci->address(f), offset, value, 4);
}

static void a_register_has_bits_for_the_guest(void)
{
	struct tsr_pci_function *f;
	uint8_t bytes[4] = { 1, 2, 3, 4 };

	make();
	f = add_function();
	CU_ASSERT_EQUAL(dev->pci->config_get(f, 0, 4), 0x56781234);
	dev->pci->config_set(f, 0x60, 4, 0xa5a5a5a5);
	dev->pci->config_bits(f, 0x60, 4, 0x0000ffff, 0x00ff0000);
	guest_writes(f, 0x60, 0xffff1234);
	CU_ASSERT_EQUAL(guest_reads(f, 0x60, 4), 0xa5001234);
	dev->pci->config_set(f, 0x61, 1, 0x77);
	CU_ASSERT_EQUAL(dev->pci->config_get(f, 0x60, 2), 0x7734);
	tsr_pci_set_bytes(dev->pci, f, 0x70, bytes, 4);
	memset(bytes, 0, 4);
	tsr_pci_get_bytes(dev->pci, f, 0x70, bytes, 4);
	CU_ASSERT(bytes[0] == 1 && bytes[3] == 4);
	CU_ASSERT_EQUAL(guest_reads(f, 0x70, 4), 0x04030201);
	/* Beyond its end there is nothing, and what lies behind it stays. */
	CU_ASSERT_EQUAL(dev->pci->config_get(f, 0xfe, 4), 0xffffffff);
	CU_ASSERT_EQUAL(dev->pci->config_get(f, 0x1000, 1), 0xff);
	dev->pci->config_set(f, 0xfd, 4, 0);
	dev->pci->config_set(f, UINT32_MAX, 1, 0);
	dev->pci->config_bits(f, 0, 3, 0, 0);
	CU_ASSERT_EQUAL(dev->pci->config_get(f, 0, 4), 0x56781234);
	end();
}

static void what_it_says_of_bars_holds_at_once(void)
{
	struct tsr_pci_function *f;
	struct tsr_region *region;
	uint8_t *bytes;

	make();
	f = add_function();
	CU_ASSERT_TRUE(dev->pci->bar_memory(f, 0, 4096, false, 0, &bytes, &region, NULL));
	bytes[5] = 0x5a;
	dev->pci->config_set(f, 0x10, 4, BASE);
	CU_ASSERT_EQUAL(tsr_memory_map_read(m->memory, BASE + 5, 1), 0xff);
	dev->pci->config_set(f, 4, 2, 2);
	CU_ASSERT_EQUAL(tsr_memory_map_read(m->memory, BASE + 5, 1), 0x5a);
	dev->pci->config_set(f, 4, 1, 0);
	CU_ASSERT_EQUAL(tsr_memory_map_read(m->memory, BASE + 5, 1), 0xff);
	end();
}

static void capabilities_are_a_list(void)
{
	struct tsr_pci_function *f;
	struct tsr_error error = { 0 };
	unsigned first = 0, second = 0, third = 0;

	make();
	f = add_function();
	dev->pci->config_bits(f, 0x48, 1, 1, 0); /* a register of its own */
	CU_ASSERT_EQUAL(guest_reads(f, 0x06, 1) & 0x10, 0);
	CU_ASSERT_TRUE(dev->pci->add_capability(f, 0x01, 8, &first, &error));
	CU_ASSERT_TRUE(dev->pci->add_capability(f, 0x05, 10, &second, &error));
	CU_ASSERT_TRUE(dev->pci->add_capability(f, 0x09, 3, &third, &error));
	CU_ASSERT(first == 0x40 && second == 0x4c && third == 0x58);
	CU_ASSERT_EQUAL(guest_reads(f, 0x06, 1) & 0x10, 0x10);
	CU_ASSERT_EQUAL(guest_reads(f, 0x34, 1), 0x40);
	CU_ASSERT_EQUAL(guest_reads(f, 0x40, 2), 0x4c01);
	CU_ASSERT_EQUAL(guest_reads(f, 0x4c, 2), 0x5805);
	CU_ASSERT_EQUAL(guest_reads(f, 0x58, 2), 0x0009);
	guest_writes(f, 0x40, 0);
	guest_writes(f, 0x34, 0);
	CU_ASSERT_EQUAL(guest_reads(f, 0x40, 2), 0x4c01);
	CU_ASSERT_EQUAL(guest_reads(f, 0x34, 1), 0x40);
	CU_ASSERT_FALSE(dev->pci->add_capability(f, 0x11, 180, &third, &error));
	CU_ASSERT_PTR_NOT_NULL(strstr(error.message, "no room"));
	CU_ASSERT_FALSE(dev->pci->add_capability(f, 0x11, 1, &third, &error));
	CU_ASSERT_FALSE(dev->pci->add_capability(f, 0x11, UINT32_MAX, &third, &error));
	CU_ASSERT_EQUAL(third, 0x58);
	/* The list survives a reset. */
	tsr_machine_do_reset(m, TSR_RESET_POWER_ON);
	tsr_machine_do_reset(m, TSR_RESET_HARD);
	CU_ASSERT_EQUAL(guest_reads(f, 0x34, 1), 0x40);
	CU_ASSERT_EQUAL(guest_reads(f, 0x06, 1) & 0x10, 0x10);
	end();
}

/* -- Taking back */

static void a_region_and_its_aliases(void)
{
	struct tsr_region *r, *alias;
	uint8_t *bytes;

	make();
	r = dev->memory->map(dev->host, "memory", BASE, 4096, 1, 0, &bytes, NULL);
	CU_ASSERT_PTR_NOT_NULL_FATAL(r);
	alias = dev->memory->alias(dev->host, "alias", BASE + 8192, 4096, 1, 0, r, 0, NULL);
	CU_ASSERT_PTR_NOT_NULL_FATAL(alias);
	bytes[1] = 0x33;
	CU_ASSERT_EQUAL(tsr_memory_map_read(m->memory, BASE + 8193, 1), 0x33);
	dev->memory->remove(r);
	CU_ASSERT_EQUAL(tsr_memory_map_read(m->memory, BASE + 1, 1), 0xff);
	CU_ASSERT_EQUAL(tsr_memory_map_read(m->memory, BASE + 8193, 1), 0xff);
	/* Its place is free again. */
	CU_ASSERT_PTR_NOT_NULL(
		dev->memory->map(dev->host, "again", BASE, 4096, 1, 0, &bytes, NULL));
	dev->io->remove(dev->ports);
	dev->ports = NULL;
	dev->io->remove(NULL);
	end();
}

static void a_function_with_its_bars(void)
{
	struct tsr_region *region;
	struct tsr_pci_function *f;
	uint8_t *bytes;
	unsigned address;

	make();
	f = add_function();
	address = dev->pci->address(f);
	CU_ASSERT_TRUE(dev->pci->bar_memory(f, 0, 4096, false, 0, &bytes, &region, NULL));
	dev->memory->remove(region); /* a mistake: it is the function's */
	dev->pci->config_set(f, 0x10, 4, BASE);
	dev->pci->config_set(f, 4, 2, 2);
	CU_ASSERT_EQUAL(tsr_memory_map_read(m->memory, BASE, 1), 0);
	dev->pci->set_intx(f, 1);
	dev->pci->remove(f);
	CU_ASSERT_EQUAL(tsr_memory_map_read(m->memory, BASE, 1), 0xff);
	CU_ASSERT_EQUAL(tsr_pci_host_table.config_read(dev->host, address, 0, 4), 0xffffffff);
	CU_ASSERT_EQUAL(dev->pci->address(add_function()), address);
	end();
}

static void on_refresh(void *self, bool full)
{
}

static void on_key(void *self, unsigned code, bool down)
{
	(*(unsigned *)self)++;
}

static void displays_inputs_timers(void)
{
	static const struct tsr_display_ops display_ops = { .size = sizeof(display_ops),
							    .refresh = on_refresh };
	static const struct tsr_input_ops input_ops = { .size = sizeof(input_ops), .key = on_key };
	const struct tsr_display_table *display;
	const struct tsr_input *input;
	struct tsr_display *d;
	unsigned first = 0, second = 0;

	make();
	display = dev->host->get(dev->host, TSR_DISPLAY);
	input = dev->host->get(dev->host, TSR_INPUT);
	d = display->add(dev->host, &display_ops, dev);
	CU_ASSERT_EQUAL(tsr_machine_get_n_displays(m), 1);
	display->remove(d);
	CU_ASSERT_EQUAL(tsr_machine_get_n_displays(m), 0);
	input->add(dev->host, &input_ops, &first);
	input->add(dev->host, &input_ops, &second);
	input->remove(dev->host, &input_ops, &first);
	input->remove(dev->host, &input_ops, &first); /* a mistake */
	tsr_machine_send_key(m, 30, true);
	CU_ASSERT(first == 0 && second == 1);
	dev->clock->arm(dev->timer, 1);
	dev->clock->timer_free(dev->timer);
	dev->clock->timer_free(NULL);
	end();
}

static enum tsr_cpu_exit stop(struct little_processor *cpu, uint64_t budget)
{
	tsr_vcpu_request_stop(m, 3, "enough");
	return TSR_CPU_KICKED;
}

/* By then others may look at it. */
static void nothing_once_the_machine_has_started(void)
{
	make();
	little_processor(m)->body = stop;
	tsr_machine_unlock(m);
	CU_ASSERT_EQUAL(little_machine_run(m), 3);
	tsr_machine_lock(m);
	dev->io->remove(dev->ports);
	dev->clock->timer_free(dev->timer);
	dev->io->enable(dev->ports, false); /* is still there */
	dev->clock->cancel(dev->timer);
	end();
}

/* -- Posts */

struct posts {
	unsigned count;
	bool had_lock, in_order;
};

static struct posts posts;

static void posted(void *user)
{
	posts.had_lock = tsr_machine_has_lock(m);
	posts.in_order &= *(unsigned *)user == posts.count;
	if (++posts.count == 100)
		tsr_vcpu_request_stop(m, 7, "all posted");
}

static gpointer poster(gpointer data)
{
	static unsigned numbers[100];

	for (unsigned i = 0; i < 100; i++) {
		numbers[i] = i;
		dev->worker->post(dev->host, posted, &numbers[i]);
	}
	return NULL;
}

static void run_posts(TsrClockMode clock)
{
	GThread *thread;

	m = little_machine_new(1, clock, NULL);
	dev = little_device(m);
	posts = (struct posts){ .in_order = true };
	thread = g_thread_new("poster", poster, NULL);
	CU_ASSERT_EQUAL(little_machine_run(m), 7);
	g_thread_join(thread);
	CU_ASSERT(posts.had_lock && posts.in_order);
	CU_ASSERT_EQUAL(posts.count, 100);
	g_clear_object(&m);
}

static void a_thread_of_its_own_gets_under_the_lock(void)
{
	run_posts(TSR_CLOCK_REALTIME);
	run_posts(TSR_CLOCK_DETERMINISTIC);
}

/* A machine that goes away forgets what was posted. */
static void a_post_that_is_never_called(void)
{
	unsigned number = 0;

	make();
	posts = (struct posts){ 0 };
	dev->worker->post(dev->host, posted, &number);
	end();
	CU_ASSERT_EQUAL(posts.count, 0);
}

/* -- The rest */

static void what_a_host_says(void)
{
	const struct tsr_log *log;
	uint64_t length = 64;

	make();
	CU_ASSERT(TSR_HAS(dev->host, version) && strlen(dev->host->version) > 2);
	CU_ASSERT(TSR_HAS(dev->host, folder) && g_path_is_absolute(dev->host->folder));
	CU_ASSERT(dev->clock->wall_ns(dev->host) / 1000000000 - dev->clock->wall(dev->host) <= 1);
	CU_ASSERT_PTR_NOT_NULL(dev->dma->map(dev->host, 0x3000, &length, true));
	dev->dma->unmap(dev->host, 0x3000, length, false);
	CU_ASSERT_EQUAL(little_mmu(m)->written, 0);
	dev->dma->unmap(dev->host, 0x3000, length, true);
	CU_ASSERT_EQUAL(little_mmu(m)->written, 1);
	CU_ASSERT_EQUAL(little_mmu(m)->last_gpa, 0x3000);
	log = dev->host->get(dev->host, TSR_LOG);
	log->write_text(dev->host, &length, TSR_LOG_DEBUG, "100%s is no format");
	end();
}

int main(void)
{
	static const CU_TestInfo tests[] = {
		{ "a register has bits for the guest", a_register_has_bits_for_the_guest },
		{ "what it says of BARs holds at once", what_it_says_of_bars_holds_at_once },
		{ "capabilities are a list", capabilities_are_a_list },
		{ "a region and its aliases are taken back", a_region_and_its_aliases },
		{ "a function is taken back with its BARs", a_function_with_its_bars },
		{ "displays, inputs and timers are taken back", displays_inputs_timers },
		{ "nothing is once the machine has started", nothing_once_the_machine_has_started },
		{ "a thread of its own gets under the lock",
		  a_thread_of_its_own_gets_under_the_lock },
		{ "a post that is never called", a_post_that_is_never_called },
		{ "what a host says", what_a_host_says },
		CU_TEST_INFO_NULL,
	};

	g_setenv("TESSERA_CHECK", "0", TRUE); /* some of these calls are mistakes */
	return unit_run("host tables", tests);
}
