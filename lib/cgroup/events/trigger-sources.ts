import { ErrorCode, MemcageError } from '../../common/errors/errors';
import type { CgroupDirectory } from '../directory/directory';
import { OpenFile } from '../directory/open-file';
import { refusedWith } from '../directory/refusal';
import { missingFile, refusedValue } from '../directory/refused-file';
import { CountedEvents } from '../directory/v1-notifications';
import { parseValue } from '../files/formats';
import type { CgroupEvent } from './cgroup-events';
import { type EventSource, type SourceContext, Tally } from './source';
import type { CheckedTrigger, PressureLevel, PressureStall, Trigger, UsageThreshold } from './trigger-options';

/** Makes the kernel watch for the trigger from now on. */
export function openTrigger(context: SourceContext, trigger: Trigger, checked: CheckedTrigger): EventSource {
  switch (checked.kind) {
    case 'stall':
      return new StallSource(context, trigger as PressureStall, checked);
    case 'level':
      return levelSource(context, trigger as PressureLevel, checked);
    case 'usage':
      return thresholdSource(context, trigger as UsageThreshold, checked);
  }
}

/** @see https://docs.kernel.org/accounting/psi.html#monitoring-for-pressure-thresholds */
class StallSource implements EventSource {
  readonly kind = 'priority';
  readonly #file: OpenFile;
  readonly #tally = new Tally(0);
  #total = 0;

  constructor(
    private readonly context: SourceContext,
    private readonly trigger: PressureStall,
    { stall, thresholdMs, windowMs }: Extract<CheckedTrigger, { kind: 'stall' }>,
  ) {
    this.#file = new OpenFile(context.directory, 'memory.pressure', 'read-write');
    const value = `${stall} ${thresholdMs * 1000} ${windowMs * 1000}`;
    try {
      context.directory.native.writeOpen({ fd: this.#file.fd, value });
    } catch (error) {
      this.close();
      throw refusedTrigger(error, context.directory, value);
    }
  }

  get fd(): number {
    return this.#file.fd;
  }

  look(timeMs: number, isTold: boolean): void {
    // The kernel reports once per window, and keeps no count.
    if (isTold) this.#total += 1;
    // If the cgroup is gone, the kernel's report only says so.
    this.#file.text();
    const event = this.#tally.update(this.#total, timeMs);
    if (event !== undefined) this.context.emit('pressure', { ...event, trigger: this.trigger });
  }

  conclude(): void {}

  close(): void {
    this.#file.close();
  }

  /** The kernel waits for an RCU grace period: tens of milliseconds. */
  closeElsewhere(): Promise<void> {
    return this.#file.closeElsewhere();
  }
}

function refusedTrigger(error: unknown, directory: CgroupDirectory, value: string): unknown {
  // PSI is built in, but turned off by psi=0 or CONFIG_PSI_DEFAULT_DISABLED.
  if (refusedWith(error, 'EOPNOTSUPP')) return missingFile(directory, 'memory.pressure', { cause: error });
  if (refusedWith(error, 'EINVAL')) {
    return new MemcageError(
      ErrorCode.VALUE_REFUSED,
      `The kernel refused the trigger ${value} (microseconds): before Linux 6.4 windows are 500 ms or longer, and without ` +
        'CAP_SYS_RESOURCE multiples of 2000 ms',
      { path: `${directory.path}/memory.pressure`, value, cause: error },
    );
  }
  return refusedValue(error, { directory, version: 2, value, file: 'memory.pressure' });
}

/** @see https://docs.kernel.org/admin-guide/cgroup-v1/memory.html#memory-pressure */
function levelSource(
  context: SourceContext,
  trigger: PressureLevel,
  { level, mode }: Extract<CheckedTrigger, { kind: 'level' }>,
): EventSource {
  const events = new CountedEvents(context.directory, 'memory.pressure_level', {
    argument: mode === 'default' ? level : `${level},${mode}`,
    file: 'memory.usage_in_bytes',
  });
  return new CountingSource(events, (event) => context.emit('pressure', { ...event, trigger }));
}

/** @see https://docs.kernel.org/admin-guide/cgroup-v1/memory.html#memory-thresholds */
function thresholdSource(
  context: SourceContext,
  trigger: UsageThreshold,
  { bytes, of }: Extract<CheckedTrigger, { kind: 'usage' }>,
): EventSource {
  const file = of === 'memory' ? 'memory.usage_in_bytes' : 'memory.memsw.usage_in_bytes';
  const events = new CountedEvents(context.directory, file, { argument: String(bytes), file });
  return new CountingSource(events, (event, text) => {
    const usageBytes = text === undefined ? null : parseValue(text, file);
    context.emit('threshold', { ...event, trigger, usageBytes, above: usageBytes !== null && usageBytes >= bytes });
  });
}

/** A trigger of v1. */
class CountingSource implements EventSource {
  readonly kind = 'event';
  readonly #tally = new Tally(0);

  /** @param tell `text` is that of the file that stays open; undefined if the cgroup is gone */
  constructor(
    private readonly events: CountedEvents,
    private readonly tell: (event: CgroupEvent, text: string | undefined) => void,
  ) {}

  get fd(): number {
    return this.events.fd;
  }

  look(timeMs: number): void {
    const { total, text } = this.events.read();
    this.#update(total, timeMs, text);
  }

  conclude(timeMs: number, isNotified: boolean): void {
    this.#update(this.events.last(isNotified), timeMs, undefined);
  }

  close(): void {
    this.events.close();
  }

  #update(total: number, timeMs: number, text: string | undefined): void {
    const event = this.#tally.update(total, timeMs);
    if (event !== undefined) this.tell(event, text);
  }
}
