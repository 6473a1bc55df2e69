import { CATALOGUE } from './catalogue';

/** The pages of `docs/diagnostics/`, by file name: one per code, and the index. */
export function diagnosticPages(): Readonly<Record<string, string>> {
  const pages: Record<string, string> = {};
  const rows: string[] = [];
  for (const [code, { problem, severity, meaning, remedy }] of Object.entries(CATALOGUE)) {
    const words =
      severity === 'stop'
        ? 'Stops a step while it runs.'
        : code.startsWith('NP63')
          ? `Found by \`notepod doctor\` and \`notepod nodes\`, and before a run on a cluster starts (${severity}).`
          : code.startsWith('NP66')
            ? `Found by \`notepod compile --target kfp\` (${severity}).`
            : `Found by \`notepod check\` (${severity}).`;
    pages[`${code}.md`] =
      `# ${code}: ${problem}\n\n${words}\n\n## What it means\n\n${meaning}\n\n## What to do\n\n${remedy}\n`;
    rows.push(`| [${code}](${code}.md) | ${problem} | ${severity} |`);
  }
  pages['README.md'] =
    `# Diagnostics\n\nEvery problem has a code, and every code a page.\n\n| code | problem | severity |\n| --- | --- | --- |\n${rows.join('\n')}\n`;
  return pages;
}
