/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Saved integer members as rows of a table: name, place and width. */
#ifndef IDE_FIELDS_H
#define IDE_FIELDS_H

#include <string.h>

#include <tessera/state.h>

struct ide_field {
	const char *name;
	uint32_t offset, bytes; /* bytes: 1, 2, 4, 8 */
};

#define IDE_FIELD(type, member, label) \
	{ \
		label, offsetof(type, member), sizeof(((type *)0)->member) \
	}
#define IDE_FIELDS_END \
	{ \
		NULL, 0, 0 \
	}

static inline void ide_fields_save(struct tsr_state_writer *out, const struct ide_field *fields,
				   const void *object)
{
	for (const struct ide_field *f = fields; f->name; f++) {
		uint64_t value = 0;

		memcpy(&value, (const uint8_t *)object + f->offset, f->bytes);
		out->ops->uint(out, f->name, value, f->bytes);
	}
}

/* false: a field is missing. Those before it are loaded. */
static inline bool ide_fields_load(struct tsr_state_reader *in, const struct ide_field *fields,
				   void *object)
{
	for (const struct ide_field *f = fields; f->name; f++) {
		uint64_t value = 0;

		if (!in->ops->uint(in, f->name, &value, f->bytes))
			return false;
		memcpy((uint8_t *)object + f->offset, &value, f->bytes);
	}
	return true;
}

#endif
