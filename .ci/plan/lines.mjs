// The plan as people read it.

export function planLines({ steps, leftOut, tests }, { files, unknown }) {
  const head =
    files === undefined
      ? `Everything runs: ${unknown}.`
      : `${files.length} files differ from the commit that landed last.`;
  const width = Math.max(...steps.map(({ name }) => name.length));
  return [
    head,
    ...steps.map(({ name, why }) =>
      `  ${why === undefined ? 'out' : 'in '}  ${name.padEnd(width)}${why === undefined ? '' : `  ${why}`}`.trimEnd(),
    ),
    `Tests: ${tests.host.length} files on the host, ${tests.v2.length} on cgroup v2, ${tests.swap.length} on v1 with swap.`,
    ...leftOut.map((name) => `Not on the host: ${name}.`),
  ];
}
