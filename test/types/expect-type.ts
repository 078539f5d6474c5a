/** True only for the same type, as assignability in both directions is not (`any`, optional members). */
type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;

/** `expectType<Wanted>()(value)`: a compile error unless the value's type is exactly the wanted one. */
export function expectType<Wanted>(): <Seen>(
  value: Seen,
  ...wrong: Same<Seen, Wanted> extends true ? [] : [Wanted]
) => void {
  return () => {};
}
