/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <CUnit/Basic.h>

#include <fake-host.h>
#include <tessera/draft/interrupts.h>

#include "unit.h"

static void *pic;
static const struct tsr_irq_inputs *inputs;
static const struct tsr_intack *intack;

static void program(uint8_t icw4)
{
	static const uint16_t ports[] = { 0x20, 0xa0 };

	for (unsigned i = 0; i < 2; i++) {
		fake_port_write(ports[i], 0x11, 1);
		fake_port_write(ports[i] + 1, i ? 0x70 : 0x08, 1);
		fake_port_write(ports[i] + 1, i ? 2 : 4, 1);
		fake_port_write(ports[i] + 1, icw4, 1);
		fake_port_write(ports[i] + 1, 0, 1);
	}
}

static void start(void)
{
	fake_start();
	pic = fake_device_new(NULL, "pic-8259", NULL);
	inputs = fake_device_interface(pic, TSR_IRQ_INPUTS);
	intack = fake_device_interface(pic, TSR_INTACK);
	program(1);
}

static void set(unsigned input, int level)
{
	inputs->set(pic, input, level);
}

static int ack(void)
{
	return intack->acknowledge(pic);
}

static uint8_t isr(uint16_t port)
{
	fake_port_write(port, 0x0b, 1);
	return fake_port_read(port, 1);
}

static uint8_t irr(uint16_t port)
{
	fake_port_write(port, 0x0a, 1);
	return fake_port_read(port, 1);
}

static void requests_in_order_of_priority(void)
{
	start();
	CU_ASSERT_EQUAL(inputs->count, 16);
	set(4, 1);
	set(1, 1);
	set(12, 1);
	CU_ASSERT_EQUAL(fake_irq_level("int"), 1);
	CU_ASSERT_EQUAL(irr(0x20), 0x16);
	CU_ASSERT_EQUAL(ack(), 9);
	CU_ASSERT_EQUAL(isr(0x20), 0x02);
	CU_ASSERT_EQUAL(fake_irq_level("int"), 0); /* 1 blocks lower ones */
	fake_port_write(0x20, 0x20, 1);
	CU_ASSERT_EQUAL(ack(), 0x74);
	CU_ASSERT_EQUAL(isr(0x20), 0x04);
	CU_ASSERT_EQUAL(isr(0xa0), 0x10);
	fake_port_write(0xa0, 0x20, 1);
	fake_port_write(0x20, 0x20, 1);
	CU_ASSERT_EQUAL(ack(), 0x0c);
	fake_finish();
}

static void edges_need_to_rise_again(void)
{
	start();
	set(3, 1);
	CU_ASSERT_EQUAL(ack(), 0x0b);
	fake_port_write(0x20, 0x63, 1); /* specific EOI */
	CU_ASSERT_EQUAL(fake_irq_level("int"), 0);
	set(3, 0);
	set(3, 1);
	CU_ASSERT_EQUAL(fake_irq_level("int"), 1);
	set(3, 0); /* taken back before INTA */
	CU_ASSERT_EQUAL(fake_irq_level("int"), 0);
	CU_ASSERT_EQUAL(ack(), 0x0f); /* spurious */
	CU_ASSERT_EQUAL(isr(0x20), 0);
	fake_finish();
}

static void levels_repeat(void)
{
	start();
	fake_port_write(0x4d0, 0xff, 1);
	fake_port_write(0x4d1, 0xff, 1);
	CU_ASSERT_EQUAL(fake_port_read(0x4d0, 1), 0xf8);
	CU_ASSERT_EQUAL(fake_port_read(0x4d1, 1), 0xde);
	set(11, 1);
	CU_ASSERT_EQUAL(ack(), 0x73);
	fake_port_write(0xa0, 0x20, 1);
	fake_port_write(0x20, 0x20, 1);
	CU_ASSERT_EQUAL(ack(), 0x73);
	set(11, 0);
	fake_port_write(0xa0, 0x20, 1);
	fake_port_write(0x20, 0x20, 1);
	CU_ASSERT_EQUAL(fake_irq_level("int"), 0);
	fake_finish();
}

static void a_second_slave_request_is_not_lost(void)
{
	start();
	set(14, 1);
	set(15, 1);
	CU_ASSERT_EQUAL(ack(), 0x76);
	fake_port_write(0xa0, 0x20, 1);
	CU_ASSERT_EQUAL(fake_irq_level("int"), 0);
	fake_port_write(0x20, 0x20, 1);
	CU_ASSERT_EQUAL(ack(), 0x77);
	fake_finish();
}

static void masks(void)
{
	start();
	fake_port_write(0x21, 0x02, 1);
	set(1, 1);
	CU_ASSERT_EQUAL(fake_irq_level("int"), 0);
	CU_ASSERT_EQUAL(fake_port_read(0x21, 1), 0x02);
	fake_port_write(0x21, 0x00, 1);
	CU_ASSERT_EQUAL(ack(), 9);
	set(6, 1);
	CU_ASSERT_EQUAL(fake_irq_level("int"), 0);
	fake_port_write(0x20, 0x68,
			1); /* special mask mode: a masked level in service does not block */
	fake_port_write(0x21, 0x02, 1);
	CU_ASSERT_EQUAL(fake_irq_level("int"), 1);
	CU_ASSERT_EQUAL(ack(), 0x0e);
	fake_port_write(0x20, 0x20, 1); /* the masked one is not what EOI ends */
	CU_ASSERT_EQUAL(isr(0x20), 0x02);
	fake_finish();
}

static void rotation(void)
{
	start();
	set(2, 1); /* the cascade is not an input */
	CU_ASSERT_EQUAL(fake_irq_level("int"), 0);
	set(0, 1);
	set(7, 1);
	CU_ASSERT_EQUAL(ack(), 8);
	fake_port_write(0x20, 0xa0, 1); /* EOI and 0 is the lowest now */
	set(0, 0);
	set(0, 1);
	CU_ASSERT_EQUAL(ack(), 0x0f);
	fake_port_write(0x20, 0xe7, 1); /* 7 the lowest: 0 the highest */
	CU_ASSERT_EQUAL(ack(), 8);
	fake_port_write(0x20, 0x20, 1);
	fake_port_write(0x20, 0xc4, 1); /* 4 the lowest: 5 first */
	for (unsigned i = 3; i < 6; i++)
		set(i, 1);
	CU_ASSERT_EQUAL(ack(), 0x0d);
	fake_finish();
}

static void automatic_eoi(void)
{
	start();
	program(3);
	set(5, 1);
	CU_ASSERT_EQUAL(ack(), 0x0d);
	CU_ASSERT_EQUAL(isr(0x20), 0);
	set(6, 1);
	CU_ASSERT_EQUAL(fake_irq_level("int"), 1);
	fake_port_write(0x20, 0x80, 1); /* rotate in automatic EOI mode */
	CU_ASSERT_EQUAL(ack(), 0x0e);
	set(7, 1);
	set(1, 1);
	CU_ASSERT_EQUAL(ack(), 0x0f);
	fake_finish();
}

static void polls(void)
{
	start();
	set(10, 1);
	fake_port_write(0x20, 0x0c, 1);
	CU_ASSERT_EQUAL(fake_port_read(0x20, 1), 0x82);
	fake_port_write(0xa0, 0x0c, 1);
	CU_ASSERT_EQUAL(fake_port_read(0xa0, 1), 0x82);
	CU_ASSERT_EQUAL(isr(0xa0), 0x04);
	fake_port_write(0x20, 0x0c, 1);
	CU_ASSERT_EQUAL(fake_port_read(0x20, 1), 0);
	fake_finish();
}

static void quiet_until_initialised(void)
{
	start();
	fake_device_reset(pic, TSR_RESET_HARD);
	set(0, 1);
	CU_ASSERT_EQUAL(fake_irq_level("int"), 0);
	program(1);
	CU_ASSERT_EQUAL(fake_irq_level("int"), 0); /* the edge was before ICW1 */
	set(0, 0);
	set(0, 1);
	CU_ASSERT_EQUAL(fake_irq_level("int"), 1);
	CU_ASSERT_EQUAL(fake_port_read(0x24, 1), 0xff);
	fake_finish();
}

static void state_and_fuzz(void)
{
	struct tsr_error error;
	struct fake_state *state;

	start();
	set(9, 1);
	set(4, 1);
	ack();
	fake_port_write(0x20, 0x68, 1);
	CU_ASSERT(fake_device_round_trip(pic));
	CU_ASSERT_EQUAL(irr(0x20), 0x10);
	CU_ASSERT_EQUAL(isr(0x20), 0x04);
	state = fake_device_save(pic);
	for (uint64_t seed = 0; seed < 1000; seed++) {
		fake_state_scramble(state, seed);
		fake_device_load(pic, state, 1, &error);
		fake_device_fuzz_registers(seed, 50);
		set(seed % 18, seed & 1);
		ack();
	}
	fake_state_free(state);
	fake_finish();
}

int main(void)
{
	static const CU_TestInfo tests[] = {
		{ "requests in order of priority", requests_in_order_of_priority },
		{ "edges need to rise again", edges_need_to_rise_again },
		{ "levels repeat", levels_repeat },
		{ "a second slave request is not lost", a_second_slave_request_is_not_lost },
		{ "masks", masks },
		{ "rotation", rotation },
		{ "automatic EOI", automatic_eoi },
		{ "polls", polls },
		{ "quiet until initialised", quiet_until_initialised },
		{ "state and fuzz", state_and_fuzz },
		CU_TEST_INFO_NULL,
	};

	return unit_run("pic-8259", tests);
}
