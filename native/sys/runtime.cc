// The part of the C++ runtime that memcage's own code, built without exceptions, can need. Weak, so that a strong
// definition that the linker meets wins; defined, so that it takes no file of libstdc++ that can throw. Such a file
// brings the unwinder along, the demangler and gettext: 70 kB of code that never runs, and symbols that neither
// glibc 2.28 nor musl has. What would have thrown ends the process, as it did before in std::terminate().
//
// A static variable in a function needs __cxa_guard_acquire, which throws too. Use constinit or pthread_once(3).
#include <cstddef>
#include <cstdlib>
#include <new>
#include <string>

#define MEMCAGE_WEAK __attribute__((weak))

// `new` is made of malloc, and the compiler calls these names.
// NOLINTBEGIN(cppcoreguidelines-no-malloc,bugprone-reserved-identifier)

MEMCAGE_WEAK void* operator new(std::size_t size) {
  void* memory = malloc(size == 0 ? 1 : size);
  if (memory == nullptr) abort();
  return memory;
}
MEMCAGE_WEAK void* operator new[](std::size_t size) { return operator new(size); }
MEMCAGE_WEAK void operator delete(void* memory) noexcept { free(memory); }
MEMCAGE_WEAK void operator delete(void* memory, std::size_t) noexcept { free(memory); }
MEMCAGE_WEAK void operator delete[](void* memory) noexcept { free(memory); }
MEMCAGE_WEAK void operator delete[](void* memory, std::size_t) noexcept { free(memory); }

extern "C" MEMCAGE_WEAK void __cxa_pure_virtual() { abort(); }

#ifdef __GLIBCXX__
namespace std {

// Declared in <bits/functexcept.h> and <bits/std_function.h>.
MEMCAGE_WEAK void __throw_bad_alloc() { abort(); }
MEMCAGE_WEAK void __throw_bad_array_new_length() { abort(); }
MEMCAGE_WEAK void __throw_bad_function_call() { abort(); }
MEMCAGE_WEAK void __throw_length_error(const char*) { abort(); }
MEMCAGE_WEAK void __throw_logic_error(const char*) { abort(); }
MEMCAGE_WEAK void __throw_out_of_range(const char*) { abort(); }
MEMCAGE_WEAK void __throw_out_of_range_fmt(const char*, ...) { abort(); }
MEMCAGE_WEAK void __throw_system_error(int) { abort(); }

}  // namespace std

#if _GLIBCXX_RELEASE >= 13
// The one function of a string that its header leaves to libstdc++ also in C++20.
template void std::string::_M_replace_cold(char*, size_type, const char*, size_type, size_type);
#endif
#endif
// NOLINTEND(cppcoreguidelines-no-malloc,bugprone-reserved-identifier)
