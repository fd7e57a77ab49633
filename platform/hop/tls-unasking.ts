// TLS of a listener that asks nobody for a certificate: who enrols has none yet. Everything else is as on every hop.
import type { Server, ServerOptions } from 'node:https';
import { lineOf } from '../process/exit.ts';
import { LOOK_INTERVAL_MS, stateOf } from '../process/file-state.ts';
import { createLog } from '../process/log.ts';
import { SETTINGS } from './tls.ts';
import { loadOwn, type OwnFiles } from './tls-files.ts';
import { watchValidity } from './validity.ts';

/**
 * For https.createServer. Nobody who comes in here is known: serve nothing that needs an identity.
 * @throws Failure naming the file that cannot be used
 */
export function unaskingTls(files: OwnFiles): ServerOptions {
  return { ...loadOwn(files).pem, ...SETTINGS, requestCert: false };
}

/**
 * Takes a new key and certificate over within half a second. Files that cannot be used change nothing: what the listener
 * shows is its own, and lets nobody in.
 * @returns stops watching
 */
export function reloadUnasking(server: Server, files: OwnFiles): () => void {
  const log = createLog('tls');
  const paths = Object.values(files);
  let seen = stateOf(paths);

  function look(): void {
    const state = stateOf(paths);
    if (state === seen) return;
    seen = state;
    try {
      server.setSecureContext(unaskingTls(files));
      log.info({ certificate: files.certificate }, 'certificate reloaded');
    } catch (error) {
      log.error(`the certificate stays as it was: ${lineOf(error)}`);
    }
  }

  const timer = setInterval(look, LOOK_INTERVAL_MS).unref();
  const stopWarning = watchValidity(files, log, Date.now);
  return () => {
    clearInterval(timer);
    stopWarning();
  };
}
