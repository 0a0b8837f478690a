/** Lines about what went wrong: they cover nothing, stop nothing, and go when it is mended. */
import { counted, labelText } from "../core/format.ts";
import { ApiError } from "./api.ts";
import { dismiss, failure, flush, kept, refused, said, trouble, unsent } from "./desk.ts";
import { training } from "./facts.ts";

export function Notices({ study }: { study: string }) {
  return (
    <div class="notices">
      <p class="hidden-text" role="status">
        {said.value}
      </p>
      <div role="alert">
        {trouble.value !== null && <Trouble study={study} />}
        {failure.value && <p class="notice">{failure.value}</p>}
        {training.value.state === "failed" && (
          <p class="notice">
            Training failed: {training.value.message} The model before it goes on. <a href="#/status">Show the log</a>
          </p>
        )}
        <RefusedAnswers />
      </div>
    </div>
  );
}

function Trouble({ study }: { study: string }) {
  const ended = trouble.value instanceof ApiError && trouble.value.status === 401;
  return (
    <p class="notice">
      {ended
        ? `This session has ended. Run: querist label ${study} --url, and open the link in this browser. `
        : "The server cannot be reached. You can go on. "}
      {counted(unsent.value, "answer")} kept {kept.value ? "in this browser" : "until this page is closed"}, sent when it is back.{" "}
      <button class="link-button" onClick={flush}>
        Try now
      </button>
    </p>
  );
}

function RefusedAnswers() {
  return (
    <>
      {refused.value.map(({ answer, error }) => (
        <p class="notice" key={answer.uid}>
          Not recorded: {answer.kind === "label" ? labelText(answer.label) : answer.kind} for {answer.item}. {error}{" "}
          <button class="link-button" onClick={() => dismiss(answer.uid)}>
            Dismiss
          </button>
        </p>
      ))}
    </>
  );
}
