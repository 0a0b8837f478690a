/** The outbox's shelf in IndexedDB: what one person said of one study, until the server has it. */
import type { Shelf } from "../core/outbox.ts";
import type { Answer } from "../core/types.ts";

interface Row {
  owner: string;
  answer: Answer;
}

const NAME = "querist";
const ROWS = "answers";

/** Open the shelf of `owner` (a study and a person); in a browser that keeps nothing, one that forgets with the page. */
export async function openShelf(owner: string): Promise<Shelf> {
  try {
    return shelfOf(await database(), owner);
  } catch {
    return forgetful;
  }
}

const forgetful: Shelf = {
  all: async () => [],
  put: async () => undefined,
  remove: async () => undefined,
};

function database(): Promise<IDBDatabase> {
  const request = indexedDB.open(NAME, 1);
  request.onupgradeneeded = () => {
    const rows = request.result.createObjectStore(ROWS, { autoIncrement: true });
    rows.createIndex("uid", "answer.uid");
  };
  return settled(request);
}

function settled<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

function shelfOf(db: IDBDatabase, owner: string): Shelf {
  const rows = (mode: IDBTransactionMode) => db.transaction(ROWS, mode).objectStore(ROWS);
  return {
    async all() {
      const kept = (await settled(rows("readonly").getAll())) as Row[];
      return kept.filter((row) => row.owner === owner).map((row) => row.answer);
    },
    async put(answer) {
      await settled(rows("readwrite").add({ owner, answer } satisfies Row));
    },
    async remove(uids) {
      const store = rows("readwrite");
      await Promise.all(uids.map((uid) => removeRow(store, uid)));
    },
  };
}

async function removeRow(store: IDBObjectStore, uid: string): Promise<void> {
  const key = await settled(store.index("uid").getKey(uid));
  if (key !== undefined) await settled(store.delete(key));
}
