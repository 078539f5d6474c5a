import { printable } from '../../../common/text/names';
import { type CollectedCage, collectGarbage } from '../../../machine';
import { FAILED_TEXT, flag } from '../command';
import { defineCommand } from '../define-command';
import { NO_OPERANDS } from '../parse-words';
import { toJson } from '../text/output';

export const gc = defineCommand({
  name: 'gc',
  synopsis: '',
  summary: 'kill and remove what dead owners left',
  details: [
    'Kills all processes in the cages of dead owners and removes these cages; removes empty directories that ' +
      'detached children left. Does not touch what has a living owner, nor detached children that still run.',
    'You rarely need it: a guardian does this when a program is killed, and so does the first start of a ' +
      'child in the same cgroup. Use it for what was left without a guardian, or where nothing is started any ' +
      'more.',
  ],
  operands: NO_OPERANDS,
  options: {
    'dry-run': flag('only print what would be done', { short: 'n' }),
    json: flag('print it as JSON, with the pids'),
  },
  exitCodes: [['0', 'nothing of a dead owner is left'], ['1', 'something could not be removed'], FAILED_TEXT],
  examples: [
    ['memcage gc --dry-run', 'what it would remove'],
    ['memcage gc', 'remove it'],
  ],
  async run({ 'dry-run': dryRun, json }) {
    const collected = await collectGarbage({ dryRun: dryRun === true });
    process.stdout.write(json === true ? toJson(collected) : render(collected));
    return collected.some(({ result }) => result === 'left' || result === 'refused') ? 1 : 0;
  },
});

function render(collected: readonly CollectedCage[]): string {
  if (collected.length === 0) return 'nothing is left of dead owners\n';
  return collected.map((each) => `${lineOf(each)}\n`).join('');
}

function lineOf({ path, kind, ownerPid, pids, result, reason }: CollectedCage): string {
  const owner = ownerPid === null ? '' : ` of process ${ownerPid}`;
  const what = { owner: 'cages', detached: 'a detached cage', leaf: 'an empty leaf' }[kind];
  const killing = pids.length === 0 ? '' : `, ${pids.length === 1 ? '1 process' : `${pids.length} processes`}`;
  const why = reason === null ? '' : ` (${printable(reason)})`;
  return `${result}: ${what}${owner}${killing}: ${printable(path)}${why}`;
}
