let marks = 0;

/** An argument of sleep that nobody else uses, another run of these tests included. */
export function mark(): string {
  marks += 1;
  return `1000.${process.pid}${String(marks).padStart(3, '0')}`;
}
