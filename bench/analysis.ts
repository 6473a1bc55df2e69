import { notebookText, type TestCell } from '../tests/law/notebook-file';
import { buildStepGraph } from '../src/dataflow/graph';
import { parseNotebook } from '../src/notebook/read';
import { cutIntoSteps } from '../src/notebook/steps';
import { CellAnalyser } from '../src/python/analyser';
import { NotebookFacts } from '../src/python/notebook-facts';
import { loadParser } from '../src/python/parser';

/** Kale's measure (docs/benchmarks.md): an imports cell and n chained steps, each with 20 assignments that read the names of the one before. */
function chainedSteps(n: number): TestCell[] {
  const names = Array.from({ length: 20 }, (_, index) => index);
  return [
    { tags: ['imports'], source: 'import numpy as np\nimport pandas as pd' },
    ...Array.from({ length: n }, (_, step) => ({
      tags: [`step:s${step}`],
      source: names
        .map(name =>
          step === 0 ? `v0_${name} = ${name}` : `v${step}_${name} = v${step - 1}_${name} + 1`
        )
        .join('\n')
    }))
  ];
}

/**
 * What cells of an analysis look like: frames, functions, classes, plots, loops; every fifth begins a step. `from` is the frame
 * that they use.
 */
const KINDS: readonly ((i: number, from: string) => string)[] = [
  (i, from) =>
    `df${i} = ${from}.assign(c=${i})\ndf${i}["d"] = df${i}["a"] * ${i} + np.sqrt(df${i}["b"])\nsummary = df${i}.groupby("k")["d"].agg(["mean", "std"])\nsummary.head()`,
  i =>
    `def scale${i}(frame, by=${i}):\n    """Scales a frame."""\n    out = frame.copy()\n    for name in out.columns:\n        if out[name].dtype != object:\n            out[name] = out[name] / by\n    return out`,
  (i, from) =>
    `fig, ax = plt.subplots(figsize=(6, 4))\nax.plot(${from}["a"], ${from}["b"], label="run ${i}")\nax.set(xlabel="a", ylabel="b")\nax.legend()`,
  i =>
    `results${i} = {}\nfor seed in range(3):\n    rng = np.random.default_rng(seed)\n    draw = rng.normal(size=100)\n    results${i}[seed] = (draw.mean(), draw.std())\nprint(sorted(results${i}.items())[:2])`,
  (i, from) =>
    `class Model${i}:\n    def __init__(self, rate):\n        self.rate = rate\n        self.history = []\n    def fit(self, frame):\n        self.history.append(frame["a"].mean() * self.rate)\n        return self\nmodel${i} = Model${i}(0.${i})\nmodel${i}.fit(${from})\nmodel${i}.history[-1]`
];

/** Objects of every kind that are handed to each other: most cells may change what many others have. */
function entangledNotebook(n: number): TestCell[] {
  return [
    {
      tags: ['imports'],
      source: 'import numpy as np\nimport pandas as pd\nimport matplotlib.pyplot as plt'
    },
    {
      tags: ['step:load'],
      source: 'df0 = pd.DataFrame({"a": range(9), "b": range(9), "k": list("aabbccdde")})'
    },
    ...Array.from({ length: n - 2 }, (_, index) => ({
      tags: index % 5 === 0 ? [`step:s${index}`] : [],
      source: KINDS[index % KINDS.length](index, 'df0')
    }))
  ];
}

/** Every cell makes a list from the one before; ten to a step. */
function plainNotebook(n: number): TestCell[] {
  return Array.from({ length: n }, (_, index) => ({
    tags: index % 10 === 0 ? [`step:s${index / 10}`] : [],
    source: index === 0 ? 'a0 = [0]' : `a${index} = [a${index - 1}[0] + 1]\nprint(a${index})`
  }));
}

function sorted(times: readonly number[]): readonly number[] {
  return [...times].sort((a, b) => a - b);
}
const median = (times: readonly number[]) => sorted(times)[times.length >> 1];
const high = (times: readonly number[]) => sorted(times)[Math.floor(times.length * 0.95)];

function timed(action: () => void): number {
  const start = performance.now();
  action();
  return performance.now() - start;
}

/** Notebook texts for whole processes, and lines to print. */
export async function measure(argv: readonly string[]): Promise<{
  readonly rows: readonly string[];
  readonly chain: string;
  readonly long: string;
}> {
  const tries = Number(argv[argv.indexOf('--tries') + 1]) || 15;
  const parser = await loadParser();
  const rows: string[] = [];
  const say = (what: string, times: readonly number[], text: string) => {
    const copy = median(
      Array.from({ length: tries }, () => timed(() => JSON.stringify(JSON.parse(text))))
    );
    rows.push(
      `${what}: ${median(times).toFixed(1)} ms, 95 %: ${high(times).toFixed(1)} ms (copy: ${copy.toFixed(1)} ms)`
    );
  };
  const analysed = (text: string, facts: NotebookFacts) => {
    const parsed = parseNotebook(text);
    const code = parsed.cells.filter(cell => cell.type === 'code' && cell.kind !== 'skip');
    const found = facts.of(new Map(code.map(cell => [cell.index, cell.source])));
    const notebook = cutIntoSteps(parsed, index => found.get(index)?.onlyDefines ?? false);
    return buildStepGraph(notebook, found);
  };
  const fresh = () => new NotebookFacts(new CellAnalyser(parser));

  const chain = notebookText(chainedSteps(100));
  analysed(chain, fresh());
  say(
    'parse, analyse, graph: 100 steps × 20 names, warm, no cell known',
    Array.from({ length: tries }, () => timed(() => analysed(chain, fresh()))),
    chain
  );
  const notebooks = [
    ...[100, 500, 2000].map(n => ['plain', plainNotebook(n)] as const),
    ...[100, 200, 400].map(n => ['entangled', entangledNotebook(n)] as const)
  ];
  for (const [kind, notebook] of notebooks) {
    const cells = notebook.length;
    const text = notebookText(notebook);
    const facts = fresh();
    analysed(text, facts);
    const times = Array.from({ length: 5 * tries }, (_, index) => {
      const at = 2 + ((index * 37) % (cells - 2));
      const edited = notebook.map((cell, place) =>
        place === at ? { ...cell, source: `${cell.source}\nx${index} = ${index}` } : cell
      );
      const editedText = notebookText(edited);
      return timed(() => analysed(editedText, facts));
    });
    say(`one edit to the updated graph, ${cells} cells, ${kind}`, times, text);
  }
  const long = notebookText(plainNotebook(5000));
  say('5,000 cells, plain, no cell known', [timed(() => analysed(long, fresh()))], long);
  return { rows, chain, long };
}
