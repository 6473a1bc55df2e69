import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { openCluster, type Cluster, type ClusterChoice } from '../client';

export interface Received {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingHttpHeaders;
  readonly body: unknown;
  /** The connection that it came over. */
  readonly socket: Socket;
}

type Handler = (request: Received, response: ServerResponse) => void;

/** An API server on the loopback that answers what a test says, with a kubeconfig that leads to it. */
export class FakeApiServer {
  readonly received: Received[] = [];
  private handler: Handler = (_, response) => status(response, 404, 'nothing is here');
  private readonly sockets = new Set<Socket>();
  private readonly folder = mkdtempSync(join(tmpdir(), 'notepod-fake-api-'));
  private readonly server = createServer((request, response) => {
    void text(request).then(body => {
      const url = new URL(request.url ?? '', 'http://fake');
      const received: Received = {
        method: request.method ?? '',
        path: url.pathname,
        query: url.searchParams,
        headers: request.headers,
        body: body === '' ? undefined : JSON.parse(body),
        socket: request.socket
      };
      this.received.push(received);
      this.handler(received, response);
    });
  });

  async start(): Promise<void> {
    this.server.on('connection', socket => {
      this.sockets.add(socket);
      socket.once('close', () => this.sockets.delete(socket));
    });
    await new Promise<void>(done => this.server.listen(0, '127.0.0.1', done));
  }

  async stop(): Promise<void> {
    this.sockets.forEach(each => each.destroy());
    await new Promise(done => this.server.close(done));
    rmSync(this.folder, { recursive: true, force: true });
  }

  answer(handler: Handler): void {
    this.handler = handler;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  /** Writes a kubeconfig with this server and `user`. @returns its path */
  kubeconfig(user: object = { token: 'secret' }, namespace?: string): string {
    const path = join(this.folder, 'config');
    const context = {
      cluster: 'fake',
      user: 'me',
      ...(namespace === undefined ? {} : { namespace })
    };
    // JSON is YAML.
    const config = {
      apiVersion: 'v1',
      kind: 'Config',
      'current-context': 'fake',
      contexts: [
        { name: 'fake', context },
        { name: 'broken', context: { cluster: 'gone', user: 'me' } }
      ],
      clusters: [{ name: 'fake', cluster: { server: this.url, 'insecure-skip-tls-verify': true } }],
      users: [{ name: 'me', user }]
    };
    writeFileSync(path, JSON.stringify(config));
    return path;
  }

  open(choice: ClusterChoice = {}, user?: object): Promise<Cluster> {
    return withKubeconfig(this.kubeconfig(user), () => openCluster({ namespace: 'ns', ...choice }));
  }
}

/** Does something while KUBECONFIG is `path`. */
export async function withKubeconfig<T>(path: string, what: () => Promise<T>): Promise<T> {
  const before = process.env.KUBECONFIG;
  process.env.KUBECONFIG = path;
  try {
    return await what();
  } finally {
    if (before === undefined) {
      delete process.env.KUBECONFIG;
    } else {
      process.env.KUBECONFIG = before;
    }
  }
}

export function json(response: ServerResponse, value: unknown, code = 200): void {
  response.writeHead(code, { 'content-type': 'application/json' }).end(JSON.stringify(value));
}

/** A `Status` as the API server writes it. */
export function status(
  response: ServerResponse,
  code: number,
  message: string,
  reason = '',
  headers: Record<string, string> = {}
): void {
  response
    .writeHead(code, { 'content-type': 'application/json', ...headers })
    .end(JSON.stringify({ kind: 'Status', code, message, reason, status: 'Failure' }));
}
