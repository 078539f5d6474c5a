// What came of a suite: for each test, by name, its outcome (pass, fail or skip) and the file that it is in.

/** Collects them. Tests of the same name are told apart by their order. */
export function collect(tests) {
  const results = new Map();
  for (const { name, outcome, file } of tests) {
    let unique = name;
    for (let nth = 2; results.has(unique); nth += 1) unique = `${name} (${nth})`;
    results.set(unique, { outcome, file });
  }
  return results;
}

export function count(results, outcome) {
  return [...results.values()].filter((each) => each.outcome === outcome).length;
}
