/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The picture. Scaling by whole multiples repeats the pixels here, because GTK before 4.10 can
 * scale textures only smoothly. Smooth scaling fills the widget and is left to GTK. To fit, the
 * pixels are repeated by the next whole number, and GTK scales that down, so that only the edges
 * between them are blurred. A picture that is larger than its widget is always scaled down
 * smoothly. Multiples are of device pixels; by itself the picture asks for one logical pixel for
 * each of its own.
 */
#include <math.h>

#include "strips.h"
#include "ui.h"

struct _UiScreen {
	GtkWidget parent;
	GBytes *frame; /* NULL: none was fetched yet */
	guint width, height;
	UiScale scale;
	struct ui_strips *strips; /* of frame */
};

G_DEFINE_TYPE(UiScreen, ui_screen, GTK_TYPE_WIDGET)

/* Device pixels to logical pixels. */
static double device_scale(UiScreen *self)
{
	return gtk_widget_get_scale_factor(GTK_WIDGET(self));
}

/* Device pixels that fit for each of the guest's pixels; may be below 1. */
static double fitting_scale(UiScreen *self)
{
	double x = gtk_widget_get_width(GTK_WIDGET(self)) * device_scale(self) / self->width;
	double y = gtk_widget_get_height(GTK_WIDGET(self)) * device_scale(self) / self->height;

	return MIN(x, y);
}

static double shown_scale(UiScreen *self)
{
	double scale = fitting_scale(self);

	return self->scale != UI_SCALE_WHOLE || scale < 1 ? scale : (guint)scale;
}

/* How often each pixel is repeated before GTK scales. */
static guint repetition(UiScreen *self, double scale)
{
	if (self->scale == UI_SCALE_SMOOTH || scale < 1)
		return 1;
	return (guint)(self->scale == UI_SCALE_FIT ? ceil(scale) : scale);
}

void ui_screen_get_area(UiScreen *self, graphene_rect_t *area)
{
	double width = gtk_widget_get_width(GTK_WIDGET(self)),
	       height = gtk_widget_get_height(GTK_WIDGET(self));
	double scale, w, h;

	if (!self->frame) {
		graphene_rect_init(area, 0, 0, width, height);
		return;
	}
	scale = shown_scale(self) / device_scale(self);
	w = self->width * scale;
	h = self->height * scale;
	graphene_rect_init(area, (int)((width - w) / 2), (int)((height - h) / 2), w, h);
}

static gboolean is_drawn_by_cairo(GtkWidget *widget)
{
	return GSK_IS_CAIRO_RENDERER(gtk_native_get_renderer(gtk_widget_get_native(widget)));
}

static void append_black(GtkSnapshot *snapshot, double x, double y, double width, double height)
{
	graphene_rect_t area = GRAPHENE_RECT_INIT((float)x, (float)y, (float)width, (float)height);

	if (width > 0 && height > 0)
		gtk_snapshot_append_color(snapshot, &(GdkRGBA){ 0, 0, 0, 1 }, &area);
}

/* What the picture does not cover. */
static void append_border(GtkWidget *widget, GtkSnapshot *snapshot, const graphene_rect_t *area)
{
	double width = gtk_widget_get_width(widget), height = gtk_widget_get_height(widget);
	double left = area->origin.x, right = left + area->size.width;
	double top = area->origin.y, bottom = top + area->size.height;

	append_black(snapshot, 0, 0, width, top);
	append_black(snapshot, 0, bottom, width, height - bottom);
	append_black(snapshot, 0, top, left, area->size.height);
	append_black(snapshot, right, top, width - right, area->size.height);
}

static void ui_screen_snapshot(GtkWidget *widget, GtkSnapshot *snapshot)
{
	UiScreen *self = UI_SCREEN(widget);
	struct ui_strips_form form = { .width = self->width, .height = self->height };
	graphene_rect_t area;
	double scale;

	if (!self->frame) {
		append_black(snapshot, 0, 0, gtk_widget_get_width(widget),
			     gtk_widget_get_height(widget));
		return;
	}
	scale = shown_scale(self);
	form.factor = repetition(self, scale);
	form.is_whole = form.factor != scale;
	form.is_cairo = is_drawn_by_cairo(widget);
	ui_screen_get_area(self, &area);
	if (form.is_whole) /* its edges may be within pixels of the device */
		append_black(snapshot, 0, 0, gtk_widget_get_width(widget),
			     gtk_widget_get_height(widget));
	else
		append_border(widget, snapshot, &area);
	gtk_snapshot_save(snapshot);
	gtk_snapshot_translate(snapshot, &area.origin);
	gtk_snapshot_scale(snapshot, area.size.width / (float)self->width,
			   area.size.height / (float)self->height);
	ui_strips_append(self->strips, snapshot, self->frame, &form);
	gtk_snapshot_restore(snapshot);
}

static void ui_screen_measure(GtkWidget *widget, GtkOrientation orientation, int for_size,
			      int *minimum, int *natural, int *minimum_baseline,
			      int *natural_baseline)
{
	UiScreen *self = UI_SCREEN(widget);
	guint size = orientation == GTK_ORIENTATION_HORIZONTAL ? self->width : self->height;

	*minimum = 64;
	*natural = MAX(64, (int)size);
}

static void ui_screen_dispose(GObject *object)
{
	UiScreen *self = UI_SCREEN(object);

	g_clear_pointer(&self->frame, g_bytes_unref);
	g_clear_pointer(&self->strips, ui_strips_free);
	G_OBJECT_CLASS(ui_screen_parent_class)->dispose(object);
}

static void ui_screen_class_init(UiScreenClass *class)
{
	G_OBJECT_CLASS(class)->dispose = ui_screen_dispose;
	GTK_WIDGET_CLASS(class)->snapshot = ui_screen_snapshot;
	GTK_WIDGET_CLASS(class)->measure = ui_screen_measure;
	gtk_widget_class_set_css_name(GTK_WIDGET_CLASS(class), "screen");
	gtk_widget_class_set_accessible_role(GTK_WIDGET_CLASS(class), GTK_ACCESSIBLE_ROLE_IMG);
}

static void ui_screen_init(UiScreen *self)
{
	self->strips = ui_strips_new();
	self->width = 720;
	self->height = 400;
	gtk_widget_set_focusable(GTK_WIDGET(self), TRUE);
	gtk_widget_set_hexpand(GTK_WIDGET(self), TRUE);
	gtk_widget_set_vexpand(GTK_WIDGET(self), TRUE);
	gtk_accessible_update_property(GTK_ACCESSIBLE(self), GTK_ACCESSIBLE_PROPERTY_LABEL,
				       _("Screen of the machine"), -1);
}

GtkWidget *ui_screen_new(void)
{
	return g_object_new(UI_TYPE_SCREEN, NULL);
}

void ui_screen_set_frame(UiScreen *self, GBytes *pixels, const TsrFrame *frame)
{
	gboolean resized = frame->width != self->width || frame->height != self->height;

	g_clear_pointer(&self->frame, g_bytes_unref);
	ui_strips_damage(self->strips, frame->damage_y, frame->damage_height);
	self->frame = g_bytes_ref(pixels);
	self->width = frame->width;
	self->height = frame->height;
	if (resized)
		gtk_widget_queue_resize(GTK_WIDGET(self));
	gtk_widget_queue_draw(GTK_WIDGET(self));
}

void ui_screen_set_scale(UiScreen *self, UiScale scale)
{
	self->scale = scale;
	gtk_widget_queue_draw(GTK_WIDGET(self));
}

GBytes *ui_screen_peek_frame(UiScreen *self, guint *width, guint *height)
{
	*width = self->width;
	*height = self->height;
	return self->frame;
}

GdkTexture *ui_screen_get_picture(UiScreen *self)
{
	return self->frame ? ui_strips_make_texture(self->frame, self->width, 0, self->height, 1)
			   : NULL;
}
