// What would open a way for packets, tried with the powers that a process of ours has, and with root's.
import { commandOn } from '#lab/host-command.ts';
import type { Place } from '#lab/process.ts';

interface Attempt {
  readonly what: string;
  readonly command: readonly [string, ...string[]];
  readonly undo?: readonly [string, ...string[]];
}

/** Nobody's. */
const SPARE = '192.0.2.254';

const ATTEMPTS: readonly Attempt[] = [
  {
    what: 'a route',
    command: ['ip', 'route', 'add', 'blackhole', SPARE],
    undo: ['ip', 'route', 'delete', 'blackhole', SPARE],
  },
  {
    what: 'a tunnel device',
    command: ['ip', 'tuntap', 'add', 'mode', 'tun', 'tw-tunnel'],
    undo: ['ip', 'tuntap', 'delete', 'mode', 'tun', 'tw-tunnel'],
  },
  {
    what: 'forwarding',
    command: ['sh', '-c', 'echo 1 > /proc/sys/net/ipv4/ip_forward'],
    undo: ['sh', '-c', 'echo 0 > /proc/sys/net/ipv4/ip_forward'],
  },
  {
    what: 'a rule',
    command: ['nft', 'add', 'table', 'inet', 'tw_evidence'],
    undo: ['nft', 'delete', 'table', 'inet', 'tw_evidence'],
  },
  { what: 'a raw socket', command: ['nmap', '--privileged', '-n', '-Pn', '-sS', '-p', '1', '127.0.0.1'] },
];

export const DONE = 'done';

/** What was done is undone. @returns by what was tried: "done", or why the system refused */
export function attempts(place: Place): Record<string, string> {
  return Object.fromEntries(ATTEMPTS.map(({ what, command, undo }) => [what, tried(place, command, undo)]));
}

function tried(place: Place, [program, ...args]: Attempt['command'], undo: Attempt['undo']): string {
  try {
    commandOn(place, program, args);
  } catch (error) {
    return (error as Error).message;
  }
  if (undo) commandOn(place, undo[0], undo.slice(1));
  return DONE;
}
