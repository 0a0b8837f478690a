/** The reliability plot: how often the model is right where it is so sure, before and after tempering. */
import { linePath, scale } from "../core/chart.ts";
import type { Scale } from "../core/chart.ts";
import { percent } from "../core/format.ts";
import type { components } from "../types.ts";

type Both = components["schemas"]["Reliabilities"];
type One = components["schemas"]["ReliabilityInfo"];

const SIDE = 320;
const EDGE = { left: 48, right: 12, top: 12, bottom: 44 };
const y = scale([0, 1], [SIDE - EDGE.bottom, EDGE.top]);

export function Reliability({ found }: { found: Both | null }) {
  if (!found) return <p class="quiet">Not enough yet. It needs 30 answered audit items, and a model that gives probabilities.</p>;
  const shown = [found.raw && (["before", found.raw] as const), found.tempered && (["after", found.tempered] as const)].filter((one) => one !== null);
  const floor = shown.every(([, one]) => one.bins.every((bin) => bin.confidence >= 0.5)) ? 0.5 : 0;
  const x = scale([floor, 1], [EDGE.left, SIDE - EDGE.right]);
  const said = shown.map(([name, one]) => `calibration error ${percent(one.ece, 1)} ${name} tempering`).join(", ");
  return (
    <figure class="curve reliability">
      <svg viewBox={`0 0 ${SIDE} ${SIDE}`} role="img" aria-label={said}>
        {[0, 0.5, 1].map((value) => (
          <g key={value}>
            <line class="rule" x1={x(floor)} x2={x(1)} y1={y(value)} y2={y(value)} />
            <text class="tick" x={x(floor) - 8} y={y(value) + 4} text-anchor="end">
              {percent(value)}
            </text>
            <text class="tick" x={x(floor + value * (1 - floor))} y={SIDE - EDGE.bottom + 18} text-anchor={value === 1 ? "end" : "middle"}>
              {percent(floor + value * (1 - floor))}
            </text>
          </g>
        ))}
        <text class="tick" x={(x(floor) + x(1)) / 2} y={SIDE - 4} text-anchor="middle">
          how sure it is
        </text>
        <line class="ideal" x1={x(floor)} y1={y(floor)} x2={x(1)} y2={y(1)} />
        {shown.map(([name, one]) => (
          <Line key={name} one={one} name={name} x={x} />
        ))}
      </svg>
      <figcaption class="small">
        {shown.map(([name, one]) => (
          <p key={name}>
            <span class={`key ${name}`} aria-hidden="true" /> {name} tempering: calibration error <strong>{percent(one.ece, 1)}</strong>
          </p>
        ))}
        <p class="quiet">
          Share right (y) of {shown[0]![1].n} audit items in {shown[0]![1].bins.length} bins, with intervals; on the thin line it is exactly as sure as it is right. With so few items a perfect model
          would show {percent(shown[0]![1].by_chance, 1)}.
        </p>
      </figcaption>
    </figure>
  );
}

function Line({ one, name, x }: { one: One; name: string; x: Scale }) {
  const points = one.bins.map((bin) => ({ x: bin.confidence, y: bin.right, low: bin.low, high: bin.high }));
  return (
    <g class={`series ${name}`}>
      {name === "after" && points.map((point, at) => <line key={at} class="whisker" x1={x(point.x)} x2={x(point.x)} y1={y(point.low)} y2={y(point.high)} />)}
      <path class="line" d={linePath(points, x, y)} />
      {points.map((point, at) => (
        <circle key={at} class="point" cx={x(point.x)} cy={y(point.y)} r={3.5} />
      ))}
    </g>
  );
}
