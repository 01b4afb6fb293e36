/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See process.h. */
#define _GNU_SOURCE
#include "isolation/process.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include <tessera-glib/machine.h>
#include <tessera/abi.h>

#include "isolation/protocol.h"
#include "manifest/paths.h"

#define PROGRAM "tessera-isolated"
#define END_MS 2000
#define START_MS 10000 /* to load a plugin and to enter the jail, on a host that is busy */

static struct iso_shared *map_shared(int *fd)
{
	void *shared = MAP_FAILED;

	*fd = memfd_create("tessera-isolated", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (*fd >= 0 && !ftruncate(*fd, sizeof(struct iso_shared)) &&
	    !fcntl(*fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW))
		shared = mmap(NULL, sizeof(struct iso_shared), PROT_READ | PROT_WRITE, MAP_SHARED,
			      *fd, 0);
	return shared == MAP_FAILED ? NULL : shared;
}

/* It cannot shrink, so that nobody who has mapped it is in danger. */
static int open_memory(void)
{
	int fd = memfd_create("tessera-isolated-memory", MFD_CLOEXEC | MFD_ALLOW_SEALING);

	if (fd >= 0 && fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK) != 0) {
		close(fd);
		fd = -1;
	}
	return fd;
}

/* Of the environment it needs nothing but what its jail is asked. */
static gboolean spawn(TsrPlugin *plugin, const char *name, const int sources[4], GError **error)
{
	static const int targets[] = { ISO_FD_LINE, ISO_FD_SHARED, ISO_FD_RAM, ISO_FD_MEMORY };
	const char *jail = g_getenv("TESSERA_JAIL");
	g_autofree char *program = tsr_paths_find_program(PROGRAM);
	g_autofree char *library = g_canonicalize_filename(plugin->library, NULL);
	g_autofree char *whose = g_strdup_printf("%s of machine %d", name, (int)getpid());
	g_autofree char *jail_setting = g_strconcat("TESSERA_JAIL=", jail, NULL);
	const char *const argv[] = { program, library, plugin->id, plugin->version, whose, NULL };
	const char *const environment[] = { "LC_ALL=C.UTF-8", jail ? jail_setting : NULL, NULL };

	if (!program) {
		g_set_error(error, TSR_MACHINE_ERROR, TSR_MACHINE_ERROR_NOT_FOUND,
			    "the program " PROGRAM " is not installed, without which no device is "
			    "isolated; remove isolation=process, or install it");
		return FALSE;
	}
	return g_spawn_async_with_pipes_and_fds("/", argv, environment, G_SPAWN_STDOUT_TO_DEV_NULL,
						NULL, NULL, -1, -1, -1, sources, targets, 4, NULL,
						NULL, NULL, NULL, error);
}

struct iso_process *iso_process_new(TsrPlugin *plugin, const char *name, int ram, GError **error)
{
	struct iso_process *process = g_new0(struct iso_process, 1);
	int ends[2] = { -1, -1 }, fd;
	gboolean good = FALSE;

	process->line = -1;
	process->memory = open_memory();
	iso_channel_init();
	process->shared = map_shared(&fd);
	if (process->shared && process->memory >= 0 &&
	    !socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends)) {
		const int sources[] = { ends[1], fd, ram, process->memory };

		process->line = ends[0];
		good = spawn(plugin, name, sources, error);
		close(ends[1]);
	} else {
		g_set_error(error, TSR_MACHINE_ERROR, TSR_MACHINE_ERROR_FAILED,
			    "the memory of an isolated device cannot be had: %s",
			    g_strerror(errno));
	}
	if (fd >= 0)
		close(fd);
	if (good)
		return process;
	iso_process_free(process);
	return NULL;
}

/* The supervisor ends when it sees that the line is shut, after the device's process. */
static void wait_for_end(struct iso_process *process)
{
	struct pollfd line = { .fd = process->line, .events = POLLIN };
	struct iso_report report;

	shutdown(process->line, SHUT_WR);
	while (poll(&line, 1, END_MS) > 0 && recv(process->line, &report, sizeof(report), 0) > 0)
		;
}

void iso_process_free(struct iso_process *process)
{
	if (!process)
		return;
	if (process->line >= 0) {
		wait_for_end(process);
		close(process->line);
	}
	if (process->shared)
		munmap(process->shared, sizeof(*process->shared));
	if (process->memory >= 0)
		close(process->memory);
	g_free(process);
}

uint64_t iso_process_take_memory(struct iso_process *process, uint64_t length)
{
	uint64_t offset = process->memory_used;

	process->memory_used += (length + TSR_PAGE_MASK) & ~(uint64_t)TSR_PAGE_MASK;
	return offset;
}

uint8_t *iso_process_map_memory(struct iso_process *process, void *at, uint64_t offset,
				uint64_t length)
{
	void *bytes;

	if (offset + length > process->memory_size) {
		if (ftruncate(process->memory, (off_t)(offset + length)) != 0)
			return NULL;
		process->memory_size = offset + length;
	}
	bytes = mmap(at, length, PROT_READ | PROT_WRITE, MAP_SHARED | (at ? MAP_FIXED : 0),
		     process->memory, (off_t)offset);
	return bytes == MAP_FAILED ? NULL : bytes;
}

static bool order(struct iso_process *process, uint8_t what)
{
	return send(process->line, &what, 1, MSG_NOSIGNAL) == 1;
}

bool iso_process_start(struct iso_process *process, struct iso_message *hello)
{
	struct iso_shared *shared = process->shared;

	atomic_store(&shared->ended, 0);
	atomic_store(&shared->sleeps, 0);
	atomic_store(&shared->done, 0);
	shared->call = 0;
	atomic_store(&shared->turn, ISO_DEVICE);
	shared->posted_length = 0;
	return order(process, ISO_START) && iso_wait(shared, ISO_CORE, START_MS) &&
	       iso_copy(hello, &shared->message) && hello->head.kind == ISO_REPLY;
}

void iso_process_kill(struct iso_process *process)
{
	order(process, ISO_KILL);
}

bool iso_process_has_ended(struct iso_process *process, unsigned limit_ms, int *wait_status,
			   bool *is_gone)
{
	struct pollfd line = { .fd = process->line, .events = POLLIN };
	struct iso_report report;
	ssize_t length;

	if (poll(&line, 1, (int)limit_ms) <= 0)
		return false;
	length = recv(process->line, &report, sizeof(report), MSG_DONTWAIT);
	*is_gone = length != sizeof(report);
	*wait_status = *is_gone ? 0 : report.wait_status;
	return true;
}
