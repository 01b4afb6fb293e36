/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Keys and pointers: whoever has a user sends them to the machine; every device that listens gets
 * them. */
#include "board/input.h"

#include "instance/check.h"
#include "instance/instance.h"
#include "instance/lock.h"
#include "instance/machine-parts.h"
#include "instance/remote-form.h"
#include "instance/signals.h"

struct listener {
	TsrInstance *owner;
	const struct tsr_input_ops *ops;
	void *self;
};

struct tsr_inputs {
	GArray *listeners;
};

struct tsr_inputs *tsr_inputs_new(void)
{
	struct tsr_inputs *inputs = g_new0(struct tsr_inputs, 1);

	inputs->listeners = g_array_new(FALSE, FALSE, sizeof(struct listener));
	return inputs;
}

void tsr_inputs_free(struct tsr_inputs *inputs)
{
	if (!inputs)
		return;
	g_array_unref(inputs->listeners);
	g_free(inputs);
}

bool tsr_inputs_reach(const struct tsr_inputs *inputs, const TsrInstance *owner)
{
	for (guint i = 0; i < inputs->listeners->len; i++)
		if (g_array_index(inputs->listeners, struct listener, i).owner == owner)
			return true;
	return false;
}

void tsr_inputs_drop(struct tsr_inputs *inputs, const TsrInstance *owner)
{
	for (guint i = inputs->listeners->len; i-- > 0;)
		if (g_array_index(inputs->listeners, struct listener, i).owner == owner)
			g_array_remove_index(inputs->listeners, i);
}

static void input_add(const struct tsr_host *host, const struct tsr_input_ops *ops, void *self)
{
	TsrInstance *instance = tsr_check_host(host, TSR_TAG_BUILDING, "input.add");
	struct listener listener = { instance, ops, self };

	if (!ops) {
		tsr_mistake(&instance->mistakes, "it adds an input without functions");
		return;
	}
	g_array_append_val(instance->machine->inputs->listeners, listener);
}

static void input_remove(const struct tsr_host *host, const struct tsr_input_ops *ops, void *self)
{
	TsrInstance *instance = tsr_instance_of(host);
	GArray *listeners = instance->machine->inputs->listeners;

	if (!tsr_check_removal(instance, "input.remove"))
		return;
	for (guint i = 0; i < listeners->len; i++) {
		const struct listener *l = &g_array_index(listeners, struct listener, i);

		if (l->owner == instance && l->ops == ops && l->self == self) {
			g_array_remove_index(listeners, i);
			return;
		}
	}
	tsr_mistake(&instance->mistakes, "it removes an input that it has not added");
}

static void input_leds(const struct tsr_host *host, unsigned mask)
{
	TsrInstance *instance = tsr_instance_of(host);
	g_autofree char *detail = g_strdup_printf("%u", mask & 7);

	tsr_machine_post_event(instance->machine, instance->config->name, "leds", detail);
}

const struct tsr_input tsr_input_table = {
	.size = sizeof(struct tsr_input),
	.add = input_add,
	.leds = input_leds,
	.remove = input_remove,
};

#define FOR_EACH_LISTENER(m, l) \
	for (struct listener *l = (struct listener *)(void *)(m)->inputs->listeners->data, \
			     *l##_end = l + (m)->inputs->listeners->len; \
	     l < l##_end; l++)

void tsr_machine_send_key(TsrMachine *self, guint code, gboolean down)
{
	if (self->form) {
		self->form->send_key(self, code, down);
		return;
	}
	tsr_machine_lock(self);
	FOR_EACH_LISTENER(self, l)
	if (TSR_HAS(l->ops, key))
		TSR_CALLING(&l->owner->callee, "key", l->ops->key(l->self, code, down));
	tsr_machine_unlock(self);
}

void tsr_machine_send_pointer(TsrMachine *self, int dx, int dy, int wheel, guint buttons)
{
	if (self->form) {
		self->form->send_pointer(self, dx, dy, wheel, buttons);
		return;
	}
	tsr_machine_lock(self);
	FOR_EACH_LISTENER(self, l)
	if (TSR_HAS(l->ops, pointer))
		TSR_CALLING(&l->owner->callee, "pointer",
			    l->ops->pointer(l->self, dx, dy, wheel, buttons));
	tsr_machine_unlock(self);
}

void tsr_machine_send_pointer_absolute(TsrMachine *self, guint x, guint y, int wheel, guint buttons)
{
	if (self->form) {
		self->form->send_pointer_absolute(self, x, y, wheel, buttons);
		return;
	}
	tsr_machine_lock(self);
	FOR_EACH_LISTENER(self, l)
	if (TSR_HAS(l->ops, pointer_absolute))
		TSR_CALLING(&l->owner->callee, "pointer_absolute",
			    l->ops->pointer_absolute(l->self, x, y, wheel, buttons));
	tsr_machine_unlock(self);
}
