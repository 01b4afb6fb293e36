/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The user's guide as the help window reads it: rows of Markdown, and the guide itself. */
#include "markdown.h"
#include "unit.h"

static const char *guide; /* its path */

static const char kind_letters[] = {
	[TSR_MARKDOWN_HEADING] = 'H', [TSR_MARKDOWN_TEXT] = 'T',    [TSR_MARKDOWN_ITEM] = 'I',
	[TSR_MARKDOWN_ROW] = 'R',     [TSR_MARKDOWN_PICTURE] = 'P',
};

/* "H:a T:b R:c,d": one word of kind and cells for each block. */
static char *summary(const char *text)
{
	g_autoptr(GPtrArray) blocks = tsr_markdown_parse(text);
	GString *all = g_string_new(NULL);

	for (guint i = 0; i < blocks->len; i++) {
		const TsrMarkdownBlock *block = blocks->pdata[i];

		g_string_append_printf(all, "%s%c", i ? " " : "", kind_letters[block->kind]);
		for (guint c = 0; c < block->cells->len; c++)
			g_string_append_printf(all, "%c%s", c ? ',' : ':',
					       (char *)block->cells->pdata[c]);
	}
	return g_string_free(all, FALSE);
}

static void lines_become_blocks(void)
{
	static const struct {
		const char *text, *blocks;
	} rows[] = {
		{ "", "" },
		{ "# A\n\nb\nc\n", "H:A T:b c" },
		{ "## A\nb", "H:A T:b" },
		{ "- a\n  b\n- c", "I:a b I:c" },
		{ "| a | b |\n|---|:-:|\n| c | d |", "R:a,b R:c,d" },
		{ "![a screen](images/a.png)", "P:images/a.png,a screen" },
		{ "![broken](images", "T:![broken](images" },
		{ "#a", "T:#a" },
		{ "|", "" },
		{ "|x", "R" },
	};

	for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autofree char *blocks = summary(rows[i].text);

		CU_ASSERT_STRING_EQUAL(blocks, rows[i].blocks);
	}
}

static void words_become_markup(void)
{
	static const struct {
		const char *text, *markup;
	} rows[] = {
		{ "a **b** c", "T:a <b>b</b> c" },
		{ "`a<b>`", "T:<tt>a&lt;b&gt;</tt>" },
		{ "a & b", "T:a &amp; b" },
		{ "**a", "T:**a" },
		{ "****", "T:****" },
		{ "[a](b.md)", "T:a" },
		{ "[a](https://b/?c&d)", "T:<a href=\"https://b/?c&amp;d\">a</a>" },
		{ "[a]", "T:[a]" },
		{ "“ü” …", "T:“ü” …" },
	};

	for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autofree char *blocks = summary(rows[i].text);

		CU_ASSERT_STRING_EQUAL(blocks, rows[i].markup);
	}
}

/* All of it is understood: no mark is left, and its pictures exist. */
static void the_guide_is_understood(void)
{
	g_autofree char *text = NULL, *folder = g_path_get_dirname(guide);
	g_autoptr(GPtrArray) blocks = NULL;
	guint pictures = 0;

	if (!g_file_get_contents(guide, &text, NULL, NULL)) {
		CU_FAIL("the guide cannot be read");
		return;
	}
	blocks = tsr_markdown_parse(text);
	for (guint i = 0; i < blocks->len; i++) {
		const TsrMarkdownBlock *block = blocks->pdata[i];
		const char *first = block->cells->pdata[0];
		g_autofree char *file = g_build_filename(folder, first, NULL);

		if (block->kind == TSR_MARKDOWN_PICTURE) {
			CU_ASSERT_TRUE(g_file_test(file, G_FILE_TEST_IS_REGULAR));
			pictures++;
		} else {
			CU_ASSERT_PTR_NULL(g_strstr_len(first, -1, "**"));
			CU_ASSERT_PTR_NULL(g_strstr_len(first, -1, "]("));
		}
	}
	CU_ASSERT_TRUE(pictures > 0);
}

int main(int argc, char **argv)
{
	static const CU_TestInfo tests[] = {
		UNIT_ROW(lines_become_blocks),
		UNIT_ROW(words_become_markup),
		UNIT_ROW(the_guide_is_understood),
		CU_TEST_INFO_NULL,
	};

	guide = argc > 1 ? argv[1] : "docs/desktop.md";
	return unit_run("help-markdown", tests);
}
