// What the lanes are made of besides their events: a task's line and its bars, a lock in somebody's hands, what joins two
// events. It has a file of its own, as lanes.js would be too long with it. It must not know of moments: what has not happened
// yet is only noted here, and faded there.

/** What a drawing is drawn with: where things stand, and what shows only once its event has happened. */
class Drawing {
    /**
     * @param {Run} run
     * @param {Layout} layout
     */
    constructor(run, layout) {
        this.run = run;
        this.layout = layout;
        /** @type {[part: SVGElement, event: number][]} */
        this.parts = [];
    }

    /**
     * Faint until the event has happened.
     *
     * @template {SVGElement} T
     * @param {number} event
     * @param {T} part
     * @returns {T}
     */
    from(event, part) {
        this.parts.push([part, event]);
        return part;
    }

    /**
     * Where an event's mark stands.
     *
     * @param {number} event
     * @returns {[x: number, y: number]}
     */
    at(event) {
        return [this.layout.lanes[this.run.events[event].task], middleOf(this.layout, event)];
    }
}

/**
 * A text in the drawing, with a tooltip where it had to be cut.
 *
 * @param {string} text
 * @param {number} max
 * @param {Attributes} attributes
 */
function words(text, max, attributes) {
    const cut = short(text, max);
    return svg("text", attributes, cut, cut === text ? null : svg("title", {}, text));
}

/**
 * What a text stands on, so that no line runs through it.
 *
 * @param {string} text
 * @param {number} x
 * @param {number} y
 */
function plate(text, x, y) {
    return svg("rect", { class: "plate", x: x - 3, y: y - 8, width: pixels(text) + 4, height: 16 });
}

/**
 * A task's line, from its first event to its last one.
 *
 * @param {Drawing} drawing
 * @param {number} task
 */
function drawLane({ run, layout }, task) {
    const x = layout.lanes[task];
    const y = (/** @type {number | null} */ event) => (event === null ? layout.height : middleOf(layout, event));
    const first = run.events.findIndex((happening) => happening.task === task);
    const last = lastOf(run, task, run.events.length);
    const isOver = first >= 0 && plain(run.events[last]) === "finish";
    // Where it waits there is a bar, and no line.
    const waits = bars(run).filter((bar) => bar.task === task && bar.doing !== "running");
    const gaps = waits.map(({ from, to }) => `V${y(from)} M${x} ${y(to)}`).join("");
    return svg(
        "g",
        { class: colour(task) },
        svg("path", { class: "lane", d: `M${x} 0 V${layout.height}` }),
        first < 0 ? null : svg("path", { class: "life", d: `M${x} ${y(first)} ${gaps} V${y(isOver ? last : null)}` }),
    );
}

/**
 * Running is solid, blocked is hatched, awaiting is dotted.
 *
 * @param {Drawing} drawing
 * @param {Bar} bar
 */
function drawBar({ run, layout }, { task, doing, from, to }) {
    const x = layout.lanes[task];
    const half = layout.compact ? 4 : 5;
    const top = middleOf(layout, from) - (doing === "running" ? 8 : 0);
    const end = to === null ? layout.height : middleOf(layout, to);
    const bottom = doing === "running" ? end + 8 : end - (to === null ? 0 : 9);
    const hatch = [];
    for (let y = top + 10; doing === "blocked" && y <= bottom; y += 5) hatch.push(`M${x - half} ${y} l${2 * half} -5`);
    const box = { x: x - half, y: top, width: 2 * half, height: Math.max(bottom - top, 0), rx: 3 };
    const title = svg(
        "title",
        {},
        `${run.lanes[task].name}: ${doing === "running" ? doing : taskAt({ run, moment: from + 1, ready: null }, task).words}`,
    );
    return svg(
        "g",
        { class: `bar ${doing} ${colour(task)}` },
        title,
        doing === "awaiting"
            ? svg("path", { class: "dots", d: `M${x} ${top + 9} V${Math.max(bottom, top + 9)}` })
            : svg("rect", box),
        hatch.length > 0 ? svg("path", { class: "hatch", d: hatch.join("") }) : null,
    );
}

/**
 * Who holds a lock, in the lock's column: the bar, and the name on it.
 *
 * @param {Drawing} drawing
 * @param {Hold} hold
 */
function drawHold(drawing, { object, task, from, to, slot }) {
    const { run, layout } = drawing;
    const column = layout.locks.find((column) => column.object === object);
    if (!column) return { bar: null, name: null };
    const wide = (column.width - 6) / column.slots;
    const [x, y] = [column.x + slot * wide, middleOf(layout, from) - 9];
    const height = (to === null ? layout.height : middleOf(layout, to) + 9) - y;
    const holder = run.lanes[task].name;
    const title = svg("title", {}, `${holder} holds ${run.objects[object].name}`);
    const bar = svg("rect", { class: `hold ${colour(task)}`, x, y, width: wide - 2, height, rx: 3 }, title);
    const turned = { class: "holder small", transform: `translate(${x + wide / 2 - 4.5} ${y + 4}) rotate(90)` };
    const level = { class: "holder", x: x + 6, y: y + 13 };
    // In narrow columns it stands upright, as far as it fits.
    const max = layout.compact ? Math.min(NAME_MAX, Math.floor((height - 6) / 6.1)) : NAME_MAX;
    const name = max < 2 ? null : drawing.from(from, words(holder, max, layout.compact ? turned : level));
    return { bar, name };
}

/**
 * An arrow from the event that let another go on. It takes the sides on which no labels are: down on the left of a lane,
 * and across in the row of the lane that lies to the right.
 *
 * @param {Drawing} drawing
 * @param {[kind: string, from: number, to: number]} link
 * @param {string} tip  the arrow's head, by id
 */
function drawLink(drawing, [kind, from, to], tip) {
    const [[x1, y1], [x2, y2]] = [drawing.at(from), drawing.at(to)];
    const { compact } = drawing.layout;
    const out = compact ? 9 : 15;
    const side = Math.min(x1, x2) - out;
    const start =
        x1 < x2
            ? `M${x1 - 4} ${y1 + 3} Q${side} ${y1 + 4} ${side} ${y1 + 11}`
            : `M${x1} ${y1} H${side + 5} Q${side} ${y1} ${side} ${y1 + 5}`;
    const path = svg("path", {
        d: `${start} V${y2 - 5} Q${side} ${y2} ${side + 5} ${y2} H${x2 - 6}`,
        "marker-end": `url(#${tip})`,
    });
    const named = !compact && Math.abs(x2 - x1) > pixels(kind) + 50;
    const at = x1 < x2 ? [x2 - 22, y2] : [x1 - 22, y1];
    return svg(
        "g",
        { class: "link" },
        svg("title", {}, kind),
        path,
        named ? svg("text", { x: at[0], y: at[1] - 4 }, kind) : null,
    );
}

/**
 * Two operations whose order decides: the curve between them, and the rings around them.
 *
 * @param {Drawing} drawing
 * @param {[first: number, second: number, words: string]} pair
 */
function drawOrder(drawing, [first, second, text]) {
    const [[x1, y1], [x2, y2]] = [drawing.at(first), drawing.at(second)];
    const bend = x1 === x2 ? x1 - 30 : (x1 + x2) / 2;
    const title = () => svg("title", {}, `decisive: ${text}`);
    const curve = svg("path", { class: "order", d: `M${x1} ${y1} C${bend} ${y1} ${bend} ${y2} ${x2} ${y2}` }, title());
    const ring = (/** @type {number} */ event, /** @type {number} */ x, /** @type {number} */ y) =>
        drawing.from(event, svg("circle", { class: "ring", cx: x, cy: y, r: 9 }, title()));
    return { curve, rings: [ring(first, x1, y1), ring(second, x2, y2)] };
}
