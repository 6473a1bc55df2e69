import { BUILTINS } from './builtins';
import type { NotebookNames } from './names';
import type { Replay } from './types';
import type { Writer, Writers } from './writers';

/** Which definitions can be run again in another step instead of being carried there. */
export class Replayable {
  constructor(
    private readonly names: NotebookNames,
    private readonly writers: Writers
  ) {}

  /** The writer's definition has no state, and all that it reads when it is made is replayable too. */
  has(writer: Writer, seen: ReadonlySet<string> = new Set()): boolean {
    const { definition } = writer;
    if (!definition || !this.names.kinds.isStateless(definition)) {
      return false;
    }
    if (definition.kind === 'class' && definition.reads.some(each => this.greetsSubclasses(each))) {
      return false;
    }
    const key = `${writer.cell}:${definition.line}`;
    if (seen.has(key)) {
      return true;
    }
    return definition.reads.every(read => {
      const reaching = this.readBy({ cell: writer.cell, definition }, read);
      if (!reaching) {
        return (
          this.writers.reaching(read, writer.cell).length === 0 &&
          (BUILTINS.has(read) ||
            definition.names.includes(read) ||
            this.names.factsOf(writer.cell).binds.every(each => each.name !== read))
        );
      }
      return this.has(reaching, new Set([...seen, key]));
    });
  }

  /** A class of the notebook whose code runs when a subclass is made: making that again would run it again. */
  private greetsSubclasses(name: string): boolean {
    const codes = this.names.code.code.get(name) ?? [];
    return codes.some(each => each.method?.name === '__init_subclass__');
  }

  /** The definition of `name` that a definition reads when it is made: of its own cell before it, else what reaches the cell. */
  readBy({ cell, definition }: Replay, name: string): Writer | undefined {
    return this.before(name, cell, definition.line);
  }

  /** The definition of `name` that holds at a line of a cell. */
  before(name: string, cell: number, line: number): Writer | undefined {
    const own = this.names
      .factsOf(cell)
      .definitions.filter(each => each.names.includes(name) && each.line < line)
      .at(-1);
    if (own) {
      return { cell, certain: true, deleted: false, definition: own };
    }
    const reaching = this.writers.reaching(name, cell);
    return reaching.length === 1 ? reaching[0] : undefined;
  }
}
