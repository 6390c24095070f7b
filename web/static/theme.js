// Loaded before anything is painted: who leaves the colours to the system sees its colours at once.
(() => {
	const root = document.documentElement;
	if (root.dataset.theme !== "system") return;
	const dark = matchMedia("(prefers-color-scheme: dark)");
	const follow = () => { root.dataset.bsTheme = dark.matches ? "dark" : "light"; };
	dark.addEventListener("change", follow);
	follow();
})();
