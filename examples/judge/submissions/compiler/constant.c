// Verdict: compile limit: time limit|.*CPU time limit exceeded.*
// On a busy machine the ticks that RLIMIT_CPU counts may be ahead of the time that memcage counts.
// The compiler computes that.
double bessel = __builtin_yn(2000000000, 2e9);

int main(void) { return 0; }
