/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Values between C and JavaScript. A number is a Number, and a BigInt from 2^53 on. */
#include "engine.h"

#include <cmath>
#include <cstring>

#include <js/Array.h>
#include <js/ArrayBuffer.h>
#include <js/BigInt.h>
#include <js/Conversions.h>
#include <js/experimental/TypedData.h>

#define SAFE_MAX ((UINT64_C(1) << 53) - 1) /* ECMA-262, Number.MAX_SAFE_INTEGER */

/* -- To JavaScript */

static bool number_to_js(JSContext *cx, uint64_t number, JS::MutableHandleValue out)
{
	JS::BigInt *big;

	if (number <= SAFE_MAX) {
		out.setNumber(static_cast<double>(number));
		return true;
	}
	big = JS::NumberToBigInt(cx, number);
	if (big)
		out.setBigInt(big);
	return big != nullptr;
}

static bool text_to_js(JSContext *cx, const struct script_value *value, JS::MutableHandleValue out)
{
	JS::UTF8Chars chars(static_cast<const char *>(value->data), value->length);
	JS::RootedString text(cx, JS_NewStringCopyUTF8N(cx, chars));

	if (!text) { /* not UTF-8 */
		JS_ClearPendingException(cx);
		text = JS_NewStringCopyN(cx, static_cast<const char *>(value->data), value->length);
	}
	if (text)
		out.setString(text);
	return text != nullptr;
}

static bool bytes_to_js(JSContext *cx, const struct script_value *value, JS::MutableHandleValue out)
{
	JS::RootedObject array(cx, JS_NewUint8Array(cx, value->length));
	JS::AutoCheckCannotGC no_gc;
	bool shared;

	if (!array)
		return false;
	if (value->length)
		memcpy(JS_GetUint8ArrayData(array, &shared, no_gc), value->data, value->length);
	out.setObject(*array);
	return true;
}

/* The buffer is taken away from the script when the device is detached. */
static bool memory_to_js(JSContext *cx, struct device *device, const struct script_value *value,
			 JS::MutableHandleValue out)
{
	JS::RootedObject buffer(cx), array(cx);

	buffer = JS::NewArrayBufferWithUserOwnedContents(cx, value->length,
							 const_cast<void *>(value->data));
	if (!buffer)
		return false;
	device->script->buffers.emplace_back(cx, buffer);
	array = JS_NewUint8ArrayWithBuffer(cx, buffer, 0, -1);
	if (array)
		out.setObject(*array);
	return array != nullptr;
}

bool value_to_js(JSContext *cx, struct device *device, const struct script_value *value,
		 JS::MutableHandleValue out)
{
	switch (value->kind) {
	case SCRIPT_NUMBER:
		return number_to_js(cx, value->number, out);
	case SCRIPT_TRUTH:
		out.setBoolean(value->number != 0);
		return true;
	case SCRIPT_TEXT:
		return text_to_js(cx, value, out);
	case SCRIPT_BYTES:
		return bytes_to_js(cx, value, out);
	case SCRIPT_MEMORY:
		return memory_to_js(cx, device, value, out);
	default:
		out.setNull();
		return true;
	}
}

/* -- From JavaScript */

static std::string name_of(JSContext *cx, JS::HandleValue value)
{
	JS::RootedString text(cx);
	JS::UniqueChars chars;

	if (value.isString())
		return "a text";
	if (value.isObject())
		return JS_ObjectIsFunction(&value.toObject()) ? "a function" : "an object";
	text = value.isSymbol() ? nullptr : JS::ToString(cx, value);
	chars = text ? JS_EncodeStringToUTF8(cx, text) : nullptr;
	return chars ? chars.get() : "a symbol";
}

/* Modulo 2^64, as bit operations of 32 bits give numbers below 0. False: it is none. */
static bool take_number(JS::HandleValue value, uint64_t *number)
{
	if (value.isInt32())
		*number = static_cast<uint64_t>(static_cast<int64_t>(value.toInt32()));
	else if (value.isDouble() && std::isfinite(value.toDouble()))
		*number = JS::ToUint64(value.toDouble());
	else if (value.isBigInt())
		*number = JS::ToBigUint64(value.toBigInt());
	else if (value.isBoolean())
		*number = value.toBoolean();
	else
		return false;
	return true;
}

bool value_take_result(JSContext *cx, JS::HandleValue value, struct script_value *result)
{
	if (result->kind == SCRIPT_TRUTH)
		result->number = JS::ToBoolean(value);
	if (result->kind != SCRIPT_NUMBER || take_number(value, &result->number))
		return true;
	return failure_throw(cx, CALL_TYPE_ERROR, "it returned %s, not a number",
			     name_of(cx, value).c_str());
}

static bool take_text(JSContext *cx, JS::HandleValue value, struct script_value *out)
{
	JS::RootedString text(cx, value.isString() ? value.toString() : nullptr);
	JS::UniqueChars chars = text ? JS_EncodeStringToUTF8(cx, text) : nullptr;

	if (!chars)
		return false;
	out->kind = SCRIPT_TEXT;
	out->data = strdup(chars.get());
	out->length = strlen(chars.get());
	return out->data != nullptr;
}

/* A copy, because a collection may move what is in an array. */
static bool take_bytes(JS::HandleValue value, struct script_value *out)
{
	JS::AutoCheckCannotGC no_gc;
	uint8_t *bytes;
	void *copy;
	bool shared;

	if (!value.isObject() ||
	    !JS_GetObjectAsUint8Array(&value.toObject(), &out->length, &shared, &bytes))
		return false;
	copy = malloc(out->length + 1);
	if (copy && out->length)
		memcpy(copy, bytes, out->length);
	out->kind = SCRIPT_BYTES;
	out->data = copy;
	return copy != nullptr;
}

static bool take_function(JSContext *cx, JS::HandleValue value, struct script_value *out)
{
	if (!value.isObject() || !JS::IsCallable(&value.toObject()))
		return false;
	out->kind = SCRIPT_FUNCTION;
	out->data = new JS::PersistentRootedObject(cx, &value.toObject());
	return true;
}

/* Addresses, lengths, deadlines: whole, and not below 0. */
static bool take_whole(JS::HandleValue value, uint64_t *number)
{
	if (value.isBigInt())
		return JS::BigIntFits(value.toBigInt(), number);
	if (value.isNumber() &&
	    (value.toNumber() < 0 || value.toNumber() != std::floor(value.toNumber())))
		return false;
	return take_number(value, number);
}

static bool take_argument(JSContext *cx, char letter, JS::HandleValue value,
			  struct script_value *out)
{
	switch (letter) {
	case 'n':
		out->kind = SCRIPT_NUMBER;
		return take_whole(value, &out->number);
	case 't':
		out->kind = SCRIPT_TRUTH;
		out->number = JS::ToBoolean(value);
		return true;
	case 's':
		return take_text(cx, value, out);
	case 'b':
		return take_bytes(value, out);
	case 'f':
		return take_function(cx, value, out);
	default: /* v */
		if (value.isString())
			return take_text(cx, value, out);
		out->kind = SCRIPT_NUMBER;
		return take_number(value, &out->number);
	}
}

static const char *kind_of(char letter)
{
	return letter == 'n'   ? "a whole number"
	       : letter == 's' ? "a text"
	       : letter == 'b' ? "a Uint8Array"
	       : letter == 'f' ? "a function"
			       : "a number or a text";
}

bool value_take_arguments(JSContext *cx, const struct call *call, const JS::CallArgs &args,
			  unsigned first, struct arguments *out)
{
	bool optional = false;
	unsigned i = 0;

	for (const char *letter = call->arguments; *letter; letter++) {
		JS::RootedValue value(cx, args.get(first + i));

		if (*letter == '|') {
			optional = true;
			continue;
		}
		if (*letter == 'l')
			continue;
		out->values[i].kind = SCRIPT_NONE;
		if (!((optional || *letter == 'f') && value.isNullOrUndefined()) &&
		    !take_argument(cx, *letter, value, &out->values[i])) {
			out->values[i].kind = SCRIPT_NONE;
			return failure_throw(cx, CALL_TYPE_ERROR,
					     "%s is given %s where %s is needed", call->name,
					     name_of(cx, value).c_str(), kind_of(*letter));
		}
		i++;
	}
	return true;
}

/* Functions are the hooks' when the call has been made, and none of ours. */
arguments::~arguments()
{
	for (struct script_value &value : values)
		if (value.kind == SCRIPT_TEXT || value.kind == SCRIPT_BYTES)
			free(const_cast<void *>(value.data));
		else if (value.kind == SCRIPT_FUNCTION)
			delete static_cast<JS::PersistentRootedObject *>(
				const_cast<void *>(value.data));
}
