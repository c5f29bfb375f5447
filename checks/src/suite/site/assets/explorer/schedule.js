// Playing the scheduler: walking the program's states, and counting its schedules, which is pure; and the panel in which one
// chooses. It must not know how a run is drawn: it makes a run like any other of what was chosen.

/**
 * How many schedules there are from each state on. States are numbered so that each way leads to a higher number.
 *
 * @param {Play} play
 * @returns {Odds[]}
 */
function oddsOf(play) {
    /** @type {Odds[]} */
    const odds = new Array(play.states.length);
    for (let state = play.states.length - 1; state >= 0; state -= 1) {
        const ways = play.states[state];
        if (typeof ways === "number") odds[state] = { failing: 1, passing: 0 };
        else if (ways.length === 0) odds[state] = { failing: 0, passing: 1 };
        else
            odds[state] = ways.reduce(
                (sum, [, to]) => ({ failing: sum.failing + odds[to].failing, passing: sum.passing + odds[to].passing }),
                { failing: 0, passing: 0 },
            );
    }
    return odds;
}

/** @param {number} count */
function counted(count) {
    if (!Number.isFinite(count)) return "more than 1e308";
    if (count > 1e6) return `about ${count.toExponential(1).replace("e+", "e")}`;
    return String(count).replace(/\B(?=(\d{3})+$)/g, ",");
}

/**
 * How many of the schedules from there on fail, and what that comes to.
 *
 * @param {Odds} odds
 * @returns {{ words: string, sign: string, kind: "safe" | "lost" | "open" }}
 */
function hintOf({ failing, passing }) {
    if (failing === 0) return { words: "none fails", sign: "✓", kind: "safe" };
    if (passing === 0) return { words: "every schedule fails", sign: "✗", kind: "lost" };
    return { words: `${counted(failing)} of ${counted(failing + passing)} schedules fail`, sign: "◐", kind: "open" };
}

/**
 * What the whole program comes to.
 *
 * @param {Play} play
 * @param {Odds} odds
 */
function summary(play, { failing, passing }) {
    const all = failing + passing;
    const states = `${counted(play.states.length)} ${play.states.length === 1 ? "state" : "states"}`;
    if (failing === 0) return `${states}; all ${counted(all)} schedules pass: there is no bug to find`;
    return `${states}; ${counted(failing)} of ${counted(all)} schedules fail`;
}

/**
 * The ways on from a state.
 *
 * @param {Play} play
 * @param {number} state
 * @returns {Way[]}
 */
function waysOf(play, state) {
    const ways = play.states[state];
    return typeof ways === "number" ? [] : (ways ?? []);
}

/**
 * Takes a way: what happens on it becomes the schedule's next step.
 *
 * @param {Play} play
 * @param {Walk} walk
 * @param {Way} way
 * @param {{ task: number, step: number }} last  who went last, and in which step
 */
function take(play, walk, [task, to, , events, changes], last) {
    const left = waysOf(play, walk.state).some(([other, , goesOn]) => other === last.task && goesOn === 1);
    const preempts = last.task !== task && left ? { preempts: last.task } : {};
    if (last.task !== task && left) walk.preemptions += 1;
    const first = walk.events.length;
    const stepped = events.findIndex((event) => acts(play.events[event]));
    walk.events.push(
        ...events.map((event, index) => ({
            ...play.events[event],
            ...(index === 0 ? preempts : {}),
            ...(index === stepped ? { step: last.step + 1 } : {}),
        })),
    );
    // They belong to the step: from its last event on.
    const from = Math.max(walk.events.length - 1, first);
    for (const change of changes) walk.changes.push([from, ...play.changes[change]]);
    walk.state = to;
    return { task, step: last.step + 1 };
}

/**
 * Walks from the beginning. Where there is one way alone, it is taken. What can't be chosen, and what follows it, is left out.
 *
 * @param {Play} play
 * @param {number[]} path
 * @returns {Walk}
 */
function walk(play, path) {
    /** @type {Walk} */
    const walked = { state: 0, path: [], events: [], changes: [], preemptions: 0 };
    let last = { task: -1, step: 0 };
    for (;;) {
        const ways = waysOf(play, walked.state);
        const choice = ways.length === 1 ? 0 : (path[walked.path.length] ?? -1);
        if (!ways[choice]) return walked;
        if (ways.length > 1) walked.path.push(choice);
        last = take(play, walked, ways[choice], last);
    }
}

/**
 * What was walked, as a run.
 *
 * @param {Play} play
 * @param {Walk} walk
 * @returns {Run}
 */
function asRun(play, { events, changes }) {
    const { lanes, objects } = play;
    return {
        id: "schedule",
        label: "your schedule",
        title: "",
        why: "",
        passed: false,
        lanes,
        objects,
        events,
        changes,
        links: [],
        decisive: [],
        noReturn: null,
        cycle: [],
        round: null,
        facts: [],
    };
}

/**
 * How the walk ended; none while there are ways on.
 *
 * @param {Play} play
 * @param {Walk} walk
 * @returns {Ending | null}
 */
function endingOf(play, { state, preemptions }) {
    const place = play.states[state];
    const used = preemptions === 0 ? "no preemption" : `${preemptions} preemption${preemptions === 1 ? "" : "s"}`;
    if (typeof place === "number") {
        const [title, why] = play.verdicts[place];
        return { title: `You found the bug: ${title}`, why, passed: false, more: `With ${used}.`, cycle: [] };
    }
    if (waysOf(play, state).length > 0) return null;
    return {
        title: "This schedule passes: try another",
        why: "every task comes to its end",
        passed: true,
        more: `With ${used}.`,
        cycle: [],
    };
}

/**
 * What a way is called: what happens first on it.
 *
 * @param {Play} play
 * @param {Way} way
 */
function wayWords(play, [task, , , events]) {
    const happening = events.map((event) => play.events[event]).find(acts) ?? play.events[events[0]];
    const what = happening ? label(happening, 60) : "goes on";
    return { who: play.lanes[task].name, what };
}

/**
 * What stands on a way's button.
 *
 * @param {Play} play
 * @param {Way} way
 * @param {Odds | null} odds  none: no hint
 */
function wayParts(play, way, odds) {
    const { who, what } = wayWords(play, way);
    const parts = [el("span", { class: "task" }, `${who}:`), " ", el("span", { class: "what" }, what)];
    if (!odds) return parts;
    const { words, sign, kind } = hintOf(odds);
    const hint = el("span", { class: `odds ${kind}` }, el("span", { "aria-hidden": "true" }, `${sign} `), words);
    return [...parts, " ", hint];
}

/**
 * Where one chooses who goes on.
 *
 * @param {Play} play
 * @param {(path: number[]) => void} go
 */
function schedulePanel(play, go) {
    const odds = oddsOf(play);
    const choices = el("ol", { id: "choices", "aria-label": "Who goes on" });
    const lead = el("strong");
    const used = el("span", { class: "note" });
    let walked = walk(play, []);
    let hints = false;
    const undo = button("Undo", { id: "undo" }, () => back());
    const hint = button("Hint", { id: "hint", "aria-pressed": "false" }, () => toggle());
    const restart = button("Restart", { id: "restart" }, () => go([]));
    const node = el(
        "section",
        { class: "play", "aria-label": "Play the scheduler" },
        el("p", { class: "head" }, lead, " ", el("span", { id: "odds" }, summary(play, odds[0]))),
        choices,
        el("div", { class: "buttons" }, undo, restart, hint, used),
    );
    function back() {
        if (walked.path.length > 0) go(walked.path.slice(0, -1));
    }
    /** @param {number} way */
    function choose(way) {
        if (waysOf(play, walked.state)[way]) go([...walked.path, way]);
    }
    function toggle() {
        hints = !hints;
        hint.setAttribute("aria-pressed", String(hints));
        show(walked);
    }
    /** @param {Walk} at */
    function show(at) {
        const hadFocus = node.contains(document.activeElement);
        walked = at;
        const ways = waysOf(play, at.state);
        lead.textContent = ways.length > 0 ? "Who goes on?" : "It is over.";
        choices.replaceChildren(
            ...ways.map((way, index) => {
                const task = play.lanes[way[0]].name;
                const ids = { class: colour(way[0]), "data-way": index, "data-task": task };
                const made = button("", ids, () => choose(index));
                made.append(el("kbd", {}, String(index + 1)), " ", ...wayParts(play, way, hints ? odds[way[1]] : null));
                return el("li", {}, made);
            }),
        );
        undo.disabled = restart.disabled = at.path.length === 0;
        used.textContent = `${at.preemptions} preemption${at.preemptions === 1 ? "" : "s"} so far`;
        // The button that was pressed may be gone by now, or have nothing more to do.
        const isLost = !document.activeElement?.matches("button:enabled");
        if (hadFocus && isLost) (choices.querySelector("button") ?? undo).focus();
    }
    return { node, show, back, choose, toggle };
}
