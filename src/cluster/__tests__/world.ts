import { apiVersionOf, pathOf, type Kind } from '../objects';
import { json, status, type FakeApiServer, type Received } from './fake-api-server';

/** A cluster as its objects: what is listed, and what one may do. */
export interface World {
  /** By kind; objects of a kind with namespaces have one in their metadata, else they are in `ns`. */
  readonly objects: Partial<Record<Kind, readonly object[]>>;
  /** `verb resource` that one may not, e.g. `list nodes`, `get pods/log`. */
  readonly forbidden?: readonly string[];
  /** Kinds that the server does not know. */
  readonly unknown?: readonly Kind[];
  /** What the account of the steps may not: `create`, `patch`. */
  readonly accountLacks?: readonly string[];
}

interface Named {
  readonly metadata?: { readonly name?: string; readonly namespace?: string };
}

/** Answers as an API server with these objects does: lists, gets, dry runs, access reviews. */
export function serve(server: FakeApiServer, world: World): void {
  server.answer((request, response) => {
    if (request.path === '/version') {
      return json(response, { gitVersion: 'v1.34.4' });
    }
    const review = request.body as
      { spec?: { user?: string; resourceAttributes?: Record<string, string> } } | undefined;
    const attributes = review?.spec?.resourceAttributes;
    if (attributes !== undefined) {
      const resource = [attributes.resource, attributes.subresource].filter(Boolean).join('/');
      const lacks = review?.spec?.user === undefined ? world.forbidden : world.accountLacks;
      const asked =
        review?.spec?.user === undefined ? `${attributes.verb} ${resource}` : attributes.verb;
      const allowed = !(lacks ?? []).includes(asked);
      return json(response, { ...review, status: { allowed } }, 201);
    }
    const found = kindOf(request);
    if (found === undefined || world.unknown?.includes(found.kind) === true) {
      return void response.writeHead(404).end('404 page not found\n');
    }
    const { kind, namespace, name } = found;
    const plural = pathOf(kind, undefined).split('/').pop() ?? '';
    const verb = request.method === 'POST' ? 'create' : name === undefined ? 'list' : 'get';
    if (world.forbidden?.includes(`${verb} ${plural}`) === true) {
      return status(
        response,
        403,
        `${plural} is forbidden: User "me" cannot ${verb} resource`,
        'Forbidden'
      );
    }
    if (verb === 'create') {
      return json(response, request.body, 201);
    }
    const field = /^metadata\.name=(.*)$/.exec(request.query.get('fieldSelector') ?? '')?.[1];
    const items = (world.objects[kind] ?? []).filter(each => {
      const { metadata } = each as Named;
      return (
        (namespace === undefined || (metadata?.namespace ?? 'ns') === namespace) &&
        [name, field].every(wanted => wanted === undefined || wanted === metadata?.name)
      );
    });
    if (verb === 'list') {
      return json(response, { metadata: { resourceVersion: '1' }, items });
    }
    return items.length > 0
      ? json(response, { apiVersion: apiVersionOf(kind), kind, ...items[0] })
      : status(response, 404, `${plural} "${name ?? ''}" not found`, 'NotFound');
  });
}

const KINDS: readonly Kind[] = [
  ...(['Workflow', 'Pod', 'ConfigMap', 'PersistentVolumeClaim', 'Event', 'Secret'] as const),
  ...([
    'ServiceAccount',
    'ResourceQuota',
    'LimitRange',
    'Deployment',
    'Node',
    'Namespace'
  ] as const),
  ...(['PersistentVolume', 'StorageClass', 'PodDefault'] as const)
];

function kindOf({ path }: Received) {
  for (const kind of KINDS) {
    const [head, plural] = [pathOf(kind, 'NS').split('NS')[0], pathOf(kind, undefined)];
    const all = new RegExp(`^${plural}(?:/([^/]+))?$`).exec(path);
    if (all) {
      return { kind, name: all[1] as string | undefined };
    }
    const end = plural.split('/').pop() ?? '';
    const inside = head.endsWith('/')
      ? new RegExp(`^${head}([^/]+)/${end}(?:/([^/]+))?$`).exec(path)
      : null;
    if (inside) {
      return { kind, namespace: inside[1], name: inside[2] as string | undefined };
    }
  }
  return undefined;
}
