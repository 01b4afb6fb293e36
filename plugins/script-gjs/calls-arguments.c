/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Arguments and results of calls: see calls-private.h. */
#include "calls-private.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool call_fail(struct tsr_error *error, int code, const char *format, ...)
{
	va_list arguments;

	error->code = (enum tsr_error_code)code;
	va_start(arguments, format);
	vsnprintf(error->message, sizeof(error->message), format, arguments);
	va_end(arguments);
	return false;
}

bool call_give_number(struct script_value *result, uint64_t number)
{
	*result = (struct script_value){ .kind = SCRIPT_NUMBER, .number = number };
	return true;
}

bool call_give_truth(struct script_value *result, bool truth)
{
	*result = (struct script_value){ .kind = SCRIPT_TRUTH, .number = truth };
	return true;
}

bool call_give_memory(struct script_value *result, const uint8_t *bytes, uint64_t length)
{
	*result = (struct script_value){ .kind = SCRIPT_MEMORY,
					 .data = bytes,
					 .length = (size_t)length };
	return true;
}

uint64_t call_number(const struct script_value *value, uint64_t otherwise)
{
	return value->kind == SCRIPT_NUMBER ? value->number : otherwise;
}

bool call_take_small(const struct script_value *value, unsigned *small, const char *what,
		     struct tsr_error *error)
{
	if (value->kind != SCRIPT_NUMBER)
		return true;
	*small = (unsigned)value->number;
	return value->number <= UINT32_MAX ||
	       call_fail(error, CALL_RANGE_ERROR, "%s: the number is too large", what);
}

struct thing *call_add_thing(struct device *d, struct script_value *result)
{
	struct thing *things = realloc(d->things, (d->thing_count + 1) * sizeof(*things));

	if (!things)
		return NULL;
	d->things = things;
	things[d->thing_count] = (struct thing){ 0 };
	call_give_number(result, d->thing_count);
	return &things[d->thing_count++];
}

struct thing *call_find_thing(struct device *d, const struct script_value *value, int kind,
			      struct tsr_error *error)
{
	struct thing *thing = value->number < d->thing_count ? &d->things[value->number] : NULL;

	if (thing && (int)thing->kind == kind)
		return thing;
	call_fail(error, CALL_TYPE_ERROR, "the object is of another kind, or of another device");
	return NULL;
}

struct script_hook *call_add_hook(struct device *d, const struct script_value *arguments,
				  unsigned count, struct tsr_error *error)
{
	struct script_hook *hook = script_hook_add(&d->base);

	if (!hook)
		call_fail(error, TSR_ERROR_FAILED, "there is no memory for a function");
	for (unsigned i = 0; hook && i < count; i++)
		if (arguments[i].kind == SCRIPT_FUNCTION)
			hook->functions[i] = (void *)arguments[i].data;
	return hook;
}

bool call_allocate(struct script_value *result, uint64_t length, const char *what,
		   struct tsr_error *error)
{
	if (length > SCRIPT_DMA_MAX)
		return call_fail(error, CALL_RANGE_ERROR, "%s of %llu bytes; at most %u at once",
				 what, (unsigned long long)length, SCRIPT_DMA_MAX);
	*result = (struct script_value){ .kind = SCRIPT_BYTES,
					 .data = malloc(length + 1),
					 .length = (size_t)length };
	return result->data ||
	       call_fail(error, TSR_ERROR_FAILED, "there is no memory for %s", what);
}

bool call_read_memory(struct device *d, const struct tsr_host *host, const struct script_value *a,
		      struct script_value *result, struct tsr_error *error)
{
	if (!call_allocate(result, a[1].number, "dma_read", error))
		return false;
	if (d->base.dma->read(host, a[0].number, (void *)result->data, a[1].number))
		return true;
	free((void *)result->data);
	*result = (struct script_value){ .kind = SCRIPT_NONE };
	return true;
}
