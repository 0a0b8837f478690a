import type { Session } from "../core/types.ts";

export function Create({ session }: { session: Session }) {
  return <h1>New study{session.root ? "" : ""}</h1>;
}
