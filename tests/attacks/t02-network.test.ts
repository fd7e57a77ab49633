// T02: an attacker on the network of any hop. First the hops themselves: nobody without a certificate of the right
// authority is spoken to, nothing weaker than TLS 1.3 with AES-GCM is spoken, and a bit turned on the wire ends the
// connection. Then what the relays carry, for the attacker who got into a hop: the sealed records of the session.
import { readFileSync } from 'node:fs';
import { type ConnectionOptions, connect, type TlsOptions } from 'node:tls';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { BrokerLink as AgentLink } from '#agent/broker-link.ts';
import { makeKey } from '#certs/authority.ts';
import { openTransport } from '#client-sim/transport.ts';
import { BrokerLink as GatewayLink } from '#gateway/broker-link.ts';
import { oddCertificate, oddSigner, readSigner } from '#lab/odd-certificates.ts';
import type { TlsFiles } from '#platform/hop/tls.ts';
import { loadTls } from '#platform/hop/tls-files.ts';
import { createLog } from '#platform/process/log.ts';
import type { Bytes } from '#protocol/bytes.ts';
import { Lane } from '#protocol/lanes.ts';
import { type BothEnds, bothEnds, DESKTOP, type Shown } from '#tests/support/both-ends.ts';
import { memoryAudit, openBroker, type Peer, type TestBroker } from '#tests/support/broker.ts';
import { openGateway, type TestGateway } from '#tests/support/gateway.ts';
import { type Meddler, type MemoryLink, settle, until, type Way } from '#tests/support/memory-link.ts';
import { type Impostor, impostor, type Wire, wireTo } from '#tests/support/network-attacker.ts';
import { endOf } from '#web/core/ends.ts';
import { signInWithTotp } from '#web/core/gateway-api.ts';

let broker: TestBroker;
let gateway: TestGateway;
const quiet = createLog('test', { write: () => {} });

beforeAll(async () => {
  broker = await openBroker();
  gateway = await openGateway({ pki: broker.pki, brokerPort: broker.broker.gatewayPort });
}, 60_000);
afterAll(async () => {
  await gateway.close();
  await broker.close();
});

/** The three hops, each with the real dialler of its process, pointed at any port. */
const HOPS: Record<string, (port: number) => Promise<unknown>> = {
  async 'client → gateway'(port) {
    const transport = openTransport(new URL(`https://localhost:${port}`), loadTls(gateway.pki.users.tanaka));
    try {
      await signInWithTotp(transport.request, '123456');
    } finally {
      transport.close();
    }
  },
  async 'client → gateway, WebSocket'(port) {
    const transport = openTransport(new URL(`https://localhost:${port}`), loadTls(gateway.pki.users.tanaka));
    try {
      (await transport.dial()).close('ENDED');
    } finally {
      transport.close();
    }
  },
  async 'gateway → broker'(port) {
    const address = { url: `wss://127.0.0.1:${port}`, serverName: 'localhost', tls: gateway.pki.gatewayToBroker };
    const events = { nonce() {}, ended() {}, anchor() {}, up() {}, down() {} };
    (await new GatewayLink(address, events).dialData()).close('ENDED');
  },
  async 'agent → broker'(port) {
    const address = { url: `wss://127.0.0.1:${port}`, serverName: 'localhost', tls: gateway.pki.agent };
    const parts = { broker: address, desktops: () => [], audit: memoryAudit(), log: quiet, received() {} };
    const link = new AgentLink(parts);
    try {
      (await link.dialData()).close('ENDED');
    } finally {
      await link.stop();
    }
  },
};

describe('a man in the middle who ends TLS himself', () => {
  let key: { publicKey: string; privateKey: string };
  beforeAll(async () => {
    key = await makeKey();
  }, 60_000);

  /** Certificates that say all that the true server's says. */
  const claims = {
    uris: ['urn:telework:gateway-server:-:gateway'],
    usage: ['serverAuth'],
    hosts: ['localhost', '127.0.0.1'],
  } as const;
  const SHOWN: Record<string, () => TlsOptions> = {
    'an authority of his own, named like ours'() {
      const signer = oddSigner(null, key, { commonName: 'gateway-server' });
      return { key: key.privateKey, cert: oddCertificate(signer, key, claims) + signer.pem };
    },
    'nobody but himself': () => ({ key: key.privateKey, cert: oddCertificate(null, key, claims) }),
    'our authority of users, whose key he stole'() {
      const signer = readSigner(gateway.pki.dir, 'user');
      return { key: key.privateKey, cert: oddCertificate(signer, key, claims) };
    },
  };

  const cases = Object.keys(HOPS).flatMap((hop) => Object.keys(SHOWN).map((shown) => [hop, shown] as const));
  it.each(cases)('%s: is told nothing with a certificate of %s', async (hop, shown) => {
    const middle: Impostor = await impostor(SHOWN[shown]?.() ?? {});
    await expect(HOPS[hop]?.(middle.port)).rejects.toThrow(/CERTIFICATE|certificate|BROKER_UNREACHABLE/);
    expect(middle.heard()).toBe('');
    middle.close();
  });

  it('would be heard by this test: the true certificate is spoken to', async () => {
    const { key: own, certificate } = gateway.pki.gatewayServer;
    const middle = await impostor({ key: readFileSync(own), cert: readFileSync(certificate) });
    const spoken = HOPS['client → gateway']?.(middle.port).catch(() => {});
    await until('the request', () => middle.heard().includes('/api/sign-in/totp'));
    middle.close();
    await spoken;
  });
});

describe('a peer that speaks something weaker', () => {
  const WEAK: [string, ConnectionOptions & TlsOptions][] = [
    ['TLS 1.2', { maxVersion: 'TLSv1.2', minVersion: 'TLSv1.2' }],
    ['only ChaCha20-Poly1305', { ciphers: 'TLS_CHACHA20_POLY1305_SHA256', minVersion: 'TLSv1.3' }],
    ['only P-521', { ecdhCurve: 'P-521', minVersion: 'TLSv1.3' }],
  ];
  const LISTENERS: [string, () => { port: number; tls: TlsFiles }][] = [
    ['the gateway', () => ({ port: gateway.gateway.port, tls: gateway.pki.users.tanaka })],
    ['the broker for gateways', () => ({ port: broker.broker.gatewayPort, tls: broker.pki.gatewayToBroker })],
    ['the broker for agents', () => ({ port: broker.broker.agentPort, tls: broker.pki.agent })],
  ];

  const shake = (port: number, files: TlsFiles, weak: ConnectionOptions) =>
    new Promise<string>((resolve) => {
      const own = { key: readFileSync(files.key), cert: readFileSync(files.certificate) };
      const socket = connect({ host: '127.0.0.1', port, rejectUnauthorized: false, ...own, ...weak });
      socket.once('secureConnect', () => resolve(`${socket.getProtocol()} ${socket.getCipher().name}`));
      socket.once('error', (error) => resolve(`refused: ${(error as NodeJS.ErrnoException).code}`));
      socket.on('close', () => socket.destroy());
    });

  const cases = LISTENERS.flatMap(([where, listener]) =>
    WEAK.map(([what, weak]) => [where, what, listener, weak] as const),
  );
  it.each(cases)('is refused by %s: %s', async (_where, _what, listener, weak) => {
    const { port, tls } = listener();
    expect(await shake(port, tls, weak)).toMatch(/^refused: ERR_SSL_/);
    // The positive control: the same certificate, without the weakness
    expect(await shake(port, tls, {})).toBe('TLSv1.3 TLS_AES_256_GCM_SHA384');
  });

  it.each(WEAK)('is not dialled to the end: %s', async (_what, weak) => {
    const { key, certificate } = gateway.pki.gatewayServer;
    const server = await impostor({ key: readFileSync(key), cert: readFileSync(certificate), ...weak });
    await expect(HOPS['client → gateway']?.(server.port)).rejects.toThrow();
    expect(server.shaken).toBe(0);
    server.close();
  });
});

describe('on the wire of a hop', () => {
  // A broker of its own: the gateway of this file would dial in again, and take the place of the link under test
  let hop: TestBroker;
  let wire: Wire;
  let link: Peer;
  let gatewayLink: Peer;
  const DESKTOPS = ['131016/soumu/pc-01'];

  beforeAll(async () => {
    hop = await openBroker();
  }, 60_000);
  afterAll(() => hop.close());

  beforeEach(async () => {
    wire = await wireTo(hop.broker.agentPort);
    link = await hop.dial('agent', '/link', hop.pki.agent, {}, wire.port);
    link.say({ type: 'presence', desktops: DESKTOPS });
    gatewayLink = await hop.gatewayLink();
    await gatewayLink.until(() => gatewayLink.of('presence').some((said) => String(said.desktops) === DESKTOPS[0]));
  });
  afterEach(async () => {
    wire.close();
    const gone = () => hop.audit.of('agent-disconnected').length === hop.audit.of('agent-connected').length;
    await until('the broker has noticed', gone);
  });

  it('nothing is read of what is said', async () => {
    expect(wire.seen().length).toBeGreaterThan(1_000);
    for (const word of ['presence', DESKTOPS[0] ?? '', 'GET /link', 'soumu'])
      expect(wire.seen().includes(word)).toBe(false);
  });

  it.each(['out', 'back'] as const)(
    'a bit turned on the way %s ends the connection, and nothing of it counts',
    async (way) => {
      wire.flipNext(way);
      if (way === 'out') link.say({ type: 'presence', desktops: [...DESKTOPS, '131016/soumu/pc-66'] });
      else gatewayLink.say({ type: 'open', session: 'e'.repeat(32), desktop: DESKTOPS[0] ?? '', grant: 'g' });
      await link.ended();
      expect(wire.flips).toBe(1);
      expect(link.of('offer')).toEqual([]);
      // The broker noticed too: the agent is gone
      await gatewayLink.until(() => gatewayLink.of('presence').some(({ desktops }) => String(desktops) === ''));
      expect(JSON.stringify(gatewayLink.texts)).not.toContain('pc-66');
    },
  );
});

const FLIPPED_BYTES = (length: number) => [0, 1, 5, 7, 8, Math.floor(length / 2), length - 17, length - 1];
const flip = (record: Bytes, at: number): Bytes => record.with(at, (record[at] ?? 0) ^ (1 << (at % 8)));

describe('inside a hop, between the two ends of the sealed session,', () => {
  let ends: BothEnds;
  beforeEach(async () => {
    ends = await bothEnds();
    await ends.paired();
  });

  /** Both ends have closed, nobody works at the desktop, and the agent has written down why. */
  async function expectOver(): Promise<void> {
    await until('both ends closed', () => ends.link().client.ended !== null && ends.link().agent.ended !== null);
    await until('the place is free', () => !ends.sessions.live(DESKTOP));
  }

  describe('a bit turned in the handshake', () => {
    const STEPS: [string, Way, number][] = [
      ['hello', 'inward', 0],
      ['answer', 'outward', 0],
      ['identity', 'outward', 1],
      ['proof', 'inward', 1],
      ['ready', 'outward', 2],
    ];
    it.each(STEPS)('of %s is noticed wherever it stands', async (step, way, nth) => {
      const length = await lengthOf(way, nth);
      const places = [
        ...FLIPPED_BYTES(length),
        ...Array.from({ length: 12 }, (_, i) => 9 + Math.floor((i * (length - 9)) / 12)),
      ];
      for (const at of new Set(places)) {
        ends.onLink = (link) => {
          let count = 0;
          link.meddle = (one, record) => (one === way && count++ === nth ? [flip(record, at)] : [record]);
        };
        const before = ends.audit.events.length;
        const end = await ends.open().then(() => null, endOf);
        await expectOver();
        const ended = ends.audit.events.slice(before).filter(({ event }) => /refused|ended/.test(event));
        expect(ended, `${step}, byte ${at}`).toHaveLength(1);
        const [{ reason = '' } = {}] = ended;
        // Whoever meets it first finds it, and the other one hears that somebody is gone.
        if (reason === 'PEER_GONE')
          expect(end, `${step}, byte ${at}`).toEqual({ code: 'PROTOCOL_ERROR', authentic: true });
        else expect(reason, `${step}, byte ${at}`).toMatch(FOUND);
        if (way === 'outward') expect(reason, `${step}, byte ${at}`).toBe('PEER_GONE');
        expect(end, `${step}, byte ${at}`).not.toBeNull();
        ends.pass(61_000);
      }
    });

    async function lengthOf(way: Way, nth: number): Promise<number> {
      (await ends.open()).socket.close('ENDED');
      await expectOver();
      ends.pass(61_000);
      return ends.link().sent[way][nth]?.length ?? 0;
    }
  });

  /** One session in which the relay changes the first record of a lane in one direction, once it is told to. */
  async function meddled(
    way: Way,
    lane: Lane,
    change: (record: Bytes, link: MemoryLink) => readonly Bytes[],
  ): Promise<Shown> {
    let done = false;
    ends.onLink = (link) => {
      const meddle: Meddler = (one, record) => {
        // Records of the handshake have lane 1
        if (done || one !== way || record[1] !== lane) return [record];
        done = true;
        return change(record, link);
      };
      link.meddle = meddle;
    };
    const shown = await ends.show();
    await until('the first picture', () => shown.frames.length > 0 || shown.ends.length > 0);
    switch (lane) {
      case Lane.input:
        shown.session.input({ type: 'key', down: true, keysym: 0x61 });
        break;
      case Lane.control:
        shown.session.refresh();
        break;
      case Lane.ack:
        // Outward, input makes one; inward, the first picture did.
        if (way === 'outward') shown.session.input({ type: 'pointer', buttons: 0, x: 1, y: 1 });
        break;
      case Lane.close:
        if (way === 'inward') shown.session.end();
        else ends.sessions.revoke(shown.id, 'RIGHTS_ENDED');
    }
    await until('it was meddled with', () => done);
    return shown;
  }

  const LANES: [string, Way, Lane][] = [
    ['input', 'inward', Lane.input],
    ['control', 'inward', Lane.control],
    ['acknowledgement', 'inward', Lane.ack],
    ['close', 'inward', Lane.close],
    ['frame', 'outward', Lane.frame],
    ['acknowledgement', 'outward', Lane.ack],
    ['close', 'outward', Lane.close],
  ];

  describe('a bit turned in a record', () => {
    const sizes: Partial<Record<Lane, number>> = {
      [Lane.input]: 40,
      [Lane.control]: 56,
      [Lane.ack]: 40,
      [Lane.close]: 40,
      [Lane.frame]: 120,
    };
    it.each(LANES)('of the lane %s, %s, is noticed wherever it stands', async (_, way, lane) => {
      for (const at of FLIPPED_BYTES(sizes[lane] ?? 0)) {
        const shown = await meddled(way, lane, (record) => [flip(record, at)]);
        await expectOver();
        await until('the client knows', () => shown.ends.length > 0);
        const ended = ends.audit.of('session-ended').at(-1);
        if (way === 'inward') {
          // The agent found it. A client that had ended already knows no more.
          expect(ended?.reason, `byte ${at}`).toMatch(FOUND);
          expect(ends.audit.of('input-refused'), 'and does not blame the user').toEqual([]);
          const code = lane === Lane.close ? 'ENDED' : 'PROTOCOL_ERROR';
          expect(shown.ends, `byte ${at}`).toEqual([{ code, authentic: true }]);
        } else {
          expect(shown.ends, `byte ${at}`).toEqual([{ code: 'PROTOCOL_ERROR', authentic: true }]);
          // The client found it and said so under the seal, unless the agent had ended already.
          if (lane !== Lane.close) expect(ended).toMatchObject({ reason: 'ENDED_BY_CLIENT', detail: 'PROTOCOL_ERROR' });
        }
        expect(
          ends.desktop.inputs.filter(({ type }) => type === 'key'),
          `byte ${at}`,
        ).toEqual([]);
        ends.pass(61_000);
      }
    });
  });

  const TRICKS: [string, (record: Bytes, link: MemoryLink, way: Way) => readonly Bytes[]][] = [
    ['doubled', (record) => [record, record]],
    ['cut short', (record) => [record.slice(0, -1)]],
    ['made longer', (record) => [Uint8Array.from([...record, 0])]],
    ['cut to its header', (record) => [record.slice(0, 8)]],
    ['emptied', () => [new Uint8Array(0)]],
    ['sent under the next number', (record) => [record.with(7, (record[7] ?? 0) + 1)]],
    [
      'sent back to where it came from',
      (record, link, way) => {
        link.put(way === 'inward' ? 'outward' : 'inward', record);
        return [];
      },
    ],
    ['preceded by an old one', (record, link, way) => [link.sent[way].at(-2) ?? record, record]],
  ];
  it.each<[string, Way, Lane]>([
    ['input', 'inward', Lane.input],
    ['frame', 'outward', Lane.frame],
  ])(
    'a record of the lane %s, %s, that is doubled, cut, moved or thrown back ends the session',
    async (_, way, lane) => {
      for (const [trick, change] of TRICKS) {
        const typed = ends.desktop.inputs.length;
        const shown = await meddled(way, lane, (record, link) => change(record, link, way));
        await expectOver();
        await until('the client knows', () => shown.ends.length > 0);
        expect(shown.ends, trick).toEqual([{ code: 'PROTOCOL_ERROR', authentic: true }]);
        expect(ends.audit.of('session-ended').at(-1)?.reason, trick).toMatch(/^(ENDED_BY_CLIENT|RECORD_|LANE_)/);
        expect(ends.desktop.inputs.length - typed, trick).toBeLessThanOrEqual(1);
        ends.pass(61_000);
      }
    },
  );

  it('keys that are swapped are not typed in another order', async () => {
    const kept: Bytes[] = [];
    const shown = await meddled('inward', Lane.input, (record, link) => {
      kept.push(record);
      link.meddle = (way, second) =>
        way === 'inward' && second[1] === Lane.input ? [second, ...kept.splice(0)] : [second];
      return [];
    });
    shown.session.input({ type: 'key', down: true, keysym: 0x62 });
    await expectOver();
    expect(ends.desktop.inputs).toEqual([]);
    expect(ends.audit.of('session-ended').at(-1)?.reason).toBe('RECORD_OUT_OF_ORDER');
  });

  it('a record that is left out is missed with the next one', async () => {
    const shown = await meddled('inward', Lane.input, () => []);
    shown.session.input({ type: 'key', down: true, keysym: 0x62 });
    await expectOver();
    expect(ends.desktop.inputs).toEqual([]);
    expect(shown.ends).toEqual([{ code: 'PROTOCOL_ERROR', authentic: true }]);
  });

  it('the end of a session cannot be cut off unseen: what is not sealed is not orderly', async () => {
    const shown = await meddled('outward', Lane.close, (_, link) => {
      link.cut('ENDED');
      return [];
    });
    await expectOver();
    await until('the client knows', () => shown.ends.length > 0);
    expect(shown.ends[0]?.authentic).toBe(false);
  });

  it('a session recorded yesterday opens nothing today, whole or in parts', async () => {
    const yesterday = await ends.show();
    yesterday.session.input({ type: 'key', down: true, keysym: 0x61 });
    await until('the key arrives', () => ends.desktop.inputs.length === 1);
    yesterday.session.end();
    await expectOver();
    const recorded = ends.link().sent.inward.slice();
    ends.pass(61_000);
    // Today's records are replaced, from the first, second … one on, by yesterday's
    for (let from = 0; from < 3; from++) {
      ends.onLink = (link) => {
        let count = 0;
        link.meddle = (way, record) =>
          way === 'inward' && count++ >= from ? [recorded[count - 1] ?? record] : [record];
      };
      const opened = await ends.open().catch(() => null);
      if (opened) {
        opened.inbox.handOver({ text() {}, record() {}, closed() {} });
        ends.link().pass('inward', new Uint8Array(40));
      }
      await expectOver();
      ends.pass(61_000);
    }
    await settle();
    expect(ends.desktop.inputs).toHaveLength(1);
  });

  it('and without all that the session goes on: the path itself changes nothing', async () => {
    const shown = await meddled('inward', Lane.input, (record) => [record]);
    await until('the key arrives', () => ends.desktop.inputs.length === 1);
    expect(shown.ends).toEqual([]);
    shown.session.end();
    await expectOver();
    expect(ends.audit.of('session-ended').at(-1)?.reason).toBe('ENDED_BY_USER');
  });
});

/** What a turned bit looks like to the agent. */
const FOUND =
  /^(RECORD_FORGED|RECORD_OUT_OF_ORDER|RECORD_SIZE|MALFORMED|LANE_\w+|MESSAGE_\w+|SUITE_UNKNOWN|MODE_UNKNOWN|KEY_SHARE_INVALID|GRANT_\w+)$/;
