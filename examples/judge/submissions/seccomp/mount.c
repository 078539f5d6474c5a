// Verdict: wrong answer: refused
#include <stdio.h>
#include <sys/mount.h>

int main(void) { puts(mount("none", "/tmp", "tmpfs", 0, 0) == 0 ? "mounted" : "refused"); }
