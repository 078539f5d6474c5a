// Verdict: compile error: .* error: .*undeclared.*
int main(void) { return sum; }
