// Plots as SVG inside the page, drawn here by ECharts: no script and no font of another origin is needed to read them.
import { type EChartsOption, init } from 'echarts';
import { FAINT, INK, RULE, TARGET } from './colours.ts';
import { type Both, html, Markup, spoken } from './markup.ts';

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
  colour: string;
  values: readonly (number | null)[];
  /** Series of one stack stand on each other. */
  stack?: string;
}

export interface Curve {
  name: string;
  colour: string;
  points: readonly (readonly [x: number, y: number])[];
  dashed?: boolean;
  step?: boolean;
}

interface Plot {
  title: Both;
  /** What a reader who cannot see the plot needs to know; the numbers themselves stand in a table beside it. */
  description: Both;
  height?: number;
}

export function barChart(
  plot: Plot & {
    categories: readonly string[];
    bars: readonly Bars[];
    y: Axis;
    lines?: readonly Line[];
    labels?: boolean;
  },
): Markup {
  const { categories, bars, y, lines = [], labels = bars.length * categories.length <= 16 } = plot;
  return figureOf(plot, {
    legend: legend(bars.length),
    grid: grid(y.name),
    xAxis: {
      type: 'category',
      data: [...categories],
      axisTick: { show: false },
      ...axisLook(),
      axisLabel: { ...axisLook().axisLabel, interval: 0 },
    },
    yAxis: valueAxis(y),
    series: bars.map(({ name, colour, values, stack }, index) => ({
      type: 'bar',
      name,
      data: values.map((value) => value ?? '-'),
      itemStyle: { color: colour },
      barMaxWidth: 44,
      barGap: '8%',
      ...(stack ? { stack } : {}),
      ...(labels && !stack
        ? { label: { show: true, position: 'top', fontSize: 10, color: INK, formatter: shortOf } }
        : {}),
      ...(index === 0 ? { markLine: markLine(lines) } : {}),
    })),
  });
}

export function lineChart(
  plot: Plot & { curves: readonly Curve[]; x: Axis; y: Axis; lines?: readonly Line[] },
): Markup {
  const { curves, x, y, lines = [] } = plot;
  return figureOf(plot, {
    legend: legend(curves.length),
    grid: { ...grid(y.name), bottom: 48 },
    xAxis: { ...valueAxis(x), nameLocation: 'middle', nameGap: 28, splitLine: { show: false } },
    yAxis: valueAxis(y),
    series: curves.map(({ name, colour, points, dashed, step }, index) => ({
      type: 'line',
      name,
      data: points.map(([px, py]) => [px, py]),
      showSymbol: points.length <= 12,
      symbolSize: 6,
      ...(step ? { step: 'end' as const } : {}),
      lineStyle: { color: colour, width: 2, type: dashed ? 'dashed' : 'solid' },
      itemStyle: { color: colour },
      ...(index === 0 ? { markLine: markLine(lines) } : {}),
    })),
  });
}

function figureOf({ title, description, height = HEIGHT }: Plot, option: EChartsOption): Markup {
  const svg = svgOf({ animation: false, textStyle: { fontFamily: FONT, color: INK }, ...option }, height);
  return html`<figure>
<figcaption>${spoken(title)}</figcaption>
<div role="img" aria-label="${`${description.ja} / ${description.en}`}">${svg}</div>
</figure>`;
}

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

const legend = (series: number) => ({
  show: series > 1,
  top: 0,
  left: 0,
  itemWidth: 14,
  itemHeight: 10,
  textStyle: { color: INK },
});

const grid = (name: string) => ({ left: name.length > 0 ? 64 : 48, right: 90, top: 48, bottom: 32 });

const axisLook = () => ({
  axisLine: { show: true, lineStyle: { color: FAINT } },
  axisLabel: { color: INK, fontSize: 11 },
});

function valueAxis({ name, log = false, min, max }: Axis) {
  return {
    type: log ? ('log' as const) : ('value' as const),
    name,
    nameTextStyle: { color: FAINT, fontSize: 11 },
    splitLine: { show: true, lineStyle: { color: RULE } },
    ...(min === undefined ? {} : { min }),
    ...(max === undefined ? {} : { max }),
    ...axisLook(),
  };
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
