/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The injected faults themselves: each rule does what it says, to the named file only. */
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <string.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#include "fault.h"
#include "unit.h"

static int fd, other;
static char b[512];

static void errors_once_and_always(void)
{
	struct iovec piece = { b, sizeof(b) };

	fault_set("/tmp/test-fault-a*", "sync EIO once;write ENOSPC;read 121");
	CU_ASSERT(fdatasync(fd) == -1 && errno == EIO);
	CU_ASSERT_EQUAL(fdatasync(fd), 0);
	for (unsigned i = 0; i < 3; i++) {
		CU_ASSERT(pwrite(fd, b, sizeof(b), 0) == -1 && errno == ENOSPC);
		CU_ASSERT(pwritev(fd, &piece, 1, 0) == -1 && errno == ENOSPC);
		CU_ASSERT(preadv(fd, &piece, 1, 0) == -1 && errno == 121);
		CU_ASSERT(preadv2(fd, &piece, 1, 0, RWF_NOWAIT) == -1 && errno == 121);
	}
	CU_ASSERT_EQUAL(pwrite(other, b, sizeof(b), 0), sizeof(b));
	fault_set(NULL, NULL);
	CU_ASSERT_EQUAL(pwrite(fd, b, sizeof(b), 0), sizeof(b));
}

static void short_transfers(void)
{
	struct iovec pieces[2] = { { b, 64 }, { b + 64, 64 } };

	fault_set("/tmp/test-fault-a*", "read short once");
	CU_ASSERT_EQUAL(preadv(fd, pieces, 2, 0), 32);
	CU_ASSERT_EQUAL(preadv(fd, pieces, 2, 0), 128);
	fault_set("/tmp/test-fault-a*", "write short");
	CU_ASSERT_EQUAL(pwrite(fd, b, 100, 0), 50);
	CU_ASSERT_EQUAL(pwrite(fd, b, 1, 0), 1);
	fault_set(NULL, NULL);
}

static void slow_calls(void)
{
	time_t before = time(NULL);

	fault_set("/tmp/test-fault-a*", "sync slow=2 once");
	CU_ASSERT_EQUAL(fdatasync(fd), 0);
	CU_ASSERT(time(NULL) - before >= 2);
	fault_set(NULL, NULL);
}

/* What is not synced can be undone, latest first; what is synced cannot. */
static void unsynced_writes_can_be_undone(void)
{
	char path[] = "/tmp/test-fault-undoXXXXXX";
	uint64_t record[2];
	int undo = mkstemp(path);

	CU_ASSERT_EQUAL(pwrite(fd, "old", 3, 8), 3);
	setenv("TESSERA_FAULT_UNDO", path, 1);
	fault_set("/tmp/test-fault-a*", "");
	CU_ASSERT_EQUAL(pwrite(fd, "new", 3, 8), 3);
	CU_ASSERT_EQUAL(pwrite(other, "new", 3, 8), 3);
	CU_ASSERT_EQUAL(lseek(undo, 0, SEEK_END), sizeof(record) + 3);
	CU_ASSERT_EQUAL(pread(undo, record, sizeof(record), 0), sizeof(record));
	CU_ASSERT(record[0] == 8 && record[1] == 3);
	CU_ASSERT_EQUAL(pread(undo, b, 3, sizeof(record)), 3);
	CU_ASSERT(!memcmp(b, "old", 3));
	CU_ASSERT_EQUAL(fdatasync(other), 0);
	CU_ASSERT_EQUAL(lseek(undo, 0, SEEK_END), sizeof(record) + 3);
	CU_ASSERT_EQUAL(fdatasync(fd), 0);
	CU_ASSERT_EQUAL(lseek(undo, 0, SEEK_END), 0);
	fault_set(NULL, NULL);
	unsetenv("TESSERA_FAULT_UNDO");
	close(undo);
	unlink(path);
}

int main(void)
{
	static const CU_TestInfo tests[] = {
		UNIT_ROW(errors_once_and_always),
		UNIT_ROW(short_transfers),
		UNIT_ROW(slow_calls),
		UNIT_ROW(unsynced_writes_can_be_undone),
		CU_TEST_INFO_NULL,
	};
	char path[] = "/tmp/test-fault-aXXXXXX", foreign[] = "/tmp/test-fault-bXXXXXX";
	int status;

	fd = mkstemp(path);
	other = mkstemp(foreign);
	if (fd < 0 || other < 0)
		return 1;
	status = unit_run("fault", tests);
	unlink(path);
	unlink(foreign);
	return status;
}
