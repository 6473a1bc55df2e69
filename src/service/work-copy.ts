import { cpSync, mkdirSync, mkdtempSync, readdirSync, statSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { removeFolder } from './run';

/** Folders larger than this are not copied: runs then share the notebook's own. Bytes. */
const LARGEST_COPY = 1_000_000_000;

/** Names of folders that hold no data of the notebook. */
const LEFT_OUT = new Set([
  '.git',
  '.venv',
  'venv',
  'node_modules',
  '__pycache__',
  '.ipynb_checkpoints'
]);

/**
 * A copy of a notebook's folder to run it in, so that what one run leaves there is not found by the next. Where the notebook
 * names `..`, the folders above have their other entries as links to the real ones.
 */
export class WorkCopy {
  /** @param sources of the notebook's cells, for how far up they look */
  constructor(original: string, sources: readonly string[]) {
    if (bytesBelow(original, LARGEST_COPY) > LARGEST_COPY) {
      this.folder = original;
      return;
    }
    this.top = mkdtempSync(join(tmpdir(), 'notepod-verify-'));
    this.folder = this.top;
    const [...above] = foldersAbove(original, levelsUp(sources));
    for (const [index, from] of above.entries()) {
      const next = above[index + 1] ?? original;
      for (const entry of readdirSync(from)) {
        if (entry !== basename(next) && !LEFT_OUT.has(entry)) {
          symlinkSync(join(from, entry), join(this.folder, entry));
        }
      }
      this.folder = join(this.folder, basename(next));
      mkdirSync(this.folder);
    }
    for (const entry of readdirSync(original)) {
      if (!LEFT_OUT.has(entry)) {
        cpSync(join(original, entry), join(this.folder, entry), {
          recursive: true,
          filter: path => !LEFT_OUT.has(basename(path))
        });
      }
    }
  }

  /** Removes the copy; links go, what they point to stays. */
  dispose(): void {
    if (this.top !== undefined) {
      removeFolder(this.top);
    }
  }

  /** Where to run. */
  readonly folder: string;
  private readonly top: string | undefined;
}

/** The most `..` in a row that the notebook writes. */
function levelsUp(sources: readonly string[]): number {
  const runs = sources.flatMap(source => source.match(/(?<!\.)\.\.(?:[\\/]+\.\.)*(?!\.)/g) ?? []);
  return Math.max(0, ...runs.map(each => (each.match(/\.\./g) ?? []).length));
}

/** The `levels` folders above a folder, the outermost first. */
function foldersAbove(folder: string, levels: number): readonly string[] {
  const above: string[] = [];
  for (let at = dirname(folder); above.length < levels && at !== dirname(at); at = dirname(at)) {
    above.unshift(at);
  }
  return above;
}

/** Bytes below a folder, stopping above `enough`. */
function bytesBelow(folder: string, enough: number): number {
  let sum = 0;
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    if (sum > enough) {
      break;
    }
    const path = join(folder, entry.name);
    if (entry.isDirectory() && !LEFT_OUT.has(entry.name)) {
      sum += bytesBelow(path, enough - sum);
    } else if (entry.isFile()) {
      sum += statSync(path).size;
    }
  }
  return sum;
}
