/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The marks of call.h in words. All of it is called by signal handlers: no allocation, no lock, no
 * printf. */
#include <tessera-glib/plugin-calls.h>

#include <execinfo.h>
#include <string.h>

#include "calls/call.h"
#include "calls/code-map.h"

#define FRAMES 64

struct text {
	char *at;
	gsize left; /* with the 0 at the end */
};

static void add(struct text *to, const char *what)
{
	for (; *what && to->left > 1; to->left--)
		*to->at++ = *what++;
	*to->at = 0;
}

static void add_hex(struct text *to, uintptr_t value)
{
	char digits[2 * sizeof(value) + 1] = "";
	gsize at = sizeof(digits) - 1;

	do
		digits[--at] = "0123456789abcdef"[value & 15];
	while (value >>= 4);
	add(to, "0x");
	add(to, digits + at);
}

/* A call as its thread has marked it. */
struct seen {
	const struct tsr_callee *callee;
	const char *function;
};

static struct seen look_at(struct tsr_call *call)
{
	uintptr_t access = call->access;

	if (access)
		return (struct seen){ (const struct tsr_callee *)(access & ~(uintptr_t)1),
				      access & 1 ? "write" : "read" };
	return (struct seen){ call->callee, call->function };
}

/* "bad0.attach (acme-lpt 1.0.0)" */
static void add_call(struct text *to, const struct seen *seen)
{
	if (!seen->callee->name) {
		add(to, "the ");
		add(to, seen->function);
		add(to, " of ");
		add(to, seen->callee->plugin);
		return;
	}
	add(to, seen->callee->name);
	add(to, ".");
	add(to, seen->function);
	add(to, " (");
	add(to, seen->callee->plugin);
	add(to, ")");
}

static void add_place(struct text *to, const struct tsr_code *code, const void *address)
{
	add(to, ", at ");
	add(to, code->file);
	add(to, "+");
	add_hex(to, (uintptr_t)address - code->start);
}

/* The innermost function of a plugin on this thread's stack. */
static const struct tsr_code *find_on_stack(const void **address)
{
	void *frames[FRAMES];
	int count = backtrace(frames, FRAMES);
	const struct tsr_code *code = NULL;

	for (int i = 0; i < count && !code; i++) {
		*address = frames[i];
		code = tsr_code_map_find(frames[i]);
	}
	return code;
}

gboolean tsr_plugin_calls_describe(const void *address, char *text, gsize size)
{
	struct text to = { text, size };
	struct seen seen = look_at(&tsr_call_now);
	const struct tsr_code *code = address ? tsr_code_map_find(address) : NULL;

	*text = 0;
	if (!code && !seen.callee)
		code = find_on_stack(&address);
	if (!seen.callee && !code)
		return FALSE;
	if (code && (!seen.callee || strcmp(code->plugin, seen.callee->plugin) != 0)) {
		add(&to, code->plugin);
		add_place(&to, code, address);
		add(&to, seen.callee ? ", called from " : ", on a thread of its own");
		if (seen.callee)
			add_call(&to, &seen);
		return TRUE;
	}
	add_call(&to, &seen);
	if (code)
		add_place(&to, code, address);
	return TRUE;
}

/* The processor's `run` is under way all the time. */
static void list(struct text *to, bool of_processors)
{
	const char *start = to->at;

	for (unsigned i = 0; i < TSR_CALL_THREADS; i++) {
		struct tsr_call *call = tsr_call_thread(i);
		struct seen seen = call ? look_at(call) : (struct seen){ NULL, NULL };

		if (!seen.callee || (strcmp(seen.function, "run") == 0) != of_processors)
			continue;
		if (to->at != start)
			add(to, ", ");
		add_call(to, &seen);
	}
}

gboolean tsr_plugin_calls_list(char *text, gsize size)
{
	struct text to = { text, size };

	*text = 0;
	list(&to, false);
	if (!*text)
		list(&to, true);
	return *text != 0;
}

gboolean tsr_plugin_calls_find_slow(guint looks, char *text, gsize size)
{
	static struct {
		unsigned serial;
		guint looks;
	} last[TSR_CALL_THREADS];
	struct text to = { text, size };

	*text = 0;
	for (unsigned i = 0; i < TSR_CALL_THREADS; i++) {
		struct tsr_call *call = tsr_call_thread(i);
		struct seen seen = call ? (struct seen){ call->callee, call->function }
					: (struct seen){ NULL, NULL };
		unsigned serial = call ? call->serial : 0;

		last[i].looks = seen.callee && serial == last[i].serial ? last[i].looks + 1 : 1;
		last[i].serial = serial;
		if (seen.callee && last[i].looks == looks && strcmp(seen.function, "run") != 0)
			add_call(&to, &seen);
		if (*text)
			return TRUE;
	}
	return FALSE;
}
