/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See surface.h. memfd_create(2), fcntl(2) "File Sealing". */
#define _GNU_SOURCE /* memfd_create, seals */
#include "board/surface.h"

#include <fcntl.h>
#include <stdbool.h>
#include <sys/mman.h>
#include <unistd.h>

#define RESERVED \
	((gsize)16384 * 16384 * 4) /* of addresses: the largest surface, tessera/display.h */
#define RESERVED_LEAST ((gsize)64 << 20)
#define GRAIN ((gsize)1 << 20)

#ifndef F_SEAL_FUTURE_WRITE
#define F_SEAL_FUTURE_WRITE 0x0010
#endif

struct tsr_surface {
	uint8_t *bytes; /* reserved from here, usable up to size */
	gsize reserved, size;
	int fd;        /* the memfd; -1: private memory */
	int read_only; /* the same for others; -1: it cannot be shared */
};

static void close_all(struct tsr_surface *s)
{
	if (s->fd >= 0)
		close(s->fd);
	if (s->read_only >= 0)
		close(s->read_only);
	s->fd = s->read_only = -1;
}

/* Private memory in place of the memfd, at the same address. What was drawn is lost. */
static void give_up_sharing(struct tsr_surface *s)
{
	close_all(s);
	if (mmap(s->bytes, s->reserved, PROT_READ | PROT_WRITE,
		 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1, 0) == MAP_FAILED)
		g_error("there is no memory for a picture");
	s->size = s->reserved;
}

/* Where addresses are limited (RLIMIT_AS), a smaller range has to do. */
static bool reserve_addresses(struct tsr_surface *s)
{
	for (s->reserved = RESERVED; s->reserved >= RESERVED_LEAST; s->reserved /= 2) {
		s->bytes = mmap(NULL, s->reserved, PROT_READ | PROT_WRITE,
				s->fd >= 0 ? MAP_SHARED | MAP_NORESERVE
					   : MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE,
				s->fd, 0);
		if (s->bytes != MAP_FAILED)
			return true;
	}
	return false;
}

static void open_for_others(struct tsr_surface *s)
{
	g_autofree char *path = g_strdup_printf("/proc/self/fd/%d", s->fd);

	if (fcntl(s->fd, F_ADD_SEALS, F_SEAL_SHRINK) != 0)
		return;
	s->read_only = open(path, O_RDONLY | O_CLOEXEC);
	fcntl(s->fd, F_ADD_SEALS, F_SEAL_FUTURE_WRITE); /* fails before Linux 5.1 */
}

struct tsr_surface *tsr_surface_ref(struct tsr_surface *surface)
{
	return g_atomic_rc_box_acquire(surface);
}

static void surface_clear(gpointer data)
{
	struct tsr_surface *s = data;

	if (s->reserved)
		munmap(s->bytes, s->reserved);
	close_all(s);
}

void tsr_surface_unref(struct tsr_surface *surface)
{
	g_atomic_rc_box_release_full(surface, surface_clear);
}

struct tsr_surface *tsr_surface_new(void)
{
	struct tsr_surface *s = g_atomic_rc_box_new0(struct tsr_surface);

	s->read_only = -1;
	s->fd = memfd_create("display", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (!reserve_addresses(s)) {
		s->reserved = 0;
		tsr_surface_unref(s);
		return NULL;
	}
	if (s->fd >= 0)
		open_for_others(s);
	else
		s->size = s->reserved;
	return s;
}

uint32_t *tsr_surface_reserve(struct tsr_surface *surface, gsize bytes)
{
	gsize size = (bytes + GRAIN - 1) / GRAIN * GRAIN;

	if (bytes > surface->reserved)
		g_error("a picture of %" G_GSIZE_FORMAT " bytes is too large for this host", bytes);
	if (bytes > surface->size) {
		if (ftruncate(surface->fd, (off_t)size) == 0)
			surface->size = size;
		else
			give_up_sharing(surface);
	}
	return (uint32_t *)(void *)surface->bytes;
}

int tsr_surface_get_descriptor(const struct tsr_surface *surface)
{
	return surface->read_only;
}

static void bytes_free(gpointer surface)
{
	tsr_surface_unref(surface);
}

GBytes *tsr_surface_get_bytes(struct tsr_surface *surface, gsize bytes)
{
	return g_bytes_new_with_free_func(surface->bytes, bytes, bytes_free,
					  tsr_surface_ref(surface));
}
