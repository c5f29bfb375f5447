// The catalogue's filters. The page's address keeps them, so that a selection can be shared. It must not know what rows and cells
// say.

/**
 * @template {HTMLElement} T
 * @param {string} id
 * @param {new () => T} kind
 * @returns {T}
 */
function control(id, kind) {
    const found = document.getElementById(id);
    if (!(found instanceof kind)) throw new Error(`the page has no ${id}`);
    return found;
}

const form = control("filters", HTMLFormElement);
const search = control("search", HTMLInputElement);
const selects = ["family", "class", "engine", "verdict"].map((id) => control(id, HTMLSelectElement));
const count = control("count", HTMLOutputElement);
const rows = /** @type {HTMLTableRowElement[]} */ ([...document.querySelectorAll("#matrix tbody tr")]);

/** @param {string} id */
const chosen = (id) => control(id, HTMLSelectElement).value;

/**
 * Whether an engine, or the one that is chosen, has come to the verdict that is chosen.
 * @param {HTMLTableRowElement} row
 */
function hasVerdict(row) {
    const [engine, verdict] = [chosen("engine"), chosen("verdict")];
    const cells = /** @type {HTMLElement[]} */ ([...row.querySelectorAll("td[data-verdict]")]);
    const asked = cells.filter((cell) => engine === "" || cell.dataset.engine === engine);
    return verdict === "" ? asked.length > 0 : asked.some((cell) => cell.dataset.verdict === verdict);
}

/** @param {HTMLTableRowElement} row */
function isWanted(row) {
    const words = search.value.toLowerCase().split(/\s+/).filter((word) => word !== "");
    return (
        words.every((word) => (row.dataset.words ?? "").includes(word)) &&
        (chosen("family") === "" || row.dataset.family === chosen("family")) &&
        (chosen("class") === "" || row.dataset.class === chosen("class")) &&
        hasVerdict(row)
    );
}

function show() {
    const engine = chosen("engine");
    for (const cell of /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll("#matrix [data-engine]"))) {
        cell.hidden = engine !== "" && cell.dataset.engine !== engine;
    }
    let shown = 0;
    for (const row of rows) {
        row.hidden = !isWanted(row);
        shown += row.hidden ? 0 : 1;
    }
    count.textContent = `${shown} of ${rows.length} programs`;
}

function keepInAddress() {
    const kept = new URLSearchParams();
    for (const field of [search, ...selects]) if (field.value !== "") kept.set(field.id, field.value);
    const text = kept.toString();
    history.replaceState(null, "", text === "" ? location.pathname : `#${text}`);
}

function readAddress() {
    const kept = new URLSearchParams(location.hash.slice(1));
    search.value = kept.get("search") ?? "";
    for (const select of selects) {
        const value = kept.get(select.id) ?? "";
        select.value = [...select.options].some((option) => option.value === value) ? value : "";
    }
    show();
}

form.hidden = false;
form.addEventListener("input", () => {
    show();
    keepInAddress();
});
form.addEventListener("submit", (event) => event.preventDefault());
form.addEventListener("reset", () => {
    // The fields are empty only after this event.
    queueMicrotask(() => {
        show();
        keepInAddress();
    });
});
addEventListener("hashchange", readAddress);
readAddress();
