/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * See porter.h. A call is judged by its arguments in registers, and by a copy of its path, neither
 * of which can change any more. What the porter opens is put into the process that asks, so nothing
 * is opened in there: its Landlock domain stays as narrow as it is. When there is no porter any
 * more, the calls fail with ENOSYS.
 *
 * Sources: seccomp_unotify(2), process_vm_readv(2); Linux 5.14 for descriptors that are an answer.
 */
#define _GNU_SOURCE
#include "jail/porter.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include "jail/porter-copies.h"
#include "jail/porter-files.h"
#include "jail/privileges.h"

#define PAGE 4096
#define FORK_FLAGS (CLONE_CHILD_SETTID | CLONE_CHILD_CLEARTID | SIGCHLD) /* glibc's fork(3) */

enum {
	LINE,
	INSIDE,
	LISTENER
}; /* the porter's descriptors: the other end of `line`, a pidfd, and
      that of the notifications */

static struct {
	int line;
	pid_t process;
} porter = { .line = -1 };

/* -- Descriptors in messages: one byte and one of them. */

union control {
	struct cmsghdr head;
	char bytes[CMSG_SPACE(sizeof(int))];
};

static bool send_fd(int line, int fd)
{
	union control control = { .head = { .cmsg_len = CMSG_LEN(sizeof(int)),
					    .cmsg_level = SOL_SOCKET,
					    .cmsg_type = SCM_RIGHTS } };
	char byte = 0;
	struct iovec data = { &byte, 1 };
	struct msghdr message = { .msg_iov = &data,
				  .msg_iovlen = 1,
				  .msg_control = &control,
				  .msg_controllen = sizeof(control) };

	memcpy(CMSG_DATA(&control.head), &fd, sizeof(fd));
	return sendmsg(line, &message, MSG_NOSIGNAL) == 1;
}

/* -1: none comes. */
static int receive_fd(int line)
{
	union control control = { 0 };
	char byte;
	struct iovec data = { &byte, 1 };
	struct msghdr message = { .msg_iov = &data,
				  .msg_iovlen = 1,
				  .msg_control = &control,
				  .msg_controllen = sizeof(control) };
	int fd = -1;

	if (recvmsg(line, &message, MSG_CMSG_CLOEXEC) == 1 &&
	    message.msg_controllen >= CMSG_LEN(sizeof(int)) && control.head.cmsg_type == SCM_RIGHTS)
		memcpy(&fd, CMSG_DATA(&control.head), sizeof(fd));
	return fd;
}

/* -- Answers */

static void answer(uint64_t id, int error, uint32_t flags)
{
	struct seccomp_notif_resp response = { .id = id, .error = -error, .flags = flags };

	ioctl(LISTENER, SECCOMP_IOCTL_NOTIF_SEND, &response);
}

static bool read_path(pid_t process, uint64_t address, char path[PATH_MAX])
{
	size_t n = 0;

	while (n < PATH_MAX) {
		size_t in_page = PAGE - (address + n) % PAGE;
		size_t piece = in_page < PATH_MAX - n ? in_page : PATH_MAX - n;
		struct iovec here = { path + n, piece };
		struct iovec there = { (void *)(uintptr_t)(address + n), piece };
		ssize_t got = process_vm_readv(process, &here, 1, &there, 1, 0);

		if (got <= 0)
			return false;
		if (memchr(path + n, 0, (size_t)got))
			return true;
		n += (size_t)got;
	}
	return false;
}

/* The process that was read is still the one that asks. */
static bool still_asks(uint64_t id)
{
	return !ioctl(LISTENER, SECCOMP_IOCTL_NOTIF_ID_VALID, &id);
}

static void answer_open(const struct seccomp_notif *asked)
{
	int flags = (int)asked->data.args[2], fd = -1;
	struct seccomp_notif_addfd given = { .id = asked->id,
					     .flags = SECCOMP_ADDFD_FLAG_SEND,
					     .newfd_flags = (uint32_t)(flags & O_CLOEXEC) };
	char path[PATH_MAX];

	errno = EACCES;
	if (read_path((pid_t)asked->pid, asked->data.args[1], path) && still_asks(asked->id) &&
	    (path[0] == '/' || (int)asked->data.args[0] == AT_FDCWD))
		fd = tsr_porter_files_open(path, flags);
	given.srcfd = (uint32_t)fd;
	if (fd < 0 || ioctl(LISTENER, SECCOMP_IOCTL_NOTIF_ADDFD, &given) < 0)
		answer(asked->id, errno, 0);
	if (fd >= 0)
		close(fd);
}

static bool has_thread(pid_t process, pid_t thread)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/task/%d", (int)process, (int)thread);
	return !access(path, F_OK);
}

/* Copies make no copies. */
static void answer_copy(const struct seccomp_notif *asked, pid_t inside)
{
	if (asked->data.args[0] == FORK_FLAGS && has_thread(inside, (pid_t)asked->pid) &&
	    still_asks(asked->id) && tsr_porter_copies_allow())
		answer(asked->id, 0, SECCOMP_USER_NOTIF_FLAG_CONTINUE);
	else
		answer(asked->id, EPERM, 0);
}

/* To the process itself only. */
static void answer_signal(const struct seccomp_notif *asked)
{
	if (has_thread((pid_t)asked->data.args[0], (pid_t)asked->pid) && still_asks(asked->id))
		answer(asked->id, 0, SECCOMP_USER_NOTIF_FLAG_CONTINUE);
	else
		answer(asked->id, EPERM, 0);
}

static void answer_one(pid_t inside)
{
	struct seccomp_notif asked = { 0 };

	if (ioctl(LISTENER, SECCOMP_IOCTL_NOTIF_RECV, &asked))
		return; /* it was interrupted, and asks again or is gone */
	if (asked.data.nr == SYS_openat)
		answer_open(&asked);
	else if (asked.data.nr == SYS_clone)
		answer_copy(&asked, inside);
	else if (asked.data.nr == SYS_tgkill)
		answer_signal(&asked);
	else
		answer(asked.id, ENOSYS, 0);
}

/* -- The process */

static void serve(pid_t inside)
{
	struct pollfd watched[] = {
		[LINE] = { .fd = LINE, .events = POLLIN },
		[INSIDE] = { .fd = INSIDE, .events = POLLIN },
		[LISTENER] = { .fd = LISTENER, .events = POLLIN },
	};
	char order;

	while (!watched[INSIDE].revents) {
		if (poll(watched, 3, tsr_porter_copies_wait_ms()) < 0)
			continue;
		if (watched[LINE].revents)
			tsr_porter_copies_end(true);
		if (watched[LINE].revents && read(LINE, &order, 1) <= 0)
			watched[LINE].fd = -1;
		if (watched[LISTENER].revents & POLLIN)
			answer_one(inside);
		else if (watched[LISTENER].revents)
			watched[LISTENER].fd = -1;
		tsr_porter_copies_end(false);
	}
	tsr_porter_copies_end(true);
}

/* Signals of the terminal are for the machine. */
static _Noreturn void be_porter(pid_t inside, int line)
{
	static const int ignored[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGPIPE };
	int process = pidfd_open(inside, 0);
	char ready = 1;

	for (unsigned i = 0; i < sizeof(ignored) / sizeof(ignored[0]); i++)
		signal(ignored[i], SIG_IGN);
	prctl(PR_SET_NAME, "tessera-porter");
	line = fcntl(line, F_DUPFD, LISTENER + 1);
	process = fcntl(process, F_DUPFD, LISTENER + 1);
	/* In this order: who has capabilities yet is hidden from who has none. */
	if (line < 0 || process < 0 || !tsr_porter_copies_begin(inside) ||
	    !tsr_jail_drop_privileges(-1))
		_exit(1);
	dup2(line, LINE);
	dup2(process, INSIDE);
	close_range(LISTENER, ~0u, 0);
	if (write(LINE, &ready, 1) != 1 || receive_fd(LINE) != LISTENER)
		_exit(1);
	serve(inside);
	_exit(0);
}

/* -- In the process inside */

static bool is_ready(void)
{
	char ready;

	if (read(porter.line, &ready, 1) == 1)
		return true;
	close(porter.line);
	porter.line = -1;
	errno = ENOSYS;
	return false;
}

bool tsr_porter_start(const struct tsr_jail_upgrades *upgrades, bool network)
{
	pid_t inside = getpid();
	int ends[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends))
		return false;
	tsr_porter_files_allow(upgrades, network);
	porter.process = fork();
	if (!porter.process) {
		close(ends[0]);
		be_porter(inside, ends[1]);
	}
	close(ends[1]);
	porter.line = ends[0];
	if (porter.process < 0) {
		close(porter.line);
		porter.line = -1;
	}
	return porter.line >= 0 && is_ready();
}

bool tsr_porter_employ(int listener)
{
	bool good = listener >= 0 && send_fd(porter.line, listener);

	if (listener >= 0)
		close(listener);
	if (good)
		return true;
	close(porter.line);
	porter.line = -1;
	return false;
}

pid_t tsr_porter_process(void)
{
	return porter.process;
}

bool tsr_porter_end_copies(void)
{
	char order = 0;

	return porter.line >= 0 && send(porter.line, &order, 1, MSG_NOSIGNAL) == 1;
}
