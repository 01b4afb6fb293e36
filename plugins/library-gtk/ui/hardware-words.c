/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See hardware-words.h. The command line says the same in English (core/manifest/property.c). */
#include "ui/hardware-words.h"

#include "model/text.h"

/* texts: without limits, with the least value, with both. */
static char *range(const struct tsr_plugin_property *p, const char *const texts[3])
{
	g_autofree char *min = g_strdup_printf("%" G_GINT64_FORMAT, p->min),
			*max = g_strdup_printf("%" G_GINT64_FORMAT, p->max);
	g_autoptr(GString) text = NULL;

	if (p->max != G_MAXINT64)
		text = g_string_new(texts[2]);
	else
		text = g_string_new(texts[p->min == G_MININT64 ? 0 : 1]);
	g_string_replace(text, "{min}", min, 1);
	g_string_replace(text, "{max}", max, 1);
	return g_string_free(g_steal_pointer(&text), FALSE);
}

char *tsr_hardware_words_takes(const struct tsr_plugin_property *p)
{
	/* Translators: {min} and {max} are numbers, and stay as they are. */
	const char *const numbers[] = { _("a number"), _("a number from {min}"),
					_("a number from {min} to {max}") };
	/* Translators: {min} and {max} are numbers, and stay as they are. */
	const char *const sizes[] = { _("a size in bytes, K, M or G"),
				      _("a size from {min} in bytes, K, M or G"),
				      _("a size from {min} to {max} in bytes, K, M or G") };
	g_autofree char *values = NULL;

	if (g_str_equal(p->type, "int"))
		return range(p, numbers);
	if (g_str_equal(p->type, "size"))
		return range(p, sizes);
	if (g_str_equal(p->type, "enum")) {
		values = g_strjoinv(", ", p->values);
		return g_strdup_printf(_("one of %s"), values);
	}
	if (g_str_equal(p->type, "file"))
		return g_strdup(_("a path"));
	if (g_str_equal(p->type, "files"))
		return g_strdup(_("names with paths, NAME=PATH;…"));
	return g_strdup("");
}

char *tsr_hardware_words_resource(const struct tsr_plugin_resource *r)
{
	const unsigned long length = (unsigned long)r->length;
	const char *format = NULL;
	g_autofree char *number = NULL;

	if (g_str_equal(r->type, "irq"))
		return g_strdup(_("Interrupt line"));
	if (g_str_equal(r->type, "dma"))
		return g_strdup(_("DMA channel"));
	number = g_strdup_printf("%lu", length);
	if (g_str_equal(r->type, "ports"))
		format = g_dngettext(GETTEXT_PACKAGE, "%s port", "%s ports", length);
	else if (g_str_equal(r->type, "rom"))
		format = g_dngettext(GETTEXT_PACKAGE, "Option ROM, %s byte", "Option ROM, %s bytes",
				     length);
	else
		format =
			g_dngettext(GETTEXT_PACKAGE, "Memory, %s byte", "Memory, %s bytes", length);
	return g_strdup_printf(format, number);
}
