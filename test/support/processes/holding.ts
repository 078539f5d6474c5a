/** Takes that many MiB, says "done", and holds them until its stdin ends. */
export function holding(megabytes: number): [file: string, args: string[]] {
  return ['perl', ['-e', `$| = 1; $kept = "x" x (${megabytes} << 20); print "done\\n"; <STDIN>; print length $kept`]];
}
