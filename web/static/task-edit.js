// What the page of a task does beside htmx: rows that are added and taken away, and where in a body a fault is. What any of
// it means, the server knows.
(() => {
	"use strict";
	const form = document.getElementById("task-edit-form");
	if (!form) return;

	form.addEventListener("click", (event) => {
		const add = event.target.closest("[data-add-row]");
		if (add) {
			const rows = add.closest("fieldset").querySelector(`[data-rows-of="${add.dataset.addRow}"]`);
			const template = rows.querySelector("template");
			template.before(template.content.cloneNode(true));
			template.previousElementSibling.querySelector("input:not([type=hidden]), textarea").focus();
		}
		const drop = event.target.closest("[data-drop-row]");
		if (drop) {
			const fieldset = drop.closest("fieldset");
			drop.closest("[data-row-of]").remove();
			fieldset.querySelector("[data-add-row]").focus();
		}
		const goto = event.target.closest("[data-goto]");
		if (goto) {
			const area = form.querySelector("[data-code]");
			const [line, column] = goto.dataset.goto.split(":").map(Number);
			const lines = area.value.split("\n");
			const start = lines.slice(0, line - 1).reduce((sum, text) => sum + text.length + 1, 0);
			// The server counts characters, a text area the units of UTF-16.
			const at = start + [...lines[line - 1] ?? ""].slice(0, column - 1).join("").length;
			area.focus();
			area.setSelectionRange(at, at + 1);
			area.scrollTop = (line - 3) * parseFloat(getComputedStyle(area).lineHeight);
		}
	});

	// What the server made of the form stands in its fields, in those too that somebody has written in before and that are
	// written as they were; but not in the one that is being written in. And what comes of a test is looked at once it is there.
	let tested = false;
	form.addEventListener("click", (event) => {
		tested ||= Boolean(event.target.closest("[data-test]"));
	});
	document.addEventListener("htmx:after:swap", (event) => {
		const part = document.getElementById(event.detail.ctx.target?.id);
		if (!part || !form.contains(part)) return;
		for (const field of part.querySelectorAll("input, select, textarea")) {
			if (field === document.activeElement) continue;
			if (field.matches("[type=checkbox], [type=radio]")) field.checked = field.defaultChecked;
			else if (field.matches("select")) for (const option of field.options) option.selected = option.defaultSelected;
			else if (field.value !== field.defaultValue) field.value = field.defaultValue;
		}
		if (tested && part.id === "task-edit-test") {
			tested = false;
			part.scrollIntoView({ block: "center" });
		}
	});

	// A tab indents in a body; Escape before it leaves the field as elsewhere.
	let leave = false;
	form.addEventListener("keydown", (event) => {
		if (!event.target.matches("[data-code]")) return;
		if (event.key === "Tab" && !event.shiftKey && !leave) {
			event.preventDefault();
			const area = event.target;
			area.setRangeText("  ", area.selectionStart, area.selectionEnd, "end");
			area.dispatchEvent(new Event("input", { bubbles: true }));
		}
		leave = event.key === "Escape";
	});

	// What was refused is looked at first.
	const wrong = form.querySelector(".is-invalid, [data-wrong]");
	if (wrong) {
		for (let hidden = wrong.closest("details"); hidden; hidden = hidden.parentElement.closest("details")) hidden.open = true;
		wrong.scrollIntoView({ block: "center" });
		if (wrong.matches(".is-invalid")) wrong.focus({ preventScroll: true });
	}
})();
