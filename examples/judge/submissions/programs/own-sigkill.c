// Verdict: runtime error: SIGKILL
// Ends as a process does that was killed for memory or time.
#include <signal.h>

int main(void) { raise(SIGKILL); }
