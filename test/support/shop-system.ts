import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export type Handler = (request: IncomingMessage, response: ServerResponse, body: string) => void;

/** A server of a shop system: real HTTP, which answers as the test tells it and counts what it was asked. */
export interface ShopSystem {
  readonly origin: URL;
  /** Method, path and query of each request. */
  readonly asked: string[];
  close(): Promise<void>;
}

export async function startShopSystem(handler: Handler): Promise<ShopSystem> {
  const asked: string[] = [];
  const server: Server = createServer((request, response) => {
    asked.push(`${request.method} ${request.url}`);
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => handler(request, response, Buffer.concat(chunks).toString()));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    origin: new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}`),
    asked,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

export function answerJson(
  response: ServerResponse,
  json: unknown,
  headers: Record<string, string> = {},
): void {
  response.writeHead(200, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(json));
}

/** The ways in which servers fail, one after another: too many requests, errors, broken connections, halves of answers. */
export function failInTurn(response: ServerResponse, turn: number): void {
  switch (turn % 6) {
    case 0:
      response.writeHead(429, { 'retry-after': '0.01' }).end('slow down');
      return;
    case 1:
      response.writeHead(500).end('<html>error</html>');
      return;
    case 2:
      response.destroy();
      return;
    case 3:
      response.writeHead(200, { 'content-type': 'application/json', 'content-length': '500' });
      response.write('{"half":');
      setTimeout(() => response.destroy(), 5);
      return;
    case 4:
      response.writeHead(200, { 'content-type': 'text/html' }).end('<html>a proxy</html>');
      return;
    default:
      response.writeHead(503, { 'retry-after': new Date(Date.now() - 1000).toUTCString() }).end();
  }
}
