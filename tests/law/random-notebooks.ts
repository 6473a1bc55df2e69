import fc from 'fast-check';
import type { TestCell } from './notebook-file';
import {
  ARRAY_STATEMENTS,
  DEFINITIONS,
  EXPRESSIONS,
  FAILURES,
  FIRST,
  IMPORTS,
  LOOKING,
  NAMES,
  STATEMENTS,
  type Kind
} from './random-statements';

/** One statement to be: numbers that choose the template and, one after the other, its names. */
type Choices = readonly number[];

interface CellChoices {
  readonly statements: readonly Choices[];
  /** 0–99: which step the cell belongs to, and how it says so. */
  readonly place: number;
  readonly which: number;
}

interface NotebookChoices {
  readonly cells: readonly CellChoices[];
  /** 0–99: notebooks of some kinds are rarer. */
  readonly arrays: number;
  readonly setup: number;
}

/** Writes a notebook by choices; knows which names have a value, so that almost every statement runs. */
class NotebookWriter {
  constructor(private readonly choices: NotebookChoices) {
    this.withArrays = choices.arrays < 5;
  }

  write(): readonly TestCell[] {
    this.setup();
    let step = 0;
    for (const { statements, place, which } of this.choices.cells) {
      this.lines = [];
      this.touched.clear();
      if (place >= 94 && step > 0) {
        this.cells.push({
          tags: [which % 2 ? 'functions' : 'imports'],
          source: this.definitions(statements)
        });
        continue;
      }
      statements.forEach(each => this.statement(each));
      this.observe(which);
      const tags: string[] = [];
      if (step > 0 && place < 5) {
        tags.push(`step:s${which % step}`);
      } else if (step > 0 && place < 11) {
        tags.push('step:');
      } else if (!(step > 0 && place < 17)) {
        tags.push(`step:s${step}`);
        step += 1;
      }
      if (step > 1 && place >= 85 && tags.length > 0) {
        tags.push(`prev:s${which % (step - 1)}`);
      }
      if (place === 40) {
        this.template(FAILURES[which % FAILURES.length], [which]);
      } else if (place === 41 || place === 42) {
        tags.push('raises-exception');
        this.template(FAILURES[which % FAILURES.length], [which]);
      }
      this.cells.push({ tags, source: this.lines.join('\n') });
    }
    this.lines = [];
    const shown = [...this.live].flatMap(([kind, names]) =>
      kind === 'q' || kind === 'h' ? [] : [...names]
    );
    this.lines.push(...shown.map(name => `print('${name}', show(${name}))`));
    const objects = (['l', 'd', 'o', 't', 'a', 'w'] as const).flatMap(kind => [
      ...(this.live.get(kind) ?? [])
    ]);
    this.lines.push(
      `print([(i, j) for i, a in enumerate([${objects.join(', ')}]) for j, b in enumerate([${objects.join(', ')}]) if i < j and a is b])`
    );
    this.cells.push({ tags: ['step:last'], source: this.lines.join('\n') });
    return this.cells;
  }

  private setup(): void {
    const { setup } = this.choices;
    // What is drawn without a seed differs from run to run.
    const seeds = this.withArrays ? 'random.seed(1)\nnp.random.seed(1)' : 'random.seed(1)';
    const imports = `${IMPORTS}${this.withArrays ? '\nimport numpy as np, pandas as pd' : ''}\n${seeds}`;
    if (setup % 10 === 0) {
      this.cells.push({ tags: ['parameters'], source: 'n = 3\nm = 5' });
      this.live.set('n', new Set(['n', 'm']));
    }
    if (setup % 3 === 0) {
      this.cells.push({ tags: ['step:setup'], source: `${imports}\n${LOOKING}` });
    } else {
      this.cells.push({ tags: ['imports'], source: imports });
      this.cells.push({ tags: ['functions'], source: LOOKING });
    }
  }

  private statement(choices: Choices): void {
    this.template(
      weighted(this.withArrays ? ARRAY_STATEMENTS : STATEMENTS, choices[0]),
      choices.slice(1)
    );
  }

  private definitions(statements: readonly Choices[]): string {
    statements.forEach(each => this.template(weighted(DEFINITIONS, each[0]), each.slice(1)));
    return this.lines.join('\n');
  }

  /** Shows one or two of the names that the cell mentions: not all, or every step would need every other. */
  private observe(which: number): void {
    const names = [...this.touched];
    if (names.length > 0 && which % 4 > 0) {
      const chosen = names.filter((_, index) => (index + which) % names.length < 2);
      this.lines.push(`print(${chosen.map(name => `show(${name})`).join(', ')})`);
    }
  }

  private template(template: string, choices: Choices): void {
    let at = 0;
    const next = () => choices[at++ % choices.length] + at * 7;
    const names = new Map<string, string>();
    const bound = new Map<string, Kind>();
    const text = this.filled(template, next, names, bound, 0);
    this.lines.push(...text.split('\n'));
    bound.forEach((kind, name) => this.lives(kind, name));
  }

  private filled(
    template: string,
    next: () => number,
    names: Map<string, string>,
    bound: Map<string, Kind>,
    depth: number
  ): string {
    return template.replace(
      /\$([a-zA-Z])(\d?)(!?)/g,
      (whole, kind: string, _digit: string, binds: string) => {
        if (kind === 'e') {
          const templates = depth > 0 ? EXPRESSIONS.slice(0, 3) : EXPRESSIONS;
          return this.filled(
            templates[next() % templates.length],
            next,
            new Map(),
            bound,
            depth + 1
          );
        }
        const key = whole.replace('!', '');
        const known = names.get(key);
        if (kind === 'i') {
          const digit = known ?? String(next() % 10);
          names.set(key, digit);
          return digit;
        }
        const own = kind as Kind;
        if (binds !== '') {
          const name = known ?? NAMES[own][next() % NAMES[own].length];
          names.set(key, name);
          bound.set(name, own);
          this.touch(own, name);
          return name;
        }
        if (known !== undefined) {
          return known;
        }
        const name = own === 'q' ? NAMES.q[next() % NAMES.q.length] : this.alive(own, next());
        names.set(key, name);
        this.touch(own, name);
        return name;
      }
    );
  }

  /** A name of the kind that has a value; one gets it here if none has. */
  private alive(kind: Kind, choice: number): string {
    const names = [...(this.live.get(kind) ?? [])];
    if (names.length === 0 || (choice % 5 === 0 && names.length < 3)) {
      const bound = new Map<string, Kind>();
      let at = choice;
      const text = this.filled(FIRST[kind], () => (at += 3), new Map(), bound, 0);
      this.lines.push(...text.split('\n'));
      bound.forEach((own, name) => this.lives(own, name));
      return [...bound.keys()][0];
    }
    return names[choice % names.length];
  }

  private lives(kind: Kind, name: string): void {
    this.live.set(kind, (this.live.get(kind) ?? new Set()).add(name));
  }

  private touch(kind: Kind, name: string): void {
    if (!['q', 'h', 'C', 'f', 'm'].includes(kind)) {
      this.touched.add(name);
    }
  }

  private readonly withArrays: boolean;
  private readonly live = new Map<Kind, Set<string>>();
  private readonly touched = new Set<string>();
  private readonly cells: TestCell[] = [];
  private lines: string[] = [];
}

function weighted(templates: readonly (readonly [number, string])[], choice: number): string {
  const sum = templates.reduce((total, [weight]) => total + weight, 0);
  let rest = choice % sum;
  for (const [weight, template] of templates) {
    rest -= weight;
    if (rest < 0) {
      return template;
    }
  }
  return templates[0][1];
}

/**
 * Notebooks that print what they compute: see `random-statements.ts` for what they are made of. They are cut into steps of one or
 * more cells, some of them in several parts, with definition cells, parameters, `prev:` and cells that fail in between; the code
 * alone says which step needs which.
 */
export const randomNotebook: fc.Arbitrary<readonly TestCell[]> = fc
  .record({
    cells: fc.array(
      fc.record({
        statements: fc.array(fc.array(fc.nat(99_999), { minLength: 4, maxLength: 8 }), {
          minLength: 1,
          maxLength: 4
        }),
        place: fc.nat(99),
        which: fc.nat(999)
      }),
      { minLength: 2, maxLength: 6 }
    ),
    arrays: fc.nat(99),
    setup: fc.nat(99)
  })
  .map(choices => new NotebookWriter(choices).write());
