import { writeFileSync } from 'node:fs';
import { editNotebook } from '../notebook/write';
import type { NotebookOutput } from './compare';
import { UserError } from './errors';

/**
 * Writes a notebook with a run's outputs in its cells; everything else keeps its bytes.
 * Cells that did not run (a step after a failure, a skipped cell) come out empty, as after Restart.
 * @throws UserError if the file cannot be written
 */
export function writeOutputs(
  text: string,
  outputs: ReadonlyMap<number, readonly NotebookOutput[]>,
  path: string
): void {
  const cells = (
    JSON.parse(text.replace(/^\ufeff/, '')) as {
      readonly cells: readonly { readonly cell_type: string }[];
    }
  ).cells;
  const edits = cells.flatMap((cell, index) =>
    cell.cell_type === 'code' ? [{ cell: index, outputs: outputs.get(index) ?? [] }] : []
  );
  try {
    writeFileSync(path, editNotebook(text, edits));
  } catch (error) {
    throw new UserError(
      `${path} cannot be written: ${(error as Error).message}`,
      'name another file with -o'
    );
  }
}
