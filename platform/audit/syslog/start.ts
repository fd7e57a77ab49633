// Shipping as a part of a process: what it is made of, what is said at the start, when it stops.
import { watchValidity } from '../../hop/validity.ts';
import type { Log } from '../../process/log.ts';
import type { Life } from '../../process/stop.ts';
import { withList } from './collector.ts';
import type { SyslogConfig } from './config.ts';
import { Position } from './position.ts';
import { Shipping, type ShippingOptions } from './shipping.ts';

interface Shipped extends Pick<ShippingOptions, 'growing' | 'files' | 'audit' | 'now'> {
  /** The file that says how far the collector is. */
  position: string;
  log: Log;
}

/** Call it before whatever closes the log is registered: it stops after that, with the log's last events. */
export function startShipping(
  life: Pick<Life, 'onStop'>,
  config: SyslogConfig,
  { position, log, ...shipped }: Shipped,
): Shipping {
  const listed = withList(config.tls);
  if (!listed) {
    log.warn({ collector: config.host }, 'no revocation list of the collector’s authority is configured');
  }
  const { key, certificate } = config.tls;
  life.onStop(watchValidity(listed ?? { key, certificate }, log, shipped.now));
  const shipping = new Shipping({
    ...{ config, log, ...shipped },
    position: new Position(position, `${config.host}:${config.port}`),
    monotonic: () => performance.now(),
    random: Math.random,
  });
  life.onStop(() => shipping.stop());
  return shipping;
}
