// libgcc asks __getauxval on arm64 which atomic instructions the processor has. That is a name of glibc's own: musl has
// only getauxval(3), and its loader refuses a library of which it lacks a symbol.
#if defined(__aarch64__)

#include <sys/auxv.h>

// NOLINTNEXTLINE(bugprone-reserved-identifier,readability-identifier-naming)
extern "C" __attribute__((visibility("hidden"))) unsigned long __getauxval(unsigned long type) {
  return getauxval(type);
}

#endif
