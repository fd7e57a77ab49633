// G3: whatever is done to a copy of a live system's logs is found; without an anchor a cut end is not claimed to be.
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { readAnchors } from '#platform/audit/anchor-file.ts';
import type { Anchor } from '#platform/audit/chain.ts';
import { type LogFile, verifyLog } from '#platform/audit/verify.ts';
import { makePrivateFolder } from '#platform/process/private-folder.ts';
import type { Judgement, Proof } from '../proof.ts';
import { audit, copyLogs, PROCESSES, type ProcessName, readLines } from './logs.ts';
import { KINDS, type Kind, type LogLine, mutate, picker } from './mutations.ts';
import { auditSystem } from './stage.ts';

const MUTATIONS = 102;
/** Each zone's log is anchored by its neighbour. */
const ANCHORED_BY: Readonly<Record<ProcessName, ProcessName>> = {
  gateway: 'broker',
  agent: 'broker',
  broker: 'gateway',
};

export interface Tampering {
  logs: {
    process: ProcessName;
    files: number;
    events: number;
    /** Unchanged, with the neighbour's log as the anchor. */
    intact: boolean;
    anchored: number | null;
    signedUpTo: number | null;
    tried: { kind: Kind; found: boolean }[];
  }[];
  /** `npm run audit -- verify` on the gateway's log: as it is, edited, and cut at an anchored event with and without the anchor. */
  command: Record<'intact' | 'edited' | 'cut' | 'cutWithoutAnchor', { code: number | null; said: string }>;
}

export const tamperProof: Proof<Tampering> = {
  name: 'g3-tampering',
  requirements: ['G3'],
  claim: {
    ja: '監査ログの改変・削除・挿入・並べ替え・書き直し・末尾の切り捨ては、写しの検証だけで必ず見つかる',
    en: 'Editing, deleting, inserting, reordering, rewriting or cutting an audit log is always found, from a copy alone',
  },
  tried: {
    ja: `動作中のシステムの 3 つのログを写し、それぞれ ${MUTATIONS} 通りに無作為に改変して検証した。改変しない写しと、アンカーなしの検証も試した`,
    en: `The three logs of a live system were copied and verified after ${MUTATIONS} random changes each; also unchanged, and without an anchor`,
  },
  needs: [],

  async collect(run) {
    const { system } = await run.stage(auditSystem);
    const copies = copyLogs(system, run.folder);
    const logs = [];
    for (const [i, process] of PROCESSES.entries()) {
      run.progress(i / 4, process);
      logs.push(await tamperWith(process, copies));
    }
    const anchored = logs.find(({ process }) => process === 'gateway')?.anchored ?? 1;
    run.progress(0.8, 'npm run audit -- verify');
    return { logs, command: await byCommand(copies, anchored, run.signal) };
  },

  judge({ logs, command }): Judgement {
    const missed = logs.flatMap(({ process, tried }) =>
      tried.filter(({ found }) => !found).map(({ kind }) => `${process}: ${kind}`),
    );
    const untried = logs.filter(({ tried }) => KINDS.some((kind) => !tried.some((one) => one.kind === kind)));
    const tried = logs.reduce((sum, log) => sum + log.tried.length, 0);
    const events = logs.reduce((sum, log) => sum + log.events, 0);
    const isSound =
      logs.length === PROCESSES.length &&
      logs.every(
        (log) =>
          log.intact &&
          log.tried.length >= 100 &&
          (log.anchored ?? 0) > 5 &&
          (log.signedUpTo ?? 0) >= (log.anchored ?? 0),
      );
    const commandHolds =
      command.intact.code === 0 &&
      command.edited.code === 1 &&
      command.cut.code === 1 &&
      command.cutWithoutAnchor.code === 0 &&
      /tail not provable/.test(command.cutWithoutAnchor.said);
    if (missed.length === 0 && untried.length === 0 && isSound && commandHolds) {
      return {
        result: 'pass',
        seen: {
          ja: `${events} 件の記録への ${tried} 通りの改変をすべて検出した。改変しない写しは正しいと判定し、アンカーなしでは「末尾の欠落は証明できません」と述べた`,
          en: `All of ${tried} changes to ${events} events were found; the unchanged copies verify; without an anchor it says "tail not provable"`,
        },
      };
    }
    const why = [
      ...missed.map((what) => `not found: ${what}`),
      ...untried.map(({ process }) => `not every kind of change was tried on the log of ${process}`),
      ...logs.filter(({ intact }) => !intact).map(({ process }) => `the unchanged log of ${process} does not verify`),
      ...(isSound ? [] : ['a log was not intact, signed and anchored before it was changed, or too little was tried']),
      ...(commandHolds ? [] : ['npm run audit -- verify answered otherwise than it should']),
    ].slice(0, 5);
    return {
      result: 'fail',
      seen: { ja: `検出できないか、前提が崩れている: ${why.join('; ')}`, en: why.join('; ') },
    };
  },
};

async function tamperWith(
  process: ProcessName,
  copies: Record<ProcessName, string>,
): Promise<Tampering['logs'][number]> {
  const anchors = await readAnchors(copies[ANCHORED_BY[process]]);
  const files = readLines(copies[process]);
  const lines = files.flatMap(({ file, lines }) => lines.map((text) => ({ file, text })));
  const { intact, anchored, signed } = await verify(lines, anchors);
  const pick = picker(`audit ${process}`);
  const tried: { kind: Kind; found: boolean }[] = [];
  for (let i = 0; i < MUTATIONS && anchored !== null; i++) {
    const kind = KINDS[i % KINDS.length] ?? 'edit';
    const changed = mutate(lines, kind, anchored, pick);
    tried.push({ kind, found: !(await verify(changed, anchors)).intact });
  }
  const signedUpTo = signed?.last ?? null;
  return { process, files: files.length, events: lines.length, intact, anchored, signedUpTo, tried };
}

/** As the command does with a folder: all files, in the order of their first events. */
function verify(lines: readonly LogLine[], anchors: readonly Anchor[]) {
  const files: LogFile[] = [...Map.groupBy(lines, ({ file }) => file)].map(([name, own]) => ({
    name,
    chunks: [Buffer.from(own.map(({ text }) => `${text}\n`).join(''))],
  }));
  return verifyLog(files, { anchors, whole: 'all' });
}

async function byCommand(
  copies: Record<ProcessName, string>,
  anchored: number,
  signal: AbortSignal,
): Promise<Tampering['command']> {
  const lines = readLines(copies.gateway).flatMap(({ lines }) => lines);
  const verified = async (changed: readonly string[], ...more: string[]) => {
    const folder = `${copies.gateway}-changed`;
    makePrivateFolder(folder);
    writeFileSync(join(folder, 'audit.jsonl'), changed.map((line) => `${line}\n`).join(''));
    const { code, said } = await audit(['verify', folder, ...more], signal);
    rmSync(folder, { recursive: true });
    return { code, said: said.replaceAll(folder, 'gateway') };
  };
  const anchor = ['--anchor', copies.broker];
  const middle = Math.floor(anchored / 2);
  const edited = lines.with(middle, (lines[middle] ?? '').replace(/"time":"20/, '"time":"19'));
  const cut = lines.slice(0, anchored - 1);
  return {
    intact: await verified(lines, ...anchor),
    edited: await verified(edited),
    cut: await verified(cut, ...anchor),
    cutWithoutAnchor: await verified(cut),
  };
}
