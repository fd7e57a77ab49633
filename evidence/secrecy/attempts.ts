// What a relay in hostile hands can try on a session between two ends whose keys it has not: forge, replay, reorder, drop,
// cut, delay, and talk them into something weaker.
import { setTimeout as delay } from 'node:timers/promises';
import type { Bytes } from '#protocol/bytes.ts';
import { readHeader, writeHeader } from '#protocol/header.ts';
import type { SigningKey } from '#protocol/inner/cipher.ts';
import { importSigningKey, newSigningKeyPem, nodeCipher } from '#protocol/inner/cipher-node.ts';
import { answerHello, makeShares, readHello } from '#protocol/inner/handshake.ts';
import { Suite } from '#protocol/inner/suites.ts';
import { Lane } from '#protocol/lanes.ts';
import { HEADER_BYTES, INPUT_PLAINTEXT_BYTES, TAG_BYTES } from '#protocol/limits.ts';
import type { Attempt } from './attempt.ts';
import { honest, type Meddle, type Way } from './middle.ts';

const PROTOCOL_ERROR = { code: 'PROTOCOL_ERROR', authentic: true } as const;
/** Said by a relay, or by the agent before there are keys to say it under: whoever is between could have said it. */
const CLOSED_UNSEALED = { code: 'PROTOCOL_ERROR', authentic: false } as const;
const DELAY_MS = 1_500;
/** In the body of a hello: type, version, suite. */
const VERSION_AT = HEADER_BYTES + 1;
const SUITE_AT = HEADER_BYTES + 2;
/** Behind type, nonce and share of an answer on P-256: inside the ML-KEM ciphertext. */
const KEM_AT = HEADER_BYTES + 200;
const FRAME_BYTES = 500;

const laneOf = (record: Bytes): Lane => readHeader(record).lane;
const isHello = (way: Way, record: Bytes): boolean => way === 'inward' && readHeader(record).sequence === 0;
const isInput = (way: Way, record: Bytes): boolean => way === 'inward' && laneOf(record) === Lane.input;

/** A record as it would be next, with anything in it. */
function invented(lane: Lane, plaintextBytes: number, came: readonly Bytes[]): Bytes {
  const record = nodeCipher.random(HEADER_BYTES + plaintextBytes + TAG_BYTES);
  const last = came.at(-1);
  writeHeader(record, { lane, sequence: last ? readHeader(last).sequence + 1 : 0 });
  return record;
}

/** The first record that fits is changed; all others go on as they are. */
function once(fits: (way: Way, record: Bytes) => boolean, change: (record: Bytes) => readonly Bytes[]): () => Meddle {
  return () => {
    let done = false;
    return (way, record) => {
      if (done || !fits(way, record)) return [record];
      done = true;
      return change(record);
    };
  };
}

/** Order is looked at by whoever comes next: the agent behind a hostile broker, the broker behind a hostile gateway. */
const OUT_OF_ORDER = {
  agent: { client: PROTOCOL_ERROR, agent: /RECORD_OUT_OF_ORDER/ },
  broker: { client: CLOSED_UNSEALED, agent: /PEER_GONE/, broker: /RECORD_OUT_OF_ORDER/ },
} as const;

/** @param next who stands behind the hostile relay */
export const sessionAttempts = (next: keyof typeof OUT_OF_ORDER): readonly Attempt[] => [
  {
    name: 'a key of its own',
    said: { ja: '偽の打鍵の挿入', en: 'a key that nobody typed' },
    meddle: () => honest,
    act: ({ middle }) => middle.put('inward', invented(Lane.input, INPUT_PLAINTEXT_BYTES, middle.came.inward)),
    expected: { client: PROTOCOL_ERROR, agent: /RECORD_FORGED/, arrivedMax: 0 },
  },
  {
    name: 'a picture of its own',
    said: { ja: '偽の画面の挿入', en: 'a picture that no desktop shows' },
    meddle: () => honest,
    act: ({ middle }) => middle.put('outward', invented(Lane.frame, FRAME_BYTES, middle.came.outward)),
    // What the agent sends next has the forged record's number, and the gateway may cut there before the client's close is through.
    expected: { client: PROTOCOL_ERROR, agent: /ENDED_BY_CLIENT|PEER_GONE/, arrivedMax: 0 },
  },
  {
    name: 'a key twice',
    said: { ja: '打鍵の再送', en: 'a key replayed' },
    meddle: once(isInput, (record) => [record, record]),
    act: ({ type }) => type(),
    expected: { ...OUT_OF_ORDER[next], arrivedMax: 1 },
  },
  {
    name: 'keys in another order',
    said: { ja: '打鍵の並べ替え', en: 'keys reordered' },
    meddle: () => {
      const kept: Bytes[] = [];
      return (way, record) => {
        if (!isInput(way, record)) return [record];
        if (kept.length > 0) return [record, ...kept.splice(0)];
        kept.push(record);
        return [];
      };
    },
    act: ({ type }) => type(),
    expected: { ...OUT_OF_ORDER[next], arrivedMax: 0 },
  },
  {
    name: 'a key left out',
    said: { ja: '打鍵の欠落', en: 'a key dropped' },
    meddle: once(isInput, () => []),
    act: ({ type }) => type(),
    expected: { ...OUT_OF_ORDER[next], arrivedMax: 0 },
  },
  {
    name: 'an end of its own',
    said: { ja: '終了の偽装（切り捨て）', en: 'an end that looks orderly (truncation)' },
    meddle: () => honest,
    act: ({ middle }) => middle.cut('ENDED'),
    expected: { client: { code: 'ENDED', authentic: false }, agent: /PEER_GONE/, arrivedMax: 0 },
  },
  {
    name: 'keys held back',
    said: { ja: '打鍵の遅延', en: 'keys delayed' },
    meddle: () => (way, record, middle) => {
      if (way !== 'inward' || laneOf(record) === Lane.handshake) return [record];
      setTimeout(() => middle.put(way, record), DELAY_MS);
      return [];
    },
    async act({ type }) {
      for (let i = 0; i < 3; i++) type();
      await delay(DELAY_MS + 700);
    },
    // The client's close is held back as well, and its socket is gone before it.
    expected: { client: null, agent: /ENDED_BY_USER|PEER_GONE/, arrivedMin: 3, arrivedMax: 3 },
  },
];

/** @param yesterday the inward records of an earlier session */
export function replayedSession(yesterday: readonly Bytes[]): Attempt {
  return {
    name: 'a whole session again',
    said: { ja: '過去の接続全体の再送', en: 'a whole session replayed' },
    meddle: () => {
      let nth = 0;
      return (way, record) => (way === 'inward' && nth++ > 0 ? [yesterday[nth - 1] ?? record] : [record]);
    },
    expected: { client: CLOSED_UNSEALED, agent: /RECORD_FORGED/, arrivedMax: 0 },
  };
}

/** D8: whatever would make the session weaker than both ends want it. */
export const DOWNGRADES: readonly Attempt[] = [
  {
    name: 'another suite in the hello',
    said: { ja: '暗号方式の書き換え', en: 'the suite rewritten' },
    meddle: once(isHello, (hello) => [hello.with(SUITE_AT, Suite.x25519)]),
    expected: { client: CLOSED_UNSEALED, agent: /KEY_SHARE_INVALID|MALFORMED/, arrivedMax: 0 },
  },
  {
    name: 'an older version in the hello',
    said: { ja: '版の書き換え', en: 'the version rewritten' },
    meddle: once(isHello, (hello) => [hello.with(VERSION_AT, 0)]),
    expected: { client: CLOSED_UNSEALED, agent: /MALFORMED/, arrivedMax: 0 },
  },
  {
    name: 'a suite that does not exist',
    said: { ja: '未定義の方式への書き換え', en: 'the suite replaced by none' },
    meddle: once(isHello, (hello) => [hello.with(SUITE_AT, 0)]),
    expected: { client: CLOSED_UNSEALED, agent: /SUITE_UNKNOWN/, arrivedMax: 0 },
  },
  {
    name: 'key shares of its own under another suite',
    said: { ja: '鍵共有の差し替え', en: 'its own key shares under the other suite' },
    meddle: () => (way, record, middle) => {
      if (!isHello(way, record)) return [record];
      void ownHello(record, Suite.x25519).then((own) => middle.put(way, own));
      return [];
    },
    expected: { client: { code: 'AGENT_REFUSED', authentic: false }, agent: /GRANT_MISMATCH/, arrivedMax: 0 },
  },
  {
    name: 'the post-quantum part taken out of the answer',
    said: { ja: '耐量子部分の無効化', en: 'the post-quantum part of the answer spoilt' },
    meddle: once(
      (way, record) => way === 'outward' && readHeader(record).sequence === 0,
      (answer) => [answer.with(KEM_AT, (answer[KEM_AT] ?? 0) ^ 1)],
    ),
    expected: { client: { code: 'RECORD_FORGED', authentic: true }, agent: /PEER_GONE/, arrivedMax: 0 },
  },
];

async function ownHello(record: Bytes, suite: Suite): Promise<Bytes> {
  const shares = await makeShares(nodeCipher, suite, 'open');
  return (await shares.hello(readHello(record))).record;
}

const own: SigningKey = importSigningKey(newSigningKeyPem());

/** It answers the client's hello itself. @param key that it says is the agent's */
function playedAgent(key: () => SigningKey): () => Meddle {
  return () => (way, record, middle) => {
    if (isHello(way, record)) {
      void answerHello(nodeCipher, readHello(record), key()).then(({ records }) => {
        for (const one of records) middle.put('outward', one);
      });
    }
    return [];
  };
}

/** @param agentKey what the client has pinned, 65 bytes */
export const impersonations = (agentKey: Bytes): readonly Attempt[] => [
  {
    name: 'itself as the agent',
    said: { ja: '庁内側のなりすまし', en: 'itself in the agent’s place' },
    meddle: playedAgent(() => own),
    expected: { client: { code: 'AGENT_KEY_OTHER', authentic: true }, agent: /PEER_GONE/, arrivedMax: 0 },
  },
  {
    name: 'itself under the agent’s key',
    said: { ja: '庁内側の鍵を名乗るなりすまし', en: 'itself under the agent’s own key' },
    meddle: playedAgent(() => ({ publicKey: agentKey, sign: own.sign })),
    expected: { client: { code: 'AGENT_SIGNATURE', authentic: true }, agent: /PEER_GONE/, arrivedMax: 0 },
  },
];
