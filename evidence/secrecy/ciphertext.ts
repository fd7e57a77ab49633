// C5: a session's keys, keys typed and pixels stand nowhere in the middle; G7: and in no file at all.
import type { Judgement, Proof, Run, Said } from '../proof.ts';
import { CONTROL, type Digest, type Haystack, SECRETS, type Secret } from './haystacks.ts';
import { SECRECY } from './stage.ts';
import type { Workday } from './workday.ts';

export interface Searched {
  readonly secrets: readonly Digest[];
  readonly haystacks: readonly Haystack[];
  readonly capture: Workday['capture'];
  readonly receivedBytes: number;
  readonly typed: number;
  readonly arrived: number;
  readonly readByRelay: number;
}

const MIDDLE = ['gateway', 'broker'] as const;
const HOPS = ['client – gateway', 'gateway – broker', 'agent – broker'] as const;
const SEEING = 'seeing relay';
/** A Node process has at least so much. */
const MEMORY_MIN_BYTES = 10 * 1024 * 1024;
/** Of each kind at least so many were looked for. */
const SECRETS_MIN = 2;
/** The pixels that an agent shows stand in its memory as long as it shows them. */
const AGENT_HOLDS: readonly Secret[] = ['traffic key', 'pixels'];

async function collect(run: Run): Promise<Searched> {
  const stage = await run.stage(SECRECY);
  run.progress(0.3, 'a session at work, searched for in the middle');
  const { secrets, haystacks, capture, receivedBytes, typed, arrived, readByRelay } = await stage.workday(run.folder);
  return { secrets, haystacks, capture, receivedBytes, typed, arrived, readByRelay };
}

export const ciphertextProof: Proof<Searched> = {
  name: 'c5-ciphertext',
  requirements: ['C5'],
  claim: {
    ja: '中継する gateway と broker は、鍵も平文も持たない。',
    en: 'Gateway and broker hold no key of the session and nothing of its plaintext.',
  },
  tried: {
    ja: '実際の接続 1 本について、通信鍵・共有秘密・打鍵レコードの平文・可逆圧縮タイル・画素を、接続中と終了後の全メモリー、全区間の通信記録、全ファイルから探した。同じ探し方で、端点である agent と、平文が見える試験用中継では見つかることを確かめた。',
    en: 'One live session: traffic keys, shared secrets, plaintext of key records, bytes of lossless tiles and pixels searched for in the whole memory (live and afterwards), in captures of every hop and in every file. The same search finds them at the agent, which is an end, and at a test relay that does see plaintext.',
  },
  needs: ['root', { program: 'tcpdump', package: 'tcpdump' }, { program: 'setpriv', package: 'util-linux' }],
  collect,
  judge: judgeCiphertext,
};

export function judgeCiphertext(seen: Searched): Judgement {
  const wrong = notSearched(seen) ?? notControlled(seen) ?? leaked(seen);
  if (wrong) return { result: 'fail', seen: wrong };
  const total = (what: Haystack['what']) =>
    seen.haystacks
      .filter((one) => one.what === what && one.place !== SEEING && one.place !== 'agent')
      .reduce((sum, { bytes }) => sum + bytes, 0);
  const [memory, files, captured] = [total('memory'), total('files'), total('capture')].map(mebibytes);
  return {
    result: 'pass',
    seen: {
      ja: `${seen.secrets.length} 個の秘密を、メモリー ${memory} MiB、通信記録 ${captured} MiB、ファイル ${files} MiB から探し、中継側では 0 件。agent と、平文が見える試験用中継（${seen.readByRelay} レコードを解読）では見つかった。`,
      en: `${seen.secrets.length} secrets looked for in ${memory} MiB of memory, ${captured} MiB of captures and ${files} MiB of files: none in the middle. Found at the agent, and at the test relay, which read ${seen.readByRelay} records.`,
    },
  };
}

/** The session was real, and everything was looked through. */
function notSearched({ secrets, haystacks, capture, receivedBytes, typed, arrived }: Searched): Said | null {
  for (const kind of SECRETS) {
    const count = secrets.filter((secret) => secret.kind === kind).length;
    if (count < SECRETS_MIN)
      return said(`秘密が足りない: ${NAMES[kind]} ${count} 個`, `only ${count} known of: ${kind}`);
  }
  if (arrived !== typed)
    return said(
      `打鍵 ${typed} のうち ${arrived} しか届いていない`,
      `only ${arrived} of ${typed} keys reached the desktop`,
    );
  if (capture.dropped > 0)
    return said(
      `通信記録から ${capture.dropped} パケットが欠けている`,
      `${capture.dropped} packets are missing in the capture`,
    );
  for (const when of ['live', 'after'] as const) {
    for (const place of MIDDLE) {
      const memory = find(haystacks, place, 'memory', when);
      if (!memory || memory.bytes < MEMORY_MIN_BYTES)
        return said(
          `${place} のメモリーを探していない（${when}）`,
          `the memory of ${place} was not searched (${when})`,
        );
      if (memory.found[CONTROL] === 0)
        return said(
          `${place} のメモリー（${when}）で接続番号さえ見つからず、探索が成り立たない`,
          `not even the session's id was found in the memory of ${place} (${when})`,
        );
    }
  }
  for (const place of MIDDLE) {
    if (!find(haystacks, place, 'files')?.found[CONTROL])
      return said(
        `${place} のファイルで接続番号さえ見つからず、探索が成り立たない`,
        `not even the session's id was found in the files of ${place}`,
      );
  }
  for (const hop of HOPS) {
    const bytes = find(haystacks, hop, 'capture')?.bytes ?? 0;
    if (bytes < receivedBytes)
      return said(
        `${hop} の通信記録が ${bytes} バイトしかない（端末は ${receivedBytes} バイトを受信）`,
        `the capture of ${hop} has ${bytes} bytes of ${receivedBytes}`,
      );
  }
  return null;
}

/** The same search finds what is there. */
function notControlled({ haystacks }: Searched): Said | null {
  const agent = find(haystacks, 'agent', 'memory', 'live');
  for (const kind of AGENT_HOLDS)
    if (!agent?.found[kind])
      return said(`端点の agent でも見つからない: ${NAMES[kind]}`, `not found even at the agent: ${kind}`);
  for (const what of ['memory', 'files', 'capture'] as const) {
    const seeing = find(haystacks, SEEING, what);
    for (const kind of ['known record', 'lossless tile'] as const) {
      if (!seeing?.found[kind])
        return said(
          `平文が見える試験用中継でも見つからない（${what}）: ${NAMES[kind]}`,
          `not found even at a relay that sees plaintext (${what}): ${kind}`,
        );
    }
  }
  const memory = find(haystacks, SEEING, 'memory');
  for (const kind of ['traffic key', 'shared secret'] as const) {
    if (!memory?.found[kind])
      return said(
        `鍵を持つ試験用中継でも見つからない: ${NAMES[kind]}`,
        `not found even in the memory of a relay that has the keys: ${kind}`,
      );
  }
  return null;
}

function leaked({ haystacks }: Searched): Said | null {
  const middle = haystacks.filter(({ place }) => [...MIDDLE, ...HOPS].some((one) => one === place));
  const found = middle.flatMap(({ place, what, when, found }) =>
    SECRETS.filter((kind) => found[kind] > 0).map((kind) => ({ kind, place, what, when })),
  );
  if (found.length === 0) return null;
  const ja = found.map(({ kind, place, what, when }) => `${place} の${PLACES[what]}（${when}）に${NAMES[kind]}`);
  const en = found.map(({ kind, place, what, when }) => `${kind} in the ${what} of ${place} (${when})`);
  return said(`中継側で見つかった: ${ja.join('、')}`, `found in the middle: ${en.join(', ')}`);
}

export const recordingProof: Proof<Searched> = {
  name: 'g7-no-recording',
  requirements: ['G7'],
  claim: {
    ja: '画面の録画はどこにも作られない（録画機能を持たない）。',
    en: 'No recording of a screen is made anywhere: the product has none.',
  },
  tried: {
    ja: '接続の後、gateway・broker・agent のフォルダーとログ、さらに各プロセスが書き込み用に開いている全ファイルから、表示した画面の画素と、送った可逆圧縮タイルを探した。',
    en: 'After a session, its pixels and lossless tiles were looked for in every file of gateway, broker and agent, their logs, and whatever else each had open to write.',
  },
  needs: ciphertextProof.needs,
  collect,
  judge: judgeRecording,
};

export function judgeRecording(seen: Searched): Judgement {
  const files = (place: string) => find(seen.haystacks, place, 'files');
  for (const place of ['gateway', 'broker', 'agent']) {
    const searched = files(place);
    if (!searched?.found[CONTROL])
      return {
        result: 'fail',
        seen: said(
          `${place} のファイルで接続番号さえ見つからず、探索が成り立たない`,
          `not even the session's id was found in the files of ${place}`,
        ),
      };
    for (const kind of SECRETS) {
      if (searched.found[kind] > 0)
        return {
          result: 'fail',
          seen: said(`${place} のファイルにある: ${NAMES[kind]}`, `${kind} in a file of ${place}`),
        };
    }
  }
  const kept = files(SEEING);
  if (!kept?.found['lossless tile'])
    return {
      result: 'fail',
      seen: said(
        '画面を保存したファイルを見つけられず、探索が成り立たない',
        'a file that does hold the screen was not found out',
      ),
    };
  return {
    result: 'pass',
    seen: {
      ja: `3 プロセスのファイルに画面は 0 件。画面を保存する試験用中継のファイルでは、同じ探し方で ${kept.found['lossless tile']} 件見つかった。`,
      en: `Nothing of the screen in any file of the three. In the file of a test relay that keeps it, the same search found ${kept.found['lossless tile']} tiles.`,
    },
  };
}

function find(haystacks: readonly Haystack[], place: string, what: Haystack['what'], when?: Haystack['when']) {
  return haystacks.find((one) => one.place === place && one.what === what && (when === undefined || one.when === when));
}

const said = (ja: string, en: string): Said => ({ ja, en });
const NAMES: Readonly<Record<Secret, string>> = {
  'traffic key': '通信鍵',
  'shared secret': '共有秘密',
  'known record': '打鍵レコードの平文',
  'lossless tile': '可逆圧縮タイル',
  pixels: '画素',
};
const PLACES: Readonly<Record<Haystack['what'], string>> = {
  memory: 'メモリー',
  files: 'ファイル',
  capture: '通信記録',
};
const mebibytes = (bytes: number): string => (bytes / 1024 / 1024).toFixed(1);
