// The closed list of metrics. What is not in a row cannot be exposed; docs/metrics.md has the same rows, and a test
// holds both against what the processes really answer.
//
// No label names a user, a session, a desktop or an address: metrics leave the process for a monitor that has no
// right to know who works when (G2), and each such label would grow the monitor's memory without an end. The
// municipality is the finest grain there is; an operator who has to know more asks the audit log.

export type ProcessName = 'gateway' | 'broker' | 'agent';

export interface MetricRow {
  readonly type: 'counter' | 'gauge' | 'histogram';
  readonly labels: readonly string[];
  /** The processes that have it. */
  readonly of: readonly ProcessName[];
  readonly help: string;
}

const EVERY: readonly ProcessName[] = ['gateway', 'broker', 'agent'];
const RELAYS: readonly ProcessName[] = ['gateway', 'broker'];

export const METRICS = {
  telework_sessions_opening: { type: 'gauge', labels: [], of: EVERY, help: 'Sessions that are being opened.' },
  telework_sessions_live: { type: 'gauge', labels: ['municipality'], of: EVERY, help: 'Sessions in use.' },
  telework_session_ends_total: {
    type: 'counter',
    labels: ['code'],
    of: EVERY,
    help: 'Sessions that have ended, by the code that both sides were told.',
  },
  telework_relayed_bytes_total: {
    type: 'counter',
    labels: ['municipality', 'direction', 'lane'],
    of: RELAYS,
    help: 'Bytes of sealed records that were passed on, header and tag included.',
  },
  telework_relayed_records_total: {
    type: 'counter',
    labels: ['municipality', 'direction', 'lane'],
    of: RELAYS,
    help: 'Sealed records that were passed on.',
  },
  telework_relay_residence_seconds: {
    type: 'histogram',
    labels: ['direction'],
    of: RELAYS,
    help: 'From a record read until the kernel took it, of one record in sixteen; at the broker with its wait for the line.',
  },
  telework_refusals_total: {
    type: 'counter',
    labels: ['code'],
    of: EVERY,
    help: 'Refusals in the audit log, by the code that the other side was told.',
  },
  telework_http_refusals_total: {
    type: 'counter',
    labels: ['code'],
    of: ['gateway'],
    help: 'Requests and upgrades that the doors refused, whether the audit log has them or not.',
  },
  telework_connections: {
    type: 'gauge',
    labels: ['listener', 'state'],
    of: RELAYS,
    help: 'TCP connections of a listener (user, enrolment, admin; hop, agent): known, or strangers, whose number is limited.',
  },
  telework_sign_ins_total: {
    type: 'counter',
    labels: ['factor', 'outcome'],
    of: ['gateway'],
    help: 'Tries to sign in, by the second factor shown, users and administrators: succeeded, refused, later (back-off or locked), failed (our own fault).',
  },
  telework_control_links: {
    type: 'gauge',
    labels: ['peer'],
    of: EVERY,
    help: 'Control links that are up, by the kind of the other end.',
  },
  telework_desktops_online: {
    type: 'gauge',
    labels: ['municipality'],
    of: ['broker'],
    help: 'Desktops that their agents announce now.',
  },
  telework_line_bytes_per_second: {
    type: 'gauge',
    labels: ['direction'],
    of: ['broker'],
    help: 'What is contracted for the line to LGWAN, wire bytes.',
  },
  telework_line_sent_bytes_total: {
    type: 'counter',
    labels: ['municipality', 'direction'],
    of: ['broker'],
    help: 'Wire bytes that have left on the line: WebSocket, TLS, TCP and IP headers included.',
  },
  telework_line_arrived_bytes_total: {
    type: 'counter',
    labels: ['municipality', 'direction'],
    of: ['broker'],
    help: 'Wire bytes that have come in for the line.',
  },
  telework_line_used_ratio: {
    type: 'gauge',
    labels: ['municipality', 'direction'],
    of: ['broker'],
    help: 'Part of the line that was used in the last whole second.',
  },
  telework_line_share_ratio: {
    type: 'gauge',
    labels: ['municipality', 'bound'],
    of: ['broker'],
    help: 'Part of the line that is guaranteed to a municipality, and its ceiling.',
  },
  telework_queue_bytes: {
    type: 'gauge',
    labels: ['municipality', 'direction'],
    of: ['broker'],
    help: 'Wire bytes that wait for their turn on the line.',
  },
  telework_queue_oldest_seconds: {
    type: 'gauge',
    labels: ['municipality', 'direction'],
    of: ['broker'],
    help: 'How long the record has waited that waits longest now.',
  },
  telework_queue_age_seconds: {
    type: 'histogram',
    labels: ['direction'],
    of: ['broker'],
    help: 'How long each record waited for its turn on the line.',
  },
  telework_usage_unwritten_seconds: {
    type: 'gauge',
    labels: [],
    of: ['broker'],
    help: 'How long metered usage has been waiting for a state that cannot be written; 0 while all is well.',
  },
  telework_window_bytes: {
    type: 'gauge',
    labels: ['municipality'],
    of: ['agent'],
    help: 'What may be under way to the clients before they acknowledge, all sessions together.',
  },
  telework_in_flight_bytes: {
    type: 'gauge',
    labels: ['municipality'],
    of: ['agent'],
    help: 'What is under way to the clients and not acknowledged yet, all sessions together.',
  },
  telework_send_rate_bytes_per_second: {
    type: 'gauge',
    labels: ['municipality'],
    of: ['agent'],
    help: 'What the sessions have last found the path to carry, all together.',
  },
  telework_round_trip_seconds: {
    type: 'gauge',
    labels: ['municipality', 'of'],
    of: ['agent'],
    help: 'From a record sent to its acknowledgement, our own queues included: the newest, by session.',
  },
  telework_round_trip_shortest_seconds: {
    type: 'gauge',
    labels: ['municipality', 'of'],
    of: ['agent'],
    help: 'The shortest of the latest round trips, by session: the path without queues.',
  },
  telework_screen_updates_total: {
    type: 'counter',
    labels: ['municipality'],
    of: ['agent'],
    help: 'FramebufferUpdates sent.',
  },
  telework_stale_tiles_total: {
    type: 'counter',
    labels: ['municipality'],
    of: ['agent'],
    help: 'Tiles that changed again before their older picture had gone, which was then never sent.',
  },
  telework_encoded_tiles_total: {
    type: 'counter',
    labels: ['municipality'],
    of: ['agent'],
    help: 'Tiles encoded.',
  },
  telework_encoded_bytes_total: {
    type: 'counter',
    labels: ['municipality'],
    of: ['agent'],
    help: 'Bytes that encoded tiles became.',
  },
  telework_encode_seconds_total: {
    type: 'counter',
    labels: ['municipality'],
    of: ['agent'],
    help: 'Time that encoder threads were busy, all together.',
  },
  telework_audit_healthy: {
    type: 'gauge',
    labels: [],
    of: EVERY,
    help: '1 while the audit log can be written and the collector keeps up; at 0 no new session starts.',
  },
  telework_audit_behind_seconds: {
    type: 'gauge',
    labels: [],
    of: EVERY,
    help: 'Age of the oldest audit event of which the collector has given no receipt; 0 without a collector.',
  },
  telework_audit_behind_bytes: {
    type: 'gauge',
    labels: [],
    of: EVERY,
    help: 'Audit events of which the collector has given no receipt; 0 without a collector.',
  },
  telework_valid_seconds: {
    type: 'gauge',
    labels: ['files', 'what'],
    of: EVERY,
    help: 'Until a certificate, its authorities or their revocation lists run out; 0 for files that cannot be used.',
  },
} as const satisfies Record<string, MetricRow>;

export type MetricName = keyof typeof METRICS;
export type LabelsOf<N extends MetricName> = (typeof METRICS)[N]['labels'][number];
/** The names of one type. */
export type NameOf<T extends MetricRow['type']> = {
  [N in MetricName]: (typeof METRICS)[N]['type'] extends T ? N : never;
}[MetricName];

/** What prom-client tells of any Node process; in the list too, so that a new version of it adds nothing unseen. */
export const NODE_METRICS: readonly string[] = [
  'process_cpu_user_seconds_total',
  'process_cpu_system_seconds_total',
  'process_cpu_seconds_total',
  'process_start_time_seconds',
  'process_resident_memory_bytes',
  'process_virtual_memory_bytes',
  'process_heap_bytes',
  'process_open_fds',
  'process_max_fds',
  'nodejs_eventloop_lag_seconds',
  'nodejs_eventloop_lag_min_seconds',
  'nodejs_eventloop_lag_max_seconds',
  'nodejs_eventloop_lag_mean_seconds',
  'nodejs_eventloop_lag_stddev_seconds',
  'nodejs_eventloop_lag_p50_seconds',
  'nodejs_eventloop_lag_p90_seconds',
  'nodejs_eventloop_lag_p99_seconds',
  'nodejs_active_resources',
  'nodejs_active_resources_total',
  'nodejs_active_handles',
  'nodejs_active_handles_total',
  'nodejs_active_requests',
  'nodejs_active_requests_total',
  'nodejs_heap_size_total_bytes',
  'nodejs_heap_size_used_bytes',
  'nodejs_external_memory_bytes',
  'nodejs_heap_space_size_total_bytes',
  'nodejs_heap_space_size_used_bytes',
  'nodejs_heap_space_size_available_bytes',
  'nodejs_version_info',
  'nodejs_gc_duration_seconds',
];
