/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * An example PCI device, which adds up bytes of guest memory. BAR 0 has 16 bytes of memory:
 *   +0  ADDRESS  guest physical address of the bytes
 *   +4  LENGTH   how many; writing it starts the work, at most 64 KiB
 *   +8  SUM      of the bytes, modulo 2^32, when STATUS says DONE
 *   +c  STATUS   bit 0 BUSY, bit 1 DONE, bit 2 FAULT (DMA failed); write 1 to clear bits 1 and 2
 * INTA# is active while STATUS has DONE or FAULT.
 *
 * It shows what every PCI device needs: a function with a BAR, DMA that obeys the bus-master bit,
 * time from the machine's clock, and state saved by name. Only constants are static, so any number
 * of these devices can exist.
 */
#include <tessera/tessera.h>

/* Not assigned to anybody: use the numbers that the PCI-SIG gave you. */
#define VENDOR 0x5453
#define DEVICE 0x0001
#define CLASS_OTHER 0xff0000 /* fits into no other class: PCI 2.1, appendix D */

#define BAR_BYTES 16u
#define LENGTH_MAX 65536u
#define NS_PER_US 1000u

enum { REG_ADDRESS = 0, REG_LENGTH = 4, REG_SUM = 8, REG_STATUS = 12 };
enum { STATUS_BUSY = 1, STATUS_DONE = 2, STATUS_FAULT = 4 };

struct device {
	const struct tsr_host *host;
	const struct tsr_clock *clock;
	const struct tsr_pci *pci;
	const struct tsr_dma *dma;
	struct tsr_pci_function *function;
	struct tsr_timer *timer;
	uint32_t speed; /* bytes in a microsecond, from the property */
	uint32_t address, length, sum, status;
	uint64_t deadline_ns; /* guest time at which the work is done, while BUSY */
};

static void device_update_intx(struct device *d)
{
	d->pci->set_intx(d->function, (d->status & (STATUS_DONE | STATUS_FAULT)) != 0);
}

/* -- The work, when its time is over */

/* False: the memory is not there, or the guest has not made the function a bus master. */
static bool device_add_up(struct device *d)
{
	const struct tsr_host *master = d->pci->dma_host(d->function);
	uint8_t bytes[4096];

	d->sum = 0;
	for (uint32_t done = 0, part; done < d->length; done += part) {
		part = d->length - done < sizeof(bytes) ? d->length - done : sizeof(bytes);
		if (!d->dma->read(master, (tsr_gpa)d->address + done, bytes, part))
			return false;
		for (uint32_t i = 0; i < part; i++)
			d->sum += bytes[i];
	}
	return true;
}

static void on_clock_expired(void *self, uint64_t deadline_ns)
{
	struct device *d = self;

	d->status = device_add_up(d) ? STATUS_DONE : STATUS_FAULT;
	device_update_intx(d);
}

/* -- Registers */

static uint64_t device_read(void *self, uint64_t offset, unsigned width)
{
	const struct device *d = self;

	switch (offset) {
	case REG_ADDRESS:
		return d->address;
	case REG_LENGTH:
		return d->length;
	case REG_SUM:
		return d->sum;
	default:
		return d->status;
	}
}

static void device_start(struct device *d, uint32_t length)
{
	if (d->status & STATUS_BUSY)
		return;
	d->length = length < LENGTH_MAX ? length : LENGTH_MAX;
	d->status = STATUS_BUSY;
	d->deadline_ns = d->clock->now(d->host) + tsr_muldiv(d->length, NS_PER_US, d->speed);
	d->clock->arm(d->timer, d->deadline_ns);
	device_update_intx(d);
}

static void device_write(void *self, uint64_t offset, uint64_t value, unsigned width)
{
	struct device *d = self;

	if (offset == REG_ADDRESS && !(d->status & STATUS_BUSY)) {
		d->address = (uint32_t)value;
	} else if (offset == REG_LENGTH) {
		device_start(d, (uint32_t)value);
	} else if (offset == REG_STATUS) {
		d->status &= ~((uint32_t)value & (STATUS_DONE | STATUS_FAULT));
		device_update_intx(d);
	}
}

/* The core splits and joins accesses of other widths. */
static const struct tsr_io_ops device_ops = {
	.size = sizeof(device_ops),
	.widths = 4,
	.read = device_read,
	.write = device_write,
};

/* -- Life cycle */

static bool device_attach(void *self, const struct tsr_host *host, struct tsr_error *error)
{
	static const struct tsr_pci_id id = {
		.size = sizeof(id),
		.vendor = VENDOR,
		.device = DEVICE,
		.class_code = CLASS_OTHER,
		.revision = 1,
		.interrupt_pin = 1, /* INTA# */
	};
	const struct tsr_properties *properties = host->get(host, TSR_PROPERTIES);
	struct device *d = self;

	d->host = host;
	d->clock = host->get(host, TSR_CLOCK);
	d->dma = host->get(host, TSR_DMA);
	d->pci = host->get(host, TSR_PCI);
	d->speed = (uint32_t)properties->get_int(host, "speed");
	d->timer = d->clock->timer_new(host, on_clock_expired, d);
	d->function = d->pci->add(host, &id, NULL, d, error);
	return d->function &&
	       d->pci->bar_io(d->function, 0, TSR_PCI_BAR_MEMORY, BAR_BYTES, &device_ops, d, error);
}

static void device_reset(void *self, enum tsr_reset kind)
{
	struct device *d = self;

	if (kind == TSR_RESET_SOFT)
		return;
	d->address = d->length = d->sum = d->status = 0;
	d->deadline_ns = 0;
	d->clock->cancel(d->timer);
	device_update_intx(d);
}

static void device_save(void *self, struct tsr_state_writer *out)
{
	struct device *d = self;

	tsr_state_put_u32(out, "address", d->address);
	tsr_state_put_u32(out, "length", d->length);
	tsr_state_put_u32(out, "sum", d->sum);
	tsr_state_put_u32(out, "status", d->status);
	tsr_state_put_u64(out, "deadline", d->deadline_ns);
}

static bool device_load(void *self, struct tsr_state_reader *in, struct tsr_error *error)
{
	struct device *d = self;

	if (!tsr_state_get_u32(in, "address", &d->address) ||
	    !tsr_state_get_u32(in, "length", &d->length) ||
	    !tsr_state_get_u32(in, "sum", &d->sum) ||
	    !tsr_state_get_u32(in, "status", &d->status) ||
	    !tsr_state_get_u64(in, "deadline", &d->deadline_ns))
		return tsr_state_damaged(error, "a register is missing");
	if (d->length > LENGTH_MAX)
		return tsr_state_damaged(error, "LENGTH");
	d->clock->cancel(d->timer);
	if (d->status & STATUS_BUSY)
		d->clock->arm(d->timer, d->deadline_ns);
	device_update_intx(d);
	return true;
}

static const struct tsr_device_class device_class = {
	.size = sizeof(device_class),
	.instance_size = sizeof(struct device),
	.attach = device_attach,
	.reset = device_reset,
	.save = device_save,
	.load = device_load,
};

TSR_DEVICE_PLUGIN(device_class);
