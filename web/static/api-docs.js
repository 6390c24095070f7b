// The console of the API: sends what its form says as whoever is signed in, and shows what is answered.
(() => {
	"use strict";
	const words = document.getElementById("api-words")?.dataset;

	const request = (form) => {
		const { method, media } = form.dataset;
		let path = form.dataset.path;
		const query = new URLSearchParams();
		for (const field of form.querySelectorAll("[data-in]")) {
			if (field.dataset.in === "path") path = path.replace("{" + field.name + "}", encodeURIComponent(field.value));
			else if (field.value !== "") query.append(field.name, field.value);
		}
		const headers = { "Accept-Language": document.documentElement.lang };
		const body = form.querySelector("[data-body]");
		const sent = { method, headers };
		if (body && (body.type === "file" || body.value.trim() !== "")) {
			headers["Content-Type"] = media;
			sent.body = body.type === "file" ? body.files[0] : body.value;
		}
		return [query.size ? path + "?" + query : path, sent];
	};

	const shown = async (answer) => {
		if (answer.headers.has("Content-Disposition")) return words.file;
		const text = await answer.text();
		try {
			return JSON.stringify(JSON.parse(text), null, 2);
		} catch {
			return text || words.empty;
		}
	};

	document.addEventListener("submit", async (event) => {
		const form = event.target;
		if (!form.matches("[data-console]")) return;
		event.preventDefault();
		const answer = form.querySelector("[data-answer]"), status = answer.querySelector("[role=status]"), text = answer.querySelector("pre");
		answer.hidden = false;
		status.textContent = words.sending;
		text.textContent = "";
		const began = performance.now();
		try {
			const [path, sent] = request(form);
			const got = await fetch(path, sent);
			text.textContent = await shown(got);
			status.textContent = sent.method + " " + path + " · " + got.status + " " + got.statusText + " · " + Math.round(performance.now() - began) + " ms";
		} catch {
			status.textContent = words.broken;
		}
	});

	// An operation that the address names is open.
	const open = () => {
		const named = document.getElementById(location.hash.slice(1));
		if (named?.matches("details")) named.open = true;
	};
	addEventListener("hashchange", open);
	open();
})();
