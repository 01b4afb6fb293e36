/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The back end on a fake host: no machine, no guest. */
#include <fake-host.h>
#include <stdio.h>
#include <string.h>

static unsigned failures;

static void check(bool good, const char *what)
{
	printf("%s %s\n", good ? "ok    " : "FAILED", what);
	failures += !good;
}

/* -- A serial port */

static uint8_t received[64];
static size_t count, space = sizeof(received);

static size_t port_room(void *to)
{
	return space - count;
}

static void port_receive(void *to, const uint8_t *bytes, size_t length)
{
	memcpy(received + count, bytes, length);
	count += length;
}

static const struct tsr_chardev_port port = { .size = sizeof(port),
					      .room = port_room,
					      .receive = port_receive };

int main(void)
{
	fake_start();
	void *device = fake_device_new(NULL, MANIFEST, NULL);
	const struct tsr_chardev *chardev = fake_device_interface(device, TSR_CHARDEV);

	chardev->connect(device, &port);
	check(chardev->write(device, (const uint8_t *)"hello", 5) == 5, "it takes five bytes");
	check(count == 0, "they are on their way");
	check(fake_device_round_trip(device), "a state that is saved and loaded is the same");
	fake_clock_advance(1000000);
	check(count == 5 && memcmp(received, "hello", 5) == 0, "they come back");
	space = count = 2;
	chardev->write(device, (const uint8_t *)"!", 1);
	fake_clock_advance(1000000);
	check(count == 2, "not while the port is full");
	space = 3;
	chardev->ready(device);
	check(count == 3 && received[2] == '!', "but when it has room again");
	fake_finish();
	return failures ? 1 : 0;
}
