// Prometheus' text format, read as a monitor reads it.
import { request } from 'node:http';

export interface Sample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

const LINE = /^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? (\S+)$/;
const SPECIAL: Readonly<Record<string, number>> = { nan: Number.NaN, '+inf': Number.POSITIVE_INFINITY };
const LABEL = /([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\["\\n])*)"(?:,|$)/g;

/** @throws Error for a line that is none of the format */
export function parseExposition(text: string): Sample[] {
  return text
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => {
      const [, name = '', labels = '', value] = LINE.exec(line) ?? [];
      const number = SPECIAL[(value ?? '').toLowerCase()] ?? Number(value);
      const isNumber = !Number.isNaN(number) || value?.toLowerCase() === 'nan';
      const pairs = [...labels.matchAll(LABEL)];
      const whole = pairs.map(([text]) => text).join('') === labels;
      if (name === '' || value === undefined || !whole || !isNumber) throw new Error(`no sample: ${line}`);
      return { name, labels: Object.fromEntries(pairs.map(([, label, text]) => [label, text])), value: number };
    });
}

export const exposed = async (metrics: { text(): Promise<string> }): Promise<Sample[]> =>
  parseExposition(await metrics.text());

/** @throws Error if there is not exactly one such sample */
export function valueIn(samples: readonly Sample[], name: string, labels: Record<string, string> = {}): number {
  const found = samples.filter(
    (one) => one.name === name && Object.entries(labels).every(([label, text]) => one.labels[label] === text),
  );
  const [only] = found;
  if (!only || found.length > 1) throw new Error(`${found.length} samples of ${name} ${JSON.stringify(labels)}`);
  return only.value;
}

export interface Answer {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  text: string;
}

/** One request to a listener on this host. */
export function ask(
  port: number,
  path: string,
  { method = 'GET', headers = {}, host = '127.0.0.1' }: { method?: string; headers?: object; host?: string } = {},
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const outgoing = request({ host, port, path, method, agent: false, headers: { ...headers } }, async (incoming) => {
      incoming.setEncoding('utf8');
      let text = '';
      for await (const chunk of incoming) text += chunk;
      resolve({ status: incoming.statusCode ?? 0, headers: incoming.headers, text });
    });
    outgoing.on('error', reject);
    outgoing.end();
  });
}

/** Everything that a process's metrics listener tells. @throws Error if it does not answer 200 */
export async function scrape(port: number): Promise<Sample[]> {
  const { status, text } = await ask(port, '/metrics');
  if (status !== 200) throw new Error(`/metrics answered ${status}`);
  return parseExposition(text);
}
