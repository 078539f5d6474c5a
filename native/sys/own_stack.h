#pragma once

#include <cstddef>

// Clang's sanitizers know the stack of each thread. They have to be told of another one on which a thread goes on.
#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define MEMCAGE_ADDRESS_SANITIZER
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>
#elif __has_feature(thread_sanitizer)
#define MEMCAGE_THREAD_SANITIZER
#include <sanitizer/tsan_interface.h>
#endif
#endif

namespace memcage::sys {

/**
 * In its scope a child is cloned that runs on a stack of its own, perhaps in the memory of the calling thread, which is
 * suspended until then: to a sanitizer the child is this thread. Does nothing without one.
 *
 * All of it is inlined: the sanitizer counts the functions that begin and end on each stack.
 */
class OwnStack {
 public:
#if defined(MEMCAGE_ADDRESS_SANITIZER)
  [[gnu::always_inline]] OwnStack(char* base, size_t size) {
    // The child before has left by exec, and not by returning from its functions.
    __asan_unpoison_memory_region(base, size);
    __sanitizer_start_switch_fiber(&fake_, base, size);
  }
  [[gnu::always_inline]] ~OwnStack() {
    const void* base = nullptr;
    size_t size = 0;
    __sanitizer_finish_switch_fiber(fake_, &base, &size);
    __sanitizer_start_switch_fiber(&fake_, base, size);
    __sanitizer_finish_switch_fiber(fake_, nullptr, nullptr);
  }
#elif defined(MEMCAGE_THREAD_SANITIZER)
  [[gnu::always_inline]] OwnStack(char* /*base*/, size_t /*size*/)
      : before_(__tsan_get_current_fiber()), own_(__tsan_create_fiber(0)) {
    __tsan_switch_to_fiber(own_, 0);
  }
  [[gnu::always_inline]] ~OwnStack() {
    __tsan_switch_to_fiber(before_, 0);
    if (!was_killed_) __tsan_destroy_fiber(own_);
  }
#else
  OwnStack(char* /*base*/, size_t /*size*/) {}
  ~OwnStack() = default;
#endif
  /** It may have been in a function of the sanitizer's, which would take that for a mistake at the end of its stack. */
  void ChildWasKilled() {
#if defined(MEMCAGE_THREAD_SANITIZER)
    was_killed_ = true;
#endif
  }
  OwnStack(const OwnStack&) = delete;
  OwnStack& operator=(const OwnStack&) = delete;

 private:
#if defined(MEMCAGE_ADDRESS_SANITIZER)
  void* fake_ = nullptr;
#elif defined(MEMCAGE_THREAD_SANITIZER)
  void* before_;
  void* own_;
  bool was_killed_ = false;
#endif
};

}  // namespace memcage::sys
