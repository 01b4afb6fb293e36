/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* As much of Markdown as the user's guide is written in: headings, paragraphs, items of lists,
 * tables, pictures; in a line **bold**, `code` and [links](address). */
#ifndef TSR_HELP_MARKDOWN_H
#define TSR_HELP_MARKDOWN_H

#include <glib.h>

typedef enum {
	TSR_MARKDOWN_HEADING,
	TSR_MARKDOWN_TEXT,
	TSR_MARKDOWN_ITEM,
	TSR_MARKDOWN_ROW,     /* of a table; the first one is its head */
	TSR_MARKDOWN_PICTURE, /* cells: its address, its description */
} TsrMarkdownKind;

typedef struct {
	TsrMarkdownKind kind;
	guint level; /* of a heading, from 1 */
	GPtrArray
		*cells; /* char *, one but in rows and pictures: Pango markup, of a picture text */
} TsrMarkdownBlock;

/* TsrMarkdownBlock in their order; owned by the caller. What is not understood is text. [any] */
GPtrArray *tsr_markdown_parse(const char *text);

#endif
