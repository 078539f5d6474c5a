// To change the limits, or to get out from under them.
#include "attack.h"

// Outside of cgroup namespaces a mount of cgroup2 sets the options of the whole machine. These are those it has, so
// that nothing is changed where nothing holds the attack. NULL: no mount is there to say them.
static const char* options_of_cgroup2(void) {
  static char line[4096];
  FILE* mounts = fopen("/proc/self/mountinfo", "re");
  if (mounts == NULL) return NULL;
  bool is_found = false;
  while (!is_found && fgets(line, sizeof line, mounts) != NULL) is_found = strstr(line, " - cgroup2 ") != NULL;
  fclose(mounts);
  if (!is_found) return NULL;
  line[strcspn(line, "\n")] = '\0';
  // Before the first comma is whether it can be written, which is the mount's.
  const char* comma = strchr(strrchr(line, ' '), ',');
  return comma == NULL ? NULL : comma + 1;
}

// Calls it with each directory that may be one of cgroups: those that are mounted, also in the root of process 1, and
// those that it can mount itself.
static void each_hierarchy(void (*act)(const char* directory)) {
  const char* const usual[] = {"/sys/fs/cgroup",
                               "/sys/fs/cgroup/memory",
                               "/sys/fs/cgroup/unified",
                               "/proc/1/root/sys/fs/cgroup",
                               "/proc/1/root/sys/fs/cgroup/memory",
                               NULL};
  for (const char* const* each = usual; *each != NULL; each++) act(*each);
  if (!apart()) return;
  const char* const of_cgroup2 = options_of_cgroup2();
  const char* const options[][2] = {{"cgroup2", of_cgroup2}, {"cgroup", "memory"}, {"cgroup", "memory,hugetlb"}};
  for (size_t each = 0; each < sizeof options / sizeof *options; each++)
    if (mount("attack", "/tmp", options[each][0], 0, options[each][1]) == 0) act("/tmp");
}

// Its own cgroup as it sees it, and two above, but not the one that holds the whole trial.
static void each_own(const char* directory, void (*act)(const char* cgroup, int level)) {
  char line[400], cgroup[600];
  FILE* lines = fopen("/proc/self/cgroup", "re");
  if (lines == NULL) return;
  while (fgets(line, sizeof line, lines) != NULL) {
    const char* on_v1 = strstr(line, ":memory:");
    if (on_v1 == NULL && strncmp(line, "0::", 3) != 0) continue;
    line[strcspn(line, "\n")] = '\0';
    snprintf(cgroup, sizeof cgroup, "%s%s", directory, on_v1 != NULL ? on_v1 + 8 : line + 3);
    for (int level = 0; level < 3 && strncmp(strrchr(cgroup, '/'), "/outer", 6) != 0; level++) {
      act(cgroup, level);
      *strrchr(cgroup, '/') = '\0';
      if (strrchr(cgroup, '/') == NULL) break;
    }
  }
  fclose(lines);
}

static void join(const char* cgroup, int level) {
  char path[700];
  snprintf(path, sizeof path, "%s/cgroup.procs", cgroup);
  if (level > 0) put(path, "0");
}

static void join_all(const char* directory) {
  each_own(directory, join);
  join(directory, 1);
}

static void leave(void) {
  each_hierarchy(join_all);
  if (holds(TOO_MUCH)) worked();
}

static void lift_one(const char* cgroup, int level) {
  (void)level;
  const char* const files[] = {
      "memory.max", "memory.memsw.limit_in_bytes", "memory.limit_in_bytes", "memory.swap.max", "memory.high", NULL};
  for (const char* const* file = files; *file != NULL; file++) {
    char path[700];
    snprintf(path, sizeof path, "%s/%s", cgroup, *file);
    put(path, strstr(*file, "limit") != NULL ? "-1" : "max");
  }
}

static void lift(const char* directory) { each_own(directory, lift_one); }

static void raise_memory(void) {
  each_hierarchy(lift);
  if (holds(TOO_MUCH)) worked();
}

static void raise_files(void) {
  struct rlimit limit;
  getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_max += 1;
  if (setrlimit(RLIMIT_NOFILE, &limit) == 0) worked();
}

// So that others are killed in its place when the machine has no memory.
static void last_to_be_killed(void) {
  if (put("/proc/self/oom_score_adj", "-500")) worked();
}

static void before_others(void) {
  if (setpriority(PRIO_PROCESS, 0, -5) == 0) worked();
}

const struct attack limit_attacks[] = {{"leave-cgroup", leave},      {"raise-memory", raise_memory},
                                       {"raise-files", raise_files}, {"oom-score", last_to_be_killed},
                                       {"priority", before_others},  {NULL, NULL}};
