/** Data of one view: read when it opens and when it is asked for again. */

import { useCallback, useEffect, useRef, useState } from "preact/hooks";
import { told } from "./live";

export interface Read<T> {
  readonly data: T | null;
  readonly problem: string | null;
  readonly reading: boolean;
  readonly again: () => void;
}

/** Read anew whenever `key` changes. What was read under another key is not shown under this one. */
export function useRead<T>(key: string, read: () => Promise<T>): Read<T> {
  const [state, setState] = useState<{ key: string; data: T | null; problem: string | null; reading: boolean }>({
    key, data: null, problem: null, reading: true,
  });
  const [turn, setTurn] = useState(0);
  const latest = useRef(read);
  latest.current = read;

  useEffect(() => {
    let gone = false;
    setState((before) => ({ key, data: before.key === key ? before.data : null, problem: null, reading: true }));
    latest.current().then(
      (data) => gone || setState({ key, data, problem: null, reading: false }),
      (error: unknown) => {
        const problem = told(error);
        if (!gone) setState((before) => ({ ...before, problem, reading: false }));
      },
    );
    return () => {
      gone = true;
    };
  }, [key, turn]);

  const again = useCallback(() => setTurn((before) => before + 1), []);
  const current = state.key === key;
  return {
    data: current ? state.data : null,
    problem: current ? state.problem : null,
    reading: !current || state.reading,
    again,
  };
}
