// One event as a syslog message (RFC 5424) in its frame (RFC 5425 §4.3):
//
//   MSG-LEN SP <PRI>1 SP TIMESTAMP SP HOSTNAME SP APP-NAME SP - SP MSGID SP - SP BOM MSG
//
// MSG-LEN counts bytes, so nothing inside can end a message early or begin another one (G6). MSG is the line of the log,
// byte for byte: what a collector stores verifies as the log itself does. It is UTF-8, so the BOM stands before it (§6.4).
// PROCID is nil, since a line may be of an earlier life of the process. STRUCTURED-DATA is nil: an SD-ID of one's own needs
// an IANA enterprise number (§7), and source, sequence and digest stand in MSG.
import type { EventName } from '../events.ts';
import type { Line } from '../line.ts';

/** "log audit" (RFC 5424 §6.2.1). */
const FACILITY = 13;
const SEVERITY = { alert: 1, warning: 4, informational: 6 } as const;

/** What somebody should look at now. */
const ALERTS: ReadonlySet<string> = new Set<EventName>(['events-lost', 'torn-write-removed', 'shipping-overdue']);
const WARNINGS =
  /-(?:refused|revoked|violation|attempt|locked|suspended|lost|failed|malformed|ignored|disabled|withdrawn|reset)$/;

/** Every receiver takes that much (RFC 5425 §4.3.1); a test shows that no event of ours becomes longer. */
export const MESSAGE_MAX_BYTES = 8_192;

const BOM = '\ufeff';
const NOT_PRINTABLE = /[^\x21-\x7e]/g;

/**
 * @param line what `bytes` say
 * @param bytes the line in the log, without its newline
 * @param host of this machine
 */
export function syslogFrame({ time, source, event }: Line, bytes: Buffer, host: string): Buffer {
  const [program = ''] = source.split('/');
  const header = [
    `<${FACILITY * 8 + severityOf(event)}>1`,
    time,
    headerField(host, 255),
    headerField(`telework-${program}`, 48),
    '-',
    headerField(event, 32),
    '-',
  ];
  const message = Buffer.concat([Buffer.from(`${header.join(' ')} ${BOM}`, 'utf8'), bytes]);
  return Buffer.concat([Buffer.from(`${message.length} `, 'latin1'), message]);
}

function severityOf(event: string): number {
  if (ALERTS.has(event)) return SEVERITY.alert;
  return WARNINGS.test(event) ? SEVERITY.warning : SEVERITY.informational;
}

/** Printable ASCII of a length (§6.2), whatever a host is called; "-" stands for nothing. */
function headerField(text: string, max: number): string {
  return text.replace(NOT_PRINTABLE, '?').slice(0, max) || '-';
}
