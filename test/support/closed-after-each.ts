import { type CreateCageOptions, createCage, type MemoryOption, type SharedCage } from 'memcage';

/**
 * createCage() for the tests of a describe. Call it before expectNothingLeft(): it closes each cage after its test.
 */
export function closedAfterEach(): (memory: MemoryOption, options?: object) => SharedCage {
  const make = cagesClosedAfterEach();
  return (memory, options = {}) => make({ memory, ...options });
}

/** {@link closedAfterEach} with the options of createCage(). */
export function cagesClosedAfterEach(): (options: CreateCageOptions) => SharedCage {
  return allClosedAfterEach(createCage);
}

/** The same for anything that can be closed. */
export function allClosedAfterEach<O, T extends { close(): Promise<unknown> }>(make: (options: O) => T) {
  const made: T[] = [];
  afterEach(async () => {
    await Promise.all(made.splice(0).map((each) => each.close()));
  });
  return (options: O): T => {
    const each = make(options);
    made.push(each);
    return each;
  };
}
