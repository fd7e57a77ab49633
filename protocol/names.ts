// The identifiers that stand in certificates, grants, link messages and audit events.
import { Refusal } from './codes.ts';

/** 団体コード: the six digits of a municipality. */
export const MUNICIPALITY = /^[0-9]{6}$/;
/** User ids and the last two parts of a desktop id. */
export const NAME = /^[a-z0-9][a-z0-9._-]{0,31}$/;
/** municipality/agent. */
export const AGENT = /^[0-9]{6}\/[a-z0-9][a-z0-9._-]{0,31}$/;
/** municipality/agent/name; the first two must be the agent certificate's own. */
export const DESKTOP = /^[0-9]{6}\/[a-z0-9][a-z0-9._-]{0,31}\/[a-z0-9][a-z0-9._-]{0,31}$/;
/** 16 random bytes in lower-case hex. */
export const SESSION = /^[0-9a-f]{32}$/;

/** @throws MALFORMED unless the desktop id is well formed */
export function agentOfDesktop(desktop: string): { municipality: string; agent: string; name: string } {
  const [municipality, agent, name] = desktop.split('/');
  if (!DESKTOP.test(desktop) || !municipality || !agent || !name) throw new Refusal('MALFORMED', 'desktop id');
  return { municipality, agent, name };
}

/** The kinds of certificate; each has a self-signed authority of its own (no common root). */
export type CertificateKind = 'user' | 'gateway-server' | 'hop' | 'agent' | 'admin';

/** What a certificate's one SAN URI says: urn:telework:KIND:MUNICIPALITY:NAME, "-" where no municipality applies. */
export interface Identity {
  kind: CertificateKind;
  municipality: string;
  name: string;
}

export function identityUri(identity: Identity): string {
  return `urn:telework:${identity.kind}:${identity.municipality}:${identity.name}`;
}

const URI = /^urn:telework:(user|gateway-server|hop|agent|admin):([0-9]{6}|-):([a-z0-9][a-z0-9._-]{0,31})$/;

/** The identity that a SAN URI states, or null if it is not one of ours. Says nothing about who signed it. */
export function parseIdentityUri(uri: string): Identity | null {
  const match = URI.exec(uri);
  return match
    ? { kind: match[1] as CertificateKind, municipality: match[2] as string, name: match[3] as string }
    : null;
}
