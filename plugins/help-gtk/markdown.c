/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See markdown.h. A line begins a block or goes on with the one before it. */
#include "markdown.h"

#include <string.h>

static void block_free(gpointer data)
{
	TsrMarkdownBlock *block = data;

	g_ptr_array_unref(block->cells);
	g_free(block);
}

/* -- Within a line */

/* What is between two marks, the first of which text begins with; NULL: there is no second. */
static char *between(const char *text, const char *mark, const char **after)
{
	const char *begin = text + strlen(mark), *end = strstr(begin, mark);

	if (!end || end == begin)
		return NULL;
	*after = end + strlen(mark);
	return g_strndup(begin, (gsize)(end - begin));
}

/* "[words](address)": the words, with the address if a browser can open it. */
static char *link_markup(const char *text, const char **after)
{
	const char *middle = strstr(text, "]("), *end = middle ? strchr(middle, ')') : NULL;
	g_autofree char *words = NULL, *address = NULL;

	if (!end)
		return NULL;
	words = g_markup_escape_text(text + 1, middle - text - 1);
	address = g_markup_escape_text(middle + 2, end - middle - 2);
	*after = end + 1;
	return g_str_has_prefix(address, "http")
		       ? g_strdup_printf("<a href=\"%s\">%s</a>", address, words)
		       : g_steal_pointer(&words);
}

static char *marked(const char *text, const char **after)
{
	static const struct {
		const char *mark, *tag;
	} kinds[] = { { "**", "b" }, { "`", "tt" } };

	for (guint i = 0; i < G_N_ELEMENTS(kinds); i++) {
		g_autofree char *words = g_str_has_prefix(text, kinds[i].mark)
						 ? between(text, kinds[i].mark, after)
						 : NULL;
		g_autofree char *escaped = words ? g_markup_escape_text(words, -1) : NULL;

		if (escaped)
			return g_strdup_printf("<%s>%s</%s>", kinds[i].tag, escaped, kinds[i].tag);
	}
	return *text == '[' ? link_markup(text, after) : NULL;
}

static char *markup(const char *text)
{
	GString *result = g_string_new(NULL);

	while (*text) {
		const char *after = g_utf8_next_char(text);
		g_autofree char *part = marked(text, &after);
		g_autofree char *plain = part ? NULL : g_markup_escape_text(text, after - text);

		g_string_append(result, part ? part : plain);
		text = after;
	}
	return g_string_free(result, FALSE);
}

/* -- Lines */

static TsrMarkdownBlock *add(GPtrArray *blocks, TsrMarkdownKind kind, const char *text)
{
	TsrMarkdownBlock *block = g_new0(TsrMarkdownBlock, 1);

	block->kind = kind;
	block->cells = g_ptr_array_new_with_free_func(g_free);
	if (text)
		g_ptr_array_add(block->cells, g_strdup(text));
	g_ptr_array_add(blocks, block);
	return block;
}

static void add_row(GPtrArray *blocks, const char *line)
{
	g_auto(GStrv) cells = g_strsplit(line + 1, "|", -1);
	TsrMarkdownBlock *row = NULL;

	if (strspn(line, "|-: ") == strlen(line))
		return; /* between head and body */
	row = add(blocks, TSR_MARKDOWN_ROW, NULL);
	for (guint i = 0; cells[i] && cells[i + 1]; i++)
		g_ptr_array_add(row->cells, g_strdup(g_strstrip(cells[i])));
}

/* "![description](address)" */
static gboolean add_picture(GPtrArray *blocks, const char *line)
{
	const char *middle = strstr(line, "]("), *end = middle ? strchr(middle, ')') : NULL;
	TsrMarkdownBlock *block;

	if (!g_str_has_prefix(line, "![") || !end)
		return FALSE;
	block = add(blocks, TSR_MARKDOWN_PICTURE, NULL);
	g_ptr_array_add(block->cells, g_strndup(middle + 2, (gsize)(end - middle - 2)));
	g_ptr_array_add(block->cells, g_strndup(line + 2, (gsize)(middle - line - 2)));
	return TRUE;
}

/* begun: a paragraph or item that the line goes on with; NULL: none. The one that the next line
 * may go on with. */
static TsrMarkdownBlock *add_line(GPtrArray *blocks, TsrMarkdownBlock *begun, const char *line)
{
	const gsize level = strspn(line, "#");

	if (!*line || add_picture(blocks, line))
		return NULL;
	if (*line == '|') {
		add_row(blocks, line);
		return NULL;
	}
	if (level && line[level] == ' ') {
		add(blocks, TSR_MARKDOWN_HEADING, line + level + 1)->level = (guint)level;
		return NULL;
	}
	if (g_str_has_prefix(line, "- "))
		return add(blocks, TSR_MARKDOWN_ITEM, line + 2);
	if (!begun)
		return add(blocks, TSR_MARKDOWN_TEXT, line);
	char *before = g_ptr_array_steal_index(begun->cells, 0);
	g_ptr_array_add(begun->cells, g_strconcat(before, " ", line, NULL));
	g_free(before);
	return begun;
}

GPtrArray *tsr_markdown_parse(const char *text)
{
	GPtrArray *blocks = g_ptr_array_new_with_free_func(block_free);
	g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
	TsrMarkdownBlock *begun = NULL;

	for (char **line = lines; *line; line++)
		begun = add_line(blocks, begun, g_strstrip(*line));
	for (guint i = 0; i < blocks->len; i++) {
		TsrMarkdownBlock *block = blocks->pdata[i];

		for (guint c = 0; block->kind != TSR_MARKDOWN_PICTURE && c < block->cells->len;
		     c++) {
			char *plain = block->cells->pdata[c];

			block->cells->pdata[c] = markup(plain);
			g_free(plain);
		}
	}
	return blocks;
}
