// Verdict: compile error: .*No such file or directory
#include "/etc/shadow"

int main(void) { return 0; }
