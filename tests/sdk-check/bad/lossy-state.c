/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A field is saved with fewer bits than it has.
 * fails: differential
 * core: differential
 * says: its state forgets something
 */
#define SAVE_SECRET(d, out) tsr_state_put_u8(out, "secret", (uint8_t)d->secret)
#define LOAD_SECRET(d, in) bad_get(in, &d->secret)
#include <tessera/state.h>
static bool bad_get(struct tsr_state_reader *in, uint32_t *out)
{
	uint8_t value = 0;

	if (!tsr_state_get_u8(in, "secret", &value))
		return false;
	*out = value;
	return true;
}
#include "../device.h"
