// See README.md.
#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <utility>
#include <vector>

#include "calls.h"
#include "overseer.h"
#include "proc.h"
#include "program.h"
#include "rules.h"

namespace memcage::overseer {
namespace {

constexpr int kUsage = 2;
constexpr int kFailed = 125;

int Refuse(const std::string& why) {
  fprintf(
      stderr,
      "overseer: %s\nusage: overseer --log FILE [--rule RULE]... [--details] [--always] [--timeout MS] [--grace MS] "
      "[--hold MS] [--continue MS] -- PROGRAM [ARGUMENT]...\n",
      why.c_str());
  return kUsage;
}

/** Reads the options. Returns the index of the program, or 0. */
int ReadOptions(int argc, char** argv, Settings* settings, std::string* why) {
  int i = 1;
  for (; i < argc && strcmp(argv[i], "--") != 0; ++i) {
    const std::string option = argv[i];
    if (option == "--details" || option == "--always") {
      (option == "--details" ? settings->details : settings->always) = true;
      continue;
    }
    const char* value = i + 1 < argc ? argv[++i] : "";
    if (option == "--log") {
      settings->log_fd = open(value, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0600);
      if (settings->log_fd < 0) *why = std::string(value) + ": " + strerror(errno);
    } else if (option == "--rule") {
      Rule rule{};
      if (ReadRule(value, &rule))
        settings->rules.push_back(rule);
      else
        *why = std::string("no rule: ") + value;
    } else if (option == "--timeout") {
      settings->timeout_ms = atoi(value);
    } else if (option == "--grace") {
      settings->grace_ms = atoi(value);
    } else if (option == "--hold") {
      settings->hold_ms = atoi(value);
    } else if (option == "--continue") {
      settings->continue_ms = atoi(value);
    } else {
      *why = "no option: " + option;
    }
    if (!why->empty()) return 0;
  }
  if (settings->log_fd < 0) *why = "no log";
  if (i + 1 >= argc) *why = "no program";
  return why->empty() ? i + 1 : 0;
}

volatile std::sig_atomic_t is_over = 0;

/** Has a signal interrupt what waits. The program ends with this process, and whoever is above ends the rest. */
void EndOnSignal() {
  struct sigaction action{};
  action.sa_handler = [](int) { is_over = 1; };
  for (const int signal : {SIGTERM, SIGINT, SIGHUP}) sigaction(signal, &action, nullptr);
}

int Oversee(Settings settings, char** program) {
  prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
  prctl(PR_SET_PDEATHSIG, SIGTERM, 0, 0, 0);
  EndOnSignal();
  Program started = StartProgram(program, AllNumbers());
  if (!started.listener.valid()) {
    EndDescendants();
    return kFailed;
  }
  return Overseer(std::move(settings), std::move(started)).Run(&is_over);
}

}  // namespace
}  // namespace memcage::overseer

int main(int argc, char** argv) {
  using namespace memcage::overseer;
  Settings settings;
  std::string why;
  const int program = ReadOptions(argc, argv, &settings, &why);
  if (program == 0) return Refuse(why);
  // Two processes, each of which ends everything if the other one is killed: without a listener, calls would fail for
  // ever.
  prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
  const pid_t inner = fork();
  if (inner == 0) return Oversee(std::move(settings), argv + program);
  EndOnSignal();
  int status = 0;
  while (waitpid(inner, &status, 0) < 0 && errno == EINTR && is_over == 0) {
  }
  EndDescendants();
  return WIFEXITED(status) ? WEXITSTATUS(status) : kFailed;
}
