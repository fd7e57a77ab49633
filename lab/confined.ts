// A process with no more power than its systemd unit in deploy/ leaves it: a user of its own, and without CAP_NET_ADMIN and
// CAP_NET_RAW. Nobody who takes it over can open a route, make a tunnel device or send a packet of their own making.
import { readFileSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type Place, ROOT } from './process.ts';

/** In place of "telework": nobody's in /etc/passwd, and not root's, whom the kernel lets write its network settings. */
export const CONFINED_USER = 61_443;

/** As setpriv names them. */
function capabilitiesOf(unit: string): string[] {
  const text = readFileSync(join(ROOT, 'deploy', 'systemd', `telework-${unit}.service`), 'utf8');
  const line = /^CapabilityBoundingSet=(.*)$/m.exec(text)?.[1];
  if (line === undefined) throw new Error(`telework-${unit}.service has no CapabilityBoundingSet`);
  return line.split(' ').flatMap((name) => (name === '' ? [] : [name.replace(/^CAP_/, '').toLowerCase()]));
}

const OTHERS_MAY_ENTER = 0o001;
const OTHERS_MAY_READ = 0o004;

/** A clone in somebody's private folder, such as root's home, can be read by others only with this. */
function toReadTheClone(): string[] {
  const folders = [ROOT];
  for (let folder = ROOT; folder !== dirname(folder); folder = dirname(folder)) folders.push(dirname(folder));
  const mayEnter = folders.every((folder) => statSync(folder).mode & OTHERS_MAY_ENTER);
  const mayRead = statSync(join(ROOT, 'package.json')).mode & OTHERS_MAY_READ;
  return mayEnter && mayRead ? [] : ['dac_read_search'];
}

/** Wraps a place where this process is root. */
export function confined(place: Place, unit: 'gateway' | 'broker' | 'agent'): Place {
  const kept = ['-all', ...[...capabilitiesOf(unit), ...toReadTheClone()].map((name) => `+${name}`)].join(',');
  const user = [`--reuid=${CONFINED_USER}`, `--regid=${CONFINED_USER}`, '--clear-groups', '--no-new-privs'];
  const limits = [`--bounding-set=${kept}`, `--inh-caps=${kept}`, `--ambient-caps=${kept}`];
  return (program, args) => place('setpriv', [...user, ...limits, '--', program, ...args]);
}
