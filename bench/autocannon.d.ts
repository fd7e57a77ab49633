// The parts of autocannon 9 that are used here; the package has no types.
declare module 'autocannon' {
  interface Options {
    url: string;
    connections: number;
    overallRate: number;
    /** seconds */
    duration: number;
    tlsOptions: { key: string; cert: string; ca: string[]; servername: string };
  }
  interface Result {
    '2xx': number;
    non2xx: number;
    errors: number;
    latency: { p50: number; p99: number };
  }
  export default function autocannon(options: Options): Promise<Result>;
}
