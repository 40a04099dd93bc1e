/** Numbers, spans of time and instants as people read them. */

import type { Zone } from "./preferences";

const whole = new Intl.NumberFormat("en");
const compact = new Intl.NumberFormat("en", { notation: "compact", maximumFractionDigits: 1 });

export const count = (value: number): string => whole.format(Math.round(value));
export const shortCount = (value: number): string =>
  Math.abs(value) < 10_000 ? count(value) : compact.format(value);

export function plural(value: number, one: string, many = `${one}s`): string {
  return `${count(value)} ${value === 1 ? one : many}`;
}

const SMALL = ["no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"];
export const spelled = (value: number): string => SMALL[value] ?? count(value);

export function percent(value: number): string {
  // 99.97 is not "100": whoever reads 100 believes that nothing has failed.
  const rounded = value > 99 && value < 100 ? Math.floor(value * 10) / 10 : Math.round(value * 10) / 10;
  return `${rounded} %`;
}

export function dollars(value: number): string {
  if (value === 0) return "$0";
  return value < 0.01 ? `$${value.toPrecision(2).replace(/e.*/, "")}${exponent(value)}` : `$${value.toFixed(2)}`;
}

function exponent(value: number): string {
  const match = /e(-?\d+)/.exec(value.toPrecision(2));
  return match ? ` × 10${superscript(match[1] as string)}` : "";
}

const superscript = (text: string): string =>
  text.replace(/[-\d]/g, (sign) => (sign === "-" ? "⁻" : ("⁰¹²³⁴⁵⁶⁷⁸⁹"[Number(sign)] as string)));

/** A run's duration: 840 ms, 12.4 s, 3 min 20 s, 1 h 5 min. */
export function duration(milliseconds: number): string {
  if (milliseconds < 1000) return `${Math.round(milliseconds)} ms`;
  const seconds = milliseconds / 1000;
  if (seconds < 60) return `${seconds < 10 ? seconds.toFixed(2) : seconds.toFixed(1)} s`;
  return span(milliseconds);
}

/** A span of time in its two greatest units. */
export function span(milliseconds: number): string {
  const seconds = Math.max(0, Math.round(milliseconds / 1000));
  if (seconds < 60) return `${seconds} s`;
  const [days, hours, minutes] = [Math.floor(seconds / 86400), Math.floor(seconds / 3600) % 24, Math.floor(seconds / 60) % 60];
  if (days) return hours ? `${days} d ${hours} h` : `${days} d`;
  if (hours) return minutes ? `${hours} h ${minutes} min` : `${hours} h`;
  return seconds % 60 ? `${minutes} min ${seconds % 60} s` : `${minutes} min`;
}

/** How long ago, in one unit: it is drawn each second and must not flicker. */
export function ago(milliseconds: number): string {
  const seconds = Math.max(0, Math.floor(milliseconds / 1000));
  if (seconds < 5) return "just now";
  if (seconds < 60) return `${seconds} s ago`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ago`;
  if (seconds < 86400 * 2) return `${Math.floor(seconds / 3600)} h ago`;
  return `${Math.floor(seconds / 86400)} d ago`;
}

/** What is left, counting down: 4:09, 1:04:09, 2 d 3 h. */
export function countdown(milliseconds: number): string {
  const seconds = Math.max(0, Math.ceil(milliseconds / 1000));
  if (seconds >= 86400) return span(milliseconds);
  const [hours, minutes, rest] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
  const two = (value: number) => String(value).padStart(2, "0");
  return hours ? `${hours}:${two(minutes)}:${two(rest)}` : `${minutes}:${two(rest)}`;
}

function parts(instant: number, zone: Zone): Record<string, string> {
  const format = new Intl.DateTimeFormat("en-GB", {
    ...(zone === "utc" ? { timeZone: "UTC" } : {}),
    year: "numeric", month: "short", day: "numeric", hour: "2-digit", minute: "2-digit", second: "2-digit",
    hourCycle: "h23", timeZoneName: "short",
  });
  return Object.fromEntries(format.formatToParts(instant).map(({ type, value }) => [type, value]));
}

/** The clock alone on this day, with the date on any other. */
export function clock(instant: number, zone: Zone, present: number): string {
  const [then, today] = [parts(instant, zone), parts(present, zone)];
  const time = `${then.hour}:${then.minute}:${then.second}`;
  if (then.day === today.day && then.month === today.month && then.year === today.year) return time;
  return `${then.day} ${then.month}${then.year === today.year ? "" : ` ${then.year}`} ${time}`;
}

export function fullTime(instant: number, zone: Zone): string {
  const { day, month, year, hour, minute, second, timeZoneName } = parts(instant, zone);
  return `${day} ${month} ${year}, ${hour}:${minute}:${second} ${timeZoneName}`;
}

export const zoneName = (zone: Zone): string => (zone === "utc" ? "UTC" : (parts(Date.now(), zone).timeZoneName as string));

/** A tick of a chart's axis of time. */
export function tickLabel(instant: number, zone: Zone, spanMs: number): string {
  const { day, month, hour, minute } = parts(instant, zone);
  if (spanMs > 3 * 86400_000) return `${day} ${month}`;
  return hour === "00" && minute === "00" ? `${day} ${month}` : `${hour}:${minute}`;
}

/** Six cron fields in words where they are simple, else as they are. */
export function spokenSchedule(schedule: string): string {
  const [second, minute, hour, ...rest] = schedule.split(" ");
  if (rest.join(" ") !== "* * *" || second !== "0" || !minute || !hour) return schedule;
  const step = /^(?:\*|0)\/(\d+)$/.exec(minute);
  if (step && hour === "*") return step[1] === "1" ? "every minute" : `every ${step[1]} minutes`;
  if (minute === "*" && hour === "*") return "every minute";
  if (/^\d+$/.test(minute) && hour === "*") return `hourly at :${minute.padStart(2, "0")}`;
  if (/^\d+$/.test(minute) && /^\d+$/.test(hour)) return `daily at ${hour.padStart(2, "0")}:${minute.padStart(2, "0")} UTC`;
  return schedule;
}
