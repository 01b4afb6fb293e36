/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Writer and reader of saved states, as `save` and `load` of a script get them. They are good for
 * that call only. */
#include "script.h"

static PyObject *object_for(PyTypeObject *type, struct device *device, const void *to)
{
	struct object *object = script_object_new(type, device);

	if (object)
		object->to = (void *)to;
	return (PyObject *)object;
}

PyObject *script_writer_new(struct device *device, const void *out)
{
	return object_for(script_writer_type, device, out);
}

PyObject *script_reader_new(struct device *device, const void *in)
{
	return object_for(script_reader_type, device, in);
}

void script_state_end(PyObject *object)
{
	((struct object *)object)->to = NULL;
}

static void *target(PyObject *self, const char *function)
{
	struct object *object = (struct object *)self;

	if (!script_object_device(self, function))
		return NULL;
	if (!object->to)
		PyErr_Format(PyExc_RuntimeError, "%s is for the time of save or load only",
			     function);
	return object->to;
}

/* -- Writing */

static PyObject *put_number(PyObject *self, PyObject *args, unsigned bytes)
{
	struct tsr_state_writer *w = target(self, "a field");
	PyObject *value, *number;
	unsigned long long bits;
	const char *name;

	if (!w || !PyArg_ParseTuple(args, "sO", &name, &value))
		return NULL;
	number = PyNumber_Index(value);
	if (!number)
		return NULL;
	bits = PyLong_AsUnsignedLongLong(number);
	Py_DECREF(number);
	if (PyErr_Occurred())
		return NULL;
	if (bytes < 8 && bits >> 8 * bytes) {
		PyErr_Format(PyExc_OverflowError, "field \"%s\": %llu has more than %u bits", name,
			     bits, 8 * bytes);
		return NULL;
	}
	w->ops->uint(w, name, bits, bytes);
	Py_RETURN_NONE;
}

static PyObject *put_u8(PyObject *self, PyObject *args)
{
	return put_number(self, args, 1);
}

static PyObject *put_u16(PyObject *self, PyObject *args)
{
	return put_number(self, args, 2);
}

static PyObject *put_u32(PyObject *self, PyObject *args)
{
	return put_number(self, args, 4);
}

static PyObject *put_u64(PyObject *self, PyObject *args)
{
	return put_number(self, args, 8);
}

static PyObject *put_bool(PyObject *self, PyObject *args)
{
	struct tsr_state_writer *w = target(self, "a field");
	const char *name;
	int value;

	if (!w || !PyArg_ParseTuple(args, "sp", &name, &value))
		return NULL;
	tsr_state_put_bool(w, name, value);
	Py_RETURN_NONE;
}

static PyObject *put_bytes(PyObject *self, PyObject *args)
{
	struct tsr_state_writer *w = target(self, "a field");
	const char *name;
	Py_buffer data;

	if (!w || !PyArg_ParseTuple(args, "sy*", &name, &data))
		return NULL;
	tsr_state_put_bytes(w, name, data.buf, (size_t)data.len);
	PyBuffer_Release(&data);
	Py_RETURN_NONE;
}

static PyObject *writer_begin(PyObject *self, PyObject *name)
{
	struct tsr_state_writer *w = target(self, "begin");
	const char *text = w ? PyUnicode_AsUTF8(name) : NULL;

	if (!text)
		return NULL;
	w->ops->begin(w, text);
	Py_RETURN_NONE;
}

static PyObject *writer_end(PyObject *self, PyObject *unused)
{
	struct tsr_state_writer *w = target(self, "end");

	if (!w)
		return NULL;
	w->ops->end(w);
	Py_RETURN_NONE;
}

/* -- Reading. A field that is absent is an error, unless the call names a value for that case. */

static PyObject *absent(const char *name, PyObject *otherwise)
{
	PyObject *type;

	if (otherwise)
		return Py_NewRef(otherwise);
	type = PyObject_GetAttrString(script_module(), "StateError");
	if (type)
		PyErr_Format(type,
			     "the saved state is damaged: the field \"%s\" is missing, or of "
			     "another type",
			     name);
	Py_XDECREF(type);
	return NULL;
}

static PyObject *get_number(PyObject *self, PyObject *args, unsigned bytes, bool truth)
{
	struct tsr_state_reader *r = target(self, "a field");
	PyObject *otherwise = NULL;
	const char *name;
	uint64_t value;

	if (!r || !PyArg_ParseTuple(args, "s|O", &name, &otherwise))
		return NULL;
	if (!r->ops->uint(r, name, &value, bytes))
		return absent(name, otherwise);
	return truth ? PyBool_FromLong(value != 0) : PyLong_FromUnsignedLongLong(value);
}

static PyObject *get_u8(PyObject *self, PyObject *args)
{
	return get_number(self, args, 1, false);
}

static PyObject *get_u16(PyObject *self, PyObject *args)
{
	return get_number(self, args, 2, false);
}

static PyObject *get_u32(PyObject *self, PyObject *args)
{
	return get_number(self, args, 4, false);
}

static PyObject *get_u64(PyObject *self, PyObject *args)
{
	return get_number(self, args, 8, false);
}

static PyObject *get_bool(PyObject *self, PyObject *args)
{
	return get_number(self, args, 1, true);
}

/* bytes(name, most): at most so many, which the caller must name for a length that varies. */
static PyObject *get_bytes(PyObject *self, PyObject *args)
{
	struct tsr_state_reader *r = target(self, "a field");
	PyObject *otherwise = NULL, *bytes;
	Py_ssize_t most = SCRIPT_FIELD_MAX;
	const char *name;
	int64_t length;

	if (!r || !PyArg_ParseTuple(args, "s|nO", &name, &most, &otherwise))
		return NULL;
	length = r->ops->length(r, name);
	if (length < 0 || length > most || length > SCRIPT_FIELD_MAX)
		return absent(name, otherwise);
	bytes = PyBytes_FromStringAndSize(NULL, (Py_ssize_t)length);
	if (bytes && !r->ops->bytes(r, name, PyBytes_AS_STRING(bytes), (size_t)length)) {
		Py_DECREF(bytes);
		return absent(name, otherwise);
	}
	return bytes;
}

static PyObject *reader_begin(PyObject *self, PyObject *name)
{
	struct tsr_state_reader *r = target(self, "begin");
	const char *text = r ? PyUnicode_AsUTF8(name) : NULL;

	return text ? PyBool_FromLong(r->ops->begin(r, text)) : NULL;
}

static PyObject *reader_end(PyObject *self, PyObject *unused)
{
	struct tsr_state_reader *r = target(self, "end");

	if (!r)
		return NULL;
	r->ops->end(r);
	Py_RETURN_NONE;
}

static PyObject *get_version(PyObject *self, void *unused)
{
	struct tsr_state_reader *r = target(self, "version");

	return r ? PyLong_FromUnsignedLong(r->version) : NULL;
}

/* -- The types */

static PyMethodDef writer_methods[] = {
	{ "u8", put_u8, METH_VARARGS, "A number of 8 bits: name, value." },
	{ "u16", put_u16, METH_VARARGS, "A number of 16 bits: name, value." },
	{ "u32", put_u32, METH_VARARGS, "A number of 32 bits: name, value." },
	{ "u64", put_u64, METH_VARARGS, "A number of 64 bits: name, value." },
	{ "bool", put_bool, METH_VARARGS, "A truth value: name, value." },
	{ "bytes", put_bytes, METH_VARARGS, "Bytes: name, value." },
	{ "begin", writer_begin, METH_O, "The fields that follow are in a group." },
	{ "end", writer_end, METH_NOARGS, "Ends the group." },
	{ NULL, NULL, 0, NULL },
};
static PyMethodDef reader_methods[] = {
	{ "u8", get_u8, METH_VARARGS, "A number of 8 bits: name, value if it is absent." },
	{ "u16", get_u16, METH_VARARGS, "A number of 16 bits." },
	{ "u32", get_u32, METH_VARARGS, "A number of 32 bits." },
	{ "u64", get_u64, METH_VARARGS, "A number of 64 bits." },
	{ "bool", get_bool, METH_VARARGS, "A truth value." },
	{ "bytes", get_bytes, METH_VARARGS, "Bytes: name, most, value if they are absent." },
	{ "begin", reader_begin, METH_O, "Enters a group; False: there is none." },
	{ "end", reader_end, METH_NOARGS, "Leaves the group." },
	{ NULL, NULL, 0, NULL },
};
static PyGetSetDef reader_getters[] = {
	{ "version", get_version, NULL, "The state version of whoever wrote it.", NULL },
	{ NULL, NULL, NULL, NULL, NULL },
};
static PyType_Slot writer_slots[] = {
	{ Py_tp_dealloc, script_object_free },
	{ Py_tp_methods, writer_methods },
	{ 0, NULL },
};
static PyType_Slot reader_slots[] = {
	{ Py_tp_dealloc, script_object_free },
	{ Py_tp_methods, reader_methods },
	{ Py_tp_getset, reader_getters },
	{ 0, NULL },
};

PyType_Spec script_writer_spec = SCRIPT_TYPE("_tessera.StateWriter", writer_slots);
PyType_Spec script_reader_spec = SCRIPT_TYPE("_tessera.StateReader", reader_slots);
