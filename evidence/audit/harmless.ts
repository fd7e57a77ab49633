// G6: texts that an outsider chose are harmless wherever somebody or something reads them: in the audit logs, in the operators'
// logs, in what `npm run audit` prints, in CSV files and in syslog frames.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openLine } from '#platform/audit/line.ts';
import type { Judgement, Proof } from '../proof.ts';
import { audit, copyLogs, PROCESSES } from './logs.ts';
import { EVIL, MARK } from './outsiders.ts';
import { shippedSystem } from './shipped-stage.ts';

/** What a terminal obeys: C0 and C1 but the line's own end, line separators, direction overrides. */
const OBEYED = /[^\P{Cc}\n]|[\u2028\u2029\u202a-\u202e\u2066-\u2069]/u;
const FORMULA = /(?:^|,)"?[\s"]*[=+\-@＝＋－＠]/u;

export interface Harmless {
  /** File or output → what was found in it. */
  texts: {
    name: string;
    bytes: number;
    /** Characters that would be obeyed; the first as its number. */
    obeyed: number | null;
    /** Lines that are not one JSON object each (logs), or whose cells would be formulas (CSV). */
    badLines: number;
    /** How often an outsider's text stands in it: the control, without which nothing was shown. */
    marks: number;
  }[];
  collector: { messages: number; faults: number; forged: number; marks: number };
  sent: number;
  /** The same search over the texts as they were sent: it finds each. */
  control: { obeyed: number; formulas: number };
}

export const harmlessProof: Proof<Harmless> = {
  name: 'g6-harmless',
  requirements: ['G6'],
  claim: {
    ja: '改行・制御文字・書字方向の上書き・数式を名前に入れても、ログ・画面・CSV・syslog のどこでも効かない',
    en: 'Line breaks, control characters, direction overrides and formulas in names have no effect in logs, on terminals, in CSV or in syslog',
  },
  tried: {
    ja: `${EVIL.length} 種類の文字列を、証明書の名前・User-Agent・Origin・Cookie・本人を名乗るヘッダー・URL・デスクトップ名として動作中のゲートウェイに送り、監査ログ・運用ログ・npm run audit の出力・CSV・収集サーバーが受けたものを調べた`,
    en: `${EVIL.length} texts were sent to the live gateway as names in certificates, User-Agent, Origin, cookie, identity header, URL and desktop; audit logs, operators' logs, what npm run audit prints, CSV files and what the collector took were searched`,
  },
  needs: [],

  async collect(run) {
    const { system, collector } = await run.stage(shippedSystem);
    const copies = copyLogs(system, run.folder);
    const texts: Harmless['texts'] = [];
    for (const process of PROCESSES) {
      for (const file of readdirSync(copies[process]).filter((name) => name.endsWith('.jsonl'))) {
        texts.push(lookAt(`${process}/${file}`, readFileSync(join(copies[process], file)), isNoObject));
      }
      texts.push(lookAt(`${process}.log`, readFileSync(join(system.folder, 'log', `${process}.log`)), isNoObject));
    }
    const verified = await audit(['verify', copies.gateway], run.signal);
    // As a changed log is told: its own text is part of what is printed.
    const changed = join(run.folder, 'changed.jsonl');
    const log = readFileSync(join(copies.gateway, 'audit.jsonl'), 'utf8');
    writeFileSync(changed, log.replace('"source":"gateway/', `"source":"gateway\u001b[2J\u202e${MARK}/`));
    const told = await audit(['verify', changed], run.signal);
    texts.push(lookAt('npm run audit -- verify', Buffer.from(`${verified.said}\n${told.said}`), () => false));
    const out = join(run.folder, 'report');
    await audit(['report', '--out', out, ...PROCESSES.map((process) => copies[process])], run.signal);
    for (const file of readdirSync(out)) {
      texts.push(lookAt(file, Buffer.from(readFileSync(join(out, file), 'utf8').replaceAll('\r\n', '\n')), hasFormula));
    }
    const { messages, faults } = collector.current;
    return {
      texts,
      collector: {
        ...{ messages: messages.length, faults: faults.length },
        forged: messages.filter(({ line, event }) => openLine(line)?.event !== event).length,
        marks: messages.filter(({ line }) => line.includes(MARK)).length,
      },
      sent: EVIL.length,
      control: { obeyed: EVIL.filter((text) => OBEYED.test(text)).length, formulas: hasFormula('"=1","a"') ? 1 : 0 },
    };
  },

  judge({ texts, collector, sent, control }): Judgement {
    const marked = texts.filter(({ marks }) => marks >= sent).map(({ name }) => name);
    const problems = [
      ...texts.flatMap(({ name, obeyed }) => (obeyed === null ? [] : [`${name} holds U+${obeyed.toString(16)}`])),
      ...texts.flatMap(({ name, badLines }) =>
        badLines > 0 ? [`${badLines} lines of ${name} are not what they should be`] : [],
      ),
      ...(collector.faults + collector.forged > 0 ? ['a syslog frame was broken'] : []),
      ...(marked.some((name) => name.startsWith('gateway/')) &&
      marked.includes('failures.csv') &&
      collector.marks >= sent
        ? []
        : ['the texts never came to where they could do harm']),
      ...(control.obeyed > 0 && control.formulas > 0 ? [] : ['the search does not find what was sent']),
    ];
    if (problems.length > 0) {
      const why = problems.slice(0, 5).join('; ');
      return { result: 'fail', seen: { ja: `無害でない: ${why}`, en: why } };
    }
    const marks = texts.reduce((sum, one) => sum + one.marks, 0);
    return {
      result: 'pass',
      seen: {
        ja: `外から来た文字列が ${texts.length} のファイルと出力に ${marks} 回、収集サーバーの ${collector.messages} 通に ${collector.marks} 回現れたが、効く文字・崩れた行・数式は一つもない`,
        en: `Outsiders' texts stand ${marks} times in ${texts.length} files and outputs and in ${collector.marks} of ${collector.messages} syslog messages; no character that is obeyed, no broken line, no formula`,
      },
    };
  },
};

function lookAt(name: string, bytes: Buffer, isBad: (line: string) => boolean): Harmless['texts'][number] {
  const text = bytes.toString('utf8').replace(/^\ufeff/, '');
  const obeyed = OBEYED.exec(text)?.[0].codePointAt(0) ?? null;
  const lines = text.split('\n').filter((line) => line !== '');
  return {
    ...{ name, bytes: bytes.length, obeyed, badLines: lines.filter(isBad).length },
    marks: text.split(MARK).length - 1,
  };
}

function isNoObject(line: string): boolean {
  try {
    return typeof JSON.parse(line) !== 'object';
  } catch {
    return true;
  }
}

/** Outside of numbers, which are ours. */
function hasFormula(line: string): boolean {
  return FORMULA.test(line);
}
