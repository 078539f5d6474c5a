#pragma once

#include <node_api.h>

#include <functional>
#include <string>

#include "input.h"

/**
 * A Node-API whose values are made of the input when they are asked for: mostly such as the name of an option suggests,
 * else any. A getter may throw, detach every buffer, or be where the environment begins to be torn down.
 */
namespace fuzz {

/** Begins an environment with the addon in it. */
void BeginEnvironment(Input* input);
/** Calls one of the addon's functions with an object of options. */
void CallAnyFunction();
/** Runs what was queued, then ends the environment as Node does: hooks, instance data, finalizers. */
void EndEnvironment();

/** Whether the addon's code runs, and may not touch the system: JavaScript has thrown, or is being terminated. */
bool IsOver();
/** Whether JavaScript is being terminated: it calls nothing any more. */
bool IsTerminated();
/** Whether the addon is in a call of the input's. */
bool IsInCall();

/** The number that JavaScript gave last for an option of this name; false if it gave none. */
bool GivenNumber(const char* name, double* number);

Input& TheInput();

}  // namespace fuzz
