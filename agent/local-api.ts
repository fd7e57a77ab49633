// What the municipality's own administrator may ask of a running agent, over its 0600 Unix socket (agent/command.ts).
import * as z from 'zod';
import type { Audit } from '#platform/audit/chain.ts';
import type { LocalHandlers } from '#platform/process/local-socket.ts';
import { toBase64Url } from '#protocol/bytes.ts';
import { Refusal } from '#protocol/codes.ts';
import type { SigningKey } from '#protocol/inner/cipher.ts';
import { DESKTOP, NAME } from '#protocol/names.ts';
import type { Home } from './home.ts';
import { fingerprint } from './identity.ts';
import type { Pairings } from './pairings.ts';
import type { Sessions } from './sessions.ts';

const whom = z.strictObject({ user: z.string().regex(NAME), desktop: z.string().regex(DESKTOP) });
const pairing = whom.extend({ add: z.boolean() });

export interface LocalParts {
  home: Home;
  identity: SigningKey;
  pairings: Pairings;
  sessions: Sessions;
  audit: Audit;
  brokerUp(): boolean;
}

export function localHandlers(parts: LocalParts): LocalHandlers {
  const { home, pairings, sessions, audit } = parts;
  const { municipality } = home;

  function served(desktop: string): string {
    if (!home.desktops.has(desktop)) throw new Refusal('DESKTOP_UNKNOWN', 'not a desktop of this agent');
    return desktop;
  }

  return {
    async pair(body) {
      const { user, desktop, add } = pairing.parse(body);
      if (sessions.live(served(desktop))) throw new Refusal('PAIRING_WHILE_LIVE');
      const issued = await pairings.issue(user, desktop, add);
      audit.record('pairing-code-issued', { user, municipality, desktop, by: 'local' });
      sessions.notice(desktop, `端末登録コードが発行されました: ${user} / A pairing code was issued: ${user}`);
      return {
        ...issued,
        agentKey: toBase64Url(parts.identity.publicKey),
        fingerprint: fingerprint(parts.identity.publicKey),
      };
    },
    async list() {
      return { pairings: await pairings.list() };
    },
    async revoke(body) {
      const { user, desktop } = whom.parse(body);
      const { devices, code } = await pairings.revoke(user, served(desktop));
      const about = { user, municipality, desktop, by: 'local' };
      if (code) audit.record('pairing-code-revoked', about);
      if (devices > 0) audit.record('pairing-revoked', { ...about, devices });
      sessions.notice(desktop, `端末の登録が取り消されました: ${user} / A pairing was revoked: ${user}`);
      return { removed: devices };
    },
    status() {
      return {
        desktops: [...home.desktops.keys()],
        configuration: home.fault ?? 'ok',
        broker: parts.brokerUp() ? 'up' : 'down',
        agentKey: toBase64Url(parts.identity.publicKey),
        fingerprint: fingerprint(parts.identity.publicKey),
        sessions: sessions.list(),
      };
    },
  };
}
