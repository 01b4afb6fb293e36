/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See signals.h. */
#include "instance/signals.h"

#include "instance/machine-parts.h"

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

enum posted_kind { POSTED_EVENT, POSTED_LINE, POSTED_PANIC, POSTED_STOPPED };

struct posted {
	TsrMachine *machine;
	enum posted_kind kind;
	char *a, *b, *c;
	int level;
};

static void posted_free(gpointer data)
{
	struct posted *p = data;

	g_object_unref(p->machine);
	g_free(p->a);
	g_free(p->b);
	g_free(p->c);
	g_free(p);
}

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

static gboolean on_posted(gpointer data)
{
	struct posted *p = data;
	TsrMachine *m = p->machine;

	switch (p->kind) {
	case POSTED_EVENT:
		g_signal_emit(m, signals[EVENT], g_quark_from_string(p->b), p->a, p->b, p->c);
		if (g_str_equal(p->b, FAULT_EVENT))
			g_signal_emit(m, signals[DEVICE_FAULT], 0, p->a, p->c);
		break;
	case POSTED_LINE:
		g_signal_emit(m, signals[LINE_CHANGED], 0, p->a, p->level);
		break;
	case POSTED_PANIC:
		g_signal_emit(m, signals[GUEST_PANICKED], 0, p->a);
		break;
	case POSTED_STOPPED:
		tsr_signals_become_stopped(m, p->level, p->a);
		break;
	}
	return G_SOURCE_REMOVE;
}

static void post(TsrMachine *m, enum posted_kind kind, const char *a, const char *b, const char *c,
		 int level)
{
	struct posted *p = g_new0(struct posted, 1);
	GSource *source = g_idle_source_new();

	*p = (struct posted){ .machine = g_object_ref(m),
			      .kind = kind,
			      .a = g_strdup(a),
			      .b = g_strdup(b),
			      .c = g_strdup(c),
			      .level = level };
	g_source_set_priority(source, G_PRIORITY_DEFAULT);
	g_source_set_callback(source, on_posted, p, posted_free);
	g_source_attach(source, m->context);
	g_source_unref(source);
}

void tsr_machine_post_event(TsrMachine *m, const char *instance, const char *event,
			    const char *detail)
{
	post(m, POSTED_EVENT, instance, event, detail, 0);
}

void tsr_machine_post_line(TsrMachine *m, const char *line, int level)
{
	post(m, POSTED_LINE, line, NULL, NULL, level);
}

void tsr_machine_post_panic(TsrMachine *m, const char *why)
{
	post(m, POSTED_PANIC, why, NULL, NULL, 0);
}

void tsr_machine_post_stopped(TsrMachine *m, int status, const char *why)
{
	post(m, POSTED_STOPPED, why, NULL, NULL, status);
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
