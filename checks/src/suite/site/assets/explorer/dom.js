// Making elements. What is given as text becomes text: nothing here reads HTML, and no style is written as an attribute,
// which the page's policy refuses. It must not know what the page shows.

/** @typedef {Record<string, string | number | boolean | null>} Attributes  false and null: left out */
/** @typedef {Node | string | null} Child */

/**
 * @template {Element} T
 * @param {T} element
 * @param {Attributes} attributes
 * @param {Child[]} children
 * @returns {T}
 */
function dress(element, attributes, children) {
    for (const [name, value] of Object.entries(attributes)) {
        if (value !== false && value !== null) element.setAttribute(name, value === true ? "" : String(value));
    }
    element.append(...children.filter((child) => child !== null));
    return element;
}

/**
 * @template {keyof HTMLElementTagNameMap} T
 * @param {T} tag
 * @param {Attributes} [attributes]
 * @param {Child[]} children
 * @returns {HTMLElementTagNameMap[T]}
 */
function el(tag, attributes = {}, ...children) {
    return dress(document.createElement(tag), attributes, children);
}

/**
 * @template {keyof SVGElementTagNameMap} T
 * @param {T} tag
 * @param {Attributes} [attributes]
 * @param {Child[]} children
 * @returns {SVGElementTagNameMap[T]}
 */
function svg(tag, attributes = {}, ...children) {
    return dress(document.createElementNS("http://www.w3.org/2000/svg", tag), attributes, children);
}

/**
 * @param {string} text
 * @param {Attributes} attributes
 * @param {() => void} act
 */
function button(text, attributes, act) {
    const made = el("button", { type: "button", ...attributes }, text);
    made.addEventListener("click", act);
    return made;
}

/**
 * What only a screen reader says.
 *
 * @param {string} text
 */
function unseen(text) {
    return el("span", { class: "unseen" }, text);
}

/**
 * The class that gives a task its colour.
 *
 * @param {number} task
 */
function colour(task) {
    return `t${task % 8}`;
}

/**
 * A task's name, with its colour before it.
 *
 * @param {Lane[]} lanes
 * @param {number} task
 */
function named(lanes, task) {
    return el("span", { class: `task ${colour(task)}` }, lanes[task].name);
}

/**
 * A region that scrolls by itself, and that the keyboard can scroll.
 *
 * @param {string} label
 * @param {string} style
 * @param {Child[]} children
 */
function scroller(label, style, ...children) {
    return el("div", { class: style, role: "region", tabindex: 0, "aria-label": label }, ...children);
}

/**
 * Scrolls the box, and never the page, so that what lies there is in sight.
 *
 * @param {HTMLElement} box
 * @param {number} top
 * @param {number} height
 * @param {number} [covered]  so much of the box is covered at its top
 */
function reveal(box, top, height, covered = 0) {
    const above = box.scrollTop + covered;
    const below = box.scrollTop + box.clientHeight;
    if (top - height >= above && top + 2 * height <= below) return;
    box.scrollTop = top - covered - (box.clientHeight - covered - height) / 2;
}
