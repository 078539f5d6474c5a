// Verdict: runtime error: SIGSEGV
int main(void) { return *(volatile int *)0; }
