/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The answers to the questions of the Debian installer, and the preconfiguration file that is made
 * of them (Debian Installation Guide for i386, appendix B). All functions are pure but
 * _propose(), which reads the host's configuration. [any]
 */
#ifndef TSR_LIBRARY_ANSWERS_H
#define TSR_LIBRARY_ANSWERS_H

#include <gio/gio.h>

struct tsr_answers {
	char *full_name, *user_name, *password;
	char *host_name;
	char *locale;    /* "de_DE.UTF-8" */
	char *keymap;    /* as the installer calls it: "de" */
	char *time_zone; /* "Europe/Berlin" */
	char *mirror;    /* HOST, HOST:PORT, HOST/FOLDER or http://… of these */
};

/* What the host's user and the host itself are called and speak; the password is empty. */
void tsr_answers_propose(struct tsr_answers *answers);
void tsr_answers_clear(struct tsr_answers *answers);
/* A sentence that says what is wrong with them; NULL: nothing. Not to be freed. */
const char *tsr_answers_check(const struct tsr_answers *answers);
/* The preconfiguration file, for answers that are right. hash: of the password, as crypt(3) makes
 * it. */
char *tsr_answers_write(const struct tsr_answers *answers, const char *hash);

#endif
