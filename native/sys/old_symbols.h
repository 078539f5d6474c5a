#pragma once

// The build includes this in each source of the addon. Symbols that glibc 2.32 and 2.34 moved to libc.so.6 got new
// versions there, which an older glibc refuses to load. The old versions are still there. musl ignores versions.
#include <features.h>

#if defined(__GLIBC__) && defined(__x86_64__)
#define MEMCAGE_OLD_SYMBOL(name) __asm__(".symver " #name ", " #name "@GLIBC_2.2.5")
#elif defined(__GLIBC__) && defined(__aarch64__)
#define MEMCAGE_OLD_SYMBOL(name) __asm__(".symver " #name ", " #name "@GLIBC_2.17")
#else
#define MEMCAGE_OLD_SYMBOL(name) static_assert(true)
#endif

MEMCAGE_OLD_SYMBOL(dlclose);
MEMCAGE_OLD_SYMBOL(dlopen);
MEMCAGE_OLD_SYMBOL(dlsym);
MEMCAGE_OLD_SYMBOL(pthread_create);
MEMCAGE_OLD_SYMBOL(pthread_join);
MEMCAGE_OLD_SYMBOL(pthread_mutex_trylock);
MEMCAGE_OLD_SYMBOL(pthread_once);
MEMCAGE_OLD_SYMBOL(pthread_sigmask);

#undef MEMCAGE_OLD_SYMBOL
