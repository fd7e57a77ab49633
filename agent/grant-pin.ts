// The gateway's grant key as this agent's own configuration pins it: no broker ever delivers one (T06).
import { readFileSync } from 'node:fs';
import { calculateJwkThumbprint, exportJWK, importSPKI } from 'jose';
import { Failure } from '#platform/process/exit.ts';
import type { GrantKey } from '#protocol/outer/grant.ts';

/** @param path PEM, SubjectPublicKeyInfo of a P-256 key. @returns it with its RFC 7638 thumbprint as kid. @throws Failure */
export async function readGrantPin(path: string): Promise<GrantKey> {
  try {
    const key = await importSPKI(readFileSync(path, 'utf8'), 'ES256', { extractable: true });
    return { kid: await calculateJwkThumbprint(await exportJWK(key)), key };
  } catch (error) {
    throw new Failure(
      `grantKeys ${path} cannot be used (${(error as NodeJS.ErrnoException).code ?? 'not a P-256 public key'})`,
    );
  }
}
