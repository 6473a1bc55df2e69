import type { Diagnostic } from '../diagnostics/types';
import type { StepGraph } from '../dataflow/types';
import { closest } from '../diagnostics/closest';
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
    if (text === undefined) {
      return { name: each.name, type: each.type, value: each.value, given: false };
    }
    const read = readValue(text, each.type);
    if (read === undefined) {
      diagnostics.push(wrongType(each, text));
      return { name: each.name, type: each.type, value: each.value, given: false };
    }
    return { name: each.name, type: each.type, value: read.value, given: true };
  });
  return { parameters, diagnostics };
}

/** The value that `text` means for a parameter of Python's `type`, or undefined if it means none. */
function readValue(text: string, type: string): { readonly value: unknown } | undefined {
  switch (type) {
    case 'str':
      return { value: text };
    case 'int':
      return /^[+-]?\d+$/.test(text.trim()) ? { value: Number(text) } : undefined;
    case 'float': {
      const value = Number(text);
      return text.trim() !== '' && Number.isFinite(value) ? { value } : undefined;
    }
    case 'bool': {
      const word = text.trim().toLowerCase();
      if (word === 'true' || word === 'false') {
        return { value: word === 'true' };
      }
      return undefined;
    }
    case 'list':
    case 'dict': {
      const value = readJson(text);
      const fits =
        type === 'list'
          ? Array.isArray(value)
          : typeof value === 'object' && value !== null && !Array.isArray(value);
      return fits ? { value } : undefined;
    }
    default: {
      // `None` says nothing about the type: JSON where it parses, else the text itself.
      const value = readJson(text);
      return { value: value === undefined ? text : value };
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
