import type { Diagnostic } from '../diagnostics/types';
import type { Channel, Effect } from '../python/types';
import type { EdgeList } from './edges';
import { orderFiles, writtenModules } from './file-order';
import type { Homes } from './homes';
import type { CellSummary } from './summary';

/** Generators that a process has one of: they matter once the notebook seeds them. */
const RANDOM: readonly Channel[] = ['random', 'numpy.random', 'torch.random', 'tensorflow.random'];

/** State that any later step may notice, and that the step program carries. */
const SETTINGS: readonly Channel[] = [
  'environ',
  'cwd',
  'sys.path',
  'warnings',
  'rcParams',
  'pandas.options',
  'numpy.options',
  'decimal',
  'locale',
  'logging'
];

/** What the steps take over, leave, and must leave alone. */
export interface AmbientOrder {
  readonly into: ReadonlyMap<
    string,
    readonly { readonly channel: Channel; readonly from: readonly string[] }[]
  >;
  readonly outOf: ReadonlyMap<string, readonly Channel[]>;
  readonly watch: ReadonlyMap<string, readonly Channel[]>;
  readonly diagnostics: readonly Diagnostic[];
}

interface StepCells {
  readonly name: string;
  readonly cells: readonly number[];
}

/** An effect with the cell and the step that has it, in reference order. */
export interface Placed {
  readonly cell: number;
  readonly step: string;
  readonly effect: Effect;
}

/**
 * Orders steps by the state that is not in names (semantics §3.6), adding edges.
 * @param carried statements that are made again in later steps, as `cell:line`
 */
export function orderAmbient(
  steps: readonly StepCells[],
  summaries: ReadonlyMap<number, CellSummary>,
  homes: Homes,
  edges: EdgeList,
  carried: ReadonlySet<string>
): AmbientOrder {
  const placed = [...summaries.values()]
    .sort((a, b) => a.cell - b.cell)
    .flatMap(({ cell, effects }): Placed[] => {
      const step = homes.stepOf.get(cell);
      return step === undefined ? [] : effects.map(effect => ({ cell, step, effect }));
    });
  placed.push(...importsOfWritten(summaries, homes));
  placed.sort((a, b) => a.cell - b.cell);
  const order = new Ambient(steps, placed, edges);
  RANDOM.forEach(channel => order.random(channel));
  SETTINGS.forEach(channel => order.settings(channel));
  order.packages();
  orderFiles(placed, edges);
  order.patches(summaries, homes, carried);
  return order.result();
}

/** A module whose file a cell writes (`%%writefile helper.py`) is read by the cells that import it. */
function importsOfWritten(
  summaries: ReadonlyMap<number, CellSummary>,
  homes: Homes
): readonly Placed[] {
  const written = writtenModules(summaries.values());
  if (written.size === 0) {
    return [];
  }
  return [...summaries.values()].flatMap(({ cell, facts }) => {
    const step = homes.stepOf.get(cell);
    return step === undefined
      ? []
      : facts.imports.flatMap(({ module, at }) =>
          [...(written.get(module.split('.')[0]) ?? [])].map((path): Placed => {
            const what = `import ${module}`;
            const known = path === undefined ? {} : { path };
            return { cell, step, effect: { channel: 'files', access: 'read', at, what, ...known } };
          })
        );
  });
}

class Ambient {
  constructor(
    private readonly steps: readonly StepCells[],
    private readonly placed: readonly Placed[],
    private readonly edges: EdgeList
  ) {
    this.ordinal = new Map(steps.map((step, index) => [step.name, index]));
  }

  /** From the first seed on, every step that draws goes on where the one before it stopped. */
  random(channel: Channel): void {
    const own = this.placed.filter(
      each => each.effect.channel === channel && each.effect.access !== 'read'
    );
    const first = own.findIndex(each => each.effect.access === 'set');
    if (first < 0) {
      return;
    }
    const draws = own.slice(first);
    const movers = this.bySteps(draws);
    for (const [step, effects] of movers) {
      const last = effects[effects.length - 1].cell;
      const before = movers.filter(([name, [other]]) => name !== step && other.cell < last);
      this.leaves(step, channel);
      if (before.length > 0) {
        this.takes(
          step,
          channel,
          before.map(([name]) => name)
        );
        for (const [from, reasons] of before) {
          const words = `${reasons[0].effect.what} in step ${from} decides what ${effects[0].effect.what} draws in step ${step}`;
          this.edges.add(from, step, { kind: 'ambient', channel, words }, -1, effects[0].cell);
        }
      }
    }
    // What a library draws in a step that is not known to draw would be drawn from a state of its own.
    const seeded = this.at(movers[0][0]);
    for (const step of this.steps) {
      if (!movers.some(([name]) => name === step.name) && this.at(step.name) > seeded) {
        push(this.watch, step.name, channel);
      }
    }
  }

  /** Every later step starts with the settings that Run All would have there. */
  settings(channel: Channel): void {
    const writers = this.bySteps(
      this.placed.filter(each => each.effect.channel === channel && each.effect.access !== 'read')
    );
    for (const step of this.steps) {
      const own = writers.filter(([name]) => name !== step.name);
      const before = own.filter(([, [first]]) => first.cell < (step.cells.at(-1) ?? -1));
      this.neverBefore(step, before, channel);
      if (before.length > 0) {
        this.takes(
          step.name,
          channel,
          before.map(([name]) => name)
        );
        for (const [from, [first]] of before) {
          const words = `${first.effect.what} in step ${from} holds for all later cells`;
          this.edges.add(from, step.name, { kind: 'ambient', channel, words }, first.cell, -1);
        }
      }
    }
    writers.forEach(([name]) => this.leaves(name, channel));
  }

  /** A cell of the step that stands before a setting must not have it: if another stands after, the two would take turns. */
  private neverBefore(
    step: StepCells,
    writers: readonly (readonly [string, readonly Placed[]])[],
    channel: Channel
  ): void {
    for (const [name, effects] of writers) {
      const last = effects[effects.length - 1];
      if (step.cells[0] < last.cell) {
        const words = `${last.effect.what} in step ${name} holds for later cells only`;
        this.edges.add(step.name, name, { kind: 'ambient', channel, words }, -1, last.cell);
      }
    }
  }

  packages(): void {
    const writers = this.bySteps(this.placed.filter(each => each.effect.channel === 'packages'));
    for (const [from, [first]] of writers) {
      for (const step of this.steps.filter(each => this.at(each.name) > this.at(from))) {
        const words = `${first.effect.what} in step ${from} installs what later steps may import`;
        this.edges.add(
          from,
          step.name,
          { kind: 'ambient', channel: 'packages', words },
          first.cell,
          -1
        );
      }
    }
  }

  /** A module that is changed from outside is changed in one process only, unless the statement is made again elsewhere. */
  patches(
    summaries: ReadonlyMap<number, CellSummary>,
    homes: Homes,
    carried: ReadonlySet<string>
  ): void {
    const packages = packagesOf(summaries.values());
    for (const { cell, step, effect } of this.placed.filter(
      each => each.effect.channel === 'patch' && !carried.has(`${each.cell}:${each.effect.at.line}`)
    )) {
      const [root, ...path] = effect.what.split('.');
      const word = path.at(-1)?.replace(/\W.*$/s, '') ?? '';
      const noticing = [...summaries.values()].find(other => {
        const home = homes.stepOf.get(other.cell);
        const isElsewhere = other.cell > cell && home !== undefined && home !== step;
        return (
          isElsewhere &&
          (isHandler(effect)
            ? mayBeSignalled(other)
            : mayNotice(other, packages.get(root), packages, word) ||
              (replacesStream(effect.what, summaries.get(cell)) && prints(other)))
        );
      });
      if (noticing) {
        const others = this.placed.filter(
          other =>
            other.effect.channel === 'patch' &&
            other.effect.what === effect.what &&
            other.step !== step
        );
        const steps = [...new Set([step, ...others.map(other => other.step)])].sort(
          (a, b) => this.at(a) - this.at(b)
        );
        const where =
          steps.length === 1
            ? `step ${step} only`
            : `steps ${steps.slice(0, -1).join(', ')} and ${steps.at(-1) ?? ''}, in each for itself`;
        this.diagnostics.push({
          code: 'NP332',
          severity: 'error',
          message: `\`${effect.what}\` changes a module in ${where}, and cell ${noticing.cell + 1} (step ${homes.stepOf.get(noticing.cell) ?? ''}) uses the module as well`,
          why: 'every step imports its modules afresh, so the change would be lost there without a word',
          fix: 'put the line into a function that both steps call, or both cells into one step',
          span: { cell, ...effect.at }
        });
      }
    }
  }

  result(): AmbientOrder {
    return { into: this.into, outOf: this.outOf, watch: this.watch, diagnostics: this.diagnostics };
  }

  /** Effects by step, in the order in which the steps first have one. */
  private bySteps(effects: readonly Placed[]): readonly (readonly [string, readonly Placed[]])[] {
    const found = new Map<string, Placed[]>();
    effects.forEach(each => push(found, each.step, each));
    return [...found].sort(([, [a]], [, [b]]) => a.cell - b.cell);
  }

  private takes(step: string, channel: Channel, from: readonly string[]): void {
    push(this.into, step, { channel, from });
  }

  private leaves(step: string, channel: Channel): void {
    push(this.outOf, step, channel);
  }

  private at(step: string): number {
    return this.ordinal.get(step) ?? 0;
  }

  private readonly ordinal: ReadonlyMap<string, number>;
  private readonly into = new Map<
    string,
    { readonly channel: Channel; readonly from: readonly string[] }[]
  >();
  private readonly outOf = new Map<string, Channel[]>();
  private readonly watch = new Map<string, Channel[]>();
  private readonly diagnostics: Diagnostic[] = [];
}

/** Top-level packages by the names that imports give them. */
function packagesOf(cells: Iterable<CellSummary>): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  for (const { facts } of cells) {
    for (const { name, kind, module = '' } of facts.binds) {
      if (kind === 'import' || kind === 'from-import') {
        found.set(name, module.split('.')[0]);
      }
    }
  }
  return found;
}

/** `sys.stdout = Tee(…)`, if the cell does not put back what was there. */
function replacesStream(what: string, summary: CellSummary | undefined): boolean {
  const stream = /^sys\.(?:stdout|stderr)$/.exec(what)?.[0];
  if (stream === undefined || summary === undefined) {
    return false;
  }
  const { source } = summary.facts;
  const assigned = [...source.matchAll(new RegExp(`^\\s*${stream}\\s*=\\s*(.+?)\\s*$`, 'gm'))];
  const last = assigned.at(-1)?.[1] ?? '';
  const isOriginal =
    /^sys\.__std(out|err)__$/.test(last) ||
    (/^\w+$/.test(last) && new RegExp(`\\b${last}\\s*=\\s*${stream}\\b`).test(source));
  return !isOriginal;
}

function prints({ facts }: CellSummary): boolean {
  return facts.showsValue || /\b(print|write)\s*\(/.test(facts.source);
}

/** `signal.signal(signal.SIGALRM, handler)` */
function isHandler({ what }: Effect): boolean {
  return /^(\w+\.)?signal\(/.test(what);
}

/** The cell has to do with signals, and sets no handler of its own. */
function mayBeSignalled({ facts, effects }: CellSummary): boolean {
  const own = effects.some(each => each.channel === 'patch' && isHandler(each));
  return !own && /\b(signal|alarm|setitimer|kill|killpg|raise_signal)\b/.test(facts.source);
}

/** The cell uses something of the package, or an attribute of the name that was changed. */
function mayNotice(
  { needs, facts }: CellSummary,
  changed: string | undefined,
  packages: ReadonlyMap<string, string>,
  word: string
): boolean {
  const uses = [...needs.keys()].some(
    name => changed !== undefined && packages.get(name) === changed
  );
  return uses || (word !== '' && new RegExp(`\\.\\s*${word}\\b`).test(facts.source));
}

function push<T>(map: Map<string, T[]>, key: string, value: T): void {
  const list = map.get(key);
  if (list) {
    list.push(value);
  } else {
    map.set(key, [value]);
  }
}
