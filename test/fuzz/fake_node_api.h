#pragma once

#include <node_api.h>

#include <string>

#include "named_input.h"

/**
 * A Node-API whose values are made of the input when they are asked for: mostly such as the addon expects, else
 * any. A getter may throw, detach every buffer, or be where the environment begins to be torn down.
 */
namespace fuzz {

/** Begins an environment with the addon in it. */
void BeginEnvironment(NamedInput* input);
/** Calls one of the addon's functions with an object of options. */
void CallAnyFunction();
/** Whether calls find out what the addon expects of its options; at the end that must be known of all that it read. */
void Learn(bool learns);
/** Runs what was queued, then ends the environment as Node does: hooks, instance data, finalizers. */
void EndEnvironment();

/** Whether the addon's code runs, and may not touch the system: JavaScript has thrown, or is being terminated. */
bool IsOver();
/** Whether JavaScript is being terminated: it calls nothing any more. */
bool IsTerminated();
/** Whether the addon is in a call of the input's. */
bool IsInCall();

/** The number that JavaScript gave last for this option, as in "clone/uid"; false if it gave none. */
bool GivenNumber(const std::string& path, double* number);

NamedInput& TheInput();

}  // namespace fuzz
