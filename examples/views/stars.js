/**
 * A view for `querist label STUDY --view stars.js`: shows a review, and asks for stars.
 *
 * For a study whose classes are in order, from few stars to many: `querist new reviews.querist reviews.csv --labels 1,2,3,4,5`.
 * What an item holds reaches the page as text only (`textContent`): a view never makes HTML of it.
 */

/** The view shows the classes itself: no class buttons below it. The number keys work all the same. */
export const drawsLabels = true;

/** What the page of keys (`?`) tells of this view. */
export const keys = [{ key: "← →", hint: "fewer or more stars" }];

export function mount(host, { item, label, schema, onChange }) {
  const names = schema.labels ?? [];
  const suggested = names.indexOf(item.suggestion?.label);
  let chosen = names.indexOf(label);

  const text = make("p", "stars-text", item.data.text ?? "");
  text.dir = "auto";
  const row = make("div", "stars-row");
  row.setAttribute("role", "radiogroup");
  row.setAttribute("aria-label", "Stars");
  const stars = names.map((name, at) => row.appendChild(star(name, () => choose(at))));
  const page = make("div", "stars");
  page.append(text, row);
  host.replaceChildren(page);
  paint();

  // The shell hears a key after the view: `preventDefault` says that the view has used it.
  const heard = (event) => {
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (!step || event.ctrlKey || event.metaKey || event.altKey || event.target.closest("input, textarea, dialog")) return;
    event.preventDefault();
    choose(Math.min(names.length - 1, Math.max(0, chosen + step)));
  };
  document.addEventListener("keydown", heard, { capture: true });

  function choose(at) {
    chosen = at;
    paint();
    onChange(names[at]); // Enter records it
  }

  function paint() {
    stars.forEach((button, at) => {
      button.textContent = at <= chosen ? "★" : "☆";
      button.setAttribute("aria-checked", String(at === chosen));
      button.classList.toggle("suggested", chosen < 0 && at <= suggested);
    });
  }

  return {
    destroy() {
      document.removeEventListener("keydown", heard, { capture: true });
      host.replaceChildren();
    },
    set(given) {
      chosen = names.indexOf(given);
      paint();
    },
  };
}

function star(name, pressed) {
  const button = make("button", "stars-star");
  button.type = "button";
  button.setAttribute("role", "radio");
  button.setAttribute("aria-label", String(name));
  button.addEventListener("click", pressed);
  return button;
}

function make(tag, className, text = "") {
  const made = document.createElement(tag);
  made.className = className;
  made.textContent = text;
  return made;
}

// The page allows no style in HTML; a style sheet made by a script is allowed. Its colours are those of the app.
const sheet = new CSSStyleSheet();
sheet.replaceSync(`
  .stars { display: grid; gap: 32px; align-content: center; justify-items: center; min-height: 100%; padding: 32px; }
  .stars-text { max-width: 30em; margin: 0; font-size: 24px; line-height: 38px; white-space: pre-wrap; }
  .stars-row { display: flex; gap: 4px; }
  .stars-star { width: 56px; height: 56px; border: 0; background: none; color: var(--accent); font-size: 40px; cursor: pointer; }
  .stars-star.suggested { text-decoration: underline dotted 2px; text-underline-offset: 8px; }
`);
document.adoptedStyleSheets = [...document.adoptedStyleSheets, sheet];
