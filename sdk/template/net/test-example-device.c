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

/* -- A network card */

static uint8_t received[TSR_NET_FRAME_MAX];
static size_t frames;
static bool is_ready = true;

static bool card_can_receive(void *to)
{
	return is_ready;
}

static void card_receive(void *to, const uint8_t *frame, size_t length)
{
	memcpy(received, frame, length);
	frames++;
}

static const struct tsr_net_port port = { .size = sizeof(port),
					  .can_receive = card_can_receive,
					  .receive = card_receive };

int main(void)
{
	uint8_t frame[60] = "\1\1\1\1\1\1\2\2\2\2\2\2 a frame";

	fake_start();
	void *device = fake_device_new(NULL, MANIFEST, NULL);
	const struct tsr_net *net = fake_device_interface(device, TSR_NET);

	net->connect(device, &port);
	net->send(device, frame, sizeof(frame));
	check(frames == 0, "the frame is on its way");
	check(fake_device_round_trip(device), "a state that is saved and loaded is the same");
	fake_clock_advance(100000);
	check(frames == 1 && received[0] == 2 && received[6] == 1, "it comes back to its sender");
	check(memcmp(received + 12, frame + 12, sizeof(frame) - 12) == 0, "with the same contents");
	is_ready = false;
	net->send(device, frame, sizeof(frame));
	fake_clock_advance(100000);
	check(frames == 1, "not while the card is not ready");
	is_ready = true;
	net->ready(device);
	check(frames == 2, "but when it is again");
	fake_finish();
	return failures ? 1 : 0;
}
