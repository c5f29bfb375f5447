// What stands beside the lanes, in words: tasks, objects, the source, how it ended, the facts, every event. Each panel is
// made once and given views to show. It must not know where views come from, nor who else shows them.

/** What tells the states of a task apart without colour. @type {Record<Doing, string>} */
const SIGNS = { unborn: "·", running: "●", ready: "○", blocked: "▨", awaiting: "⁝", next: "◌", over: "✓" };

/**
 * A table whose first cells are headers of their rows.
 *
 * @param {string} id
 * @param {string} label
 * @param {string[]} heads
 * @param {HTMLElement} body
 */
function table(id, label, heads, body) {
    const head = el("thead", {}, el("tr", {}, ...heads.map((text) => el("th", { scope: "col" }, text))));
    return el("table", { id, "aria-label": label }, head, body);
}

/**
 * What each task is, and where.
 *
 * @param {(at: At) => void} open  shows a line of the source
 */
function tasksPanel(open) {
    const body = el("tbody");
    /** @type {Lane[] | null} */
    let lanes = null;
    /** @type {{ state: HTMLElement, line: HTMLButtonElement, at: At | null }[]} */
    let rows = [];
    /** @param {Lane[]} of */
    function make(of) {
        lanes = of;
        rows = of.map(({ name }) => {
            const row = {
                state: el("td"),
                line: button("", { class: "line" }, () => row.at && open(row.at)),
                at: /** @type {At | null} */ (null),
            };
            row.line.setAttribute("aria-label", `show the line of ${name}`);
            return row;
        });
        body.replaceChildren(
            ...rows.map((row, task) =>
                el(
                    "tr",
                    { "data-task": of[task].name },
                    el("th", { scope: "row" }, named(of, task)),
                    row.state,
                    el("td", { class: "number" }, row.line),
                ),
            ),
        );
    }
    /** @param {View} view */
    function show(view) {
        if (lanes !== view.run.lanes) make(view.run.lanes);
        rows.forEach((row, task) => {
            const { doing, words, at } = taskAt(view, task);
            row.at = at;
            row.state.className = `doing ${doing}`;
            row.state.replaceChildren(el("span", { class: "sign", "aria-hidden": "true" }, SIGNS[doing]), words);
            row.line.hidden = at === null;
            row.line.textContent = at ? `:${at[1]}` : "";
            if (at) row.line.setAttribute("aria-label", `:${at[1]}, the line of ${view.run.lanes[task].name}`);
        });
    }
    return { node: table("tasks", "Tasks", ["task", "is", "line"], body), show };
}

/** What each object is, and whether that is new. */
function objectsPanel() {
    const body = el("tbody");
    /** @param {View} view */
    function show(view) {
        const states = objectsAt(view);
        body.replaceChildren(
            ...view.run.objects.map(({ name, kind }, object) => {
                const { state, changed } = states[object];
                const mark = changed
                    ? [el("span", { class: "sign", "aria-hidden": "true" }, "✱"), unseen("changed: ")]
                    : [];
                return el(
                    "tr",
                    { "data-object": name, class: changed ? "changed" : null },
                    el("th", { scope: "row" }, name),
                    el("td", { class: "kind" }, kind),
                    el("td", { class: "state" }, ...mark, state || "–"),
                );
            }),
        );
    }
    return { node: table("objects", "Objects", ["object", "kind", "state"], body), show };
}

/**
 * A line of source.
 *
 * @param {[kind: string, text: string][]} tokens
 * @param {number} index
 */
function sourceLine(tokens, index) {
    const text = tokens.map(([kind, text]) => (kind ? el("span", { class: `hl-${kind}` }, text) : text));
    return el(
        "div",
        { class: "code-line", "data-line": index + 1 },
        el("span", { class: "code-number", "aria-hidden": "true" }, String(index + 1)),
        el("code", {}, ...text),
        el("span", { class: "tags" }),
    );
}

/**
 * The source, with the lines that tasks are at.
 *
 * @param {Page} page
 */
function sourcePanel(page) {
    const path = el("p", { class: "path" });
    const box = scroller("Source", "code", null);
    const node = el("div", { id: "source" }, path, box);
    let file = -1;
    /** @type {HTMLElement[]} */
    let lines = [];
    /** @param {number} number */
    function open(number) {
        if (number === file) return;
        file = number;
        path.textContent = page.files[file].path;
        lines = page.files[file].lines.map(sourceLine);
        // A page may know a file by name alone.
        box.replaceChildren(
            ...(lines.length > 0 ? lines : [el("p", { class: "note" }, "The text of this file was not found.")]),
        );
    }
    /** @param {number} line */
    function goTo(line) {
        const at = lines[line - 1];
        if (at) reveal(box, at.offsetTop, at.offsetHeight);
    }
    /**
     * @param {View} view
     * @param {At | null} wanted  a line that was asked for
     */
    function show(view, wanted) {
        const { run, moment } = view;
        const present = run.events[moment - 1];
        const last = present ? lineOf(run, present.task, moment) : null;
        const focus = wanted ?? last ?? run.events.find(({ at }) => at)?.at ?? null;
        node.hidden = !focus || !page.files[focus[0]];
        if (!focus || node.hidden) return;
        open(focus[0]);
        for (const line of box.querySelectorAll(".at, .focus")) {
            line.classList.remove("at", "focus");
            line.querySelector(".tags")?.replaceChildren();
        }
        run.lanes.forEach((_, task) => {
            const { at } = taskAt(view, task);
            if (!at || at[0] !== file || !lines[at[1] - 1]) return;
            lines[at[1] - 1].classList.add("at");
            lines[at[1] - 1]
                .querySelector(".tags")
                ?.append(el("span", { class: `tag ${colour(task)}` }, run.lanes[task].name));
        });
        if (wanted || last) lines[focus[1] - 1]?.classList.add("focus");
        goTo(focus[1]);
    }
    return { node, show };
}

/** How it ended. */
function endingPanel() {
    const title = el("p", { class: "verdict-title" });
    const why = el("p", { class: "verdict-why" });
    const more = el("p", { class: "note" });
    const cycle = el("div", { id: "cycle" });
    const verdict = el("div", { id: "verdict", hidden: true }, title, why, more);
    const node = el("div", { class: "ending" }, verdict, cycle);
    /** @param {Ending | null} ending */
    function show(ending) {
        node.hidden = verdict.hidden = ending === null;
        cycle.hidden = !ending || ending.cycle.length === 0;
        if (!ending) return;
        verdict.className = ending.passed ? "passed" : "failed";
        title.replaceChildren(
            el("span", { class: "sign", "aria-hidden": "true" }, ending.passed ? "✓" : "✗"),
            ending.title,
        );
        why.textContent = ending.why;
        more.textContent = ending.more;
        more.hidden = ending.more === "";
        cycle.replaceChildren(...(ending.cycle.length > 0 ? drawCycle(ending.cycle) : []));
    }
    return { node, show };
}

/** What is known. */
function factsPanel() {
    const list = el("dl", { id: "facts" });
    const node = el(
        "section",
        { "aria-labelledby": "facts-head" },
        el("h2", { id: "facts-head" }, "What is known"),
        list,
    );
    /** @param {Run} run */
    function show(run) {
        node.hidden = run.facts.length === 0;
        list.replaceChildren(
            ...run.facts.flatMap(([label, lines]) => [el("dt", {}, label), ...lines.map((line) => el("dd", {}, line))]),
        );
    }
    return { node, show };
}

/**
 * Every event as a row, for who can't see the lanes.
 *
 * @param {(moment: number) => void} go
 */
function stepsPanel(go) {
    const body = el("tbody");
    const heads = ["event", "step", "task", "what", "line"];
    const node = el(
        "details",
        { id: "steps" },
        el("summary", {}, el("h2", {}, "Every event")),
        scroller("Every event, as a table", "wide", table("events", "Every event", heads, body)),
    );
    /** @type {HTMLElement[]} */
    let rows = [];
    /**
     * @param {Run} run
     * @param {boolean} canGo  false: a moment can't be gone to
     */
    function fill(run, canGo) {
        rows = run.events.map((happening, event) => {
            const number = String(event + 1);
            const first = canGo
                ? button(number, { "aria-label": `${number}: go to this event` }, () => go(event + 1))
                : number;
            const file = happening.at ? `:${happening.at[1]}` : "";
            return el(
                "tr",
                {},
                el("td", { class: "number" }, first),
                el("td", { class: "number" }, String(happening.step ?? "")),
                el("td", {}, named(run.lanes, happening.task)),
                el("td", { class: "what" }, happening.text),
                el("td", { class: "number" }, file),
            );
        });
        body.replaceChildren(...rows);
    }
    /** @param {number} moment */
    function show(moment) {
        rows.forEach((row, event) => {
            if (event === moment - 1) row.setAttribute("aria-current", "step");
            else row.removeAttribute("aria-current");
        });
    }
    return { node, fill, show };
}
