import { htmlDocument } from '../../../common/drawing/document';
import { element, type Markup, text } from '../../../common/drawing/markup';
import { formatDuration } from '../../../common/text/duration';
import { formatSize } from '../../../common/text/size';
import type { EvidenceReport } from '../report';
import { answerOf } from './answer';
import { files, mappings, nodeHeaps, unread } from './details';
import { amount, bar, cell, percent, section, swatch } from './figures';
import { holders } from './holders';
import { KINDS } from './kinds';
import { overTime } from './over-time';
import { STYLE } from './style';

/** Less than a tenth of a MiB. */
const LEAST_BYTES = 50 * 1024;

/**
 * The report for people, as one page that runs and loads nothing.
 *
 * @param message the lines that are told of it elsewhere
 */
export function evidencePage(report: EvidenceReport, message: string): string {
  const chart = overTime(report);
  const body = [
    element(
      'header',
      {},
      element('p', { class: 'muted' }, text('memcage: what filled the memory')),
      element('h1', {}, text(answerOf(report))),
      element('ul', { class: 'told' }, ...message.split('\n').map((line) => element('li', {}, text(line)))),
    ),
    ...section('By kind', ...kinds(report)),
    ...section('Over time', ...chart),
    ...section('Who held what', holders(report)),
    ...nodeHeaps(report),
    ...mappings(report),
    ...files(report),
    ...unread(report),
    footer(report),
  ];
  return htmlDocument({ title: answerOf(report), body: [element('main', {}, ...body)], style: STYLE });
}

function kinds({ kinds: bytes, cage: { limitBytes, at, heldBytes } }: EvidenceReport): Markup[] {
  const shown = KINDS.map((look) => ({ ...look, bytes: bytes[look.kind] })).filter((each) => each.bytes >= LEAST_BYTES);
  const whole = Math.max(
    limitBytes,
    shown.reduce((sum, each) => sum + each.bytes, 0),
  );
  const rows = shown
    .sort((one, other) => other.bytes - one.bytes)
    .map((each) =>
      element(
        'tr',
        {},
        cell('key', swatch(each.className), text(each.text)),
        amount(each.bytes),
        cell('num', text(percent(each.bytes, limitBytes))),
      ),
    );
  const sum = element(
    'tr',
    { class: 'sum' },
    cell(
      'key',
      text(`all ${bytes.pageCache < LEAST_BYTES ? 'of it' : 'but page cache'}, of ${formatSize(limitBytes)}`),
    ),
    amount(heldBytes),
    cell('num', text(percent(heldBytes, limitBytes))),
  );
  const inOrder = KINDS.flatMap(({ kind }) => shown.filter((each) => each.kind === kind));
  return [
    bar(inOrder, whole, 28),
    element(
      'p',
      { class: 'muted small' },
      text(`The whole bar is the limit of ${formatSize(limitBytes)}. This was read at ${at} of it.`),
    ),
    element('table', { class: 'kinds' }, element('tbody', {}, ...rows, sum)),
  ];
}

function footer({ cage, time, frozenMs }: EvidenceReport): Markup {
  const facts = [
    `Read at ${time.replace('T', ' ').replace(/\.\d+Z$/, ' UTC')}`,
    `the cage was stopped for ${formatDuration(frozenMs)}`,
    `cgroup v${cage.version}: ${cage.path}`,
    'all figures: report.json beside this page',
  ];
  return element('footer', { class: 'muted small' }, text(facts.join(' · ')));
}
