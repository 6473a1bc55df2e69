import { rmSync } from 'node:fs';
import { EngineError } from '../errors';
import type { NewEvent } from './event-log';
import type { RunFile, RunFolder } from './run-folder';
import { takeLock } from './supervisor-lock';

/**
 * Fills the folder of a new run, for this process to supervise it; nothing is left of the folder if it cannot be filled.
 * @param program files of the step program, by path
 * @param also what else goes into the folder
 * @throws EngineError if the disk is full, or the like
 */
export function storeRun(
  folder: RunFolder,
  file: RunFile,
  notebook: string,
  program: Readonly<Record<string, string>>,
  also: () => void = () => undefined
): void {
  try {
    takeLock(folder.lock);
    folder.fill(file, notebook, program);
    also();
  } catch (error) {
    rmSync(folder.path, { recursive: true, force: true });
    throw error instanceof EngineError
      ? error
      : new EngineError(
          `the run cannot be stored: ${(error as Error).message}`,
          'free some room on the disk of the run store'
        );
  }
}

/** The first event of a run. @param target where it runs */
export function submission({ run, document, options }: RunFile, target: string): NewEvent {
  return {
    type: 'run-submitted',
    run,
    notebook: options.notebook,
    target,
    steps: document.steps.map(step => ({
      name: step.name,
      needs: step.needs,
      cells: step.plan.cells.map(cell => cell.index)
    })),
    parameters: options.parameters,
    jobs: options.jobs
  };
}
