// What the proofs of this topic share: a whole system, its user signed in and paired, and desktops that are the run's own, so
// that it knows their pixels and sees which keys reach them.
import { randomBytes } from 'node:crypto';
import { audited } from '#lab/audit-log.ts';
import { enrol, type Person } from '#lab/person.ts';
import { type RecordingVnc, startRecordingVnc } from '#lab/recording-vnc.ts';
import { AGENT, bringUp, MUNICIPALITY, type System } from '#lab/system.ts';
import type { Stage } from '../proof.ts';
import { type Client, signInClient } from './client.ts';
import { type Workday, workday } from './workday.ts';

export interface Secrecy {
  readonly system: System;
  readonly person: Person;
  readonly client: Client;
  /** By name. */
  readonly desktops: ReadonlyMap<string, OwnDesktop>;
  /** Of the spare ones another each time: an agent takes 12 offers a minute for one desktop. */
  nextDesktop(): OwnDesktop;
  /** Waits until both ends and the gateway have let go of it. */
  over(session: string): Promise<void>;
  /** One session at work, searched for live and afterwards; made at the first call. */
  workday(folder: string): Promise<Workday>;
}

export interface OwnDesktop {
  /** As the client asks for it. */
  readonly id: string;
  readonly vnc: RecordingVnc;
  readonly width: number;
  readonly height: number;
  /** R, G, B, 0 for each pixel. */
  readonly picture: Buffer;
}

/** A3 asks for three resolutions. */
export const SIZES: Readonly<Record<string, readonly [width: number, height: number]>> = {
  small: [800, 600],
  middle: [1280, 800],
  large: [1920, 1080],
};
const SPARE = 8;
const SPARE_SIZE = [400, 300] as const;
/** A part of each picture is noise: bytes that stand nowhere else in the world. */
const NOISE_SIDE = 128;

export const SECRECY: Stage<Secrecy> = {
  name: 'secrecy',
  async up(folder, signal) {
    const desktops = new Map<string, OwnDesktop>();
    const spares = Array.from({ length: SPARE }, (_, i) => [`spare-${i}`, SPARE_SIZE] as const);
    for (const [name, [width, height]] of [...Object.entries(SIZES), ...spares]) {
      const picture = pictureOf(width, height);
      const vnc = await startRecordingVnc({ width, height, picture });
      desktops.set(name, { id: `${MUNICIPALITY}/${AGENT}/${name}`, vnc, width, height, picture });
    }
    const specs = [...desktops].map(([name, { vnc }]) => ({ name, kind: 'vnc' as const, address: vnc.address }));
    const system = await bringUp({ folder, desktops: specs, port: 0, page: null, signal });
    const person = await enrol(system, 'tanaka', '田中太郎');
    const client = await signInClient(system, person);
    for (const { id } of desktops.values()) await client.pair(id);

    let turn = 0;
    let work: Promise<Workday> | null = null;
    const stage: Secrecy = {
      ...{ system, person, client, desktops },
      nextDesktop: () => desktops.get(`spare-${turn++ % SPARE}`) as OwnDesktop,
      async over(session) {
        await audited(system, 'agent', 'session-ended', { session });
        await audited(system, 'gateway', 'relay-ended', { session });
      },
      workday(artefacts) {
        work ??= workday({ ...stage, desktop: stage.desktops.get('middle') as OwnDesktop }, artefacts);
        return work;
      },
    };
    return stage;
  },
  async down({ system, client, desktops }) {
    client.close();
    await system.stop();
    for (const { vnc } of desktops.values()) vnc.close();
  },
};

/** Paper, grey lines on it, and a field of noise in the middle. */
function pictureOf(width: number, height: number): Buffer {
  const picture = Buffer.alloc(4 * width * height, 0xf0);
  for (let y = 0; y < height; y += 24) picture.fill(0x50, 4 * y * width, 4 * (y + 1) * width);
  const [left, top] = [(width - NOISE_SIDE) >> 1, (height - NOISE_SIDE) >> 1];
  for (let y = top; y < top + NOISE_SIDE; y++) randomBytes(4 * NOISE_SIDE).copy(picture, 4 * (y * width + left));
  for (let at = 3; at < picture.length; at += 4) picture[at] = 0;
  return picture;
}
