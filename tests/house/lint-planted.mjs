// Reads [{file, text}] from standard input and writes [[rule, …]] of what ESLint says of each text as if it were that file.
// A process of its own, because ESLint loads its configuration as a module, which jest's sandbox cannot.
import { text } from 'node:stream/consumers';
import { ESLint } from 'eslint';
import tseslint from 'typescript-eslint';

const planted = JSON.parse(await text(process.stdin));
const eslint = new ESLint({
  // The files need not exist, and TypeScript knows no types of a file that does not.
  overrideConfig: [
    { languageOptions: { parserOptions: { projectService: false } } },
    tseslint.configs.disableTypeChecked
  ]
});
const found = [];
for (const { file, text: line } of planted) {
  const [result] = await eslint.lintText(`${line}\n`, { filePath: file });
  found.push(result.messages.map(message => message.ruleId ?? message.message));
}
process.stdout.write(JSON.stringify(found));
