// Verdict: wrong answer: refused
#define _GNU_SOURCE
#include <sched.h>
#include <stdio.h>

int main(void) { puts(unshare(CLONE_NEWUSER) == 0 ? "root in a namespace" : "refused"); }
