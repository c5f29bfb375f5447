// Where everything stands: columns for tasks and locks, rows for what happens. Wide where each lane's labels fit into the
// lane; otherwise compact: narrow lanes, and the labels in one column. All of it is pure: it must not know what is drawn.

/** Pixels of a row, and of one with a label of two lines. */
const ROW = 24;
const STACKED = 34;
/** Pixels that labels get of narrow lanes' place, if they can use them. */
const LABEL_WIDTH = 140;
/** Pixels of a character: the widest that a system's fixed-width font of 12 pixels is. */
const CHAR = 7.3;
/** Pixels of the column of steps. */
const GUTTER = 32;
/** Pixels on each side of a thread's box. */
const MARGIN = 8;
/** Pixels that a thread's box has for its name. */
const BOX_HEAD = 20;
/** Characters of a label in its lane. */
const LABEL_MAX = 40;
/** Characters of a name. */
const NAME_MAX = 16;

/** @param {string} text */
function pixels(text) {
    let sum = 0;
    // Scripts from Hangul on are about twice as wide.
    for (const letter of text) sum += (letter.codePointAt(0) ?? 0) < 0x1100 ? CHAR : 2 * CHAR;
    return Math.ceil(sum);
}

/**
 * @param {string} text
 * @param {number} max
 */
function short(text, max) {
    const letters = [...text];
    return letters.length <= max ? text : `${letters.slice(0, Math.max(max - 1, 0)).join("")}…`;
}

/** @param {string} name */
function shortName(name) {
    return short(name, NAME_MAX);
}

/**
 * An event's words, in so many characters: `lock accounts = 0 :76`. The line is what the reader looks for: it stays whole.
 *
 * @param {Happening} happening
 * @param {number} max
 */
function label(happening, max) {
    const place = happening.at ? ` :${happening.at[1]}` : "";
    const words = { start: "starts", finish: "ends" }[happening.text] ?? happening.text;
    return short(words, max - place.length) + place;
}

/**
 * The rows, and the row of each event.
 *
 * @param {Run} run
 * @returns {{ rows: Row[], rowOf: number[] }}
 */
function rowsOf(run) {
    /** @type {Row[]} */
    const rows = [];
    /** @type {number[]} */
    const rowOf = [];
    let clock = run.events[0]?.clock;
    run.events.forEach((happening, event) => {
        if (event === run.round?.[0]) rows.push({ kind: "round", event, text: "↻ from here on, over and over" });
        if (happening.clock && happening.clock !== clock)
            rows.push({ kind: "clock", event, text: `clock ${happening.clock}` });
        clock = happening.clock ?? clock;
        if (happening.preempts !== undefined) {
            const [who, whom] = [happening.task, happening.preempts].map((task) => run.lanes[task].name);
            rows.push({ kind: "rule", event, text: `${who} preempts ${whom}` });
        }
        rowOf.push(rows.length);
        rows.push({ kind: "event", event, text: "" });
        if (event === run.noReturn?.[0]) rows.push({ kind: "final", event, text: `no way back: ${run.noReturn[1]}` });
        if (event === run.round?.[1]) rows.push({ kind: "round", event, text: "↻ and so on" });
    });
    return { rows, rowOf };
}

/**
 * The lanes in the order in which they are drawn: each thread with the tasks that it polls, from left to right.
 *
 * @param {Lane[]} lanes
 */
function groups(lanes) {
    const indices = lanes.map((_, lane) => lane);
    // A task whose thread is itself polled by one would be drawn nowhere: it gets a lane of its own.
    const isOwn = (/** @type {number} */ lane) => {
        const { thread } = lanes[lane];
        return thread === null || thread === lane || !lanes[thread] || lanes[thread].thread !== null;
    };
    return indices.filter(isOwn).map((first) => {
        const polled = indices.filter((lane) => !isOwn(lane) && lanes[lane].thread === first);
        return { lanes: [first, ...polled], isBox: polled.length > 0 };
    });
}

/**
 * The locks that are taken, and how many hold each at once.
 *
 * @param {Run} run
 * @param {Happening[]} all
 */
function locksOf(run, all) {
    const taken = new Set(all.flatMap(({ takes }) => (takes === undefined ? [] : [takes])));
    const held = holds(run);
    return [...taken]
        .filter((object) => run.objects[object])
        .sort((one, other) => one - other)
        .map((object) => {
            const slots = held.filter((hold) => hold.object === object).map((hold) => hold.slot + 1);
            return { object, slots: Math.max(1, ...slots) };
        });
}

/**
 * @param {Run} run
 * @param {Happening[]} all
 * @param {{ lane: (lane: number) => number, middle: number, lock: (object: number, slots: number) => number }} size
 * @returns {Columns}
 */
function columns(run, all, size) {
    let x = GUTTER;
    /** @type {number[]} */
    const lanes = [];
    /** @type {Box[]} */
    const boxes = [];
    for (const group of groups(run.lanes)) {
        if (group.isBox) x += MARGIN;
        const left = x;
        for (const lane of group.lanes) {
            lanes[lane] = x + size.middle;
            x += size.lane(lane);
        }
        if (!group.isBox) continue;
        boxes.push({ name: run.lanes[group.lanes[0]].name, x: left, width: x - left });
        x += MARGIN;
    }
    x += MARGIN;
    const locks = locksOf(run, all).map(({ object, slots }) => {
        const column = { object, slots, x, width: size.lock(object, slots) };
        x += column.width;
        return column;
    });
    return { lanes, boxes, locks, width: x };
}

/**
 * @param {Run} run
 * @param {Happening[]} all
 * @returns {Columns}
 */
function wideColumns(run, all) {
    const widest = (/** @type {string[]} */ texts) => Math.max(0, ...texts.map(pixels));
    const middle = 18;
    const lane = (/** @type {number} */ lane) => {
        const labels = all.filter(({ task }) => task === lane).map((happening) => label(happening, LABEL_MAX));
        return Math.max(middle + 14 + widest(labels) + 8, pixels(shortName(run.lanes[lane].name)) + 24, 72);
    };
    const lock = (/** @type {number} */ object, /** @type {number} */ slots) => {
        const holders = all.filter(({ takes }) => takes === object).map(({ task }) => shortName(run.lanes[task].name));
        return Math.max(slots * (widest(holders) + 14), pixels(shortName(run.objects[object].name)) + 12);
    };
    return columns(run, all, { lane, middle, lock });
}

/**
 * A label where all of them stand in one column.
 *
 * @param {Run} run
 * @param {Happening} happening
 * @param {number} max
 */
function compactLabel(run, happening, max) {
    const who = `${shortName(run.lanes[happening.task].name)}: `;
    return { who, what: label(happening, max - who.length) };
}

/**
 * The widest lanes that leave the labels their place: in one line if they can have that, or else in two.
 *
 * @param {Run} run
 * @param {Happening[]} all
 * @param {number} width
 * @returns {Columns & { labels: number, stacked: boolean }}
 */
function compactColumns(run, all, width) {
    const texts = all.map((happening) => compactLabel(run, happening, LABEL_MAX + NAME_MAX));
    const lock = (/** @type {number} */ pitch) => (/** @type {number} */ _, /** @type {number} */ slots) =>
        slots * Math.max(pitch - 6, 11) + 2;
    const at = (/** @type {number} */ pitch) =>
        columns(run, all, { lane: () => pitch, middle: pitch / 2, lock: lock(pitch) });
    const find = (/** @type {number[]} */ pitches, /** @type {number} */ room) =>
        pitches.map(at).find((placed) => placed.width + 6 + room <= width);
    const oneLine = find([26, 22, 18], Math.max(0, ...texts.map(({ who, what }) => pixels(who + what))));
    const what = Math.max(0, ...texts.map(({ what }) => pixels(what)));
    const found = oneLine ?? find([18], what) ?? find([18, 15, 13, 12], Math.min(what, LABEL_WIDTH)) ?? at(10);
    return { ...found, stacked: !oneLine, labels: found.width + 4, width: Math.max(width, found.width + 60) };
}

/**
 * @param {Run} run
 * @param {number} width  so wide is the place that there is
 * @param {Happening[]} all  whatever may come to be shown: so that lanes keep their places while events come
 * @returns {Layout}
 */
function layout(run, width, all) {
    const { rows, rowOf } = rowsOf(run);
    const wide = wideColumns(run, all);
    const compact = wide.width > width;
    const placed = compact ? compactColumns(run, all, width) : { ...wide, stacked: false, labels: 0, width };
    const row = placed.stacked ? STACKED : ROW;
    const names = [...run.lanes.map(({ name }) => name), ...placed.locks.map(({ object }) => run.objects[object].name)];
    // In the compact form, names stand upright.
    const upright = Math.max(0, ...names.map((name) => pixels(shortName(name)))) + 14;
    const head = (placed.boxes.length > 0 ? BOX_HEAD : 0) + (compact ? upright : 28);
    return { ...placed, compact, row, rows, rowOf, head, height: rows.length * row + row / 2 };
}

/**
 * Where an event's row is.
 *
 * @param {Layout} layout
 * @param {number} event
 */
function middleOf(layout, event) {
    return (layout.rowOf[event] + 0.5) * layout.row;
}
