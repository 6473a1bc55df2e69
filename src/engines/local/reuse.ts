import { cpSync, existsSync, mkdirSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { LocalDocument } from '../../compile/types';
import type { RunFolder } from '../run-store/run-folder';

type LocalStep = LocalDocument['steps'][number];

/** The steps that a run from `from` on runs again: that one, and all that need it. */
function stepsFrom(document: LocalDocument, from: string): ReadonlySet<string> {
  const again = new Set([from]);
  for (const step of document.steps) {
    if (step.needs.some(need => again.has(need))) {
      again.add(step.name);
    }
  }
  return again;
}

/** The steps that one needs, directly or not. */
export function stepsBefore(document: LocalDocument, name: string): ReadonlySet<string> {
  const needs = new Map(document.steps.map(step => [step.name, step.needs]));
  const before = new Set<string>();
  const visit = (step: string): void =>
    needs.get(step)?.forEach(need => {
      if (!before.has(need)) {
        before.add(need);
        visit(need);
      }
    });
  visit(name);
  return before;
}

/** The earlier run has what the step would leave: it succeeded there, and its hash, which covers all it came from, is the same. */
export function canReuse(
  step: LocalStep,
  earlier: RunFolder,
  hashes: ReadonlyMap<string, string>
): boolean {
  return hashes.get(step.name) === step.hash && earlier.hasSnapshot(step.name);
}

/**
 * Takes what steps have left in an earlier run over into a new one: their snapshots, and the outputs of their cells.
 * @returns the names of those steps, in reference order
 */
export function takeOver(
  document: LocalDocument,
  from: string,
  earlier: RunFolder,
  folder: RunFolder
): readonly string[] {
  const again = stepsFrom(document, from);
  const hashes = earlier.hashes();
  const reused = document.steps
    .filter(step => !again.has(step.name) && canReuse(step, earlier, hashes))
    .map(step => step.name);
  for (const name of reused) {
    cpSync(earlier.snapshot(name), folder.snapshot(name), { recursive: true });
    const last = lastAttempt(dirname(earlier.attempt(name, 0)));
    const outputs = join(earlier.attempt(name, last), 'outputs.jsonl');
    if (existsSync(outputs)) {
      // Attempt 0 is the one that this run did not make.
      mkdirSync(folder.attempt(name, 0), { recursive: true });
      cpSync(outputs, join(folder.attempt(name, 0), 'outputs.jsonl'));
    }
  }
  return reused;
}

function lastAttempt(folder: string): number {
  return existsSync(folder) ? Math.max(0, ...readdirSync(folder).map(Number)) : 0;
}
