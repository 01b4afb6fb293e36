/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cable.h"

#include <string.h>

struct cable cable;
uint16_t nic_base;

void cable_reset(void)
{
	memset(&cable, 0, sizeof(cable));
}

static void net_connect(void *self, const struct tsr_net_port *port)
{
	cable.port = port;
}

static void net_send(void *self, const uint8_t *frame, size_t length)
{
	unsigned slot = cable.sent_count++ % CABLE_FRAMES;

	memcpy(cable.sent[slot], frame, length);
	cable.sent_length[slot] = length;
}

static void net_ready(void *self)
{
	cable.ready_calls++;
}

const struct tsr_net cable_table = {
	.size = sizeof(cable_table),
	.connect = net_connect,
	.send = net_send,
	.ready = net_ready,
};

void cable_frame(uint8_t *frame, const uint8_t *to, uint8_t fill)
{
	memset(frame, fill, 60);
	memcpy(frame, to, 6);
	frame[12] = 0x08;
	frame[13] = 0x00;
}

void cable_deliver(const uint8_t *frame, size_t length)
{
	cable.port->receive(cable.port->to, frame, length);
}

void cable_link(bool up)
{
	cable.port->link_changed(cable.port->to, up);
}

void *nic_new(const char *mac)
{
	void *nic;

	fake_start();
	cable_reset();
	fake_connect("backend", &cable_table, NULL);
	nic = fake_device_new(
		NULL, "pcnet",
		(struct fake_row[]){ { "address", "03.0" }, { "mac", mac }, { NULL, NULL } });
	fake_pci_enable(fake_pci_of(nic));
	nic_base = (uint16_t)fake_pci_bar(fake_pci_of(nic), 0);
	return nic;
}

uint16_t csr(unsigned number)
{
	fake_port_write(nic_base + 0x12, number, 2);
	return (uint16_t)fake_port_read(nic_base + 0x10, 2);
}

void set_csr(unsigned number, uint16_t value)
{
	fake_port_write(nic_base + 0x12, number, 2);
	fake_port_write(nic_base + 0x10, value, 2);
}

uint16_t bcr(unsigned number)
{
	fake_port_write(nic_base + 0x12, number, 2);
	return (uint16_t)fake_port_read(nic_base + 0x16, 2);
}

void set_bcr(unsigned number, uint16_t value)
{
	fake_port_write(nic_base + 0x12, number, 2);
	fake_port_write(nic_base + 0x16, value, 2);
}
