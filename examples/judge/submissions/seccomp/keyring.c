// Verdict: wrong answer: refused
#include <stdio.h>
#include <sys/syscall.h>
#include <unistd.h>

int main(void) { puts(syscall(SYS_keyctl, 0, -4, 1) >= 0 ? "has a keyring" : "refused"); }
