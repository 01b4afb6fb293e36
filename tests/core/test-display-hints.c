/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What an adapter and viewers tell each other besides the picture: cursors and sizes. */
#include <string.h>

#include <tessera/draft/display-hints.h>

#include "instance/lock.h"
#include "little-machine.h"
#include "unit.h"

static TsrMachine *machine;
static const struct tsr_display_hints *hints;
static struct tsr_display *display;
static struct {
	unsigned width, height; /* that a viewer would like */
	bool full;              /* it was asked to draw all */
	bool has_drawn_cursor;
} adapter;

static void adapter_refresh(void *self, bool full)
{
	adapter.full = full;
	adapter.has_drawn_cursor = !hints->is_drawn(display);
}

static void adapter_mode(void *self, unsigned width, unsigned height)
{
	adapter.width = width;
	adapter.height = height;
}

static const struct tsr_display_ops display_ops = { .size = sizeof(display_ops),
						    .refresh = adapter_refresh };
static const struct tsr_display_hints_ops hints_ops = { .size = sizeof(hints_ops),
							.mode = adapter_mode };

static void begin(void)
{
	const struct tsr_display_table *displays;
	const struct tsr_host *host;

	memset(&adapter, 0, sizeof(adapter));
	machine = little_machine_new(1, TSR_CLOCK_REALTIME, NULL);
	host = little_device(machine)->host;
	displays = host->get(host, TSR_DISPLAY);
	hints = host->get(host, TSR_DISPLAY_HINTS);
	tsr_machine_lock(machine);
	display = displays->add(host, &display_ops, NULL);
	tsr_machine_unlock(machine);
}

static void end(void)
{
	g_clear_object(&machine);
}

static bool set_image(uint16_t width, uint16_t height, uint16_t hot_x, uint16_t hot_y)
{
	static const uint32_t pixels[] = { 0x80000001, 2, 3, 4, 5, 6 };
	const struct tsr_cursor_image image = { .size = sizeof(image),
						.width = width,
						.height = height,
						.hot_x = hot_x,
						.hot_y = hot_y,
						.pixels = pixels };
	bool good;

	tsr_machine_lock(machine);
	good = hints->set_cursor(display, &image);
	tsr_machine_unlock(machine);
	return good;
}

static void move(int x, int y, bool visible)
{
	tsr_machine_lock(machine);
	hints->move_cursor(display, x, y, visible);
	tsr_machine_unlock(machine);
}

static void a_viewer_gets_the_cursor_and_its_image_once(void)
{
	TsrCursor cursor = { 0 };
	g_autoptr(GBytes) image = NULL;

	begin();
	CU_ASSERT_PTR_NULL(tsr_machine_get_cursor(machine, 0, &cursor));
	CU_ASSERT_TRUE(set_image(3, 2, 1, 0));
	move(-1, 40, true);
	image = tsr_machine_get_cursor(machine, 0, &cursor);
	CU_ASSERT_PTR_NOT_NULL_FATAL(image);
	CU_ASSERT_EQUAL(g_bytes_get_size(image), 3 * 2 * 4);
	CU_ASSERT_EQUAL(((const uint32_t *)g_bytes_get_data(image, NULL))[5], 6);
	CU_ASSERT_TRUE(cursor.width == 3 && cursor.height == 2);
	CU_ASSERT_TRUE(cursor.hot_x == 1 && cursor.hot_y == 0);
	CU_ASSERT_TRUE(cursor.x == -1 && cursor.y == 40 && cursor.visible);
	move(5, 6, false);
	CU_ASSERT_PTR_NULL(tsr_machine_get_cursor(machine, 0, &cursor));
	CU_ASSERT_TRUE(cursor.x == 5 && cursor.y == 6 && !cursor.visible);
	CU_ASSERT_TRUE(set_image(1, 1, 0, 0));
	CU_ASSERT_EQUAL(((const uint32_t *)g_bytes_get_data(image, NULL))[5], 6); /* kept */
	g_clear_pointer(&image, g_bytes_unref);
	image = tsr_machine_get_cursor(machine, 0, &cursor);
	CU_ASSERT_PTR_NOT_NULL(image);
	CU_ASSERT_PTR_NULL(tsr_machine_get_cursor(machine, 1, &cursor));
	end();
}

static void wrong_images_leave_the_old_one(void)
{
	TsrCursor cursor = { 0 };

	begin();
	CU_ASSERT_FALSE(set_image(0, 1, 0, 0));
	CU_ASSERT_FALSE(set_image(1, TSR_CURSOR_SIDE_MAX + 1, 0, 0));
	CU_ASSERT_FALSE(set_image(2, 1, 2, 0));
	CU_ASSERT_FALSE(set_image(2, 1, 0, 1));
	move(1, 1, true);
	CU_ASSERT_PTR_NULL(tsr_machine_get_cursor(machine, 0, &cursor));
	CU_ASSERT_FALSE(cursor.visible); /* without an image */
	end();
}

static void the_adapter_draws_it_while_no_viewer_does(void)
{
	TsrFrame frame = { .serial = 1 };

	begin();
	tsr_machine_refresh_display(machine, 0, &frame);
	CU_ASSERT_TRUE(adapter.has_drawn_cursor);
	CU_ASSERT_FALSE(tsr_machine_draw_cursor(machine, 1, TRUE));
	CU_ASSERT_TRUE(tsr_machine_draw_cursor(machine, 0, TRUE));
	CU_ASSERT_TRUE(tsr_machine_draw_cursor(machine, 0, TRUE)); /* another viewer */
	tsr_machine_refresh_display(machine, 0, &frame);
	CU_ASSERT_TRUE(adapter.full);
	CU_ASSERT_FALSE(adapter.has_drawn_cursor);
	tsr_machine_draw_cursor(machine, 0, FALSE);
	tsr_machine_refresh_display(machine, 0, &frame);
	CU_ASSERT_FALSE(adapter.full);
	CU_ASSERT_FALSE(adapter.has_drawn_cursor);
	tsr_machine_draw_cursor(machine, 0, FALSE);
	tsr_machine_draw_cursor(machine, 0, FALSE); /* once too often */
	tsr_machine_refresh_display(machine, 0, &frame);
	CU_ASSERT_TRUE(adapter.full);
	CU_ASSERT_TRUE(adapter.has_drawn_cursor);
	end();
}

static void the_adapter_hears_of_a_wanted_size(void)
{
	begin();
	tsr_machine_hint_mode(machine, 0, 800, 600); /* nobody listens */
	tsr_machine_lock(machine);
	hints->listen(little_device(machine)->host, display, &hints_ops, NULL);
	tsr_machine_unlock(machine);
	CU_ASSERT_EQUAL(adapter.width, 0);
	tsr_machine_hint_mode(machine, 0, 1024, 768);
	CU_ASSERT_TRUE(adapter.width == 1024 && adapter.height == 768);
	tsr_machine_hint_mode(machine, 0, 0, 768);
	tsr_machine_hint_mode(machine, 0, 16385, 768);
	tsr_machine_hint_mode(machine, 1, 1, 1);
	CU_ASSERT_TRUE(adapter.width == 1024 && adapter.height == 768);
	end();
}

int main(void)
{
	static const CU_TestInfo tests[] = {
		UNIT_ROW(a_viewer_gets_the_cursor_and_its_image_once),
		UNIT_ROW(wrong_images_leave_the_old_one),
		UNIT_ROW(the_adapter_draws_it_while_no_viewer_does),
		UNIT_ROW(the_adapter_hears_of_a_wanted_size),
		CU_TEST_INFO_NULL,
	};

	return unit_run("display-hints", tests);
}
