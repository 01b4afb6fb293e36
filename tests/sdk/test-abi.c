/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The layout of what vendors' binaries are compiled against, as of ABI 1.0. A row that fails says
 * that an old plugin would read the wrong member: move the new member to the table's end. Rows are
 * added for new members, never changed.
 */
#include <CUnit/Basic.h>
#include <stdio.h>

#include <tessera/tessera.h>

#include "unit.h"

static const struct {
	const char *name;
	size_t is, was;
} members[] = {
#define ROW(type, member, was) \
	{ \
#type "." #member, offsetof(struct type, member), was \
	}
	ROW(tsr_plugin_entry, size, 0),
	ROW(tsr_plugin_entry, abi, 4),
	ROW(tsr_plugin_entry, id, 8),
	ROW(tsr_plugin_entry, version, 16),
	ROW(tsr_plugin_entry, get_factory, 24),
	ROW(tsr_device_class, size, 0),
	ROW(tsr_device_class, instance_size, 8),
	ROW(tsr_device_class, attach, 16),
	ROW(tsr_device_class, realize, 24),
	ROW(tsr_device_class, detach, 32),
	ROW(tsr_device_class, reset, 40),
	ROW(tsr_device_class, save, 48),
	ROW(tsr_device_class, load, 56),
	ROW(tsr_device_class, get_interface, 64),
	ROW(tsr_host, size, 0),
	ROW(tsr_host, abi, 4),
	ROW(tsr_host, name, 8),
	ROW(tsr_host, get, 16),
	ROW(tsr_properties, size, 0),
	ROW(tsr_properties, get_string, 8),
	ROW(tsr_properties, get_int, 16),
	ROW(tsr_properties, get_bool, 24),
	ROW(tsr_properties, on_change, 32),
	ROW(tsr_properties, set_string, 40),
	ROW(tsr_properties, set_int, 48),
	ROW(tsr_io_ops, size, 0),
	ROW(tsr_io_ops, flags, 4),
	ROW(tsr_io_ops, widths, 8),
	ROW(tsr_io_ops, read, 16),
	ROW(tsr_io_ops, write, 24),
	ROW(tsr_io, size, 0),
	ROW(tsr_io, claim, 8),
	ROW(tsr_io, claim_ports, 16),
	ROW(tsr_io, move, 24),
	ROW(tsr_io, enable, 32),
	ROW(tsr_memory, size, 0),
	ROW(tsr_memory, map, 8),
	ROW(tsr_memory, map_io, 16),
	ROW(tsr_memory, alias, 24),
	ROW(tsr_memory, move, 32),
	ROW(tsr_memory, enable, 40),
	ROW(tsr_memory, fetch_dirty, 48),
	ROW(tsr_memory, shadow, 56),
	ROW(tsr_memory, ram_size, 64),
	ROW(tsr_memory, ram_below_4g, 72),
	ROW(tsr_memory, set_a20, 80),
	ROW(tsr_memory, get_a20, 88),
	ROW(tsr_irq, set, 0),
	ROW(tsr_irq, to, 8),
	ROW(tsr_irq_table, size, 0),
	ROW(tsr_irq_table, get, 8),
	ROW(tsr_irq_inputs, size, 0),
	ROW(tsr_irq_inputs, count, 4),
	ROW(tsr_irq_inputs, set, 8),
	ROW(tsr_intack, size, 0),
	ROW(tsr_intack, acknowledge, 8),
	ROW(tsr_dma, size, 0),
	ROW(tsr_dma, read, 8),
	ROW(tsr_dma, write, 16),
	ROW(tsr_dma, map, 24),
	ROW(tsr_dma, written, 32),
	ROW(tsr_clock, size, 0),
	ROW(tsr_clock, now, 8),
	ROW(tsr_clock, timer_new, 16),
	ROW(tsr_clock, arm, 24),
	ROW(tsr_clock, cancel, 32),
	ROW(tsr_clock, wall, 40),
	ROW(tsr_random, size, 0),
	ROW(tsr_random, fill, 8),
	ROW(tsr_log, size, 0),
	ROW(tsr_log, write, 8),
	ROW(tsr_bus, size, 0),
	ROW(tsr_bus, get, 8),
	ROW(tsr_bus, emit, 16),
	ROW(tsr_machine_table, size, 0),
	ROW(tsr_machine_table, power_off, 8),
	ROW(tsr_machine_table, reset, 16),
	ROW(tsr_machine_table, stop, 24),
	ROW(tsr_worker, size, 0),
	ROW(tsr_worker, submit, 8),
	ROW(tsr_worker, drain, 16),
	ROW(tsr_worker, watch, 24),
	ROW(tsr_worker, unwatch, 32),
	ROW(tsr_pci_id, vendor, 0),
	ROW(tsr_pci_id, device, 2),
	ROW(tsr_pci_id, class_code, 4),
	ROW(tsr_pci_id, revision, 8),
	ROW(tsr_pci_id, header_type, 9),
	ROW(tsr_pci_id, subsystem_vendor, 10),
	ROW(tsr_pci_id, subsystem, 12),
	ROW(tsr_pci_id, interrupt_pin, 14),
	ROW(tsr_pci_ops, size, 0),
	ROW(tsr_pci_ops, config_written, 8),
	ROW(tsr_pci_ops, config_read, 16),
	ROW(tsr_pci, size, 0),
	ROW(tsr_pci, add, 8),
	ROW(tsr_pci, add_at, 16),
	ROW(tsr_pci, bar_io, 24),
	ROW(tsr_pci, bar_memory, 32),
	ROW(tsr_pci, rom, 40),
	ROW(tsr_pci, config, 48),
	ROW(tsr_pci, write_mask, 56),
	ROW(tsr_pci, clear_mask, 64),
	ROW(tsr_pci, reset, 72),
	ROW(tsr_pci, set_intx, 80),
	ROW(tsr_pci, dma_host, 88),
	ROW(tsr_pci, address, 96),
	ROW(tsr_pci_host, size, 0),
	ROW(tsr_pci_host, config_read, 8),
	ROW(tsr_pci_host, config_write, 16),
	ROW(tsr_pci_router, size, 0),
	ROW(tsr_pci_router, set, 8),
	ROW(tsr_block_request, op, 0),
	ROW(tsr_block_request, offset, 8),
	ROW(tsr_block_request, length, 16),
	ROW(tsr_block_request, buffer, 24),
	ROW(tsr_block_request, done, 32),
	ROW(tsr_block_request, user, 40),
	ROW(tsr_block_request, segments, 48),
	ROW(tsr_block_request, segment_count, 56),
	ROW(tsr_block_info, present, 0),
	ROW(tsr_block_info, read_only, 1),
	ROW(tsr_block_info, length, 8),
	ROW(tsr_block_info, generation, 16),
	ROW(tsr_block, size, 0),
	ROW(tsr_block, info, 8),
	ROW(tsr_block, submit, 16),
	ROW(tsr_block, listen, 24),
	ROW(tsr_block, eject, 32),
	ROW(tsr_block, lock, 40),
	ROW(tsr_block, drain, 48),
	ROW(tsr_block, seal, 56),
	ROW(tsr_block, recognize, 64),
	ROW(tsr_net_port, size, 0),
	ROW(tsr_net_port, to, 8),
	ROW(tsr_net_port, can_receive, 16),
	ROW(tsr_net_port, receive, 24),
	ROW(tsr_net_port, link_changed, 32),
	ROW(tsr_net, size, 0),
	ROW(tsr_net, connect, 8),
	ROW(tsr_net, send, 16),
	ROW(tsr_net, ready, 24),
	ROW(tsr_chardev_port, size, 0),
	ROW(tsr_chardev_port, to, 8),
	ROW(tsr_chardev_port, room, 16),
	ROW(tsr_chardev_port, receive, 24),
	ROW(tsr_chardev, size, 0),
	ROW(tsr_chardev, connect, 8),
	ROW(tsr_chardev, write, 16),
	ROW(tsr_chardev, ready, 24),
	ROW(tsr_display_ops, size, 0),
	ROW(tsr_display_ops, refresh, 8),
	ROW(tsr_display_ops, text, 16),
	ROW(tsr_display_table, size, 0),
	ROW(tsr_display_table, add, 8),
	ROW(tsr_display_table, resize, 16),
	ROW(tsr_display_table, pixels, 24),
	ROW(tsr_display_table, damage, 32),
	ROW(tsr_input_ops, size, 0),
	ROW(tsr_input_ops, key, 8),
	ROW(tsr_input_ops, pointer, 16),
	ROW(tsr_input_ops, pointer_absolute, 24),
	ROW(tsr_input, size, 0),
	ROW(tsr_input, add, 8),
	ROW(tsr_input, leds, 16),
	ROW(tsr_state_writer_ops, size, 0),
	ROW(tsr_state_writer_ops, uint, 8),
	ROW(tsr_state_writer_ops, bytes, 16),
	ROW(tsr_state_writer_ops, begin, 24),
	ROW(tsr_state_writer_ops, end, 32),
	ROW(tsr_state_reader_ops, size, 0),
	ROW(tsr_state_reader_ops, uint, 8),
	ROW(tsr_state_reader_ops, bytes, 16),
	ROW(tsr_state_reader_ops, length, 24),
	ROW(tsr_state_reader_ops, begin, 32),
	ROW(tsr_state_reader_ops, end, 40),
};

static void members_stay_where_they_were(void)
{
	for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++) {
		if (members[i].is != members[i].was)
			printf("    %s: offset %zu, was %zu\n", members[i].name, members[i].is,
			       members[i].was);
		CU_ASSERT_EQUAL(members[i].is, members[i].was);
	}
}

static void enumerations_keep_their_values(void)
{
	CU_ASSERT_EQUAL(TSR_RESET_POWER_ON, 0);
	CU_ASSERT_EQUAL(TSR_RESET_HARD, 1);
	CU_ASSERT_EQUAL(TSR_RESET_SOFT, 2);
	CU_ASSERT_EQUAL(TSR_MEMORY_ROM, 1);
	CU_ASSERT_EQUAL(TSR_MEMORY_DIRTY_LOG, 2);
	CU_ASSERT_EQUAL(TSR_MEMORY_DISABLED, 4);
	CU_ASSERT_EQUAL(TSR_BLOCK_READ, 0);
	CU_ASSERT_EQUAL(TSR_BLOCK_DISCARD, 3);
	CU_ASSERT_EQUAL(TSR_BLOCK_OUT_OF_RANGE, 4);
	CU_ASSERT_EQUAL(TSR_PCI_BAR_MEMORY, 2);
	CU_ASSERT_EQUAL(TSR_LOG_DEBUG, 3);
	CU_ASSERT_EQUAL(TSR_ERROR_CONFLICT, 7);
	CU_ASSERT_STRING_EQUAL(TSR_PLUGIN_SYMBOL, "tessera_plugin_entry");
	CU_ASSERT_EQUAL(TSR_ABI_MAJOR, 1);
}

int main(void)
{
	static const CU_TestInfo tests[] = {
		{ "members stay where they were", members_stay_where_they_were },
		{ "enumerations keep their values", enumerations_keep_their_values },
		CU_TEST_INFO_NULL,
	};

	return unit_run("ABI 1.0", tests);
}
