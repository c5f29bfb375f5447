// Draws the lanes, as an SVG: time goes down, a lane for each task, a column for each lock. It is drawn once, and then shows
// one moment after the other. It must not know how one gets from a moment to the next, nor what stands beside it.

/**
 * The names above the lanes, which stay in sight.
 *
 * @param {Drawing} drawing
 */
function drawHead({ run, layout }) {
    const { width, head, compact, boxes, locks } = layout;
    const name = (/** @type {string} */ text, /** @type {number} */ x, /** @type {string} */ style) => {
        const upright = compact ? `translate(${x + 4} ${head - 6}) rotate(-90)` : `translate(${x} ${head - 9})`;
        return words(text, NAME_MAX, { class: `name ${style}`, transform: upright });
    };
    const box = (/** @type {Box} */ { name, x, width: wide }, /** @type {number} */ index) => {
        const path = `M${x} ${head} V8 Q${x} 2 ${x + 6} 2 H${x + wide - 6} Q${x + wide} 2 ${x + wide} 8 V${head}`;
        // Nothing else stands beside it, up to the next box.
        const room = (boxes[index + 1]?.x ?? width) - x - 12;
        const text = short(`thread ${name}`, Math.floor(room / CHAR));
        const title = words(text, NAME_MAX + 7, { class: "box-name", x: x + 9, y: 15 });
        return svg("g", {}, svg("path", { class: "box", d: path }), plate(text, x + 9, 12), title);
    };
    return svg(
        "svg",
        {
            class: layout.stacked ? "head small" : "head",
            width,
            height: head,
            viewBox: `0 0 ${width} ${head}`,
            "aria-hidden": "true",
        },
        ...boxes.map(box),
        ...run.lanes.map((lane, task) => name(lane.name, layout.lanes[task] - (compact ? 0 : 8), colour(task))),
        ...locks.map(({ object, x, width }) => name(run.objects[object].name, compact ? x + width / 2 - 1 : x, "lock")),
        svg("path", { class: "edge", d: `M0 ${head - 0.5} H${width}` }),
    );
}

/**
 * @param {Happening} happening
 * @param {number} x
 * @param {number} y
 */
function drawMark({ phase }, x, y) {
    if (phase === "refused") return svg("path", { class: "refused", d: `M${x - 5} ${y - 5} l10 10 m0 -10 l-10 10` });
    return svg("circle", { class: acts({ phase, task: 0, text: "" }) ? "dot" : "open", cx: x, cy: y, r: 5 });
}

/**
 * Who and what, in the column of labels.
 *
 * @param {Drawing} drawing
 * @param {Happening} happening
 * @param {number} y
 */
function drawCompactLabel({ run, layout }, happening, y) {
    const x = layout.labels;
    const max = Math.max(Math.floor((layout.width - x - 4) / CHAR), 8);
    const { who, what } = compactLabel(run, happening, layout.stacked ? Infinity : max);
    if (!layout.stacked) return svg("text", { class: "label", x, y: y + 4 }, svg("tspan", { class: "who" }, who), what);
    const above = svg("tspan", { class: "who" }, short(who, max));
    const below = svg("tspan", { x, y: y + 11 }, label(happening, max));
    return svg("text", { class: "label", x, y: y - 3 }, above, below);
}

/**
 * An event: its step, its sign, its words.
 *
 * @param {Drawing} drawing
 * @param {number} event
 */
function drawEvent(drawing, event) {
    const { run, layout } = drawing;
    const happening = run.events[event];
    const [x, y] = drawing.at(event);
    const text = layout.compact
        ? drawCompactLabel(drawing, happening, y)
        : svg("text", { class: "label", x: x + 14, y: y + 4 }, label(happening, LABEL_MAX));
    const leader = layout.compact ? svg("path", { class: "leader", d: `M${x + 9} ${y} H${layout.labels - 5}` }) : null;
    return drawing.from(
        event,
        svg(
            "g",
            { class: `event ${colour(happening.task)}`, "data-event": event },
            svg("title", {}, sentence(run, event + 1)),
            happening.step === undefined
                ? null
                : svg("text", { class: "step", x: GUTTER - 5, y: y + 4 }, String(happening.step)),
            leader,
            drawMark(happening, x, y),
            text,
        ),
    );
}

/**
 * A line across the lanes, with its words.
 *
 * @param {Drawing} drawing
 * @param {Row} row
 * @param {number} y
 */
function drawRule(drawing, { kind, event, text }, y) {
    const { width, compact, labels, lanes } = drawing.layout;
    const x = compact ? labels : kind === "rule" ? lanes[drawing.run.events[event].task] + 14 : GUTTER;
    const max = Math.max(Math.floor((width - x - 4) / CHAR), 10);
    return drawing.from(
        event,
        svg(
            "g",
            { class: `rule ${kind}` },
            svg("path", { d: `M0 ${y} H${width}` }),
            plate(short(text, max), x, y),
            words(text, max, { x, y: y + 4 }),
        ),
    );
}

/**
 * What is drawn beneath what fades: it shows through.
 *
 * @param {Drawing} drawing
 * @param {string} tip
 */
function drawGround(drawing, tip) {
    const { run, layout } = drawing;
    const held = holds(run).map((hold) => drawHold(drawing, hold));
    const orders = run.decisive.map((pair) => drawOrder(drawing, pair));
    const ground = [
        ...layout.boxes.map(({ x, width }) =>
            svg("path", { class: "box", d: `M${x} 0 V${layout.height - 6} q0 5 5 5 H${x + width - 5} q5 0 5 -5 V0` }),
        ),
        ...run.lanes.map((_, task) => drawLane(drawing, task)),
        ...held.map(({ bar }) => bar),
        ...bars(run).map((bar) => drawBar(drawing, bar)),
        ...run.links.map((link) => drawLink(drawing, link, tip)),
        ...orders.map(({ curve }) => curve),
    ];
    return { ground, above: [...held.map(({ name }) => name), ...orders.flatMap(({ rings }) => rings)] };
}

/**
 * The box around what comes round again.
 *
 * @param {Drawing} drawing
 */
function drawRound({ run, layout }) {
    if (!run.round) return null;
    const rows = layout.rows.flatMap((row, index) => (row.kind === "round" ? [index] : []));
    const [top, bottom] = [rows[0] * layout.row + 2, (rows[rows.length - 1] + 1) * layout.row - 2];
    return svg("rect", { class: "again", x: 1, y: top, width: layout.width - 2, height: bottom - top, rx: 6 });
}

/**
 * @param {Run} run
 * @param {Layout} layout
 * @param {string} id
 */
function drawLanes(run, layout, id) {
    const drawing = new Drawing(run, layout);
    const { width, height, rows } = layout;
    const tip = `${id}-tip`;
    const arrow = svg(
        "marker",
        { id: tip, viewBox: "0 0 8 8", refX: 7, refY: 4, markerWidth: 7, markerHeight: 7, orient: "auto" },
        svg("path", { class: "tip", d: "M0 0 L8 4 L0 8 z" }),
    );
    const present = svg(
        "g",
        { class: "present" },
        svg("rect", { x: 0, y: 0, width, height: layout.row }),
        svg("path", { d: `M1 ${layout.row / 2 - 5} l7 5 l-7 5 z` }),
    );
    const veil = svg("rect", { class: "veil", x: 0, y: 0, width, height });
    const { ground, above } = drawGround(drawing, tip);
    const body = svg(
        "svg",
        {
            class: "body",
            width,
            height,
            viewBox: `0 0 ${width} ${height}`,
            role: "img",
            "aria-label": `Lanes of ${run.lanes.map((lane) => lane.name).join(", ")}. “Every event” below says the same in words.`,
        },
        svg("defs", {}, arrow),
        drawRound(drawing),
        present,
        ...ground,
        veil,
        ...above,
        ...rows.map((row, index) =>
            row.kind === "event" ? drawEvent(drawing, row.event) : drawRule(drawing, row, (index + 0.5) * layout.row),
        ),
    );
    /** @param {number} moment */
    function show(moment) {
        for (const [part, event] of drawing.parts) {
            part.classList.toggle("later", event >= moment);
            part.classList.toggle("latest", event === moment - 1);
        }
        const top = moment > 0 ? layout.rowOf[moment - 1] * layout.row : -layout.row;
        present.setAttribute("transform", `translate(0 ${top})`);
        veil.setAttribute("y", String(top + layout.row));
        veil.setAttribute("height", String(moment < run.events.length ? height - top - layout.row : 0));
        return Math.max(top, 0);
    }
    return { head: drawHead(drawing), body, show };
}
