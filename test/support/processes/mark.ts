let marks = 0;

/** An argument for sleep that nobody else uses, not even another run of these tests. */
export function mark(): string {
  marks += 1;
  return `1000.${process.pid}${String(marks).padStart(3, '0')}`;
}
