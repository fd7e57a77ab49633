// A5: a million malformed frames and messages, and what a real gateway does with malformed ones behind a good certificate.
import { join } from 'node:path';
import type { Judgement, Proof, Run } from '../proof.ts';
import { GATEWAY, memoryHeld, ms, unless, verdict } from './bounds.ts';
import type { HalfOpen } from './flood/half-open.ts';
import type { Malformed } from './malformed/parsers.ts';
import { runScript } from './script.ts';
import { edgeStage } from './stage.ts';
import { type Memory, watchMemory } from './watched.ts';

const COUNT = 1_000_000;
const JUNK = 44;
const SECONDS = 3;
/** From the second look to the last, and to the highest in between: what is freed is freed a little later. */
const GROWTH_MAX_BYTES = 4 * 1024 * 1024;
const PEAK_MAX_BYTES = 16 * 1024 * 1024;
const CLOSED_WITHIN_MS = 5_000;

export interface MalformedSeen {
  parsers: Malformed;
  /** At a running gateway, each on a WebSocket of a signed-in user. */
  live: HalfOpen['junk'];
  memory: Memory;
}

export const malformed: Proof<MalformedSeen> = {
  name: 'a5-malformed-live',
  requirements: ['A5'],
  claim: {
    ja: '不正な電文は必ず拒否されて接続が閉じ、いくつ来てもメモリーは増えない',
    en: 'Malformed input is refused and closes the connection, and however much comes, memory stays flat',
  },
  tried: {
    ja: `100 万個の不正な電文を、外部に面する 10 の解釈器に通しました。動いているゲートウェイには、サインイン済みの利用者の WebSocket で ${JUNK} 個を送りました。`,
    en: `A million malformed messages went through the ten parsers that face others; ${JUNK} went to a running gateway, on WebSockets of a signed-in user.`,
  },
  needs: [],
  collect,
  judge: judgeMalformed,
};

async function collect(run: Run): Promise<MalformedSeen> {
  // Side by side with bringing everything up: nothing else is measured then.
  const [parsers, edge] = await Promise.all([
    runScript<Malformed>(['--expose-gc', 'evidence/edge/malformed/main.ts', '--count', String(COUNT)], run.signal),
    run.stage(edgeStage),
  ]);
  run.progress(0.8, 'at a running gateway');
  const { bench, hostile } = edge;
  const { gateway, processes } = bench.system;
  const memory = watchMemory(processes.gateway.pid);
  const [{ junk }] = await edge.floods<[HalfOpen]>({
    ...{ kind: 'half-open', port: Number(new URL(gateway).port), block: 70, addresses: 1, seconds: SECONDS, gateway },
    credentials: [join(bench.credentials, hostile[1]?.user ?? '')],
    ...{ mutes: 0, openings: 0, junk: JUNK },
  });
  return { parsers, live: junk, memory: memory() };
}

export function judgeMalformed({ parsers, live, memory }: MalformedSeen): Judgement {
  const { tried, refused, accepted, faults, heap } = parsers;
  const [, second = 0] = heap;
  const growth = (heap.at(-1) ?? 0) - second;
  const peak = Math.max(0, ...heap.slice(1)) - second;
  const complaints = [
    unless(
      tried >= COUNT && refused + accepted === tried && refused >= 0.9 * tried,
      `${tried} 個のうち拒否 ${refused} 個、受理または途中 ${accepted} 個`,
      `of ${tried}, ${refused} were refused and ${accepted} accepted or incomplete`,
    ),
    unless(faults.length === 0, `解釈器の誤り: ${faults[0]}`, `a parser's own fault: ${faults[0]}`),
    unless(
      heap.length >= 10 && growth <= GROWTH_MAX_BYTES && peak <= PEAK_MAX_BYTES,
      `ヒープが ${growth} バイト、途中で最大 ${peak} バイト増えました`,
      `the heap grew by ${growth} bytes, and by ${peak} in between`,
    ),
    unless(
      live.stillOpen === 0 && (live.codes.PROTOCOL_ERROR ?? 0) >= 0.9 * JUNK && live.longestMs <= CLOSED_WITHIN_MS,
      `ゲートウェイが閉じたのは ${JSON.stringify(live.codes)}、残り ${live.stillOpen}`,
      `the gateway closed ${JSON.stringify(live.codes)}, and ${live.stillOpen} stayed open`,
    ),
    memoryHeld(GATEWAY, memory),
  ];
  const mib = (bytes: number) => (bytes / 2 ** 20).toFixed(1);
  return verdict(complaints, {
    ja: `${tried} 個のうち ${refused} 個が拒否され (ほかは途中または偶然正しい形)、ヒープは 1/10 ごとに ${mib(second)} MiB から ${mib(second + growth)} MiB (途中の最大 ${mib(second + peak)} MiB)。ゲートウェイは ${JUNK} 個すべてを ${ms(live.longestMs)} 以内に閉じました。`,
    en: `Of ${tried}, ${refused} were refused (the rest incomplete, or well formed by chance); the heap, looked at ten times, went from ${mib(second)} to ${mib(second + growth)} MiB (${mib(second + peak)} at most). The gateway closed all ${JUNK} within ${ms(live.longestMs)}.`,
  });
}
