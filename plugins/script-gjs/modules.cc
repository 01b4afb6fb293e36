/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Modules of devices: `import … from "tessera"`, and of files beside the script ("./registers.js"),
 * which each device runs anew, so that no variable is shared.
 *
 * Nothing else can be imported. What GJS has (gi://…, system) is made for programs with a main loop
 * on the thread of JavaScript: GJS collects garbage from the default main loop, which belongs to
 * another thread here, as soon as an object of GObject introspection has been made.
 */
#include "engine.h"

#include <cerrno>
#include <cstring>

#include <glib.h>

#include <js/CompilationAndEvaluation.h>
#include <js/Modules.h>
#include <js/Promise.h>
#include <js/SourceText.h>

static JS::PersistentRootedObject *tessera;

/* -- Files */

static JSObject *compile(JSContext *cx, struct device *device, const char *path)
{
	JS::SourceText<mozilla::Utf8Unit> source;
	JS::CompileOptions options(cx);
	JS::RootedObject module(cx);
	gchar *text = nullptr;
	gsize length;

	if (!g_file_get_contents(path, &text, &length, nullptr)) {
		failure_throw(cx, TSR_ERROR_NOT_FOUND, "the file %s cannot be read: %s",
			      strrchr(path, '/') ? strrchr(path, '/') + 1 : path,
			      g_strerror(errno));
		return nullptr;
	}
	options.setFileAndLine(path, 1);
	if (source.init(cx, text, length, JS::SourceOwnership::Borrowed))
		module = JS::CompileModule(cx, options, source);
	g_free(text);
	if (module)
		JS::SetModulePrivate(module, device ? JS::NumberValue(device->script->number)
						    : JS::UndefinedValue());
	return module;
}

/* "./a/b.js" in the device's folder; "": it leads elsewhere. */
static std::string path_of(const struct device *device, const std::string &specifier)
{
	if (specifier.compare(0, 2, "./") != 0 || specifier.find("..") != std::string::npos)
		return "";
	return device->base.folder + specifier.substr(2);
}

static JSObject *resolve(JSContext *cx, JS::HandleValue owner, JS::HandleObject request)
{
	JS::RootedString text(cx, JS::GetModuleRequestSpecifier(cx, request));
	JS::UniqueChars chars = text ? JS_EncodeStringToUTF8(cx, text) : nullptr;
	struct device *device = owner.isNumber() ? engine_device(owner.toNumber()) : nullptr;
	JS::RootedObject module(cx);
	std::string path;

	if (!chars)
		return nullptr;
	if (strcmp(chars.get(), "tessera") == 0)
		return *tessera;
	path = device ? path_of(device, chars.get()) : "";
	if (path.empty()) {
		failure_throw(cx, TSR_ERROR_UNSUPPORTED,
			      "%s cannot be imported; a device imports \"tessera\" and files "
			      "beside it, such as \"./registers.js\"",
			      chars.get());
		return nullptr;
	}
	auto known = device->script->modules.find(path);
	if (known != device->script->modules.end())
		return known->second;
	module = compile(cx, device, path.c_str());
	if (module)
		device->script->modules.emplace(path, JS::PersistentRootedObject(cx, module));
	return module;
}

/* import.meta has nothing; GJS's own function would take our modules for its own. */
static bool no_metadata(JSContext *, JS::HandleValue, JS::HandleObject)
{
	return true;
}

void modules_start(JSContext *cx)
{
	JSRuntime *runtime = JS_GetRuntime(cx);

	JS::SetModuleResolveHook(runtime, resolve);
	JS::SetModuleMetadataHook(runtime, no_metadata);
	JS::SetModuleDynamicImportHook(runtime, nullptr);
}

/* -- Running */

/* What a module's top level has thrown is in a promise; it must not wait for another one. */
static bool take_outcome(JSContext *cx, JS::HandleValue value)
{
	JS::RootedObject promise(cx, value.isObject() ? &value.toObject() : nullptr);
	JS::RootedValue reason(cx);

	if (!promise || JS::GetPromiseState(promise) == JS::PromiseState::Fulfilled)
		return true;
	if (JS::GetPromiseState(promise) == JS::PromiseState::Pending)
		return failure_throw(cx, TSR_ERROR_UNSUPPORTED,
				     "a device's file cannot wait at its top level (await)");
	JS::SetSettledPromiseIsHandled(cx, promise);
	reason = JS::GetPromiseResult(promise);
	JS_SetPendingException(cx, reason);
	return false;
}

JSObject *modules_run(JSContext *cx, struct device *device, const char *path)
{
	JS::RootedObject module(cx, compile(cx, device, path));
	JS::RootedValue outcome(cx);

	if (!module || !JS::ModuleInstantiate(cx, module) ||
	    !JS::ModuleEvaluate(cx, module, &outcome) || !take_outcome(cx, outcome))
		return nullptr;
	if (!device)
		tessera = new JS::PersistentRootedObject(cx, module);
	return JS::GetModuleNamespace(cx, module);
}
