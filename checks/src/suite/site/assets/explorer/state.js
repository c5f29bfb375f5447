// What each task and object is at a moment, and what lies between events: bars, holds, and where two runs are at the same
// step. A moment is a number of events that have happened. All of it is pure: it must not know that there is a page.

/**
 * Whether the event's task did something, rather than being about to.
 *
 * @param {Happening} happening
 */
function acts(happening) {
    return happening.phase !== "waits" && happening.phase !== "next";
}

/**
 * Its text without what its phase has added to it.
 *
 * @param {Happening} happening
 */
function plain(happening) {
    return happening.text.replace(/ (…|\(next\))$/, "");
}

/**
 * A task's last event before this one.
 *
 * @param {Run} run
 * @param {number} task
 * @param {number} before
 */
function lastOf(run, task, before) {
    let index = Math.min(before, run.events.length) - 1;
    while (index >= 0 && run.events[index].task !== task) index -= 1;
    return index;
}

/**
 * Whether the task that waits from this event on awaits: its poll was over, and its thread goes on with others.
 *
 * @param {Run} run
 * @param {number} event
 */
function awaits(run, event) {
    const before = lastOf(run, run.events[event].task, event);
    return before >= 0 && run.events[before].pending === true;
}

/**
 * @param {Run} run
 * @returns {Bar[]}
 */
function bars(run) {
    /** @type {Bar[]} */
    const found = [];
    /** @type {Bar | null} */
    let running = null;
    run.events.forEach((happening, event) => {
        const { task } = happening;
        if (!acts(happening)) {
            running = null;
            if (happening.phase === "next") return;
            const next = run.events.findIndex((later, index) => index > event && later.task === task);
            const to = next < 0 ? null : next;
            found.push({ task, doing: awaits(run, event) ? "awaiting" : "blocked", from: event, to });
        } else if (running && running.task === task) {
            running.to = event;
        } else {
            running = { task, doing: "running", from: event, to: event };
            found.push(running);
        }
    });
    return found;
}

/**
 * Who holds which lock from where to where, in the order in which they were taken.
 *
 * @param {Run} run
 * @returns {Hold[]}
 */
function holds(run) {
    /** @type {Hold[]} */
    const found = [];
    run.events.forEach((happening, event) => {
        const open = found.filter((hold) => hold.to === null);
        const given = open.find((hold) => hold.object === happening.gives && hold.task === happening.task);
        if (given) given.to = event;
        if (happening.takes === undefined) return;
        const object = happening.takes;
        const taken = open.filter((hold) => hold !== given && hold.object === object).map((hold) => hold.slot);
        let slot = 0;
        while (taken.includes(slot)) slot += 1;
        found.push({ object, task: happening.task, from: event, to: null, slot });
    });
    return found;
}

/**
 * Where in the source a task is.
 *
 * @param {Run} run
 * @param {number} task
 * @param {number} moment
 * @returns {At | null}
 */
function lineOf(run, task, moment) {
    for (let event = lastOf(run, task, moment); event >= 0; event = lastOf(run, task, event)) {
        const { at } = run.events[event];
        if (at) return at;
    }
    return null;
}

/**
 * @param {View} view
 * @param {number} task
 * @returns {TaskState}
 */
function taskAt({ run, moment, ready }, task) {
    const last = lastOf(run, task, moment);
    const at = lineOf(run, task, moment);
    const canGo = ready?.has(task) ?? false;
    if (last < 0) return { doing: canGo ? "ready" : "unborn", words: canGo ? "can start" : "not started", at };
    const happening = run.events[last];
    const what = plain(happening);
    if (what === "finish") return { doing: "over", words: "ended", at: null };
    if (canGo) return { doing: "ready", words: "can go on", at };
    if (happening.phase === "next") return { doing: "next", words: `about to: ${what}`, at };
    if (happening.phase === "waits") {
        const doing = awaits(run, last) ? "awaiting" : "blocked";
        return { doing, words: `${doing}: ${what}`, at };
    }
    // It is known who can go on, and this one isn't among them.
    if (ready) return { doing: "blocked", words: "can't go on", at };
    if (last === moment - 1) return { doing: "running", words: "running", at };
    return { doing: "ready", words: "can go on", at };
}

/**
 * @param {View} view
 * @returns {ThingState[]}
 */
function objectsAt({ run, moment }) {
    const states = run.objects.map(() => ({ state: "", changed: false }));
    for (const [event, object, state] of run.changes) {
        if (event < moment && states[object]) states[object] = { state, changed: event === moment - 1 };
    }
    return states;
}

/**
 * The schedule's step that a run has come to.
 *
 * @param {Run} run
 * @param {number} moment
 */
function stepAt(run, moment) {
    return run.events.slice(0, moment).reduce((step, happening) => Math.max(step, happening.step ?? 0), 0);
}

/**
 * The moment at which a run has made this step, and what comes along with it.
 *
 * @param {Run} run
 * @param {number} step
 */
function momentAt(run, step) {
    const next = run.events.findIndex((happening) => (happening.step ?? 0) > step);
    if (step === 0) return 0;
    return next < 0 ? run.events.length : next;
}

/**
 * The last thing that happened, as a sentence: `Step 5. teller: lock accounts = 0 (line 76)`.
 *
 * @param {Run} run
 * @param {number} moment
 */
function sentence(run, moment) {
    const happening = run.events[moment - 1];
    if (!happening) return "Nothing has happened yet.";
    const step = happening.step === undefined ? "" : `Step ${happening.step}. `;
    const line = happening.at ? ` (line ${happening.at[1]})` : "";
    return `${step}${run.lanes[happening.task].name}: ${happening.text}${line}`;
}

/**
 * How far a run has come: `event 8 of 10 · step 7`.
 *
 * @param {Run} run
 * @param {number} moment
 */
function progress(run, moment) {
    const step = stepAt(run, moment);
    return `event ${moment} of ${run.events.length}${step > 0 ? ` · step ${step}` : ""}`;
}

/**
 * What an address says, as far as it can be read; what it doesn't say is left as it is at the beginning.
 *
 * @param {string} fragment
 * @param {string} first  the run that is shown where none is named
 * @returns {Address}
 */
function address(fragment, first) {
    const said = new URLSearchParams(fragment.replace(/^#/, ""));
    const number = Number.parseInt(said.get("moment") ?? "", 10);
    const path = (said.get("path") ?? "").split(".").map((part) => Number.parseInt(part, 10));
    // What follows a way that can't be read can't be meant.
    const end = path.findIndex((way) => !(way >= 0));
    return {
        run: said.get("run") ?? first,
        moment: number > 0 ? number : 0,
        compare: said.get("compare") === "1",
        path: end < 0 ? path : path.slice(0, end),
    };
}

/** @param {Address} at */
function fragment({ run, moment, compare, path }) {
    if (run === "schedule") return `#run=schedule${path.length > 0 ? `&path=${path.join(".")}` : ""}`;
    return `#run=${encodeURIComponent(run)}&moment=${moment}${compare ? "&compare=1" : ""}`;
}
