/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The language JavaScript, as plugins/script sees it: each of its functions is handed to the thread
 * of JavaScript. */
#include "script.h"

#include <stdlib.h>

/* A call into the engine, and what it answers. */
struct request {
	struct device *device;
	struct script_hook *hook;
	const char *name; /* of a method; of a file */
	unsigned which, count;
	const struct script_value *arguments;
	struct script_value *result;
	struct tsr_error *error;
	bool good;
};

static const char in_copy[] =
	"a script in JavaScript does not run in a copy of the process, in which an "
	"upgrade is tried first; restart the machine with that version";

static bool ask(struct request *request, void (*work)(void *data))
{
	if (thread_run(work, request))
		return request->good;
	if (!request->error)
		script_fault(&request->device->base, in_copy, in_copy);
	return tsr_error_set(request->error, TSR_ERROR_UNSUPPORTED, "%s: %s",
			     request->device->base.plugin, in_copy);
}

static void on_make(void *data)
{
	struct request *r = data;

	r->good = engine_make(r->device, r->name, r->error);
}

static bool make(struct script_device *base, const char *file, struct tsr_error *error)
{
	struct request request = { .device = (struct device *)base, .name = file, .error = error };

	return ask(&request, on_make);
}

static void on_method(void *data)
{
	struct request *r = data;

	r->good = engine_method(r->device, r->name, r->arguments, r->error);
}

/* Writer and reader are the host's: the script gets functions that ask for them. */
static bool method(struct script_device *base, const char *name,
		   const struct script_value *argument, struct tsr_error *error)
{
	struct device *d = (struct device *)base;
	struct request request = {
		.device = d, .name = name, .arguments = argument, .error = error
	};
	bool good;

	if (argument && argument->kind == SCRIPT_WRITER)
		d->writer = (struct tsr_state_writer *)argument->data;
	if (argument && argument->kind == SCRIPT_READER)
		d->reader = (struct tsr_state_reader *)argument->data;
	good = ask(&request, on_method);
	d->writer = NULL;
	d->reader = NULL;
	return good;
}

static void on_call(void *data)
{
	struct request *r = data;

	r->good = engine_call(r->hook, r->which, r->arguments, r->count, r->result, r->error);
}

static bool call(struct script_hook *hook, unsigned which, const struct script_value *arguments,
		 unsigned count, struct script_value *result, struct tsr_error *error)
{
	struct request request = { .device = (struct device *)hook->device,
				   .hook = hook,
				   .which = which,
				   .count = count,
				   .arguments = arguments,
				   .result = result,
				   .error = error };

	return ask(&request, on_call);
}

static void on_end(void *data)
{
	struct request *r = data;

	engine_end(r->device);
	r->good = true;
}

static void end(struct script_device *base)
{
	struct device *d = (struct device *)base;
	struct request request = { .device = d };

	if (d->script)
		method(base, "detach", NULL, NULL);
	ask(&request, on_end);
	free(d->things);
	d->things = NULL;
	d->thing_count = 0;
	base->host = NULL;
}

static bool start(struct tsr_error *error)
{
	if (thread_is_lost())
		return tsr_error_set(error, TSR_ERROR_UNSUPPORTED, "%s", in_copy);
	return thread_start(engine_start, error);
}

const struct script_language script_language = {
	.name = "gjs",
	.start = start,
	.make = make,
	.method = method,
	.call = call,
	.end = end,
};

SCRIPT_CLASS(struct device);
TSR_DEVICE_PLUGIN(device_class);
