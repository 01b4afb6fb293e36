# SPDX-License-Identifier: LGPL-2.1-or-later
"""Decodes a WebM file with GStreamer. ImportError or ValueError: this host has no gir1.2-gstreamer-1.0."""

import gi

gi.require_version("Gst", "1.0")
from gi.repository import Gst  # noqa: E402

SECONDS = 60  # to decode a file, on a busy host


class Video:
    """Its size in pixels, its duration in seconds, and what is shown when."""

    def __init__(self, path):
        Gst.init(None)
        pipeline = Gst.parse_launch("filesrc name=file ! matroskademux ! vp8dec ! videoconvert ! video/x-raw,format=RGB ! appsink name=sink sync=false")
        pipeline.get_by_name("file").set_property("location", path)
        pipeline.set_state(Gst.State.PLAYING)
        self.frames = []  # (seconds since the beginning, RGB)
        self.duration = self.width = self.height = 0
        sink = pipeline.get_by_name("sink")
        while True:
            sample = sink.emit("try-pull-sample", SECONDS * Gst.SECOND)
            if not sample:
                break
            self.duration = pipeline.query_duration(Gst.Format.TIME)[1] / Gst.SECOND
            self.add(sample)
        message = pipeline.get_bus().pop_filtered(Gst.MessageType.ERROR)
        self.error = message and message.parse_error()[0].message
        pipeline.set_state(Gst.State.NULL)

    def add(self, sample):
        structure, buffer = sample.get_caps().get_structure(0), sample.get_buffer()
        self.width, self.height = structure.get_int("width")[1], structure.get_int("height")[1]
        stride, row, data = (self.width * 3 + 3) & ~3, self.width * 3, buffer.extract_dup(0, buffer.get_size())
        pixels = data if stride == row else b"".join(data[y * stride:y * stride + row] for y in range(self.height))
        self.frames.append((buffer.pts / Gst.SECOND, pixels))


def differing(one, other, tolerance=60):
    """How many parts of a colour differ by more than lossy compression makes of them."""
    return sum(abs(a - b) > tolerance for a, b in zip(one, other)) if one != other else 0
