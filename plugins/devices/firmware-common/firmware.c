/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The search of firmware.h. A name counts for more than a place: the first name is looked for
 * everywhere. */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "firmware.h"

#define DEFAULT_DATA_DIRS "/usr/local/share:/usr/share" /* XDG Base Directory Specification */

static const char *const folders[] = { "tessera/firmware", "seabios", "qemu" };

const char *firmware_directories(void)
{
	const char *directories = getenv("XDG_DATA_DIRS");

	return directories && *directories ? directories : DEFAULT_DATA_DIRS;
}

FILE *firmware_open_file(const char *path)
{
	int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	FILE *file = fd < 0 ? NULL : fdopen(fd, "rb");

	if (fd >= 0 && !file)
		close(fd);
	return file;
}

static FILE *open_in(const char *directory, int directory_length, const char *name, int name_length,
		     char path[FIRMWARE_PATH])
{
	FILE *file = NULL;

	for (size_t i = 0; !file && i < sizeof(folders) / sizeof(folders[0]); i++) {
		snprintf(path, FIRMWARE_PATH, "%.*s/%s/%.*s", directory_length, directory,
			 folders[i], name_length, name);
		file = firmware_open_file(path);
	}
	return file;
}

static FILE *open_name(const char *name, int length, char path[FIRMWARE_PATH])
{
	FILE *file = NULL;

	for (const char *at = firmware_directories(); !file && *at;) {
		size_t directory_length = strcspn(at, ":");

		file = open_in(at, (int)directory_length, name, length, path);
		at += directory_length + (at[directory_length] == ':');
	}
	return file;
}

FILE *firmware_open(const char *names, char path[FIRMWARE_PATH])
{
	FILE *file = NULL;

	while (!file && *names) {
		size_t length = strcspn(names, ";");

		/* A name, not a path: a machine's manifest must not reach other folders by it. */
		if (!memchr(names, '/', length))
			file = open_name(names, (int)length, path);
		names += length + (names[length] == ';');
	}
	return file;
}
