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
  /** `varies`: Run All itself gives something else each time, so there is nothing to compare with. */
  readonly verdict: 'same' | 'different' | 'varies';
  /** The first difference, in a sentence; empty if same. */
  readonly difference: string;
}

/**
 * Compares a cell's outputs. Standard error is left out: which libraries a process has imported decides what
 * warnings it writes there. Addresses of objects and times measured by magics are masked; pictures are compared
 * by their number and type, since their bytes depend on fonts and caches.
 * @returns the first difference in a sentence, or undefined
 */
export function compareOutputs(
  reference: readonly NotebookOutput[],
  steps: readonly NotebookOutput[]
): string | undefined {
  const stdout = [textOf(reference), textOf(steps)];
  if (stdout[0] !== stdout[1]) {
    return `standard output: ${firstDifference(stdout[0], stdout[1])}`;
  }
  const errors = [errorOf(reference), errorOf(steps)];
  if (errors[0] !== errors[1]) {
    return `exception: Run All ${errors[0] || 'has none'}, the steps ${errors[1] || 'have none'}`;
  }
  const shown = [displaysOf(reference), displaysOf(steps)];
  if (shown[0].length !== shown[1].length) {
    return `shown values: Run All shows ${shown[0].length}, the steps show ${shown[1].length}`;
  }
  for (const [index, display] of shown[0].entries()) {
    const other = shown[1][index];
    for (const type of new Set([...Object.keys(display), ...Object.keys(other)])) {
      if (display[type] !== other[type]) {
        return `shown value ${index + 1}, ${type}: ${firstDifference(display[type] ?? '', other[type] ?? '')}`;
      }
    }
  }
  return undefined;
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

function displaysOf(outputs: readonly NotebookOutput[]): readonly Record<string, string>[] {
  return outputs.flatMap(each =>
    each.output_type === 'display_data' || each.output_type === 'execute_result'
      ? [
          Object.fromEntries(
            Object.entries(each.data).map(([type, value]) => [type, comparable(type, value)])
          )
        ]
      : []
  );
}

function comparable(type: string, value: unknown): string {
  if (type.startsWith('image/') && type !== 'image/svg+xml') {
    return 'a picture';
  }
  if (type === 'image/svg+xml') {
    return 'a drawing';
  }
  const text = Array.isArray(value) ? value.join('') : value;
  return mask(typeof text === 'string' ? text : JSON.stringify(text));
}

/** Object addresses, random ids that libraries put into HTML, and times that magics measure. */
function mask(text: string): string {
  return text
    .replace(/\b0x[0-9a-fA-F]{6,16}\b/g, '0x…')
    .replace(/^.*\b(?:CPU times|Wall time|per loop|CPU time)\b.*$/gm, '<times>')
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
