// The options of the sanitizers, compiled in: many processes of the tests get no environment. What the environment has
// in ASAN_OPTIONS and TSAN_OPTIONS comes after them.
#include <unistd.h>

// Programs are not told apart: node is linked with the runtime and these, the launcher has both built in.
#define MEMCAGE_COMMON                                                                    \
  /* It would start a program from the process that fails, which may have no memory left: \
     reports.mjs does. */                                                                 \
  "symbolize=0:"    /* node aborts on purpose, and so do programs of the tests. */        \
  "handle_abort=0:" /* It would lower the limit of core files, which children inherit. */ \
  "disable_coredump=0:"

// Not stderr, which the tests compare; and some processes have none. But a launcher may begin in a root that does not
// have the directory, and there the runtime would end it at once. Nobody may see what it writes then: the status tells.
#define MEMCAGE_OPTIONS(options)                                                                                     \
  (access(MEMCAGE_PLACE "/reports", W_OK) == 0 ? "log_path=" MEMCAGE_PLACE "/reports/report:" MEMCAGE_COMMON options \
                                               : MEMCAGE_COMMON options ":halt_on_error=1:exitcode=1")

extern "C" {

// NOLINTBEGIN(bugprone-reserved-identifier): these names are the runtime's.

__attribute__((visibility("default"), used)) const char* __asan_default_options() {
  return MEMCAGE_OPTIONS(
      // V8 frees nothing at the end of a process.
      "detect_leaks=0:"
      // Freed memory that it keeps counts in a cage, whose limits are small.
      "quarantine_size_mb=4:"
      // These options come before the runtime among the libraries of node.
      "verify_asan_link_order=0:"
      // Copies of the addon are different libraries with the same names.
      "detect_odr_violation=0");
}

__attribute__((visibility("default"), used)) const char* __tsan_default_options() {
  return MEMCAGE_OPTIONS(
      // Node's own code is not instrumented: what it gives to memcpy(3) and others looks like a race.
      "ignore_noninstrumented_modules=1:"
      // Node ends without waiting for its threads.
      "report_thread_leaks=0:"
      // The reports decide. A status of its own would fail a test that has nothing to do with it.
      "exitcode=0:"
      // At the end it would wait a second for threads to run into a race.
      "atexit_sleep_ms=0");
}

__attribute__((visibility("default"), used)) const char* __ubsan_default_options() {
  return MEMCAGE_OPTIONS("print_stacktrace=1");
}

// NOLINTEND(bugprone-reserved-identifier)
}
