/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A device that somebody has taken over: a write to its port makes a system call which no device
 * has to make, natively and in the process of the machine, on the thread that the property
 * `thread` names. The machine ends with status 50 if the call worked, with 51 and the error's name
 * if it was refused. In a jail the process may end before.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include <tessera/tessera.h>

#define PAGE 4096

struct hostile {
	const struct tsr_host *host;
	const struct tsr_properties *properties;
	const struct tsr_worker *worker;
	const struct tsr_machine_table *machine;
	int event; /* for the polling thread */
};

enum { DONE = 50, REFUSED = 51 };

/* -- Attacks: 0, or -1 and errno. They leave the process as it was, if they are let. */

static int reap(pid_t child)
{
	int status;

	if (child <= 0)
		return -1;
	return waitpid(child, &status, 0) == child && status == 0 ? 0 : -1;
}

static int attack_exec(const char *target)
{
	char *const arguments[] = { (char *)target, NULL }, *const environment[] = { NULL };
	pid_t child = vfork();

	if (!child) {
		execve(target, arguments, environment);
		_exit(1);
	}
	return reap(child);
}

/* Replaces the machine itself. */
static int attack_execve(const char *target)
{
	char *const arguments[] = { (char *)target, NULL }, *const environment[] = { NULL };

	return execve(target, arguments, environment);
}

static int attack_fork(const char *target)
{
	pid_t child = (pid_t)syscall(SYS_fork);

	if (!child)
		_exit(0);
	return reap(child);
}

static int attack_clone_process(const char *target)
{
	pid_t child = (pid_t)syscall(SYS_clone, 17 /* SIGCHLD */, NULL, NULL, NULL, 0);

	if (!child)
		_exit(0);
	return reap(child);
}

static int open_close(const char *target, int flags)
{
	int fd = open(target, flags, 0600);

	return fd < 0 ? -1 : close(fd);
}

static int attack_read_file(const char *target)
{
	return open_close(target, O_RDONLY);
}

static int attack_write_file(const char *target)
{
	return open_close(target, O_WRONLY);
}

static int attack_create_file(const char *target)
{
	char beside[4096];

	snprintf(beside, sizeof(beside), "%s.new", target);
	return open_close(beside, O_WRONLY | O_CREAT | O_EXCL);
}

static int attack_unlink(const char *target)
{
	return unlink(target);
}

static int attack_rename(const char *target)
{
	char beside[4096];

	snprintf(beside, sizeof(beside), "%s.away", target);
	return rename(target, beside);
}

static int attack_connect(const char *target)
{
	struct sockaddr_in address = { .sin_family = AF_INET,
				       .sin_port = htons((uint16_t)atoi(target)),
				       .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int fd = socket(AF_INET, SOCK_STREAM, 0), status;

	if (fd < 0)
		return -1;
	status = connect(fd, (struct sockaddr *)&address, sizeof(address));
	close(fd);
	return status;
}

/* A family that no network adapter needs. */
static int attack_netlink(const char *target)
{
	int fd = socket(AF_NETLINK, SOCK_RAW, 0);

	return fd < 0 ? -1 : close(fd);
}

static int attack_map_code(const char *target)
{
	void *at = mmap(NULL, PAGE, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS,
			-1, 0);

	return at == MAP_FAILED ? -1 : munmap(at, PAGE);
}

static int attack_make_code(const char *target)
{
	void *at = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return mprotect(at, PAGE, PROT_READ | PROT_EXEC) ? -1 : munmap(at, PAGE);
}

static int attack_memfd(const char *target)
{
	int fd = memfd_create("hostile", 0);

	return fd < 0 ? -1 : close(fd);
}

/* -- What the jail lets in if plugins are to be upgraded */

static int attack_list_folder(const char *target)
{
	return open_close(target, O_RDONLY | O_DIRECTORY);
}

static int map_file(const char *target, int protection, int kind)
{
	int fd = open(target, O_RDONLY);
	void *at = mmap(NULL, PAGE, protection, kind, fd, 0);

	close(fd);
	return at == MAP_FAILED ? -1 : munmap(at, PAGE);
}

static int attack_map_plugin(const char *target)
{
	return map_file(target, PROT_READ | PROT_EXEC, MAP_PRIVATE);
}

/* What runs could be written. */
static int attack_map_writable(const char *target)
{
	return map_file(target, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE);
}

static int attack_map_shared(const char *target)
{
	return map_file(target, PROT_READ | PROT_EXEC, MAP_SHARED);
}

/* The path leads out of the folder in which it begins. */
static int attack_climb(const char *target)
{
	char path[4096];

	snprintf(path, sizeof(path), "%s/../../../../../../../../../../../../../../etc/passwd",
		 target);
	return open_close(path, O_RDONLY);
}

static int attack_copy(const char *target)
{
	pid_t child = fork();

	if (!child)
		_exit(0);
	return reap(child);
}

/* A second one beside it. */
static int attack_two_copies(const char *target)
{
	pid_t first = fork(), second;

	if (!first) {
		pause();
		_exit(0);
	}
	second = first > 0 ? fork() : -1;
	if (!second)
		_exit(0);
	return second > 0 ? 0 : -1;
}

/* A copy that makes one, and says by its status that it could not. */
static int attack_copy_of_copy(const char *target)
{
	pid_t child = fork(), grandchild;

	if (!child) {
		grandchild = fork();
		_exit(grandchild < 0 ? 1 : 0);
	}
	return reap(child);
}

/* A copy that is to outlive the machine. */
static int attack_stay(const char *target)
{
	pid_t child = fork();

	if (!child) {
		for (;;)
			pause();
	}
	fprintf(stderr, "copy %d\n", (int)child);
	return child < 0 ? -1 : 0;
}

static int attack_ptrace(const char *target)
{
	pid_t victim = atoi(target);

	return ptrace(PTRACE_ATTACH, victim, NULL, NULL) || waitpid(victim, NULL, __WALL) < 0 ||
			       ptrace(PTRACE_DETACH, victim, NULL, NULL)
		       ? -1
		       : 0;
}

static int attack_read_memory(const char *target)
{
	return process_vm_readv(atoi(target), NULL, 0, NULL, 0, 0) < 0 ? -1 : 0;
}

static int attack_kill(const char *target)
{
	return kill(atoi(target), 0);
}

static int attack_tgkill(const char *target)
{
	return (int)syscall(SYS_tgkill, atoi(target), atoi(target), 0);
}

static int attack_setuid(const char *target)
{
	return (int)syscall(SYS_setuid, getuid());
}

static int attack_chmod(const char *target)
{
	return chmod(target, 0600);
}

static const struct attack {
	const char *name;
	int (*make)(const char *target);
} attacks[] = {
	{ "exec", attack_exec },
	{ "execve", attack_execve },
	{ "fork", attack_fork },
	{ "clone-process", attack_clone_process },
	{ "read-file", attack_read_file },
	{ "write-file", attack_write_file },
	{ "create-file", attack_create_file },
	{ "unlink", attack_unlink },
	{ "rename", attack_rename },
	{ "connect", attack_connect },
	{ "netlink", attack_netlink },
	{ "map-code", attack_map_code },
	{ "make-code", attack_make_code },
	{ "memfd", attack_memfd },
	{ "read-names", attack_read_file },
	{ "read-plugin", attack_read_file },
	{ "list-folder", attack_list_folder },
	{ "map-plugin", attack_map_plugin },
	{ "map-writable", attack_map_writable },
	{ "map-shared", attack_map_shared },
	{ "climb", attack_climb },
	{ "write-plugin", attack_write_file },
	{ "copy", attack_copy },
	{ "two-copies", attack_two_copies },
	{ "copy-of-copy", attack_copy_of_copy },
	{ "stay", attack_stay },
	{ "ptrace", attack_ptrace },
	{ "read-memory", attack_read_memory },
	{ "kill", attack_kill },
	{ "tgkill", attack_tgkill },
	{ "setuid", attack_setuid },
	{ "chmod", attack_chmod },
};

static void make_attack(void *self)
{
	struct hostile *h = self;
	const char *name = h->properties->get_string(h->host, "attack");
	const char *target = h->properties->get_string(h->host, "target");

	for (size_t i = 0; i < sizeof(attacks) / sizeof(attacks[0]); i++) {
		if (strcmp(attacks[i].name, name))
			continue;
		errno = 0;
		if (attacks[i].make(target))
			h->machine->stop(h->host, REFUSED, strerrorname_np(errno));
		else
			h->machine->stop(h->host, DONE, "the attack worked");
	}
}

static void on_done(void *self)
{
}

static void on_event(void *self, short revents)
{
	struct hostile *h = self;
	uint64_t count;

	if (read(h->event, &count, sizeof(count)) > 0)
		make_attack(h);
}

/* -- The device */

static void port_write(void *self, uint64_t offset, uint64_t value, unsigned width)
{
	struct hostile *h = self;
	const char *thread = h->properties->get_string(h->host, "thread");
	const uint64_t one = 1;

	if (!strcmp(thread, "vcpu"))
		make_attack(h);
	else if (!strcmp(thread, "worker"))
		h->worker->submit(h->host, make_attack, on_done, h, false);
	else if (!strcmp(thread, "poll") && write(h->event, &one, sizeof(one)) < 0)
		h->machine->stop(h->host, 1, "no event");
}

static const struct tsr_io_ops ops = { .size = sizeof(ops), .widths = 1, .write = port_write };

/* Properties are changed on the main loop's thread. */
static bool on_go(void *self, const char *name, struct tsr_error *error)
{
	make_attack(self);
	return true;
}

static bool attach(void *self, const struct tsr_host *host, struct tsr_error *error)
{
	struct hostile *h = self;
	const struct tsr_io *io = host->get(host, TSR_IO);

	h->host = host;
	h->properties = host->get(host, TSR_PROPERTIES);
	h->worker = host->get(host, TSR_WORKER);
	h->machine = host->get(host, TSR_MACHINE);
	h->event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	h->worker->watch(host, h->event, POLLIN, on_event, h);
	h->properties->on_change(host, "go", on_go, h);
	return io->claim(host, "serial", &ops, h, error);
}

static void detach(void *self)
{
	close(((struct hostile *)self)->event);
}

static const struct tsr_device_class class = {
	.size = sizeof(class),
	.instance_size = sizeof(struct hostile),
	.attach = attach,
	.detach = detach,
};

TSR_DEVICE_PLUGIN(class);
