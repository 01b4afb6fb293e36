/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See answers.h. Section numbers are those of the Debian Installation Guide for i386, Debian 12. */
#include "model/answers.h"

#include <string.h>

#include "model/installation.h"
#include "model/text.h"

#define MIRROR "deb.debian.org"
#define MIRROR_FOLDER "/debian"

void tsr_answers_clear(struct tsr_answers *answers)
{
	g_free(answers->full_name);
	g_free(answers->user_name);
	if (answers->password)
		explicit_bzero(answers->password, strlen(answers->password));
	g_free(answers->password);
	g_free(answers->host_name);
	g_free(answers->locale);
	g_free(answers->keymap);
	g_free(answers->time_zone);
	g_free(answers->mirror);
	memset(answers, 0, sizeof *answers);
}

/* -- Are they right? */

/* Names that a new Debian has, of users and groups (base-passwd, users-and-groups), and which the
 * installer refuses. */
static const char *const reserved[] = {
	"root",    "daemon", "bin",   "sys",    "sync",    "games",    "man",      "lp",
	"mail",    "news",   "uucp",  "proxy",  "backup",  "list",     "irc",      "nobody",
	"adm",     "tty",    "disk",  "kmem",   "fax",     "voice",    "cdrom",    "floppy",
	"tape",    "sudo",   "audio", "dip",    "src",     "utmp",     "video",    "sasl",
	"plugdev", "staff",  "users", "shadow", "dialout", "operator", "www-data", NULL,
};

static gboolean matches(const char *pattern, const char *text)
{
	return g_regex_match_simple(pattern, text, G_REGEX_DOLLAR_ENDONLY, 0);
}

static gboolean is_user_name(const char *text)
{
	return matches("^[a-z][-a-z0-9_]{0,31}$", text) && !g_strv_contains(reserved, text);
}

/* A field of passwd(5), on one line of the preconfiguration file. */
static gboolean is_full_name(const char *text)
{
	return g_utf8_validate(text, -1, NULL) && !matches("[[:cntrl:]:,\\\\]", text);
}

static gboolean is_password(const char *text)
{
	return *text && !matches("[[:cntrl:]]", text);
}

static gboolean is_host_name(const char *text)
{
	return matches("^[A-Za-z0-9]([-A-Za-z0-9]{0,61}[A-Za-z0-9])?$", text);
}

static gboolean is_locale(const char *text)
{
	return matches("^[a-z]{2,3}_[A-Z]{2}(\\.UTF-8)?(@[a-z]+)?$", text);
}

static gboolean is_keymap(const char *text)
{
	return matches("^[a-z][-a-z0-9_()]*$", text);
}

static gboolean is_time_zone(const char *text)
{
	return matches("^[A-Za-z][-+A-Za-z0-9_]*(/[A-Za-z0-9][-+A-Za-z0-9_]*)*$", text);
}

static gboolean is_mirror(const char *text)
{
	return matches("^(http://)?[A-Za-z0-9][-A-Za-z0-9.]*(:[0-9]+)?(/[-A-Za-z0-9._~]+)*/?$",
		       text);
}

const char *tsr_answers_check(const struct tsr_answers *answers)
{
	const struct {
		gboolean (*holds)(const char *text);
		const char *text, *sentence;
	} rows[] = {
		{ is_full_name, answers->full_name,
		  _("The full name cannot have colons, commas or backslashes.") },
		{ is_user_name, answers->user_name,
		  _("The user name begins with a small letter, has small letters, digits and "
		    "hyphens, and is none that the system itself uses.") },
		{ is_password, answers->password, _("Choose a password.") },
		{ is_host_name, answers->host_name,
		  _("The host name has letters, digits and hyphens, and begins and ends with a "
		    "letter or digit.") },
		{ is_locale, answers->locale,
		  _("The language is written as “en_GB.UTF-8” is: language, country, and the "
		    "encoding.") },
		{ is_keymap, answers->keymap, _("The keyboard is written as “us” or “de” is.") },
		{ is_time_zone, answers->time_zone,
		  _("The time zone is written as “Europe/Berlin” is.") },
		{ is_mirror, answers->mirror,
		  _("The mirror is written as “deb.debian.org” or “http://host/folder” is.") },
	};

	for (guint i = 0; i < G_N_ELEMENTS(rows); i++)
		if (!rows[i].holds(rows[i].text))
			return rows[i].sentence;
	return NULL;
}

/* -- What the host has */

/* The language of the user, with a country. */
static char *propose_locale(void)
{
	for (const char *const *name = g_get_language_names(); *name; name++)
		if (matches("^[a-z]{2,3}_[A-Z]{2}$", *name))
			return g_strconcat(*name, ".UTF-8", NULL);
	return g_strdup("en_US.UTF-8");
}

/* The value of KEY=VALUE or KEY="VALUE" in a file of such lines; NULL: none. */
static char *value_in_file(const char *path, const char *key)
{
	g_autofree char *text = NULL;
	g_auto(GStrv) lines = NULL;

	if (!g_file_get_contents(path, &text, NULL, NULL))
		return NULL;
	lines = g_strsplit(text, "\n", -1);
	for (char **line = lines; *line; line++) {
		const char *value = *line + strlen(key) + 1;

		if (g_str_has_prefix(*line, key) && (*line)[strlen(key)] == '=')
			return g_shell_unquote(value, NULL);
	}
	return NULL;
}

/* The first layout of keyboard(5), or of vconsole.conf(5). */
static char *propose_keymap(void)
{
	char *keymap = value_in_file("/etc/default/keyboard", "XKBLAYOUT");

	if (!keymap)
		keymap = value_in_file("/etc/vconsole.conf", "KEYMAP");
	if (keymap)
		keymap[strcspn(keymap, ",-")] = '\0';
	if (keymap && is_keymap(keymap))
		return keymap;
	g_free(keymap);
	return g_strdup("us");
}

static char *propose_time_zone(void)
{
	g_autoptr(GTimeZone) zone = g_time_zone_new_local();
	const char *name = g_time_zone_get_identifier(zone);

	return g_strdup(is_time_zone(name) ? name : "Etc/UTC");
}

void tsr_answers_propose(struct tsr_answers *answers)
{
	const char *user = g_get_user_name(), *real = g_get_real_name();
	gboolean is_usable = user && is_user_name(user);

	*answers = (struct tsr_answers){
		.full_name = g_strdup(is_usable && real && is_full_name(real) &&
						      !g_str_equal(real, "Unknown")
					      ? real
					      : ""),
		.user_name = g_strdup(is_usable ? user : "user"),
		.password = g_strdup(""),
		.host_name = g_strdup("debian"),
		.locale = propose_locale(),
		.keymap = propose_keymap(),
		.time_zone = propose_time_zone(),
		.mirror = g_strdup(MIRROR),
	};
}

/* -- The file */

/* B.4.1 to B.4.4: language, keyboard, network, mirror. */
static void write_place(GString *text, const struct tsr_answers *answers)
{
	const char *mirror = answers->mirror;
	g_autofree char *host = NULL, *folder = NULL;

	if (g_str_has_prefix(mirror, "http://"))
		mirror += strlen("http://");
	host = g_strndup(mirror, strcspn(mirror, "/"));
	folder = g_strdup(mirror + strlen(host));
	folder[strlen(folder) - g_str_has_suffix(folder, "/")] = '\0';
	g_string_append_printf(text,
			       "d-i debian-installer/locale string %s\n"
			       "d-i keyboard-configuration/xkb-keymap select %s\n"
			       "d-i netcfg/choose_interface select auto\n"
			       "d-i netcfg/get_hostname string %s\n"
			       "d-i netcfg/get_domain string\n"
			       "d-i netcfg/hostname string %s\n"
			       "d-i hw-detect/load_firmware boolean false\n"
			       "d-i mirror/country string manual\n"
			       "d-i mirror/http/hostname string %s\n"
			       "d-i mirror/http/directory string %s\n"
			       "d-i mirror/http/proxy string\n",
			       answers->locale, answers->keymap, answers->host_name,
			       answers->host_name, host, *folder ? folder : MIRROR_FOLDER);
}

/* B.4.5, B.4.6: the first user, who administers the system, and the clock. */
static void write_user(GString *text, const struct tsr_answers *answers, const char *hash)
{
	g_string_append_printf(text,
			       "d-i passwd/root-login boolean false\n"
			       "d-i passwd/make-user boolean true\n"
			       "d-i passwd/user-fullname string %s\n"
			       "d-i passwd/username string %s\n"
			       "d-i passwd/user-password-crypted password %s\n"
			       "d-i clock-setup/utc boolean true\n"
			       "d-i clock-setup/ntp boolean true\n"
			       "d-i time/zone string %s\n",
			       *answers->full_name ? answers->full_name : answers->user_name,
			       answers->user_name, hash, answers->time_zone);
}

/* B.4.7, B.4.9 to B.4.12, B.5.1: the whole disk, which is new and empty; the standard system;
 * GRUB; a reset without a question. */
static const char rest[] =
	"d-i partman-auto/method string regular\n"
	"d-i partman-auto/choose_recipe select atomic\n"
	"d-i partman-partitioning/confirm_write_new_label boolean true\n"
	"d-i partman/choose_partition select finish\n"
	"d-i partman/confirm boolean true\n"
	"d-i partman/confirm_nooverwrite boolean true\n"
	"d-i apt-setup/cdrom/set-first boolean false\n"
	"d-i apt-setup/use_mirror boolean true\n"
	"tasksel tasksel/first multiselect standard\n"
	"popularity-contest popularity-contest/participate boolean false\n"
	"d-i grub-installer/only_debian boolean true\n"
	"d-i grub-installer/with_other_os boolean true\n"
	"d-i grub-installer/bootdev string default\n"
	"d-i preseed/late_command string echo \"" TSR_INSTALLATION_DONE "\" >/dev/ttyS0\n"
	"d-i finish-install/reboot_in_progress note\n";

char *tsr_answers_write(const struct tsr_answers *answers, const char *hash)
{
	g_autoptr(GString) text = g_string_new("#_preseed_V1\n");

	write_place(text, answers);
	write_user(text, answers, hash);
	g_string_append(text, rest);
	return g_strdup(text->str);
}
