/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * See porter.h. A process that fork(2) has made has its code and its stack where its origin has
 * them, at addresses that are random for each program that is started, and no call in the jail
 * changes that. So every copy is found in /proc, whoever its parent is by now, and whatever it has
 * done: it cannot start a program either. Source: proc_pid_stat(5), fields 22, 26 and 28.
 */
#include "jail/porter-copies.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define LIFE_MS 12000 /* longer than any rehearsal (core/upgrade/rehearsal.c) */

enum { FIELD_START = 22, FIELD_CODE = 26, FIELD_STACK = 28, FIELDS };

static struct {
	unsigned long long own[FIELDS]; /* the porter's, which is a copy, too */
	long long end_ms;               /* of the last one that was allowed; 0: there is none */
} copies;

static long long now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000LL + now.tv_nsec / 1000000;
}

/* The second field is the program's name in parentheses, and may have any character. */
static bool read_fields(const char *process, unsigned long long fields[FIELDS])
{
	char path[64], text[1024], *at;
	ssize_t length = -1;
	int fd;

	snprintf(path, sizeof(path), "/proc/%.20s/stat", process);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd >= 0) {
		length = read(fd, text, sizeof(text) - 1);
		close(fd);
	}
	if (length <= 0)
		return false;
	text[length] = '\0';
	at = strrchr(text, ')');
	for (unsigned field = 3; at && field <= FIELD_STACK; field++) {
		at = strchr(at + 1, ' ');
		fields[field] = at ? strtoull(at, NULL, 10) : 0;
	}
	return at != NULL;
}

static bool has_origin(const unsigned long long fields[FIELDS])
{
	return fields[FIELD_CODE] == copies.own[FIELD_CODE] &&
	       fields[FIELD_STACK] == copies.own[FIELD_STACK];
}

bool tsr_porter_copies_begin(pid_t inside)
{
	unsigned long long fields[FIELDS];
	char process[24];

	snprintf(process, sizeof(process), "%d", (int)inside);
	return read_fields("self", copies.own) && copies.own[FIELD_CODE] > 1 &&
	       read_fields(process, fields) && has_origin(fields);
}

/* Those that are as old as the porter were made before the jail. Returns how many there are. */
static unsigned visit(bool end)
{
	DIR *processes = opendir("/proc");
	unsigned long long fields[FIELDS];
	struct dirent *entry;
	unsigned n = 0;

	while (processes && (entry = readdir(processes))) {
		pid_t process = (pid_t)strtol(entry->d_name, NULL, 10);

		if (process <= 0 || process == getpid() || !read_fields(entry->d_name, fields) ||
		    !has_origin(fields) || fields[FIELD_START] <= copies.own[FIELD_START])
			continue;
		n++;
		if (end)
			kill(process, SIGKILL);
	}
	if (processes)
		closedir(processes);
	return n;
}

bool tsr_porter_copies_allow(void)
{
	if (visit(false))
		return false;
	copies.end_ms = now_ms() + LIFE_MS;
	return true;
}

int tsr_porter_copies_wait_ms(void)
{
	long long left = copies.end_ms - now_ms();

	return !copies.end_ms ? -1 : left > 0 ? (int)left : 0;
}

/* No new one is made meanwhile: that takes the porter's word. */
void tsr_porter_copies_end(bool all)
{
	if (!copies.end_ms || (!all && copies.end_ms > now_ms()))
		return;
	visit(true);
	copies.end_ms = 0;
}
