// Verdict: time limit
int main(void) {
  for (;;);
}
