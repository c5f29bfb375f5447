// The lanes in a region that scrolls, drawn anew when that gets wider or narrower, and what the signs in them mean. It has a
// file of its own, as lanes.js would be too long with it. It must not know where runs and moments come from.

/**
 * @param {string} id
 * @param {(moment: number) => void} go  a row was clicked
 */
function figurePanel(id, go) {
    const caption = el("figcaption");
    const region = scroller("Lanes", "scroll");
    const node = el("figure", { id }, caption, region);
    /** @type {{ run: Run, all: Happening[] } | null} */
    let shown = null;
    /** @type {{ layout: Layout, show: (moment: number) => number } | null} */
    let drawn = null;
    let [width, moment] = [0, 0];
    function draw() {
        width = region.clientWidth;
        if (!shown || width === 0) return;
        const placed = layout(shown.run, width, shown.all);
        const { head, body, show: showMoment } = drawLanes(shown.run, placed, id);
        region.replaceChildren(head, body);
        drawn = { layout: placed, show: showMoment };
        body.addEventListener("click", (click) => {
            const row = placed.rows[Math.floor((click.clientY - body.getBoundingClientRect().top) / placed.row)];
            if (row) go(row.event + 1);
        });
        show(moment);
    }
    /**
     * @param {Run} run
     * @param {Happening[]} all  whatever may come to be shown
     * @param {number} at
     */
    function fill(run, all, at) {
        shown = { run, all };
        moment = at;
        caption.textContent = `${run.label}${run.title ? `: ${run.title}` : ""}`;
        region.setAttribute("aria-label", `Lanes of ${run.label}`);
        draw();
    }
    /** @param {number} to */
    function show(to) {
        moment = to;
        if (!drawn) return;
        const { head, row } = drawn.layout;
        reveal(region, head + drawn.show(moment), row, head);
    }
    // Not at once: what is drawn may change the page's height, and so the region's width again.
    new ResizeObserver(() => {
        if (region.clientWidth !== width) requestAnimationFrame(draw);
    }).observe(region);
    return { node, fill, show };
}

/** What the signs mean. */
function legend() {
    const sample = (/** @type {string} */ words, /** @type {Child[]} */ ...parts) =>
        el(
            "li",
            {},
            svg("svg", { width: 22, height: 16, viewBox: "0 0 22 16", class: "t1", "aria-hidden": "true" }, ...parts),
            words,
        );
    const rect = { x: 7, y: 0, width: 9, height: 16, rx: 2 };
    const dot = { cx: 11, cy: 8, r: 5 };
    return el(
        "ul",
        { class: "legend", "aria-label": "Legend" },
        sample(
            "running",
            svg("g", { class: "bar running" }, svg("rect", rect)),
            svg("circle", { class: "dot", ...dot }),
        ),
        sample("can go on", svg("path", { class: "life", d: "M11 0 V16" })),
        sample(
            "blocked",
            svg(
                "g",
                { class: "bar blocked" },
                svg("rect", rect),
                svg("path", { class: "hatch", d: "M7 6 l9 -5 m-9 10 l9 -5 m-9 10 l9 -5" }),
            ),
        ),
        sample("awaiting", svg("g", { class: "bar awaiting" }, svg("path", { class: "dots", d: "M11 2 V15" }))),
        sample("waits, or is about to", svg("circle", { class: "open", ...dot })),
        sample("refused", svg("path", { class: "refused", d: "M6 3 l10 10 m0 -10 l-10 10" })),
        sample(
            "lets it go on",
            svg("g", { class: "link" }, svg("path", { d: "M2 8 H15" })),
            svg("path", { class: "tip", d: "M14 4 L21 8 L14 12 z" }),
        ),
        sample("its order decides", svg("circle", { class: "ring", ...dot, r: 7 })),
    );
}
