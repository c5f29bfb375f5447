// What the page's data is, and what the explorer makes of it, as types for `tsc`. Nothing here runs, and nothing here may:
// the site leaves this file out or takes it in, and it makes no difference. `report/explorer.rs` writes the data.

/**
 * @typedef {object} Page
 * @property {string} pattern
 * @property {string} variant
 * @property {boolean} correct
 * @property {Run[]} runs
 * @property {Play | null} schedule  none: too many states
 * @property {SourceFile[]} files
 *
 * @typedef {{ path: string, lines: [kind: string, text: string][][] }} SourceFile
 *
 * @typedef {object} Run
 * @property {string} id
 * @property {string} label
 * @property {string} title
 * @property {string} why
 * @property {boolean} passed
 * @property {Lane[]} lanes
 * @property {Thing[]} objects
 * @property {Happening[]} events
 * @property {[event: number, object: number, state: string][]} changes  the state is from that event on
 * @property {[kind: string, from: number, to: number][]} links
 * @property {[first: number, second: number, words: string][]} decisive
 * @property {[event: number, words: string] | null} noReturn
 * @property {Edge[]} cycle
 * @property {[first: number, last: number] | null} round
 * @property {[label: string, lines: string[]][]} facts
 *
 * @typedef {{ name: string, thread: number | null, future: boolean }} Lane
 * @typedef {{ name: string, kind: string }} Thing
 * @typedef {{ task: string, wants: string, operation: string, heldBy: string }} Edge
 * @typedef {[file: number, line: number]} At
 * @typedef {"done" | "refused" | "waits" | "next" | "timed_out" | "spurious" | "pending"} Phase
 *
 * @typedef {object} Happening
 * @property {number} [step]  none for what comes along with one
 * @property {number} task
 * @property {string} text
 * @property {At} [at]
 * @property {Phase} phase
 * @property {true} [pending]  its task's poll is over
 * @property {number} [takes]
 * @property {number} [gives]
 * @property {number} [preempts]
 * @property {string} [clock]
 *
 * @typedef {object} Play
 * @property {Lane[]} lanes
 * @property {Thing[]} objects
 * @property {Happening[]} events
 * @property {[object: number, state: string][]} changes
 * @property {[title: string, why: string][]} verdicts
 * @property {(number | Way[])[]} states  a number: over, failed so; no way on: over, passed
 *
 * @typedef {[task: number, to: number, goesOn: 0 | 1, events: number[], changes: number[]]} Way
 */

/**
 * What a task is at a moment.
 *
 * @typedef {"unborn" | "running" | "ready" | "blocked" | "awaiting" | "next" | "over"} Doing
 * @typedef {{ doing: Doing, words: string, at: At | null }} TaskState
 * @typedef {{ state: string, changed: boolean }} ThingState
 *
 * A stretch of a lane, from an event to an event; to none, if it lasts to the end.
 * @typedef {{ task: number, doing: "running" | "blocked" | "awaiting", from: number, to: number | null }} Bar
 *
 * A lock in somebody's hands. Those who hold it at once have slots of their own.
 * @typedef {{ object: number, task: number, from: number, to: number | null, slot: number }} Hold
 */

/**
 * Where everything stands, in pixels.
 *
 * @typedef {{ kind: "event" | "rule" | "clock" | "round" | "final", event: number, text: string }} Row
 * @typedef {{ name: string, x: number, width: number }} Box
 * @typedef {{ object: number, x: number, width: number, slots: number }} Column
 *
 * @typedef {object} Columns
 * @property {number[]} lanes  of each task: where its line stands
 * @property {Box[]} boxes  the threads that poll tasks
 * @property {Column[]} locks
 * @property {number} width
 *
 * @typedef {object} Placed
 * @property {boolean} compact
 * @property {boolean} stacked  compact, and so narrow that a label takes two lines: who, and what
 * @property {number} row  the height of a row
 * @property {number} labels  compact: where the column of labels begins
 * @property {Row[]} rows
 * @property {number[]} rowOf  of each event
 * @property {number} head
 * @property {number} height
 *
 * @typedef {Columns & Placed} Layout
 */

/**
 * What the panels are given to show.
 *
 * @typedef {object} View
 * @property {Run} run
 * @property {number} moment  so many events have happened
 * @property {Set<number> | null} ready  who can go on, where that is known
 *
 * @typedef {{ title: string, why: string, passed: boolean, more: string, cycle: Edge[] }} Ending
 *
 * What the address says.
 * @typedef {{ run: string, moment: number, compare: boolean, path: number[] }} Address
 *
 * Where a player of the scheduler has come to.
 * @typedef {object} Walk
 * @property {number} state
 * @property {number[]} path  the ways that were chosen, where there were several
 * @property {Happening[]} events
 * @property {[event: number, object: number, state: string][]} changes
 * @property {number} preemptions
 *
 * How many schedules there are from each state on, and how many of them fail.
 * @typedef {{ failing: number, passing: number }} Odds
 */
