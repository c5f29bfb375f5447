// The explorer itself: which run is shown at which moment, and what controls, keys and the address do to that. It must not
// know how anything is drawn, nor what a run says.

/** Milliseconds between two moments. */
const BEAT = 900;

class Explorer {
    /**
     * @param {Page} page
     * @param {HTMLElement} root
     */
    constructor(page, root) {
        this.page = page;
        this.first = page.runs[0]?.id ?? "schedule";
        this.fixed = page.runs.find((run) => run.passed) ?? null;
        /** @type {Address} */
        this.at = { run: this.first, moment: 0, compare: false, path: [] };
        this.timer = 0;
        /** @type {Run | null} */
        this.drawn = null;
        /** @type {{ walk: Walk, run: Run, ending: Ending | null, ready: Set<number> | null } | null} */
        this.walked = null;
        this.runs = runsPanel(page, (run) => this.go({ run, moment: 0 }));
        this.help = helpPanel();
        this.transport = transportPanel({
            to: (moment) => this.to(moment),
            by: (events) => this.to(this.at.moment + events),
            play: () => this.playOrPause(),
            noReturn: () => this.toNoReturn(),
        });
        this.tools = toolsPanel(this.fixed?.label ?? "", {
            compare: (compare) => this.go({ compare }),
            help: () => this.help.showModal(),
        });
        this.schedule = page.schedule ? schedulePanel(page.schedule, (path) => this.go({ path })) : null;
        this.figure = figurePanel("lanes", (moment) => this.to(moment));
        this.other = figurePanel("other", (moment) => this.toSame(moment));
        this.source = sourcePanel(page);
        this.tasks = tasksPanel((at) => this.source.show(this.view(), at));
        this.objects = objectsPanel();
        this.ending = endingPanel();
        this.facts = factsPanel();
        this.steps = stepsPanel((moment) => this.to(moment));
        this.grid = el("div", { class: "grid" }, this.drawing(), this.beside());
        const bar = el("div", { class: "top" }, this.runs.node, this.tools.node);
        root.replaceChildren(bar, this.controls(), this.grid, this.facts.node, this.steps.node, this.help);
        addEventListener("hashchange", () => this.read());
        addEventListener("keydown", (key) => this.onKey(key));
        addEventListener("beforeprint", () => this.steps.node.setAttribute("open", ""));
        this.read();
    }

    controls() {
        this.now = el("p", { id: "now", "aria-live": "polite" });
        const parts = [this.transport.node, this.schedule?.node ?? null, this.now];
        return el("section", { class: "controls", "aria-label": "Controls" }, ...parts);
    }

    drawing() {
        const figures = el("div", { class: "figures" }, this.figure.node, this.other.node);
        const head = el("h2", { id: "lanes-head" }, "What happens");
        return el("section", { class: "drawn", "aria-labelledby": "lanes-head" }, head, figures, legend());
    }

    beside() {
        const tasks = el("div", {}, el("h3", {}, "Tasks"), this.tasks.node);
        const objects = el("div", {}, el("h3", {}, "Objects"), this.objects.node);
        const source = el("div", {}, el("h3", {}, "Source"), this.source.node);
        const head = el("h2", { id: "moment-head" }, "At this moment");
        const parts = [head, this.ending.node, el("div", { class: "state" }, tasks, objects), source];
        return el("section", { class: "aside", "aria-labelledby": "moment-head" }, ...parts);
    }

    /** Takes what the address says, as far as there is such a thing. */
    read() {
        this.go(address(location.hash, this.first));
    }

    /** @param {Partial<Address>} to */
    go(to) {
        const at = { ...this.at, ...to };
        const { runs, schedule } = this.page;
        const isKnown = at.run === "schedule" ? schedule !== null : runs.some(({ id }) => id === at.run);
        if (!isKnown) at.run = this.first;
        if (at.run !== this.at.run) this.pause();
        this.at = at;
        if (at.run === "schedule" && schedule) this.walk(schedule);
        at.moment = Math.min(Math.max(at.moment, 0), this.run().events.length);
        this.show();
    }

    /** @param {Play} play */
    walk(play) {
        const walked = walk(play, this.at.path);
        const ending = endingOf(play, walked);
        // Where it is over nobody goes on, and that says nothing of who could have.
        const ready = ending ? null : new Set(waysOf(play, walked.state).map(([task]) => task));
        this.walked = { walk: walked, run: asRun(play, walked), ending, ready };
        this.at.path = walked.path;
        this.at.moment = walked.events.length;
    }

    /** @param {number} moment */
    to(moment) {
        if (this.at.run !== "schedule") this.go({ moment });
    }

    toNoReturn() {
        const { noReturn } = this.run();
        if (noReturn) this.to(noReturn[0] + 1);
    }

    /**
     * To where the fixed program is at this moment of its own.
     *
     * @param {number} moment
     */
    toSame(moment) {
        if (this.fixed) this.to(momentAt(this.run(), stepAt(this.fixed, moment)));
    }

    /** @returns {Run} */
    run() {
        if (this.at.run === "schedule" && this.walked) return this.walked.run;
        const run = this.page.runs.find(({ id }) => id === this.at.run);
        if (!run) throw new Error("there is no such run");
        return run;
    }

    /** @returns {View} */
    view() {
        const ready = this.at.run === "schedule" && this.walked ? this.walked.ready : null;
        return { run: this.run(), moment: this.at.moment, ready };
    }

    /** @returns {Ending | null} */
    endingNow() {
        if (this.at.run === "schedule") return this.walked?.ending ?? null;
        const { title, why, passed, cycle, events } = this.run();
        return this.at.moment < events.length ? null : { title, why, passed, cycle, more: "" };
    }

    show() {
        const view = this.view();
        const { run, moment } = view;
        const isPlayed = this.at.run === "schedule";
        if (this.drawn !== run) {
            this.drawn = run;
            this.figure.fill(run, isPlayed ? (this.page.schedule?.events ?? []) : run.events, moment);
            this.facts.show(run);
            this.steps.fill(run, !isPlayed);
        }
        this.runs.show(this.at.run);
        this.figure.show(moment);
        this.tasks.show(view);
        this.objects.show(view);
        this.source.show(view, null);
        this.steps.show(moment);
        const ending = this.endingNow();
        this.ending.show(ending);
        if (this.now) this.now.textContent = sentence(run, moment) + (ending ? ` — ${ending.title}.` : "");
        this.transport.node.hidden = isPlayed;
        this.transport.show(run, moment, this.timer !== 0);
        if (this.schedule) this.schedule.node.hidden = !isPlayed;
        if (isPlayed && this.walked) this.schedule?.show(this.walked.walk);
        this.showOther(run, moment);
        this.keep();
        this.tools.show(this.canCompare(), this.at.compare);
    }

    /** Whether there is another run to hold beside this one. */
    canCompare() {
        return this.fixed !== null && this.at.run !== "schedule" && this.at.run !== this.fixed.id;
    }

    /**
     * @param {Run} run
     * @param {number} moment
     */
    showOther(run, moment) {
        const isShown = this.canCompare() && this.at.compare;
        const wasShown = this.grid.classList.contains("two");
        this.other.node.hidden = !isShown;
        this.grid.classList.toggle("two", isShown);
        if (!isShown || !this.fixed) return;
        const same = momentAt(this.fixed, stepAt(run, moment));
        if (!wasShown) this.other.fill(this.fixed, this.fixed.events, same);
        this.other.show(same);
    }

    /** Keeps the address current; the beginning needs none. */
    keep() {
        const wanted = fragment(this.at);
        const isPlain = wanted === fragment({ run: this.first, moment: 0, compare: false, path: [] });
        if (wanted === location.hash || (isPlain && location.hash === "")) return;
        try {
            history.replaceState(null, "", wanted);
        } catch {
            // Browsers refuse more than so many in a time: the next one tells.
        }
    }

    playOrPause() {
        if (this.timer) {
            this.pause();
            this.show();
        } else if (this.at.run !== "schedule") {
            this.timer = setInterval(() => this.beat(), BEAT);
            this.to(this.at.moment === this.run().events.length ? 0 : this.at.moment);
        }
    }

    beat() {
        if (this.at.moment + 1 >= this.run().events.length) this.pause();
        this.to(this.at.moment + 1);
    }

    pause() {
        clearInterval(this.timer);
        this.timer = 0;
    }

    /** @param {KeyboardEvent} key */
    onKey(key) {
        if (key.ctrlKey || key.metaKey || key.altKey || this.help.open || isTaken(key)) return;
        const act = key.key === "?" ? () => this.help.showModal() : this.meaning(key.key);
        if (!act) return;
        key.preventDefault();
        act();
    }

    /**
     * @param {string} key
     * @returns {(() => void) | null}
     */
    meaning(key) {
        const { schedule } = this;
        const { moment, compare } = this.at;
        if (this.at.run === "schedule" && schedule) {
            if (/^[1-9]$/.test(key)) return () => schedule.choose(Number(key) - 1);
            if (key === "Backspace" || key === "u") return () => schedule.back();
            return key === "h" ? () => schedule.toggle() : null;
        }
        if (key === "ArrowRight" || key === "n") return () => this.to(moment + 1);
        if (key === "ArrowLeft" || key === "p") return () => this.to(moment - 1);
        if (key === "Home") return () => this.to(0);
        if (key === "End") return () => this.to(Infinity);
        if (key === " ") return () => this.playOrPause();
        if (key === "r") return () => this.toNoReturn();
        return key === "c" && this.canCompare() ? () => this.go({ compare: !compare }) : null;
    }
}

async function main() {
    const root = document.getElementById("explorer");
    if (!root) return;
    try {
        const page = await read();
        if (page.runs.length > 0 || page.schedule) new Explorer(page, root);
        else
            root.replaceChildren(
                el("p", { class: "note" }, "Nothing was found to step through, and it has too many states to play."),
            );
    } catch (error) {
        const why = error instanceof Error ? error.message : String(error);
        root.replaceChildren(el("p", { role: "alert" }, `The explorer can't be shown: ${why}`));
        throw error;
    }
}

main();
