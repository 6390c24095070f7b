// Uploads a package by the API, as whoever is signed in, and shows how far it is.
(() => {
	"use strict";
	const form = document.getElementById("upload");
	if (!form) return;
	const part = (name) => document.getElementById("upload-" + name);
	const state = part("state"), bar = part("bar"), text = part("text"), wrong = part("error"), stop = part("stop");
	const button = form.querySelector("button.btn-primary");
	const mega = (bytes) => (bytes / 1048576).toFixed(1) + " MiB";

	const rest = (said) => {
		button.disabled = false;
		state.hidden = stop.hidden = true;
		wrong.hidden = !said;
		wrong.textContent = said ?? "";
	};
	form.addEventListener("submit", (event) => {
		event.preventDefault();
		const file = form.elements.package.files[0];
		const ask = new XMLHttpRequest(); // fetch does not tell how much was sent
		ask.open("POST", form.action);
		ask.responseType = "json";
		ask.setRequestHeader("Content-Type", "application/zip");
		ask.setRequestHeader("Accept-Language", document.documentElement.lang);
		ask.upload.addEventListener("progress", (e) => {
			bar.value = e.total ? 100 * e.loaded / e.total : 0;
			text.textContent = mega(e.loaded) + " / " + mega(e.total) + " · " + Math.floor(bar.value) + " %";
		});
		ask.upload.addEventListener("load", () => {
			bar.removeAttribute("value");
			text.textContent = text.dataset.checking;
		});
		ask.addEventListener("load", () => {
			if (ask.status === 401) return location.reload();
			if (ask.status >= 300) return rest([ask.response?.field, ask.response?.detail ?? ask.statusText].filter(Boolean).join(": "));
			location.assign("/plugins/" + encodeURIComponent(ask.response.package) + "?version=" + encodeURIComponent(ask.response.version));
		});
		ask.addEventListener("error", () => rest(text.dataset.broken));
		ask.addEventListener("abort", () => rest(text.dataset.stopped));
		rest();
		stop.onclick = () => ask.abort();
		bar.value = 0;
		text.textContent = "";
		button.disabled = true;
		state.hidden = stop.hidden = false;
		ask.send(file);
	});
})();
