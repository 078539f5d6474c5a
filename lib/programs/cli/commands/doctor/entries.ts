import type { Finding } from '../../../../machine';

/** A finding as it is printed. */
export interface Entry extends Finding {
  /** Lines below it. */
  below?: readonly string[];
}

/** The name of a finding that there is for several kinds: `namespace.pid`, `limit.cpu.set`. */
export const KIND = /^(?<what>\w+)\.(?<kind>.*)$/;

/** Joins consecutive findings of a kind that say the same. */
export function joinAlike(findings: readonly Finding[]): Finding[] {
  const groups: { what: string | undefined; kinds: string[]; finding: Finding }[] = [];
  for (const finding of findings) {
    const { what, kind } = KIND.exec(finding.name)?.groups ?? {};
    const last = groups.at(-1);
    const isSame = last !== undefined && last.what === what && saysTheSame(last.finding, finding);
    if (kind !== undefined && isSame) last.kinds.push(kind);
    else groups.push({ what, kinds: kind === undefined ? [] : [kind], finding });
  }
  return groups.map(({ what, kinds, finding }) =>
    what === undefined ? finding : { ...finding, name: `${what}s`, detail: `${kinds.join(', ')}: ${finding.detail}` },
  );
}

function saysTheSame(one: Finding, other: Finding): boolean {
  return one.state === other.state && one.detail === other.detail && one.cure === other.cure;
}

/** Puts those with the same cure below each other, where the first of them is, and leaves it to the last one to say it. */
export function withCuresOnce(entries: readonly Entry[]): Entry[] {
  const cures = [...new Set(entries.map(({ cure }, index) => cure ?? index))];
  return cures.flatMap((shared) => {
    const cured = entries.filter(({ cure }, index) => (cure ?? index) === shared);
    return cured.map((each, index) => (index < cured.length - 1 ? { ...each, cure: null } : each));
  });
}
