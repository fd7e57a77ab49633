// J5: whatever npm start starts tries to talk to nobody outside.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { commandOn } from '#lab/host-command.ts';
import { layNetwork } from '#lab/namespaces.ts';
import { run as runCommand, start } from '#lab/process.ts';
import { capture } from '#lab/tap.ts';
import type { Judgement, Proof, Run } from '../proof.ts';
import { type Conversations, conversationsIn, packetsIn } from './conversations.ts';
import { NEEDS_HOSTS } from './stage.ts';
import { some, verdict } from './verdict.ts';

const TELLTALE = 'evidence/reachability/telltale.ts';

export interface StartSeen {
  /** Of `npm start -- --once`. */
  readonly exitCode: number;
  readonly said: string;
  /** All that left, but for neighbourhood. */
  readonly left: Conversations;
  /** The same while a program asked a server on the internet for news. */
  readonly control: Conversations;
  readonly missed: number;
}

/** A machine of its own, whose only way out ends at a host that says yes to everything. */
async function collectStart(run: Run): Promise<StartSeen> {
  const network = layNetwork(
    {
      machine: {
        resolver: '198.18.0.1',
        routes: [
          { to: 'default', via: '198.18.0.1' },
          { to: 'default', via: '2001:2::1' },
        ],
      },
      sink: {},
    },
    [
      {
        ends: [
          { host: 'machine', device: 'way-out', addresses: ['198.18.0.2/24', '2001:2::2/64'] },
          { host: 'sink', device: 'everywhere', addresses: ['198.18.0.1/24', '2001:2::1/64'] },
        ],
      },
    ],
    {},
  );
  // Holds keys, which are no artefact.
  const state = mkdtempSync(join(tmpdir(), 'tw-evidence-start-'));
  const [machine, sinkHost] = [network.on('machine'), network.on('sink')];
  try {
    for (const family of ['-4', '-6']) {
      commandOn(sinkHost, 'ip', [family, 'route', 'add', 'local', 'default', 'dev', 'lo']);
    }
    const sink = await start('sink', 'evidence/reachability/sink.ts', [], join(run.folder, 'sink.log'), {
      place: sinkHost,
    });
    try {
      const watched = async (name: string, work: () => Promise<unknown>) => {
        const tap = await capture(machine, 'way-out', join(run.folder, `${name}.pcap`));
        await work();
        return tap.stop();
      };
      let ended = { code: 1, stdout: '', stderr: '' };
      run.progress(0.1, 'npm start with one captured way out');
      const left = await watched('npm-start', async () => {
        const args = ['--once', '--json', '--port', '0', '--state', state];
        ended = await runCommand('lab/main.ts', args, { place: machine, signal: run.signal });
      });
      const control = await watched('with-telltale', () => runCommand(TELLTALE, [], { place: machine }));
      return {
        exitCode: ended.code,
        said: (ended.stderr || ended.stdout).trim().slice(0, 500),
        left: conversationsIn(left.packets),
        control: conversationsIn(control.packets),
        missed: left.missed + control.missed,
      };
    } finally {
      await sink.stop();
    }
  } finally {
    network.remove();
    rmSync(state, { recursive: true, force: true });
  }
}

export const j5Start: Proof<StartSeen> = {
  name: 'j5-start',
  requirements: ['J5'],
  claim: {
    ja: 'npm start が起動するどのプロセスも、外のだれとも通信しようとしない',
    en: 'No process that npm start starts tries to talk to anybody outside',
  },
  tried: {
    ja: '出口が一つだけの名前空間で npm start -- --once を最後まで動かし、出口を tcpdump で記録した。出口の先は、どの名前にも住所を返し、どの接続も受ける。外へ通信するプログラムが記録に現れることも確かめた',
    en: 'Ran npm start -- --once to its end in a namespace with one way out and captured that; behind it is a host that resolves every name and takes every connection. A program that does talk outside then had to show in such a capture',
  },
  needs: NEEDS_HOSTS,
  collect: collectStart,
  judge({ exitCode, said, left, control, missed }): Judgement {
    const out = packetsIn(left);
    const seen = packetsIn(control);
    return verdict(
      [
        exitCode !== 0 && { ja: `npm start が失敗しました: ${said}`, en: `npm start failed: ${said}` },
        out.length > 0 && { ja: `外への通信がありました: ${some(out)}`, en: `it talked outside: ${some(out)}` },
        missed > 0 && { ja: `記録から漏れたパケット: ${missed}`, en: `the captures missed ${missed} packets` },
        !(seen.some((one) => one.endsWith('udp 53')) && seen.some((one) => one.endsWith('tcp 80'))) && {
          ja: '外へ通信するプログラムが記録に現れず、記録を信用できません',
          en: 'a program that does talk outside did not show, so the capture shows nothing',
        },
      ],
      {
        ja: `起動から終了まで外へのパケットは 0(ARP・近隣探索 ${left.neighbourhood} 個は別)。外へ通信するプログラムは見えた: ${some(seen)}`,
        en: `from start to end no packet left (ARP and neighbour discovery apart: ${left.neighbourhood}); the program that does talk outside was seen: ${some(seen)}`,
      },
    );
  },
};
