/* What was measured against what is allowed: a strip with a tick for each value.
 *
 *	        least [//////////////] most
 *	  ------|-----|--|------|-----------|---
 */

function plot(m) {
	const width = 360, height = 44, left = 6, right = 6;
	const came = m.values.filter(value => value !== null).sort((a, b) => a - b);
	const marks = [...came, m.least, m.most].filter(value => value !== null && value !== undefined);
	const summary = summarize(m, came);
	if (!marks.length)
		return make("p", {class: "plot"}, summary);
	const low = Math.min(...marks), high = Math.max(...marks);
	const margin = (high - low || Math.abs(high) || 1) * 0.08;
	const x = value => left + (value - low + margin) / (high - low + 2 * margin) * (width - left - right);
	const within = value => (m.least === null || value >= m.least) && (m.most === null || value <= m.most);
	const from = m.least === null ? left : x(m.least);
	const to = m.most === null ? width - right : x(m.most);
	const ends = [m.least, m.most].filter(value => value !== null).map(value =>
		draw("text", {x: x(value), y: height - 2, "text-anchor": anchor(x(value), width)}, number(value)));
	const picture = draw("svg", {viewBox: "0 0 " + width + " " + height, role: "img", "aria-label": summary},
		draw("rect", {class: "window", x: from, y: 4, width: Math.max(to - from, 1), height: 24}),
		draw("line", {class: "axis", x1: left, x2: width - right, y1: 28, y2: 28}),
		came.map(value => draw("line", {class: within(value) ? "tick" : "tick out", x1: x(value), x2: x(value), y1: 8, y2: 28},
			draw("title", {}, number(value) + " " + m.unit))), ends);
	return make("figure", {class: "plot"}, picture, make("figcaption", {}, summary));
}

function anchor(x, width) {
	return x < 30 ? "start" : x > width - 30 ? "end" : "middle";
}

function summarize(m, came) {
	const missing = m.values.length - came.length;
	const half = came.length / 2;
	const median = came.length % 2 ? came[Math.floor(half)] : (came[half - 1] + came[half]) / 2;
	const unit = visible(m.unit);
	let text = came.length === 1 ? number(came[0]) + " " + unit
		: came.length ? "least " + number(came[0]) + ", median " + number(median) + ", most " + number(came[came.length - 1]) + " " + unit
		: m.values.length ? "never" : "not measured";
	if (m.least !== null && m.most !== null)
		text += "; allowed " + number(m.least) + " to " + number(m.most);
	else if (m.least !== null || m.most !== null)
		text += "; allowed " + (m.least !== null ? "from " + number(m.least) : "up to " + number(m.most));
	if (came.length > 1)
		text += "; " + came.length + " values";
	if (missing && came.length)
		text += "; " + missing + " never came";
	return text;
}
