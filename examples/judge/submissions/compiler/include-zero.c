// Verdict: compile limit: memory limit: cause limit
#include "/dev/zero"

int main(void) { return 0; }
