import { accessSync, constants, existsSync, statSync, writeFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { editNotebook } from '../notebook/write';
import type { NotebookOutput } from './compare';
import { UserError } from './errors';

/**
 * Looks whether a file can be written, before hours of running are spent on what goes into it.
 * @throws UserError if not
 */
export function expectWritable(path: string): void {
  const folder = dirname(resolve(path));
  const wrong = (why: string) =>
    new UserError(`${path} cannot be written: ${why}`, 'name another file with -o');
  if (!existsSync(folder)) {
    throw wrong(`there is no folder ${folder}`);
  }
  if (existsSync(path) && statSync(path).isDirectory()) {
    throw wrong('it is a folder');
  }
  try {
    accessSync(existsSync(path) ? path : folder, constants.W_OK);
  } catch (error) {
    throw wrong((error as Error).message);
  }
}

/**
 * A notebook's text with these outputs in its cells; everything else keeps its bytes.
 * Cells that have none here (a step after a failure, a skipped cell) come out empty, as after Restart.
 */
export function withOutputs(
  text: string,
  outputs: ReadonlyMap<number, readonly NotebookOutput[]>
): string {
  const { cells } = JSON.parse(text.replace(/^\ufeff/, '')) as {
    readonly cells: readonly { readonly cell_type: string }[];
  };
  return editNotebook(
    text,
    cells.flatMap((cell, index) =>
      cell.cell_type === 'code' ? [{ cell: index, outputs: outputs.get(index) ?? [] }] : []
    )
  );
}

/**
 * Writes a notebook with a run's outputs in its cells: see {@link withOutputs}.
 * @throws UserError if the file cannot be written
 */
export function writeOutputs(
  text: string,
  outputs: ReadonlyMap<number, readonly NotebookOutput[]>,
  path: string
): void {
  const edited = withOutputs(text, outputs);
  expectWritable(path);
  try {
    writeFileSync(path, edited);
  } catch (error) {
    throw new UserError(
      `${path} cannot be written: ${(error as Error).message}`,
      'name another file with -o'
    );
  }
}
