// One colour means one thing throughout the report. The hues are those of Okabe and Ito, which colour-blind readers can
// tell apart (M. Okabe, K. Ito: Color Universal Design, 2008); tiers are one hue from light to dark.

export const INK = '#1b1f24';
export const FAINT = '#6a737d';
export const RULE = '#d8dee4';
export const TARGET = '#b3261e';

export const BLUE = '#0072b2';
export const SKY = '#56b4e9';
export const GREEN = '#009e73';
export const ORANGE = '#e69f00';
export const VERMILION = '#d55e00';
export const PURPLE = '#cc79a7';
export const GREY = '#8a8f98';

const TIER_COLOURS: Readonly<Record<string, string>> = {
  '10Mbps': '#9ecae1',
  '50Mbps': '#6baed6',
  '100Mbps': '#4292c6',
  '200Mbps': '#2171b5',
  '300Mbps': '#0b559f',
  '500Mbps': '#083d7f',
  '1Gbps': '#04214a',
};

const PEER_COLOURS: Readonly<Record<string, string>> = {
  us: BLUE,
  direct: GREY,
  nginx: GREEN,
  haproxy: ORANGE,
  nginxWebSocket: '#66c2a5',
  ws: VERMILION,
  websockify: SKY,
  meshcentral: PURPLE,
};

const PROCESS_COLOURS: Readonly<Record<string, string>> = {
  gateway: BLUE,
  broker: GREEN,
  replay: ORANGE,
  load: VERMILION,
  link: SKY,
  bench: GREY,
};

export const tierColour = (tier: string): string => TIER_COLOURS[tier] ?? GREY;
export const peerColour = (peer: string): string => PEER_COLOURS[peer] ?? GREY;
export const processColour = (name: string): string => PROCESS_COLOURS[name] ?? PURPLE;
