/* What the page holds deflated. A browser that cannot open it says so instead. */

async function unpacked(text) {
	const bytes = Uint8Array.from(atob(text), c => c.charCodeAt(0));
	const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate-raw"));
	return new Response(stream).text();
}

/* The details of case runs, in blocks that stay open once they are. */
class Details {
	constructor(packed, size) {
		this.packed = packed.split("\n");
		this.size = size;
		this.blocks = [];
	}

	/* Null: its block is not open yet. */
	at(place) {
		const block = this.blocks[Math.floor(place / this.size)];
		return block instanceof Array ? JSON.parse(block[place % this.size]) : null;
	}

	async open(place) {
		const number = Math.floor(place / this.size);
		this.blocks[number] = this.blocks[number] || unpacked(this.packed[number]).then(text => {
			this.blocks[number] = text.split("\n");
		});
		await this.blocks[number];
		return this.at(place);
	}

	/* Those of the first `count` places. */
	async openAll(count) {
		for (let place = 0; place < count; place += this.size)
			await this.open(place);
	}
}
