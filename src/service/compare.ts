/** An output as nbformat has it, in a cell's `outputs`. */
export type NotebookOutput =
  | { readonly output_type: 'stream'; readonly name: 'stdout' | 'stderr'; readonly text: string }
  | {
      readonly output_type: 'display_data' | 'execute_result';
      readonly data: Readonly<Record<string, unknown>>;
      readonly metadata?: unknown;
      readonly execution_count?: number | null;
    }
  | {
      readonly output_type: 'error';
      readonly ename: string;
      readonly evalue: string;
      readonly traceback: readonly string[];
    };

/** How a cell of the pipeline run compares with the same cell of Run All. */
export interface CellComparison {
  readonly cell: number;
  /** `varies`: Run All itself gives something else each time here; what it gives each time, the steps give as well. */
  readonly verdict: 'same' | 'different' | 'varies';
  /** The first difference, in a sentence; empty if there is none. */
  readonly difference: string;
}

/**
 * Compares a cell's outputs: texts, shown values of every type and pictures to the byte. Standard error is left out: which
 * libraries a process has imported decides what warnings it writes there. Addresses of objects, ids that libraries draw at
 * random and times that magics measure are masked.
 *
 * What differs between Run Alls of the same notebook (a clock, a generator that nobody seeded) cannot be compared, word by
 * word of each line; all else in the same output still is.
 * @param repeats the same cell of further Run Alls
 */
export function compareOutputs(
  reference: readonly NotebookOutput[],
  steps: readonly NotebookOutput[],
  repeats: readonly (readonly NotebookOutput[])[] = []
): Omit<CellComparison, 'cell'> {
  const runs = [reference, ...repeats];
  const printed = compareTexts(runs.map(textOf), textOf(steps));
  if (printed.verdict === 'different') {
    return { ...printed, difference: `standard output: ${printed.difference}` };
  }
  const errors = runs.map(errorOf);
  const raised = compareTexts(errors, errorOf(steps));
  if (raised.verdict === 'different') {
    const difference = `exception: Run All ${errors[0] || 'has none'}, the steps ${errorOf(steps) || 'have none'}`;
    return { verdict: 'different', difference };
  }
  const shown = compareDisplays(runs.map(displaysOf), displaysOf(steps));
  if (shown.verdict === 'different') {
    return shown;
  }
  const varies = [printed, raised, shown].some(each => each.verdict === 'varies');
  return varies ? VARIES : SAME;
}

type Compared = Omit<CellComparison, 'cell'>;

const SAME: Compared = { verdict: 'same', difference: '' };
const VARIES: Compared = { verdict: 'varies', difference: '' };

type Display = Readonly<Record<string, string>>;

function compareDisplays(
  runs: readonly (readonly Display[])[],
  steps: readonly Display[]
): Compared {
  const [reference] = runs;
  if (runs.some(each => each.length !== reference.length)) {
    return VARIES;
  }
  if (reference.length !== steps.length) {
    return {
      verdict: 'different',
      difference: `shown values: Run All shows ${reference.length}, the steps show ${steps.length}`
    };
  }
  let verdict = SAME;
  for (const [index, display] of reference.entries()) {
    const other = steps[index];
    for (const type of new Set([...Object.keys(display), ...Object.keys(other)])) {
      const compared = compareTexts(
        runs.map(each => each[index][type] ?? ''),
        other[type] ?? ''
      );
      if (compared.verdict === 'different') {
        const what = /^(?:image|application)\//.test(type)
          ? 'is not the same'
          : compared.difference;
        return { ...compared, difference: `shown value ${index + 1}, ${type}: ${what}` };
      }
      verdict = compared.verdict === 'varies' ? VARIES : verdict;
    }
  }
  return verdict;
}

/** Line by line, and in lines that differ between Run Alls word by word. */
function compareTexts(runs: readonly string[], steps: string): Compared {
  if (runs.includes(steps)) {
    return SAME;
  }
  const different: Compared = {
    verdict: 'different',
    difference: firstDifference(runs[0], steps)
  };
  const lines = runs.map(each => each.split('\n'));
  const own = steps.split('\n');
  if (lines.some(each => each.length !== lines[0].length)) {
    return VARIES;
  }
  if (own.length !== lines[0].length) {
    return different;
  }
  const words = (line: string): readonly string[] => line.split(/\s+/);
  const agree = own.every((line, at) => {
    const all = lines.map(each => each[at]);
    if (all.every(each => each === all[0])) {
      return line === all[0];
    }
    const parts = all.map(words);
    if (parts.some(each => each.length !== parts[0].length)) {
      return true;
    }
    const mine = words(line);
    return (
      mine.length === parts[0].length &&
      mine.every(
        (word, index) =>
          word === parts[0][index] || parts.some(each => each[index] !== parts[0][index])
      )
    );
  });
  return agree ? VARIES : different;
}

function textOf(outputs: readonly NotebookOutput[]): string {
  return mask(
    outputs
      .map(each => (each.output_type === 'stream' && each.name === 'stdout' ? each.text : ''))
      .join('')
  );
}

function errorOf(outputs: readonly NotebookOutput[]): string {
  const error = outputs.find(each => each.output_type === 'error');
  return error?.output_type === 'error' ? mask(`${error.ename}: ${error.evalue}`) : '';
}

function displaysOf(outputs: readonly NotebookOutput[]): readonly Display[] {
  return outputs.flatMap(each =>
    each.output_type === 'display_data' || each.output_type === 'execute_result'
      ? [
          Object.fromEntries(
            Object.entries(each.data).map(([type, value]) => [type, comparable(value)])
          )
        ]
      : []
  );
}

function comparable(value: unknown): string {
  const text = Array.isArray(value) ? value.join('') : value;
  return mask(typeof text === 'string' ? text : JSON.stringify(text));
}

/** Object addresses, random ids that libraries put into HTML, and times that magics measure. */
function mask(text: string): string {
  return text
    .replace(/\b0x[0-9a-fA-F]{6,16}\b/g, '0x…')
    .replace(/^(?:CPU times|Wall time): .*$/gm, '<times>')
    .replace(/^The slowest run took .* times longer than the fastest\..*\n/gm, '')
    .replace(/^.* ± .* per loop \(mean ± std\. dev\. of .*$/gm, '<times>')
    .replace(/\bsk-(?:container|estimator)-id-\d+/g, 'sk-id')
    .replace(/\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b/g, '<uuid>')
    .replace(/\bid="T_[0-9a-f]{5}|#?T_[0-9a-f]{5}/g, 'T_…');
}

function firstDifference(reference: string, steps: string): string {
  const a = reference.split('\n');
  const b = steps.split('\n');
  const at = a.findIndex((line, index) => line !== b[index]);
  const line = at === -1 ? a.length : at;
  return `line ${line + 1}: Run All ${quoted(a[line])}, the steps ${quoted(b[line])}`;
}

function quoted(line: string | undefined): string {
  if (line === undefined) {
    return 'has no such line';
  }
  return `print ${JSON.stringify(line.length > 120 ? `${line.slice(0, 120)}…` : line)}`;
}
