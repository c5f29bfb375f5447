// The controls: which run, which moment, what else. It has a file of its own, as main.js would be too long with it. Each says
// what was asked for, and shows what it is told; it must not know what comes of it.

/** @type {[keys: string, what: string][]} */
const HELP = [
    ["→ n", "a step on"],
    ["← p", "a step back"],
    ["Home", "the beginning"],
    ["End", "the end"],
    ["space", "play, pause"],
    ["r", "the point of no return"],
    ["c", "compare with the fixed program"],
    ["1 – 9", "who goes on, when you play the scheduler"],
    ["Backspace u", "take the last choice back"],
    ["h", "hints"],
    ["?", "these keys"],
];

/**
 * @param {Page} page
 * @param {(id: string) => void} go
 */
function runsPanel(page, go) {
    const buttons = page.runs.map((run) => {
        const made = button("", { "data-run": run.id }, () => go(run.id));
        const sign = el("span", { class: "sign", "aria-hidden": "true" }, run.passed ? "✓" : "✗");
        const said = unseen(run.passed ? "passes: " : "fails: ");
        // What it came to is said already where it passes.
        const title = run.passed || !run.title ? null : el("span", { class: "title" }, ` ${run.title}`);
        made.append(...[sign, said, el("span", {}, run.label), title].filter((part) => part !== null));
        return made;
    });
    const isNone = page.schedule === null;
    const described = { disabled: isNone, "aria-describedby": isNone ? "no-schedule" : null };
    const play = button("Play the scheduler", { "data-run": "schedule", ...described }, () => go("schedule"));
    const why = isNone ? el("span", { id: "no-schedule", class: "note" }, "It has too many states for a page.") : null;
    const node = el("div", { id: "runs", role: "group", "aria-label": "Runs" }, ...buttons, play, why);
    /** @param {string} id */
    function show(id) {
        for (const made of [...buttons, play]) made.setAttribute("aria-pressed", String(made.dataset.run === id));
    }
    return { node, show };
}

/** @param {{ to: (moment: number) => void, by: (events: number) => void, play: () => void, noReturn: () => void }} acts */
function transportPanel(acts) {
    const first = button("First", { id: "first" }, () => acts.to(0));
    const back = button("← Back", { id: "back" }, () => acts.by(-1));
    const play = button("Play", { id: "play" }, acts.play);
    const step = button("Step →", { id: "step" }, () => acts.by(1));
    const last = button("Last", { id: "last" }, () => acts.to(Infinity));
    const noReturn = button("No way back", { id: "no-return" }, acts.noReturn);
    const slider = el("input", { id: "moment", type: "range", min: 0, step: 1, "aria-label": "Moment" });
    slider.addEventListener("input", () => acts.to(Number(slider.value)));
    const count = el("output", { id: "count", for: "moment" });
    const buttons = el("div", { class: "buttons" }, first, back, play, step, last, noReturn);
    const node = el("div", { class: "transport" }, buttons, slider, count);
    /**
     * @param {Run} run
     * @param {number} moment
     * @param {boolean} isPlaying
     */
    function show(run, moment, isPlaying) {
        const end = run.events.length;
        // Not `disabled`, which takes the focus away from who has just pressed it.
        for (const made of [first, back]) made.setAttribute("aria-disabled", String(moment === 0));
        for (const made of [step, last]) made.setAttribute("aria-disabled", String(moment === end));
        play.textContent = isPlaying ? "Pause" : "Play";
        noReturn.hidden = run.noReturn === null;
        slider.max = String(end);
        slider.value = String(moment);
        count.textContent = progress(run, moment);
        slider.setAttribute("aria-valuetext", count.textContent);
    }
    return { node, show };
}

/**
 * @param {string} fixed  what the fixed program is called
 * @param {{ compare: (isOn: boolean) => void, help: () => void }} acts
 */
function toolsPanel(fixed, acts) {
    const compare = el("input", { id: "compare", type: "checkbox" });
    compare.addEventListener("change", () => acts.compare(compare.checked));
    const offer = el("label", { class: "compare" }, compare, ` Compare with ${fixed}`);
    const link = el("input", {
        id: "link",
        type: "text",
        readonly: true,
        "aria-label": "Link to this moment",
        hidden: true,
    });
    const copy = button("Copy link", { id: "copy" }, copyLink);
    const node = el("div", { class: "tools" }, offer, copy, link, button("Keys", { id: "keys" }, acts.help));
    async function copyLink() {
        try {
            await navigator.clipboard.writeText(location.href);
            copy.textContent = "Copied";
            setTimeout(() => (copy.textContent = "Copy link"), 2000);
        } catch {
            // Pages from files may have no clipboard: the reader copies it.
            link.hidden = false;
            link.value = location.href;
            link.select();
        }
    }
    /**
     * @param {boolean} isOffered
     * @param {boolean} isOn
     */
    function show(isOffered, isOn) {
        offer.hidden = !isOffered;
        compare.checked = isOn;
        // It was a link to another moment.
        link.hidden = link.hidden || link.value !== location.href;
    }
    return { node, show };
}

function helpPanel() {
    const keys = (/** @type {string} */ text) =>
        text.split(" ").flatMap((key) => [key === "–" ? key : el("kbd", {}, key), " "]);
    const list = HELP.flatMap(([text, what]) => [el("dt", {}, ...keys(text)), el("dd", {}, what)]);
    const head = el("h2", { id: "help-head" }, "Keys");
    const close = button("Close", {}, () => node.close());
    const node = el("dialog", { id: "help", "aria-labelledby": "help-head" }, head, el("dl", {}, ...list), close);
    return node;
}

/**
 * Whether the key means something where the focus is.
 *
 * @param {KeyboardEvent} key
 */
function isTaken({ key, target }) {
    if (!(target instanceof HTMLElement)) return false;
    const moves = key.startsWith("Arrow") || key === "Home" || key === "End";
    if (target instanceof HTMLInputElement && target.type === "range") return moves;
    if (target instanceof HTMLInputElement && target.type === "checkbox") return key === " ";
    if (target.matches("input, select, textarea") || target.isContentEditable) return true;
    if (target.matches("button, summary, a")) return key === " " || key === "Enter";
    // A region that scrolls sideways.
    return key.startsWith("Arrow") && target.matches("[role=region]") && target.scrollWidth > target.clientWidth;
}
