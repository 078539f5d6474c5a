import { printable } from '../../../../common/text/names';
import { FAILED_TEXT, flag } from '../../command';
import { defineCommand } from '../../define-command';
import { toJson } from '../../text/output';
import { UsageError } from '../../usage';
import { allEnds, type End, type Evidence, endsOf, killedWith } from './ends';
import { isRunning, readEvidence } from './evidence';
import { explain, isTimeKnown, limitOf, signalName, timeOf, whyUnknown } from './words';

const MEMORY = 0;
const NOT_MEMORY = 1;
const UNKNOWN = 2;

export const why = defineCommand({
  name: 'why',
  synopsis: '[PID|NAME]',
  summary: 'tell whether memory killed a process that is gone',
  details: [
    'Tells whether a process was killed for memory, for whose limit, and what was killed with it: by what the guardians have ' +
      "noted, by the cages of dead owners, and by the kernel's log, which knows every process of this machine. NAME is that of a " +
      'program, or of its cage. Of several, it is the last.',
    'Only root, or who has CAP_SYSLOG, can read the log, and only outside of PID namespaces. Without it, a child that SIGKILL ' +
      'has ended within a second of a kill in its cage counts as killed for memory.',
  ],
  operands: { name: 'process', least: 0, most: 1 },
  options: {
    last: flag('the process that ended last'),
    json: flag('print it as JSON, with all that match'),
  },
  exitCodes: [['0', 'it was killed for memory'], ['1', 'it was not'], ['2', 'that is not known'], FAILED_TEXT],
  examples: [
    ['memcage why 4711', 'what ended this process'],
    ['memcage why node', 'what ended the last process of this name'],
    ['memcage why --last', 'what ended the last one'],
  ],
  run({ last, json }, [what]) {
    if ((what === undefined) === (last !== true))
      throw new UsageError('Name a process by its pid or name, or use --last');
    const evidence = readEvidence();
    const all = allEnds(evidence);
    const ends = what === undefined ? all.slice(0, 1) : endsOf(all, what);
    process.stdout.write(json === true ? toJson(forPrograms(ends, evidence)) : textOf(ends, what, evidence));
    return codeOf(ends, what, evidence);
  },
});

function codeOf([end]: readonly End[], what: string | undefined, evidence: Evidence): number {
  if (end?.memory === true) return MEMORY;
  return end?.memory === false || (end === undefined && isRuledOut(what, evidence)) ? NOT_MEMORY : UNKNOWN;
}

/** Whether the log has all kills since the start of the machine, and none of this process. */
function isRuledOut(what: string | undefined, { log }: Evidence): boolean {
  return what !== undefined && log?.sinceUs === 0;
}

function textOf(ends: readonly End[], what: string | undefined, evidence: Evidence): string {
  const told = tell(ends, what, evidence);
  const isKnown = codeOf(ends, what, evidence) !== UNKNOWN;
  return isKnown || evidence.trouble === undefined ? told : `${told}Guardians note nothing now: ${evidence.trouble}.\n`;
}

function tell(ends: readonly End[], what: string | undefined, evidence: Evidence): string {
  const [end] = ends;
  if (end !== undefined) return explain(end, killedWith(end, evidence.log), ends.length - 1, evidence);
  if (what === undefined) return `No end is noted, and the kernel's log has no kill for memory.\n`;
  const name = printable(what);
  const isAlive = /^\d+$/.test(what) && isRunning(Number(what));
  const running = isAlive ? `Process ${name} runs. ` : '';
  const which = isAlive ? `an earlier process ${name}` : `process ${name}`;
  return isRuledOut(what, evidence)
    ? `${running}No process ${name} was killed for memory since the machine has started.\n`
    : `${running}Nothing is known of ${which}: ${whyUnknown(undefined, evidence)}.\n`;
}

function forPrograms(ends: readonly End[], evidence: Evidence): object[] {
  return ends.map((end) => {
    const { pid, name, memory, note, kill } = end;
    return {
      pid,
      name,
      time: isTimeKnown(end) ? timeOf(end, evidence).toISOString() : null,
      memory,
      cause: note?.cause ?? null,
      ...limitOf(end),
      by: note?.by ?? (kill === undefined ? null : 'kernel'),
      signal: note?.signal ? signalName(note.signal) : null,
      exitCode: note?.exitCode ?? null,
      peakBytes: note?.peakBytes ?? null,
      anonBytes: kill?.anonBytes ?? null,
      cgroup: note?.cgroup ?? kill?.report?.victimCgroup ?? null,
      ownerPid: note?.owner ?? null,
      kills: note?.kills ?? null,
      killedWith: killedWith(end, evidence.log).map((each) => ({ pid: each.pid, name: each.name })),
      from: [...(note ? ['note'] : []), ...(kill ? ['log'] : [])],
    };
  });
}
