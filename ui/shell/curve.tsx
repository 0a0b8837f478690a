/** The learning curve of the audit items: a line with the band of its intervals, drawn as SVG, and the same in numbers. */
import type { Banded } from "../core/chart.ts";
import { bandPath, linePath, scale, shareFloor, ticks } from "../core/chart.ts";
import { count, percent } from "../core/format.ts";
import type { components } from "../types.ts";

type CurvePoint = components["schemas"]["CurvePoint"];
type Ahead = components["schemas"]["Ahead"];

const WIDTH = 960;
const HEIGHT = 300;
const EDGE = { left: 56, right: 132, top: 16, bottom: 44 };

interface Given {
  points: readonly CurvePoint[];
  metric: string;
  /** What is forecast for labels to come; empty where no curve fits yet. */
  ahead: readonly Ahead[];
}

export function Curve({ points, metric, ahead }: Given) {
  if (points.length === 0) return <NotYet />;
  const now = points.at(-1)!.labels;
  return (
    <>
      <Plot
        points={points.map(({ labels, value, low, high }) => ({ x: labels, y: value, low, high }))}
        ahead={ahead.map(({ more, value, low, high }) => ({ x: now + more, y: value, low, high }))}
        metric={metric}
      />
      <details class="numbers">
        <summary>The same in numbers</summary>
        <Numbers points={points} metric={metric} />
      </details>
    </>
  );
}

function NotYet() {
  return (
    <p class="quiet">
      Not enough yet. The model is measured on the audit alone: a share of the items that is picked at random (a small dot marks them), for
      items picked because they are hard would tell too little good of it. The curve begins when enough of them are answered.
    </p>
  );
}

function Plot({ points, ahead, metric }: { points: readonly Banded[]; ahead: readonly Banded[]; metric: string }) {
  const share = isShare(points);
  const low = share ? shareFloor([...points, ...ahead]) : Math.min(0, ...points.map((point) => point.low));
  const high = share ? 1 : Math.max(...points.map((point) => point.high));
  const last = points.at(-1)!;
  const end = ahead.at(-1) ?? last;
  const x = scale([0, end.x], [EDGE.left, WIDTH - EDGE.right]);
  const y = scale([low, high], [HEIGHT - EDGE.bottom, EDGE.top]);
  const words = share ? tenths : plain;
  const said = `${metric} ${words(last.y)} after ${count(last.x)} labels, interval ${words(last.low)} to ${words(last.high)}${foretold(ahead.length > 0, words(end.y), end.x)}`;
  return (
    <figure class="curve">
      <svg viewBox={`0 0 ${WIDTH} ${HEIGHT}`} role="img" aria-label={said}>
        {ticks(low, high).map((value) => (
          <Rule key={value} at={y(value)} words={share ? percent(value) : plain(value)} />
        ))}
        {ticks(0, end.x, 6).map((value) => (
          <text key={value} class="tick" x={x(value)} y={HEIGHT - EDGE.bottom + 20} text-anchor="middle">
            {count(value)}
          </text>
        ))}
        <text class="tick" x={(EDGE.left + WIDTH - EDGE.right) / 2} y={HEIGHT - 4} text-anchor="middle">
          labels
        </text>
        <path class="band" d={bandPath(points, x, y)} />
        <path class="line" d={linePath(points, x, y)} />
        {ahead.length > 0 && <path class="band ahead" d={bandPath([last, ...ahead], x, y)} />}
        {ahead.length > 0 && <path class="line ahead" d={linePath([last, ...ahead], x, y)} />}
        {points.map((point) => (
          <circle key={point.x} class="point" cx={x(point.x)} cy={y(point.y)} r={3} />
        ))}
        {points.length === 1 && <line class="line" x1={x(last.x)} x2={x(last.x)} y1={y(last.low)} y2={y(last.high)} />}
        {ahead.length > 0 && (
          <text class="end" x={x(last.x)} y={y(last.y) - 12} text-anchor="middle">
            {words(last.y)}
          </text>
        )}
        <text class={ahead.length > 0 ? "tick" : "end"} x={x(end.x) + 12} y={y(end.y) + 5}>
          {words(end.y)}
          {ahead.length > 0 && " forecast"}
        </text>
        <text class="tick" x={x(end.x) + 12} y={y(end.y) + 24}>
          {words(end.low)} – {words(end.high)}
        </text>
      </svg>
      <figcaption class="quiet small">
        {capital(metric)} on items picked at random, with its interval.
        {ahead.length > 0 && ` Dotted: what ${count(end.x - last.x)} more labels are expected to bring, by a power law through the models so far (90 % interval).`}
        {low > 0 && ` The axis starts at ${percent(low)}, not at 0.`}
      </figcaption>
    </figure>
  );
}

const foretold = (any: boolean, value: string, labels: number): string => (any ? `; ${value} forecast at ${count(labels)} labels` : "");

function Rule({ at, words }: { at: number; words: string }) {
  return (
    <>
      <line class="rule" x1={EDGE.left} x2={WIDTH - EDGE.right} y1={at} y2={at} />
      <text class="tick" x={EDGE.left - 10} y={at + 4} text-anchor="end">
        {words}
      </text>
    </>
  );
}

function Numbers({ points, metric }: { points: readonly CurvePoint[]; metric: string }) {
  const words = isShare(points) ? tenths : plain;
  return (
    <table class="table">
      <thead>
        <tr>
          <th scope="col">Labels</th>
          <th scope="col">{capital(metric)}</th>
          <th scope="col">Interval</th>
          <th scope="col">Random items</th>
        </tr>
      </thead>
      <tbody>
        {points.map((point) => (
          <tr key={point.labels}>
            <td>{count(point.labels)}</td>
            <td>{words(point.value)}</td>
            <td>
              {words(point.low)} – {words(point.high)}
            </td>
            <td>{count(point.n)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

const isShare = (points: readonly { low: number; high: number }[]): boolean =>
  points.every((point) => point.low >= 0 && point.high <= 1);

const tenths = (value: number): string => percent(value, 1);

const plain = (value: number): string => String(Number(value.toPrecision(3)));

const capital = (word: string): string => word.charAt(0).toUpperCase() + word.slice(1);
