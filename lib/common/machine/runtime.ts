/** The runtime, for messages: `Node v24.1.0`, or one that claims to be a Node of that version. */
export function runtimeName(): string {
  const { bun, deno, electron } = process.versions;
  if (bun !== undefined) return `Bun ${bun}`;
  if (deno !== undefined) return `Deno ${deno}`;
  return electron === undefined ? `Node ${process.version}` : `Electron ${electron}, Node ${process.version}`;
}
