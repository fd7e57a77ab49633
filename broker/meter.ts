// npm run meter: what each municipality used, what the line costs, and what usage-based charging would bill.
import { parseArguments } from '#platform/process/args.ts';
import { Failure, runCommand } from '#platform/process/exit.ts';
import { meterCsv, meterReport, meterText } from './meter-report.ts';
import { fromConfig, fromSocket } from './meter-source.ts';
import { MONTH } from './usage.ts';

const USAGE = `npm run meter -- [options]      団体ごと・月ごとの利用量と料金 / usage by municipality and month, and what it costs

  --month YYYY-MM   only this month (Japan's own, JST)
  --csv             one line a month and municipality (RFC 4180), for a spreadsheet
  --json            one object

  --socket FILE     the running broker's socket (default var/broker/admin.sock)
  --config FILE     the broker.json of a broker that does not run: its state is read instead`;

await runCommand(async () => {
  const { values } = parseArguments(USAGE, {
    month: { type: 'string' },
    csv: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
    socket: { type: 'string' },
    config: { type: 'string' },
  });
  if (values.csv && values.json) throw new Failure('give --csv or --json, not both; --help shows the usage', 2);
  if (values.socket !== undefined && values.config !== undefined) {
    throw new Failure('give --socket or --config, not both; --help shows the usage', 2);
  }
  if (values.month !== undefined && !MONTH.test(values.month)) {
    throw new Failure('--month must be a month such as 2026-11; --help shows the usage', 2);
  }
  const source = values.config
    ? fromConfig(values.config, Date.now)
    : fromSocket(values.socket ?? 'var/broker/admin.sock');
  try {
    const all = await source.months();
    const wanted = values.month === undefined ? all : all.filter((month) => month === values.month);
    const months = new Map<string, Awaited<ReturnType<typeof source.usage>>>();
    for (const month of wanted) months.set(month, await source.usage(month));
    const report = meterReport(await source.terms(), months);
    if (values.csv) process.stdout.write(meterCsv(report));
    else process.stdout.write(`${values.json ? JSON.stringify(report) : meterText(report)}\n`);
  } finally {
    await source.close();
  }
});
