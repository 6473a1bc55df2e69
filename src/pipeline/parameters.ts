import type { Diagnostic } from '../diagnostics/types';
import type { StepGraph } from '../dataflow/types';
import { closest } from '../diagnostics/closest';
import { pythonFromJson, pythonText } from './literal';
import type { Parameter } from './types';

type Declared = StepGraph['parameters'][number];

/**
 * The values of the notebook's parameters for one run.
 * @param declared what the parameter cells say
 * @param given values as text, by name (`-p epochs=5`)
 * @returns the parameters in the notebook's order, and a diagnostic for each unknown name and each value of a wrong type
 */
export function bindParameters(
  declared: readonly Declared[],
  given: ReadonlyMap<string, string>
): { readonly parameters: readonly Parameter[]; readonly diagnostics: readonly Diagnostic[] } {
  const diagnostics: Diagnostic[] = [];
  const names = declared.map(each => each.name);
  for (const name of given.keys()) {
    if (!names.includes(name)) {
      diagnostics.push(unknownParameter(name, names));
    }
  }
  const parameters = declared.map(each => {
    const text = given.get(each.name);
    const { name, type, value, comment } = each;
    const own = { name, type, value, ...(comment === undefined ? {} : { comment }) };
    if (text === undefined) {
      return own;
    }
    const read = readValue(text, each.type);
    if (read === undefined) {
      diagnostics.push(wrongType(each, text));
      return own;
    }
    return { ...own, ...read };
  });
  return { parameters, diagnostics };
}

/** The value that `text` means for a parameter of Python's `type`, and its Python literal; undefined if it means none. */
function readValue(
  text: string,
  type: string
): { readonly value: unknown; readonly literal: string } | undefined {
  const trimmed = text.trim();
  switch (type) {
    case 'str':
      return { value: text, literal: pythonText(text) };
    case 'int':
      return /^[+-]?\d+$/.test(trimmed)
        ? { value: Number(trimmed), literal: BigInt(trimmed.replace(/^\+/, '')).toString() }
        : undefined;
    case 'float': {
      const match = /^\+?(-?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)$/.exec(trimmed);
      if (!match || !Number.isFinite(Number(match[1]))) {
        return undefined;
      }
      const literal = match[1].replace(/^(-?)0+(?=\d)/, '$1');
      return {
        value: Number(literal),
        literal: /^-?\d+$/.test(literal) ? `${literal}.0` : literal
      };
    }
    case 'bool': {
      const word = trimmed.toLowerCase();
      return word === 'true' || word === 'false'
        ? { value: word === 'true', literal: word === 'true' ? 'True' : 'False' }
        : undefined;
    }
    case 'list':
    case 'dict': {
      const value = readJson(text);
      const fits =
        type === 'list'
          ? Array.isArray(value)
          : typeof value === 'object' && value !== null && !Array.isArray(value);
      return fits ? { value, literal: pythonFromJson(text) } : undefined;
    }
    default: {
      // `None` says nothing about the type: JSON where it parses, else the text itself.
      const value = readJson(text);
      return value === undefined
        ? { value: text, literal: pythonText(text) }
        : { value, literal: pythonFromJson(text) };
    }
  }
}

function readJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

const EXAMPLE: Readonly<Record<string, string>> = {
  int: '5',
  float: '0.01',
  bool: 'true',
  list: "'[1, 2]'",
  dict: `'{"a": 1}'`
};

function wrongType(declared: Declared, text: string): Diagnostic {
  return {
    code: 'NP402',
    severity: 'error',
    message: `\`${text}\` is no ${declared.type}, and parameter \`${declared.name}\` is one`,
    why: `the notebook gives \`${declared.name}\` a value of type ${declared.type}, and a run must not change the type`,
    fix: `write it like -p ${declared.name}=${EXAMPLE[declared.type] ?? 'value'}`,
    span: declared.span
  };
}

function unknownParameter(name: string, names: readonly string[]): Diagnostic {
  const near = closest(name, names);
  const known =
    names.length > 0
      ? `its parameters are ${names.join(', ')}`
      : 'it has no cell tagged `parameters`';
  return {
    code: 'NP401',
    severity: 'error',
    message:
      `the notebook has no parameter \`${name}\`` + (near ? `; did you mean \`${near}\`?` : ''),
    why: `only constants in a cell tagged \`parameters\` can be set from outside: ${known}`,
    fix: near ? `use -p ${near}=…` : 'tag the cell that sets it with `parameters`'
  };
}
