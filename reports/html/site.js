/* The matrix of a site: its table is in the page, this hides what is not asked for. What is shown is kept after the
 * # of the address.
 */

const table = document.querySelector("main .grid");
const groups = [...table.tBodies].map(body => ({body, version: body.dataset.version, chapter: body.dataset.chapter,
	differs: "differs" in body.dataset, rows: [...body.rows].filter(row => !row.classList.contains("chapter"))}));
const roles = [...table.tHead.rows[0].cells].slice(1).map(cell => cell.className);
const hash = new URLSearchParams(location.hash.slice(1));
const state = {q: "", version: "", chapter: "", level: "", role: "", only: ""};

function writeHash() {
	const parts = new URLSearchParams(Object.entries(state).filter(([, value]) => value));
	history.replaceState(null, "", "#" + parts);
}

/* What the cells of the columns that are shown say; made when it is first wanted, since there are many. */
function textOf(row) {
	row.words = row.words || [...row.cells].map(cell => cell.textContent.toLowerCase());
	return row.words.filter((text, i) => !i || !state.role || roles[i - 1] === state.role).join(" ");
}

/* With one role shown, a row that none of it judged is of no use. */
function isJudged(row) {
	return !state.role || roles.some((role, i) => role === state.role && row.cells[i + 1].textContent !== "–");
}

function show() {
	const words = state.q.toLowerCase().split(/\s+/).filter(Boolean);
	let shown = 0;
	table.dataset.role = state.role;
	for (const {body, version, chapter, differs, rows} of groups) {
		const wanted = (!state.version || version === state.version) && (!state.chapter || chapter === state.chapter) &&
			(!state.only || differs);
		let some = 0;
		for (const row of wanted ? rows : []) {
			const fits = (!state.level || row.dataset.level.includes(state.level)) && isJudged(row) &&
				(!words.length || words.every(word => textOf(row).includes(word)));
			row.hidden = !fits;
			some += fits;
		}
		body.hidden = !some;
		shown += some;
	}
	for (const line of document.querySelectorAll(".list tbody tr.s, .list tbody tr.c"))
		line.hidden = state.role && !line.classList.contains(state.role);
	byId("found").textContent = plural(shown, "statement");
	writeHash();
}

/* One that offers no choice is left out. */
function choice(name, label, options) {
	return options.length < 2 ? null : make("label", {}, label + " ", make("select", {id: name, onchange: event => {
		state[name] = event.target.value;
		show();
	}}, make("option", {value: ""}, "all"), options.map(([value, text]) => make("option", {value}, text))));
}

const once = list => [...new Set(list)].filter(Boolean).sort().map(each => [each, each]);

byId("tools").append(...[
	make("label", {class: "search"}, make("span", {class: "hidden"}, "Search "), make("input", {id: "q", type: "search",
		placeholder: "Search: id, words, verdict ( / )", autocomplete: "off", spellcheck: "false", oninput: event => {
			state.q = event.target.value;
			show();
		}})),
	choice("role", "role", once(roles).map(([role]) => [role, role === "c" ? "clients" : "servers"])),
	choice("version", "version", once(groups.map(group => group.version))),
	choice("chapter", "chapter", once(groups.map(group => group.chapter))),
	choice("level", "level", LEVELS.map(level => [level, level])),
	make("label", {}, make("input", {id: "only", type: "checkbox", onchange: event => {
		state.only = event.target.checked ? "differences" : "";
		show();
	}}), " differences only"),
].filter(Boolean));

for (const name of Object.keys(state)) {
	const control = byId(name), value = hash.get(name);
	if (!control || !value)
		continue;
	if (control.type === "checkbox")
		control.checked = true;
	else
		control.value = value;
	if (control.selectedIndex < 0)
		control.selectedIndex = 0;
	state[name] = control.type === "checkbox" ? "differences" : control.value; /* "" when there is no such choice */
}
addEventListener("keydown", event => {
	if (event.key === "/" && !event.target.matches("input, select")) {
		event.preventDefault();
		byId("q").select();
	}
});
show();
document.documentElement.classList.add("ready");
