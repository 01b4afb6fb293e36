/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See digest.h. */
#include "config/digest.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include <tessera-glib/machine.h>

#define CHUNK 65536

static gssize read_all(int fd, GChecksum *sum)
{
	guint8 bytes[CHUNK];
	gssize n;

	do {
		n = read(fd, bytes, sizeof(bytes));
		if (n > 0)
			g_checksum_update(sum, bytes, n);
	} while (n > 0 || (n < 0 && errno == EINTR));
	return n;
}

char *tsr_digest_file(const char *path, GError **error)
{
	g_autoptr(GChecksum) sum = g_checksum_new(G_CHECKSUM_SHA256);
	int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	gssize n = fd < 0 ? -1 : read_all(fd, sum);
	int failure = errno;

	if (fd >= 0)
		close(fd);
	if (n == 0)
		return g_strdup(g_checksum_get_string(sum));
	g_set_error(error, TSR_MACHINE_ERROR, TSR_MACHINE_ERROR_IO, "cannot read %s: %s", path,
		    g_strerror(failure));
	return NULL;
}
