/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * GJS and its SpiderMonkey, as the thread of JavaScript uses them: the start of the context,
 * devices, calls of functions, and the calls of the host that scripts make.
 *
 * - Code is interpreted: SpiderMonkey's compilers write code while the machine runs, which the jail
 *   does not allow (core/jail/filter.c: memory is never writable and then executable).
 * - GJS's main loop is never run; what promises have to do is done before the guest goes on.
 * - The context is never ended: code of a plugin stays mapped as long as the process lives.
 */
#include "engine.h"

#include <atomic>
#include <cstring>

#include <gjs/gjs.h>

#include <js/ArrayBuffer.h>
#include <js/ContextOptions.h>
#include <js/GCAPI.h>
#include <js/Interrupt.h>
#include <js/Promise.h>
#include <js/Realm.h>
#include <js/RealmIterators.h>
#include <js/Warnings.h>
#include <jsfriendapi.h>

static struct {
	JSContext *cx;
	JS::PersistentRootedObject *global, *make;
	std::map<double, struct device *> devices;
	double last_number;
	std::atomic<bool> is_overdue;
	struct device *current;                           /* whose script runs */
	std::vector<JS::PersistentRootedObject> rejected; /* promises, with nobody who looks */
} engine;

/* -- Devices have numbers, by which their objects know them */

struct device *engine_device(double number)
{
	auto found = engine.devices.find(number);

	return found == engine.devices.end() ? nullptr : found->second;
}

/* -- Calls of the host */

struct outside {
	const struct call *call;
	struct device *device;
	struct script_value *arguments;
	struct script_value result;
	struct tsr_error error;
	bool good;
};

static void on_outside(void *data)
{
	auto *o = static_cast<struct outside *>(data);

	o->good = o->call->run(o->device, o->arguments, &o->result, &o->error);
}

static bool is_time(JSContext *cx, const struct device *d, const struct call *call)
{
	if (call->time == CALL_BUILDING && !d->base.building)
		return failure_throw(cx, TSR_ERROR_FAILED,
				     "%s is for attach and realize, not for a running machine",
				     call->name);
	if (call->time == CALL_REALIZING && !d->base.realizing)
		return failure_throw(cx, TSR_ERROR_FAILED,
				     "%s: other instances are called from realize on", call->name);
	if ((call->time == CALL_SAVING && !d->writer) || (call->time == CALL_LOADING && !d->reader))
		return failure_throw(cx, TSR_ERROR_FAILED,
				     "a field is for the time of save or load only");
	return true;
}

/* An address for the line that calls, where the table has the letter l. */
static void take_site(JSContext *cx, struct device *device, const struct call *call,
		      struct script_value *values)
{
	const char *letter = strchr(call->arguments, 'l');

	if (letter)
		values[letter - call->arguments].data = failure_site(cx, device);
}

static bool finish(JSContext *cx, struct outside *o, JS::MutableHandleValue out)
{
	bool good = o->good;

	if (!good)
		failure_throw(cx, o->error.code ? o->error.code : TSR_ERROR_FAILED, "%s",
			      o->error.message[0] ? o->error.message : "refused");
	else
		good = value_to_js(cx, o->device, &o->result, out);
	if (o->result.kind == SCRIPT_TEXT || o->result.kind == SCRIPT_BYTES)
		free(const_cast<void *>(o->result.data));
	return good;
}

/* native.NAME(number of the device, arguments…) */
static bool on_native(JSContext *cx, unsigned count, JS::Value *vp)
{
	JS::CallArgs args = JS::CallArgsFromVp(count, vp);
	const struct call *call =
		&calls[js::GetFunctionNativeReserved(&args.callee(), 0).toInt32()];
	struct device *device =
		args.get(0).isNumber() ? engine_device(args[0].toNumber()) : nullptr;
	struct arguments arguments = {};
	struct outside o = { call, device, arguments.values, {}, {}, false };

	if (!device)
		return failure_throw(cx, TSR_ERROR_FAILED,
				     "%s is called after the device was detached", call->name);
	if (!is_time(cx, device, call) || !value_take_arguments(cx, call, args, 1, &arguments))
		return false;
	take_site(cx, device, call, arguments.values);
	thread_run_outside(on_outside, &o);
	for (struct script_value &value : arguments.values)
		if (value.kind == SCRIPT_FUNCTION)
			value.kind = SCRIPT_NONE;
	return finish(cx, &o, args.rval());
}

static bool on_current(JSContext *cx, unsigned count, JS::Value *vp)
{
	JS::CallArgs args = JS::CallArgsFromVp(count, vp);

	if (engine.current)
		args.rval().setNumber(engine.current->script->number);
	else
		args.rval().setNull();
	return true;
}

/* The object of all calls, which tessera.js takes and hides. */
static bool define_native(JSContext *cx, JS::HandleObject global)
{
	JS::RootedObject native(cx, JS_NewPlainObject(cx));

	for (unsigned i = 0; native && i < call_count; i++) {
		JSFunction *function =
			js::NewFunctionWithReserved(cx, on_native, 0, 0, calls[i].name);
		JS::RootedObject object(cx, function ? JS_GetFunctionObject(function) : nullptr);

		if (!object)
			return false;
		js::SetFunctionNativeReserved(object, 0, JS::Int32Value(static_cast<int>(i)));
		if (!JS_DefineProperty(cx, native, calls[i].name, object, 0))
			return false;
	}
	return native && JS_DefineFunction(cx, native, "current", on_current, 0, 0) &&
	       JS_DefineProperty(cx, global, "__tessera", native, JSPROP_ENUMERATE);
}

/* -- Scripts that do not return */

void engine_interrupt(void)
{
	engine.is_overdue = true;
	JS_RequestInterruptCallback(engine.cx);
}

void engine_calm(void)
{
	engine.is_overdue = false;
}

static bool on_interrupt(JSContext *cx)
{
	if (!engine.is_overdue.exchange(false))
		return true;
	return failure_throw(cx, CALL_OVERDUE, "it has not returned for too long, and was ended");
}

static void on_warning(JSContext *cx, JSErrorReport *report)
{
}

/* -- Promises */

static void on_rejection(JSContext *cx, bool is_muted, JS::HandleObject promise,
			 JS::PromiseRejectionHandlingState state, void *data)
{
	if (state == JS::PromiseRejectionHandlingState::Unhandled) {
		engine.rejected.emplace_back(cx, promise);
		return;
	}
	for (auto at = engine.rejected.begin(); at != engine.rejected.end(); ++at)
		if (at->get() == promise) {
			engine.rejected.erase(at);
			return;
		}
}

/* What promises have to do is done before the guest goes on. */
static void run_promises(JSContext *cx)
{
	js::RunJobs(cx);
	while (!engine.rejected.empty()) {
		JS::RootedValue reason(cx, JS::GetPromiseResult(engine.rejected.back()));

		engine.rejected.pop_back();
		JS_SetPendingException(cx, reason);
		failure_give(cx, engine.current, nullptr, nullptr);
	}
}

/* A script of the device runs until this ends. */
class Running
{
	JSAutoRealm realm;
	struct device *outer;

      public:
	JSContext *const cx;
	explicit Running(struct device *device)
	    : realm(engine.cx, *engine.global), outer(engine.current), cx(engine.cx)
	{
		engine.current = device;
	}
	~Running()
	{
		if (!outer)
			run_promises(cx);
		engine.current = outer;
	}
};

/* -- Start */

static void collect_global(JSContext *cx, void *data, JS::Realm *realm,
			   const JS::AutoRequireNoGC &no_gc)
{
	JSObject *global = JS::GetRealmGlobalOrNull(realm);

	if (global && !static_cast<JS::RootedObjectVector *>(data)->append(global))
		return;
}

/* GJS has a second realm for its own code; that of scripts has `imports`. */
static bool find_global(JSContext *cx, JS::MutableHandleObject out)
{
	JS::RootedObjectVector globals(cx);
	bool found = false;

	JS::IterateRealms(cx, &globals, collect_global);
	for (size_t i = 0; i < globals.length() && !found; i++) {
		JSAutoRealm realm(cx, globals[i]);

		if (JS_HasProperty(cx, globals[i], "imports", &found) && found)
			out.set(globals[i]);
	}
	return found;
}

/* GJS collects garbage from a timeout of the default main loop, ten seconds after it was made and
 * whenever it has run a callback: on the thread of the window, that is, where it must not. The
 * first one is destroyed behind its back, and GJS then never adds another one, because it waits
 * for this. SpiderMonkey collects by itself when scripts have allocated enough. */
static bool stop_collector(GjsContext *gjs)
{
	gpointer data = reinterpret_cast<char *>(gjs) +
			g_type_class_get_instance_private_offset(G_OBJECT_GET_CLASS(gjs));
	GSource *source = g_main_context_find_source_by_user_data(nullptr, data);

	if (source)
		g_source_destroy(source);
	return source != nullptr;
}

static JSContext *make_context(void)
{
	GjsContext *gjs;

	g_main_context_push_thread_default(g_main_context_new());
	gjs = gjs_context_new();
	if (!gjs || !stop_collector(gjs))
		return nullptr;
	return static_cast<JSContext *>(gjs_context_get_native_context(gjs));
}

static void use_no_compiler(JSContext *cx)
{
	static const JSJitCompilerOption options[] = {
		JSJITCOMPILER_ION_ENABLE,
		JSJITCOMPILER_BASELINE_ENABLE,
		JSJITCOMPILER_BASELINE_INTERPRETER_ENABLE,
		JSJITCOMPILER_NATIVE_REGEXP_ENABLE,
		JSJITCOMPILER_OFFTHREAD_COMPILATION_ENABLE,
	};

	for (JSJitCompilerOption option : options)
		JS_SetGlobalJitCompilerOption(cx, option, 0);
	JS::ContextOptionsRef(cx).setWasm(false);
}

/* What was compiled before the compilers were off is released now: later, the jail does not allow
 * to write to code, not even to release it. */
static void release_code(JSContext *cx)
{
	JS::PrepareForFullGC(cx);
	JS::NonIncrementalGC(cx, JS::GCOptions::Shrink, JS::GCReason::API);
}

static JSObject *export_of(JSContext *cx, JS::HandleObject names, const char *name)
{
	JS::RootedValue value(cx);

	if (!JS_GetProperty(cx, names, name, &value) || !value.isObject())
		return nullptr;
	return &value.toObject();
}

static bool run_tessera(JSContext *cx, JS::HandleObject global)
{
	JS::RootedObject names(cx), maker(cx), make(cx);
	char path[4096];

	if (!script_find_beside("tessera.js", path, sizeof(path)) || !define_native(cx, global))
		return false;
	names = modules_run(cx, nullptr, path);
	if (!names || !JS_DeleteProperty(cx, global, "__tessera"))
		return false;
	maker = export_of(cx, names, "makeError");
	make = export_of(cx, names, "makeDevice");
	if (!maker || !make)
		return false;
	failure_maker = new JS::PersistentRootedObject(cx, maker);
	engine.make = new JS::PersistentRootedObject(cx, make);
	return true;
}

bool engine_start(struct tsr_error *error)
{
	JSContext *cx = make_context();

	if (!cx)
		return tsr_error_set(
			error, TSR_ERROR_UNSUPPORTED,
			"GJS cannot be started, or is of a version that script-gjs does not know");
	use_no_compiler(cx);
	JS::SetWarningReporter(cx, on_warning);
	JS::RootedObject global(cx);
	if (!find_global(cx, &global))
		return tsr_error_set(error, TSR_ERROR_UNSUPPORTED,
				     "this version of GJS has no global object of scripts");
	JSAutoRealm realm(cx, global);
	engine.cx = cx;
	engine.global = new JS::PersistentRootedObject(cx, global);
	modules_start(cx);
	if (!run_tessera(cx, global))
		return failure_give(cx, nullptr, nullptr, error);
	JS::SetPromiseRejectionTrackerCallback(cx, on_rejection);
	release_code(cx);
	return JS_AddInterruptCallback(cx, on_interrupt);
}

/* -- Calls of scripts */

bool engine_make(struct device *device, const char *file, struct tsr_error *error)
{
	Running running(device);
	JSContext *cx = running.cx;
	JS::RootedObject names(cx);
	JS::RootedValueArray<3> arguments(cx);
	JS::RootedValue made(cx), make(cx);
	JS::RootedString name(cx);

	device->script = new script;
	device->script->number = ++engine.last_number;
	engine.devices[device->script->number] = device;
	names = modules_run(cx, device, file);
	name = names ? JS_NewStringCopyZ(cx, device->base.host->name) : nullptr;
	if (!name)
		return failure_give(cx, device, nullptr, error);
	arguments[0].setObject(*names);
	arguments[1].setNumber(device->script->number);
	arguments[2].setString(name);
	make.setObject(**engine.make);
	if (!JS::Call(cx, JS::UndefinedHandleValue, make, arguments, &made) || !made.isObject())
		return failure_give(cx, device, nullptr, error);
	device->script->self.init(cx, &made.toObject());
	return true;
}

bool engine_method(struct device *device, const char *name, const struct script_value *argument,
		   struct tsr_error *error)
{
	Running running(device);
	JSContext *cx = running.cx;
	JS::RootedValueArray<1> arguments(cx);
	JS::RootedObject self(cx, device->script->self);
	JS::RootedValue method(cx), result(cx);
	bool good;

	if (!self)
		return tsr_error_set(error, TSR_ERROR_FAILED, "the script has no device");
	good = JS_GetProperty(cx, self, name, &method) &&
	       (!argument || value_to_js(cx, device, argument, arguments[0])) &&
	       JS::Call(cx, self, method,
			argument ? JS::HandleValueArray(arguments) : JS::HandleValueArray::empty(),
			&result);
	if (!good)
		failure_give(cx, device, nullptr, error);
	return good;
}

bool engine_call(struct script_hook *hook, unsigned which, const struct script_value *arguments,
		 unsigned count, struct script_value *result, struct tsr_error *error)
{
	auto *device = reinterpret_cast<struct device *>(hook->device);
	Running running(device);
	JSContext *cx = running.cx;
	JS::RootedObject where(cx,
			       *static_cast<JS::PersistentRootedObject *>(hook->functions[which]));
	JS::RootedValue function(cx, JS::ObjectValue(*where)), returned(cx);
	JS::RootedValueVector values(cx);
	bool good = values.resize(count);

	for (unsigned i = 0; good && i < count; i++)
		good = value_to_js(cx, device, &arguments[i], values[i]);
	good = good && JS::Call(cx, JS::UndefinedHandleValue, function, values, &returned) &&
	       value_take_result(cx, returned, result);
	if (!good)
		failure_give(cx, device, where, error);
	return good;
}

static void release(void *function)
{
	delete static_cast<JS::PersistentRootedObject *>(function);
}

/* Objects that the script has kept know a number of no device from here on. */
void engine_end(struct device *device)
{
	JSContext *cx = engine.cx;
	JSAutoRealm realm(cx, *engine.global);

	if (!device->script)
		return;
	engine.devices.erase(device->script->number);
	script_hooks_free(&device->base, release);
	for (JS::PersistentRootedObject &buffer : device->script->buffers) {
		JS::RootedObject object(cx, buffer);

		if (!JS::DetachArrayBuffer(cx, object))
			JS_ClearPendingException(cx);
	}
	delete device->script;
	device->script = nullptr;
	JS_GC(cx);
}
