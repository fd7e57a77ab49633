// Revocation cuts: every way in which a right can be taken away, each while a session lives on it.
import { type AnyProof, listed, type Proof } from '../proof.ts';
import { type CertificateEnd, judgeCertificateEnd } from './certificate-end.ts';
import { type Endings, judgeEndings } from './ending.ts';
import { judgeRollOver, type RollOver } from './grant-key.ts';
import { observed } from './observed.ts';
import { ENDED_BY_HAND, REVOKED, WITHDRAWN } from './rights-end.ts';
import { judgeLoss, type SourceLost } from './source-lost.ts';
import { type Helped, judgeHelp } from './withheld.ts';

const rightsEnd: Proof<Endings> = {
  name: 'e4-rights-end',
  requirements: ['E4', 'C6'],
  claim: {
    ja: '利用者、認証手段、利用許可、端末登録、デスクトップの取り消しは、実行中の接続を 2 秒以内に終わらせ、理由が利用者に届く',
    en: 'Taking away user, factor, entitlement, pairing or desktop ends the live session within 2 s, and the user is told why',
  },
  tried: {
    ja: '接続を一つずつ張って入力を続け、それぞれの権利を管理者の手段で取り消し、最後の映像と終了までの時間を測りました。',
    en: 'On one live session each, with somebody typing, the right was taken away as administrators do it, and the last picture and the end were timed.',
  },
  needs: [],
  async collect(run) {
    const all = await (await run.stage(observed)).rights;
    return { ...all, endings: all.endings.filter(({ what }) => what in WITHDRAWN) };
  },
  judge: (seen) => judgeEndings(seen, WITHDRAWN),
};

const certificateRevoked: Proof<Endings> = {
  name: 'd9-certificate-revoked',
  requirements: ['D9', 'E4'],
  claim: {
    ja: '失効リストに載った証明書の接続は、2 秒以内に終わる',
    en: 'A live session ends within 2 s of its certificate standing on the published list',
  },
  tried: {
    ja: '接続中の利用者の証明書を失効させて失効リストを公開し、公開から終了までを測りました。',
    en: 'The certificate of a user at work was revoked and the list published; the end was timed from the file on.',
  },
  needs: [],
  async collect(run) {
    const all = await (await run.stage(observed)).rights;
    return { ...all, endings: all.endings.filter(({ what }) => what in REVOKED) };
  },
  judge: (seen) => judgeEndings(seen, REVOKED),
};

const endedByHand: Proof<Endings> = {
  name: 'f6-ended-by-hand',
  requirements: ['F6'],
  claim: {
    ja: '管理者は接続を、利用者は自分の接続を、2 秒以内に終わらせることができる',
    en: 'An administrator ends a session, and a user the own one, within 2 s',
  },
  tried: {
    ja: '管理者のソケットと利用者の API から、実行中の接続を終了させました。',
    en: "Live sessions were ended through the administrator's socket and through the user's own API.",
  },
  needs: [],
  async collect(run) {
    const all = await (await run.stage(observed)).rights;
    return { ...all, endings: all.endings.filter(({ what }) => what in ENDED_BY_HAND) };
  },
  judge: (seen) => judgeEndings(seen, ENDED_BY_HAND),
};

const certificateEnd: Proof<CertificateEnd> = {
  name: 'e6-certificate-end',
  requirements: ['E6', 'D9'],
  claim: {
    ja: '証明書の期限は前もって知らされ、接続は期限とともに終わる',
    en: 'A certificate that is about to end is told of before, and its session ends with it',
  },
  tried: {
    ja: '残り日数の違う証明書でサインインし、利用中に期限の切れる証明書で、端末のプログラムの表示と終了時刻を見ました。',
    en: 'Sign-ins with certificates of several ages, and the real client working while its certificate ran out.',
  },
  needs: [],
  collect: async (run) => (await run.stage(observed)).certificateEnd,
  judge: judgeCertificateEnd,
};

const withheld: Proof<Helped[]> = {
  name: 'c6-withheld',
  requirements: ['C6', 'E4'],
  claim: {
    ja: '取り消しを握りつぶし、確認をため込む中継があっても、庁内側は最後に答えのあった問い合わせの送信から 30 秒で終わらせる',
    en: 'Though relays withhold the revocation or bank leases, the agent ends the session 30 s after it sent the last nonce that was answered',
  },
  tried: {
    ja: '中継装置の鍵を持つ敵対的な中継を庁内側の前に置き、利用者の側に加担させて、取り消しの後も映像を受け取り続けさせました。',
    en: "A relay with the broker's keys stood before the agent and helped a client past gateway and broker, which went on receiving pictures after the revocation.",
  },
  needs: [],
  collect: async (run) => (await run.stage(observed)).help,
  judge: judgeHelp,
};

const grantKey: Proof<RollOver> = {
  name: 'c6-grant-key',
  requirements: ['C6'],
  claim: {
    ja: '許可署名鍵の計画的な交換では何も終わらず、鍵の固定を外すと、その鍵による接続は 2 秒以内に終わる',
    en: 'A planned roll-over of the grant key ends nothing; taking its pin out ends within 2 s what goes on by it',
  },
  tried: {
    ja: '接続を続けたまま鍵を手順どおりに交換し、次に庁内側の設定から鍵を外しました。',
    en: 'With sessions at work the key was rolled over as the manual says; then its pin was taken out of agent.json.',
  },
  needs: [],
  collect: async (run) => (await run.stage(observed)).rollOver,
  judge: judgeRollOver,
};

const stateLost: Proof<SourceLost[]> = {
  name: 'h6-state-lost',
  requirements: ['H6', 'C6'],
  claim: {
    ja: '状態を読めない間、新しい接続は始まらず、実行中の接続は 30 秒の猶予の後に終わり、復旧後は元に戻る',
    en: 'While the state cannot be read nothing new starts, what runs ends after 30 s of grace, and afterwards all works again',
  },
  tried: {
    ja: '動いているゲートウェイのデータベースの表を読めなくし、戻しました。',
    en: 'The table of the running gateway was made unreadable, and put back.',
  },
  needs: [],
  collect: async (run) => [await (await run.stage(observed)).lostState],
  judge: judgeLoss,
};

const listLost: Proof<SourceLost[]> = {
  name: 'd9-list-lost',
  requirements: ['D9'],
  claim: {
    ja: '失効リストがない間、誰も入れず、実行中の接続は 30 秒の猶予の後に終わる',
    en: 'While there is no revocation list nobody gets in, and what runs ends after 30 s of grace',
  },
  tried: {
    ja: '動いているゲートウェイの失効リストを取り去り、戻しました。',
    en: "The running gateway's revocation list was taken away, and put back.",
  },
  needs: [],
  collect: async (run) => [await (await run.stage(observed)).lostList],
  judge: judgeLoss,
};

export const revocationProofs: readonly AnyProof[] = [
  ...[listed(rightsEnd), listed(certificateRevoked), listed(endedByHand), listed(stateLost)],
  ...[listed(withheld), listed(certificateEnd), listed(grantKey), listed(listLost)],
];
