/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A list of the parts of a bundle (SBOM) in the format SPDX 2.3, as JSON. */
#ifndef TSR_PRODUCT_SPDX_H
#define TSR_PRODUCT_SPDX_H

#include <glib.h>

/* components: TsrComponent. identity: hexadecimal digits that stand for what is in the bundle.
 * SOURCE_DATE_EPOCH in the environment is the time of its making. (transfer full) */
char *tsr_spdx_text(const char *name, const char *tool_version, const char *identity,
		    const GPtrArray *components);

#endif
