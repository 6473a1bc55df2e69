import type { Diagnostic, Span } from '../diagnostics/types';
import { compareQuantities, parseQuantity } from './quantity';
import { tagSpan } from './read';
import { readTag } from './tags';
import type { Cell, StepOptions, Tag } from './types';

/** Where an option was set. */
interface Source {
  readonly text: string;
  /** −1 for the notebook's defaults. */
  readonly cell: number;
}

/**
 * The options of a step: the tags of all its cells over the notebook's defaults. Two cells that say different things
 * are an error that names both.
 */
export function mergeOptions(
  step: string,
  cells: readonly Cell[],
  defaults: readonly string[]
): { readonly options: StepOptions; readonly diagnostics: readonly Diagnostic[] } {
  const merger = new Merger(step);
  for (const [at, text] of defaults.entries()) {
    const { tag } = readTag(text, at);
    if (tag) {
      merger.take(tag, -1);
    }
  }
  for (const cell of cells) {
    cell.parsed.forEach(tag => merger.take(tag, cell.index));
  }
  return merger.result();
}

class Merger {
  constructor(private readonly step: string) {}

  take(tag: Tag, cell: number): void {
    switch (tag.type) {
      case 'request':
        this.set(`request ${tag.resource}`, this.requests, tag.resource, tag.quantity, tag, cell);
        return;
      case 'limit':
        this.set(`limit ${tag.resource}`, this.limits, tag.resource, tag.quantity, tag, cell);
        return;
      case 'node':
        this.set(`node ${tag.label}`, this.nodeSelector, tag.label, tag.value, tag, cell);
        return;
      case 'env':
        this.set(`env ${tag.name}`, this.env, tag.name, tag.value, tag, cell);
        return;
      case 'label':
        this.set(`label ${tag.key}`, this.labels, tag.key, tag.value, tag, cell);
        return;
      case 'annotation':
        this.set(`annotation ${tag.key}`, this.annotations, tag.key, tag.value, tag, cell);
        return;
      case 'toleration':
        this.tolerations.set(tag.text, { key: tag.key, value: tag.value, effect: tag.effect });
        return;
      case 'secret':
        this.set(
          `secret ${tag.env}`,
          this.secrets,
          tag.env,
          { secret: tag.secret, key: tag.key, env: tag.env },
          tag,
          cell
        );
        return;
      case 'volume':
        this.set(
          `volume ${tag.path}`,
          this.volumes,
          tag.path,
          { claim: tag.claim, path: tag.path, readOnly: tag.readOnly },
          tag,
          cell
        );
        return;
      case 'location':
        this.set(
          'location',
          this.single,
          'location',
          { place: tag.place, maxMs: tag.maxMs },
          tag,
          cell
        );
        return;
      case 'role':
        this.set('role', this.single, 'role', tag.role, tag, cell);
        return;
      case 'image':
        this.set('image', this.single, 'image', tag.image, tag, cell);
        return;
      case 'retry':
        this.set('retry', this.single, 'retry', tag.count, tag, cell);
        return;
      case 'timeout':
        this.set('timeout', this.single, 'timeoutSeconds', tag.seconds, tag, cell);
        return;
      case 'cache':
      case 'report':
        this.set(tag.type, this.single, tag.type, tag.enabled, tag, cell);
        return;
      case 'step':
      case 'prev':
      case 'special':
      case 'raises-exception':
        return;
    }
  }

  result(): { readonly options: StepOptions; readonly diagnostics: readonly Diagnostic[] } {
    for (const [resource, limit] of this.limits) {
      const request = this.requests.get(resource);
      const [low, high] = [parseQuantity(request ?? ''), parseQuantity(limit)];
      if (low && high && compareQuantities(low, high) > 0) {
        this.diagnostics.push({
          code: 'NP117',
          severity: 'error',
          message: `step ${this.step} requests ${request ?? ''} of ${resource} and is limited to ${limit}`,
          why: 'a limit below the request can never be met',
          fix: 'raise the limit or lower the request',
          ...placeOf(this.sources.get(`limit ${resource}`))
        });
      }
    }
    return {
      options: {
        requests: Object.fromEntries(this.requests),
        limits: Object.fromEntries(this.limits),
        nodeSelector: Object.fromEntries(this.nodeSelector),
        tolerations: [...this.tolerations.values()],
        env: Object.fromEntries(this.env),
        secrets: [...this.secrets.values()],
        volumes: [...this.volumes.values()],
        labels: Object.fromEntries(this.labels),
        annotations: Object.fromEntries(this.annotations),
        retry: 0,
        ...Object.fromEntries(this.single)
      },
      diagnostics: this.diagnostics
    };
  }

  private set<T>(
    what: string,
    into: Map<string, T>,
    key: string,
    value: T,
    tag: Tag,
    cell: number
  ): void {
    const before = this.sources.get(what);
    const differs = into.has(key) && JSON.stringify(into.get(key)) !== JSON.stringify(value);
    if (before && differs && before.cell >= 0) {
      this.diagnostics.push({
        code: 'NP116',
        severity: 'error',
        message: `step ${this.step} is tagged \`${before.text}\` and \`${tag.text}\``,
        why: 'the cells of a step run in one process, and they ask for different things',
        fix: 'keep one of the two tags',
        span: tagSpan(cell, tag.text),
        related: [{ span: tagSpan(before.cell, before.text), message: `\`${before.text}\`` }]
      });
      return;
    }
    into.set(key, value);
    this.sources.set(what, { text: tag.text, cell });
  }

  private readonly requests = new Map<string, string>();
  private readonly limits = new Map<string, string>();
  private readonly nodeSelector = new Map<string, string>();
  private readonly env = new Map<string, string>();
  private readonly labels = new Map<string, string>();
  private readonly annotations = new Map<string, string>();
  private readonly tolerations = new Map<string, StepOptions['tolerations'][number]>();
  private readonly secrets = new Map<string, StepOptions['secrets'][number]>();
  private readonly volumes = new Map<string, StepOptions['volumes'][number]>();
  private readonly single = new Map<string, unknown>();
  private readonly sources = new Map<string, Source>();
  private readonly diagnostics: Diagnostic[] = [];
}

/** Where an option was set; nowhere in the cells if in the notebook's defaults. */
function placeOf(source: Source | undefined): { readonly span?: Span } {
  return source === undefined || source.cell < 0 ? {} : { span: tagSpan(source.cell, source.text) };
}
