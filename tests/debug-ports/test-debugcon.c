/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The debug console. */
#include <CUnit/Basic.h>
#include <string.h>
#include <unistd.h>

#include <fake-host.h>

#include "unit.h"

#define FILE_NAME "test-debugcon.txt"

static char sent[64];

static void line_connect(void *self, const struct tsr_chardev_port *port)
{
	CU_ASSERT(port->room(port->to) > 0);
	port->receive(port->to, (const uint8_t *)"x", 1);
}

static size_t line_write(void *self, const uint8_t *bytes, size_t length)
{
	strncat(sent, (const char *)bytes, length);
	return length;
}

static void line_ready(void *self)
{
}

static const struct tsr_chardev line = {
	.size = sizeof(line),
	.connect = line_connect,
	.write = line_write,
	.ready = line_ready,
};

static void bytes_reach_the_back_end(void)
{
	fake_start();
	sent[0] = 0;
	fake_connect("backend", &line, NULL);
	fake_device_new(NULL, "debugcon", NULL);
	CU_ASSERT_EQUAL(fake_port_read(0xe9, 1), 0xe9);
	for (const char *at = "Tessera\n"; *at; at++)
		fake_port_write(0xe9, (uint8_t)*at, 1);
	CU_ASSERT_STRING_EQUAL(sent, "Tessera\n");
}

static void bytes_reach_a_file_from_another_port(void)
{
	char text[16] = "";
	FILE *file;
	void *console;

	fake_start();
	fake_connect("backend", NULL, NULL);
	console = fake_device_new(
		NULL, "debugcon",
		(struct fake_row[]){ { "port", "1026" }, { "file", FILE_NAME }, { NULL, NULL } });
	CU_ASSERT_EQUAL(fake_port_read(0xe9, 1), 0xff);
	CU_ASSERT_EQUAL(fake_port_read(0x402, 1), 0xe9);
	fake_port_write(0x402, 'a', 1);
	fake_port_write(0x402, 'b', 1);
	fake_device_delete(console);
	file = fopen(FILE_NAME, "rb");
	CU_ASSERT_PTR_NOT_NULL_FATAL(file);
	CU_ASSERT_EQUAL(fread(text, 1, sizeof(text), file), 2);
	CU_ASSERT_STRING_EQUAL(text, "ab");
	fclose(file);
	unlink(FILE_NAME);
}

static void bytes_may_go_nowhere(void)
{
	fake_start();
	fake_connect("backend", NULL, NULL);
	fake_device_new(NULL, "debugcon", NULL);
	fake_device_fuzz_registers(1, 1000);
}

static void unwritable_file_is_refused(void)
{
	struct tsr_error error;

	fake_start();
	CU_ASSERT_PTR_NULL(fake_device_try(
		NULL, "debugcon",
		(struct fake_row[]){ { "file", "no-such-folder/file" }, { NULL, NULL } }, &error));
	CU_ASSERT_PTR_NOT_NULL(strstr(error.message, "no-such-folder/file"));
}

#define ROW(test) \
	{ \
#test, test \
	}
static CU_TestInfo tests[] = {
	ROW(bytes_reach_the_back_end),
	ROW(bytes_reach_a_file_from_another_port),
	ROW(bytes_may_go_nowhere),
	ROW(unwritable_file_is_refused),
	CU_TEST_INFO_NULL,
};

int main(void)
{
	int status = unit_run("debugcon", tests);

	fake_finish();
	return status;
}
