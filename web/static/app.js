// What pages do beside htmx and Tabler. All of it is bound to the document, so that parts fetched later have it too.
(() => {
	"use strict";
	const language = document.documentElement.lang;
	const all = (selector, root = document) => [...root.querySelectorAll(selector)];

	// The zone of the browser, for who has not chosen one.
	const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
	if (zone && !document.cookie.includes("carillon-zone=" + zone)) {
		document.cookie = "carillon-zone=" + zone + "; path=/; max-age=31536000; samesite=lax";
	}
	for (const list of all("datalist#zones")) {
		list.append(...Intl.supportedValuesOf("timeZone").map((name) => new Option(name, name)));
	}

	// How long ago something was stays right as time goes by.
	const relative = new Intl.RelativeTimeFormat(language, { numeric: "always" });
	const now = new Intl.RelativeTimeFormat(language, { numeric: "auto" });
	const units = [["year", 31536e6], ["month", 2592e6], ["day", 864e5], ["hour", 36e5], ["minute", 6e4], ["second", 1e3]];
	const tell = () => {
		for (const element of all("time[data-relative]")) {
			const away = new Date(element.dateTime) - Date.now();
			const [unit, length] = units.find(([, length]) => Math.abs(away) >= length) ?? [];
			const text = unit ? relative.format(Math.trunc(away / length), unit) : now.format(0, "second");
			if (element.textContent !== text) element.textContent = text;
		}
	};
	setInterval(() => { if (!document.hidden) tell(); }, 5000);

	// Messages leave by themselves, unless they tell of something bad or are looked at.
	const fade = (notice) => {
		if (notice.classList.contains("notice-danger") || notice.dataset.fading) return;
		notice.dataset.fading = "yes";
		setTimeout(function leave() {
			if (notice.matches(":hover, :focus-within")) setTimeout(leave, 2000);
			else notice.remove();
		}, 6000);
	};
	const toasts = document.getElementById("toasts");
	new MutationObserver(() => all("[data-toast]", toasts).forEach(fade)).observe(toasts, { childList: true });
	all("[data-toast]", toasts).forEach(fade);

	// Questions before what cannot be taken back: data-confirm on a form or its button, hx-confirm where htmx asks.
	const dialog = document.getElementById("confirm");
	const yes = dialog.querySelector("[value=yes]");
	const ask = (text, label, bad) => new Promise((answer) => {
		document.getElementById("confirm-text").textContent = text;
		yes.textContent = label || yes.dataset.default;
		yes.className = bad ? "btn btn-danger" : "btn btn-primary";
		dialog.returnValue = "no";
		dialog.addEventListener("close", () => answer(dialog.returnValue === "yes"), { once: true });
		dialog.showModal();
	});
	document.addEventListener("submit", async (event) => {
		const form = event.target, button = event.submitter;
		const asking = button?.dataset.confirm ? button : form.dataset.confirm ? form : null;
		if (!asking || asking.dataset.confirmed || button?.hasAttribute("hx-post")) return;
		event.preventDefault();
		event.stopImmediatePropagation();
		if (!await ask(asking.dataset.confirm, asking.dataset.confirmYes, "confirmBad" in asking.dataset)) return;
		asking.dataset.confirmed = "yes";
		form.requestSubmit(button);
		delete asking.dataset.confirmed;
	}, true);
	document.addEventListener("htmx:confirm", async (event) => {
		const { ctx, issueRequest, dropRequest } = event.detail;
		event.preventDefault();
		const asking = ctx.sourceElement;
		if (await ask(ctx.confirm, asking.dataset.confirmYes, "confirmBad" in asking.dataset)) issueRequest();
		else dropRequest();
	});

	// What is left empty in a filter does not stand in the address.
	document.addEventListener("htmx:config:request", (event) => {
		const { request } = event.detail.ctx;
		if (request.method !== "GET") return;
		for (const [name, value] of [...request.body]) if (value === "") request.body.delete(name);
	});

	// A server that does not answer is told of once, until it answers again.
	let offline = false;
	document.addEventListener("htmx:error", (event) => {
		if (!event.detail.ctx || event.detail.ctx.response || offline) return;
		offline = true;
		toasts.append(document.getElementById("toast-offline").content.cloneNode(true));
	});
	document.addEventListener("htmx:after:request", () => { offline = false; });

	// Rows that are chosen: how many, and what may be done with them.
	const count = (root) => {
		const boxes = all("[data-row]", root), chosen = boxes.filter((box) => box.checked).length;
		for (const element of all("[data-chosen-count]", root)) element.textContent = chosen;
		for (const box of all("[data-rows]", root)) {
			box.checked = chosen > 0 && chosen === boxes.length;
			box.indeterminate = chosen > 0 && chosen < boxes.length;
		}
	};
	document.addEventListener("change", (event) => {
		const root = event.target.closest("[data-choice]");
		if (!root) return;
		if (event.target.matches("[data-rows]")) for (const box of all("[data-row]", root)) box.checked = event.target.checked;
		count(root);
	});

	document.addEventListener("click", (event) => {
		event.target.closest("[data-toast-close]")?.closest("[data-toast]").remove();
		const copy = event.target.closest("[data-copy]");
		if (copy) navigator.clipboard?.writeText(copy.dataset.copy);
	});

	// What the reader has opened stays open when its part of the page is fetched anew: a menu as it is, and details.
	htmx.registerExtension("opened", {
		htmx_before_morph_node: (element) => !element.matches?.(".dropdown-menu.show, [data-bs-toggle=dropdown].show"),
		htmx_before_morph_attr: (element, { attrName }) => element.tagName !== "DETAILS" || attrName !== "open",
	});

	// A log that grows is read at its end, until the reader goes back in it.
	const left = new WeakSet();
	document.addEventListener("scroll", ({ target: log }) => {
		if (!log.matches?.("[data-follow]")) return;
		if (log.scrollTop + log.clientHeight < log.scrollHeight - 8) left.add(log);
		else left.delete(log);
	}, true);
	const follow = () => { for (const log of all("[data-follow]")) if (!left.has(log)) log.scrollTop = log.scrollHeight; };
	document.addEventListener("htmx:after:swap", follow);
	follow();

	const settle = (root) => {
		tell();
		for (const choice of all("[data-choice]", root.parentNode ?? document)) count(choice);
	};
	document.addEventListener("htmx:after:process", (event) => settle(event.target));
	settle(document.body);
})();
