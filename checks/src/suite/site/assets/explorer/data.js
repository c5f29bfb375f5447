// Reading what Rust has put into the page: base64 of gzip of JSON. It must not know what the JSON says.

/**
 * @param {string} text
 * @returns {Promise<Page>}
 */
async function unpack(text) {
    const bytes = Uint8Array.from(atob(text.trim()), (letter) => letter.charCodeAt(0));
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
    return new Response(stream).json();
}

/** @returns {Promise<Page>} */
async function read() {
    const data = document.getElementById("data");
    if (!data) throw new Error("this page has no data");
    if (typeof DecompressionStream === "undefined") throw new Error("this browser can't unpack the page's data");
    return unpack(data.textContent ?? "");
}
