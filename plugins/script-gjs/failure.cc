/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A script's mistakes as lines for its author: "acme-nic 1.0.0: nic.js:123: in write: TypeError:
 * …". The line is the innermost one that is in the plugin's folder. */
#include "engine.h"

#include <cstdarg>
#include <cstring>

#include <glib.h>

#include <js/Conversions.h>
#include <js/ErrorReport.h>
#include <js/Stack.h>

JS::PersistentRootedObject *failure_maker;

struct place {
	std::string file, function;
	unsigned line = 0; /* 0: unknown */
};

static std::string text_of(JSContext *cx, JS::HandleString text)
{
	JS::UniqueChars chars = text ? JS_EncodeStringToUTF8(cx, text) : nullptr;

	if (!chars)
		JS_ClearPendingException(cx);
	return chars ? chars.get() : "";
}

static std::string base_of(const std::string &path)
{
	size_t end = path.rfind('/');

	return end == std::string::npos ? path : path.substr(end + 1);
}

static bool is_own(const struct device *device, const std::string &path)
{
	return device && device->base.folder &&
	       path.compare(0, strlen(device->base.folder), device->base.folder) == 0;
}

/* "attach/<" is a function within attach. */
static std::string plain_name(const std::string &name)
{
	return name.substr(0, name.find('/'));
}

/* -- Throwing */

static bool throw_text(JSContext *cx, int code, const char *message)
{
	JS::RootedValueArray<2> arguments(cx);
	JS::RootedValue made(cx), maker(cx);
	JS::RootedString text(
		cx, JS_NewStringCopyUTF8Z(cx, JS::ConstUTF8CharsZ(message, strlen(message))));

	if (!failure_maker || !text) {
		JS_ReportErrorUTF8(cx, "%s", message);
		return false;
	}
	arguments[0].setInt32(code);
	arguments[1].setString(text);
	maker.setObject(**failure_maker);
	if (JS::Call(cx, JS::UndefinedHandleValue, maker, arguments, &made))
		JS_SetPendingException(cx, made);
	return false;
}

bool failure_throw(JSContext *cx, int code, const char *format, ...)
{
	char message[sizeof(tsr_error::message)];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(message, sizeof(message), format, arguments);
	va_end(arguments);
	return throw_text(cx, code, message);
}

/* -- Where */

/* The innermost line of the plugin; false: there is none. */
static bool place_of_stack(JSContext *cx, struct device *device, JS::HandleObject stack,
			   struct place *place)
{
	JS::RootedObject frame(cx, stack), parent(cx);

	for (; frame; frame = parent) {
		JS::RootedString source(cx), name(cx);
		uint32_t line = 0;

		JS::GetSavedFrameSource(cx, nullptr, frame, &source);
		if (is_own(device, text_of(cx, source))) {
			JS::GetSavedFrameLine(cx, nullptr, frame, &line);
			JS::GetSavedFrameFunctionDisplayName(cx, nullptr, frame, &name);
			*place = { base_of(text_of(cx, source)), plain_name(text_of(cx, name)),
				   line };
			return true;
		}
		if (JS::GetSavedFrameParent(cx, nullptr, frame, &parent) !=
		    JS::SavedFrameResult::Ok)
			break;
	}
	return false;
}

/* Where a function begins. */
static void place_of_function(JSContext *cx, JS::HandleObject object, struct place *place)
{
	JS::RootedValue callee(cx, JS::ObjectValue(*object));
	JS::RootedFunction function(cx, JS_ObjectIsFunction(object) ? JS_ValueToFunction(cx, callee)
								    : nullptr);
	JS::RootedScript script(cx, function ? JS_GetFunctionScript(cx, function) : nullptr);
	JS::RootedString name(cx, function ? JS_GetFunctionDisplayId(function) : nullptr);

	if (script)
		*place = { base_of(JS_GetScriptFilename(script)), plain_name(text_of(cx, name)),
			   JS_GetScriptBaseLineNumber(cx, script) };
}

static struct place find_place(JSContext *cx, struct device *device,
			       const JS::ExceptionStack &thrown, JS::HandleObject where)
{
	JS::RootedObject stack(cx, thrown.stack()), error(cx);
	struct place place;
	JSErrorReport *report;

	if (stack && place_of_stack(cx, device, stack, &place))
		return place;
	error = thrown.exception().isObject() ? &thrown.exception().toObject() : nullptr;
	stack = error ? JS::ExceptionStackOrNull(error) : nullptr;
	if (stack && place_of_stack(cx, device, stack, &place))
		return place;
	report = error ? JS_ErrorFromException(cx, error) : nullptr;
	if (report && report->filename && is_own(device, report->filename)) /* of a SyntaxError */
		place = { base_of(report->filename), "", report->lineno };
	else if (where)
		place_of_function(cx, where, &place);
	return place;
}

/* -- What */

static std::string property(JSContext *cx, JS::HandleObject object, const char *name)
{
	JS::RootedValue value(cx);
	JS::RootedString text(cx);

	if (JS_GetProperty(cx, object, name, &value) && !value.isUndefined())
		text = JS::ToString(cx, value);
	JS_ClearPendingException(cx);
	return text_of(cx, text);
}

static std::string describe(JSContext *cx, JS::HandleValue exception, std::string *kind)
{
	JS::RootedObject object(cx, exception.isObject() ? &exception.toObject() : nullptr);
	JS::RootedString text(cx);
	std::string message;

	if (object) {
		*kind = property(cx, object, "name");
		message = property(cx, object, "message");
	}
	if (!kind->empty())
		return message.empty() ? *kind : *kind + ": " + message;
	text = JS::ToString(cx, exception);
	JS_ClearPendingException(cx);
	return "it threw " + text_of(cx, text);
}

/* A class of the module tessera has a code. */
static enum tsr_error_code code_of(JSContext *cx, JS::HandleValue exception)
{
	JS::RootedObject object(cx, exception.isObject() ? &exception.toObject() : nullptr);
	JS::RootedValue value(cx);

	if (object && JS_GetProperty(cx, object, "tessera_code", &value) && value.isInt32() &&
	    value.toInt32() > TSR_ERROR_NONE && value.toInt32() <= TSR_ERROR_CONFLICT)
		return static_cast<enum tsr_error_code>(value.toInt32());
	JS_ClearPendingException(cx);
	return TSR_ERROR_FAILED;
}

/* -- Lines */

static void give(struct device *device, struct tsr_error *error, enum tsr_error_code code,
		 const std::string &site, const std::string &line)
{
	if (error)
		tsr_error_set(error, code, "%s", line.c_str());
	else
		script_fault(&device->base, g_intern_string(site.c_str()), line.c_str());
}

/* A report is a call of the host, which is made on the thread that waits. */
struct report {
	struct device *device;
	struct tsr_error *error;
	enum tsr_error_code code;
	std::string site, line;
};

static void on_report(void *data)
{
	auto *report = static_cast<struct report *>(data);

	give(report->device, report->error, report->code, report->site, report->line);
}

bool failure_give(JSContext *cx, struct device *device, JS::HandleObject where,
		  struct tsr_error *error)
{
	JS::ExceptionStack thrown(cx);
	struct report report = { device, error, TSR_ERROR_FAILED, "", "" };
	std::string kind, what = "it was ended, or the memory for scripts is exhausted";
	struct place place;
	std::string at;

	if (JS_IsExceptionPending(cx) && JS::StealPendingExceptionStack(cx, &thrown)) {
		place = find_place(cx, device, thrown, where);
		what = describe(cx, thrown.exception(), &kind);
		report.code = code_of(cx, thrown.exception());
	}
	if (place.line)
		at = place.file + ":" + std::to_string(place.line) + ": ";
	report.site = at + kind;
	report.line =
		(device && device->base.plugin ? std::string(device->base.plugin) + ": " : "") +
		at + (place.function.empty() ? "" : "in " + place.function + ": ") + what;
	if (error)
		on_report(&report);
	else
		thread_run_outside(on_report, &report);
	return false;
}

const void *failure_site(JSContext *cx, struct device *device)
{
	JS::RootedObject stack(cx);
	struct place place;

	if (JS::CaptureCurrentStack(cx, &stack, JS::StackCapture(JS::MaxFrames(8))) && stack)
		place_of_stack(cx, device, stack, &place);
	JS_ClearPendingException(cx);
	return g_intern_string((place.file + ":" + std::to_string(place.line)).c_str());
}
