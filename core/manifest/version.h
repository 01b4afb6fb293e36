/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Versions MAJOR.MINOR.PATCH (semver without pre-releases) and ranges of them. */
#ifndef TSR_MANIFEST_VERSION_H
#define TSR_MANIFEST_VERSION_H

#include <glib.h>

typedef struct {
	guint part[3];
	guint parts; /* how many were written: 1 to 3; the others are 0 */
} TsrVersion;

/* The characters that end the id in "ID >=1.2,<2". */
#define TSR_REQUIREMENT_ENDS " \t<>="

/* FALSE: text is not 1 to 3 numbers below 10^6 separated by dots. */
gboolean tsr_version_parse(const char *text, TsrVersion *out);
int tsr_version_compare(const TsrVersion *a, const TsrVersion *b);

typedef enum {
	TSR_VERSION_EQ,
	TSR_VERSION_GE,
	TSR_VERSION_GT,
	TSR_VERSION_LE,
	TSR_VERSION_LT
} TsrVersionOp;

#define TSR_VERSION_RANGE_MAX 8
typedef struct {
	guint n; /* 0: every version */
	struct {
		TsrVersionOp op;
		TsrVersion version;
	} term[TSR_VERSION_RANGE_MAX];
} TsrVersionRange;

/* ">=1.2,<2", "=1.2.3"; "" is every version. A version written short stands for all that begin with
 * it: "=1.2" takes 1.2.9,
 * ">1.2" does not. */
gboolean tsr_version_range_parse(const char *text, TsrVersionRange *out);
gboolean tsr_version_range_contains(const TsrVersionRange *range, const TsrVersion *version);

#endif
