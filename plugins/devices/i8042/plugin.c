/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The wiring of controller, keyboard and mouse. */
#include <string.h>

#include "i8042.h"

static uint64_t on_data_read(void *self, uint64_t offset, unsigned width)
{
	return i8042_read_data(self);
}

static void on_data_write(void *self, uint64_t offset, uint64_t value, unsigned width)
{
	i8042_write_data(self, (uint8_t)value);
}

static uint64_t on_status_read(void *self, uint64_t offset, unsigned width)
{
	return i8042_read_status(self);
}

static void on_command_write(void *self, uint64_t offset, uint64_t value, unsigned width)
{
	i8042_write_command(self, (uint8_t)value);
}

static const struct tsr_io_ops data_ops = {
	.size = sizeof(data_ops),
	.widths = 1,
	.read = on_data_read,
	.write = on_data_write,
};

static const struct tsr_io_ops command_ops = {
	.size = sizeof(command_ops),
	.widths = 1,
	.read = on_status_read,
	.write = on_command_write,
};

static void on_key(void *self, unsigned code, bool down)
{
	keyboard_key(self, code, down);
}

static void on_pointer(void *self, int dx, int dy, int wheel, unsigned buttons)
{
	mouse_move(self, dx, dy, wheel, buttons);
}

static const struct tsr_input_ops input_ops = {
	.size = sizeof(input_ops),
	.key = on_key,
	.pointer = on_pointer,
};

static void on_wire_timer(void *self, uint64_t deadline_ns)
{
	i8042_pump(self);
}

static void on_repeat_timer(void *self, uint64_t deadline_ns)
{
	keyboard_on_repeat(self);
}

static void on_sample_timer(void *self, uint64_t deadline_ns)
{
	mouse_on_sample(self);
}

static bool attach(void *self, const struct tsr_host *host, struct tsr_error *error)
{
	struct i8042 *c = self;
	const struct tsr_io *io = host->get(host, TSR_IO);
	const struct tsr_irq_table *irqs = host->get(host, TSR_IRQ);
	const struct tsr_properties *properties = host->get(host, TSR_PROPERTIES);

	c->host = host;
	c->clock = host->get(host, TSR_CLOCK);
	c->a20 = host->get(host, TSR_A20);
	c->machine = host->get(host, TSR_MACHINE);
	c->input = host->get(host, TSR_INPUT);
	c->wire_timer = c->clock->timer_new(host, on_wire_timer, c);
	c->repeat_timer = c->clock->timer_new(host, on_repeat_timer, c);
	c->sample_timer = c->clock->timer_new(host, on_sample_timer, c);
	c->keyboard_irq = irqs->get(host, "keyboard");
	c->mouse_irq = irqs->get(host, "mouse");
	c->mouse.present = properties->get_bool(host, "mouse");
	c->mouse.five_buttons = properties->get_bool(host, "five-buttons");
	if (c->input)
		c->input->add(host, &input_ops, c);
	return io->claim(host, "data", &data_ops, c, error) &&
	       io->claim(host, "command", &command_ops, c, error);
}

static void reset(void *self, enum tsr_reset kind)
{
	if (kind != TSR_RESET_SOFT)
		i8042_reset(self);
}

static void save(void *self, struct tsr_state_writer *out)
{
	i8042_save(self, out);
}

static bool load(void *self, struct tsr_state_reader *in, struct tsr_error *error)
{
	return i8042_load(self, in) || tsr_state_damaged(error, "the keyboard controller");
}

static const struct tsr_device_class device_class = {
	.size = sizeof(device_class),
	.instance_size = sizeof(struct i8042),
	.attach = attach,
	.reset = reset,
	.save = save,
	.load = load,
};

TSR_DEVICE_PLUGIN(device_class);
