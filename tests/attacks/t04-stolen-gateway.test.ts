// T04 with the real processes: a gateway with all keys of its host against a real agent behind a real broker, and against
// the real headless client. It can refuse service; it can't open, read or replace anything, and each try is on record.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { deviceKey, pinOf } from '#client-sim/credentials.ts';
import { run } from '#lab/process.ts';
import { MUNICIPALITY } from '#lab/system.ts';
import { type Bytes, fromBase64Url, toBase64Url } from '#protocol/bytes.ts';
import type { SigningKey } from '#protocol/inner/cipher.ts';
import { importSigningKey, newSigningKeyPem, nodeCipher } from '#protocol/inner/cipher-node.ts';
import { answerHello, readHello } from '#protocol/inner/handshake.ts';
import { DEFAULT_SUITE } from '#protocol/inner/suites.ts';
import { signLease } from '#protocol/outer/grant.ts';
import { audited } from '#tests/support/audited.ts';
import { proverOf } from '#tests/support/end-to-end.ts';
import { connectInProcess } from '#tests/support/in-process-client.ts';
import { oneLineOf } from '#tests/support/one-line.ts';
import { type Forge, honest, impersonate, type StolenGateway, stealGateway } from '#tests/support/stolen-gateway.ts';
import { useSystem } from '#tests/support/system.ts';
import { idle } from '#tests/support/watched-system.ts';
import { openDesktop, pairDevice } from '#web/core/open.ts';

const DESKTOP = `${MUNICIPALITY}/soumu/pc-01`;
const own = importSigningKey(newSigningKeyPem());

describe('a hostile gateway with all keys of its host', () => {
  const under = useSystem(() => [{ name: 'pc-01', kind: 'office' }]);
  let agentKey: Bytes;
  let paired: SigningKey;

  beforeAll(async () => {
    const client = await connectInProcess(under.system, under.tanaka);
    (await client.open(DESKTOP)).session.end();
    await idle(under.system);
    client.close();
    agentKey = pinOf(under.tanaka.folder, DESKTOP) as Bytes;
    paired = deviceKey(under.tanaka.folder, false);
    await under.system.processes.gateway.stop();
  });

  describe('towards the agent', () => {
    let gateway: StolenGateway;
    beforeAll(async () => {
      gateway = await stealGateway(under.system);
    });
    afterAll(() => gateway?.close());

    function opening(user = 'tanaka', key: SigningKey = own, forge?: Forge) {
      const around = gateway.client(user, DESKTOP, forge);
      const options = { suite: DEFAULT_SUITE, user, desktop: DESKTOP, prover: proverOf(key) };
      return { session: around.session, opened: openDesktop(around, options, { agentKey, credentialId: null }) };
    }

    it('is let through by the broker, and would be by the agent with the user’s device key (positive control)', async () => {
      const { opened, session } = opening('tanaka', paired);
      const { socket } = await opened;
      socket.close('ENDED');
      await audited(under.system, 'agent', 'session-ended', { session });
    });

    it.each([
      ['with a key of its own', 'tanaka', own, 'PROOF_WRONG'],
      ['by naming the paired key', 'tanaka', 'paired', 'PROOF_WRONG'],
      ['as a user who never paired', 'suzuki', own, 'USER_NOT_PAIRED'],
    ] as const)('opens nothing by itself: %s', async (_, user, key, reason) => {
      const used = key === 'paired' ? { publicKey: paired.publicKey, sign: own.sign } : key;
      const { opened, session } = opening(user, used);
      await expect(opened).rejects.toThrow('the agent refused: NOT_PAIRED');
      await audited(under.system, 'agent', 'handshake-refused', { session, reason });
    });

    it('pairs nothing: no code ever left the office', async () => {
      const around = gateway.client('tanaka', DESKTOP);
      const options = { suite: DEFAULT_SUITE, user: 'tanaka', desktop: DESKTOP, prover: proverOf(own) };
      await expect(pairDevice(around, options, '0000-0000-0000-0000')).rejects.toThrow('PAIRING_REFUSED');
      await audited(under.system, 'agent', 'pairing-refused', { reason: 'PAIRING_CODE_MISSING' });
    });

    let kept: { jws: string; session: string };
    const REFUSED_OFFERS: [string, Forge, string][] = [
      [
        'a desktop that is not this agent’s',
        (claims, key) => honest({ ...claims, aud: `${MUNICIPALITY}/soumu/x` }, key),
        'GRANT_OTHER_DESKTOP',
      ],
      ['another municipality', (claims, key) => honest({ ...claims, municipality: '888888' }, key), 'GRANT_MISMATCH'],
      ['another session', (claims, key) => honest({ ...claims, session: 'f'.repeat(32) }, key), 'GRANT_MISMATCH'],
      ['a resumption', (claims, key) => honest({ ...claims, mode: 'resume' }, key), 'GRANT_MISMATCH'],
      [
        'a lease in the place of a grant',
        ({ session = '' }, key) => signLease(key, { session, epoch: 0, nonce: 'A'.repeat(22) }, Date.now()),
        'GRANT_MALFORMED',
      ],
      ['the grant of an earlier session', async () => kept.jws, 'GRANT_MISMATCH'],
    ];

    it('can use a grant once: the same jti again is refused', async () => {
      const jti = toBase64Url(nodeCipher.random(16));
      const forge: Forge = async (claims, key) => {
        const jws = await honest({ ...claims, jti }, key);
        kept = { jws, session: claims.session ?? '' };
        return jws;
      };
      await expect(opening('tanaka', own, forge).opened).rejects.toThrow('NOT_PAIRED');
      const again = opening('tanaka', own, forge);
      await expect(again.opened).rejects.toThrow('AGENT_REFUSED');
      await audited(under.system, 'agent', 'offer-refused', { session: again.session, reason: 'GRANT_REPLAYED' });
    });

    it.each(REFUSED_OFFERS)('gets nowhere with a grant for %s', async (_, forge, reason) => {
      const { opened, session } = opening('tanaka', paired, forge);
      await expect(opened).rejects.toThrow('AGENT_REFUSED');
      await audited(under.system, 'agent', 'offer-refused', { session, reason });
    });

    it('cannot put other key shares in the place of the client’s: the grant names the hello', async () => {
      const forge: Forge = (claims, key) => honest({ ...claims, hello: toBase64Url(nodeCipher.random(32)) }, key);
      const { opened, session } = opening('tanaka', paired, forge);
      await expect(opened).rejects.toThrow('AGENT_REFUSED');
      await audited(under.system, 'agent', 'handshake-refused', { session, reason: 'GRANT_MISMATCH' });
    });
  });

  describe('towards the client', () => {
    const connect = () =>
      run('client-sim/main.ts', [
        ...['--json', '--user', 'tanaka', '--gateway', under.system.gateway, '--credentials', under.tanaka.folder],
        ...['--otp', '000000', '--desktop', DESKTOP, '--type', 'secret'],
      ]);

    it.each<[string, () => SigningKey]>([
      ['with a key of its own', () => own],
      ['by naming the pinned key', () => ({ publicKey: agentKey, sign: own.sign })],
    ])('cannot play the agent %s', async (_, key) => {
      let heard = 0;
      const stolen = await impersonate(under.system, async (client, send) => {
        const { records } = await answerHello(nodeCipher, readHello(await client.nextRecord()), key());
        for (const record of records) send(record);
        await client.nextRecord();
        heard++;
      });
      const ended = await connect();
      stolen.close();
      expect([ended.code, ended.stdout, heard]).toEqual([1, '', 0]);
      expect(oneLineOf(ended.stderr)).toMatch(/^AGENT_KEY_WRONG: (?!.*not authenticated)/);
    });

    it('cannot open another desktop than the one that was asked for', async () => {
      const stolen = await impersonate(
        under.system,
        async () => {},
        () => `${MUNICIPALITY}/soumu/pc-02`,
      );
      const ended = await connect();
      stolen.close();
      expect(ended.code).toBe(1);
      expect(oneLineOf(ended.stderr)).toMatch(/^AGENT_REFUSED: /);
    });

    it('cannot change the pin', () => {
      const pins = JSON.parse(readFileSync(join(under.tanaka.folder, 'pins.json'), 'utf8'));
      expect(fromBase64Url(pins[DESKTOP])).toEqual(agentKey);
    });
  });
});
