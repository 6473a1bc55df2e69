import grammar from 'tree-sitter-python/tree-sitter-python.wasm';
import { Language, Parser } from 'web-tree-sitter';
import runtime from 'web-tree-sitter/web-tree-sitter.wasm';

let loading: Promise<Parser> | undefined;

/** The Python parser, loaded once: the same two wasm files in Node and in the browser. It is shared and never deleted. */
export function loadParser(): Promise<Parser> {
  loading ??= load();
  return loading;
}

async function load(): Promise<Parser> {
  // The declared type is ArrayBuffer, but Emscripten's loader takes any bytes.
  await Parser.init({ wasmBinary: runtime as unknown as ArrayBuffer });
  const parser = new Parser();
  parser.setLanguage(await Language.load(grammar));
  return parser;
}
