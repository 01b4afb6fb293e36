/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See signals.h. */
#include "instance/signals.h"

#include "instance/machine-parts.h"
#include "instance/posts.h"

enum {
	STATE_CHANGED,
	STOPPED,
	EVENT,
	DISPLAY_CHANGED,
	LINE_CHANGED,
	DEVICE_FAULT,
	GUEST_PANICKED,
	SIGNALS
};
static guint signals[SIGNALS];

GType tsr_machine_state_get_type(void)
{
	static const GEnumValue values[] = {
		{ TSR_MACHINE_LOADED, "TSR_MACHINE_LOADED", "loaded" },
		{ TSR_MACHINE_RUNNING, "TSR_MACHINE_RUNNING", "running" },
		{ TSR_MACHINE_PAUSED, "TSR_MACHINE_PAUSED", "paused" },
		{ TSR_MACHINE_STOPPED, "TSR_MACHINE_STOPPED", "stopped" },
		{ 0, NULL, NULL },
	};
	static gsize type;

	if (g_once_init_enter(&type))
		g_once_init_leave(&type, g_enum_register_static("TsrMachineState", values));
	return type;
}

#define FAULT_EVENT "fault" /* tsr_bus.emit, tessera/host.h */

void tsr_signals_set_state(TsrMachine *m, TsrMachineState state)
{
	if (m->state == state)
		return;
	m->state = state;
	g_object_notify(G_OBJECT(m), "state");
	g_signal_emit(m, signals[STATE_CHANGED], 0, state);
}

void tsr_signals_become_stopped(TsrMachine *m, int status, const char *why)
{
	if (m->state == TSR_MACHINE_STOPPED)
		return;
	m->exit_status = status;
	tsr_signals_set_state(m, TSR_MACHINE_STOPPED);
	g_signal_emit(m, signals[STOPPED], 0, status, why);
}

void tsr_signals_emit_post(TsrMachine *m, const struct tsr_post *p)
{
	switch (p->kind) {
	case TSR_POST_EVENT:
		g_signal_emit(m, signals[EVENT], g_quark_from_string(p->event), p->from, p->event,
			      p->detail);
		if (g_str_equal(p->event, FAULT_EVENT))
			g_signal_emit(m, signals[DEVICE_FAULT], 0, p->from, p->detail);
		break;
	case TSR_POST_LINE:
		g_signal_emit(m, signals[LINE_CHANGED], 0, p->from, p->number);
		break;
	case TSR_POST_PANIC:
		g_signal_emit(m, signals[GUEST_PANICKED], 0, p->detail);
		break;
	case TSR_POST_STOPPED:
		tsr_signals_become_stopped(m, p->number, p->detail);
		break;
	}
}

static void post(TsrMachine *m, enum tsr_post_kind kind, const char *from, const char *event,
		 const char *detail, int number)
{
	tsr_posts_add(m->posts, &(struct tsr_post){ kind, from, event, detail, number });
}

void tsr_machine_post_event(TsrMachine *m, const char *instance, const char *event,
			    const char *detail)
{
	post(m, TSR_POST_EVENT, instance, event, detail, 0);
}

void tsr_machine_post_line(TsrMachine *m, const char *line, int level)
{
	post(m, TSR_POST_LINE, line, "", NULL, level);
}

void tsr_machine_post_panic(TsrMachine *m, const char *why)
{
	post(m, TSR_POST_PANIC, "", "", why, 0);
}

void tsr_machine_post_stopped(TsrMachine *m, int status, const char *why)
{
	post(m, TSR_POST_STOPPED, "", "", why, status);
}

void tsr_signals_display_changed(TsrMachine *m, guint display, guint width, guint height)
{
	g_signal_emit(m, signals[DISPLAY_CHANGED], 0, display, width, height);
}

void tsr_signals_install(GType type)
{
#define SIGNAL(name, ...) \
	g_signal_new(name, type, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, __VA_ARGS__)
	signals[STATE_CHANGED] = SIGNAL("state-changed", 1, TSR_TYPE_MACHINE_STATE);
	signals[STOPPED] = SIGNAL("stopped", 2, G_TYPE_INT, G_TYPE_STRING);
	signals[EVENT] =
		g_signal_new("event", type, G_SIGNAL_RUN_LAST | G_SIGNAL_DETAILED, 0, NULL, NULL,
			     NULL, G_TYPE_NONE, 3, G_TYPE_STRING, G_TYPE_STRING, G_TYPE_STRING);
	signals[DISPLAY_CHANGED] =
		SIGNAL("display-changed", 3, G_TYPE_UINT, G_TYPE_UINT, G_TYPE_UINT);
	signals[LINE_CHANGED] = SIGNAL("line-changed", 2, G_TYPE_STRING, G_TYPE_INT);
	signals[DEVICE_FAULT] = SIGNAL("device-fault", 2, G_TYPE_STRING, G_TYPE_STRING);
	signals[GUEST_PANICKED] = SIGNAL("guest-panicked", 1, G_TYPE_STRING);
#undef SIGNAL
}
