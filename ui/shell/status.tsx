import type { Session } from "../core/types.ts";

export function Status({ session }: { session: Session }) {
  return <h1>Status of {session.study?.name}</h1>;
}
