// Verdict: compile limit: (memory|output) limit.*
char all[1 << 28] = {1};

int main(void) { return all[1]; }
