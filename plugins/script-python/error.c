/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A script's mistakes as lines for its author: "acme-nic 1.0.0: nic.py:123, in write: KeyError: 5".
 * The line is the innermost one that is in the plugin's folder. Texts of the source are not shown:
 * a jailed process can read no file.
 */
#include "script.h"

#include <string.h>

struct place {
	char file[128];
	char function[64];
	long line; /* 0: unknown */
};

static void copy_text(PyObject *text, char *out, size_t size)
{
	const char *utf8 = text && PyUnicode_Check(text) ? PyUnicode_AsUTF8(text) : NULL;

	PyErr_Clear();
	snprintf(out, size, "%s", utf8 ? utf8 : "?");
}

static bool is_own(const struct device *device, PyObject *file)
{
	const char *path = file && PyUnicode_Check(file) ? PyUnicode_AsUTF8(file) : NULL;

	PyErr_Clear();
	return path && device && device->base.folder &&
	       strncmp(path, device->base.folder, strlen(device->base.folder)) == 0;
}

static void copy_base(PyObject *file, char *out, size_t size)
{
	const char *path = PyUnicode_AsUTF8(file), *end = path ? strrchr(path, '/') : NULL;

	PyErr_Clear();
	snprintf(out, size, "%s", end ? end + 1 : path ? path : "?");
}

static long attribute_number(PyObject *object, const char *name)
{
	PyObject *value = PyObject_GetAttrString(object, name);
	long number = value && PyLong_Check(value) ? PyLong_AsLong(value) : 0;

	PyErr_Clear();
	Py_XDECREF(value);
	return number;
}

static void take_code(PyObject *code, long line, struct place *place)
{
	PyObject *file = PyObject_GetAttrString(code, "co_filename"),
		 *name = PyObject_GetAttrString(code, "co_name");

	if (file && name) {
		copy_base(file, place->file, sizeof(place->file));
		copy_text(name, place->function, sizeof(place->function));
		place->line = line ? line : attribute_number(code, "co_firstlineno");
	}
	PyErr_Clear();
	Py_XDECREF(file);
	Py_XDECREF(name);
}

/* The innermost line of the plugin; of others only if it has none there. */
static void place_of_traceback(struct device *device, PyObject *traceback, struct place *place)
{
	PyObject *at = Py_XNewRef(traceback), *next;
	bool found = false;

	for (; at && at != Py_None; at = next) {
		PyCodeObject *code = PyFrame_GetCode(((PyTracebackObject *)at)->tb_frame);
		bool own = is_own(device, code->co_filename);

		if (own || !found)
			take_code((PyObject *)code, attribute_number(at, "tb_lineno"), place);
		found |= own;
		Py_DECREF(code);
		next = PyObject_GetAttrString(at, "tb_next");
		Py_DECREF(at);
	}
	PyErr_Clear();
	Py_XDECREF(at);
}

/* Where a function begins. */
static void place_of_function(PyObject *function, struct place *place)
{
	PyObject *plain = PyMethod_Check(function) ? PyMethod_GET_FUNCTION(function) : function,
		 *code = PyObject_GetAttrString(plain, "__code__");

	PyErr_Clear();
	if (code)
		take_code(code, 0, place);
	Py_XDECREF(code);
}

/* Of a SyntaxError, which has its place in itself. */
static void place_of_syntax(PyObject *value, struct place *place)
{
	PyObject *file = PyObject_GetAttrString(value, "filename");

	if (file && PyUnicode_Check(file)) {
		copy_base(file, place->file, sizeof(place->file));
		place->function[0] = 0;
		place->line = attribute_number(value, "lineno");
	}
	PyErr_Clear();
	Py_XDECREF(file);
}

static void describe(PyObject *type, PyObject *value, char *out, size_t size)
{
	const char *name = type ? ((PyTypeObject *)type)->tp_name : "unknown", *dot;
	PyObject *attribute = value ? PyObject_GetAttrString(value, "msg") : NULL, *text;
	char what[400];

	PyErr_Clear();
	if (!attribute || !PyUnicode_Check(attribute) ||
	    !PyErr_GivenExceptionMatches(value, PyExc_SyntaxError))
		Py_CLEAR(attribute);
	text = attribute ? attribute : value ? PyObject_Str(value) : NULL;
	copy_text(text, what, sizeof(what));
	Py_XDECREF(text);
	dot = strrchr(name, '.');
	snprintf(out, size, "%s%s%s", dot ? dot + 1 : name, what[0] ? ": " : "", what);
}

/* site: where and of which kind, without what differs from one time to the next; may be NULL. */
static void take(struct device *device, PyObject *where, char *line, size_t size, char *site,
		 size_t site_size)
{
	PyObject *type, *value, *traceback;
	struct place place = { .line = 0 };
	char what[480], at[160] = "", in[80] = "";

	PyErr_Fetch(&type, &value, &traceback);
	PyErr_NormalizeException(&type, &value, &traceback);
	if (traceback)
		place_of_traceback(device, traceback, &place);
	else if (where)
		place_of_function(where, &place);
	if (value && PyErr_GivenExceptionMatches(value, PyExc_SyntaxError))
		place_of_syntax(value, &place);
	describe(type, value, what, sizeof(what));
	if (place.line)
		snprintf(at, sizeof(at), "%s:%ld: ", place.file, place.line);
	else if (place.file[0]) /* the whole file, such as its encoding */
		snprintf(at, sizeof(at), "%s: ", place.file);
	if (place.line && place.function[0] && strcmp(place.function, "<module>") != 0)
		snprintf(in, sizeof(in), "in %s: ", place.function);
	snprintf(line, size, "%s%s%s%s%s", device && device->base.plugin ? device->base.plugin : "",
		 device && device->base.plugin ? ": " : "", at, in, what);
	if (site)
		snprintf(site, site_size, "%s%s", at, type ? ((PyTypeObject *)type)->tp_name : "");
	Py_XDECREF(type);
	Py_XDECREF(value);
	Py_XDECREF(traceback);
}

void script_error_take(struct device *device, PyObject *where, char *line, size_t size)
{
	take(device, where, line, size, NULL, 0);
}

bool script_error_give(struct device *device, PyObject *where, struct tsr_error *error)
{
	PyObject *code = NULL, *type, *value, *traceback;
	char line[sizeof(error->message)];
	long number = 0;

	PyErr_Fetch(&type, &value, &traceback);
	PyErr_NormalizeException(&type, &value, &traceback);
	if (value) {
		code = PyObject_GetAttrString(value, "tessera_code");
		number = code && PyLong_Check(code) ? PyLong_AsLong(code) : 0;
		PyErr_Clear();
	}
	Py_XDECREF(code);
	PyErr_Restore(type, value, traceback);
	script_error_take(device, where, line, sizeof(line));
	return tsr_error_set(error,
			     number > TSR_ERROR_NONE && number <= TSR_ERROR_CONFLICT
				     ? (enum tsr_error_code)number
				     : TSR_ERROR_FAILED,
			     "%s", line);
}

/* Of the same text it is the same address, for as long as the process lives. */
static const void *site_of(const char *site)
{
	PyObject *text = PyUnicode_FromString(site);

	if (!text) {
		PyErr_Clear();
		return "";
	}
	PyUnicode_InternInPlace(&text);
	return text; /* kept */
}

/* Lines of tessera.py, which only hands text on, are not where it comes from. */
static bool is_between(const char *file)
{
	size_t length = strlen(file), end = strlen("/tessera.py");

	return length >= end && strcmp(file + length - end, "/tessera.py") == 0;
}

const void *script_site(void)
{
	PyFrameObject *frame = (PyFrameObject *)Py_XNewRef((PyObject *)PyEval_GetFrame());
	char site[512] = "";

	while (frame) {
		PyCodeObject *code = PyFrame_GetCode(frame);
		const char *file = PyUnicode_AsUTF8(code->co_filename);
		PyFrameObject *outer = file && is_between(file) ? PyFrame_GetBack(frame) : NULL;

		snprintf(site, sizeof(site), "%s:%d", file ? file : "",
			 PyFrame_GetLineNumber(frame));
		Py_DECREF(code);
		Py_DECREF(frame);
		frame = outer;
	}
	PyErr_Clear();
	return site_of(site);
}

void script_report(struct device *device, PyObject *where)
{
	char line[600], site[200];

	take(device, where, line, sizeof(line), site, sizeof(site));
	script_fault(&device->base, site_of(site), line);
}
