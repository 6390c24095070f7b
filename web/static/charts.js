// Draws what stands in data-chart: {labels, series: [{name, hue, values}]}, bars over one another. The colours are those of
// the states in app.css. What a chart says stands beside it as a table too, for who cannot see it.
(() => {
	"use strict";
	const colour = (hue) => getComputedStyle(probe(hue)).color;
	const probe = (hue) => {
		let element = document.getElementById("hue-" + hue);
		if (!element) {
			element = document.createElement("span");
			element.id = "hue-" + hue;
			element.className = "hue-probe hue-" + hue;
			document.body.append(element);
		}
		return element;
	};

	const stacked = (series) => {
		const sums = series[0].values.map(() => 0);
		return series.map((one) => one.values.map((value, i) => sums[i] += value));
	};

	const draw = (element) => {
		const given = element.dataset.chart;
		const { labels, series } = JSON.parse(given);
		const text = getComputedStyle(document.body).color, grid = getComputedStyle(element).borderColor;
		element.uplot?.destroy();
		const axis = { stroke: text, grid: { stroke: grid, width: 1 }, ticks: { show: false } };
		const every = Math.ceil(labels.length * 48 / element.clientWidth); // so that labels keep apart
		const bars = uPlot.paths.bars({ size: [0.7, 48], radius: 0 });
		// The tallest is drawn first, so that each of the others stands before it.
		const sums = stacked(series), order = series.map((_, i) => i).reverse();
		element.uplot = new uPlot({
			width: element.clientWidth, height: 240,
			legend: { show: false },
			cursor: { drag: { setScale: false }, points: { show: false } },
			scales: { x: { time: false, range: [-0.5, labels.length - 0.5] }, y: { range: (_, __, max) => [0, Math.max(max * 1.05, 4)] } },
			axes: [
				{ ...axis, grid: { show: false }, splits: () => labels.map((_, i) => i).filter((i) => i % every === 0), values: (_, splits) => splits.map((i) => labels[i]) },
				{ ...axis, size: 56, values: (_, splits) => splits.map((n) => Number.isInteger(n) ? n.toLocaleString("en") : "") },
			],
			series: [{}, ...order.map((i) => ({ label: series[i].name, fill: colour(series[i].hue), width: 0, paths: bars, points: { show: false } }))],
			hooks: { setCursor: [(plot) => tell(element, plot, labels, series)] },
		}, [labels.map((_, i) => i), ...order.map((i) => sums[i])], element);
		element.drawn = given + element.clientWidth + document.documentElement.dataset.bsTheme;
	};

	// What the bar under the pointer stands for.
	const tell = (element, plot, labels, series) => {
		let box = element.querySelector(".chart-tip");
		const at = plot.cursor.idx;
		if (at == null || plot.cursor.left < 0) return box?.remove();
		if (!box) {
			box = document.createElement("div");
			box.className = "chart-tip";
			element.append(box);
		}
		box.replaceChildren(labels[at], ...series.map((one) => {
			const line = document.createElement("span");
			line.className = "state state-" + one.hue;
			line.textContent = one.name + " " + one.values[at].toLocaleString("en");
			return line;
		}));
		const left = plot.cursor.left + plot.bbox.left / devicePixelRatio;
		box.style.insetInlineStart = Math.min(left + 12, element.clientWidth - box.offsetWidth) + "px";
	};

	const drawAll = () => {
		for (const element of document.querySelectorAll("[data-chart]")) {
			const wanted = element.dataset.chart + element.clientWidth + document.documentElement.dataset.bsTheme;
			if (element.clientWidth > 0 && element.drawn !== wanted) draw(element);
		}
	};
	addEventListener("resize", drawAll);
	document.addEventListener("htmx:after:process", drawAll);
	new MutationObserver(drawAll).observe(document.documentElement, { attributeFilter: ["data-bs-theme"] });
	drawAll();
})();
