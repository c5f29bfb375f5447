// Draws who waits for whom, as a ring. It has a file of its own, as its geometry would make panels.js too long. It must not
// know of moments or lanes: a cycle is all that it sees.

/** @typedef {[x: number, y: number]} Point */

/** Half the height of a task's box. */
const BOX_HALF = 15;

/** @param {Edge} edge */
function wants({ wants, operation }) {
    return operation === "join" ? `the end of ${wants}` : wants;
}

/**
 * `teller wants journal, which auditor holds`.
 *
 * @param {Edge} edge
 */
function edgeWords(edge) {
    return edge.operation === "join"
        ? `${edge.task} waits for ${wants(edge)}`
        : `${edge.task} wants ${edge.wants}, which ${edge.heldBy} holds`;
}

/**
 * Where the tasks of a ring stand, from its middle: the first on top, or at the left where there are two.
 *
 * @param {number} count
 * @param {number} across
 * @param {number} down
 * @returns {Point[]}
 */
function ring(count, across, down) {
    const turn = (/** @type {number} */ index) => (2 * Math.PI * index) / count - (count === 2 ? Math.PI : Math.PI / 2);
    return Array.from({ length: count }, (_, index) => [across * Math.cos(turn(index)), down * Math.sin(turn(index))]);
}

/**
 * A curve from one to the other, as points: what lies in neither's box.
 *
 * @param {Point} from
 * @param {Point} bend
 * @param {Point} to
 * @param {(point: Point, centre: Point) => boolean} isIn  whether it is in the box around there
 * @returns {Point[]}
 */
function curve(from, bend, to, isIn) {
    const points = Array.from({ length: 61 }, (_, index) => {
        const t = index / 60;
        const mix = (/** @type {0 | 1} */ axis) =>
            (1 - t) ** 2 * from[axis] + 2 * t * (1 - t) * bend[axis] + t ** 2 * to[axis];
        return /** @type {Point} */ ([mix(0), mix(1)]);
    });
    return points.filter((point) => !isIn(point, from) && !isIn(point, to));
}

/**
 * Where a curve bends: outwards, so that what goes there and what comes back are apart.
 *
 * @param {Point} from
 * @param {Point} to
 * @param {number} count
 * @returns {Point}
 */
function bendOf(from, to, count) {
    const middle = /** @type {Point} */ ([(from[0] + to[0]) / 2, (from[1] + to[1]) / 2]);
    if (count === 2) return [middle[0], from[0] < to[0] ? -90 : 90];
    const far = 1 + 56 / Math.max(Math.hypot(...middle), 1);
    return [middle[0] * far, middle[1] * far];
}

/**
 * A task that waits for itself: an arrow from its box, and back to it.
 *
 * @param {number} half
 * @returns {Point[]}
 */
function loop(half) {
    return [
        [half - 16, BOX_HALF + 2],
        [half - 16, 52],
        [16 - half, 52],
        [16 - half, BOX_HALF + 3],
    ];
}

/**
 * An arrow, with what is wanted at its middle.
 *
 * @param {Edge} edge
 * @param {Point[]} points
 */
function drawWant(edge, points) {
    const text = `wants ${short(wants(edge), 18)}`;
    // Between two points where there is no middle one.
    const [first, last] = [points[Math.floor((points.length - 1) / 2)], points[Math.floor(points.length / 2)]];
    const middle = [(first[0] + last[0]) / 2, (first[1] + last[1]) / 2];
    // Beyond a line that lies flat, which it would hide; on one that stands.
    const [x, y] = [middle[0], middle[1] + (13 * middle[1]) / Math.max(Math.hypot(...middle), 1)];
    const line = points.map((point) => point.map((value) => value.toFixed(1)).join(",")).join(" ");
    const half = pixels(text) / 2;
    const arrow = svg("polyline", { points: line, "marker-end": "url(#cycle-tip)" });
    const label = svg("text", { x, y: y + 4 }, text);
    /** @type {Point[]} */
    const takes = [...points, [x - half, y - 10], [x + half, y + 10]];
    return { node: svg("g", { class: "want" }, arrow, plate(text, x - half, y), label), takes };
}

/**
 * The part of the plane that these points take, as a view box.
 *
 * @param {Point[]} points
 */
function extent(points) {
    const [xs, ys] = [points.map(([x]) => x), points.map(([, y]) => y)];
    const [left, top] = [Math.min(...xs) - 6, Math.min(...ys) - 6];
    const [width, height] = [Math.max(...xs) + 6 - left, Math.max(...ys) + 6 - top];
    return { viewBox: `${left} ${top} ${width} ${height}`, width, height };
}

/**
 * The drawing, and the same as a list.
 *
 * @param {Edge[]} edges
 * @returns {Element[]}
 */
function drawCycle(edges) {
    const count = edges.length;
    const tasks = edges.map(({ task }) => short(task, 14));
    const half = Math.max(...tasks.map(pixels)) / 2 + 12;
    const places = ring(count, count === 1 ? 0 : count === 2 ? 110 : 96 + 8 * count, count < 3 ? 0 : 62 + 12 * count);
    const isIn = (/** @type {Point} */ [x, y], /** @type {Point} */ [left, top]) =>
        Math.abs(x - left) < half + 3 && Math.abs(y - top) < BOX_HALF + 3;
    const wanted = edges.map((edge, index) => {
        const [from, to] = [places[index], places[(index + 1) % count]];
        return drawWant(edge, count === 1 ? loop(half) : curve(from, bendOf(from, to, count), to, isIn));
    });
    const boxes = places.map(([x, y], index) => {
        const box = { x: x - half, y: y - BOX_HALF, width: 2 * half, height: 2 * BOX_HALF, rx: 5 };
        return svg("g", { class: "waiting" }, svg("rect", box), svg("text", { x, y: y + 4 }, tasks[index]));
    });
    const corners = places.flatMap(([x, y]) => [
        [x - half, y - BOX_HALF],
        [x + half, y + BOX_HALF],
    ]);
    const taken = extent([.../** @type {Point[]} */ (corners), ...wanted.flatMap(({ takes }) => takes)]);
    const marker = {
        id: "cycle-tip",
        viewBox: "0 0 8 8",
        refX: 7,
        refY: 4,
        markerWidth: 8,
        markerHeight: 8,
        orient: "auto",
    };
    const tip = svg("marker", marker, svg("path", { class: "tip", d: "M0 0 L8 4 L0 8 z" }));
    const label = `A ring of ${count}: who waits for whom. The list says the same.`;
    const parts = [svg("defs", {}, tip), ...wanted.map(({ node }) => node), ...boxes];
    const drawing = svg("svg", { ...taken, role: "img", "aria-label": label }, ...parts);
    return [drawing, el("ul", {}, ...edges.map((edge) => el("li", { "data-task": edge.task }, edgeWords(edge))))];
}
