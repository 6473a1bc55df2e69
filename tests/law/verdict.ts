import { stdoutOf, Sandbox, PYTHON } from './command';
import type { TestCell } from './notebook-file';

/** A case of `tests/conformance`. */
export interface ConformanceCase {
  readonly id: string;
  readonly cells: readonly TestCell[];
  readonly needs?: Readonly<Record<string, readonly string[]>>;
  readonly expect: {
    readonly per_cell?: readonly string[];
    readonly error?: string;
    readonly ipython?: boolean;
  };
}

/** SAME, REFUSED (with the code of the diagnostic or of the guard), or WRONG (with what was wrong). */
export interface Verdict {
  readonly id: string;
  readonly verdict: 'SAME' | 'REFUSED' | 'WRONG';
  readonly detail: string;
}

/** Runs a case through the command line in an empty folder and judges it : see docs/law.md. */
export async function judge(each: ConformanceCase): Promise<Verdict> {
  const sandbox = new Sandbox();
  const { id, expect } = each;
  try {
    const path = sandbox.notebook(each.cells);
    if (expect.ipython) {
      const { code, stdout, stderr } = await sandbox.notepod(['verify', path, '--python', PYTHON]);
      if (code === 0) {
        return { id, verdict: 'SAME', detail: '' };
      }
      return refusedOrWrong(id, code, stdout + stderr);
    }
    const { code, stdout, stderr } = await sandbox.notepod([
      'run',
      path,
      '--python',
      PYTHON,
      '-o',
      'out.ipynb'
    ]);
    if (code === 3 || code === 4) {
      return refusedOrWrong(id, code, stderr);
    }
    const outputs = sandbox.outputs('out.ipynb');
    if (outputs === undefined) {
      return { id, verdict: 'WRONG', detail: `exit ${code}, no outputs: ${stderr}` };
    }
    const printed = outputs.map(stdoutOf);
    const wanted = expect.per_cell ?? [];
    if (JSON.stringify(printed.slice(0, wanted.length)) !== JSON.stringify(wanted)) {
      return {
        id,
        verdict: 'WRONG',
        detail: `printed ${JSON.stringify(printed)}, not ${JSON.stringify(wanted)}; ${stderr}${stdout}`
      };
    }
    const error = outputs.flat().find(output => output.output_type === 'error');
    const raised = error?.output_type === 'error' ? `${error.ename}: ${error.evalue}` : undefined;
    if (raised !== expect.error || code !== (expect.error === undefined ? 0 : 1)) {
      return { id, verdict: 'WRONG', detail: `exit ${code}, ${raised ?? 'no error'}; ${stderr}` };
    }
    return { id, verdict: 'SAME', detail: '' };
  } finally {
    sandbox.dispose();
  }
}

function refusedOrWrong(id: string, code: number | null, text: string): Verdict {
  const found = /\bNP\d{3}\b/.exec(/^(?:error|.*guard).*$/m.exec(text)?.[0] ?? text);
  if ((code === 3 || code === 4) && found) {
    return { id, verdict: 'REFUSED', detail: found[0] };
  }
  return { id, verdict: 'WRONG', detail: `exit ${code}: ${text}` };
}
