import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { NotebookOutput } from '../../src/service/compare';
import { notebookText, type TestCell } from './notebook-file';

const ROOT = join(__dirname, '../..');
const MAIN = join(ROOT, 'notepod/service/main.mjs');

/** The Python that runs the steps of tests: the project's environment, or another one that the caller names. */
export const PYTHON =
  process.env.NOTEPOD_TEST_PYTHON ??
  join(ROOT, process.platform === 'win32' ? '.venv/Scripts/python.exe' : '.venv/bin/python');

/** What a command printed, and how it ended. */
export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** An empty folder with a run store of its own, removed by {@link dispose}. */
export class Sandbox {
  readonly folder = mkdtempSync(join(tmpdir(), 'notepod-test-'));
  readonly data = mkdtempSync(join(tmpdir(), 'notepod-data-'));

  /** Writes a file into the folder. */
  write(name: string, text: string | Uint8Array): string {
    const path = join(this.folder, name);
    writeFileSync(path, text);
    return path;
  }

  /** Writes a notebook of these cells. */
  notebook(cells: readonly TestCell[], name = 'nb.ipynb'): string {
    return this.write(name, notebookText(cells));
  }

  /** Runs the bundled command line in the folder, as a user does. */
  notepod(
    args: readonly string[],
    env: Readonly<Record<string, string>> = {},
    timeout = 120_000
  ): Promise<Ended> {
    return new Promise(done => {
      const child = execFile(
        process.execPath,
        [MAIN, ...args],
        {
          cwd: this.folder,
          env: { ...process.env, NOTEPOD_DATA: this.data, NO_COLOR: '1', ...env },
          maxBuffer: 1 << 28,
          timeout
        },
        (error, stdout, stderr) => done({ code: error ? child.exitCode : 0, stdout, stderr })
      );
      child.stdin?.end();
    });
  }

  /** Outputs of a notebook in the folder, per cell; undefined if it is not there. */
  outputs(name: string): readonly (readonly NotebookOutput[])[] | undefined {
    const path = join(this.folder, name);
    if (!existsSync(path)) {
      return undefined;
    }
    const { cells } = JSON.parse(readFileSync(path, 'utf-8')) as {
      cells: { outputs?: NotebookOutput[] }[];
    };
    return cells.map(cell => cell.outputs ?? []);
  }

  dispose(): void {
    rmSync(this.folder, { recursive: true, force: true });
    rmSync(this.data, { recursive: true, force: true });
  }
}

/** Standard output of a cell, as one text. */
export function stdoutOf(outputs: readonly NotebookOutput[]): string {
  return outputs
    .map(each =>
      each.output_type === 'stream' && each.name === 'stdout' ? [each.text].flat().join('') : ''
    )
    .join('');
}

/** Runs `job` over `items`, at most `width` at once; results in order. */
export async function inParallel<T, R>(
  items: readonly T[],
  width: number,
  job: (item: T) => Promise<R>
): Promise<readonly R[]> {
  const results: R[] = [];
  let next = 0;
  const worker = async () => {
    while (next < items.length) {
      const index = next++;
      results[index] = await job(items[index]);
    }
  };
  await Promise.all(Array.from({ length: Math.min(width, items.length) }, worker));
  return results;
}
