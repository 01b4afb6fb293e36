/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * See recorder.h. The video has the size of its first picture to its end, because Matroska has one
 * size for a track (RFC 9559, section 5.1.4.1.28), and BT.601 colours, because VP8 has no others
 * (RFC 6386, section 9.2). A picture that does not change is repeated each second, so that a file
 * whose writer was killed lacks no more than that, and players can seek. Gaps: no sound; a guest
 * that switches to a larger mode is scaled down.
 */
#include "recorder.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gi18n-lib.h>
#include <glib/gstdio.h>
#include <gst/app/gstappsrc.h>
#include <gst/gst.h>
#include <unistd.h>

#define QUEUE_MAX 3u                      /* pictures that wait for the encoder */
#define APART_US (5 * 1000)               /* two pictures; Matroska counts milliseconds */
#define STILL_US G_USEC_PER_SEC           /* until a picture is repeated */
#define NOMINAL (GST_SECOND / 60)         /* duration of a picture */
#define KEY_FRAMES_APART 600              /* pictures */
#define QUANTIZER_MIN 2                   /* of 0 to 63: small letters stay sharp */
#define QUANTIZER_MAX 24                  /* also when a lot changes */
#define KBIT_A_SECOND 30000               /* at most; a still screen takes next to nothing */
#define SPEED 8                           /* of 16: the encoder's, at some cost of size */
#define END_MAX (10 * (gint64)GST_SECOND) /* of what is still to be encoded and written */
#define WAIT_MAX_US (10 * G_USEC_PER_SEC) /* for other threads, at the end of the process */

struct recorder {
	GstElement *pipeline, *source;
	guint width, height; /* of the video, in pixels */
	RecorderEnded ended; /* NULL: it did not begin, or has told its end */
	gpointer data;
	guint watch; /* of the bus; 0: none */

	GBytes *picture; /* the newest */
	guint picture_width, picture_height;
	gboolean is_new;           /* it is not in the video yet */
	GstSample *last;           /* that is in the video; NULL: none yet */
	gint64 began_us, given_us; /* given: the time of `last` */
	gboolean is_stopped;
};

/* -- Other threads */

/* GStreamer belongs to the process, and so do those who use it. */
static struct {
	GMutex lock;
	GCond released;
	guint count;
} holds;

void recorder_hold(void)
{
	g_mutex_lock(&holds.lock);
	holds.count++;
	g_mutex_unlock(&holds.lock);
}

void recorder_release(void)
{
	g_mutex_lock(&holds.lock);
	holds.count--;
	g_cond_broadcast(&holds.released);
	g_mutex_unlock(&holds.lock);
}

void recorder_wait(void)
{
	const gint64 until = g_get_monotonic_time() + WAIT_MAX_US;

	g_mutex_lock(&holds.lock);
	while (holds.count && g_cond_wait_until(&holds.released, &holds.lock, until))
		continue;
	g_mutex_unlock(&holds.lock);
}

/* -- GStreamer */

static const struct {
	const char *element, *package;
} needed[] = {
	{ "appsrc", "gstreamer1.0-plugins-base" },
	{ "videoconvert", "gstreamer1.0-plugins-base" },
	{ "videoscale", "gstreamer1.0-plugins-base" },
	{ "capsfilter", "libgstreamer1.0-0" },
	{ "vp8enc", "gstreamer1.0-plugins-good" },
	{ "webmmux", "gstreamer1.0-plugins-good" },
	{ "filesink", "libgstreamer1.0-0" },
};

enum { SOURCE, CONVERT, SCALE, FILTER, ENCODER, MUXER, SINK };
G_STATIC_ASSERT(SINK + 1 == G_N_ELEMENTS(needed));

gboolean recorder_prepare(GError **error)
{
	if (!gst_init_check(NULL, NULL, error))
		return FALSE;
	for (guint i = 0; i < G_N_ELEMENTS(needed); i++) {
		g_autoptr(GstElementFactory) factory = gst_element_factory_find(needed[i].element);

		if (factory)
			continue;
		g_set_error(error, G_IO_ERROR, G_IO_ERROR_NOT_SUPPORTED,
			    _("Recording needs “%s” of GStreamer, which is in Debian's package "
			      "%s. Install it, and try again."),
			    needed[i].element, needed[i].package);
		return FALSE;
	}
	return TRUE;
}

static GstCaps *caps_of_picture(guint width, guint height)
{
	return gst_caps_new_simple("video/x-raw", "format", G_TYPE_STRING,
				   G_BYTE_ORDER == G_LITTLE_ENDIAN ? "BGRx" : "xRGB", "width",
				   G_TYPE_INT, (int)width, "height", G_TYPE_INT, (int)height,
				   "framerate", GST_TYPE_FRACTION, 0, 1, "pixel-aspect-ratio",
				   GST_TYPE_FRACTION, 1, 1, NULL);
}

static GstCaps *caps_of_video(guint width, guint height)
{
	return gst_caps_new_simple("video/x-raw", "format", G_TYPE_STRING, "I420", "width",
				   G_TYPE_INT, (int)width, "height", G_TYPE_INT, (int)height,
				   "pixel-aspect-ratio", GST_TYPE_FRACTION, 1, 1, "colorimetry",
				   G_TYPE_STRING, "bt601", NULL);
}

/* One thread of the encoder: several wait for each other by spinning, which on a busy host took
 * twenty times the processor time. */
static void set_up(GstElement *elements[], const char *path, guint width, guint height)
{
	g_autoptr(GstCaps) caps = caps_of_video(width, height);

	g_object_set(elements[SOURCE], "format", GST_FORMAT_TIME, "max-bytes", (guint64)0, NULL);
	g_object_set(elements[SCALE], "add-borders", TRUE, NULL);
	g_object_set(elements[FILTER], "caps", caps, NULL);
	g_object_set(elements[ENCODER], "deadline", (gint64)1, "cpu-used", SPEED, "threads", 1,
		     "min-quantizer", QUANTIZER_MIN, "max-quantizer", QUANTIZER_MAX,
		     "target-bitrate", KBIT_A_SECOND * 1000, "keyframe-max-dist", KEY_FRAMES_APART,
		     NULL);
	gst_util_set_object_arg(G_OBJECT(elements[SINK]), "buffer-mode", "unbuffered");
	g_object_set(elements[SINK], "location", path, NULL);
}

/* Elements that are of no use any more, on a thread: the end of a stream waits for its threads. */
static gpointer end_pipeline(gpointer pipeline)
{
	gst_element_set_state(pipeline, GST_STATE_NULL);
	gst_object_unref(pipeline);
	recorder_release();
	return NULL;
}

static GstElement *make_pipeline(const char *path, guint width, guint height, GstElement **source)
{
	GstElement *pipeline = gst_pipeline_new(NULL), *elements[G_N_ELEMENTS(needed)];

	for (guint i = 0; i < G_N_ELEMENTS(needed); i++) {
		elements[i] = gst_element_factory_make(needed[i].element, NULL);
		gst_bin_add(GST_BIN(pipeline), elements[i]);
	}
	set_up(elements, path, width, height);
	for (guint i = 1; i < G_N_ELEMENTS(needed); i++)
		gst_element_link(elements[i - 1], elements[i]);
	*source = elements[SOURCE];
	return pipeline;
}

/* GStreamer does not say why a file cannot be made. */
static gboolean make_file(const char *path, GError **error)
{
	int file = g_open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);

	if (file < 0) {
		g_set_error(error, G_IO_ERROR, (int)g_io_error_from_errno(errno), "%s: %s", path,
			    g_strerror(errno));
		return FALSE;
	}
	close(file);
	return TRUE;
}

/* NULL: it has not failed. */
static GError *error_of_message(GstMessage *message)
{
	g_autoptr(GError) why = NULL;

	if (!message || GST_MESSAGE_TYPE(message) != GST_MESSAGE_ERROR)
		return NULL;
	gst_message_parse_error(message, &why, NULL);
	if (g_error_matches(why, GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_NO_SPACE_LEFT))
		return g_error_new(G_IO_ERROR, G_IO_ERROR_NO_SPACE,
				   _("There is no space left on the disk. The file has what was "
				     "written until then."));
	return g_steal_pointer(&why);
}

struct recorder *recorder_new(const char *path, guint width, guint height, GError **error)
{
	struct recorder *r;

	if (!recorder_prepare(error) || !make_file(path, error))
		return NULL;
	r = g_new0(struct recorder, 1);
	r->width = width;
	r->height = height;
	r->pipeline = make_pipeline(path, width, height, &r->source);
	if (gst_element_set_state(r->pipeline, GST_STATE_PLAYING) == GST_STATE_CHANGE_FAILURE) {
		g_autoptr(GstBus) bus = gst_element_get_bus(r->pipeline);
		g_autoptr(GstMessage) message = gst_bus_pop_filtered(bus, GST_MESSAGE_ERROR);
		GError *why = error_of_message(message);

		g_propagate_error(error,
				  why ? why
				      : g_error_new(G_IO_ERROR, G_IO_ERROR_FAILED,
						    _("GStreamer cannot write “%s”."), path));
		recorder_free(r);
		return NULL;
	}
	return r;
}

/* -- Pictures */

static gboolean is_behind(const struct recorder *r)
{
	return gst_app_src_get_current_level_buffers(GST_APP_SRC(r->source)) >= QUEUE_MAX;
}

/* Takes the buffer. */
static void give(struct recorder *r, GstBuffer *buffer, GstCaps *caps, gint64 now_us)
{
	GST_BUFFER_PTS(buffer) = (GstClockTime)(now_us - r->began_us) * GST_USECOND;
	GST_BUFFER_DURATION(buffer) = NOMINAL;
	g_clear_pointer(&r->last, gst_sample_unref);
	r->last = gst_sample_new(buffer, caps, NULL, NULL);
	r->given_us = now_us;
	gst_buffer_unref(buffer);
	gst_app_src_push_sample(GST_APP_SRC(r->source), r->last);
}

static void give_picture(struct recorder *r, gint64 now_us)
{
	gsize size = (gsize)r->picture_width * r->picture_height * 4;
	g_autoptr(GstCaps) caps = caps_of_picture(r->picture_width, r->picture_height);
	GstBuffer *buffer = gst_buffer_new_allocate(NULL, size, NULL);

	gst_buffer_fill(buffer, 0, g_bytes_get_data(r->picture, NULL), size);
	r->is_new = FALSE;
	give(r, buffer, caps, now_us);
}

/* The same pixels at another time. */
static void give_again(struct recorder *r, gint64 now_us)
{
	g_autoptr(GstCaps) caps = gst_caps_ref(gst_sample_get_caps(r->last));

	give(r, gst_buffer_copy(gst_sample_get_buffer(r->last)), caps, now_us);
}

void recorder_beat(struct recorder *r)
{
	gint64 now_us = g_get_monotonic_time();

	if (r->is_stopped || now_us - r->given_us < APART_US || is_behind(r))
		return;
	if (r->is_new)
		give_picture(r, now_us);
	else if (r->last && now_us - r->given_us >= STILL_US)
		give_again(r, now_us);
}

void recorder_show(struct recorder *r, GBytes *pixels, guint width, guint height)
{
	g_clear_pointer(&r->picture, g_bytes_unref);
	r->picture = g_bytes_ref(pixels);
	r->picture_width = width;
	r->picture_height = height;
	r->is_new = TRUE;
	recorder_beat(r);
}

guint recorder_seconds(const struct recorder *r)
{
	return (guint)((g_get_monotonic_time() - r->began_us) / G_USEC_PER_SEC);
}

/* -- Its life */

static gboolean on_message(GstBus *bus, GstMessage *message, gpointer data)
{
	struct recorder *r = data;
	g_autoptr(GError) why = error_of_message(message);
	RecorderEnded ended = r->ended;

	if (!why && GST_MESSAGE_TYPE(message) != GST_MESSAGE_EOS)
		return G_SOURCE_CONTINUE;
	r->is_stopped = TRUE;
	r->watch = 0;
	r->ended = NULL;
	ended(r->data, why);
	return G_SOURCE_REMOVE;
}

void recorder_begin(struct recorder *r, RecorderEnded ended, gpointer data)
{
	g_autoptr(GstBus) bus = gst_element_get_bus(r->pipeline);

	r->ended = ended;
	r->data = data;
	r->began_us = g_get_monotonic_time();
	r->watch = gst_bus_add_watch(bus, on_message, r);
}

/* The last picture is there until now. */
void recorder_stop(struct recorder *r)
{
	gint64 now_us = MAX(g_get_monotonic_time(), r->given_us + APART_US);

	if (r->is_stopped)
		return;
	r->is_stopped = TRUE;
	if (r->is_new)
		give_picture(r, now_us);
	else if (r->last)
		give_again(r, now_us);
	gst_app_src_end_of_stream(GST_APP_SRC(r->source));
}

static void wait_for_end(struct recorder *r)
{
	g_autoptr(GstBus) bus = gst_element_get_bus(r->pipeline);
	GstMessage *message;

	g_source_remove(r->watch);
	recorder_stop(r);
	message = gst_bus_timed_pop_filtered(bus, END_MAX, GST_MESSAGE_EOS | GST_MESSAGE_ERROR);
	g_clear_pointer(&message, gst_message_unref);
}

void recorder_free(struct recorder *r)
{
	if (r->ended)
		wait_for_end(r);
	g_clear_pointer(&r->picture, g_bytes_unref);
	g_clear_pointer(&r->last, gst_sample_unref);
	recorder_hold();
	g_thread_unref(g_thread_new("recorder-end", end_pipeline, r->pipeline));
	g_free(r);
}
