import type { PhaseName, StepTime, Timeline } from './types';
import { formatBytes, formatDuration, formatShare } from './units';

/** How the timeline may be drawn. */
export interface DrawOptions {
  /** Columns. */
  readonly width: number;
  readonly color: boolean;
  readonly unicode: boolean;
}

interface Look {
  readonly words: string;
  readonly glyph: string;
  readonly plain: string;
  /** SGR code of the colour, used besides the glyph and never instead of it. */
  readonly code: number;
}

const LOOKS: Readonly<Record<PhaseName, Look>> = {
  waiting: { words: 'waiting', glyph: '·', plain: '.', code: 90 },
  interpreter: { words: 'interpreter', glyph: '▖', plain: 'i', code: 35 },
  imports: { words: 'imports', glyph: '░', plain: 'm', code: 34 },
  load: { words: 'load', glyph: '▒', plain: '<', code: 36 },
  cells: { words: 'cells', glyph: '█', plain: '#', code: 32 },
  save: { words: 'save', glyph: '▓', plain: '>', code: 33 },
  'wind-down': { words: 'wind-down', glyph: '▗', plain: '-', code: 35 },
  unattributed: { words: 'unattributed', glyph: '?', plain: '?', code: 31 }
};

/** Draws a timeline as text: a row per step on one time axis, the totals, and one sentence on where the time went. */
export function drawTimeline(timeline: Timeline, options: DrawOptions): string {
  const nameWidth = Math.min(24, Math.max(4, ...timeline.steps.map(each => each.step.length)));
  const endWidth = Math.max(0, ...timeline.steps.map(each => ending(each).length));
  const barWidth = Math.max(10, options.width - nameWidth - 26 - endWidth);
  const scale = barWidth / Math.max(1, timeline.wallNs);
  const lines = [
    `${'step'.padEnd(nameWidth)}  ${`0 to ${formatDuration(timeline.wallNs)}`.padEnd(barWidth)}  ${'cells'.padStart(9)} ${'overhead'.padStart(10)}`
  ];
  for (const step of timeline.steps) {
    lines.push(row(step, nameWidth, barWidth, scale, options));
  }
  lines.push('', ...wrapped(legend(timeline, options), /  (?=\S )/, '  ', options), '');
  lines.push(...costs(timeline).flatMap(each => wrapped(each, ' ', ' ', options)));
  lines.push(...wrapped(sentence(timeline), ' ', ' ', options));
  return lines.map(each => each.trimEnd()).join('\n');
}

function row(
  step: StepTime,
  nameWidth: number,
  barWidth: number,
  scale: number,
  options: DrawOptions
): string {
  const name =
    step.step.length > nameWidth
      ? `${step.step.slice(0, nameWidth - 1)}${options.unicode ? '…' : '~'}`
      : step.step;
  const mark = step.onCriticalPath ? '*' : ' ';
  if (step.attempts.length === 0) {
    return `${name.padEnd(nameWidth)}${mark} ${(step.reused ? 'taken from an earlier run' : 'did not run').padEnd(barWidth)}`;
  }
  const cells: { glyph: string; code: number }[] = Array.from({ length: barWidth }, () => ({
    glyph: ' ',
    code: 0
  }));
  for (const phase of step.attempts.flatMap(each => each.phases)) {
    const look = LOOKS[phase.name];
    const from = Math.min(barWidth - 1, Math.floor(phase.start * scale));
    const to = Math.max(from + 1, Math.min(barWidth, Math.round(phase.end * scale)));
    for (let at = from; at < to; at++) {
      // A phase too short for a column of its own leaves the longer one there.
      if (
        to - from > 1 ||
        cells[at].glyph === ' ' ||
        cells[at].glyph === glyphOf('waiting', options)
      ) {
        cells[at] = { glyph: options.unicode ? look.glyph : look.plain, code: look.code };
      }
    }
  }
  const bar = painted(cells, options);
  const inCells = sumOf(step, 'cells-only');
  const life = sumOf(step, 'life');
  return `${name.padEnd(nameWidth)}${mark} ${bar}  ${formatDuration(inCells).padStart(9)} ${formatDuration(life - inCells).padStart(10)}${ending(step)}`;
}

/** What a row says after its figures. */
function ending(step: StepTime): string {
  const last = step.attempts.at(-1);
  const failed = last && last.outcome !== 'succeeded' ? `  ${last.outcome}` : '';
  const tries = step.attempts.length > 1 ? `  ${step.attempts.length} attempts` : '';
  return failed + tries;
}

/** The text in lines that fit, broken at `gap` only. */
function wrapped(
  text: string,
  gap: string | RegExp,
  join: string,
  { width }: DrawOptions
): readonly string[] {
  const lines: string[] = [];
  for (const word of text.split(gap)) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + join.length + word.length <= width) {
      lines[lines.length - 1] = last + join + word;
    } else {
      lines.push(word);
    }
  }
  return lines;
}

/** The glyphs, each run of one colour in it. */
function painted(
  cells: readonly { readonly glyph: string; readonly code: number }[],
  options: DrawOptions
): string {
  let text = '';
  for (const [index, { glyph, code }] of cells.entries()) {
    const before = cells[index - 1]?.code ?? 0;
    if (options.color && code !== before) {
      text += (before > 0 ? '\u001b[0m' : '') + (code > 0 ? `\u001b[${code}m` : '');
    }
    text += glyph;
  }
  return options.color && (cells.at(-1)?.code ?? 0) > 0 ? `${text}\u001b[0m` : text;
}

function glyphOf(phase: PhaseName, options: DrawOptions): string {
  return options.unicode ? LOOKS[phase].glyph : LOOKS[phase].plain;
}

/** ns of a step's cells, or of its processes' lives. */
function sumOf(step: StepTime, what: 'cells-only' | 'life'): number {
  return step.attempts.reduce(
    (sum, attempt) =>
      sum +
      (what === 'cells-only'
        ? attempt.cells.reduce((all, each) => all + (each.end - each.start), 0)
        : attempt.phases
            .filter(each => each.name !== 'waiting')
            .reduce((all, each) => all + (each.end - each.start), 0)),
    0
  );
}

function legend(timeline: Timeline, options: DrawOptions): string {
  const seen = new Set(
    timeline.steps.flatMap(step =>
      step.attempts.flatMap(each => each.phases.map(phase => phase.name))
    )
  );
  const parts = (Object.keys(LOOKS) as PhaseName[])
    .filter(name => seen.has(name))
    .map(name => `${glyphOf(name, options)} ${LOOKS[name].words}`);
  return `${parts.join('  ')}  * critical path`;
}

/** What is smaller is not worth a word, bytes. */
const WORTH_A_WORD = 1000;

/** The three names that cost most to write, if any is worth a word. */
function costs(timeline: Timeline): readonly string[] {
  const saved = timeline.steps
    .flatMap(step =>
      step.attempts.flatMap(each => each.saved.map(name => ({ ...name, step: step.step })))
    )
    .filter(each => each.bytes >= WORTH_A_WORD)
    .sort((a, b) => b.bytes - a.bytes)
    .slice(0, 3);
  return saved.length === 0
    ? []
    : [
        `passed on: ${saved.map(each => `${each.name} (${formatBytes(each.bytes)}, by ${each.step})`).join(', ')}`
      ];
}

function sentence(timeline: Timeline): string {
  const { overheadOfProcesses: processes, overheadOfRun: run, wallNs } = timeline;
  return (
    `${formatDuration(wallNs)} in all: overhead of the run ${formatDuration(run.ns)} (${formatShare(run.share)}; wall time less cells on the critical path), ` +
    `overhead of the processes ${formatDuration(processes.ns)} (${formatShare(processes.share)} of their lives).`
  );
}
