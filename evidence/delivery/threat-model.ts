// J4: who attacks by which threat, what guards against it, and which test plays it.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '#lab/process.ts';
import type { Judgement, Proof } from '../proof.ts';
import { REQUIREMENTS } from '../requirements.ts';
import { adversariesOf, modelFaults, threatsOf } from './threats.ts';
import { verdict } from './verdict.ts';

const PRODUCT = ['protocol', 'platform', 'rfb', 'certs', 'gateway', 'broker', 'agent', 'web', 'client-sim', 'admin'];

export interface ThreatModelSeen {
  readonly threats: number;
  readonly adversaries: number;
  readonly faults: readonly string[];
  /** What is found wrong once the first threat has lost its adversary. */
  readonly control: readonly string[];
}

export function lookAtThreatModel(root: string): ThreatModelSeen {
  const read = (path: string) => readFileSync(join(root, path), 'utf8');
  const security = read('SECURITY.md');
  const model = read('docs/threat-model.md');
  const folders = [...PRODUCT, 'tests/attacks'];
  const files = new Map(folders.flatMap((folder) => sourcesBelow(root, folder)).map((path) => [path, read(path)]));
  const grounds = { security, model, files, rows: new Set(Object.keys(REQUIREMENTS)) };
  return {
    threats: threatsOf(security).length,
    adversaries: adversariesOf(model).length,
    faults: modelFaults(grounds),
    control: modelFaults({ ...grounds, model: model.replaceAll('T01', 'T02') }),
  };
}

function sourcesBelow(root: string, folder: string): string[] {
  const names = readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' });
  return names.filter((name) => name.endsWith('.ts')).map((name) => `${folder}/${name}`);
}

export const threatModel: Proof<ThreatModelSeen> = {
  name: 'j4-threat-model',
  requirements: ['J4'],
  claim: {
    ja: 'どの脅威にも、それを起こす攻撃者、番号を書いた防御のコード、攻撃を再現する試験がある',
    en: 'every threat has an adversary, code that guards against it and names it, and a test that plays the attack',
  },
  tried: {
    ja: 'SECURITY.md と docs/threat-model.md の表を、コードと tests/attacks の中身と突き合わせた。試験を走らせた結果は別の行にある',
    en: 'held the tables of SECURITY.md and docs/threat-model.md against the code and tests/attacks; other rows say how those tests ended',
  },
  needs: [],
  collect: async () => lookAtThreatModel(ROOT),
  judge: judgeThreatModel,
};

export function judgeThreatModel({ threats, adversaries, faults, control }: ThreatModelSeen): Judgement {
  const wrong = [
    ...(threats > 0 && adversaries > 0 ? [] : ['no threat or no adversary was read']),
    ...faults,
    ...(control.length > 0 ? [] : ['the look finds nothing wrong where a threat has no adversary']),
  ];
  return verdict(wrong, {
    ja: `脅威 ${threats}、攻撃者 ${adversaries}。すべてに防御と試験がある`,
    en: `${threats} threats, ${adversaries} adversaries; each has its guard and its test`,
  });
}
