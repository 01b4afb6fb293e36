/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * An example device: two 32-bit registers in port space.
 *   +0  COUNT   write: start counting down from that many microseconds; read: microseconds left
 *   +4  STATUS  bit 0: expired and not yet acknowledged; write 1 to acknowledge
 * The line "irq" is high while STATUS bit 0 is set.
 *
 * It shows what every device needs: time from the machine's clock, resources and properties from
 * the manifest, state saved by name. Only constants are static, so any number of these devices can
 * exist.
 */
#include <tessera/tessera.h>

#define NS_PER_US 1000u

struct device {
	const struct tsr_host *host;
	const struct tsr_clock *clock;
	const struct tsr_irq *irq;
	struct tsr_timer *timer;
	uint32_t limit;       /* us, from the property */
	uint64_t deadline_ns; /* guest time at zero; 0: not counting */
	bool expired;
};

enum { REG_COUNT = 0, REG_STATUS = 4 };

/* -- Registers */

static uint64_t device_read(void *self, uint64_t offset, unsigned width)
{
	struct device *c = self;

	if (offset == REG_STATUS)
		return c->expired;
	uint64_t now = c->clock->now(c->host);
	return c->deadline_ns > now ? (c->deadline_ns - now) / NS_PER_US : 0;
}

static void device_start(struct device *c, uint32_t microseconds)
{
	if (microseconds > c->limit)
		microseconds = c->limit;
	c->deadline_ns = c->clock->now(c->host) + (uint64_t)microseconds * NS_PER_US;
	c->clock->arm(c->timer, c->deadline_ns);
}

static void device_write(void *self, uint64_t offset, uint64_t value, unsigned width)
{
	struct device *c = self;

	if (offset == REG_COUNT) {
		device_start(c, (uint32_t)value);
	} else if (value & 1) {
		c->expired = false;
		tsr_irq_set(c->irq, 0);
	}
}

/* The core splits and joins accesses of other widths. */
static const struct tsr_io_ops device_ops = {
	.size = sizeof(device_ops),
	.widths = 4,
	.read = device_read,
	.write = device_write,
};

static void on_clock_expired(void *self, uint64_t deadline_ns)
{
	struct device *c = self;

	c->deadline_ns = 0;
	c->expired = true;
	tsr_irq_set(c->irq, 1);
}

/* -- Life cycle */

static bool device_attach(void *self, const struct tsr_host *host, struct tsr_error *error)
{
	struct device *c = self;
	const struct tsr_io *io = host->get(host, TSR_IO);
	const struct tsr_irq_table *lines = host->get(host, TSR_IRQ);
	const struct tsr_properties *properties = host->get(host, TSR_PROPERTIES);

	c->host = host;
	c->clock = host->get(host, TSR_CLOCK);
	c->irq = lines->get(host, "irq");
	c->limit = (uint32_t)properties->get_int(host, "limit");
	c->timer = c->clock->timer_new(host, on_clock_expired, c);
	return io->claim(host, "regs", &device_ops, c, error) != NULL;
}

static void device_reset(void *self, enum tsr_reset kind)
{
	struct device *c = self;

	if (kind == TSR_RESET_SOFT)
		return;
	c->deadline_ns = 0;
	c->expired = false;
	c->clock->cancel(c->timer);
	tsr_irq_set(c->irq, 0);
}

static void device_save(void *self, struct tsr_state_writer *out)
{
	struct device *c = self;

	tsr_state_put_u64(out, "deadline", c->deadline_ns);
	tsr_state_put_bool(out, "expired", c->expired);
}

static bool device_load(void *self, struct tsr_state_reader *in, struct tsr_error *error)
{
	struct device *c = self;

	if (!tsr_state_get_u64(in, "deadline", &c->deadline_ns) ||
	    !tsr_state_get_bool(in, "expired", &c->expired))
		return tsr_error_set(error, TSR_ERROR_INVALID,
				     "a field of the saved state is missing");
	c->clock->cancel(c->timer);
	if (c->deadline_ns)
		c->clock->arm(c->timer, c->deadline_ns);
	tsr_irq_set(c->irq, c->expired);
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
