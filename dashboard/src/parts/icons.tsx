/** Icons, drawn for this page on a grid of 16. They are decoration: a word stands beside each. */

import type { ComponentChildren, JSX } from "preact";

interface Shape {
  readonly class?: string;
}

function icon(shape: ComponentChildren) {
  return ({ class: name = "" }: Shape): JSX.Element => (
    <svg class={`icon ${name}`} viewBox="0 0 16 16" aria-hidden="true" focusable="false">
      {shape}
    </svg>
  );
}

export const Check = icon(<><circle cx="8" cy="8" r="6.25" /><path d="M5.2 8.2 7.2 10.2 10.8 6" /></>);
export const Cross = icon(<><path d="M5.4 1.75h5.2l3.65 3.65v5.2l-3.65 3.65H5.4L1.75 10.6V5.4z" /><path d="m6 6 4 4m0-4-4 4" /></>);
export const Late = icon(<><path d="M8 1.9 14.6 13.6H1.4z" /><path d="M8 6.4v3.4M8 11.6v.1" /></>);
export const Turning = icon(<><circle cx="8" cy="8" r="6.25" class="faint" /><path d="M8 1.75A6.25 6.25 0 0 1 14.25 8" class="turns" /></>);
export const Paused = icon(<><circle cx="8" cy="8" r="6.25" /><path d="M6.4 5.6v4.8M9.6 5.6v4.8" /></>);
export const Waiting = icon(<><circle cx="8" cy="8" r="6.25" /><path d="M8 4.6V8l2.2 1.6" /></>);
export const Skipped = icon(<><path d="M8 2 14 8 8 14 2 8z" /></>);
export const Stopped = icon(<><circle cx="8" cy="8" r="6.25" /><path d="m3.7 12.3 8.6-8.6" /></>);
export const Hourglass = icon(<><path d="M4 1.9h8M4 14.1h8M5 2v2.6L8 8l3-3.4V2M5 14v-2.6L8 8l3 3.4V14" /></>);

export const Play = icon(<path d="M4.6 2.8v10.4L13 8z" />);
export const Pause = icon(<path d="M5.4 3.2v9.6M10.6 3.2v9.6" />);
export const Stop = icon(<rect x="3.75" y="3.75" width="8.5" height="8.5" rx="1" />);
export const Download = icon(<path d="M8 2v8M4.8 7.2 8 10.4l3.2-3.2M2.5 13.5h11" />);
export const Close = icon(<path d="m3.8 3.8 8.4 8.4m0-8.4-8.4 8.4" />);
export const Older = icon(<path d="m6 3.2 4.8 4.8L6 12.8" />);
export const Newer = icon(<path d="M10 3.2 5.2 8l4.8 4.8" />);
export const Sun = icon(<><circle cx="8" cy="8" r="3" /><path d="M8 1v1.6M8 13.4V15M1 8h1.6M13.4 8H15M3 3l1.2 1.2M11.8 11.8 13 13M13 3l-1.2 1.2M4.2 11.8 3 13" /></>);
export const Moon = icon(<path d="M13.6 9.7A6 6 0 0 1 6.3 2.4a6 6 0 1 0 7.3 7.3z" />);
export const Halves = icon(<><circle cx="8" cy="8" r="6" /><path d="M8 2a6 6 0 0 1 0 12z" class="filled" /></>);
export const Keyboard = icon(<><rect x="1.5" y="4" width="13" height="8.5" rx="1.5" /><path d="M4.2 6.7h.1M6.7 6.7h.1M9.2 6.7h.1M11.7 6.7h.1M5 9.8h6" /></>);
export const Mark = icon(<><circle cx="10.4" cy="8" r="1.6" class="filled" /><circle cx="8" cy="8" r="6.25" /><path d="M3.6 8h3.2" /></>);
