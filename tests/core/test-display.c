/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Displays: what viewers are told of a frame, and what the memory they map lets them do. */
#define _GNU_SOURCE /* seals */
#include <CUnit/Basic.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "instance/lock.h"
#include "little-machine.h"
#include "unit.h"

static TsrMachine *machine;
static const struct tsr_display_table *displays;
static struct tsr_display *display;

/* What the adapter does when it is next asked to draw. */
static struct {
	unsigned width, height; /* a change of mode; 0: none */
	unsigned x, y, w, h;    /* what it draws */
	unsigned calls;
} next;

static void adapter_refresh(void *self, bool full)
{
	size_t stride;

	next.calls++;
	if (next.width)
		displays->resize(display, next.width, next.height, &stride);
	displays->damage(display, next.x, next.y, next.w, next.h);
	next.width = next.w = next.h = 0;
}

static const struct tsr_display_ops adapter_ops = { .size = sizeof(adapter_ops),
						    .refresh = adapter_refresh };

static void set_mode(unsigned width, unsigned height)
{
	next.width = width;
	next.height = height;
}

static void draw(unsigned x, unsigned y, unsigned w, unsigned h)
{
	next.x = x;
	next.y = y;
	next.w = w;
	next.h = h;
}

static void begin(unsigned width, unsigned height)
{
	const struct tsr_host *host;

	machine = little_machine_new(1, TSR_CLOCK_REALTIME, NULL);
	host = little_device(machine)->host;
	displays = host->get(host, TSR_DISPLAY);
	tsr_machine_lock(machine);
	display = displays->add(host, &adapter_ops, NULL);
	tsr_machine_unlock(machine);
	set_mode(width, height);
}

static void end(void)
{
	g_clear_object(&machine);
}

static bool damage_is(const TsrFrame *f, guint x, guint y, guint w, guint h)
{
	return f->damage_x == x && f->damage_y == y && f->damage_width == w &&
	       f->damage_height == h;
}

static void a_viewer_learns_what_has_changed(void)
{
	TsrFrame fast = { 0 }, slow = { 0 };

	begin(100, 50);
	CU_ASSERT_TRUE(tsr_machine_refresh_display(machine, 0, &fast));
	CU_ASSERT_TRUE(damage_is(&fast, 0, 0, 100, 50));
	slow = fast;
	CU_ASSERT_FALSE(tsr_machine_refresh_display(machine, 0, &fast));
	draw(10, 20, 5, 5);
	CU_ASSERT_TRUE(tsr_machine_refresh_display(machine, 0, &fast));
	CU_ASSERT_TRUE(damage_is(&fast, 10, 20, 5, 5));
	draw(90, 40, 500, 4000000000u);
	CU_ASSERT_TRUE(tsr_machine_refresh_display(machine, 0, &fast));
	CU_ASSERT_TRUE(damage_is(&fast, 90, 40, 10, 10));
	CU_ASSERT_TRUE(tsr_machine_refresh_display(machine, 0, &slow));
	CU_ASSERT_TRUE(damage_is(&slow, 10, 20, 90, 30));
	CU_ASSERT_EQUAL(slow.serial, fast.serial);
	end();
}

static void a_viewer_that_was_away_gets_all(void)
{
	TsrFrame away = { 0 }, other = { 0 };

	begin(100, 50);
	tsr_machine_refresh_display(machine, 0, &away);
	other = away;
	for (int i = 0; i < 40; i++) {
		draw(1, 1, 1, 1);
		tsr_machine_refresh_display(machine, 0, &other);
	}
	CU_ASSERT_TRUE(tsr_machine_refresh_display(machine, 0, &away));
	CU_ASSERT_TRUE(damage_is(&away, 0, 0, 100, 50));
	away.serial = G_MAXUINT64; /* of another machine */
	CU_ASSERT_TRUE(tsr_machine_refresh_display(machine, 0, &away));
	CU_ASSERT_EQUAL(away.serial, other.serial);
	CU_ASSERT_TRUE(damage_is(&away, 0, 0, 100, 50));
	end();
}

static void a_change_of_mode_damages_all(void)
{
	TsrFrame frame = { 0 }, other = { 0 };

	begin(100, 50);
	tsr_machine_refresh_display(machine, 0, &frame);
	other = frame;
	set_mode(30, 80);
	draw(2, 2, 1, 1);
	tsr_machine_refresh_display(machine, 0, &frame);
	CU_ASSERT_TRUE(damage_is(&frame, 0, 0, 30, 80));
	draw(2, 2, 1, 1);
	tsr_machine_refresh_display(machine, 0, &frame);
	tsr_machine_refresh_display(machine, 0, &other);
	CU_ASSERT_TRUE(damage_is(&other, 0, 0, 30, 80));
	end();
}

static off_t size_of(int descriptor)
{
	struct stat info;

	CU_ASSERT_EQUAL_FATAL(fstat(descriptor, &info), 0);
	return info.st_size;
}

static void others_can_only_read(void)
{
	TsrFrame frame = { 0 };
	g_autofree char *path = NULL;
	int descriptor, again;

	begin(100, 50);
	descriptor = tsr_machine_open_display(machine, 0, NULL);
	CU_ASSERT_TRUE_FATAL(descriptor >= 0);
	tsr_machine_refresh_display(machine, 0, &frame);
	CU_ASSERT_TRUE(size_of(descriptor) >= 100 * 50 * 4);
	CU_ASSERT_EQUAL(mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0),
			MAP_FAILED);
	CU_ASSERT_EQUAL(ftruncate(descriptor, 0), -1);
	path = g_strdup_printf("/proc/self/fd/%d", descriptor);
	again = open(path, O_RDWR | O_CLOEXEC);
	CU_ASSERT_EQUAL(again < 0 ? -1 : ftruncate(again, 0), -1);
	CU_ASSERT_EQUAL(again < 0 ? -1 : write(again, "x", 1), -1);
	CU_ASSERT_EQUAL(mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, again, 0), MAP_FAILED);
	if (again >= 0)
		close(again);
	close(descriptor);
	end();
}

static void pixels_are_seen_without_a_copy(void)
{
	TsrFrame frame = { 0 };
	g_autoptr(GBytes) small = NULL, large = NULL;
	unsigned width, height;
	size_t stride;
	int descriptor;
	const uint32_t *seen;

	begin(100, 50);
	descriptor = tsr_machine_open_display(machine, 0, NULL);
	small = tsr_machine_borrow_frame(machine, 0, &frame);
	CU_ASSERT_EQUAL_FATAL(g_bytes_get_size(small), 100 * 50 * 4);
	set_mode(4096, 4096);
	large = tsr_machine_borrow_frame(machine, 0, &frame);
	CU_ASSERT_PTR_EQUAL(g_bytes_get_data(small, NULL), g_bytes_get_data(large, NULL));
	displays->pixels(display, &width, &height, &stride)[4096 * 4096 - 1] = 0x123456;
	CU_ASSERT_EQUAL_FATAL(size_of(descriptor), 4096 * 4096 * 4);
	seen = mmap(NULL, 4096 * 4096 * 4, PROT_READ, MAP_SHARED, descriptor, 0);
	CU_ASSERT_PTR_NOT_EQUAL_FATAL(seen, MAP_FAILED);
	CU_ASSERT_EQUAL(seen[4096 * 4096 - 1], 0x123456);
	set_mode(100, 50);
	tsr_machine_refresh_display(machine, 0, &frame);
	CU_ASSERT_EQUAL(seen[4096 * 4096 - 1], 0x123456); /* still mapped: it does not shrink */
	end();
	CU_ASSERT_EQUAL(seen[4096 * 4096 - 1], 0x123456);
	CU_ASSERT_EQUAL(((const uint32_t *)g_bytes_get_data(large, NULL))[4096 * 4096 - 1],
			0x123456);
	close(descriptor);
}

static void nothing_is_drawn_unasked(void)
{
	TsrFrame frame = { 0 };
	g_autoptr(GError) error = NULL;

	begin(100, 50);
	next.calls = 0;
	close(tsr_machine_open_display(machine, 0, NULL));
	CU_ASSERT_EQUAL(next.calls, 0);
	tsr_machine_refresh_display(machine, 0, &frame);
	CU_ASSERT_EQUAL(next.calls, 1);
	CU_ASSERT_FALSE(tsr_machine_refresh_display(machine, 1, &frame));
	CU_ASSERT_EQUAL(tsr_machine_open_display(machine, 1, &error), -1);
	CU_ASSERT_TRUE(g_error_matches(error, TSR_MACHINE_ERROR, TSR_MACHINE_ERROR_NOT_FOUND));
	end();
}

int main(void)
{
	static const CU_TestInfo tests[] = {
		UNIT_ROW(a_viewer_learns_what_has_changed),
		UNIT_ROW(a_viewer_that_was_away_gets_all),
		UNIT_ROW(a_change_of_mode_damages_all),
		UNIT_ROW(others_can_only_read),
		UNIT_ROW(pixels_are_seen_without_a_copy),
		UNIT_ROW(nothing_is_drawn_unasked),
		CU_TEST_INFO_NULL,
	};

	return unit_run("display", tests);
}
