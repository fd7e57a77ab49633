// The system of this tree on loopback, with one user and one administrator, and requests to its listeners as their browsers send them.
import { readFileSync } from 'node:fs';
import { request } from 'node:https';
import { join } from 'node:path';
import { employ, type PageAdministrator } from '#lab/administrator.ts';
import { enrol, type Person } from '#lab/person.ts';
import { bringUp, type System } from '#lab/system.ts';
import type { Stage } from '../proof.ts';

export interface Live {
  readonly system: System;
  readonly person: Person;
  readonly administrator: PageAdministrator;
}

export const live: Stage<Live> = {
  name: 'delivered',
  async up(folder, signal) {
    const desktops = [{ name: 'pc-01', kind: 'office' as const }];
    const system = await bringUp({ folder: join(folder, 'system'), desktops, port: 0, signal });
    try {
      const [person, administrator] = await Promise.all([
        enrol(system, 'tanaka', '田中太郎'),
        employ(system, 'yamada'),
      ]);
      return { system, person, administrator };
    } catch (error) {
      await system.stop();
      throw error;
    }
  },
  down: ({ system }) => system.stop(),
};

export interface Answer {
  readonly status: number;
  readonly body: Buffer;
  /** What the answer sets, as it is sent back; empty if it sets none. */
  readonly cookie: string;
}

export interface Asked {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly json?: unknown;
}

/** Of whoever asks: the authority of the listener, and where it wants one a certificate. */
export interface Credentials {
  readonly ca: string;
  readonly clientCert?: string;
  readonly clientKey?: string;
}

/** @throws Error if there is no answer */
export function ask(url: string, { ca, clientCert, clientKey }: Credentials, asked: Asked = {}): Promise<Answer> {
  const content = asked.json === undefined ? undefined : JSON.stringify(asked.json);
  return new Promise((resolve, reject) => {
    const sent = request(url, {
      method: asked.method ?? 'GET',
      headers: { ...asked.headers, ...(content === undefined ? {} : { 'Content-Type': 'application/json' }) },
      ca: readFileSync(ca),
      ...(clientCert && clientKey ? { cert: readFileSync(clientCert), key: readFileSync(clientKey) } : {}),
      agent: false,
      timeout: 10_000,
    });
    sent.on('error', reject).on('timeout', () => sent.destroy(new Error(`${url}: no answer in 10 s`)));
    sent.on('response', (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk)).on('error', reject);
      response.on('end', () => {
        const [cookie = ''] = response.headers['set-cookie'] ?? [];
        resolve({ status: response.statusCode ?? 0, body: Buffer.concat(chunks), cookie: cookie.split(';')[0] ?? '' });
      });
    });
    sent.end(content);
  });
}
