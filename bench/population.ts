// The people and agents of a run. Certificates are made once and kept; second factors, entitlements and pairings are made
// anew each time, since the system's state is. All of them share two RSA keys (users one, agents one), which would be
// wrong in earnest and costs a bench nothing: making 3072-bit keys by the thousand is not what it measures.
import { copyFileSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Authority, makeKey } from '#certs/authority.ts';
import { LEAF_DAYS } from '#certs/profile.ts';
import { FILES, writePrivate } from '#client-sim/credentials.ts';
import { MUNICIPALITY, type System } from '#lab/system.ts';
import { callLocal } from '#platform/process/local-call.ts';
import { toBase64Url } from '#protocol/bytes.ts';
import { importSigningKey, newSigningKeyPem } from '#protocol/inner/cipher-node.ts';
import { DESKTOPS_PER_AGENT_MAX } from '#protocol/limits.ts';
import { TOTP_FILE } from './load/load-user.ts';
import type { ReplayConfig } from './replay/config.ts';

export interface Person {
  readonly user: string;
  /** municipality/agent/name */
  readonly desktop: string;
  /** Of the device key: SEC1 uncompressed, base64url. */
  readonly publicKey: string;
}

type Leaf = { kind: 'user' | 'agent'; name: string };

export class Population {
  readonly #system: System;
  readonly #folder: string;
  readonly #now: () => number;

  /** @param folder where credentials are kept */
  constructor(system: System, folder: string, now: () => number) {
    this.#system = system;
    this.#folder = folder;
    this.#now = now;
  }

  get credentials(): string {
    return join(this.#folder, 'users');
  }

  /** Beside the authorities that signed them: with those they go. */
  get #certificates(): string {
    return join(this.#system.pki.dir, 'bench');
  }

  /** Enrols so many users, each with one desktop and nothing but this run's state. */
  async enrol(count: number, progress: (done: number) => void): Promise<Person[]> {
    // Users of an earlier, larger run would be loaded, too.
    rmSync(this.credentials, { recursive: true, force: true });
    mkdirSync(this.#certificates, { recursive: true, mode: 0o700 });
    const people: Person[] = [];
    for (let i = 0; i < count; i++) {
      const user = `bench-${String(i + 1).padStart(4, '0')}`;
      const desktop = `${MUNICIPALITY}/${agentName(i)}/pc-${String((i % DESKTOPS_PER_AGENT_MAX) + 1).padStart(2, '0')}`;
      const folder = join(this.credentials, user);
      mkdirSync(folder, { recursive: true, mode: 0o700 });
      const { key, certificate } = await this.#certified({ kind: 'user', name: user });
      copyFileSync(key, join(folder, FILES.key));
      copyFileSync(certificate, join(folder, FILES.certificate));
      copyFileSync(this.#system.pki.files.user.authorities, join(folder, FILES.gatewayAuthority));
      copyFileSync(this.#system.pki.files.user.revocations, join(folder, FILES.gatewayRevocations));
      const deviceKey = newSigningKeyPem();
      writePrivate(join(folder, FILES.deviceKey), deviceKey);
      writePrivate(join(folder, TOTP_FILE), await this.#register(user, desktop));
      people.push({ user, desktop, publicKey: toBase64Url(importSigningKey(deviceKey).publicKey) });
      progress((i + 1) / count);
    }
    return people;
  }

  /** @returns the otpauth URI */
  async #register(user: string, desktop: string): Promise<string> {
    const admin = (name: string, body: object) =>
      callLocal(this.#system.sockets.admin, name, { municipality: MUNICIPALITY, user, ...body });
    await admin('user.add', { name: user });
    const { uri } = (await admin('totp.enrol', {})) as { uri: string };
    await admin('entitlement.add', { desktop });
    return `${uri}\n`;
  }

  /** One agent for each 64 desktops, as the limit is. */
  async agents(people: readonly Person[]): Promise<ReplayConfig['agents']> {
    const { authorities, revocations } = this.#system.pki.files.agent;
    const agents: ReplayConfig['agents'] = [];
    for (let first = 0; first < people.length; first += DESKTOPS_PER_AGENT_MAX) {
      const own = await this.#certified({ kind: 'agent', name: agentName(first) });
      const desktops = people.slice(first, first + DESKTOPS_PER_AGENT_MAX).map(({ user, desktop, publicKey }) => ({
        name: desktop.split('/')[2] as string,
        user,
        publicKey,
      }));
      agents.push({ tls: { ...own, authorities, revocations }, desktops });
    }
    return agents;
  }

  /** The agents' key of this run is pinned for everybody. */
  pin(people: readonly Person[], agentKey: string): void {
    for (const { user, desktop } of people) {
      writePrivate(join(this.credentials, user, FILES.pins), JSON.stringify({ [desktop]: agentKey }));
    }
  }

  async #certified({ kind, name }: Leaf): Promise<{ key: string; certificate: string }> {
    const at = (file: string) => join(this.#certificates, file);
    const files = { key: at(`${kind}.key.pem`), certificate: at(`${name}.cert.pem`) };
    const publicKeyFile = at(`${kind}.pub.pem`);
    if (!existsSync(publicKeyFile)) {
      const { privateKey, publicKey } = await makeKey();
      writePrivate(files.key, privateKey);
      writeFileSync(publicKeyFile, publicKey);
    }
    if (existsSync(files.certificate)) return files;
    const names = {
      identity: { kind, municipality: MUNICIPALITY, name },
      role: 'client' as const,
      commonName: name,
      hosts: [],
    };
    const authority = new Authority(this.#system.pki.dir, kind);
    const { pem } = authority.issue(readFileSync(publicKeyFile, 'utf8'), names, LEAF_DAYS, this.#now());
    writeFileSync(files.certificate, pem);
    return files;
  }
}

const agentName = (desktop: number) =>
  `bench-${String(Math.floor(desktop / DESKTOPS_PER_AGENT_MAX) + 1).padStart(2, '0')}`;
