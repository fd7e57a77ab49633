// Plots as SVG inside the page, drawn here by ECharts: no script and no font of another origin is needed to read them.
import { type EChartsOption, init } from 'echarts';
import { type Both, html, Markup, spoken } from '#lab/report/markup.ts';
import { FAINT, INK, RULE, TARGET } from './colours.ts';

const WIDTH = 860;
const HEIGHT = 320;
const FONT = 'system-ui, "Noto Sans JP", "Noto Sans CJK JP", "Hiragino Sans", "Yu Gothic", sans-serif';

export interface Axis {
  name: string;
  log?: boolean;
  min?: number;
  max?: number;
}

/** A value that the plot is read against: the contract, a target. */
export interface Line {
  value: number;
  label: string;
}

export interface Bars {
  name: string;
  /** One for all of them, or one for each category. */
  colour: string | readonly string[];
  values: readonly (number | null)[];
  /** Series of one stack stand on each other. */
  stack?: string;
}

export interface Curve {
  name: string;
  colour: string;
  points: readonly (readonly [x: number, y: number])[];
}

interface Plot {
  title: Both;
  /** What a reader who cannot see the plot needs to know; the numbers themselves stand in a table beside it. */
  description: Both;
  height?: number;
}

export function barChart(
  plot: Plot & { categories: readonly string[]; bars: readonly Bars[]; y: Axis; lines?: readonly Line[] },
): Markup {
  const { categories, bars, y, lines = [] } = plot;
  const stacked = bars.some(({ stack }) => stack);
  const labelled = !stacked && bars.length * categories.length <= 16;
  const values = bars.flatMap((one) => one.values.filter((value) => value !== null));
  const legend = bars.length > 1 ? bars.map(({ name, colour }) => ({ name, colour: String(colour) })) : [];
  return figureOf(plot, legend, {
    grid: GRID,
    xAxis: {
      type: 'category',
      data: [...categories],
      axisTick: { show: false },
      axisLine: AXIS_LINE,
      axisLabel: { ...AXIS_LABEL, interval: 0 },
    },
    // Stacks are higher than any of their values: there the axis is left to grow by itself.
    yAxis: valueAxis(y, stacked ? [] : [...values, ...lines.map(({ value }) => value)]),
    series: bars.map(({ name, colour, values, stack }, index) => ({
      type: 'bar',
      name,
      data: values.map((value, i) => ({
        value: value ?? '-',
        itemStyle: { color: typeof colour === 'string' ? colour : (colour[i] ?? FAINT) },
      })),
      barMaxWidth: 44,
      barGap: '8%',
      ...(stack ? { stack } : {}),
      ...(labelled ? { label: { show: true, position: 'top', fontSize: 10, color: INK, formatter: shortOf } } : {}),
      ...(index === 0 ? { markLine: markLine(lines) } : {}),
    })),
  });
}

export function lineChart(
  plot: Plot & { curves: readonly Curve[]; x: Axis; y: Axis; lines?: readonly Line[] },
): Markup {
  const { curves, x, y, lines = [] } = plot;
  const heights = [
    ...curves.flatMap(({ points }) => points.map(([, value]) => value)),
    ...lines.map(({ value }) => value),
  ];
  return figureOf(plot, curves.length > 1 ? curves : [], {
    grid: { ...GRID, bottom: 48 },
    xAxis: { ...valueAxis(x, []), nameLocation: 'middle', nameGap: 28, splitLine: { show: false } },
    yAxis: valueAxis(y, heights),
    series: curves.map(({ name, colour, points }, index) => ({
      type: 'line',
      name,
      data: points.map(([px, py]) => [px, py]),
      showSymbol: points.length <= 12,
      symbolSize: 6,
      lineStyle: { color: colour, width: 2 },
      itemStyle: { color: colour },
      ...(index === 0 ? { markLine: markLine(lines) } : {}),
    })),
  });
}

/** The legend is HTML: a browser measures text in its own fonts, which the plot's renderer here does not know. */
function figureOf(
  { title, description, height = HEIGHT }: Plot,
  legend: readonly { name: string; colour: string }[],
  option: EChartsOption,
): Markup {
  const svg = svgOf({ animation: false, textStyle: { fontFamily: FONT, color: INK }, ...option }, height);
  const keys = legend.map(({ name, colour }) => html`<li>${swatch(colour)}${name}</li>`);
  return html`<figure>
<figcaption>${spoken(title)}</figcaption>
${keys.length > 0 ? html`<ul class="legend">${keys}</ul>` : null}
<div role="img" aria-label="${`${description.ja} / ${description.en}`}">${svg}</div>
</figure>`;
}

const swatch = (colour: string): Markup =>
  html`<svg width="12" height="12" aria-hidden="true"><rect width="12" height="12" rx="2" fill="${colour}"/></svg>`;

function svgOf(option: EChartsOption, height: number): Markup {
  const chart = init(null, null, { renderer: 'svg', ssr: true, width: WIDTH, height });
  try {
    chart.setOption(option);
    return new Markup(chart.renderToSVGString());
  } finally {
    // Without this the process never ends.
    chart.dispose();
  }
}

const GRID = { left: 64, right: 96, top: 34, bottom: 34 };
const AXIS_LINE = { show: true, lineStyle: { color: FAINT } };
const AXIS_LABEL = { color: INK, fontSize: 11 };

/** @param values that must fit, the targets among them: a target outside of the plot would be no target */
function valueAxis({ name, log = false, min, max }: Axis, values: readonly number[]) {
  const least = Math.min(...values.filter((value) => value > 0));
  const from = log && Number.isFinite(least) ? 10 ** Math.floor(Math.log10(least)) : min;
  const to = max ?? (values.length > 0 && !log ? roundAbove(Math.max(...values)) : undefined);
  return {
    type: log ? ('log' as const) : ('value' as const),
    name,
    nameTextStyle: { color: FAINT, fontSize: 11 },
    splitLine: { show: true, lineStyle: { color: RULE } },
    axisLine: AXIS_LINE,
    axisLabel: AXIS_LABEL,
    // A bar on a logarithmic axis starts at 1 otherwise, and hangs down below it.
    ...(from === undefined ? {} : { min: from, startValue: from }),
    ...(to === undefined ? {} : { max: to }),
  };
}

/** @returns the next of 1, 1.2, 1.5, 2, 2.5, 3, 4, 5, 6, 8 times a power of ten */
function roundAbove(value: number): number {
  if (value <= 0) return 1;
  const power = 10 ** Math.floor(Math.log10(value));
  return power * ([1, 1.2, 1.5, 2, 2.5, 3, 4, 5, 6, 8].find((step) => step * power >= value * 1.02) ?? 10);
}

function markLine(lines: readonly Line[]) {
  return {
    silent: true,
    symbol: 'none',
    lineStyle: { color: TARGET, type: 'dashed' as const, width: 1.5 },
    label: { color: TARGET, fontSize: 10, position: 'end' as const },
    data: lines.map(({ value, label }) => ({ yAxis: value, label: { formatter: label } })),
  };
}

function shortOf({ value }: { value?: unknown }): string {
  return typeof value === 'number' ? Number(value.toPrecision(3)).toLocaleString('en-US') : '';
}
