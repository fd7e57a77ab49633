// Which desktop stands behind a line of agent.json.
import type { DesktopConfig } from '../config.ts';
import type { OpenDesktop } from './desktop.ts';
import { openOffice } from './office/open.ts';
import { openVnc } from './vnc.ts';
import { parseVncAddress } from './vnc-address.ts';

/** @throws Failure for an address that is neither a Unix socket nor literal loopback (T08) */
export function openerOf(config: DesktopConfig): OpenDesktop {
  if (config.kind === 'office') return (events) => openOffice({ name: config.name }, events);
  const { address, passwordFile, lock } = config;
  parseVncAddress(address);
  return (events) => openVnc({ address, lock, ...(passwordFile ? { passwordFile } : {}) }, events);
}
