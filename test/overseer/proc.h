#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <vector>

namespace memcage::overseer {

/** All of a file of /proc/PID, or nothing. */
std::string ReadProc(pid_t pid, const char* name);
std::string ReadProcLink(pid_t pid, const std::string& name);
/** A string in the memory of a process, up to a screen's width. */
std::string ReadString(pid_t pid, uint64_t address);
/** The number after `key` in /proc/PID/status, or -1. */
pid_t StatusNumber(const std::string& status, const char* key);

/** Whether it has ended, and at most its parent has not heard of that. */
bool IsDead(pid_t pid);

/** Zombies included. */
bool HasChild(pid_t pid);
/** All processes below this one, zombies included. */
std::vector<pid_t> Descendants();
/** Kills and reaps all processes below this one, for a few seconds at most. */
void EndDescendants();

}  // namespace memcage::overseer
