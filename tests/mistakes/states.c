/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Saved states that are no list of named, typed fields. */
#include <string.h>

#include "bad.h"

static bool leave_group_open(struct bad *bad, struct tsr_error *error)
{
	bad->out->ops->begin(bad->out, "registers");
	return true;
}

static bool begin_40_groups(struct bad *bad, struct tsr_error *error)
{
	for (unsigned i = 0; i < 40; i++)
		bad->out->ops->begin(bad->out, "deeper");
	for (unsigned i = 0; i < 40; i++)
		bad->out->ops->end(bad->out);
	return true;
}

static bool end_no_group(struct bad *bad, struct tsr_error *error)
{
	bad->out->ops->end(bad->out);
	return true;
}

static bool same_name_twice(struct bad *bad, struct tsr_error *error)
{
	tsr_state_put_u8(bad->out, "counter", 1);
	tsr_state_put_u32(bad->out, "counter", 2);
	return true;
}

static bool number_of_3_bytes(struct bad *bad, struct tsr_error *error)
{
	bad->out->ops->uint(bad->out, "counter", 1, 3);
	return true;
}

static bool name_of_no_text(struct bad *bad, struct tsr_error *error)
{
	tsr_state_put_u8(bad->out, "\xff\xff", 1);
	return true;
}

static bool name_of_nothing(struct bad *bad, struct tsr_error *error)
{
	tsr_state_put_u8(bad->out, NULL, 1);
	return true;
}

static bool bytes_of_nothing(struct bad *bad, struct tsr_error *error)
{
	tsr_state_put_bytes(bad->out, "memory", NULL, 100);
	return true;
}

static bool fail_in_colour(struct bad *bad, struct tsr_error *error)
{
	tsr_state_fail(bad->out, "\033[31mit is\nred");
	return true;
}

static bool read_16_bytes(struct bad *bad, struct tsr_error *error)
{
	uint64_t value;

	bad->in->ops->uint(bad->in, "last", &value, 16);
	return true;
}

static bool leave_no_group(struct bad *bad, struct tsr_error *error)
{
	bad->in->ops->end(bad->in);
	return true;
}

const struct mistake states[] = {
	{ "leave-group-open", SAVE, leave_group_open },
	{ "begin-40-groups", SAVE, begin_40_groups },
	{ "end-no-group", SAVE, end_no_group },
	{ "same-name-twice", SAVE, same_name_twice },
	{ "number-of-3-bytes", SAVE, number_of_3_bytes },
	{ "name-of-no-text", SAVE, name_of_no_text },
	{ "name-of-nothing", SAVE, name_of_nothing },
	{ "bytes-of-nothing", SAVE, bytes_of_nothing },
	{ "fail-in-colour", SAVE, fail_in_colour },
	{ "read-16-bytes", LOAD, read_16_bytes },
	{ "leave-no-group", LOAD, leave_no_group },
	{ NULL, 0, NULL },
};
