/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * See spdx.h. The Software Package Data Exchange specification, version 2.3: chapter 6 (document),
 * 7 (packages), 11 (relationships), and its JSON schema. Each file is a package of its own, whose
 * checksum is that of the file.
 */
#include "product/spdx.h"

#include <stdlib.h>
#include <string.h>

#include "manifest/text.h"
#include "product/component.h"

#define UNKNOWN "NOASSERTION"

static void add_field(GString *out, const char *name, const char *value)
{
	g_string_append_printf(out, "      \"%s\": ", name);
	tsr_text_add_json(out, value);
	g_string_append(out, ",\n");
}

/* What a licence expression may consist of (annex D); what else a manifest says is no assertion. */
static gboolean is_expression(const char *text)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "0123456789-.+() ";

	return text && *text && strspn(text, allowed) == strlen(text);
}

static char *created(void)
{
	const char *epoch = g_getenv("SOURCE_DATE_EPOCH");
	g_autoptr(GDateTime) time =
		epoch && *epoch ? g_date_time_new_from_unix_utc(g_ascii_strtoll(epoch, NULL, 10))
				: g_date_time_new_now_utc();

	return time ? g_date_time_format(time, "%Y-%m-%dT%H:%M:%SZ")
		    : g_strdup("1970-01-01T00:00:00Z");
}

static void add_purl(GString *out, const TsrComponent *c)
{
	g_autofree char *version = c->version ? g_uri_escape_string(c->version, NULL, FALSE) : NULL,
			*purl = g_strdup_printf("pkg:deb/debian/%s@%s?arch=%s", c->package, version,
						c->architecture);

	g_string_append(out, "      \"externalRefs\": [ { \"referenceCategory\": "
			     "\"PACKAGE-MANAGER\", \"referenceType\": \"purl\", "
			     "\"referenceLocator\": ");
	tsr_text_add_json(out, purl);
	g_string_append(out, " } ],\n");
}

static void add_component(GString *out, const TsrComponent *c, guint number)
{
	const char *licence = is_expression(c->licence) ? c->licence : UNKNOWN;
	g_autofree char *supplier = c->supplier && *c->supplier
					    ? g_strdup_printf("Organization: %s", c->supplier)
					    : g_strdup(UNKNOWN);

	g_string_append_printf(out, "    {\n      \"SPDXID\": \"SPDXRef-%u\",\n", number);
	add_field(out, "name", c->name);
	if (c->version)
		add_field(out, "versionInfo", c->version);
	add_field(out, "packageFileName", c->path);
	add_field(out, "supplier", supplier);
	add_field(out, "downloadLocation", UNKNOWN);
	g_string_append(out, "      \"filesAnalyzed\": false,\n");
	g_string_append_printf(out,
			       "      \"checksums\": [ { \"algorithm\": \"SHA256\", "
			       "\"checksumValue\": \"%s\" } ],\n",
			       c->sha256);
	if (c->package)
		add_purl(out, c);
	add_field(out, "licenseConcluded", UNKNOWN);
	add_field(out, "licenseDeclared", licence);
	g_string_append(out, "      \"copyrightText\": \"" UNKNOWN "\"\n    }");
}

static void add_head(GString *out, const char *name, const char *version, const char *identity)
{
	g_autofree char *time = created(), *escaped = g_uri_escape_string(name, NULL, FALSE),
			*uri = g_strdup_printf("urn:tessera:bundle:%s:%s", escaped, identity),
			*tool = g_strdup_printf("Tool: tessera-%s", version);

	g_string_append(out, "{\n  \"spdxVersion\": \"SPDX-2.3\",\n  \"dataLicense\": "
			     "\"CC0-1.0\",\n  \"SPDXID\": \"SPDXRef-DOCUMENT\",\n  \"name\": ");
	tsr_text_add_json(out, name);
	g_string_append(out, ",\n  \"documentNamespace\": ");
	tsr_text_add_json(out, uri);
	g_string_append_printf(
		out, ",\n  \"creationInfo\": { \"created\": \"%s\", \"creators\": [ ", time);
	tsr_text_add_json(out, tool);
	g_string_append(out, " ] },\n  \"packages\": [\n    {\n      \"SPDXID\": "
			     "\"SPDXRef-Machine\",\n");
	add_field(out, "name", name);
	add_field(out, "downloadLocation", UNKNOWN);
	g_string_append(out, "      \"filesAnalyzed\": false,\n");
	add_field(out, "licenseConcluded", UNKNOWN);
	add_field(out, "licenseDeclared", UNKNOWN);
	g_string_append(out, "      \"copyrightText\": \"" UNKNOWN "\"\n    }");
}

static void add_relationship(GString *out, const char *from, const char *type, const char *to)
{
	g_string_append_printf(out,
			       "    { \"spdxElementId\": \"%s\", \"relationshipType\": \"%s\", "
			       "\"relatedSpdxElement\": \"%s\" }",
			       from, type, to);
}

char *tsr_spdx_text(const char *name, const char *tool_version, const char *identity,
		    const GPtrArray *components)
{
	g_autoptr(GString) out = g_string_new(NULL);

	add_head(out, name, tool_version, identity);
	for (guint i = 0; i < components->len; i++) {
		g_string_append(out, ",\n");
		add_component(out, g_ptr_array_index(components, i), i);
	}
	g_string_append(out, "\n  ],\n  \"relationships\": [\n");
	add_relationship(out, "SPDXRef-DOCUMENT", "DESCRIBES", "SPDXRef-Machine");
	for (guint i = 0; i < components->len; i++) {
		g_autofree char *to = g_strdup_printf("SPDXRef-%u", i);

		g_string_append(out, ",\n");
		add_relationship(out, "SPDXRef-Machine", "CONTAINS", to);
	}
	g_string_append(out, "\n  ]\n}\n");
	return g_strdup(out->str);
}
