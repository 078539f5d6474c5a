int main(void) {
  for (;;);
}
