/** How fast labels come: seconds a label, by person, and the labels of each hour as a sparkline. */
import { count, counted } from "../core/format.ts";
import type { components } from "../types.ts";

type Found = components["schemas"]["PaceInfo"];

const WIDTH = 480;
const HEIGHT = 56;

export function Pace({ pace }: { pace: Found }) {
  return (
    <>
      {pace.median === null ? (
        <p class="quiet">Not enough yet: no label was timed. Those given in this app are.</p>
      ) : (
        <>
          <p class="sentence">
            <strong>{seconds(pace.median)}</strong> a label <span class="quiet">(median of {counted(pace.n, "timed label")}, pauses left out)</span>
          </p>
          <ul class="plain">
            {pace.people.map((one) => (
              <li key={one.who}>
                {one.who || "somebody"} <strong>{seconds(one.median)}</strong>{" "}
                <span class="quiet small">{`half of them ${seconds(one.low)} – ${seconds(one.high)}, n ${count(one.n)}`}</span>
              </li>
            ))}
          </ul>
        </>
      )}
      {pace.until !== null && <Hours hours={pace.hours} until={pace.until} />}
    </>
  );
}

const seconds = (value: number | null): string => (value === null ? "–" : `${value < 10 ? value.toFixed(1) : count(value)} s`);

function Hours({ hours, until }: { hours: readonly number[]; until: number }) {
  const most = Math.max(1, ...hours);
  const wide = WIDTH / hours.length;
  const last = new Date(until).toLocaleString([], { weekday: "short", hour: "2-digit", minute: "2-digit" });
  return (
    <figure class="hours">
      <svg viewBox={`0 0 ${WIDTH} ${HEIGHT}`} role="img" aria-label={`Labels in each of the 24 hours up to ${last}: at most ${count(most)}`}>
        {hours.map((n, at) => {
          const high = n > 0 ? Math.max(2, ((HEIGHT - 2) * n) / most) : 1;
          return <rect key={at} class={n > 0 ? "hour" : "hour none"} x={at * wide + 1} y={HEIGHT - high} width={wide - 2} height={high} />;
        })}
      </svg>
      <figcaption class="quiet small">
        Labels in each hour, the last 24 up to {last}; at most {count(most)}.
      </figcaption>
    </figure>
  );
}
