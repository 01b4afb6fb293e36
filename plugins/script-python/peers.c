/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Back ends that a script's needs are connected to: networks and byte streams. */
#include "script.h"

/* The object of a peer and its hook; NULL with a Python error, or None: the need is not connected.
 */
static struct object *peer_new(struct device *d, PyTypeObject *type, const char *interface,
			       const char *need, PyObject *const *functions, unsigned count)
{
	struct tsr_error error = { 0 };
	struct tsr_interface peer;
	struct object *object;

	if (!d->base.realizing) {
		PyErr_SetString(PyExc_RuntimeError, "other instances are called from realize on");
		return NULL;
	}
	if (!script_find_peer(&d->base, need, interface, &peer, &error))
		return (struct object *)script_raise(&error);
	if (!peer.table)
		return (struct object *)Py_NewRef(Py_None);
	object = script_object_new(type, d);
	if (!object)
		return NULL;
	object->table = peer.table;
	object->to = peer.self;
	object->hook = script_hook_new(d, functions, count);
	if (object->hook && object->hook->functions[SCRIPT_RECEIVE])
		return object;
	if (object->hook)
		PyErr_SetString(PyExc_TypeError, "receive needs a function");
	Py_DECREF(object);
	return NULL;
}

PyObject *script_net(PyObject *self, PyObject *args, PyObject *names)
{
	static char *keys[] = { "need", "receive", "can_receive", "link_changed", NULL };
	struct device *d = script_object_building(self, "net");
	PyObject *functions[3] = { NULL, NULL, NULL };
	struct object *object;
	const char *need;

	if (!d || !PyArg_ParseTupleAndKeywords(args, names, "sO|OO:net", keys, &need,
					       &functions[SCRIPT_RECEIVE], &functions[SCRIPT_ROOM],
					       &functions[SCRIPT_LINK_CHANGED]))
		return NULL;
	object = peer_new(d, script_net_type, TSR_NET, need, functions, 3);
	if (!object || (PyObject *)object == Py_None)
		return (PyObject *)object;
	((const struct tsr_net *)object->table)->connect(object->to, script_hook_net(object->hook));
	return (PyObject *)object;
}

static PyObject *net_send(PyObject *self, PyObject *frame)
{
	struct device *d = script_object_device(self, "net.send");
	struct object *net = (struct object *)self;
	Py_buffer data;

	if (!d || PyObject_GetBuffer(frame, &data, PyBUF_SIMPLE) < 0)
		return NULL;
	if (data.len >= 14 && data.len <= TSR_NET_FRAME_MAX)
		((const struct tsr_net *)net->table)->send(net->to, data.buf, (size_t)data.len);
	else
		PyErr_Format(PyExc_ValueError, "a frame has 14 to %d bytes, not %zd",
			     TSR_NET_FRAME_MAX, data.len);
	PyBuffer_Release(&data);
	return PyErr_Occurred() ? NULL : Py_NewRef(Py_None);
}

static PyObject *net_ready(PyObject *self, PyObject *unused)
{
	struct device *d = script_object_device(self, "net.ready");
	struct object *net = (struct object *)self;

	if (!d)
		return NULL;
	((const struct tsr_net *)net->table)->ready(net->to);
	Py_RETURN_NONE;
}

/* -- Byte streams */

PyObject *script_chardev(PyObject *self, PyObject *args, PyObject *names)
{
	static char *keys[] = { "need", "receive", "room", NULL };
	struct device *d = script_object_building(self, "chardev");
	PyObject *functions[2] = { NULL, NULL };
	struct object *object;
	const char *need;

	if (!d || !PyArg_ParseTupleAndKeywords(args, names, "sO|O:chardev", keys, &need,
					       &functions[SCRIPT_RECEIVE], &functions[SCRIPT_ROOM]))
		return NULL;
	object = peer_new(d, script_chardev_type, TSR_CHARDEV, need, functions, 2);
	if (!object || (PyObject *)object == Py_None)
		return (PyObject *)object;
	((const struct tsr_chardev *)object->table)
		->connect(object->to, script_hook_chardev(object->hook));
	return (PyObject *)object;
}

static PyObject *chardev_write(PyObject *self, PyObject *bytes)
{
	struct device *d = script_object_device(self, "chardev.write");
	struct object *chardev = (struct object *)self;
	Py_buffer data;
	size_t taken;

	if (!d || PyObject_GetBuffer(bytes, &data, PyBUF_SIMPLE) < 0)
		return NULL;
	taken = ((const struct tsr_chardev *)chardev->table)
			->write(chardev->to, data.buf, (size_t)data.len);
	PyBuffer_Release(&data);
	return PyLong_FromSize_t(taken);
}

static PyObject *chardev_ready(PyObject *self, PyObject *unused)
{
	struct device *d = script_object_device(self, "chardev.ready");
	struct object *chardev = (struct object *)self;

	if (!d)
		return NULL;
	((const struct tsr_chardev *)chardev->table)->ready(chardev->to);
	Py_RETURN_NONE;
}

/* -- The types */

static PyMethodDef net_methods[] = {
	{ "send", net_send, METH_O, "Sends a frame." },
	{ "ready", net_ready, METH_NOARGS, "The card can receive again." },
	{ NULL, NULL, 0, NULL },
};
static PyMethodDef chardev_methods[] = {
	{ "write", chardev_write, METH_O, "Writes bytes; returns how many were taken." },
	{ "ready", chardev_ready, METH_NOARGS, "The device has room again." },
	{ NULL, NULL, 0, NULL },
};
static PyType_Slot net_slots[] = {
	{ Py_tp_dealloc, script_object_free },
	{ Py_tp_methods, net_methods },
	{ 0, NULL },
};
static PyType_Slot chardev_slots[] = {
	{ Py_tp_dealloc, script_object_free },
	{ Py_tp_methods, chardev_methods },
	{ 0, NULL },
};

PyType_Spec script_net_spec = SCRIPT_TYPE("_tessera.Net", net_slots);
PyType_Spec script_chardev_spec = SCRIPT_TYPE("_tessera.Chardev", chardev_slots);
