/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Functions of a script as the core calls them: tables of C whose `self` is a hook. A function that
 * fails has been reported, and the guest goes on: it reads all ones, there is no room, nothing
 * happens. */
#include "common.h"

#include <stdlib.h>
#include <string.h>

struct script_hook *script_hook_add(struct script_device *device)
{
	struct script_hook *hook = calloc(1, sizeof(*hook));

	if (!hook)
		return NULL;
	hook->device = device;
	hook->next = device->hooks;
	device->hooks = hook;
	return hook;
}

void script_hooks_free(struct script_device *device, void (*release)(void *function))
{
	while (device->hooks) {
		struct script_hook *hook = device->hooks;

		device->hooks = hook->next;
		for (unsigned i = 0; i < SCRIPT_FUNCTIONS; i++)
			if (hook->functions[i])
				release(hook->functions[i]);
		free(hook);
	}
}

#define NUMBER(value) ((struct script_value){ .kind = SCRIPT_NUMBER, .number = (value) })

/* With nothing wanted of it. */
static void call(struct script_hook *hook, unsigned which, const struct script_value *arguments,
		 unsigned count)
{
	struct script_value result = { .kind = SCRIPT_NONE };

	script_language.call(hook, which, arguments, count, &result, NULL);
}

/* What a function without arguments says; `otherwise`: it is absent. */
static uint64_t ask(struct script_hook *hook, unsigned which, enum script_kind kind,
		    uint64_t otherwise)
{
	struct script_value result = { .kind = kind };

	if (!hook->functions[which])
		return otherwise;
	return script_language.call(hook, which, NULL, 0, &result, NULL) ? result.number : 0;
}

/* -- Ports and addresses */

static uint64_t on_read(void *self, uint64_t offset, unsigned width)
{
	const struct script_value arguments[] = { NUMBER(offset), NUMBER(width) };
	struct script_value result = { .kind = SCRIPT_NUMBER };

	return script_language.call(self, 0, arguments, 2, &result, NULL) ? result.number
									  : UINT64_MAX;
}

static void on_write(void *self, uint64_t offset, uint64_t value, unsigned width)
{
	uint64_t mask = width < 8 ? (UINT64_C(1) << 8 * width) - 1 : UINT64_MAX;
	const struct script_value arguments[] = { NUMBER(offset), NUMBER(value & mask),
						  NUMBER(width) };

	call(self, 1, arguments, 3);
}

const struct tsr_io_ops *script_hook_io(struct script_hook *hook, unsigned widths)
{
	hook->table.io = (struct tsr_io_ops){
		.size = sizeof(hook->table.io),
		.widths = widths,
		.read = hook->functions[0] ? on_read : NULL,
		.write = hook->functions[1] ? on_write : NULL,
	};
	return &hook->table.io;
}

/* -- The configuration space of a PCI function */

static void on_config(struct script_hook *hook, unsigned which, unsigned offset, unsigned width)
{
	const struct script_value arguments[] = { NUMBER(offset), NUMBER(width) };

	call(hook, which, arguments, 2);
}

static void on_config_written(void *self, unsigned offset, unsigned width)
{
	on_config(self, 0, offset, width);
}

static void on_config_read(void *self, unsigned offset, unsigned width)
{
	on_config(self, 1, offset, width);
}

/* With both, or one, or none; constant, because the core keeps it. */
const struct tsr_pci_ops *script_hook_pci(const struct script_hook *hook)
{
	static const struct tsr_pci_ops ops[] = {
		{ .size = sizeof(ops[0]) },
		{ .size = sizeof(ops[0]), .config_written = on_config_written },
		{ .size = sizeof(ops[0]), .config_read = on_config_read },
		{ .size = sizeof(ops[0]),
		  .config_written = on_config_written,
		  .config_read = on_config_read },
	};

	return &ops[(hook->functions[0] ? 1 : 0) + (hook->functions[1] ? 2 : 0)];
}

/* -- Timers and properties */

void script_on_expired(void *self, uint64_t deadline_ns)
{
	const struct script_value argument = NUMBER(deadline_ns);

	call(self, 0, &argument, 1);
}

/* The script raises an error if the property is to keep its old value. */
bool script_on_changed(void *self, const char *name, struct tsr_error *error)
{
	const struct script_value argument = { .kind = SCRIPT_TEXT,
					       .data = name,
					       .length = strlen(name) };
	struct script_value result = { .kind = SCRIPT_NONE };

	return script_language.call(self, 0, &argument, 1, &result, error);
}

/* -- Back ends */

static void on_bytes(void *to, const uint8_t *bytes, size_t length)
{
	const struct script_value argument = { .kind = SCRIPT_BYTES,
					       .data = bytes,
					       .length = length };

	call(to, SCRIPT_RECEIVE, &argument, 1);
}

static bool on_can_receive(void *to)
{
	return ask(to, SCRIPT_ROOM, SCRIPT_TRUTH, true);
}

static void on_link_changed(void *to, bool up)
{
	const struct script_value argument = { .kind = SCRIPT_TRUTH, .number = up };

	call(to, SCRIPT_LINK_CHANGED, &argument, 1);
}

const struct tsr_net_port *script_hook_net(struct script_hook *hook)
{
	hook->table.net = (struct tsr_net_port){
		.size = sizeof(hook->table.net),
		.to = hook,
		.can_receive = on_can_receive,
		.receive = on_bytes,
		.link_changed = hook->functions[SCRIPT_LINK_CHANGED] ? on_link_changed : NULL,
	};
	return &hook->table.net;
}

static size_t on_room(void *to)
{
	uint64_t room = ask(to, SCRIPT_ROOM, SCRIPT_NUMBER, 1);

	return room > INT32_MAX ? 0 : (size_t)room;
}

const struct tsr_chardev_port *script_hook_chardev(struct script_hook *hook)
{
	hook->table.chardev = (struct tsr_chardev_port){
		.size = sizeof(hook->table.chardev),
		.to = hook,
		.room = on_room,
		.receive = on_bytes,
	};
	return &hook->table.chardev;
}
