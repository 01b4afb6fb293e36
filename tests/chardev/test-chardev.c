/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Each kind of byte stream, with this test as the device and as the host's side. */
#include <CUnit/Basic.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fake-host.h>

#include "chardev.h"
#include "unit.h"

#define PATIENCE 1000u /* tenths of a second, on a busy host */

/* -- the device */

static struct {
	size_t room;
	char got[256];
	size_t length;
} device;

static size_t device_room(void *to)
{
	return device.room;
}

static void device_receive(void *to, const uint8_t *bytes, size_t length)
{
	CU_ASSERT(length <= device.room);
	memcpy(device.got + device.length, bytes, length);
	device.length += length;
	device.room -= length;
}

static const struct tsr_chardev_port port = {
	.size = sizeof(port),
	.room = device_room,
	.receive = device_receive,
};

static const struct tsr_chardev *table;
static void *self;
static char directory[] = "/tmp/test-chardev-XXXXXX";
static char path[128];

static const char *existing;

static bool try_start(const char *kind, struct tsr_error *error)
{
	memset(&device, 0, sizeof(device));
	device.room = 200;
	fake_start();
	self = fake_device_try(NULL, "chardev",
			       (struct fake_row[]){ { "kind", kind },
						    { "path", path },
						    { existing ? "existing" : NULL, existing },
						    { NULL, NULL } },
			       error);
	if (!self)
		return false;
	table = fake_device_interface(self, TSR_CHARDEV);
	table->connect(self, &port);
	return true;
}

static void start(const char *kind)
{
	struct tsr_error error = { 0 };

	CU_ASSERT_FATAL(try_start(kind, &error));
	fake_clock_advance(1); /* the machine runs */
}

static size_t send_text(const char *text)
{
	return table->write(self, (const uint8_t *)text, strlen(text));
}

/* Until the device has got that many bytes. */
static void poll_for(size_t length)
{
	for (unsigned i = 0; i < PATIENCE && device.length < length; i++)
		fake_poll(100);
}

static int connect_client(void)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	strcpy(address.sun_path, path);
	CU_ASSERT_EQUAL_FATAL(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	fake_poll(0);
	return fd;
}

/* -- tests */

static void none_swallows_output(void)
{
	start("none");
	CU_ASSERT_EQUAL(send_text("hello"), 5);
}

static void file_gets_the_output(void)
{
	char text[64] = "";
	int fd;

	snprintf(path, sizeof(path), "%s/out", directory);
	start("file");
	CU_ASSERT_EQUAL(send_text("hello\n"), 6);
	fake_finish();
	fd = open(path, O_RDONLY);
	CU_ASSERT_EQUAL(read(fd, text, sizeof(text)), 6);
	CU_ASSERT_STRING_EQUAL(text, "hello\n");
	close(fd);
	unlink(path);
}

/* Past the limit of `ulimit -f` output goes nowhere; the machine goes on. */
static void file_size_limit_ends_the_output(void)
{
	static uint8_t bytes[1000];
	struct rlimit old, limit;
	struct stat st;

	getrlimit(RLIMIT_FSIZE, &old);
	limit = (struct rlimit){ 1024, old.rlim_max };
	snprintf(path, sizeof(path), "%s/limited", directory);
	start("file");
	setrlimit(RLIMIT_FSIZE, &limit);
	for (unsigned i = 0; i < 3; i++)
		CU_ASSERT_EQUAL(table->write(self, bytes, sizeof(bytes)), sizeof(bytes));
	setrlimit(RLIMIT_FSIZE, &old);
	CU_ASSERT_EQUAL_FATAL(stat(path, &st), 0);
	CU_ASSERT_EQUAL(st.st_size, 1024);
	fake_finish();
	unlink(path);
}

static void file_that_exists_is_appended_to(void)
{
	struct stat st;

	snprintf(path, sizeof(path), "%s/out", directory);
	for (int run = 1; run <= 2; run++) {
		start("file");
		send_text("text");
		fake_device_reset(self, TSR_RESET_HARD);
		fake_finish();
		CU_ASSERT(!stat(path, &st) && st.st_size == 4 * run);
	}
	unlink(path);
}

static void file_is_emptied_once_if_asked(void)
{
	struct stat st;

	snprintf(path, sizeof(path), "%s/out", directory);
	start("file");
	send_text("old text");
	fake_finish();
	CU_ASSERT(!stat(path, &st) && st.st_size == 8);
	existing = "empty";
	start("file"); /* the fake host powers it on */
	CU_ASSERT(!stat(path, &st) && st.st_size == 0);
	send_text("kept");
	fake_device_reset(self, TSR_RESET_HARD);
	fake_finish();
	CU_ASSERT(!stat(path, &st) && st.st_size == 4);
	existing = NULL;
	unlink(path);
}

/* A terminal reports room when it has any, and a write that may wait waits for the rest of it. */
static void a_terminal_that_nobody_reads_does_not_block(void)
{
	int master = posix_openpt(O_RDWR | O_NOCTTY), slave;
	uint8_t bytes[4000];
	size_t taken = 0;

	memset(bytes, 'x', sizeof(bytes));
	CU_ASSERT_FATAL(!grantpt(master) && !unlockpt(master) &&
			!ptsname_r(master, path, sizeof(path)));
	slave = open(path, O_RDWR | O_NOCTTY);
	start("file");
	alarm(20);
	for (unsigned i = 0; i < 30; i++)
		taken += table->write(self, bytes, sizeof(bytes));
	alarm(0);
	CU_ASSERT(taken > 0 && taken < 30 * sizeof(bytes));
	fake_finish();
	close(slave);
	close(master);
}

static void missing_path_is_refused(void)
{
	struct tsr_error error = { 0 };

	*path = 0;
	CU_ASSERT_FALSE(try_start("file", &error));
	CU_ASSERT_PTR_NOT_NULL(strstr(error.message, "path"));
	CU_ASSERT_FALSE(try_start("unix", &error));
	strcpy(path, "/nonexistent/file");
	CU_ASSERT_FALSE(try_start("file", &error));
	CU_ASSERT_PTR_NOT_NULL(strstr(error.message, "/nonexistent/file"));
}

static void socket_serves_one_client_after_the_other(void)
{
	char text[64] = "";
	int first, second;

	snprintf(path, sizeof(path), "%s/socket", directory);
	start("unix");
	CU_ASSERT_EQUAL(send_text("lost"), 4);
	first = connect_client();
	send_text("one");
	CU_ASSERT_EQUAL(read(first, text, sizeof(text)), 3);
	CU_ASSERT_EQUAL(write(first, "in", 2), 2);
	fake_poll(0);
	CU_ASSERT_EQUAL(device.length, 2);
	second = connect_client();
	close(first);
	fake_poll(0);
	fake_poll(0);
	send_text("two");
	CU_ASSERT_EQUAL(read(second, text, sizeof(text)), 3);
	CU_ASSERT_NSTRING_EQUAL(text, "two", 3);
	close(second);
	send_text("to nobody"); /* no SIGPIPE */
	fake_finish();
	CU_ASSERT_NOT_EQUAL(access(path, F_OK), 0);
}

static void socket_leaves_other_files_alone(void)
{
	struct tsr_error error = { 0 };
	int fd;

	snprintf(path, sizeof(path), "%s/precious", directory);
	fd = open(path, O_CREAT | O_WRONLY, 0600);
	close(fd);
	CU_ASSERT_FALSE(try_start("unix", &error));
	fake_finish();
	CU_ASSERT_EQUAL(access(path, F_OK), 0);
	unlink(path);
}

static void slow_client_holds_the_device_back(void)
{
	size_t taken, total = 0, got = 0;
	char text[4096];
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "%s/socket", directory);
	start("unix");
	fd = connect_client();
	memset(text, 'x', sizeof(text));
	while ((taken = table->write(self, (uint8_t *)text, sizeof(text))) > 0)
		total += taken;
	CU_ASSERT(total > CHARDEV_OUT_SIZE && total < 100000000);
	while (got < total && (n = read(fd, text, sizeof(text))) > 0) {
		got += (size_t)n;
		fake_poll(0);
	}
	CU_ASSERT_EQUAL(got, total);
	close(fd);
}

static void input_stops_while_the_device_is_full(void)
{
	int fd;

	snprintf(path, sizeof(path), "%s/socket", directory);
	start("unix");
	fd = connect_client();
	device.room = 3;
	CU_ASSERT_EQUAL(write(fd, "abcdef", 6), 6);
	fake_poll(0);
	fake_poll(0);
	fake_poll(0);
	CU_ASSERT_EQUAL(device.length, 3);
	device.room = 10;
	table->ready(self);
	fake_poll(0);
	CU_ASSERT_NSTRING_EQUAL(device.got, "abcdef", 6);
	close(fd);
}

/* Before, a saved state may still be loaded over what the device took. */
static void input_waits_until_the_machine_runs(void)
{
	struct tsr_error error = { 0 };
	int fd;

	snprintf(path, sizeof(path), "%s/early", directory);
	CU_ASSERT_FATAL(try_start("unix", &error));
	fd = connect_client();
	for (unsigned i = 0; i < 2; i++) {
		CU_ASSERT_EQUAL(write(fd, "early", 5), 5);
		fake_poll(0);
	}
	CU_ASSERT_EQUAL(device.length, 0);
	fake_clock_advance(1);
	CU_ASSERT_STRING_EQUAL(device.got, "earlyearly");
	CU_ASSERT_EQUAL(write(fd, "late", 4), 4);
	fake_poll(0);
	CU_ASSERT_STRING_EQUAL(device.got, "earlyearlylate");
	close(fd);
}

static void pty_works_when_it_is_opened(void)
{
	char text[64] = "", name[128];
	int fd;

	*path = 0;
	start("pty");
	CU_ASSERT_STRING_EQUAL(fake_requests()->event, "pty");
	strcpy(name, fake_requests()->detail);
	CU_ASSERT_STRING_EQUAL(fake_device_get(self, "device"), name);
	fake_poll(0);
	CU_ASSERT_EQUAL(send_text("lost"), 4);
	fd = open(name, O_RDWR | O_NOCTTY);
	CU_ASSERT_FATAL(fd >= 0);
	send_text("hello\n");
	CU_ASSERT_EQUAL(read(fd, text, sizeof(text)), 6);
	CU_ASSERT_STRING_EQUAL(text, "hello\n");
	CU_ASSERT_EQUAL(write(fd, "key", 3), 3);
	fake_clock_advance(1000000000);
	poll_for(3);
	CU_ASSERT_NSTRING_EQUAL(device.got, "key", 3);
	close(fd);
	fake_poll(0);
	fake_poll(0);
	/* looks for the next reader by the clock, not in a loop */
	CU_ASSERT(fake_clock_next() != UINT64_MAX);
}

static void signal_emits_lines_and_takes_input(void)
{
	struct tsr_error error;

	*path = 0;
	start("signal");
	send_text("no line yet");
	CU_ASSERT_EQUAL(fake_requests()->events, 0);
	send_text("\n");
	CU_ASSERT_STRING_EQUAL(fake_requests()->event, "output");
	CU_ASSERT_STRING_EQUAL(fake_requests()->detail, "no line yet\n");
	send_text("prompt: ");
	fake_clock_advance(30000000);
	CU_ASSERT_STRING_EQUAL(fake_requests()->detail, "prompt: ");
	device.room = 2;
	CU_ASSERT(fake_device_set(self, "input", "abc", &error));
	CU_ASSERT_EQUAL(device.length, 2);
	device.room = 9;
	table->ready(self);
	CU_ASSERT_NSTRING_EQUAL(device.got, "abc", 3);
}

static void signal_emits_only_utf8(void)
{
	*path = 0;
	start("signal");
	send_text("\xc3\xa9\xff\xc3\n");
	CU_ASSERT_STRING_EQUAL(fake_requests()->detail, "\xc3\xa9\xef\xbf\xbd\xef\xbf\xbd\n");
	send_text("a\xe2\x82");
	fake_clock_advance(30000000);
	CU_ASSERT_STRING_EQUAL(fake_requests()->detail, "a");
	send_text("\xac\n");
	CU_ASSERT_STRING_EQUAL(fake_requests()->detail, "\xe2\x82\xac\n");
}

static void stdio_copies_both_ways(void)
{
	int in[2], out[2], saved_in = dup(0), saved_out = dup(1);
	char text[64] = "";

	*path = 0;
	fflush(stdout);
	CU_ASSERT_FATAL(!pipe(in) && !pipe(out));
	dup2(in[0], 0);
	dup2(out[1], 1);
	start("stdio");
	send_text("hello");
	CU_ASSERT_EQUAL(read(out[0], text, sizeof(text)), 5);
	CU_ASSERT_EQUAL(write(in[1], "\x01x", 2), 2); /* no terminal: no escape */
	fake_poll(0);
	CU_ASSERT_EQUAL(device.length, 2);
	CU_ASSERT_EQUAL(fake_requests()->stops, 0);
	fake_finish();
	dup2(saved_in, 0);
	dup2(saved_out, 1);
}

static void standard_streams_have_one_owner(void)
{
	struct tsr_error error = { 0 };
	const struct fake_row rows[] = { { "kind", "stdio" }, { NULL, NULL } };
	void *first;

	fake_start();
	first = fake_device_new(NULL, "chardev", rows);
	CU_ASSERT_PTR_NULL(fake_device_try(NULL, "chardev", rows, &error));
	CU_ASSERT_EQUAL(error.code, TSR_ERROR_CONFLICT);
	fake_device_delete(first);
	CU_ASSERT_PTR_NOT_NULL(fake_device_try(NULL, "chardev", rows, &error));
	fake_finish();
}

/* A process of its own, whose terminal is `slave`. Its status: which of the promises were kept. */
static int use_terminal(int slave)
{
	struct termios mode;
	int kept = 0;

	setsid();
	ioctl(slave, TIOCSCTTY, 0);
	dup2(slave, 0);
	dup2(slave, 1);
	start("stdio");
	tcgetattr(0, &mode);
	kept |= mode.c_lflag & (ICANON | ISIG | ECHO) ? 0 : 1;
	send_text("ready\n");
	poll_for(5);
	kept |= device.length == 5 && !memcmp(device.got, "a\x03\x01\x01z", 5) ? 2 : 0;
	send_text("taken\n");
	for (unsigned i = 0; i < PATIENCE && !fake_requests()->stops; i++)
		fake_poll(100);
	kept |= fake_requests()->stops == 1 && fake_requests()->exit_status == 0 ? 4 : 0;
	fake_finish();
	tcgetattr(0, &mode);
	kept |= mode.c_lflag & ICANON ? 8 : 0;
	return kept;
}

/* Waits for a line of the other side; false: it has ended. */
static bool says_line(int master)
{
	char letter = 0;

	while (letter != '\n')
		if (read(master, &letter, 1) != 1)
			return false;
	return true;
}

static void terminal_is_raw_and_has_an_escape(void)
{
	int master = posix_openpt(O_RDWR | O_NOCTTY), slave, status = 0;
	char name[128];
	pid_t child;

	*path = 0;
	CU_ASSERT_FATAL(!grantpt(master) && !unlockpt(master) &&
			!ptsname_r(master, name, sizeof(name)));
	slave = open(name, O_RDWR | O_NOCTTY);
	fflush(stdout);
	child = fork();
	if (!child)
		_exit(use_terminal(slave));
	close(slave);
	CU_ASSERT(says_line(master));
	CU_ASSERT_EQUAL(write(master,
			      "a\x03\x01\x01\x01"
			      "az",
			      7),
			7); /* Ctrl-A twice, Ctrl-A a */
	CU_ASSERT(says_line(master));
	CU_ASSERT_EQUAL(write(master, "\x01x", 2), 2);
	waitpid(child, &status, 0);
	CU_ASSERT_EQUAL(WEXITSTATUS(status), 15);
	close(master);
}

#define ROW(test) \
	{ \
#test, test \
	}
static CU_TestInfo tests[] = {
	ROW(none_swallows_output),
	ROW(file_gets_the_output),
	ROW(file_size_limit_ends_the_output),
	ROW(file_that_exists_is_appended_to),
	ROW(file_is_emptied_once_if_asked),
	ROW(a_terminal_that_nobody_reads_does_not_block),
	ROW(missing_path_is_refused),
	ROW(socket_serves_one_client_after_the_other),
	ROW(socket_leaves_other_files_alone),
	ROW(slow_client_holds_the_device_back),
	ROW(input_stops_while_the_device_is_full),
	ROW(input_waits_until_the_machine_runs),
	ROW(pty_works_when_it_is_opened),
	ROW(signal_emits_lines_and_takes_input),
	ROW(signal_emits_only_utf8),
	ROW(stdio_copies_both_ways),
	ROW(standard_streams_have_one_owner),
	ROW(terminal_is_raw_and_has_an_escape),
	CU_TEST_INFO_NULL,
};

int main(void)
{
	if (!mkdtemp(directory))
		return 1;
	int status = unit_run("chardev", tests);

	fake_finish();
	rmdir(directory);
	return status;
}
