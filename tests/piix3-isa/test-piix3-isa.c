/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The PIIX3's ISA bridge: interrupt steering, ports, reset lines. */
#include <CUnit/Basic.h>
#include <string.h>

#include <fake-host.h>
#include <tessera/draft/interrupts.h>
#include <tessera/draft/isa-forward.h>
#include <tessera/draft/pci-host.h>

#include "unit.h"

#define BDF (1 << 3)
#define PIRQA 0x60

static void *bridge;
static const struct tsr_pci_router *router;
static const struct tsr_isa_forward *forward;
static const struct tsr_irq_inputs *inputs;

static void start(void)
{
	fake_start();
	bridge = fake_device_new(NULL, "piix3-isa",
				 (struct fake_row[]){ { "address", "01.0" }, { NULL, NULL } });
	router = fake_device_interface(bridge, TSR_PCI_ROUTER);
	forward = fake_device_interface(bridge, TSR_ISA_FORWARD);
	inputs = fake_device_interface(bridge, TSR_IRQ_INPUTS);
}

static void route(unsigned pirq, uint8_t value)
{
	fake_pci_write(BDF, PIRQA + pirq, value, 1);
}

static void registers_have_their_reset_values(void)
{
	static const struct {
		unsigned reg, width;
		uint32_t value;
	} rows[] = {
		{ 0x00, 4, 0x70008086 }, { 0x04, 2, 0x0007 }, { 0x06, 2, 0x0200 },
		{ 0x08, 4, 0x06010000 }, { 0x0e, 1, 0x80 },   { 0x3d, 1, 0x00 },
		{ 0x4c, 1, 0x4d },       { 0x4e, 2, 0x0003 }, { 0x60, 4, 0x80808080 },
		{ 0x69, 1, 0x02 },       { 0x76, 2, 0x0c0c }, { 0x78, 2, 0x0002 },
		{ 0xa0, 1, 0x08 },       { 0xa8, 1, 0x0f },
	};

	start();
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		CU_ASSERT_EQUAL(fake_pci_read(BDF, rows[i].reg, rows[i].width), rows[i].value);
	fake_pci_write(BDF, PIRQA, 0xffffffff, 4);
	CU_ASSERT_EQUAL(fake_pci_read(BDF, PIRQA, 4), 0x8f8f8f8f);
}

static void slots_are_swizzled(void)
{
	static const struct {
		unsigned device, pin, irq_of[4];
	} rows[] = {
		{ 1, 0, { 1, 0, 0, 0 } }, { 1, 3, { 0, 0, 0, 1 } }, { 2, 0, { 0, 1, 0, 0 } },
		{ 3, 0, { 0, 0, 1, 0 } }, { 4, 0, { 0, 0, 0, 1 } }, { 5, 0, { 1, 0, 0, 0 } },
		{ 3, 1, { 0, 0, 0, 1 } }, { 3, 2, { 1, 0, 0, 0 } }, { 31, 3, { 0, 1, 0, 0 } },
		{ 0, 1, { 1, 0, 0, 0 } },
	};
	static const char *const lines[] = { "irq5", "irq9", "irq10", "irq11" };

	start();
	fake_pci_write(BDF, PIRQA, 0x0b0a0905, 4);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		router->set(bridge, rows[i].device, rows[i].pin, 1);
		for (unsigned n = 0; n < 4; n++)
			CU_ASSERT_EQUAL(fake_irq_level(lines[n]), (int)rows[i].irq_of[n]);
		router->set(bridge, rows[i].device, rows[i].pin, 0);
		for (unsigned n = 0; n < 4; n++)
			CU_ASSERT_EQUAL(fake_irq_level(lines[n]), 0);
	}
}

static void devices_share_a_link(void)
{
	start();
	route(0, 10);
	router->set(bridge, 1, 0, 1);
	router->set(bridge, 5, 0, 1);
	router->set(bridge, 1, 0, 0);
	CU_ASSERT_EQUAL(fake_irq_level("irq10"), 1);
	router->set(bridge, 5, 0, 0);
	CU_ASSERT_EQUAL(fake_irq_level("irq10"), 0);
}

static void links_share_an_interrupt(void)
{
	start();
	route(0, 11);
	route(2, 11);
	router->set(bridge, 1, 0, 1);
	router->set(bridge, 3, 0, 1);
	router->set(bridge, 1, 0, 0);
	CU_ASSERT_EQUAL(fake_irq_level("irq11"), 1);
	router->set(bridge, 3, 0, 0);
	CU_ASSERT_EQUAL(fake_irq_level("irq11"), 0);
}

static void steering_follows_the_register(void)
{
	start();
	router->set(bridge, 2, 0, 1);
	CU_ASSERT_EQUAL(fake_irq_level("irq5"), 0);
	route(1, 5);
	CU_ASSERT_EQUAL(fake_irq_level("irq5"), 1);
	route(1, 10);
	CU_ASSERT_EQUAL(fake_irq_level("irq5"), 0);
	CU_ASSERT_EQUAL(fake_irq_level("irq10"), 1);
	route(1, 0x8a);
	CU_ASSERT_EQUAL(fake_irq_level("irq10"), 0);
	for (unsigned irq = 0; irq < 16; irq++)
		route(1, (uint8_t)irq); /* reserved ones go nowhere */
}

static void port_92_moves_a20_and_resets(void)
{
	start();
	CU_ASSERT(fake_a20());
	CU_ASSERT_EQUAL(fake_port_read(0x92, 1), 0x02);
	fake_port_write(0x92, 0x00, 1);
	CU_ASSERT_FALSE(fake_a20());
	CU_ASSERT_EQUAL(fake_port_read(0x92, 1), 0x00);
	fake_port_write(0x92, 0x02, 1);
	CU_ASSERT(fake_a20());
	CU_ASSERT_EQUAL(fake_requests()->resets, 0);
	fake_port_write(0x92, 0x03, 1);
	fake_port_write(0x92, 0x03, 1);
	CU_ASSERT_EQUAL(fake_requests()->resets, 1);
	CU_ASSERT_EQUAL(fake_requests()->reset_kind, TSR_RESET_SOFT);
}

static void reset_control_register(void)
{
	start();
	forward->write(bridge, 0xcf9, 0x02);
	CU_ASSERT_EQUAL(fake_requests()->resets, 0);
	forward->write(bridge, 0xcf9, 0x06);
	CU_ASSERT_EQUAL(fake_requests()->resets, 1);
	CU_ASSERT_EQUAL(fake_requests()->reset_kind, TSR_RESET_HARD);
	CU_ASSERT_EQUAL(forward->read(bridge, 0xcf9), 0x06);
	forward->write(bridge, 0xcf9, 0x00);
	forward->write(bridge, 0xcf9, 0x04);
	CU_ASSERT_EQUAL(fake_requests()->resets, 2);
	CU_ASSERT_EQUAL(fake_requests()->reset_kind, TSR_RESET_SOFT);
	CU_ASSERT_EQUAL(forward->read(bridge, 0xcf8), 0xff);
}

static void page_ports_are_storage(void)
{
	start();
	for (uint16_t port = 0x80; port < 0x90; port++)
		fake_port_write(port, port ^ 0x5au, 1);
	for (uint16_t port = 0x80; port < 0x90; port++)
		CU_ASSERT_EQUAL(fake_port_read(port, 1), (port ^ 0x5au));
}

static void coprocessor_error_is_acknowledged(void)
{
	start();
	inputs->set(bridge, 0, 1);
	CU_ASSERT_EQUAL(fake_irq_level("irq13"), 1);
	CU_ASSERT_EQUAL(fake_irq_level("ignne"), 0);
	fake_port_write(0xf0, 0, 1);
	CU_ASSERT_EQUAL(fake_irq_level("irq13"), 0);
	CU_ASSERT_EQUAL(fake_irq_level("ignne"), 1);
	inputs->set(bridge, 0, 0);
	CU_ASSERT_EQUAL(fake_irq_level("ignne"), 0);
	fake_port_write(0xf0, 0, 1);
	CU_ASSERT_EQUAL(fake_irq_level("ignne"), 0);
}

static void state_survives(void)
{
	start();
	fake_pci_write(BDF, PIRQA, 0x0b0a0905, 4);
	router->set(bridge, 2, 0, 1);
	fake_port_write(0x84, 0x42, 1);
	inputs->set(bridge, 0, 1);
	CU_ASSERT(fake_device_round_trip(bridge));
	CU_ASSERT_EQUAL(fake_irq_level("irq9"), 1);
	CU_ASSERT_EQUAL(fake_irq_level("irq13"), 1);
}

static void strange_state_is_survived(void)
{
	struct tsr_error error;

	start();
	for (uint64_t seed = 1; seed < 50; seed++) {
		struct fake_state *state = fake_device_save(bridge);

		fake_state_scramble(state, seed);
		fake_device_load(bridge, state, 1, &error);
		fake_state_free(state);
		router->set(bridge, 7, 2, 1);
	}
}

static void any_register_access_is_defined(void)
{
	start();
	router->set(bridge, 3, 2, 1);
	fake_device_fuzz_registers(1, 20000);
}

#define ROW(test) \
	{ \
#test, test \
	}
static CU_TestInfo tests[] = {
	ROW(registers_have_their_reset_values),
	ROW(slots_are_swizzled),
	ROW(devices_share_a_link),
	ROW(links_share_an_interrupt),
	ROW(steering_follows_the_register),
	ROW(port_92_moves_a20_and_resets),
	ROW(reset_control_register),
	ROW(page_ports_are_storage),
	ROW(coprocessor_error_is_acknowledged),
	ROW(state_survives),
	ROW(strange_state_is_survived),
	ROW(any_register_access_is_defined),
	CU_TEST_INFO_NULL,
};

int main(void)
{
	int status = unit_run("piix3-isa", tests);

	fake_finish();
	return status;
}
