/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Ports and memory with handlers, interrupt lines, time. */
#include "isolated/device-parts.h"

/* -- Handlers */

void device_fill_ops(struct iso_message *m, const struct tsr_io_ops *ops)
{
	m->head.a[0] = ops->widths;
	m->head.a[1] = (ops->read ? ISO_HAS_READ : 0) | (ops->write ? ISO_HAS_WRITE : 0);
}

static struct tsr_region *claim(struct iso_message *m, const char *name,
				const struct tsr_io_ops *ops, void *self, struct tsr_error *error)
{
	struct object *o;

	device_fill_ops(m, ops);
	device_set_text(m, name);
	o = device_make(m, error);
	if (o) {
		o->ops = ops;
		o->self = self;
	}
	return (struct tsr_region *)o;
}

static struct tsr_region *io_claim(const struct tsr_host *host, const char *name,
				   const struct tsr_io_ops *ops, void *self,
				   struct tsr_error *error)
{
	struct iso_message m = { .head = { .what = ISO_CLAIM } };

	return claim(&m, name, ops, self, error);
}

static struct tsr_region *io_claim_ports(const struct tsr_host *host, const char *name,
					 uint16_t base, unsigned length,
					 const struct tsr_io_ops *ops, void *self,
					 struct tsr_error *error)
{
	struct iso_message m = { .head = { .what = ISO_CLAIM_PORTS } };

	m.head.a[2] = base;
	m.head.a[3] = length;
	return claim(&m, name, ops, self, error);
}

static void region_move(struct tsr_region *region, uint64_t base)
{
	if (region)
		device_post_level(ISO_MOVE, device_object(region)->id, base);
}

static void region_enable(struct tsr_region *region, bool enabled)
{
	if (region)
		device_post_level(ISO_ENABLE, device_object(region)->id, enabled);
}

/* The core keeps its object, so that a device that is made again finds the same ones. */
static void region_remove(struct tsr_region *region)
{
	region_enable(region, false);
}

const struct tsr_io device_io = { .size = sizeof(device_io),
				  .claim = io_claim,
				  .claim_ports = io_claim_ports,
				  .move = region_move,
				  .enable = region_enable,
				  .remove = region_remove };

/* -- Lines */

static void line_set(void *to, int level)
{
	struct object *o = to;

	if (o->level == (level != 0))
		return;
	o->level = level != 0;
	device_post_level(ISO_SET_LINE, o->id, level != 0);
}

static void line_set_nowhere(void *to, int level)
{
}

static const struct tsr_irq *irq_get(const struct tsr_host *host, const char *name)
{
	static const struct tsr_irq nowhere = { line_set_nowhere, NULL };
	struct iso_message m = { .head = { .what = ISO_IRQ } };
	struct object *o;

	device_set_text(&m, name);
	o = device_make(&m, NULL);
	if (!o)
		return &nowhere;
	o->irq = (struct tsr_irq){ line_set, o };
	return &o->irq;
}

const struct tsr_irq_table device_irq = { .size = sizeof(device_irq), .get = irq_get };

/* -- Time. It stands still from the moment when the device was called. */

static uint64_t clock_now(const struct tsr_host *host)
{
	return device.shared->now_ns;
}

static struct tsr_timer *timer_new(const struct tsr_host *host,
				   void (*expired)(void *self, uint64_t deadline_ns), void *self)
{
	struct iso_message m = { .head = { .what = ISO_NEW_TIMER } };
	struct object *o = device_make(&m, NULL);

	if (o) {
		o->expired = expired;
		o->self = self;
	}
	return (struct tsr_timer *)o;
}

static void timer_arm(struct tsr_timer *timer, uint64_t deadline_ns)
{
	if (timer)
		device_post_level(ISO_ARM, device_object(timer)->id, deadline_ns);
}

static void timer_cancel(struct tsr_timer *timer)
{
	if (timer)
		device_post_level(ISO_CANCEL, device_object(timer)->id, 0);
}

static uint64_t clock_wall(const struct tsr_host *host)
{
	return device_ask_about(ISO_WALL, 0, NULL);
}

static uint64_t clock_wall_ns(const struct tsr_host *host)
{
	return device_ask_about(ISO_WALL, 1, NULL);
}

const struct tsr_clock device_clock = { .size = sizeof(device_clock),
					.now = clock_now,
					.timer_new = timer_new,
					.arm = timer_arm,
					.cancel = timer_cancel,
					.wall = clock_wall,
					.wall_ns = clock_wall_ns,
					.timer_free = timer_cancel };
