// npm run agent: the municipality's administrator at the office side, talking to the running agent's Unix socket.
import * as z from 'zod';
import { parseArguments } from '#platform/process/args.ts';
import { Failure, runCommand } from '#platform/process/exit.ts';
import { callLocal } from '#platform/process/local-call.ts';

const USAGE = `
npm run agent -- COMMAND [options]      Pairing and state of a running agent (office side)

  pair --user ID [--desktop ID] [--add]   issue a pairing code: 15 minutes, 5 tries; --add keeps what was paired before
  pair --list                             the devices and passkeys that are paired
  pair --revoke --user ID [--desktop ID]  unpair the user's devices and passkeys, and end their sessions
  status                                  desktops, sessions, the fingerprint of the agent's key, and whether agent.json can be used

  --socket FILE   the agent's socket (default var/agent/agent.sock)
  --json          print one object
`;

const issued = z.object({ code: z.string(), expiresAt: z.number(), fingerprint: z.string() });
const whose = { user: z.string(), desktop: z.string(), pairedAt: z.number(), expiresAt: z.number() };
const listed = z.object({
  pairings: z.array(
    z.discriminatedUnion('kind', [
      z.object({ kind: z.literal('device-key'), ...whose }),
      z.object({ kind: z.literal('passkey'), ...whose, rpId: z.string(), backedUp: z.boolean() }),
    ]),
  ),
});
type Listed = z.infer<typeof listed>['pairings'][number];
const state = z.object({
  desktops: z.array(z.string()),
  configuration: z.string(),
  broker: z.string(),
  fingerprint: z.string(),
  sessions: z.array(z.object({ session: z.string(), desktop: z.string(), user: z.string() })),
});

await runCommand(async () => {
  const { values, positionals } = parseArguments(
    USAGE,
    {
      user: { type: 'string' },
      desktop: { type: 'string' },
      add: { type: 'boolean', default: false },
      list: { type: 'boolean', default: false },
      revoke: { type: 'boolean', default: false },
      socket: { type: 'string', default: 'var/agent/agent.sock' },
      json: { type: 'boolean', default: false },
    },
    { positionals: 1 },
  );
  const call = (name: string, body: object | null = null) => callLocal(values.socket, name, body);
  const show = (answer: unknown, text: string) =>
    process.stdout.write(values.json ? `${JSON.stringify(answer)}\n` : `${text}\n`);

  switch (positionals[0]) {
    case 'pair': {
      if (values.list) {
        const answer = listed.parse(await call('list'));
        return void show(
          answer,
          answer.pairings.map(row).join('\n') || '登録された端末はありません。/ No device is paired.',
        );
      }
      if (!values.user) throw new Failure('pair: --user is missing; --help shows the usage', 2);
      const desktop = values.desktop ?? (await onlyDesktop(call));
      if (values.revoke) {
        const answer = z.object({ removed: z.number() }).parse(await call('revoke', { user: values.user, desktop }));
        return void show(answer, `取り消しました / revoked: ${answer.removed}`);
      }
      const answer = await call('pair', { user: values.user, desktop, add: values.add });
      const { code, expiresAt, fingerprint } = issued.parse(answer);
      return void show(
        answer,
        `端末登録コード / pairing code: ${code}\n` +
          `有効期限 / valid until: ${new Date(expiresAt).toISOString()}\n` +
          `鍵の指紋 / agent key: ${fingerprint}`,
      );
    }
    case 'status': {
      const answer = await call('status');
      const { configuration, desktops, broker, fingerprint, sessions } = state.parse(answer);
      const lines = [`configuration: ${configuration}`, `broker: ${broker}`, `agent key: ${fingerprint}`];
      for (const desktop of desktops) lines.push(`desktop: ${desktop}`);
      for (const session of sessions) lines.push(`session: ${session.session} ${session.user} ${session.desktop}`);
      return void show(answer, lines.join('\n'));
    }
    default:
      throw new Failure(`unknown command "${positionals[0] ?? ''}"; --help shows the usage`, 2);
  }
});

/** @throws Failure where the agent serves several, since guessing would pair the wrong one */
async function onlyDesktop(call: (name: string) => Promise<unknown>): Promise<string> {
  const { desktops } = state.parse(await call('status'));
  const [only, second] = desktops;
  if (!only || second) throw new Failure(`pair: --desktop is missing; there are ${desktops.join(', ')}`, 2);
  return only;
}

function row(pairing: Listed): string {
  const { user, desktop, pairedAt, expiresAt } = pairing;
  return `${user}  ${desktop}  ${day(pairedAt)} – ${day(expiresAt)}  ${kindOf(pairing)}`;
}

function kindOf(pairing: Listed): string {
  if (pairing.kind === 'device-key') return '端末の鍵 / device key';
  const kind = pairing.backedUp ? 'パスキー(同期あり)/ passkey, synced' : 'パスキー / passkey';
  return `${kind} (${pairing.rpId})`;
}

function day(ms: number): string {
  return new Date(ms).toISOString().slice(0, 10);
}
