/* The matrix page: its table is in the page, this hides what is not asked for. */

const rows = [...document.querySelectorAll("main .matrix tbody")].flatMap(body =>
	[...body.rows].filter(row => !row.classList.contains("chapter")).map(row => ({row, body,
		text: row.textContent.toLowerCase(), differs: row.classList.contains("differs")})));
const hash = new URLSearchParams(location.hash.slice(1));
const state = {q: hash.get("q") || "", only: hash.has("only"), version: hash.get("version") || ""};

function show() {
	const words = state.q.toLowerCase().split(/\s+/).filter(Boolean);
	const shown = new Set(), bodies = new Set();
	for (const {row, body, text, differs} of rows) {
		const fits = words.every(word => text.includes(word)) && (!state.only || differs) &&
			(!state.version || text.startsWith(state.version + ":"));
		row.hidden = !fits;
		if (fits) {
			shown.add(row.cells[0].textContent);
			bodies.add(body);
		}
	}
	for (const {body} of rows)
		body.hidden = !bodies.has(body);
	byId("found").textContent = plural(shown.size, "statement");
	const parts = new URLSearchParams();
	if (state.q)
		parts.set("q", state.q);
	if (state.only)
		parts.set("only", "differences");
	if (state.version)
		parts.set("version", state.version);
	history.replaceState(null, "", "#" + parts);
}

byId("tools").append(
	make("label", {class: "search"}, make("span", {class: "hidden"}, "Search "), make("input", {id: "q", type: "search",
		placeholder: "Search: id, words, verdict ( / )", autocomplete: "off", oninput: event => {
			state.q = event.target.value;
			show();
		}})),
	make("label", {}, "version ", make("select", {id: "version", onchange: event => {
		state.version = event.target.value;
		show();
	}}, ["", "3.1.1", "5.0"].map(version => make("option", {value: version}, version || "all")))),
	make("label", {}, make("input", {id: "only", type: "checkbox", onchange: event => {
		state.only = event.target.checked;
		show();
	}}), " differences only"));
byId("q").value = state.q;
byId("only").checked = state.only;
byId("version").value = state.version;
addEventListener("keydown", event => {
	if (event.key === "/" && !event.target.matches("input, select")) {
		event.preventDefault();
		byId("q").select();
	}
});
show();
