// What the attacks share. Each says that it has worked only with the proof in its hands: what it has read, or holds.
#pragma once
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

// The limit is 32 MiB, and the room of a whole machine above it is 512 MiB.
enum { MIB = 1 << 20, TOO_MUCH = 56 * MIB };

struct attack {
  const char* name;
  void (*run)(void);
};

extern const struct attack memory_attacks[], buffer_attacks[], limit_attacks[], process_attacks[], file_attacks[],
    neighbour_attacks[], kernel_attacks[], ending_attacks[];

// What the harness said on the command line: "name=value". "" where it did not.
const char* given(const char* name);
long given_number(const char* name);

// The whole of the proof, where nothing that was read is one.
void worked(void);

// Prints what is in a file.
bool show(const char* path);
bool put(const char* path, const char* text);

// Takes so much, writes to all of it, and looks whether all is still there.
bool holds(size_t bytes);

// Each of so many children does its part, and all have what they took at the same time.
void together(int children, bool (*part)(void));

// Where a program may hope to write. Ends with NULL.
extern const char* const places[];
// Writes files of a MiB until there are so many bytes, in places that are in memory or are not. Removes them.
bool fills(size_t bytes, bool in_memory, bool is_cached);

// A private mount namespace, by a user namespace if need be: without one nothing is mounted or unmounted.
bool apart(void);

// Starts this program anew in a process of its own, which says MARK on its command line and stays.
void leave_behind(bool keeps_stdout);

int on_a_terminal(char** command);
int be_victim(void);
int plant(void);
