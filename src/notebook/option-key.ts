import { readTag } from './tags';
import type { Tag } from './types';

/** An option of a step: the kinds of tags that say how it runs. */
export type OptionTag = Exclude<
  Tag,
  { readonly type: 'step' | 'prev' | 'special' | 'raises-exception' }
>;

/** A tag that is an option of a step, read; undefined if it is none. */
export function readOption(text: string): OptionTag | undefined {
  const { tag } = readTag(text, 0);
  return tag !== undefined && isOption(tag) ? tag : undefined;
}

/** What an option sets: two tags of one key repeat or contradict each other. `request:memory`, `env:HOME`, `image`. */
export function optionKey(option: OptionTag): string {
  switch (option.type) {
    case 'request':
    case 'limit':
      return `${option.type}:${option.resource}`;
    case 'node':
      return `node:${option.label}`;
    case 'toleration':
      // A pod may tolerate many effects of one key.
      return `toleration:${option.key}:${option.effect ?? ''}`;
    case 'env':
      return `env:${option.name}`;
    case 'secret':
      return `secret:${option.env}`;
    case 'volume':
      return `volume:${option.path}`;
    case 'label':
    case 'annotation':
      return `${option.type}:${option.key}`;
    case 'location':
    case 'role':
    case 'image':
    case 'retry':
    case 'timeout':
    case 'cache':
    case 'report':
      return option.type;
  }
}

function isOption(tag: Tag): tag is OptionTag {
  return !['step', 'prev', 'special', 'raises-exception'].includes(tag.type);
}
