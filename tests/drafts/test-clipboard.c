/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* tessera.clipboard/1: a guest-tools device with the clipboard, and two user interfaces. */
#include <string.h>

#include <tessera/draft/clipboard.h>

#include "fake-host.h"
#include "unit.h"

#define USERS 4

/* -- The device: its guest reads and writes the clipboard at once, as with VMware's backdoor, so it
 * requests each offer and keeps the text. */

struct tsr_clipboard_user {
	const struct tsr_clipboard_port *port;
};

enum owner { NOBODY = -1, GUEST = USERS };

struct tools {
	struct tsr_clipboard_user users[USERS];
	unsigned user_count;
	uint64_t serial;
	int owner;     /* of the offer: a user's number, or one of enum owner */
	char text[64]; /* of the offer, once it is known */
	uint32_t length;
	bool runs;         /* the guest's program */
	bool wants[USERS]; /* the text of the offer, when it comes */
};

static void offer_to_others(struct tools *t)
{
	for (unsigned i = 0; i < t->user_count; i++) {
		t->wants[i] = false;
		if ((int)i != t->owner)
			t->users[i].port->offered(t->users[i].port->to, t->serial);
	}
}

static void begin_offer(struct tools *t, int owner)
{
	t->serial++;
	t->owner = owner;
	t->length = 0;
	offer_to_others(t);
}

static struct tsr_clipboard_user *clipboard_connect(void *self,
						    const struct tsr_clipboard_port *port)
{
	struct tools *t = self;
	struct tsr_clipboard_user *user = &t->users[t->user_count++];

	user->port = port;
	return user;
}

/* Nothing of the port is called from inside of a user's call: a job does it. */
static void answer_later(struct tools *t);

static uint64_t clipboard_offer(void *self, struct tsr_clipboard_user *user)
{
	struct tools *t = self;

	if (!t->runs)
		return 0;
	begin_offer(t, (int)(user - t->users));
	answer_later(t);
	return t->serial;
}

static void clipboard_request(void *self, struct tsr_clipboard_user *user, uint64_t serial)
{
	struct tools *t = self;

	if (serial != t->serial)
		return;
	t->wants[user - t->users] = true;
	answer_later(t);
}

static void clipboard_give(void *self, struct tsr_clipboard_user *user, uint64_t serial,
			   const char *text, size_t length)
{
	struct tools *t = self;

	if (serial != t->serial || t->owner != user - t->users || length > sizeof(t->text))
		return;
	memcpy(t->text, text, length);
	t->length = (uint32_t)length;
	answer_later(t);
}

static const struct tsr_clipboard clipboard_table = {
	.size = sizeof(clipboard_table),
	.connect = clipboard_connect,
	.offer = clipboard_offer,
	.request = clipboard_request,
	.give = clipboard_give,
};

static const struct tsr_host *tools_host;
static const struct tsr_worker *worker;
static bool is_submitted;

static void answer(void *job)
{
	struct tools *t = job;

	is_submitted = false;
	if (t->owner >= 0 && t->owner < USERS && !t->length)
		t->users[t->owner].port->requested(t->users[t->owner].port->to, t->serial);
	for (unsigned i = 0; i < t->user_count && t->length; i++) {
		const struct tsr_clipboard_port *port = t->users[i].port;

		if (t->wants[i])
			port->text(port->to, t->serial, t->text, t->length);
		t->wants[i] = false;
	}
}

static void answer_later(struct tools *t)
{
	if (!is_submitted)
		worker->submit(tools_host, NULL, answer, t, true);
	is_submitted = true;
}

/* The guest's program sets the clipboard. */
static void guest_sets(struct tools *t, const char *text)
{
	begin_offer(t, GUEST);
	t->length = (uint32_t)strlen(text);
	memcpy(t->text, text, t->length);
}

static bool tools_attach(void *self, const struct tsr_host *host, struct tsr_error *error)
{
	struct tools *t = self;

	tools_host = host;
	worker = host->get(host, TSR_WORKER);
	is_submitted = false;
	t->owner = NOBODY;
	t->runs = true;
	return true;
}

static void tools_save(void *self, struct tsr_state_writer *out)
{
	tsr_state_put_u64(out, "serial", ((struct tools *)self)->serial);
}

static bool tools_load(void *self, struct tsr_state_reader *in, struct tsr_error *error)
{
	struct tools *t = self;

	if (!tsr_state_get_u64(in, "serial", &t->serial))
		return tsr_state_damaged(error, "the serial");
	t->owner = NOBODY;
	t->length = 0;
	for (unsigned i = 0; i < t->user_count; i++)
		if (TSR_HAS(t->users[i].port, gone))
			t->users[i].port->gone(t->users[i].port->to);
	return true;
}

static const void *tools_interface(void *self, const char *name)
{
	return strcmp(name, TSR_CLIPBOARD) == 0 ? &clipboard_table : NULL;
}

static const struct tsr_device_class tools_class = {
	.size = sizeof(tools_class),
	.instance_size = sizeof(struct tools),
	.attach = tools_attach,
	.save = tools_save,
	.load = tools_load,
	.get_interface = tools_interface,
};

/* -- The user interface: its desktop tells of each change of the clipboard, also of its own. */

struct viewer {
	const struct tsr_clipboard *clipboard;
	void *tools;
	struct tsr_clipboard_user *user;
	struct tsr_clipboard_port port;
	const char *own; /* the desktop's text that was offered */
	uint64_t own_serial, offered;
	char pasted[64];
	unsigned offers, gones;
	bool sets_itself; /* it is setting the desktop's clipboard */
};

static void desktop_changed(struct viewer *v, const char *text)
{
	if (v->sets_itself)
		return; /* the end of the loop */
	v->own = text;
	v->own_serial = v->clipboard->offer(v->tools, v->user);
	v->offers += v->own_serial != 0;
}

static void on_offered(void *to, uint64_t serial)
{
	struct viewer *v = to;

	v->offered = serial;
	v->own = NULL;
}

static void on_requested(void *to, uint64_t serial)
{
	struct viewer *v = to;

	if (v->own && serial == v->own_serial)
		v->clipboard->give(v->tools, v->user, serial, v->own, strlen(v->own));
}

static void on_text(void *to, uint64_t serial, const char *text, size_t length)
{
	struct viewer *v = to;

	snprintf(v->pasted, sizeof(v->pasted), "%.*s", (int)length, text);
	v->sets_itself = true;
	desktop_changed(v, v->pasted);
	v->sets_itself = false;
}

static void on_gone(void *to)
{
	((struct viewer *)to)->gones++;
	((struct viewer *)to)->offered = 0;
}

static bool viewer_attach(void *self, const struct tsr_host *host, struct tsr_error *error)
{
	struct viewer *v = self;
	const struct tsr_bus *bus = host->get(host, TSR_BUS);
	struct tsr_interface tools;

	if (!bus->get(host, "clipboard", &tools))
		return tsr_error_set(error, TSR_ERROR_NOT_FOUND, "no clipboard");
	v->clipboard = tools.table;
	v->tools = tools.self;
	v->port = (struct tsr_clipboard_port){ .size = sizeof(v->port),
					       .to = v,
					       .offered = on_offered,
					       .requested = on_requested,
					       .text = on_text,
					       .gone = on_gone };
	return true;
}

static bool viewer_realize(void *self, struct tsr_error *error)
{
	struct viewer *v = self;

	v->user = v->clipboard->connect(v->tools, &v->port);
	return true;
}

static const struct tsr_device_class viewer_class = { .size = sizeof(viewer_class),
						      .instance_size = sizeof(struct viewer),
						      .attach = viewer_attach,
						      .realize = viewer_realize };

/* -- Tests */

static struct tools *tools;
static struct viewer *one, *two;

static void begin(void)
{
	fake_start();
	tools = fake_device_new(&tools_class, NULL, NULL);
	fake_connect("clipboard", fake_device_interface(tools, TSR_CLIPBOARD), tools);
	one = fake_device_new(&viewer_class, NULL, NULL);
	two = fake_device_new(&viewer_class, NULL, NULL);
}

static void what_a_viewer_copies_reaches_the_guest(void)
{
	begin();
	desktop_changed(one, "from outside");
	CU_ASSERT_EQUAL(one->own_serial, 1);
	fake_workers_run();
	CU_ASSERT_EQUAL(tools->length, 12);
	CU_ASSERT_NSTRING_EQUAL(tools->text, "from outside", 12);
	CU_ASSERT_EQUAL(one->offered, 0); /* not its own */
	CU_ASSERT_EQUAL(two->offered, 1);
	two->clipboard->request(two->tools, two->user, 1);
	fake_workers_run();
	CU_ASSERT_STRING_EQUAL(two->pasted, "from outside");
	fake_finish();
}

static void what_the_guest_copies_reaches_who_asks(void)
{
	begin();
	guest_sets(tools, "from the guest");
	CU_ASSERT_EQUAL(one->offered, 1);
	CU_ASSERT_EQUAL(two->offered, 1);
	one->clipboard->request(one->tools, one->user, one->offered);
	CU_ASSERT_STRING_EQUAL(one->pasted, ""); /* never from inside of its own call */
	fake_workers_run();
	CU_ASSERT_STRING_EQUAL(one->pasted, "from the guest");
	CU_ASSERT_STRING_EQUAL(two->pasted, "");
	fake_finish();
}

static void there_is_no_loop(void)
{
	begin();
	guest_sets(tools, "once");
	one->clipboard->request(one->tools, one->user, one->offered);
	two->clipboard->request(two->tools, two->user, two->offered);
	fake_workers_run();
	CU_ASSERT_STRING_EQUAL(two->pasted, "once");
	CU_ASSERT_EQUAL(one->offers + two->offers, 0);
	CU_ASSERT_EQUAL(tools->serial, 1);
	fake_finish();
}

static void an_older_offer_is_passed_over(void)
{
	begin();
	desktop_changed(one, "older");
	guest_sets(tools, "newer");
	one->clipboard->give(one->tools, one->user, 1, "older", 5);
	two->clipboard->request(two->tools, two->user, 1);
	fake_workers_run();
	CU_ASSERT_STRING_EQUAL(two->pasted, "");
	CU_ASSERT_NSTRING_EQUAL(tools->text, "newer", 5);
	fake_finish();
}

static void a_guest_without_tools_takes_nothing(void)
{
	begin();
	tools->runs = false;
	desktop_changed(one, "lost");
	CU_ASSERT_EQUAL(one->own_serial, 0);
	CU_ASSERT_EQUAL(two->offered, 0);
	fake_finish();
}

static void an_offer_ends_with_a_load(void)
{
	struct fake_state *state;

	begin();
	guest_sets(tools, "secret");
	state = fake_device_save(tools);
	CU_ASSERT_TRUE(fake_device_load(tools, state, 1, NULL));
	CU_ASSERT_EQUAL(one->gones, 1);
	CU_ASSERT_EQUAL(one->offered, 0);
	guest_sets(tools, "next");
	CU_ASSERT_EQUAL(one->offered, 2); /* not 1 again */
	fake_state_free(state);
	fake_finish();
}

int main(void)
{
	static const CU_TestInfo tests[] = {
		UNIT_ROW(what_a_viewer_copies_reaches_the_guest),
		UNIT_ROW(what_the_guest_copies_reaches_who_asks),
		UNIT_ROW(there_is_no_loop),
		UNIT_ROW(an_older_offer_is_passed_over),
		UNIT_ROW(a_guest_without_tools_takes_nothing),
		UNIT_ROW(an_offer_ends_with_a_load),
		CU_TEST_INFO_NULL,
	};

	return unit_run("clipboard", tests);
}
