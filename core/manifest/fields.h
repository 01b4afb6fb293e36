/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Groups of a manifest by tables: a key is a row with its type, whether it must be there, and where
 * its value goes. */
#ifndef TSR_MANIFEST_FIELDS_H
#define TSR_MANIFEST_FIELDS_H

#include "manifest/keyfile.h"
#include "manifest/plugin.h"

typedef enum {
	TSR_FIELD_TEXT,
	TSR_FIELD_WORD,
	TSR_FIELD_LIST,
	TSR_FIELD_UINT,
	TSR_FIELD_ADDRESS,
	TSR_FIELD_INT_TEXT,
	TSR_FIELD_BOOL,
	TSR_FIELD_CHOICE,
	TSR_FIELD_VERSION,
	TSR_FIELD_ABI,
	TSR_FIELD_INTERFACES,
	TSR_FIELD_LOCAL, /* keys KEY[LANGUAGE]; a GHashTable of texts by language, NULL: there is
			    none */
} TsrFieldType;

typedef struct {
	const char *key;
	TsrFieldType type;
	gboolean required;
	gsize offset;             /* of the value in the struct; what it is follows from the type */
	const char *const *words; /* CHOICE: NULL-terminated; the value is the word's index */
} TsrField;

/* A row; the value goes to a member of a struct of that type. */
#define TSR_FIELD(type, key, value, required, member) \
	{ \
		key, value, required, offsetof(type, member), NULL \
	}

/* Reads all keys of a group into a struct, whose members the caller frees in any case. FALSE with
 * an error: a key that is unknown, missing or has a value of another type. */
gboolean tsr_fields_parse(TsrKeyFile *file, GError **error, TsrGroup *group, const TsrField *fields,
			  guint n, void *out);

/* -- Values */

gboolean tsr_field_is_word(const char *text);
gboolean tsr_field_is_interface(const char *text);               /* NAME/VERSION */
gboolean tsr_field_is_version(const char *text);                 /* of a plugin: 1.2.3 */
gboolean tsr_field_parse_abi(const char *text, TsrVersion *out); /* 1.0 or 1 */
/* The index of a word in a list that ends with NULL. */
gboolean tsr_field_parse_choice(const char *const *words, const char *text, guint *out);

#endif
