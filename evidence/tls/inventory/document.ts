// docs/crypto-inventory.md, made of the inventory's rows.
import { INVENTORY } from './inventory.ts';
import type { Cryptrec, InventoryRow } from './row.ts';

export const DOCUMENT = 'docs/crypto-inventory.md';

export function inventoryDocument(): string {
  const exceptions = INVENTORY.filter((row) => row.exception);
  return `# 暗号技術の一覧 / Cryptographic inventory

<!-- Made by "npm run inventory" from evidence/tls/inventory/; a test fails when it is out of date. -->

製品が使う暗号技術のすべて。鍵長は製品自身の定数から、呼び出し箇所はソースの構文木から取り出している。表にない呼び出しが
ソースに現れるか、動作中のプロセスが表にない計算をすると、\`npm run evidence -- --only D4\` と試験が失敗する。

Every algorithm of the product. Lengths are the product's own constants; the calls are read off the syntax trees of the sources. A call
that is in no row, in the sources or in a running process, fails \`npm run evidence -- --only D4\` and a test.

**CRYPTREC**: 「電子政府推奨暗号リスト」(CRYPTREC LS-0001-2022R2、2026 年 3 月 30 日)の本文は、この文書の作成時に入手できなかった。
「推奨(要約)」は、公開された要約に名前があったという意味で、本文との照合ではない。「未確認」はそれもしていない。調達の際は本文で確かめること。
The list's own text was not at hand: *recommended (summary)* means that public summaries of it name the algorithm, *not checked* that not
even that was done. Check the list itself before you quote a row.

| 用途 / use | アルゴリズム / algorithm | 長さ / size (bit) | 規格 / standard | CRYPTREC | 場所 / where |
|---|---|---|---|---|---|
${INVENTORY.map(rowOf).join('\n')}

## 例外とその理由 / Exceptions, and why

${exceptions.map(({ use, algorithm, exception }) => `- **${use.ja} / ${use.en}** (${algorithm}): ${exception?.ja}。/ ${exception?.en}.`).join('\n')}

使わないもの: TLS 1.2 以前、ChaCha20-Poly1305、XSalsa20、RC4、RSA 3072 ビット未満の証明書、SHA-1 と MD5 の署名。
Not used: TLS 1.2 and before, ChaCha20-Poly1305, XSalsa20, RC4, certificates below RSA 3072, signatures with SHA-1 or MD5.
`;
}

function rowOf({ use, algorithm, size, standard, cryptrec, calls, exception }: InventoryRow): string {
  const files = Object.keys(calls).map((file) => `\`${file}\``);
  const mark = exception ? ' (※)' : '';
  return `| ${[`${use.ja} / ${use.en}${mark}`, algorithm, size, standard, sayCryptrec(cryptrec), files.join(', ')].join(' | ')} |`;
}

function sayCryptrec(row: Cryptrec): string {
  if (row.list === 'not on it') return 'リスト外 / not on it';
  if (row.list === 'not checked') return `未確認 / not checked: ${row.name}`;
  const list = row.list === 'pqc' ? '耐量子の表 / PQC table' : '推奨 / recommended';
  return `${list} (要約 / summary): ${row.name}`;
}
