/* What is shown, kept after the # of the address: links lead to it, and going back works. */

const VIEWS = ["failures", "statements", "cases", "timing"];
const WHICH = ["", "unexpected", "known"];
const SORTS = ["chapter", "verdict", "duration"];

const oneOf = (list, value, otherwise) => list.includes(value) ? value : otherwise;

function readState(fallback) {
	const hash = new URLSearchParams(location.hash.slice(1));
	return {
		view: oneOf(VIEWS, hash.get("view"), fallback),
		q: hash.get("q") || "",
		verdicts: new Set((hash.get("verdict") || "").split(",").filter(Boolean)),
		version: hash.get("version") || "",
		level: oneOf(LEVELS, hash.get("level"), ""),
		which: oneOf(WHICH, hash.get("which"), ""),
		sort: oneOf(SORTS, hash.get("sort"), "chapter"),
		open: new Set(hash.getAll("open")),
	};
}

function hashOf(state) {
	const hash = new URLSearchParams();
	hash.set("view", state.view);
	for (const name of ["q", "version", "level", "which"])
		if (state[name])
			hash.set(name, state[name]);
	if (state.verdicts.size)
		hash.set("verdict", [...state.verdicts].join(","));
	if (state.sort !== "chapter")
		hash.set("sort", state.sort);
	for (const each of state.open)
		hash.append("open", each);
	return "#" + hash;
}

/* `step`: a new entry to come back to, for what people did as a step. */
function writeState(state, step) {
	const hash = hashOf(state);
	if (hash !== location.hash)
		history[step ? "pushState" : "replaceState"](null, "", hash);
}

/* A row that opens: `fill` makes what is inside, once. That it is open is kept under `key`. */
function foldable(row, key, state, fill) {
	row.fill = () => {
		if (!row.filled)
			fill(row);
		row.filled = true;
	};
	row.addEventListener("toggle", () => {
		if (row.open)
			row.fill();
		const quiet = row.quiet;
		row.quiet = false;
		if (quiet)
			return;
		const changed = row.open ? !state.open.has(key) : state.open.delete(key);
		if (row.open)
			state.open.add(key);
		if (changed)
			writeState(state);
	});
	if (state.open.has(key)) {
		row.open = true;
		row.fill();
	}
	return row;
}

/* Opens or closes a row for the reader, who did not ask: the address does not keep it. */
function unfold(row, open) {
	if (row.open === open)
		return;
	row.quiet = true;
	row.open = open;
	if (open && row.fill)
		row.fill();
}
