import * as z from 'zod';
import { LINK_SCHEMAS } from '#protocol/outer/link.ts';
import { OPENING_SCHEMAS } from '#protocol/outer/ticket.ts';
import type { Judgement, Proof } from '../proof.ts';
import { type Grammar, grammarOf } from './grammar.ts';
import { some, verdict } from './verdict.ts';

/** What a destination is called in other protocols. */
const DESTINATIONS =
  /^(?:.*_)?(?:host|hostname|port|addr|address|ip|ipv[46]|url|uri|target|to|dst|dest|destination|path|endpoint|proxy|via|server|route)s?$/i;

/** Signed by the gateway for the agent. A broker hands them on unread (ARCHITECTURE.md: it has no code to read them). */
const SEALED: readonly string[] = ['grant', 'lease'];

export interface GrammarSeen {
  readonly grammar: Grammar;
  /** Of a schema with a place for a destination: the positive control. */
  readonly control: Grammar;
}

export const c3Grammar: Proof<GrammarSeen> = {
  name: 'c3-grammar',
  requirements: ['C3'],
  claim: {
    ja: '中継が受け取る電文の型には、宛先を入れられる項目が一つもない',
    en: 'No message that a relay takes has, by its schema, a field that could hold a destination',
  },
  tried: {
    ja: 'すべての電文の型をたどり、項目の名前・上限・取りうる値を調べ、アドレスや URL の書き方を項目ごとに入れてみた。宛先のある型をわざと作り、見つかることを確かめた',
    en: 'Walked the schemas of every message; looked at each field’s name, bound and form; tried addresses and URLs in each; and had the walk find them in a schema made with a place for them',
  },
  needs: [],
  async collect() {
    const control = z.looseObject({ type: z.literal('connect'), host: z.string(), port: z.int() });
    return { grammar: grammarOf({ ...LINK_SCHEMAS, ...OPENING_SCHEMAS }), control: grammarOf({ control }) };
  },
  judge({ grammar, control }): Judgement {
    const faults = faultsOf(grammar);
    return verdict(
      [
        grammar.fields.length === 0 && { ja: '電文の型がありません', en: 'there were no schemas' },
        faults.length > 0 && {
          ja: `宛先を入れられる項目があります: ${some(faults)}`,
          en: `fields that could hold a destination: ${some(faults)}`,
        },
        faultsOf(control).length < 3 && {
          ja: 'わざと作った宛先の項目が見つからず、調べ方を信用できません',
          en: 'the places made on purpose were not found, so the walk shows nothing',
        },
      ],
      {
        ja: `${grammar.fields.length} 項目のすべてが、定数・一覧・数・上限つきの名前のどれかで、アドレスや URL を入れられない。署名つきの ${SEALED.join('・')} だけは自由な文字列で、中継は読まずに渡す`,
        en: `all ${grammar.fields.length} fields are constants, lists, numbers or bounded names that take no address and no URL, but for the signed ${SEALED.join(' and ')}, which a broker hands on unread`,
      },
    );
  },
};

const faultsOf = ({ fields, open }: Grammar): string[] => [
  ...open.map((where) => `${where} (no end)`),
  ...fields.filter(({ name }) => DESTINATIONS.test(name)).map(({ where }) => `${where} (its name)`),
  ...fields
    .filter(({ name, addresses }) => addresses.length > 0 && !SEALED.includes(name))
    .map(({ where, addresses }) => `${where} (takes ${addresses[0]})`),
];
